"""Every screen of the console and every state of one, each brought about by what a person does there. Names are looked up in
the console's own catalogue, so that all of it works in each language."""

import collections
import json
import re

from client import PASSWORD
from usherd import TOP

LANGUAGES = ("en", "de", "vi")
ADMINISTRATOR, INVITER, AUDITOR = "aino.makela", "siobhan.oriordan", "matej.zupancic"

State = collections.namedtuple("State", "name show login is_fleeting")


def catalogue():
    """{key: [text in each of LANGUAGES]}."""
    found = {}
    for path in sorted((TOP / "src" / "console" / "words").glob("*.json")):
        found |= json.loads(path.read_text())
    return found


class Words:
    """The texts of one language."""

    texts = catalogue()

    def __init__(self, language):
        self.language = language

    def __call__(self, key, **values):
        text = self.texts[key][LANGUAGES.index(self.language)]
        if isinstance(text, dict):
            text = text["one" if values.get("count") == 1 and "one" in text else "other"]
        return re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), text)

    def like(self, key):
        """A pattern: it begins so, whatever stands for the names."""
        text = self.texts[key][LANGUAGES.index(self.language)]
        return re.compile("^" + ".*".join(map(re.escape, re.split(r"\{\w+\}", text))))


STATES = []


def state(login=ADMINISTRATOR, is_fleeting=False):
    """`is_fleeting`: it goes when the window is resized."""
    def keep(show):
        STATES.append(State(show.__name__.replace("_", "-"), show, login, is_fleeting))
        return show
    return keep


# Each gets the page (signed in, unless `login` is None), the words, and people: {kind: {"id", "name"}}.

@state(login=None)
def sign_in(page, words, _people):
    page.go("/sign-in")
    page.find("heading", words("sign_in.title"))


@state(login=None)
def sign_in_wrong(page, words, people):
    sign_in(page, words, people)
    page.hand.write(page.find("textbox", words("sign_in.login")), "nobody")
    page.hand.write(page.find("textbox", words("sign_in.password")), PASSWORD)
    page.press("button", words("sign_in.action"))
    page.wait_text(words("sign_in.wrong"))


@state()
def users(page, words, _people):
    page.go("/users")
    page.find("heading", words("users.title"))
    page.wait(lambda: len(page.rows()) > 10, "there are rows")


@state()
def users_filters(page, words, people):
    page.go(f"/users?status=active&registered_from=2020-01-01&q={people['active']['word']}")
    page.row_of(people["active"]["name"])
    page.find("Date", words("users.registered_to"))


@state()
def users_nobody(page, words, _people):
    page.go("/users?q=zzzzzz")
    page.wait_text(words("users.no_match"))


@state(is_fleeting=True)
def users_menu(page, words, people):
    page.go(f"/users?q={people['pending']['word']}")
    page.row_of(people["pending"]["name"])
    page.press("button", words("users.menu", name=people["pending"]["name"]))
    page.find("menuitem", words("users.do.revoke"))


@state()
def users_selected(page, words, people):
    users(page, words, people)
    page.press("checkbox", words("users.select_all"))
    page.find("region", words("users.selection"))


@state()
def users_bulk(page, words, people):
    users_selected(page, words, people)
    page.press("button", words.like("users.do.suspend"), page.find("region", words("users.selection")))
    page.find("dialog", re.compile("[0-9]"))
    page.find("button", words("users.do_it.suspend"))
    page.wait(lambda: page.execute_script("return document.querySelector('.named') !== null"), "some are named")


@state()
def users_delete(page, words, people):
    page.go(f"/users?q={people['active']['word']}")
    page.row_of(people["active"]["name"])
    page.press("button", words("users.menu", name=people["active"]["name"]))
    page.press("menuitem", words("users.do.delete"))
    page.find("alertdialog", words("users.ask.delete"))


@state()
def users_deleted(page, words, people):
    page.go("/users?view=deleted")
    page.find("button", words("users.restore_whom", name=people["deleted"]["name"]))


@state()
def invite(page, words, _people):
    page.go("/users?add=1")
    dialog = page.dialog(words("invite.title"))
    page.find("button", words("invite.send"), dialog)
    page.wait(lambda: page.has("checkbox", None, dialog), "the groups are there")


@state()
def invite_wrong(page, words, people):
    invite(page, words, people)
    page.hand.write(page.find("textbox", words("field.mail")), "jana@")
    page.press("button", words("invite.send"))
    page.wait_text(words("error.bad_mail"))
    page.wait_text(words("error.field_required"))


@state()
def invite_more(page, words, people):
    invite(page, words, people)
    page.execute_script("document.querySelector('dialog details').open = true")
    page.find("textbox", re.compile("^" + re.escape(words("field.uid"))))


@state(is_fleeting=True)
def invite_unit(page, words, people):
    invite(page, words, people)
    page.press("button", words.like("field.org_unit"))
    page.find("treeitem", re.compile("Collections"))


def invited(page, words, people, way):
    invite(page, words, people)
    family = people["word"]()
    page.hand.write(page.find("textbox", words("field.given_name")), "Jana")
    page.hand.write(page.find("textbox", words("field.family_name")), family)
    page.hand.pick(page.find("combobox", words("field.gender")), words("gender.female"))
    page.hand.date(page.find("Date", words("field.birthday")), "1990-02-28")
    page.hand.write(page.find("textbox", words("field.mail")), f"{family.lower()}@meridian.example")
    page.press("button", words.like("field.org_unit"))
    page.hand.write(page.find("searchbox", words("units.search")), "Registry")
    page.press("treeitem", re.compile("Registry"))
    page.press("radio", words.like(way))
    return family


@state()
def invited_by_link(page, words, people):
    invited(page, words, people, "invite.by_link")
    page.press("button", words("invite.send"))
    page.find("textbox", words("invite.link"))
    page.find("image", re.compile("QR"))


@state()
def invited_by_mail(page, words, people):
    family = invited(page, words, people, "invite.by_mail")
    page.hand.write(page.find("textbox", words("field.personal_mail")), f"{family}@elsewhere.example")
    page.press("button", words("invite.send"))
    page.find("button", words("invite.again"))


@state()
def person_active(page, _words, people):
    page.go(f"/users/{people['active']['id']}")
    page.find("heading", people["active"]["name"])


@state()
def person_pending(page, _words, people):
    page.go(f"/invitations/{people['pending']['id']}")
    page.find("heading", people["pending"]["name"])


@state()
def person_edit(page, words, people):
    person_active(page, words, people)
    page.press("button", words("person.edit"))
    page.dialog(words("person.edit_of", name=people["active"]["name"]))


@state()
def person_nobody(page, words, _people):
    page.go("/users/01890a5d-ac96-774b-bcce-b302099a8057")
    page.find("heading", words("person.nobody"))


@state()
def person_deleted(page, words, people):
    page.go(f"/users/{people['deleted']['id']}")
    page.find("heading", words("person.deleted"))


@state(login=INVITER)
def invitations(page, words, people):
    page.go("/invitations")
    page.find("link", people["own"]["name"])
    page.find("heading", words("nav.invitations"))


@state()
def units(page, words, _people):
    page.go("/org-units")
    page.find("treeitem", re.compile("^Research"))
    page.find("button", words("units.new"))


@state()
def units_new(page, words, people):
    units(page, words, people)
    page.press("button", words("units.new"))
    page.find("button", words("units.make"))


@state()
def audit(page, words, _people):
    page.go("/audit")
    page.wait(lambda: page.has("button", words.like("audit.details_of")), "there are records")


@state()
def audit_record(page, words, people):
    audit(page, words, people)
    page.execute_script("document.querySelector('.turn').click()")
    page.wait(lambda: page.execute_script("return document.querySelector('.record-details') !== null"), "it is open")


@state()
def status(page, words, _people):
    page.go("/status")
    page.find("heading", words("state.daemon"))


@state()
def account(page, words, _people):
    page.go("/account")
    page.find("heading", words("account.sessions"))
    page.wait_text(words("account.this_one"))


@state()
def account_token(page, words, people):
    account(page, words, people)
    page.press("button", words("account.new_token"))
    page.press("button", words("account.make_token"))
    page.wait_text(words("account.choose_scope"))


@state(login=INVITER)
def no_permission(page, words, _people):
    page.go("/audit")
    page.wait_text(words("ui.no_permission"))


@state()
def no_page(page, words, _people):
    page.expect(r"/elsewhere - .*404")
    page.go("/elsewhere")
    page.wait_text(words("ui.no_page"))
