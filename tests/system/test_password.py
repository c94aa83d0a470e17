"""The chosen password: the rules, and the exact bytes that bind afterwards."""

import unicodedata

import pytest

from client import Api
from world import world

BLOCKED = "correct horse battery staple"


def rule_of(answer):
    """The code of the one password error of a 422."""
    assert answer.status_code == 422, answer.text
    [error] = [error for error in answer.json()["errors"] if error["field"] == "password"]
    assert error["detail"]
    return error["code"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    words = tmp_path_factory.mktemp("words") / "blocked"
    words.write_text(f"# words that everybody tries\n{BLOCKED}\n")
    with world(password={"blocklist_file": words}) as started:
        yield started


@pytest.fixture(scope="module")
def invitation(daemon):
    """One for all tests: a refused password leaves it as it was."""
    return Api(daemon, daemon.make_token()).invited(
        given_name="Bartholomew-James", family_name="Featherstonehaugh",
        mail="bartholomew.featherstonehaugh@meridian.example", uid="bartholomew.james.f",
        phone="+442079460123",
    )


@pytest.mark.parametrize("password, rule", [
    ("", "required"), (" ", "blank"), (" " * 20, "blank"), ("\u00a0" * 20, "blank"), ("\t\n" * 10, "blank"),
    ("a", "too_short"), ("fourteen chars", "too_short"), ("ö" * 7 + "äß " * 2, "too_short"),
    ("é" * 513, "too_long"), ("quiet lanterns " * 69, "too_long"),
    ("Bartholomew-James", "personal"), ("FEATHERSTONEHAUGH", "personal"),
    ("Bartholomew-James Featherstonehaugh", "personal"),
    ("bartholomew.featherstonehaugh@meridian.example", "personal"),
    ("bartholomew.featherstonehaugh", "personal"), ("bartholomew.james.f", "personal"),
    (BLOCKED, "blocked"), (BLOCKED.upper(), "blocked"), ("a" * 20, "blocked"),
    ("abcdefghijklmnopqrst", "blocked"), ("12345678901234567890", "blocked"),
])
def test_a_bad_password_is_refused_with_its_rule(daemon, invitation, password, rule):
    assert rule_of(invitation["join"].register(password=password)) == rule
    assert daemon.slapd.entries_of(invitation["id"]) == []
    assert invitation["join"].is_open()


def test_a_missing_password_is_a_field_error(daemon, invitation):
    assert rule_of(invitation["join"].post({})) == "required"
    assert daemon.slapd.entries_of(invitation["id"]) == []


@pytest.mark.parametrize("value", [7, None, [], {}, True])
def test_a_password_is_text(invitation, value):
    assert invitation["join"].post({"password": value}).status_code == 400
    assert invitation["join"].is_open()


@pytest.fixture(scope="module", params=["exop", "argon2"])
def api_of_mode(request):
    with world(directory={"password_mode": request.param}) as started:
        yield Api(started, started.make_token())


@pytest.mark.parametrize("password", [
    "exactly fifteen"[:15],
    " leading and trailing space ",
    "  two  spaces  inside  ",
    "quotes \" ' ` and \\ backslash $HOME",
    "tab\tand newline\nand return\r.",
    "{SSHA}looks like a scheme",
    "{CLEARTEXT}looks like one too",
    "ünïcödé pässwörd",
    unicodedata.normalize("NFD", "ünïcödé pässwörd"),
    "日本語のとても長い合言葉です、はい",
    "😀🎏🏮🛶🌊🐚🪁🎐🧭🪔🧵🧶🪡🪢🧿",
    "percent %41 plus + and & = ;",
    "x" * 100 + " quiet lanterns " + "y" * 908,
])
def test_the_exact_bytes_bind_afterwards(api_of_mode, password):
    slapd = api_of_mode.daemon.slapd
    invitation = api_of_mode.invited()
    answer = invitation["join"].register(password=password)
    assert answer.status_code == 201, answer.text
    [(dn, _)] = slapd.entries_of(invitation["id"])
    assert slapd.accepts(dn, password)
    assert not slapd.accepts(dn, password + "x")
    assert not slapd.accepts(dn, password.strip() + " x")


def test_a_shorter_minimum_can_be_set_but_not_below_eight(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("password", min_length=8).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    assert rule_of(api.invited()["join"].register(password="7 chars")) == "too_short"
    assert api.invited()["join"].register(password="8 chars!").status_code == 201
    daemon.configure("password", min_length=7)
    assert daemon.check_configuration().returncode != 0


def test_the_directory_never_sees_an_empty_password(slapd, proxy, make_usherd):
    daemon = make_usherd(slapd, uri=proxy.url).start()
    daemon.wait_directory()
    link = Api(daemon, daemon.make_token()).invited()["join"]
    link.get()
    seen = [proxy.rule(kind, "tell") for kind in ("add request", "extended request")]
    for password in ("", " " * 20, "\u2003" * 20):
        assert link.register(password=password).status_code == 422
    assert not any(rule.met.is_set() for rule in seen)


def test_what_the_directory_refuses_reaches_the_person(make_slapd, make_usherd):
    slapd = make_slapd().start()
    slapd.set_policy(pwdMinLength="30", pwdCheckQuality="2")
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    invitation = Api(daemon, daemon.make_token()).invited()
    assert rule_of(invitation["join"].register(password="only nineteen chars"))
    answer = invitation["join"].register(password="quite a lot longer than thirty characters")
    assert answer.status_code == 201, answer.text
    [(dn, _)] = slapd.entries_of(invitation["id"])
    assert slapd.accepts(dn, "quite a lot longer than thirty characters")
