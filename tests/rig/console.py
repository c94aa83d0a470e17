"""The console in a browser, as people work it: things are found by what they are and what they are called, waited for and
never slept for, and whatever the browser had to complain of is an error."""

import contextlib
import json
import pathlib
import re
import shutil
import tempfile
import urllib.parse

from selenium.common.exceptions import (ElementClickInterceptedException, ElementNotInteractableException,
                                        WebDriverException)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from chromium import SECONDS, Chromium
from hands import Keyboard, Mouse
from signing import ADMINISTRATOR, Console
from usherd import TOP
from world import world

PICTURES = TOP / "build" / "screenshots" / "console"
WIDE, NARROW = 1280, 320
HANDS = {"mouse": Mouse, "keyboard": Keyboard}

# Told by the browser's log: it outlives the page.
LISTENER = """
addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
addEventListener("unhandledrejection", (event) => console.error(`unhandled: ${event.reason}`));
"""

# Rows as they are drawn: what stands in the cells, whatever the language.
ROWS = """
return [...document.querySelectorAll("tr[data-id]")].map((row) => ({
    id: row.dataset.id, index: row.ariaRowIndex - 2, selected: row.querySelector("input")?.checked ?? false,
    cells: [...row.cells].map((cell) => cell.textContent.trim()),
}));
"""


def fits(name, wanted):
    """`wanted`: all of it, or a pattern that is found in it."""
    return wanted is None or (wanted.search(name) is not None if isinstance(wanted, re.Pattern) else name == wanted)


class ConsolePage(Chromium):
    """One browser with one tab at the console of `daemon`. `hand` is how things are pressed: see hands.py."""

    def __init__(self, folder, daemon, width=WIDE):
        super().__init__(folder)
        self.daemon, self.hand = daemon, Mouse(self)
        self.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LISTENER})
        self.execute_cdp_cmd("Network.enable", {})
        self.usual_width = width
        self.expected, self.statuses = [], []
        self.begin()

    def begin(self, hand="mouse", language="en"):
        """As somebody who was never here."""
        self.get("about:blank")
        self.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.origin, "storageTypes": "all"})
        self.set_width(self.usual_width, 800)
        self.set_media()
        self.set_language(language)
        self.complaints()
        self.network()
        self.hand, self.expected, self.statuses = HANDS[hand](self), [], []

    @property
    def origin(self):
        return self.daemon.control_url

    # ---- where one is ----

    def go(self, path):
        self.get(self.origin + path)

    def enter(self, path="/users", login=ADMINISTRATOR):
        """Signed in already. Returns the session, for a test that acts beside the page."""
        session = Console(self.daemon).sign_in(login)
        self.carry(session)
        self.go(path)
        return session

    def carry(self, session):
        """As if its sign-in had been here."""
        name, value = session.cookie.split("=", 1)
        self.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.origin, "httpOnly": True,
                                                   "sameSite": "Strict"})

    def sign_in(self, login=ADMINISTRATOR, password=None, within=None):
        """By the form that is shown."""
        self.wait_focus("User name or mail address", "Password")
        if within is None:
            self.write("User name or mail address", login)
        self.write("Password", password)
        self.hand.send(self.find("button", re.compile("^Sign in"), within), self.find("textbox", "Password", within))

    @property
    def path(self):
        """Of the address, with the query."""
        return self.current_url.removeprefix(self.origin)

    def wait_path(self, pattern):
        self.wait(lambda: re.search(pattern, self.path), f"the address has {pattern}, it is {self.path}")

    # ---- what is there ----

    def _nodes(self, role, within):
        scope = "document"
        if within is not None:
            self.execute_script("globalThis.testScope = arguments[0]", within)
            scope = "globalThis.testScope"
        root = self.execute_cdp_cmd("Runtime.evaluate", {"expression": scope})["result"]["objectId"]
        try:
            found = self.execute_cdp_cmd("Accessibility.queryAXTree", {"objectId": root, "role": role})["nodes"]
        except WebDriverException:  # the page has just gone
            return []
        return [node for node in found if not node["ignored"] and "backendDOMNodeId" in node]

    def _element(self, node):
        try:
            it = self.execute_cdp_cmd("DOM.resolveNode", {"backendNodeId": node["backendDOMNodeId"]})["object"]
            self.execute_cdp_cmd("Runtime.callFunctionOn", {
                "objectId": it["objectId"], "functionDeclaration": "function () { globalThis.testFound = this; }"})
        except WebDriverException:  # it has just gone
            return None
        return self.execute_script("return globalThis.testFound")

    def names(self, role, within=None):
        """Of all that are there to be seen or heard."""
        return [node.get("name", {}).get("value", "").strip() for node in self._nodes(role, within)]

    def find(self, role, name=None, within=None, seconds=SECONDS):
        """The one element of this role (as browsers tell it to assistive technology) that is called so."""
        def found():
            nodes = [node for node in self._nodes(role, within)
                     if fits(node.get("name", {}).get("value", "").strip(), name)]
            return self._element(nodes[0]) if len(nodes) == 1 else None  # two: one of them is about to go

        try:
            return self.wait(found, f"there is one {role} {name}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; there are {self.names(role, within)}") from None

    def has(self, role, name=None, within=None):
        return any(fits(one, name) for one in self.names(role, within))

    def wait_gone(self, role, name=None, within=None):
        self.wait(lambda: not self.has(role, name, within), f"there is no {role} {name} any more")

    def text(self, element=None):
        return self.execute_script("return (arguments[0] ?? document.body).innerText", element)

    def wait_text(self, wanted, within=None, seconds=SECONDS):
        """`wanted`: a text, or a pattern."""
        pattern = wanted if isinstance(wanted, re.Pattern) else re.compile(re.escape(wanted))
        try:
            self.wait(lambda: pattern.search(self.text(within)), f"there is {pattern.pattern!r}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; there is:\n{self.text(within)[-3000:]}") from None

    def focused(self):
        element = self.switch_to.active_element
        return f"{element.aria_role} {element.accessible_name!r} {element.get_attribute('outerHTML')[:200]}"

    def wait_focus(self, *names):
        """Until what has the focus is called so: many a screen moves it once it is drawn."""
        try:
            self.wait(lambda: self.switch_to.active_element.accessible_name in names, f"the focus is on {names}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is on {self.focused()}") from None

    def shows_focus(self, element):
        """Whether it is drawn in another way than without: an outline, a shadow or a border of :focus-visible."""
        return self.execute_script("""
            const seen = (one) => { const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
                return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none"; };
            for (let one = arguments[0]; one && one !== document.body; one = one.parentElement)
                if (seen(one) && (one === arguments[0] || one.matches(":focus-within"))) return true;
            return false;""", element)

    # ---- doing ----

    def press(self, role, name=None, within=None):
        """What has been drawn anew, or lies under something that is about to go, is pressed once it can be."""
        def pressed():
            element = self.find(role, name, within)
            try:
                self.hand.press(element)
            except (ElementClickInterceptedException, ElementNotInteractableException):
                return None
            return True
        self.wait(pressed, f"{role} {name} can be pressed")

    def write(self, label, text, within=None, role="textbox"):
        self.hand.write(self.find(role, self.labelled(label), within), text)

    def pick(self, label, option, within=None):
        self.hand.pick(self.find("combobox", self.labelled(label), within), option)

    def tick(self, role, name, within=None):
        self.hand.tick(self.find(role, name, within))

    @staticmethod
    def labelled(label):
        """The label of a field, with what says that it need not be filled in."""
        return label if isinstance(label, re.Pattern) else re.compile(f"^{re.escape(label)}( \\(optional\\))?$")

    def empty(self, element):
        if element.get_property("value"):
            element.send_keys(Keys.CONTROL + "a")
            element.send_keys(Keys.DELETE)

    def dialog(self, title=None, role="dialog"):
        """Once it has moved the focus to where it wants it."""
        found = self.find(role, title)
        self.rest()
        return found

    def choose_unit(self, label, name, within=None):
        """By its name, in the search of the picker."""
        self.press("button", re.compile(f"^{re.escape(label)}"), within)
        panel = self.dialog(label)
        self.hand.write(self.find("searchbox", "Search units", panel), name)
        self.find("treeitem", re.compile(f"^{re.escape(name)}"), panel)
        self.switch_to.active_element.send_keys(Keys.ENTER)
        self.wait_gone("searchbox", "Search units")

    # ---- the list of people ----

    def rows(self):
        """[{id, index, selected, cells}] of what is drawn."""
        return self.execute_script(ROWS)

    def row_of(self, name, status=None):
        """The row of whoever is called so, once it is drawn (with this status)."""
        def found():
            rows = [row for row in self.rows() if name in row["cells"][1]]
            return rows[0] if len(rows) == 1 and (status is None or rows[0]["cells"][5] == status) else None
        try:
            return self.wait(found, f"{name} is in the list ({status})")
        except AssertionError as error:
            raise AssertionError(f"{error}; there are {[row['cells'] for row in self.rows()][:20]}") from None

    def wait_no_row(self, name):
        self.wait(lambda: not [row for row in self.rows() if name in row["cells"][1]], f"{name} is not in the list")

    def wait_total(self, count):
        self.wait_text("1 person" if count == 1 else f"{count:,} people")

    def search(self, text, total=None):
        self.hand.search(self.find("searchbox", "Search users"), text)
        if total is not None:
            self.wait_total(total)

    def open_menu(self, name):
        """Of the person called so; the menu."""
        self.row_of(name)
        self.hand.menu_of(self.find("button", f"Actions for {name}"), self.find("link", name))
        return self.find("menu", f"Actions for {name}")

    def choose(self, name, entry):
        """In the menu of a row."""
        self.press("menuitem", entry, self.open_menu(name))

    def open_person(self, name):
        self.press("link", name)
        self.find("heading", name)

    # ---- what must not be ----

    def network(self):
        """Of what was asked and answered since the last time: ([url asked for], [(method, path, status)])."""
        asked, methods, answered = [], {}, []
        for entry in self.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                asked.append(request["url"])
                methods[message["params"]["requestId"]] = request["method"]
            elif message["method"] == "Network.responseReceived":
                response = message["params"]["response"]
                answered.append((methods.get(message["params"]["requestId"], "?"),
                                 urllib.parse.urlsplit(response["url"]).path, response["status"]))
        return asked, answered

    def expect(self, *patterns, statuses=()):
        """Complaints, and statuses of answers, that the test brings about."""
        self.expected += patterns
        self.statuses += statuses

    def check(self):
        """Nothing was complained of, asked of others, refused or broken but what the test wanted."""
        wrong = [line for line in self.complaints() if not any(re.search(one, line) for one in self.expected)]
        assert wrong == []
        asked, answered = self.network()
        own = (self.origin + "/", self.daemon.public_url + "/")
        assert [url for url in asked if url.startswith(("http", "ws")) and not url.startswith(own)] == []
        refused = [one for one in answered if (one[2] in (403, 405) or one[2] >= 500) and one[2] not in self.statuses]
        assert not refused, f"{self.path}: {refused}"
        self.wait_fits(self.path)

    def keep(self, name):
        """A picture, to be looked at."""
        self.picture(PICTURES / f"{name}.png")


@contextlib.contextmanager
def console_page(daemon, **more):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ush-", dir="/tmp"))
    page = ConsolePage(folder, daemon, **more)
    try:
        yield page
    finally:
        page.quit()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def console_world(**sections):
    """A daemon with the roles of signing.py that sends its mails to a sink."""
    with world(sink=True, roles=True, mail={"resend_interval": "0s"}, **sections) as daemon:
        daemon.wait_list()
        yield daemon
