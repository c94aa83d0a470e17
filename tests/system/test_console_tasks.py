"""What administrators do, each from its beginning to what it is for, by mouse and again by keyboard alone, in a real
browser: an invitation ends with a password that the directory takes, a suspension with one that it refuses."""

import re
import urllib.parse

import pytest

from client import PASSWORD, Link, unique_word
from mailing import Mailing
from signing import ADMINISTRATOR, INVITER, Console, dn_of
from wait import wait_for

UNIT = "Registry"
CLIPBOARD = ["clipboardReadWrite", "clipboardSanitizedWrite"]


@pytest.fixture(name="page", params=["mouse", "keyboard"])
def console_of_one_test(console_browser, request):
    console_browser.begin(request.param)
    yield console_browser
    console_browser.check()


@pytest.fixture(name="mailing")
def mailing_of_one_test(console_daemon):
    made = Mailing(console_daemon)
    made.clear()
    return made


def active(api, **changes):
    """A new user of the directory, as the API showed their invitation; with their DN."""
    invitation = api.invited(**changes)
    assert invitation["join"].register().status_code == 201
    [(invitation["dn"], _)] = api.daemon.slapd.entries_of(invitation["id"])
    return invitation


def name_of(invitation):
    return f"{invitation['given_name']} {invitation['family_name']}"


def shown(page, invitation, status=None):
    """The list, with this person alone."""
    page.enter(f"/users?q={urllib.parse.quote(invitation['family_name'])}")
    page.row_of(name_of(invitation), status)
    return name_of(invitation)


def confirm(page, title, name, action):
    """The question names whom it is about; the safe answer has the focus."""
    dialog = page.find("alertdialog", title)
    page.wait(lambda: name in page.text(dialog), f"{title} names {name}")
    page.wait_focus("Cancel")
    page.press("button", action, dialog)
    page.wait_gone("alertdialog", title)


def accepted(slapd, dn, is_so=True):
    wait_for(lambda: slapd.accepts(dn, PASSWORD) == is_so, f"{dn} is {'accepted' if is_so else 'refused'}")


# ---- coming and going ----

def test_who_signs_in_gets_where_they_wanted(page):
    page.go("/users?status=active&sort=mail")
    page.sign_in(password="not the password at all")
    page.wait_text("The name or the password is wrong")
    page.wait_focus("Password")
    page.sign_in(password=PASSWORD)
    page.find("heading", "Users")
    page.wait_path(r"^/users\?status=active&sort=mail$")
    page.find("button", re.compile("^Active"))
    page.press("button", "Sign out")
    page.find("heading", "Sign in")
    page.go("/users")
    page.find("heading", "Sign in")


def test_a_mistyped_address_leads_back(page):
    page.expect(r"/user/ada - .*404")
    page.enter("/user/ada")
    page.find("heading", "There is no such page")
    page.wait(lambda: page.title.startswith("There is no such page"), "the title says so")
    page.keep("no-page")
    page.press("link", "To the start page")
    page.find("heading", "Users")
    page.wait_path(r"^/users$")


def test_another_session_is_ended(page, console_daemon):
    other = Console(console_daemon).sign_in(ADMINISTRATOR, headers={"User-Agent": "Mozilla/5.0 (Windows) Firefox/133.0"})
    page.enter("/account")
    page.wait_text("This one")
    page.press("button", "Sign out Firefox on Windows")
    page.wait_text("That session has ended.")
    assert other.whoami().status_code == 401
    page.press("button", "Sign out everywhere")
    page.press("button", "Sign out everywhere", page.find("alertdialog", "Sign out everywhere?"))
    page.find("heading", "Sign in")


def test_a_token_is_made_used_and_revoked(page, console_daemon):
    name = f"payroll {unique_word()}"
    page.execute_cdp_cmd("Browser.grantPermissions", {"permissions": CLIPBOARD})
    page.enter("/account")
    page.press("button", "New token")
    dialog = page.dialog("New token")
    page.write("Name", name, dialog)
    page.tick("checkbox", "users:read", dialog)
    page.pick("Valid for", "7 days", dialog)
    page.press("button", "Create", dialog)
    made = page.dialog("The token was made")
    token = page.find("textbox", f"Token {name}", made).get_property("value")
    headers = {"Authorization": f"Bearer {token}"}
    beside = Console(console_daemon)
    assert beside.get("/api/v1/users", headers=headers).status_code == 200
    assert beside.get("/api/v1/audit", headers=headers).status_code == 403
    page.press("button", "Done", made)
    page.press("button", "Back to the token")  # it was not copied
    page.press("button", "Copy", made)
    page.wait_text("Copied", made)
    page.press("button", "Done", made)
    page.press("button", f"Revoke {name}")
    dialog = page.find("alertdialog", "Revoke this token?")
    assert name in page.text(dialog)
    page.press("button", "Revoke", dialog)
    page.wait_text(f"{name} was revoked.")
    assert beside.get("/api/v1/users", headers=headers).status_code == 401
    page.wait_gone("button", f"Revoke {name}")


# ---- the list ----

def test_the_list_is_searched_filtered_and_sorted(page, console_api):
    def told(**query):
        answer = console_api.get("/api/v1/users", params={"limit": 100, **query}).json()
        return [item["id"] for item in answer["items"]], answer["total"]

    def shows(**query):
        ids, total = told(**query)
        page.wait(lambda: [row["id"] for row in page.rows()][:15] == ids[:15], f"the list shows {query}")
        page.wait_total(total)

    page.enter("/users")
    shows()
    page.search("meridian ta")
    shows(q="meridian ta")
    page.wait_path(r"q=meridian\+ta")
    page.press("button", "Clear the search")
    shows()
    page.press("button", re.compile("^Mail"))
    shows(sort="mail")
    assert page.find("columnheader", re.compile("^Mail")).get_dom_attribute("aria-sort") == "ascending"
    page.press("button", re.compile("^Mail"))
    shows(sort="mail", order="desc")
    page.wait_path("sort=mail&order=desc")
    page.choose_unit("Organization unit", "Genetics")
    unit = f"ou=Genetics,ou=Research,{console_api.daemon.slapd.people}"
    shows(sort="mail", order="desc", org_unit=unit)
    page.press("button", re.compile("^Suspended"))
    page.wait_text("Nobody matches")
    page.press("button", re.compile("^Active"))
    shows(sort="mail", order="desc", org_unit=unit, status="active")
    page.press("button", "Clear filters", page.find("main"))
    shows(sort="mail", order="desc")
    page.press("button", "Filters")
    page.hand.date(page.find("Date", "Registered until"), "2001-02-03")
    page.wait_text("Nobody matches")
    page.wait_path("registered_to=2001-02-03")
    page.back()
    shows(sort="mail", order="desc")


def test_all_that_match_are_suspended(page, console_api, console_daemon):
    position = f"Sorter {unique_word()}"
    people = [active(console_api, position=position) for _ in range(3)]
    left = console_api.invited(position=position)  # has no password that could be refused
    page.enter("/users")
    page.search(position, 4)
    page.tick("checkbox", "Select all that match")
    page.wait_text("4 selected")
    page.press("button", re.compile("^Suspend"), page.find("region", "Selection"))
    dialog = page.dialog("Suspend 3 users?")
    for one in people:
        page.wait_text(name_of(one), dialog)
    assert name_of(left) not in page.text(dialog)
    page.press("button", "Suspend", dialog)
    page.wait_text("3 of 3 done, 0 failed.", dialog)
    page.press("button", "Close", page.execute_script("return arguments[0].querySelector('footer')", dialog))
    for one in people:
        page.row_of(name_of(one), "Suspended")
        accepted(console_daemon.slapd, one["dn"], False)
    page.row_of(name_of(left), "Pending")
    page.wait_gone("region", "Selection")


# ---- inviting ----

def fill_in(page, family, **more):
    """The form, opened, with a person of this family name; the dialog."""
    page.press("button", "Add user")
    dialog = page.dialog("Add user")
    page.wait_focus("First name")
    page.write("First name", "Jana", dialog)
    page.write("Last name", family, dialog)
    page.pick("Gender", "Female", dialog)
    page.hand.date(page.find("Date", "Birthday", dialog), "1990-02-28")
    page.write("Work mail address", more.get("mail", f"jana.{family.lower()}@meridian.example"), dialog)
    page.choose_unit("Organization unit", UNIT, dialog)
    page.write("Position", "Curator", dialog)
    return dialog


def register(page, link):
    """On the public page, as the invited person."""
    page.get(link)
    fields = [page.find("textbox", label) for label in ("Password", "Password, once more")]
    for field in fields:
        page.hand.write(field, PASSWORD)
    page.hand.send(page.find("button", re.compile("account|register|Create", re.IGNORECASE)), fields[1])
    page.wait_text("Your account is ready")  # fields are gone already while one page gives way to the next


def test_somebody_is_invited_by_link_and_can_sign_in(page, console_daemon):
    family = unique_word()
    name = f"Jana {family}"
    page.execute_cdp_cmd("Browser.grantPermissions", {"permissions": CLIPBOARD})
    page.enter("/users")
    dialog = fill_in(page, family)
    page.tick("radio", re.compile("^By link"), dialog)
    page.press("button", "Invite", dialog)
    dialog = page.dialog("Invitation created")
    link = page.find("textbox", "Registration link", dialog).get_property("value")
    assert link.startswith(console_daemon.public_url)
    page.find("image", re.compile(f"{name}$"), dialog)
    page.hand.leave(page.find("button", "Close", dialog))
    # It was not copied: it is asked for once more.
    page.press("button", "Back to the link", page.find("alertdialog", "You have not copied the link"))
    page.press("button", "Copy the link", dialog)
    page.wait_text("Copied", dialog)
    assert page.execute_async_script("navigator.clipboard.readText().then(arguments[0])") == link
    page.press("button", "Done", dialog)
    page.wait_gone("dialog", "Invitation created")
    page.search(family, 1)
    page.row_of(name, "Pending")
    register(page, link)
    [(dn, _)] = console_daemon.slapd.search(f"(sn={family})")
    assert console_daemon.slapd.accepts(dn, PASSWORD)
    page.go(f"/users?q={family}")
    page.row_of(name, "Active")


def test_somebody_is_invited_by_mail_and_can_sign_in(page, console_daemon, mailing):
    family = unique_word()
    address = f"{family.lower()}@elsewhere.example"
    page.enter("/users")
    dialog = fill_in(page, family)
    page.tick("radio", re.compile("^By mail"), dialog)
    page.press("button", "Invite", dialog)  # an address is missing: it is asked for, and has the focus
    page.wait_text("Where shall the link be sent?", dialog)
    page.wait(lambda: page.switch_to.active_element.accessible_name == "Personal mail address", "the focus is there")
    page.write("Personal mail address", address, dialog)
    page.press("button", "Invite", dialog)
    page.wait_text(f"An invitation goes to {address}", page.dialog("Invitation created"))
    page.press("button", "Done")
    page.search(family, 1)
    page.row_of(f"Jana {family}", "Pending")
    register(page, mailing.letter({"personal_mail": address}).link.url)
    [(dn, _)] = console_daemon.slapd.search(f"(sn={family})")
    assert console_daemon.slapd.accepts(dn, PASSWORD)


def test_what_the_daemon_would_refuse_is_told_while_it_is_typed(page, console_api):
    taken = active(console_api)
    page.enter("/users")
    dialog = fill_in(page, unique_word(), mail=taken["mail"])
    page.wait_text("Somebody has this already", dialog)
    field = page.find("textbox", "Work mail address", dialog)
    assert field.get_dom_attribute("aria-invalid") == "true"
    page.hand.leave(page.find("button", "Cancel", dialog))
    page.press("button", "Keep editing", page.find("alertdialog", "Discard what you have typed?"))
    assert page.find("textbox", "First name", dialog).get_property("value") == "Jana"
    page.hand.leave(page.find("button", "Cancel", dialog))
    page.press("button", "Discard", page.find("alertdialog", "Discard what you have typed?"))
    page.wait_gone("dialog", "Add user")
    page.wait_path("^/users$")


def test_gender_birthday_and_groups_of_a_user_are_changed(page, console_api, console_daemon):
    slapd = console_daemon.slapd
    person = active(console_api, groups=[f"cn=vault-access,{slapd.groups}"])
    name = shown(page, person, "Active")
    page.open_person(name)
    page.press("button", "Edit")
    dialog = page.dialog(f"Edit {name}")
    page.pick("Gender", "Other", dialog)
    page.hand.date(page.find("Date", "Birthday", dialog), "1979-11-30")
    assert page.find("checkbox", re.compile("^vault-access"), dialog).is_selected()
    for group in ("vault-access", "field-crew", "usherd-administrators"):
        page.tick("checkbox", re.compile(f"^{group}"), dialog)
    page.keep("edit-groups")
    # That one the recommended slapd.conf keeps from usherd: the other is joined, and none is left for it.
    page.press("button", "Save", dialog)
    page.wait_gone("dialog", f"Edit {name}")
    page.wait_text("usherd-administrators")
    entry = slapd.entry(person["dn"])
    assert (entry["usherdGender"], entry["usherdBirthday"]) == (["other"], ["1979-11-30"])
    groups = [group for group, _ in slapd.search(f"(member={person['dn']})")]
    assert sorted(groups) == [f"cn=field-crew,{slapd.groups}", f"cn=vault-access,{slapd.groups}"]
    page.wait_text("November 30, 1979")
    page.press("button", "Edit")
    dialog = page.dialog(f"Edit {name}")
    refused = page.find("checkbox", re.compile("^usherd-administrators"), dialog)
    page.hand.tick(refused)
    page.press("button", "Save", dialog)
    page.wait_text("The directory does not let usherd change this", dialog)
    page.wait(lambda: page.switch_to.active_element == refused, "the focus is there")
    assert refused.get_dom_attribute("aria-invalid") == "true"
    page.keep("edit-groups-refused")
    page.hand.tick(refused)
    page.pick("Gender", "None chosen", dialog)
    page.press("button", "Save", dialog)
    page.wait_text("This is needed.", dialog)
    page.pick("Gender", "Female", dialog)
    page.press("button", "Save", dialog)
    page.wait_gone("dialog", f"Edit {name}")
    assert slapd.entry(person["dn"])["usherdGender"] == ["female"]


def test_a_mail_is_sent_again_and_an_invitation_revoked(page, mailing):
    invitation = mailing.invite()
    first = mailing.letter(invitation)
    name = shown(page, invitation, "Pending")
    page.choose(name, "Resend mail")
    page.wait_text(f"The mail to {name} is on its way.")
    second = mailing.letter(invitation, count=2)
    assert first.link.url != second.link.url
    assert second.link.is_open()
    page.choose(name, "Revoke invitation")
    confirm(page, "Revoke this invitation?", name, "Revoke")
    page.wait_text(f"The invitation of {name} was revoked.")
    page.wait_text("Nobody matches")
    for letter in (first, second):
        assert letter.link.get().json()["reason"] == "revoked"


def test_a_new_link_ends_the_old_one(page, console_api):
    invitation = console_api.invited()
    name = shown(page, invitation, "Pending")
    page.choose(name, "New link")
    dialog = page.find("alertdialog", "Make a new link?")
    assert name in page.text(dialog)
    page.press("button", "Make a new link", dialog)
    dialog = page.dialog("New link")
    link = Link(page.find("textbox", "Registration link", dialog).get_property("value"))
    assert link.url != invitation["link"]
    assert not invitation["join"].is_open()
    assert link.is_open()
    page.press("button", "Done", dialog)
    page.press("button", "Back to the link")  # it was not copied
    page.press("button", "Copy the link", dialog)
    page.wait_text("Copied", dialog)
    page.press("button", "Done", dialog)
    page.wait_gone("dialog", "New link")
    page.wait_focus(name, f"Actions for {name}")


# ---- what is done to people ----

def test_somebody_is_suspended_and_resumed(page, console_api, console_daemon):
    person = active(console_api)
    accepted(console_daemon.slapd, person["dn"])
    name = shown(page, person, "Active")
    page.choose(name, "Suspend")
    confirm(page, "Suspend this user?", name, "Suspend")
    page.wait_text(f"{name} is suspended.")
    page.row_of(name, "Suspended")
    accepted(console_daemon.slapd, person["dn"], False)
    page.choose(name, "Resume")
    page.wait_text(f"{name} can sign in again.")
    page.row_of(name, "Active")
    accepted(console_daemon.slapd, person["dn"])


def test_somebody_is_deleted_and_restored(page, console_api, console_daemon):
    slapd = console_daemon.slapd
    person = active(console_api)
    slapd.add_member(f"cn=inviters,{slapd.groups}", person["dn"])
    session = Console(console_daemon).sign_in(person["uid"])
    name = shown(page, person, "Active")
    page.choose(name, "Delete")
    confirm(page, "Delete this user?", name, "Delete")
    page.wait_text(f"{name} was deleted.")
    page.wait_no_row(name)
    assert session.whoami().status_code == 401
    assert slapd.by_uid(person["uid"]) == []
    page.press("button", "Deleted")
    page.press("button", f"Restore {name}")
    page.wait_text(f"{name} is back.")
    [(dn, _)] = slapd.by_uid(person["uid"])
    accepted(slapd, dn)
    page.press("button", re.compile("^All"))
    page.search(person["family_name"], 1)
    page.row_of(name, "Active")


def test_a_deletion_is_undone_at_once(page, console_api, console_daemon):
    person = active(console_api)
    name = shown(page, person, "Active")
    page.choose(name, "Delete")
    confirm(page, "Delete this user?", name, "Delete")
    page.press("button", "Restore")
    page.row_of(name, "Active")
    accepted(console_daemon.slapd, dn_of(console_daemon.slapd, person["uid"]))


# ---- org units ----

def test_an_org_unit_is_made_renamed_and_deleted(page, console_daemon):
    first, second = f"Unit {unique_word()}", f"Unit {unique_word()}"
    slapd = console_daemon.slapd
    page.enter(f"/org-units?unit={urllib.parse.quote(f'ou=Research,{slapd.people}')}")
    page.find("heading", "Research")
    page.press("button", "New unit")
    dialog = page.dialog("New unit in Research")
    page.write("Name", first, dialog)
    page.write("Description", "For a test", dialog)
    page.press("button", "Create", dialog)
    page.wait_text(f"{first} was made.")
    page.find("heading", first)
    assert slapd.entry(f"ou={first},ou=Research,{slapd.people}")["description"] == ["For a test"]
    page.press("button", f"Actions for {first}")
    page.press("menuitem", "Rename or describe")
    dialog = page.dialog(f"Change {first}")
    page.write("Name", second, dialog)
    page.press("button", "Save", dialog)
    page.find("heading", second)
    assert slapd.entry(f"ou={second},ou=Research,{slapd.people}")
    page.press("button", f"Actions for {second}")
    page.press("menuitem", "Delete")
    dialog = page.find("alertdialog", "Delete this unit?")
    assert f"Research › {second}" in page.text(dialog)
    page.press("button", "Delete", dialog)
    page.wait_text(f"{second} was deleted.")
    page.find("heading", "Research")
    assert slapd.entry(f"ou={second},ou=Research,{slapd.people}") is None


def test_who_may_only_invite_invites(page, console_daemon):
    family = unique_word()
    invitation = page.enter("/", INVITER).invited()
    page.find("heading", "Invitations")
    page.go("/")
    page.find("link", name_of(invitation))
    dialog = fill_in(page, family)
    page.tick("radio", re.compile("^By link"), dialog)
    page.press("button", "Invite", dialog)
    link = page.find("textbox", "Registration link").get_property("value")
    assert Link(link).register().status_code == 201
    assert console_daemon.slapd.search(f"(sn={family})")
