"""How the console looks, in every state of every screen: nothing that axe-core finds, nothing wider than the screen, whatever
the theme, the width, the size of letters, the direction and the language; and nothing that people or a directory have written
does anything but stand there.

The pictures are left in build/screenshots/console, to be looked at."""

import re
import urllib.parse

import pytest

import axe
from client import PASSWORD, Api, unique_word
from console import NARROW, WIDE
from console_states import AUDITOR, INVITER, LANGUAGES, STATES, Words
from signing import ORDINARY, Console, add_group, dn_of, registry

LIMITED = ORDINARY
HOSTILE = {
    "markup": '<img src=x onerror=globalThis.ran=1>',
    "end": '"><script>globalThis.ran=1</script>',
    "template": "${globalThis.ran=1} {name} {{organisation}}",
    "reversed": "Anna \u202egnirts a si siht",
    "long": "Wolfeschlegelstein" * 11,
    "pictures": "👩🏽‍🚀🏳️‍🌈 Zoë 𝒵𝓸ë",
    "combining": "Z" + "\u0335\u0322\u0336\u0310\u0360" * 30,
}
JAVASCRIPT = "javascript:globalThis.ran=1"
# Controls in the middle of which something else lies once they are scrolled to. Bars that stay while the page scrolls cover
# nothing for good.
COVERED = """
const stays = (one) => { for (; one; one = one.parentElement)
    if (["fixed", "sticky"].includes(getComputedStyle(one).position)) return true; return false; };
const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
const found = [...top.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((one) => {
    if (!one.checkVisibility({ visibilityProperty: true }) || one.closest(".skip, .unseen, tr[data-id] ~ tr[data-id]")) return false;
    one.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    const { left, top, width, height } = one.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    return !hit || (!one.contains(hit) && !hit.contains(one) && ![...one.labels ?? []].some((label) => label.contains(hit)) && !stays(hit));
}).map((one) => `${one.outerHTML.slice(0, 120)} at ${JSON.stringify(one.getBoundingClientRect())}`);
scrollTo({ top: 0, behavior: "instant" });
return found;
"""


@pytest.fixture(name="page")
def console_of_one_test(console_browser):
    console_browser.begin()
    yield console_browser
    console_browser.check()


@pytest.fixture(scope="module", name="people")
def people_in_every_state(console_daemon):
    """{kind: {"id", "name", "word"}}."""
    api = Api(console_daemon, console_daemon.make_token())

    def known(invitation, identifier):
        return {"id": identifier, "name": f"{invitation['given_name']} {invitation['family_name']}",
                "word": invitation["family_name"]}

    def user(**changes):
        invitation = api.invited(**changes)
        assert invitation["join"].register().status_code == 201
        [(dn, _)] = console_daemon.slapd.entries_of(invitation["id"])
        [(_, entry)] = console_daemon.slapd.search("(objectClass=*)", dn, 0, ["entryUUID"])
        return known(invitation, entry["entryUUID"][0])

    found = {"active": user(), "suspended": user(), "deleted": user(), "word": unique_word, "sessions": {}}
    assert api.post(f"/api/v1/users/{found['suspended']['id']}/suspend").status_code == 200
    assert api.delete(f"/api/v1/users/{found['deleted']['id']}").status_code == 200
    mailed = api.invited_by_mail()
    found["pending"] = known(mailed, mailed["id"])
    own = Console(console_daemon).sign_in(INVITER).invited()
    found["own"] = known(own, own["id"])
    return found


def bring(page, state, people, language="en"):
    """As somebody who has just come; the state, as a person brings it about. Whoever is signed in stays so: a sign-in
    takes longer than many a state."""
    page.begin(language={"en": "en", "de": "de-DE,de;q=0.9", "vi": "vi"}[language])
    if state.login:
        session = people["sessions"].get(state.login)
        if session is None or not session.is_signed_in():
            session = people["sessions"][state.login] = Console(page.daemon).sign_in(state.login)
        page.carry(session)
    state.show(page, Words(language), people)


def covered(page):
    return page.execute_script(COVERED)


def themes(page, name, script):
    """Pictures and barriers in both. Rows of the search before are pale until those of this one are there."""
    page.wait(lambda: page.execute_script("return document.querySelector('.before') === null"), f"{name} is of this search")
    for theme in ("light", "dark"):
        page.set_media(prefers_color_scheme=theme)
        page.keep(f"{name}-{theme}-{WIDE}")
        assert axe.violations(page, script) == [], (name, theme)
    page.set_media(prefers_color_scheme="light")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_has_no_barrier_and_fits_however_it_is_looked_at(page, people, state):
    script = axe.source()
    if script is None:
        pytest.skip("npm cannot be reached, and axe-core is not in build/npm")
    bring(page, state, people)
    page.wait_fits(state.name)
    themes(page, state.name, script)
    if state.is_fleeting:
        return
    page.set_width(NARROW)
    page.wait(page.fits, f"{state.name} is wider than {NARROW} px")
    page.keep(f"{state.name}-light-{NARROW}")
    assert covered(page) == []
    page.execute_script("document.documentElement.dir = 'rtl'")
    page.wait(page.fits, f"{state.name} from the right is wider than {NARROW} px")
    page.set_width(WIDE, 800)
    page.wait(page.fits, f"{state.name} from the right is wider than {WIDE} px")
    page.keep(f"{state.name}-rtl-{WIDE}")
    page.execute_script("document.documentElement.dir = 'ltr'")
    page.set_width(WIDE // 2, 400)
    page.wait(page.fits, f"{state.name} at 200 % is wider than the screen")
    page.set_width(WIDE, 800)
    page.execute_script("document.documentElement.style.fontSize = '200%'")
    page.wait(page.fits, f"{state.name} with letters of twice the size is wider than the screen")
    page.execute_script("document.documentElement.style.fontSize = ''")
    page.set_media(forced_colors="active", prefers_reduced_motion="reduce")
    assert page.execute_script("return document.getAnimations().filter((one) => one.playState === 'running').length") == 0
    page.keep(f"{state.name}-forced-{WIDE}")


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_state_speaks_the_language(page, people, language):
    areas = {key.partition(".")[0] for key in Words.texts}
    raw = re.compile(rf"\b({'|'.join(areas)})\.[a-z_]+|undefined|\[object|NaN|\{{\w+\}}")
    for state in STATES:
        bring(page, state, people, language)
        assert page.execute_script("return document.documentElement.lang") == language
        assert not raw.search(page.text()), (state.name, raw.search(page.text()))
        page.wait_fits(f"{state.name} in {language}")
        if not state.is_fleeting:
            page.set_width(NARROW)
            page.wait(page.fits, f"{state.name} in {language} is wider than {NARROW} px")
            page.keep(f"{state.name}-{language}-{NARROW}")
        page.check()


# ---- what others have written ----

@pytest.fixture(scope="module", name="hostile")
def hostile_people(console_daemon):
    """{kind: dn} of people whose every value is hostile; they have one word in common."""
    slapd, word, made = console_daemon.slapd, "Quillhostile", {}
    slapd.add(f"ou=\\<b\\>bold\\</b\\> \\\"\\>,{slapd.people}", objectClass="organizationalUnit", ou='<b>bold</b> ">',
              description=HOSTILE["markup"])
    for kind, text in HOSTILE.items():
        dn = f"uid={kind}-hostile,ou=\\<b\\>bold\\</b\\> \\\"\\>,{slapd.people}"
        slapd.add(dn, objectClass="inetOrgPerson", uid=f"{kind}-hostile", cn=text, displayName=text, sn=word, givenName=text,
                  mail=JAVASCRIPT if kind == "end" else f"{kind}@meridian.example", title=text, description=text,
                  telephoneNumber="+49 30 23125000", userPassword=PASSWORD)
        made[kind] = dn
    return made


def nothing_ran(page):
    assert page.execute_script("return globalThis.ran") is None
    assert page.execute_script("return document.querySelectorAll('img[src=x], main b, main script').length") == 0
    foreign = page.execute_script("""return [...document.querySelectorAll("a[href]")].map((one) => one.href)
        .filter((href) => !href.startsWith(location.origin + "/") && !/^(mailto:|tel:)/.test(href))""")
    assert foreign == []


def isolated(page):
    """What turns the direction round is kept in an element that keeps it to itself."""
    assert page.execute_script("""
        const found = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), open = [];
        while (found.nextNode())
            if (/[\\u202a-\\u202e]/.test(found.currentNode.data) && !found.currentNode.parentElement.closest("bdi, [dir=auto], option, .unseen, h1:not(:has(*))")
                && !/\\u2068[^\\u2069]*[\\u202a-\\u202e]/.test(found.currentNode.data))
                open.push(found.currentNode.parentElement.outerHTML.slice(0, 200));
        return open;""") == []


def test_hostile_values_stand_there_as_text(page, hostile):
    page.enter("/users?q=hostile")
    page.wait_total(len(hostile))
    page.wait(lambda: len(page.rows()) == len(hostile), "all are drawn")
    shown = "\n".join(row["cells"][1] for row in page.rows())
    for kind in ("markup", "end", "template", "reversed", "long", "pictures"):
        assert HOSTILE[kind] in shown, kind
    nothing_ran(page)
    isolated(page)
    page.keep("hostile-users")
    page.set_width(NARROW)
    page.wait_fits()
    page.keep(f"hostile-users-{NARROW}")


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_person_is_looked_at_edited_and_suspended(page, hostile, console_daemon, kind):
    [(_, entry)] = console_daemon.slapd.search("(objectClass=*)", hostile[kind], 0, ["entryUUID"])
    page.enter(f"/users/{entry['entryUUID'][0]}")
    page.wait(lambda: HOSTILE[kind] in page.text(page.find("main")) or kind == "combining", "the name is there")
    nothing_ran(page)
    isolated(page)
    page.wait_fits()
    page.press("button", "Edit")
    dialog = page.dialog(re.compile("^Edit "))
    page.wait_fits()
    isolated(page)
    page.hand.leave(page.find("button", "Cancel", dialog))
    page.wait_gone("dialog", re.compile("^Edit "))
    page.press("button", "Suspend")
    page.press("button", "Suspend", page.find("alertdialog"))
    page.wait(lambda: page.has("button", "Resume"), "it is suspended")
    page.keep(f"hostile-{kind}")
    nothing_ran(page)
    isolated(page)
    page.set_width(NARROW)
    page.wait(page.fits, f"{kind} is wider than {NARROW} px")


def test_a_hostile_unit_and_its_trail_are_text(page, hostile):
    assert hostile
    page.enter("/org-units")
    page.press("treeitem", re.compile("^<b>bold</b>"))
    page.wait_text(HOSTILE["markup"])
    nothing_ran(page)
    page.go("/users?add=1")
    dialog = page.dialog("Add user")
    page.choose_unit("Organization unit", "<b>bold", dialog)
    page.wait_fits()
    page.hand.write(page.find("textbox", "First name", dialog), HOSTILE["markup"])
    page.hand.write(page.find("textbox", "Last name", dialog), HOSTILE["end"])
    page.press("button", "Invite", dialog)
    page.wait_text("need a correction", dialog)
    nothing_ran(page)
    page.go("/audit")
    page.find("heading", "Audit")
    nothing_ran(page)


# ---- those who may less ----

def screens_of(page, login, *paths):
    """Each is looked at: none answers 403, whatever it asks for by itself."""
    page.enter("/", login)
    page.wait(lambda: page.has("heading"), "there is a screen")
    found = {}
    for path in paths:
        page.go(path)
        page.wait(lambda: page.has("heading") and not page.execute_script("return document.querySelector('.loading')"), path)
        found[path] = page.text(page.find("main"))
        page.check()
    return found


def test_an_auditor_sees_everything_and_is_offered_nothing(page, people):
    texts = screens_of(page, AUDITOR, "/users", "/org-units", "/audit", "/status", "/account",
                       f"/users/{people['active']['id']}", f"/invitations/{people['pending']['id']}")
    assert not [path for path, text in texts.items() if "You have no access here" in text]
    for path, offered in (("/users", "Add user"), ("/org-units", "New unit"), (f"/users/{people['active']['id']}", "Edit")):
        page.go(path)
        page.wait(lambda: page.has("heading"), path)
        assert not page.has("button", offered)
    page.go(f"/users?q={urllib.parse.quote(people['active']['word'])}")
    menu = page.open_menu(people["active"]["name"])
    assert page.names("menuitem", menu) == ["Details"]
    page.go("/users?add=1")
    page.find("heading", "Users")
    assert not page.has("dialog", "Add user")


def test_an_inviter_sees_invitations_alone(page, people):
    texts = screens_of(page, INVITER, "/invitations", "/org-units", "/account")
    assert "You have no access here" not in "".join(texts.values())
    texts = screens_of(page, INVITER, "/users", "/audit", "/status", f"/users/{people['active']['id']}")
    assert all("You have no access here" in text for text in texts.values()), texts
    assert page.names("link", page.find("navigation", "Main")) == ["Invitations", "Organization units", "Sessions and tokens"]


def test_a_limited_administrator_has_their_unit(page, people, console_daemon):
    slapd = console_daemon.slapd
    console_daemon.configure("role office", group=f"cn=office,{slapd.groups}", role="administrator", org_unit=registry(slapd))
    add_group(slapd, "office", dn_of(slapd, LIMITED))
    console_daemon.restart()
    console_daemon.wait_list()
    page.enter("/users", LIMITED)
    page.find("heading", "Users")
    page.search(people["active"]["word"], 1)
    menu = page.open_menu(people["active"]["name"])
    assert "Suspend" in page.names("menuitem", menu)
    texts = screens_of(page, LIMITED, "/users", "/org-units", "/audit", "/account", "/users?view=deleted",
                       f"/users/{people['active']['id']}", f"/invitations/{people['pending']['id']}")
    assert "You have no access here" not in "".join(texts.values())
    assert "You have no access here" in screens_of(page, LIMITED, "/status")["/status"]
    assert "Status" not in page.names("link", page.find("navigation", "Main"))
    page.go("/users?q=aino")
    page.wait_text("Nobody matches")
