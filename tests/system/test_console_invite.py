"""The console's dialog that invites a person, in a real browser, through to the registration."""

import pathlib
import tempfile

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

import axe
from chromium import NARROW, SECONDS, Chromium
from client import PASSWORD, Api, Link
from mails import Letter
from signing import ADMINISTRATOR, with_roles
from sink import Sink
from slapd import Slapd
from usherd import Usherd
from wait import wait_for

FORM, LINKED, MAILED = "form.invite", ".linked", ".mailed"


class Page:
    """A browser in which an administrator is signed in, at the list of people."""

    def __init__(self, browser, daemon):
        self.browser, self.daemon = browser, daemon
        browser.set_width(1280, 900)
        browser.get(f"{daemon.control_url}/sign-in")
        wait_for(lambda: self.browser.execute_script("return document.activeElement.name") == "username", "the focus is there")
        self.one("input[name=username]").send_keys(ADMINISTRATOR)
        self.one("input[name=password]").send_keys(PASSWORD + Keys.ENTER)
        self.one(".head-actions .primary")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        """The first that is there, or comes to be."""
        return wait_for(lambda: self.all(selector), selector, SECONDS)[0]

    def gone(self, selector):
        wait_for(lambda: not self.all(selector), f"no {selector}", SECONDS)

    def add(self):
        self.one(".head-actions .primary").click()
        self.one(FORM)
        self.wait_focus("given_name")
        return self

    def field(self, name):
        return self.one(f'[data-field="{name}"] :is(input, select)')

    def phone(self):
        return self.one('[data-field="phone"] input[type=tel]')

    def error(self, name):
        """What is said to be wrong beside a field, or nothing."""
        return "".join(shown.text for shown in self.all(f'[data-field="{name}"] > .error'))

    def focused(self):
        """The field that has the focus."""
        return self.browser.execute_script("return document.activeElement.closest('[data-field]')?.dataset.field")

    def wait_focus(self, name):
        """The page moves it once it is drawn."""
        self.browser.wait(lambda: self.focused() == name, f"the focus is on {name}")

    def choose_unit(self, words):
        self.one('[data-field="org_unit"] .picker').click()
        self.one(".panel input").send_keys(words)
        self.browser.wait(lambda: 0 < len(self.all(".panel [role=treeitem]")) < 4, "the tree shows what matches")
        self.one(".panel input").send_keys(Keys.ENTER)
        self.gone(".panel")

    def fill(self, given, family, mail):
        self.field("given_name").send_keys(given)
        self.field("family_name").send_keys(family)
        Select(self.field("gender")).select_by_value("other")
        self.field("birthday").send_keys("06021994")
        self.field("mail").send_keys(mail)

    def choose_method(self, method):
        self.one(f'.way:has([value="{method}"])').click()

    def send(self):
        self.field("given_name").send_keys(Keys.CONTROL + Keys.ENTER)

    def press(self, key):
        ActionChains(self.browser).send_keys(key).perform()


@pytest.fixture(scope="module", name="office")
def fixture_office():
    with tempfile.TemporaryDirectory(prefix="ush-", dir="/tmp") as path:
        folder = pathlib.Path(path)
        folder.chmod(0o755)
        slapd, sink = Slapd(folder / "slapd").start(), Sink(folder / "sink")
        daemon = with_roles(Usherd(folder / "usherd", slapd)).configure("mail", **sink.conf())
        daemon.sink = sink
        try:
            daemon.start()
            daemon.wait_directory()
            daemon.wait_list()
            yield daemon
            assert daemon.stop() == 0, daemon.log()[-3000:]
        finally:
            daemon.destroy()
            sink.close()
            slapd.destroy()


@pytest.fixture(scope="module", name="browser")
def fixture_browser(tmp_path_factory):
    driver = Chromium(tmp_path_factory.mktemp("b"))
    yield driver
    driver.quit()


@pytest.fixture(name="page")
def fixture_page(browser, office):
    browser.forget(office.control_url)
    page = Page(browser, office)
    yield page
    assert browser.complaints() == []


def test_who_is_invited_by_link_registers_with_it(office, page):
    page.add().fill("Zoë", "Ångström", "zoe.angstrom@meridian.example")
    page.phone().send_keys("0084 0912 345 678" + Keys.TAB)
    page.browser.wait(lambda: "+84" in page.one(".country-button").text, "the country is known")
    assert page.phone().get_attribute("value") == "912 345 678"
    page.choose_unit("Registry")
    page.browser.wait(lambda: "zoe.angstrom" in page.one(".invite-more summary").text, "the user name is proposed")
    page.choose_method("link")
    page.send()
    link = page.one(f"{LINKED} input").get_attribute("value")
    assert page.one(f"{LINKED} svg.qr path").get_attribute("d").startswith("M")

    assert Link(link).register().status_code == 201
    [(_, entry)] = office.slapd.search("(uid=zoe.angstrom)")
    assert "+84912345678" in entry.get("mobile", []) + entry.get("telephoneNumber", [])


def test_who_is_invited_by_mail_gets_one(office, page):
    page.add().fill("Ida", "Post", "ida.post@meridian.example")
    page.choose_unit("Registry")
    page.choose_method("email")
    page.field("personal_mail").send_keys("ida@home.example")
    page.send()
    assert "ida@home.example" in page.one(MAILED).text
    [mail] = office.sink.wait_mails(1, "ida@home.example", 15)
    assert Letter(mail.content).link.register().status_code == 201


def test_what_is_missing_is_told_at_once_and_leads_to_its_field(page):
    page.add().send()
    page.browser.wait(lambda: page.error("org_unit"), "what is missing is told")
    missing = {"given_name", "family_name", "gender", "birthday", "mail", "org_unit", "personal_mail"}
    assert {name for name in missing if page.error(name)} == missing
    page.wait_focus("given_name")
    assert len(page.all(".wrong-list a")) == len(missing)
    page.all(".wrong-list a")[-2].click()
    page.wait_focus("org_unit")  # a link of the summary leads to its field


def test_a_clash_is_told_while_typing_and_what_is_wrong_when_it_is_left(office, page):
    [(_, somebody)] = office.slapd.search(f"(uid={ADMINISTRATOR})")
    page.add().field("mail").send_keys(somebody["mail"][0])
    page.browser.wait(lambda: page.error("mail"), "the address is taken")
    assert page.focused() == "mail"
    page.field("mail").send_keys("@twice")
    page.browser.wait(lambda: page.error("mail") == "", "it is another address by now")
    page.field("mail").send_keys(Keys.TAB)
    page.browser.wait(lambda: page.error("mail"), "the address is none")


def test_what_was_refused_is_told_beside_its_field_and_nothing_typed_is_lost(page):
    page.add().fill("Otto", "Zwilling", "otto@meridian.example")
    page.choose_unit("Registry")
    page.choose_method("link")
    page.send()
    page.one(f"{LINKED} .primary").click()
    page.one(".dialog-foot .button").click()  # another one: the place and the way stay
    page.one(FORM)
    page.wait_focus("given_name")
    page.fill("Anna", "Zwilling", "otto@meridian.example")
    assert page.one('.way [value="link"]').is_selected()
    page.send()
    page.browser.wait(lambda: page.error("mail"), "the address was taken by the invitation before")
    page.wait_focus("mail")
    assert page.field("given_name").get_attribute("value") == "Anna"


def test_leaving_asks_and_back_keeps_what_was_typed(page):
    page.add().field("given_name").send_keys("Half")
    page.browser.back()
    page.gone(FORM)
    page.add()
    assert page.field("given_name").get_attribute("value") == "Half"
    page.press(Keys.ESCAPE)
    page.one(".dialog.small .button").click()
    page.gone(".dialog.small")
    for _ in range(2):  # a second Escape in a row is one the browser would not let be refused
        page.press(Keys.ESCAPE)
        page.one(".dialog.small [data-first]")
        page.press(Keys.ESCAPE)
        page.gone(".dialog.small")
    assert page.browser.execute_script("return document.querySelector('dialog.large').open")
    page.press(Keys.ESCAPE)
    page.one(".dialog.small .danger").click()
    page.gone("dialog")
    page.add()
    assert page.field("given_name").get_attribute("value") == ""


def test_a_link_that_nobody_copied_is_not_lost_by_accident(page):
    page.add().fill("Lina", "Kette", "lina.kette@meridian.example")
    page.choose_unit("Registry")
    page.choose_method("link")
    page.send()
    link = page.one(f"{LINKED} input").get_attribute("value")
    page.press(Keys.ESCAPE)
    page.one(".dialog.small [data-first]").click()
    page.gone(".dialog.small")
    page.browser.back()
    page.gone("dialog")
    page.one(".head-actions .primary").click()
    assert page.one(f"{LINKED} input").get_attribute("value") == link


def test_a_session_that_ends_meanwhile_loses_nothing(office, page):
    page.add().fill("Nora", "Neustart", "nora@meridian.example")
    page.choose_unit("Registry")
    page.choose_method("link")
    page.browser.delete_all_cookies()
    page.field("given_name").send_keys(Keys.CONTROL + Keys.ENTER)
    page.one("dialog input[name=password]").send_keys(PASSWORD + Keys.ENTER)
    page.one(LINKED)
    people = Api(office, office.make_token()).get("/api/v1/users?q=nora@meridian.example").json()
    assert people["total"] == 1


@pytest.mark.parametrize("width, theme", [(NARROW, "light"), (NARROW, "dark"), (1280, "light"), (1280, "dark")])
def test_it_is_accessible_and_as_wide_as_the_screen(page, width, theme):
    script = axe.source()
    if script is None:
        pytest.skip("npm cannot be reached")
    page.browser.set_width(width, 640)
    page.browser.set_media(prefers_color_scheme=theme)
    page.add().send()
    page.one(".wrong-list")
    page.one(".invite-more summary").click()
    assert axe.violations(page.browser, script) == []
    page.browser.wait(lambda: page.browser.execute_script(
        "const body = document.querySelector('.invite .dialog-body'); return body.scrollWidth <= body.clientWidth"),
        "nothing is wider than the dialog")
    page.one(".country-button").click()
    page.one("[role=listbox]")
    assert axe.violations(page.browser, script) == []
