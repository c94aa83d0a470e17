"""The registration page in a real browser that runs no script, on a narrow screen."""

import pytest
from selenium.webdriver.common.by import By

from chromium import Chromium
from client import PASSWORD


@pytest.fixture
def browser(folder):
    """Chromium without script, 320 pixels wide."""
    driver = Chromium(folder, script=False)
    yield driver
    driver.quit()


def text(browser):
    return browser.find_element(By.TAG_NAME, "body").text


def password_fields(browser):
    return browser.find_elements(By.CSS_SELECTOR, "input[type=password]")


def send(browser, password):
    for field in password_fields(browser):
        field.clear()
        field.send_keys(password)
    browser.find_element(By.CSS_SELECTOR, "form [type=submit]").click()


def test_a_person_registers_without_script_on_a_narrow_screen(slapd, api, browser):
    invitation = api.invited(given_name="Ξένια", family_name="Wolfeschlegelsteinhausenbergerdorff",
                             fields={"position": "suggested"})
    browser.get(invitation["link"])
    assert invitation["join"].token not in browser.current_url
    assert "Meridian Seed Archive" in text(browser)
    assert invitation["uid"] in browser.page_source
    browser.wait_fits()

    send(browser, "1234567890123456")
    browser.wait(lambda: browser.find_elements(By.CSS_SELECTOR, "[role=alert]"), "the form is shown again")
    assert "15" in text(browser)
    browser.wait_fits()
    assert slapd.entries_of(invitation["id"]) == []

    send(browser, PASSWORD)
    browser.wait(lambda: "Your account is ready" in browser.page_source, "the account is made")
    assert not password_fields(browser)
    assert invitation["uid"] in text(browser)
    browser.wait_fits()
    [(dn, _)] = slapd.entries_of(invitation["id"])
    assert slapd.accepts(dn, PASSWORD)


def test_every_end_of_a_link_has_a_page_that_fits(slapd, api, browser):
    used, revoked = api.invited(), api.invited()
    assert used["join"].register().status_code == 201
    api.delete(f"/api/v1/invitations/{revoked['id']}")
    unknown = used["link"].replace(used["join"].token, "usj_" + "A" * 43)
    shown = {}
    for name, url in (("used", used["link"]), ("revoked", revoked["link"]), ("unknown", unknown)):
        browser.get(url)
        shown[name] = text(browser)
        assert shown[name].strip()
        assert not password_fields(browser)
        browser.wait_fits()
    assert len(set(shown.values())) == 3, shown


def test_every_field_of_the_form_has_a_label(api, browser):
    invitation = api.invited(fields={"position": "free", "language": "free"})
    browser.get(invitation["link"])
    fields = browser.find_elements(By.CSS_SELECTOR, "input:not([type=hidden]):not([type=submit]), select")
    assert len(fields) >= 2
    labelled = {label.get_dom_attribute("for")
                for label in browser.find_elements(By.TAG_NAME, "label")}
    assert [field.get_dom_attribute("name") for field in fields
            if field.get_dom_attribute("id") not in labelled] == []
    autocomplete = [field.get_dom_attribute("autocomplete") for field in password_fields(browser)]
    assert set(autocomplete) == {"new-password"}
