"""The registration page in a real browser, in each language, with and without script."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from chromium import Chromium
from client import PASSWORD, in_background
from usherd import TOP

PICTURES = TOP / "build" / "screenshots" / "page"
WORDS = {
    "en": ("Your sign-in", "at least 15 characters", "Your account is ready", "User name"),
    "de": ("Ihre Anmeldung", "mindestens 15 Zeichen", "Ihr Konto ist bereit", "Benutzername"),
    "vi": ("Thông tin đăng nhập", "ít nhất 15 ký tự", "đã sẵn sàng", "Tên đăng nhập"),
}


@pytest.fixture(scope="module")
def browsers(tmp_path_factory):
    """{whether it runs scripts: browser}."""
    made = {}
    yield made
    for driver in made.values():
        driver.quit()


@pytest.fixture
def make_browser(browsers, tmp_path_factory):
    def make(script=True):
        if script not in browsers:
            browsers[script] = Chromium(tmp_path_factory.mktemp("b"), script=script)
        browsers[script].forget()
        return browsers[script]

    return make


@pytest.fixture
def browser(make_browser):
    return make_browser()


def text(browser):
    return browser.find_element(By.TAG_NAME, "body").text


def shows(browser, words):
    """Also while one page gives way to the next."""
    return words in browser.page_source


def field(browser, name):
    return browser.find_element(By.ID, f"f-{name}")


def fill(browser, password, again=None):
    for name, value in (("password", password), ("password_again", password if again is None else again)):
        field(browser, name).clear()
        field(browser, name).send_keys(value)


def send(browser):
    browser.find_element(By.CSS_SELECTOR, "[type=submit]").click()


def focused(browser):
    return browser.switch_to.active_element.get_dom_attribute("id")


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("language", WORDS)
def test_a_person_registers_in_their_language(slapd, api, make_browser, language, script):
    browser = make_browser(script=script)
    invitation = api.invited(language=language)
    sign_in, rule, ready, uid = WORDS[language]
    browser.get(invitation["link"])
    assert browser.find_element(By.TAG_NAME, "html").get_dom_attribute("lang") == language
    assert sign_in in text(browser) and rule in text(browser) and uid in text(browser)
    browser.wait_fits()
    fill(browser, "1234567890123456")
    send(browser)
    browser.wait(lambda: browser.find_elements(By.CSS_SELECTOR, "[role=alert]"), "the form is shown again")
    browser.wait_fits()
    assert slapd.entries_of(invitation["id"]) == []
    fill(browser, PASSWORD)
    send(browser)
    browser.wait(lambda: shows(browser, ready), "the account is made")
    browser.wait_fits()
    [(dn, _)] = slapd.entries_of(invitation["id"])
    assert slapd.accepts(dn, PASSWORD)
    assert browser.complaints() == []
    assert browser.foreign_requests(api.daemon.public_url) == []


def test_whom_no_invitation_names_a_language_for_the_browser_does(api, browser):
    browser.set_language("fr, vi;q=0.5, de;q=0.7")
    browser.get(api.invited(language=None)["link"])
    assert "Ihre Anmeldung" in text(browser)
    browser.get(f"{api.daemon.public_url}/join/usj_{'A' * 43}")
    assert "Diesen Link kennen wir nicht" in text(browser)


def test_a_password_is_spoken_about_while_it_is_typed(api, browser):
    browser.get(api.invited()["link"])
    strength = browser.find_element(By.ID, "strength")
    assert not strength.is_displayed()
    said = {}
    for typed in ("short", "aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "quiet lanterns 7", PASSWORD):
        field(browser, "password").clear()
        field(browser, "password").send_keys(typed)
        said[typed] = (strength.get_dom_attribute("data-level"), strength.text)
    assert said["short"] == ("0", "5 of at least 15 characters")
    assert said["aaaaaaaaaaaaaaaaaaaa"][0] == said["abcabcabcabcabcabc"][0] == "1"
    assert said["quiet lanterns 7"][0] == "2"
    assert said[PASSWORD] == ("3", "A good length.")
    browser.picture(PICTURES / "typed-light-320.png")
    match = browser.find_element(By.ID, "match")
    field(browser, "password_again").send_keys(PASSWORD[:5])
    assert not match.is_displayed()
    field(browser, "password_again").send_keys("x")
    assert "not the same" in match.text
    field(browser, "password_again").send_keys(Keys.BACKSPACE + PASSWORD[5:])
    assert match.text == "Both passwords are the same."


def test_the_first_field_that_is_wrong_has_the_focus(slapd, api, browser):
    invitation = api.invited(fields={"phone": "free"})
    browser.get(invitation["link"])
    fill(browser, "too short")
    send(browser)
    assert focused(browser) == "f-password"
    assert "9 of at least 15 characters" in browser.find_element(By.ID, "error-password").text
    fill(browser, PASSWORD, PASSWORD + "x")
    send(browser)
    assert focused(browser) == "f-password_again"
    field(browser, "phone").send_keys("0301234567")
    fill(browser, PASSWORD)
    send(browser)
    browser.wait(lambda: browser.find_elements(By.ID, "error-phone"), "the server's word")
    browser.wait(lambda: focused(browser) == "f-phone", "the focus is there")
    assert slapd.entries_of(invitation["id"]) == []
    assert browser.complaints() == []


def test_a_password_can_be_shown_and_is_sent_hidden(api, browser):
    browser.get(api.invited()["link"])
    fill(browser, PASSWORD)
    browser.find_element(By.CSS_SELECTOR, "label[for=show]").click()
    assert field(browser, "password").get_dom_attribute("type") == "text"
    browser.execute_script("""
        document.getElementById("form").addEventListener("submit", (event) => {
            document.title = document.getElementById("f-password").type;
            event.preventDefault();
        });""")
    send(browser)
    assert browser.title == "password"


def test_what_a_password_manager_looks_for_is_there(api, browser):
    invitation = api.invited(fields={"given_name": "free", "phone": "free"})
    browser.get(invitation["link"])
    tokens = {one.get_dom_attribute("autocomplete"): one
              for one in browser.find_elements(By.CSS_SELECTOR, "#form [autocomplete]")}
    assert {"username", "new-password", "given-name", "tel"} <= set(tokens)
    assert tokens["username"].get_property("value") == invitation["uid"]
    assert tokens["username"].get_dom_attribute("readonly") is not None
    assert browser.execute_script("""
        const paste = new ClipboardEvent("paste", { cancelable: true, bubbles: true });
        return document.getElementById("f-password").dispatchEvent(paste);""")


def test_an_account_that_takes_its_time_is_followed(slapd, proxy, proxied_api, browser):
    browser.get(proxied_api.invited()["link"])
    fill(browser, PASSWORD)
    reply = proxy.rule("add reply", "hold")
    sent = in_background(send, browser)
    reply.wait()
    proxy.refuse()  # at once: the daemon must not ask anew before the directory is dead
    slapd.kill()
    reply.release()
    sent()
    browser.wait(lambda: browser.find_elements(By.ID, "follow"), "the page that waits")
    slapd.start()
    proxy.listen()
    browser.wait(lambda: shows(browser, "Your account is ready"), "the page goes on by itself", seconds=60)
    assert browser.complaints() == []
