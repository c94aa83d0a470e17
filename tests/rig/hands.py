"""The two ways in which people work a page: with a mouse, and with a keyboard alone.

A keyboard reaches things as a person does: by the tab key, and with the arrows inside of what is one stop of it (a
table's rows, a menu, a tree, radio buttons)."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

STOPS_MAX = 120  # of the tab key: more than any screen has
TURNS_MAX = 80   # of an arrow
COMPOSITES = {"menuitem": "[role=menu]", "treeitem": "[role=tree]", "radio": "fieldset, form"}


class Mouse:
    """Clicks and types."""

    name = "mouse"

    def __init__(self, page):
        self.page = page

    def press(self, element):
        element.click()

    def write(self, element, text):
        element.click()
        self.page.empty(element)
        element.send_keys(text)

    def tick(self, element):
        element.click()

    def pick(self, element, label):
        """An option of a <select>: the browser's own list is no part of the page."""
        element.find_element(By.XPATH, f"./descendant::option[normalize-space()='{label}']").click()

    def date(self, element, day):
        """`day` as in 1990-02-28; typed as browsers of the United States want it, which is what tests run."""
        year, month, date = day.split("-")
        element.send_keys(month + date + year)

    def search(self, element, text):
        self.write(element, text)

    def menu_of(self, button, link):  # pylint: disable=unused-argument
        button.click()

    def send(self, form_button, form_field):  # pylint: disable=unused-argument
        form_button.click()

    def leave(self, close_button):
        """Close a dialog."""
        close_button.click()


class Keyboard:
    """Never touches anything."""

    name = "keyboard"

    def __init__(self, page):
        self.page = page

    def _type(self, *keys):
        ActionChains(self.page, duration=0).send_keys(*keys).perform()

    def _is_on(self, element):
        return self.page.execute_script("return document.activeElement === arguments[0]", element)

    def _is_within(self, element):
        return self.page.execute_script("return arguments[0].contains(document.activeElement)", element)

    def _arrive(self, arrived, key, most, what):
        for _ in range(most):
            if arrived():
                return
            self._type(key)
        assert arrived(), f"{what} was not reached with the keyboard; the focus is on {self.page.focused()}"

    def go_to(self, element):
        """The focus is on it afterwards, and can be seen there."""
        role, what = element.aria_role, f"{element.aria_role} {element.accessible_name!r}"
        row = self.page.execute_script("return arguments[0].closest('tr[data-id], [role=menu], [role=tree]')", element)
        if self._is_on(element):
            return
        if role in COMPOSITES:
            whole = element.find_element(By.XPATH, "./ancestor::*[@role='menu' or @role='tree' or self::fieldset][1]")
            self._arrive(lambda: self._is_within(whole), Keys.TAB, STOPS_MAX, what)
            self._arrive(lambda: self._is_on(element), Keys.ARROW_DOWN, TURNS_MAX, what)
        elif row and element.get_dom_attribute("tabindex") == "-1":
            body = row.find_element(By.XPATH, "./..")
            self._arrive(lambda: self._is_within(body), Keys.TAB, STOPS_MAX, what)
            self._type(Keys.HOME)
            self._arrive(lambda: self._is_within(row), Keys.ARROW_DOWN, TURNS_MAX, what)
            self._arrive(lambda: self._is_on(element), Keys.TAB, 4, what)
        else:
            self._arrive(lambda: self._is_on(element), Keys.TAB, STOPS_MAX, what)
        assert self.page.shows_focus(element), f"the focus on {what} cannot be seen"

    def press(self, element):
        self.go_to(element)
        self._type(Keys.SPACE if element.aria_role in ("checkbox", "radio") else Keys.ENTER)

    def write(self, element, text):
        self.go_to(element)
        self.page.empty(element)
        element.send_keys(text)

    def tick(self, element):
        self.go_to(element)
        if element.aria_role != "radio" or not element.is_selected():
            self._type(Keys.SPACE)

    def pick(self, element, label):
        """As with a real list: arrows choose."""
        self.go_to(element)
        self._type(Keys.HOME)
        chosen = "return arguments[0].selectedOptions[0].textContent.trim()"
        self._arrive(lambda: self.page.execute_script(chosen, element) == label, Keys.ARROW_DOWN, TURNS_MAX, label)

    def date(self, element, day):
        self.go_to(element)
        year, month, date = day.split("-")
        element.send_keys(month + date + year)

    def search(self, element, text):
        """The slash leads to it from wherever one is."""
        self._type("/")
        self.page.wait(lambda: self._is_on(element), "the slash leads to the search")
        self.page.empty(element)
        self._type(text)

    def menu_of(self, button, link):  # pylint: disable=unused-argument
        self.go_to(link)
        ActionChains(self.page, duration=0).key_down(Keys.SHIFT).send_keys(Keys.F10).key_up(Keys.SHIFT).perform()

    def send(self, form_button, form_field):  # pylint: disable=unused-argument
        self.go_to(form_field)
        self._type(Keys.ENTER)

    def leave(self, close_button):  # pylint: disable=unused-argument
        self._type(Keys.ESCAPE)
