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
def check(make_slapd, make_usherd):
    """Runs check-config on a text; (exit status, output, path)."""
    slapd = make_slapd()
    daemon = make_usherd(slapd)

    def run(text, *options):
        filled = text.format(folder=daemon.folder, port=slapd.port, secret=slapd.service_password)
        daemon.write_configuration = lambda: daemon.conf_path.write_text(filled)
        done = daemon.check_configuration(*options)
        return done.returncode, done.stdout + done.stderr, daemon.conf_path

    run.slapd = slapd
    return run


def line_of(text, word):
    return next(number for number, line in enumerate(text.splitlines(), 1) if word in line)


def test_a_good_configuration_passes(check):
    status, said, _ = check(GOOD)
    assert status == 0, said


def test_a_good_configuration_passes_against_the_directory_too(check):
    check.slapd.start()
    status, said, _ = check(GOOD, "--online")
    assert status == 0, said


@pytest.mark.parametrize("key, value", [
    ("group", "cn=vault-access,ou=groups,dc=meridian,dc=example"),
    ("group", "CN=Vault-Access, OU=groups,dc=meridian,dc=example"),
    ("org_unit", "ou=Registry,ou=Collections,ou=people,dc=meridian,dc=example"),
])
def test_roles_are_looked_for_in_the_directory(check, key, value):
    role = {"group": "cn=everybody,ou=groups,dc=meridian,dc=example", "role": "inviter", key: value}
    text = GOOD + "[role a]\n" + "".join(f"{name} = {text}\n" for name, text in role.items())
    check.slapd.start()
    status, said, _ = check(text, "--online")
    assert status == 0, said
    assert value in said
    status, said, _ = check(text.replace(value, value.replace("dc=m", "ou=nowhere,dc=m")), "--online")
    assert status != 0
    what = "group" if key == "group" else "org unit"
    assert f"there is no {what} {value.replace('dc=m', 'ou=nowhere,dc=m')} in the directory" in said


KEY = re.compile(r"(#?)([a-z0-9_]+) =(?: (.*))?")


def keys_of(text):
    """{(section, key): (value, whether it stands behind a "#")} of a configuration file."""
    found, section = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif match := KEY.fullmatch(line.replace("# ", "#", 1)):
            found[section, match[2]] = ((match[3] or "").strip(), bool(match[1]))
    return found


def manual_keys():
    """{(section, key): its default or None} of usherd.conf(5)."""
    found, section, key = {}, None, None
    for line in (TOP / "doc" / "usherd.conf.5").read_text().splitlines():
        if match := re.match(r"\.Ss \[([\w ]+)\]", line):
            section = match[1]
        elif match := re.match(r"\.It Cm (\w+) No =", line):
            key = section, match[1]
            found[key] = None
        elif match := re.match(r"Default: (.*)\.$", line):
            found[key] = match[1]
        elif line.startswith(".Sh FILES"):
            break
    return found


def plain(value):
    """Durations as seconds, so that they can be compared."""
    if match := re.fullmatch(r"(\d+)([smhd])", value):
        return int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return value


@pytest.fixture
def effective(check):
    """What a configuration that sets only the required keys comes to."""
    status, said, _ = check(re.sub("path = .*\n", "", GOOD), "--dump")
    assert status == 0, said
    return {key: plain(value) for key, (value, _) in keys_of(said).items()}


def test_the_example_shows_every_key_and_its_default(effective):
    example = keys_of((TOP / "conf" / "usherd.conf.example").read_text())
    assert set(example) == set(effective)
    shown = {key: plain(value) for key, (value, unset) in example.items() if unset}
    assert shown == {key: effective[key] for key in shown}


def test_the_manual_tells_every_key_and_its_default(effective):
    manual = {key: value for key, value in manual_keys().items() if key[0] != "role NAME"}
    assert set(manual) == set(effective)
    required = {("usherd", "public_url"), ("usherd", "organisation"), ("store", "key_file"),
                ("directory", "uri"), ("directory", "search_base"), ("directory", "people_base")}
    account = {("directory", "bind_dn"), ("directory", "bind_password_file")}
    expected = {key: value for key, value in effective.items()
                if value != "" and key not in required | account}
    assert {key: plain(manual[key] or "") for key in expected} == expected


ROLE = """[role NAME]
group = cn=inviters,dc=meridian,dc=example
role = inviter
org_unit = ou=people,dc=meridian,dc=example
org_unit = ou=services,dc=meridian,dc=example
"""


def test_the_manual_tells_every_key_of_a_role(check):
    status, said, _ = check(GOOD + ROLE, "--dump")
    assert status == 0, said
    assert said.endswith("\n" + ROLE + "quota = 0\n"), "a dump reads back the same"
    of_a_role = {key: value for key, (value, _) in keys_of(said).items() if key[0] == "role NAME"}
    manual = {key: value for key, value in manual_keys().items() if key[0] == "role NAME"}
    assert set(manual) == set(of_a_role)
    assert manual["role NAME", "quota"] == "0"


def test_the_example_is_a_configuration_with_and_without_its_defaults(check):
    example = (TOP / "conf" / "usherd.conf.example").read_text()
    for key in ("key_file", "bind_password_file"):
        example = re.sub(rf"^{key} = .*", f"{key} = SECRET", example, flags=re.MULTILINE)
    uncommented = re.sub(r"^#(?=[a-z0-9_]+ = )", "", example, flags=re.MULTILINE)
    for text in (example, uncommented):
        text = text.replace("{", "{{").replace("}", "}}").replace("SECRET", "{secret}")
        status, said, _ = check(text)
        assert status == 0, said


@pytest.mark.parametrize("key", ["attribute_gender", "attribute_birthday", "attribute_position"])
def test_a_field_can_be_left_out_of_the_directory(check, key):
    text = GOOD + f"{key} =\n"
    status, said, _ = check(text, "--dump")
    assert status == 0, said
    assert keys_of(said)["directory", key] == ("", False), "a dump reads back the same"


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


@pytest.mark.parametrize("key", ["group", "org_unit"])
def test_what_is_no_dn_in_a_role_is_named_with_the_line_of_its_section(check, key):
    text = re.sub(f"{key} = .*", f"{key} = everybody", GOOD + ROLE, count=1)
    status, said, path = check(text)
    assert status != 0
    number = line_of(text, "[role NAME]")
    assert f'{path}:{number}: [role NAME] {key}: "everybody" is not a DN' in said


def test_more_groups_than_a_person_can_be_asked_about_are_refused_by_the_role_that_names_the_last(check):
    admins = GOOD.replace("[directory]\n", "[directory]\nadmin_group = cn=admins,dc=meridian,dc=example\n")
    role = "[role r{0}]\ngroup = cn=g{0},dc=meridian,dc=example\nrole = auditor\n"
    text = admins + "".join(role.replace("{0}", str(number)) for number in range(31))
    status, said, _ = check(text + role.replace("g{0}", "G30").replace("{0}", "31"))
    assert status == 0, said  # 32 groups: one of them is named twice
    text += role.replace("{0}", "31")
    status, said, path = check(text)
    assert status != 0
    assert f"{path}:{line_of(text, '[role r31]')}: [role r31] group: " in said


def test_an_unknown_section_is_named_once_with_the_line_of_its_header(check):
    text = GOOD + "\n[ushered]\n\nlog_level = info\nhosts = x\n"
    status, said, path = check(text)
    assert status != 0
    assert said.count("ushered") == 1
    assert f"{path}:{line_of(text, '[ushered]')}: " in said


def test_all_errors_come_at_once(check):
    text = GOOD.replace("organisation =", "organization =") + "shoe_size = 44\n"
    status, said, path = check(text)
    assert status != 0
    assert f"{path}:3" in said and f"{path}:{len(text.splitlines())}" in said, said


def test_the_nearest_name_is_suggested(check):
    status, said, _ = check(GOOD.replace("organisation =", "organisatoin ="))
    assert status != 0
    assert "organisation" in said


@pytest.mark.parametrize("line", ["public_url", "organisation", "key_file", "uri", "search_base", "people_base"])
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


def test_the_roles_name_no_more_groups_than_are_asked_for_at_once(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("directory", admin_group=f"cn=rulers,{slapd.groups}")
    for number in range(32):
        daemon.configure(f"role r{number}", group=f"cn=g{number},{slapd.groups}", role="auditor")
    done = daemon.check_configuration()
    assert done.returncode != 0
    assert "[role r31] group: the roles and admin_group name more than 32 groups" in done.stdout + done.stderr
    daemon.configure("role r31", group=f"CN=G7, {slapd.groups}")
    assert daemon.check_configuration().returncode == 0


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
