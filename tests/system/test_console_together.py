"""Others are at work as well: two administrators at once, a session that ends in the middle of something, a daemon and a
directory that go away and come back. Nothing is loaded anew by hand in any of it."""

import re
import urllib.parse

import pytest

from client import PASSWORD, unique_word
from console import console_page
from signing import ADMINISTRATOR, OTHER_ADMINISTRATOR, Console

UNIT = "Registry"
UNREACHABLE = r"ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH)"


@pytest.fixture(name="page")
def console_of_one_test(console_browser):
    console_browser.begin()
    yield console_browser
    console_browser.check()


@pytest.fixture(scope="module", name="second_browser")
def browser_of_the_other(console_daemon):
    with console_page(console_daemon) as page:
        yield page


@pytest.fixture(name="other")
def other_console_of_one_test(second_browser):
    second_browser.begin()
    yield second_browser
    second_browser.check()


def active(api, **changes):
    invitation = api.invited(**changes)
    assert invitation["join"].register().status_code == 201
    [(dn, entry)] = api.daemon.slapd.entries_of(invitation["id"])
    return {**invitation, "dn": dn, "user": entry_uuid(api.daemon.slapd, dn), "entry": entry,
            "name": f"{invitation['given_name']} {invitation['family_name']}"}


def entry_uuid(slapd, dn):
    [(_, entry)] = slapd.search("(objectClass=*)", dn, 0, ["entryUUID"])
    return entry["entryUUID"][0]


def born(page):
    """When the page was loaded."""
    return page.execute_script("return performance.timeOrigin")


def fill_in(page, family):
    page.press("button", "Add user")
    dialog = page.dialog("Add user")
    page.write("First name", "Jana", dialog)
    page.write("Last name", family, dialog)
    page.pick("Gender", "Female", dialog)
    page.hand.date(page.find("Date", "Birthday", dialog), "1990-02-28")
    page.write("Work mail address", f"jana.{family.lower()}@meridian.example", dialog)
    page.choose_unit("Organization unit", UNIT, dialog)
    page.tick("radio", re.compile("^By link"), dialog)
    return dialog


def test_who_is_invited_by_one_is_seen_by_the_other(page, other):
    family = unique_word()
    other.enter(f"/users?q={family}", OTHER_ADMINISTRATOR)
    other.wait_text("Nobody matches")
    loaded = born(other)
    page.enter("/users")
    page.press("button", "Invite", fill_in(page, family))
    other.row_of(f"Jana {family}", "Pending")
    assert born(other) == loaded


def test_who_is_deleted_by_one_is_gone_for_the_other(page, other, console_api):
    person, name = active(console_api), None
    name = person["name"]
    other.enter(f"/users/{person['user']}", OTHER_ADMINISTRATOR)
    other.find("heading", name)
    page.enter(f"/users?q={urllib.parse.quote(person['family_name'])}")
    page.row_of(name, "Active")
    loaded = born(other)
    page.choose(name, "Delete")
    page.press("button", "Delete", page.find("alertdialog", "Delete this user?"))
    other.find("heading", "This user was deleted")
    other.wait_text("by Aino")
    assert not other.has("button", "Edit")
    page.wait_no_row(name)
    other.press("button", "Restore")
    other.find("heading", name)
    other.find("button", "Edit")
    page.row_of(name, "Active")
    assert born(other) == loaded


def test_who_changes_what_another_has_changed_chooses(page, console_api, console_daemon):
    person = active(console_api, position="Deposit clerk")
    page.enter(f"/users/{person['user']}")
    page.press("button", "Edit")
    dialog = page.dialog(f"Edit {person['name']}")
    page.write("Position", "Curator", dialog)
    page.write("Display name", f"Robin the {person['family_name']}", dialog)
    changed = console_api.call("PATCH", f"/api/v1/users/{person['user']}", json={"position": "Registrar"})
    assert changed.status_code == 200, changed.text
    page.press("button", "Save", dialog)
    page.wait_text("Somebody has changed this person meanwhile", dialog)
    page.find("radio", re.compile("Yours.*Curator"), dialog)
    theirs = page.find("radio", re.compile("Theirs.*Registrar"), dialog)
    page.keep("edit-conflict")
    page.hand.tick(theirs)
    assert page.find("textbox", page.labelled("Position"), dialog).get_property("value") == "Registrar"
    page.press("button", "Save", dialog)
    page.wait_gone("dialog", f"Edit {person['name']}")
    entry = console_daemon.slapd.entry(person["dn"])
    assert entry["title"] == ["Registrar"]  # theirs
    assert entry["displayName"] == [f"Robin the {person['family_name']}"]  # nobody else had changed it


def test_groups_that_another_has_changed_are_chosen_from(page, console_api, console_daemon):
    slapd = console_daemon.slapd
    mine, theirs = f"cn=field-crew,{slapd.groups}", f"cn=vault-access,{slapd.groups}"
    person = active(console_api)
    page.enter(f"/users/{person['user']}")
    page.press("button", "Edit")
    dialog = page.dialog(f"Edit {person['name']}")
    page.tick("checkbox", re.compile("^field-crew"), dialog)
    changed = console_api.call("PATCH", f"/api/v1/users/{person['user']}", json={"groups": [theirs]})
    assert changed.status_code == 200, changed.text
    page.press("button", "Save", dialog)
    page.wait_text("Somebody has changed this person meanwhile", dialog)
    page.find("radio", re.compile("Yours.*field-crew"), dialog)
    page.hand.tick(page.find("radio", re.compile("Theirs.*vault-access"), dialog))
    assert page.find("checkbox", re.compile("^vault-access"), dialog).is_selected()
    page.tick("checkbox", re.compile("^field-crew"), dialog)
    page.press("button", "Save", dialog)
    page.wait_gone("dialog", f"Edit {person['name']}")
    assert sorted(group for group, _ in slapd.search(f"(member={person['dn']})")) == sorted([mine, theirs])


def test_a_session_that_ends_in_a_form_takes_nothing_typed(page, console_daemon):
    family = unique_word()
    page.enter("/users")
    dialog = fill_in(page, family)
    others = Console(console_daemon).sign_in(ADMINISTRATOR)
    assert others.delete("/api/v1/sessions").status_code in (200, 204)
    again = page.dialog("Your session has ended")  # by itself
    login = page.find("textbox", "User name or mail address", again)
    assert login.get_property("value") == ADMINISTRATOR and login.get_property("readOnly")
    page.keep("sign-in-again")
    page.write("Password", "another password", again)
    page.press("button", "Sign in and go on", again)
    page.wait_text("The name or the password is wrong", again)
    page.write("Password", PASSWORD, again)
    page.press("button", "Sign in and go on", again)
    page.wait_gone("dialog", "Your session has ended")
    assert page.find("textbox", "Last name", dialog).get_property("value") == family
    page.press("button", "Invite", dialog)
    link = page.find("textbox", "Registration link").get_property("value")
    assert link.startswith(console_daemon.public_url)
    page.press("button", "Copy the link")
    page.wait_text("Copied")
    page.press("button", "Done")
    page.search(family, 1)
    page.row_of(f"Jana {family}", "Pending")


def test_a_daemon_that_was_away_is_live_again(page, console_daemon, console_api):
    page.expect(UNREACHABLE, statuses=[503])
    first = active(console_api)
    page.enter("/users?q=robin")
    page.row_of(first["name"], "Active")
    shown, loaded = page.rows(), born(page)
    console_daemon.stop()
    page.wait_text(re.compile("Changes do not arrive at the moment; this is as of"))
    assert page.rows() == shown  # what was there can still be read
    page.keep("users-stale")
    console_daemon.start()
    console_daemon.wait_list()
    page.wait(lambda: "Changes do not arrive" not in page.text(), "the note has gone", 60)
    invitation = console_api.invited()
    page.row_of(f"Robin {invitation['family_name']}", "Pending")
    assert born(page) == loaded


def test_a_directory_that_is_away_is_told_of(page, console_daemon, console_api):
    page.expect(statuses=[503])
    person = active(console_api)
    name = person["name"]
    page.enter(f"/users?q={person['family_name']}")
    page.row_of(name, "Active")
    console_daemon.slapd.stop()
    try:
        console_daemon.wait_directory(up=False)
        page.row_of(name, "Active")
        page.choose(name, "Suspend")
        dialog = page.find("alertdialog", "Suspend this user?")
        page.press("button", "Suspend", dialog)
        page.wait_text("The directory does not answer at the moment. Nothing was changed", dialog)
        page.keep("users-no-directory")
        page.hand.leave(page.find("button", "Cancel", dialog))
        page.open_person(name)
        page.wait_text("The directory does not answer at the moment. This is what the list knows")
        assert page.find("button", "Edit").get_dom_attribute("aria-disabled") == "true"
        page.keep("person-no-directory")
        page.go("/status")
        page.wait_text(re.compile("Directory\\s+.*(Down|Away|No|not)", re.IGNORECASE))
        page.keep("status-no-directory")
    finally:
        console_daemon.slapd.start()
    console_daemon.wait_directory()
    page.go(f"/users?q={person['family_name']}")
    page.row_of(name, "Active")
    page.choose(name, "Suspend")
    page.press("button", "Suspend", page.find("alertdialog", "Suspend this user?"))
    page.row_of(name, "Suspended")
