"""Sign-in and sessions: who gets in, what a session is, and all that ends it."""

import re
import time

import ldap
import pytest

from client import PASSWORD, Api, person
from clock import Clock
from signing import (ADMINISTRATOR, AUDITOR, INVITER, ORDINARY, OTHER_ADMINISTRATOR, SESSION, Console, add_group,
                     dn_of, morsels, registry, with_roles)
from slapd import Slapd
from usherd import Usherd
from wait import wait_for

INVITATIONS, TOKENS, USERS = "/api/v1/invitations", "/api/v1/tokens", "/api/v1/users"
HOUR = 3600
PROXIED = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One daemon for those who change nobody. Its slapd logs what it is asked."""
    folder = tmp_path_factory.mktemp("s")
    slapd = Slapd(folder / "slapd", ["--log", "stats"]).start()
    daemon = with_roles(Usherd(folder / "usherd", slapd)).configure("listen", proxies="127.0.0.1")
    try:
        daemon.start()
        daemon.wait_directory()
        daemon.wait_list()
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        slapd.destroy()


@pytest.fixture
def office(slapd, make_usherd):
    """A daemon of one's own."""
    daemon = with_roles(make_usherd(slapd)).start()
    daemon.wait_directory()
    daemon.wait_list()
    return daemon


@pytest.fixture
def console(office):
    return Console(office).sign_in(ADMINISTRATOR)


def asked(slapd):
    return (slapd.folder / "slapd.log").read_text(errors="replace")


def entry_uuid(slapd, uid):
    [(_, entry)] = slapd.search(f"(uid={uid})", attributes=["entryUUID"])
    return entry["entryUUID"][0]


def change(slapd, dn, *changes):
    connection = slapd.connect()
    connection.modify_s(dn, [(kind, name, value if value is None else [value.encode()])
                             for kind, name, value in changes])
    connection.unbind_s()


def administrators(slapd):
    return f"cn=usherd-administrators,{slapd.groups}"


def wait_out(console, statuses=(401, 403), seconds=10):
    """Until the session is over: by the feed, so it takes a moment and not a minute."""
    wait_for(lambda: console.get(USERS, params={"limit": 1}).status_code in statuses, "the session is over", seconds)
    assert not console.is_signed_in()


# ---- who gets in ----

@pytest.mark.parametrize("login", [
    ADMINISTRATOR, ADMINISTRATOR.upper(), f"{ADMINISTRATOR}@meridian.example", f"{ADMINISTRATOR}@MERIDIAN.example",
])
def test_an_administrator_signs_in_by_uid_and_by_mail_in_any_case(shared, login):
    console = Console(shared).sign_in(login)
    assert console.is_signed_in()
    assert console.get(USERS, params={"limit": 1}).status_code == 200
    assert entry_uuid(shared.slapd, ADMINISTRATOR) in console.whoami().text


def test_an_inviter_reaches_their_org_unit_and_nothing_else(shared):
    slapd, inside, outside = shared.slapd, registry(shared.slapd), f"ou=Genetics,ou=Research,{shared.slapd.people}"
    console, everything = Console(shared).sign_in(INVITER), Api(shared, shared.make_token())
    theirs = console.post(INVITATIONS, person(slapd, org_unit=inside))
    assert theirs.status_code == 201, theirs.text
    others = everything.invited(org_unit=inside)
    assert console.get(f"{INVITATIONS}/{theirs.json()['id']}").status_code == 200
    assert console.get(f"{INVITATIONS}/{others['id']}").status_code == 404
    listed = console.get(INVITATIONS).json()["items"]
    assert theirs.json()["id"] in [item["id"] for item in listed]
    assert others["id"] not in [item["id"] for item in listed]
    there, nowhere = (console.post(INVITATIONS, person(slapd, org_unit=place))
                      for place in (outside, f"ou=Nowhere,{slapd.people}"))
    assert there.status_code == nowhere.status_code == 422
    assert [error["code"] for error in there.json()["errors"]] == [error["code"] for error in nowhere.json()["errors"]]
    assert console.get("/api/v1/audit").status_code == 403


def test_an_auditor_reads_and_changes_nothing(shared):
    console = Console(shared).sign_in(AUDITOR)
    for path in (USERS, INVITATIONS, "/api/v1/audit", "/api/v1/org-units"):
        assert console.get(path).status_code == 200, path
    assert console.post(INVITATIONS, person(shared.slapd)).status_code == 403
    assert console.post(TOKENS, {"name": "x", "scopes": ["all"], "expires_in": 3600}).status_code == 403


def refusal(answer):
    """All of an answer that somebody could tell refusals apart by."""
    document = {name: value for name, value in answer.json().items() if name not in ("instance", "request_id")}
    return answer.status_code, document, sorted(set(answer.headers) - {"Date"}), morsels(answer)


def test_every_refusal_is_the_same_answer(shared):
    slapd = shared.slapd
    assert slapd.accepts(dn_of(slapd, ORDINARY), PASSWORD)
    # Each from an address of its own: six failures of one source are one too many.
    refusals = [refusal(Console(shared).try_to_sign_in(login, password)) for login, password in (
        (ORDINARY, PASSWORD), (ORDINARY, "wrong"), (ADMINISTRATOR, "wrong"), ("nobody", PASSWORD),
        ("nobody@meridian.example", "wrong"), (slapd.service_dn, slapd.service_password.read_text()))]
    assert refusals[0][0] == 401
    assert all(other == refusals[0] for other in refusals), refusals
    assert refusals[0][3] == []


@pytest.mark.parametrize("password", ["", " ", " " * 40, "\x00", "right\x00behind"])
def test_an_empty_password_never_reaches_the_directory(shared, password):
    before = asked(shared.slapd)
    answer = Console(shared).try_to_sign_in(ADMINISTRATOR, password)
    assert answer.status_code in (400, 401, 422), answer.text
    new = asked(shared.slapd)[len(before):]
    assert f"uid={ADMINISTRATOR}" not in "".join(line for line in new.splitlines() if " BIND " in line)


@pytest.mark.parametrize("login", [
    "*", "a*", "*)(uid=*", f"{ADMINISTRATOR})(|(uid=*", f"{ADMINISTRATOR}*", f"{ADMINISTRATOR}\\2a", "\\", "(", ")",
    "&", "|", "!(uid=x)", f"uid={ADMINISTRATOR}", f"{ADMINISTRATOR},ou=people", f"{ADMINISTRATOR}\x00", "\x00",
    "\u202eania", "a" * 321, "a" * 20000, "#04024869", "+", '"', "<>;=",
    "\r\nuid: x", "cn=admin,dc=meridian,dc=example", "", " ",
])
def test_metacharacters_in_a_login_find_nobody(shared, login):
    before = asked(shared.slapd)
    answer = Console(shared).try_to_sign_in(login)
    assert answer.status_code in (400, 401, 422), answer.text
    assert morsels(answer) == []
    filters = re.findall(r'filter="([^"]*)"', asked(shared.slapd)[len(before):])
    assert not [text for text in filters if "uid=*)" in text or "|(uid=*" in text], filters
    assert shared.health("ready")[0] == 200


@pytest.mark.parametrize("document", [
    {}, {"login": ADMINISTRATOR}, {"password": PASSWORD}, {"login": 7, "password": PASSWORD}, [], "x", None,
    {"login": ADMINISTRATOR, "password": PASSWORD, "role": "administrator"}, {"login": ADMINISTRATOR, "password": None},
    {"login": [ADMINISTRATOR], "password": PASSWORD}, {"login": ADMINISTRATOR, "password": "x" * 70000},
])
def test_a_malformed_sign_in_is_refused_and_signs_nobody_in(shared, document):
    answer = Console(shared).post(SESSION, document)
    assert answer.status_code in (400, 401, 413, 415, 422), answer.text
    assert morsels(answer) == []


# ---- the cookie ----

@pytest.mark.parametrize("headers, name, secure", [({}, "usherd", False), (PROXIED, "__Host-usherd", True)])
def test_the_cookie_has_its_attributes_on_every_answer_that_sets_it(shared, headers, name, secure):
    origin = {"Origin": shared.control_url.replace("http:", "https:") if secure else shared.control_url}
    console = Console(shared)
    answers = [console.try_to_sign_in(ADMINISTRATOR, headers={**headers, **origin})]
    assert answers[0].status_code in (200, 201), answers[0].text
    console.keep(answers[0])
    assert console.get(SESSION, headers={**headers, **origin}).status_code == 200
    answers.append(console.delete(SESSION, headers={**headers, **origin}))
    assert answers[1].status_code in (200, 204), answers[1].text
    for answer in answers:
        [morsel] = morsels(answer)
        assert (morsel.key, bool(morsel["secure"])) == (name, secure)
        assert morsel["httponly"] and morsel["samesite"] == "Strict" and morsel["path"] == "/"
        assert morsel["domain"] == ""
    [made], [ended] = map(morsels, answers)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made.value)
    assert ended.value == "" and ended["max-age"] == "0"


def test_no_other_answer_sets_a_cookie(shared):
    console = Console(shared).sign_in(ADMINISTRATOR)
    for answer in (console.whoami(), console.get(USERS), console.get("/api/v1/nothing"), console.post(INVITATIONS, {}),
                   console.get("/"), Console(shared).get(USERS), Console(shared).try_to_sign_in("nobody")):
        assert morsels(answer) == [], answer.url


def test_a_session_id_that_was_there_before_the_sign_in_is_worth_nothing(shared):
    console = Console(shared)
    console.cookie = fixed = "usherd=" + "F" * 43
    console.sign_in(ADMINISTRATOR)
    assert console.cookie != fixed
    first = console.cookie
    console.cookie = fixed
    assert not console.is_signed_in()
    console.cookie = first
    console.sign_in(ADMINISTRATOR)
    assert console.cookie != first and console.is_signed_in()
    console.cookie = first
    assert not console.is_signed_in()


def test_repeated_cookies_sign_nobody_in(shared):
    console = Console(shared).sign_in(ADMINISTRATOR)
    good, other = console.cookie, "usherd=" + "A" * 43
    for text in (f"{good}; {other}", f"{other}; {good}", f"{good}; {good}", f"{good}; usherd="):
        console.cookie = text
        assert console.whoami().status_code == 401, text
    console.cookie = f"theme=dark; {good}; lang=en"
    assert console.is_signed_in()


@pytest.mark.parametrize("value", ["", "A", "A" * 42, "A" * 44, "A" * 4000, "!" * 43, "%41" * 43, '"' + "A" * 43 + '"'])
def test_a_cookie_that_is_none_of_ours_is_nobody(shared, value):
    console = Console(shared)
    console.cookie = f"usherd={value}"
    assert console.whoami().status_code == 401


def test_oversized_cookies_are_refused_and_the_next_request_is_served(shared):
    console = Console(shared).sign_in(ADMINISTRATOR)
    good = console.cookie
    console.cookie = f"{good}; x={'y' * 20000}"
    assert console.whoami().status_code in (400, 431)
    console.cookie = "; ".join([good, *(f"c{i}=1" for i in range(1000))])
    assert console.whoami().status_code in (200, 400, 401)
    console.cookie = good
    assert console.is_signed_in()


# ---- its end ----

def test_signing_out_ends_one_session_and_everywhere_all_of_one_person(office):
    first, second, third = (Console(office).sign_in(ADMINISTRATOR) for _ in range(3))
    other = Console(office).sign_in(OTHER_ADMINISTRATOR)
    assert first.sign_out().status_code in (200, 204)
    assert [tab.is_signed_in() for tab in (first, second, third, other)] == [False, True, True, True]
    assert second.delete("/api/v1/sessions").status_code in (200, 204)
    assert [tab.is_signed_in() for tab in (first, second, third, other)] == [False, False, False, True]
    office.restart()
    assert [tab.is_signed_in() for tab in (first, second, third)] == [False] * 3
    wait_for(other.is_signed_in, "the session that was not ended is good again")


@pytest.fixture
def timed(slapd, make_usherd, clock):
    """A daemon whose wall clock the test sets."""
    daemon = with_roles(make_usherd(slapd, environment=clock.environment)).start()
    daemon.wait_directory()
    daemon.wait_list()
    return daemon


def test_a_session_ends_at_its_absolute_end_however_the_clock_is_set(timed, clock):
    console = Console(timed).sign_in(ADMINISTRATOR)
    clock(-30 * 24 * HOUR)
    assert console.is_signed_in()
    clock(8 * HOUR + 60)
    assert not console.is_signed_in()
    clock(0)
    assert not console.is_signed_in()
    assert Console(timed).sign_in(ADMINISTRATOR).is_signed_in()


def test_an_idle_session_ends_also_over_a_restart(timed, clock):
    console = Console(timed).sign_in(ADMINISTRATOR)
    timed.stop()
    clock(16 * 60)
    timed.start()
    timed.wait_list()
    assert not console.is_signed_in()


@pytest.fixture
def later(folder):
    """A clock of both kinds: how idle somebody is, and since when the directory is away, is not asked of the wall."""
    clock = Clock(folder / "later")
    clock.environment = {name: text for name, text in clock.environment.items() if "MONOTONIC" not in name}
    return clock


def test_an_idle_session_ends_and_one_that_is_used_does_not(slapd, make_usherd, later):
    daemon = with_roles(make_usherd(slapd, environment=later.environment)).start()
    daemon.wait_directory()
    daemon.wait_list()
    idle, used = (Console(daemon).sign_in(ADMINISTRATOR) for _ in range(2))
    for minutes in range(4, 17, 4):
        later(minutes * 60)
        used.session.close()  # the connection was idle, too
        wait_for(used.is_signed_in, "the list is current again")
    idle.session.close()
    assert idle.whoami().status_code == 401
    assert used.is_signed_in()


def test_a_removed_administrator_is_out_and_so_are_their_tokens(office, console):
    slapd = office.slapd
    made = console.post(TOKENS, {"name": "theirs", "scopes": ["users:read"], "expires_in": 3600})
    assert made.status_code == 201, made.text
    token = Api(office, made.json()["token"])
    assert token.get(USERS).status_code == 200
    change(slapd, administrators(slapd), (ldap.MOD_DELETE, "member", dn_of(slapd, ADMINISTRATOR)))
    wait_out(console)
    assert token.get(USERS).status_code == 401
    change(slapd, administrators(slapd), (ldap.MOD_ADD, "member", dn_of(slapd, ADMINISTRATOR)))
    assert not console.is_signed_in()
    assert token.get(USERS).status_code == 401
    wait_for(lambda: Console(office).try_to_sign_in(ADMINISTRATOR).status_code in (200, 201), "they are back")


@pytest.mark.parametrize("how", ["deleted", "suspended"])
def test_a_user_whom_we_delete_or_suspend_is_out_at_once(office, console, how):
    other = Console(office).sign_in(OTHER_ADMINISTRATOR)
    made = other.post(TOKENS, {"name": "theirs", "scopes": ["users:read"], "expires_in": 3600})
    assert made.status_code == 201, made.text
    path = f"{USERS}/{entry_uuid(office.slapd, OTHER_ADMINISTRATOR)}"
    answer = console.delete(path) if how == "deleted" else console.post(f"{path}/suspend", {})
    assert answer.status_code in (200, 202, 204), answer.text
    assert not other.is_signed_in()
    assert Api(office, made.json()["token"]).get(USERS).status_code == 401
    assert other.try_to_sign_in(OTHER_ADMINISTRATOR).status_code == 401
    assert console.is_signed_in()


def test_a_user_whom_others_delete_behind_our_back_is_out(office, console):
    made = console.post(TOKENS, {"name": "theirs", "scopes": ["users:read"], "expires_in": 3600})
    assert made.status_code == 201, made.text
    office.slapd.delete(dn_of(office.slapd, ADMINISTRATOR))
    wait_out(console)
    assert Api(office, made.json()["token"]).get(USERS).status_code == 401


def test_a_user_whom_others_suspend_behind_our_back_is_out(office, console):
    change(office.slapd, dn_of(office.slapd, ADMINISTRATOR),
           (ldap.MOD_REPLACE, "pwdAccountLockedTime", "000001010000Z"))
    wait_out(console)
    assert console.try_to_sign_in(ADMINISTRATOR).status_code == 401


def test_groups_in_groups_make_administrators_whatever_the_case_of_their_dns(office):
    slapd = office.slapd
    inner = add_group(slapd, "keepers", dn_of(slapd, ORDINARY).upper().replace("UID=", "uid="))
    outer = add_group(slapd, "keepers-of-keepers", inner.upper())
    console = Console(office)
    assert console.try_to_sign_in(ORDINARY).status_code == 401
    change(slapd, administrators(slapd), (ldap.MOD_ADD, "member", outer.replace("dc=", "DC=")))
    wait_for(lambda: console.try_to_sign_in(ORDINARY).status_code in (200, 201), "the group counts", 15)
    console.sign_in(ORDINARY)
    assert console.get(USERS).status_code == 200
    change(slapd, inner, (ldap.MOD_REPLACE, "member", dn_of(slapd, AUDITOR)))
    wait_out(console)


# ---- the directory is away ----

def test_while_the_directory_is_away_sessions_read_for_the_grace_and_then_nothing(slapd, make_usherd, later):
    daemon = with_roles(make_usherd(slapd, environment=later.environment), directory_grace="5m").start()
    daemon.wait_directory()
    daemon.wait_list()
    console = Console(daemon).sign_in(ADMINISTRATOR)
    slapd.kill()
    daemon.wait_directory(up=False)
    assert console.get(USERS).status_code == 200
    later(90)
    console.session.close()  # the connection was idle, too
    assert console.get(USERS).status_code == 200
    assert console.post(INVITATIONS, person(slapd)).status_code == 503
    assert console.try_to_sign_in(ADMINISTRATOR).status_code == 503
    later(6 * 60)
    console.session.close()
    assert console.get(USERS).status_code == 503
    slapd.start()
    daemon.wait_directory()
    wait_for(lambda: console.get(USERS).status_code == 200, "the session is good again", 20)
    wait_for(lambda: console.post(INVITATIONS, person(slapd)).status_code == 201, "and may write", 20)


# ---- one's own sessions ----

SESSIONS = "/api/v1/sessions"


def listed(console):
    answer = console.get(SESSIONS)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def current(console):
    [own] = [item for item in listed(console) if item["current"]]
    return own


@pytest.mark.walk
def test_one_of_two_sessions_is_ended_at_once_and_the_other_lives(office):
    first = Console(office).sign_in(ADMINISTRATOR, headers={"User-Agent": "first/1.0"})
    second = Console(office).sign_in(ADMINISTRATOR, headers={"User-Agent": "second/1.0"})
    other = Console(office).sign_in(OTHER_ADMINISTRATOR)
    assert [item["agent"] for item in listed(first)] == ["first/1.0", "second/1.0"]  # the one that asks was used last
    [theirs] = [item for item in listed(first) if not item["current"]]
    assert theirs["agent"] == "second/1.0" and theirs["source"] == "127.0.0.1"
    assert theirs["created_at"] <= theirs["last_used_at"] < theirs["expires_at"]
    text = first.get(SESSIONS).text
    assert not any(tab.cookie.split("=", 1)[1] in text for tab in (first, second, other))
    assert other.delete(f"{SESSIONS}/{theirs['id']}").status_code == 404
    assert second.is_signed_in()
    with second.get("/api/v1/events", stream=True, timeout=20) as stream:
        assert stream.status_code == 200
        answer = first.delete(f"{SESSIONS}/{theirs['id']}")
        assert answer.status_code == 204 and not morsels(answer)
        began = time.monotonic()
        for _ in stream.iter_content(1024):
            pass  # a stream ends with its session
        assert time.monotonic() - began < 7, "and not only at its next beat, which comes every 15 s"
    assert [tab.is_signed_in() for tab in (first, second, other)] == [True, False, True]
    assert first.delete(f"{SESSIONS}/{theirs['id']}").status_code == 404
    assert [item["id"] for item in listed(first)] == [current(first)["id"]]
    records = first.get("/api/v1/audit", params={"event": "session_ended"}).json()["items"]
    assert [(r["detail"], r["actor"]) for r in records] == [
        ({"reason": "signed_out_remotely"}, f"user:{entry_uuid(office.slapd, ADMINISTRATOR)}")]
    office.restart()
    wait_for(first.is_signed_in, "the session that was not ended is good again")
    assert not second.is_signed_in()
    assert current(first)["agent"] == "first/1.0"


def test_the_end_of_the_session_that_asks_is_a_sign_out(office):
    first, second = (Console(office).sign_in(ADMINISTRATOR) for _ in range(2))
    answer = first.delete(f"{SESSIONS}/{current(first)['id']}")
    assert answer.status_code == 204
    [morsel] = morsels(answer)
    assert morsel.value == "" and morsel["max-age"] == "0"
    assert [tab.is_signed_in() for tab in (first, second)] == [False, True]


@pytest.mark.parametrize("said, shown", [
    ("", None),
    ("<script>alert(1)</script> \"&'", "<script>alert(1)</script> \"&'"),
    (b"W3m \xff\xc3(\xe2\x82 caf\xc3\xa9 \xc2\x9b31m", "W3m ( café 31m"),
    (b"\xf0\x9f\xa6\x8a" * 60, "🦊" * 50),
    ("x" * 4000, "x" * 200),
])
def test_what_a_browser_calls_itself_is_shown_as_text_and_cut(shared, said, shown):
    console = Console(shared).sign_in(ADMINISTRATOR, headers={"User-Agent": said})
    try:
        assert current(console)["agent"] == shown
    finally:
        console.sign_out()


def test_sessions_are_for_sessions_alone(shared):
    api, console = Api(shared, shared.make_token()), Console(shared).sign_in(ADMINISTRATOR)
    own = current(console)["id"]
    assert api.get(SESSIONS).status_code == 403
    assert api.delete(f"{SESSIONS}/{own}").status_code == 403
    assert Console(shared).get(SESSIONS).status_code == 401
    for wrong in ("x", own + "0", "0" * 16, "%2e%2e", "0" * 300):
        assert console.delete(f"{SESSIONS}/{wrong}").status_code in (400, 404), wrong
    assert console.get(SESSIONS, params={"limit": 1}).status_code == 400
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert console.delete(f"{SESSIONS}/{own}", headers=foreign).status_code in (401, 403)
    assert console.is_signed_in()
