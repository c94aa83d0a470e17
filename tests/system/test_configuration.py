"""The configuration: errors name file and line, a reload is whole or nothing."""

import re

import pytest

from client import Api, Link
from usherd import TOP
from wait import wait_for

GOOD = """[usherd]
public_url = http://127.0.0.1:8461
organisation = Meridian Seed Archive
[store]
path = {folder}/usherd.db
key_file = {folder}/store.key
[directory]
uri = ldap://127.0.0.1:{port}
bind_dn = cn=usherd,dc=meridian,dc=example
bind_password_file = {secret}
search_base = dc=meridian,dc=example
people_base = ou=people,dc=meridian,dc=example
"""


@pytest.fixture
def check(slapd, make_usherd):
    """Runs check-config on a text; (exit status, output, path)."""
    daemon = make_usherd(slapd)

    def run(text, *options):
        filled = text.format(folder=daemon.folder, port=slapd.port, secret=slapd.service_password)
        daemon.write_configuration = lambda: daemon.conf_path.write_text(filled)
        done = daemon.check_configuration(*options)
        return done.returncode, done.stdout + done.stderr, daemon.conf_path

    return run


def line_of(text, word):
    return next(number for number, line in enumerate(text.splitlines(), 1) if word in line)


def test_a_good_configuration_passes(check):
    status, said, _ = check(GOOD)
    assert status == 0, said


def test_a_good_configuration_passes_against_the_directory_too(check):
    status, said, _ = check(GOOD, "--online")
    assert status == 0, said


def test_the_example_configuration_names_only_keys_that_exist(check):
    example = (TOP / "conf" / "usherd.conf.example").read_text()
    assert "{" not in re.sub(r"\{given\}|\{family\}", "", example)
    status, said, path = check(example.replace("{", "{{").replace("}", "}}"))
    assert "unknown" not in said, said
    # Every key that is commented out is a key, too.
    uncommented = re.sub(r"^#(?=[a-z0-9_]+ = )", "", example, flags=re.MULTILINE)
    status, said, path = check(uncommented.replace("{", "{{").replace("}", "}}"))
    assert "unknown" not in said and not re.search(re.escape(str(path)) + r":\d+", said), said


WRONG = [
    ("[usherd]", "[ushered]", "ushered"),
    ("organisation =", "organization =", "organisation"),
    ("public_url = http://127.0.0.1:8461", "public_url = ftp://example.org", "public_url"),
    ("public_url = http://127.0.0.1:8461", "public_url = http://user@example.org", "public_url"),
    ("uri = ldap://127.0.0.1:{port}", "uri = http://127.0.0.1", "uri"),
    ("people_base = ou=people,dc=meridian,dc=example", "people_base = people", "people_base"),
    ("path = {folder}/usherd.db", "path = relative.db", "path"),
    ("[store]", "[store]\nretention = soon", "retention"),
    ("[store]", "[store]\nretention = -1d", "retention"),
    ("[store]", "[password]\nmin_length = 7\n[store]", "min_length"),
    ("[store]", "[password]\nmin_length = many\n[store]", "min_length"),
    ("[store]", "[password]\nargon2_memory = 1\n[store]", "argon2_memory"),
    ("[store]", "[listen]\ncontrol = 127.0.0.1:99999\n[store]", "control"),
    ("[store]", "[listen]\ncontrol = somewhere\n[store]", "control"),
    ("[store]", "[limits]\nbody_bytes = 0\n[store]", "body_bytes"),
    ("[store]", "[invitation]\ngender_required = maybe\n[store]", "gender_required"),
    ("[store]", "[invitation]\nuid_template = {{first}}\n[store]", "uid_template"),
    ("[store]", "[directory]\nprofile = novell\n[store]", "profile"),
    ("[store]", "[usherd]\nlog_level = loud\n[store]", "log_level"),
    ("[store]", "this is no line\n[store]", "this is no line"),
]


@pytest.mark.parametrize("good, bad, word", WRONG)
def test_an_error_names_file_and_line(check, good, bad, word):
    text = GOOD.replace(good, bad, 1)
    assert text != GOOD
    status, said, path = check(text)
    assert status != 0, said
    number = line_of(text, bad.splitlines()[-2 if bad.endswith("[store]") else -1])
    assert f"{path}:{number}" in said, said


def test_all_errors_come_at_once(check):
    text = GOOD.replace("organisation =", "organization =") + "shoe_size = 44\n"
    status, said, path = check(text)
    assert status != 0
    assert f"{path}:3" in said and f"{path}:{len(text.splitlines())}" in said, said


def test_the_nearest_name_is_suggested(check):
    status, said, _ = check(GOOD.replace("organisation =", "organisatoin ="))
    assert status != 0
    assert "organisation" in said


@pytest.mark.parametrize("line", ["public_url", "path", "key_file", "uri", "search_base", "people_base"])
def test_what_is_required_is_asked_for(check, line):
    text = re.sub(rf"^{line} = .*\n", "", GOOD, flags=re.MULTILINE)
    status, said, _ = check(text)
    assert status != 0
    assert line in said


@pytest.mark.parametrize("line", ["bind_password_file = {secret}", "key_file = {folder}/store.key"])
def test_a_secret_that_cannot_be_read_is_named(check, line):
    status, said, _ = check(GOOD.replace(line, line.split(" = ")[0] + " = /nonexistent/secret"))
    assert status != 0
    assert "/nonexistent/secret" in said


def test_a_configuration_that_is_not_there_is_named(usherd):
    usherd.conf_path.unlink()
    usherd.write_configuration = lambda: None
    done = usherd.check_configuration()
    assert done.returncode != 0
    assert str(usherd.conf_path) in done.stdout + done.stderr


@pytest.mark.parametrize("change, word", [
    ({"bind_dn": "cn=nobody,dc=meridian,dc=example"}, "bind"),
    ({"people_base": "ou=nowhere,dc=meridian,dc=example"}, "ou=nowhere"),
    ({"marker_attribute": "noSuchAttribute"}, "noSuchAttribute"),
    ({"object_classes": "inetOrgPerson noSuchClass"}, "noSuchClass"),
])
def test_the_online_check_tries_what_the_configuration_says(slapd, make_usherd, change, word):
    daemon = make_usherd(slapd).configure("directory", **change)
    done = daemon.check_configuration("--online")
    assert done.returncode != 0
    assert word in done.stdout + done.stderr, done.stdout + done.stderr


def test_the_online_check_says_when_nobody_answers(make_slapd, make_usherd):
    slapd = make_slapd()
    daemon = make_usherd(slapd)
    done = daemon.check_configuration("--online")
    assert done.returncode != 0
    assert slapd.url in done.stdout + done.stderr


def min_length(api, link):
    return link.view()["password"]["min_length"]


def test_a_reload_takes_a_good_configuration(usherd, api):
    link = api.invited()["join"]
    usherd.configure("password", min_length=20).write_configuration()
    usherd.reload()
    wait_for(lambda: min_length(api, link) == 20, "the new minimum counts")
    assert link.register(password="only nineteen chars").status_code == 422


def test_a_reload_with_an_error_changes_nothing_and_says_where(usherd, api):
    link = api.invited()["join"]
    usherd.configure("password", min_length=20).configure("limits", shoe_size=44)
    usherd.write_configuration()
    usherd.reload()
    number = line_of(usherd.conf_path.read_text(), "shoe_size")
    wait_for(lambda: f"{usherd.conf_path}:{number}" in usherd.log(), "the log names file and line")
    assert min_length(api, link) == 15
    assert link.register(password="sixteen chars ok").status_code == 201


def test_a_hundred_reloads_under_load_lose_nothing(usherd, api):
    for number in range(100):
        usherd.configure("password", min_length=15 + number % 3).write_configuration()
        usherd.reload()
        assert api.invite().status_code == 201
    usherd.configure("password", min_length=15).write_configuration()
    usherd.reload()
    answer = api.invite()
    assert Link(answer.json()["link"]).register().status_code == 201
