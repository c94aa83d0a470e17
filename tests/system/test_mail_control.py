"""What an administrator sees and does about mails: the configuration that is tried before the start, health, the queue's
pages, versions of an invitation, the list of people."""

import re

import pytest

from client import Api, new_session, person
from wait import wait_for

FROM = "invitations@meridian.example"


@pytest.fixture
def check(slapd, make_usherd):
    """Runs check-config with these keys of [mail]; (exit status, output)."""
    daemon = make_usherd(slapd)

    def run(*options, **keys):
        daemon.conf.pop("mail", None)
        daemon.configure("mail", **keys)
        done = daemon.check_configuration(*options)
        return done.returncode, done.stdout + done.stderr

    return run


# ---- before the start ----

def template(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_mistakes_in_templates_are_told_with_file_and_line_and_keep_the_daemon_from_starting(check, folder):
    templates = folder / "templates"
    template(templates, "fr/invitation.html", "<p>{{link}}</p>\n")
    bad = template(templates, "fr/invitation.txt", "Subject: Bienvenue\n\nBonjour,\n{{lnik}}\n")
    status, said = check(spool=folder, templates=templates, **{"from": FROM})
    assert status == 1
    assert f"{bad}:4: " in said, said
    assert "an unknown name" in said


def test_all_mistakes_in_templates_are_told_at_once(check, folder):
    templates = folder / "templates"
    paths = [template(templates, f"fr/{kind}.txt", "no subject\n") for kind in ("invitation", "reminder", "welcome")]
    status, said = check(spool=folder, templates=templates, **{"from": FROM})
    assert status == 1
    for path in paths:
        assert str(path) in said, said


def test_own_words_go_in_front_and_the_rest_stays(check, folder, slapd, make_usherd):
    templates = folder / "templates"
    template(templates, "de/invitation.txt", "Subject: Moin\n\n{{link}}\n")
    template(templates, "de/invitation.html", "<p><a href=\"{{link}}\">Moin</a></p>\n")
    keys = {"spool": folder, "templates": templates, "from": FROM}
    assert check(**keys)[0] == 0
    daemon = make_usherd(slapd).configure("mail", **keys).start()
    assert daemon.control("mail", "preview", "invitation", "--language", "de").stdout.startswith("Subject: Moin\n")
    assert "Ada" in daemon.control("mail", "preview", "invitation", "--language", "en").stdout
    assert "ada.example" in daemon.control("mail", "preview", "welcome", "--language", "de").stdout


def test_a_bounce_address_without_room_for_the_mark_is_refused(check, folder):
    keys = {"spool": folder, "from": FROM}
    assert check(bounce_address="b" * 18 + "@meridian.example", **keys)[0] == 0
    status, said = check(bounce_address="b" * 19 + "@meridian.example", **keys)
    assert status == 1 and "bounce_address: " in said and "too long" in said


@pytest.mark.parametrize("key", ["from", "reply_to", "bounce_address", "notify"])
def test_an_address_that_no_mail_can_have_is_refused(check, folder, key):
    status, said = check(spool=folder, **{"from": FROM, key: "usherd@mail_host.example"})
    assert status == 1 and f"{key}: " in said and "mail_host" in said, said


def test_a_language_without_texts_is_refused_with_its_line(check, folder):
    status, said = check(spool=folder, language="fr", **{"from": FROM})
    assert status == 1 and re.search(r':\d+: language: "fr"', said), said
    assert check(spool=folder, language="de-AT", **{"from": FROM})[0] == 0


def test_the_check_signs_in_at_the_relay_and_sends_nothing(check, make_sink):
    sink = make_sink()
    keys = {**sink.conf(), "from": FROM}
    status, said = check("--online", **keys)
    assert status == 0, said
    assert "mail           ok     ready for mails" in said
    assert not sink.mails
    assert "AUTH" in sink.verbs() and "MAIL" not in sink.verbs()


@pytest.mark.parametrize("trouble", ["password", "away", "stranger"])
def test_the_check_tells_what_is_wrong_with_the_relay(check, make_sink, folder, trouble):
    sink = make_sink()
    keys = {**sink.conf(), "from": FROM}
    if trouble == "password":
        other = folder / "other-password"
        other.write_text("wrong")
        other.chmod(0o600)
        keys["password_file"] = other
    elif trouble == "away":
        sink.refuse()
    else:
        sink.certify("stranger")
    status, said = check("--online", **keys)
    assert status == 1
    line = next(line for line in said.splitlines() if line.startswith("mail "))
    assert line.split()[1] == "FAILED", said
    assert "MAIL" not in sink.verbs()


# ---- while it runs ----

def health(daemon):
    answer = new_session().get(daemon.management_url + "/health/ready", timeout=5)
    document = answer.json()
    return answer.status_code, document["status"], {check["name"]: check["status"] for check in document["checks"]}


def test_a_relay_that_is_away_degrades_health_and_nothing_else(mailing):
    assert health(mailing.daemon)[2]["mail"] == "ok"
    mailing.sink.refuse()
    mailing.invite()
    mailing.wait_paused()
    status, word, checks = health(mailing.daemon)
    assert (status, word, checks["mail"]) == (200, "degraded", "failed")
    assert "paused until" in mailing.daemon.control("mail", "queue").stdout
    mailing.sink.listen()
    assert mailing.daemon.control("mail", "retry").returncode == 0
    mailing.wait_empty()
    assert health(mailing.daemon)[2]["mail"] == "ok"


def test_without_mail_health_does_not_speak_of_it(usherd):
    assert "mail" not in health(usherd)[2]


def test_the_queue_comes_in_pages_that_miss_nothing(mailing):
    mailing.sink.refuse()
    invited = {mailing.invite()["id"] for _ in range(7)}
    mailing.wait_paused()
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        parameters = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = mailing.api.get("/api/v1/mail/queue", params=parameters)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["status"]["waiting"] == 7
        assert len(document["items"]) <= 2
        seen += [item["invitation"] for item in document["items"]]
        cursor, pages = document["next_cursor"], pages + 1
    assert sorted(seen) == sorted(invited)
    assert pages <= 5
    listed = mailing.daemon.control("mail", "queue", "--all").stdout
    assert all(identifier in listed for identifier in invited)
    mailing.sink.listen()
    assert mailing.daemon.control("mail", "retry").returncode == 0
    mailing.wait_empty()


def test_a_change_of_another_version_is_not_made(mailing):
    api = mailing.api
    invitation = mailing.invite()
    path = f"/api/v1/invitations/{invitation['id']}"
    mailing.letter(invitation)
    mailing.wait_empty()
    tag = api.get(path).headers["ETag"]
    done = api.call("PATCH", path, json={"expires_in": 3600}, headers={"If-Match": tag})
    assert done.status_code == 200, done.text
    assert done.headers["ETag"] != tag
    stale = api.call("PATCH", path, json={"expires_in": 7200}, headers={"If-Match": tag})
    assert stale.status_code == 412, stale.text
    assert api.show(invitation["id"])["expires_at"] == done.json()["expires_at"]
    again = api.call("PATCH", path, json={"expires_in": 7200}, headers={"If-Match": done.headers["ETag"]})
    assert again.status_code == 200, again.text


def test_a_link_that_was_handed_over_becomes_one_by_mail(mailing):
    invitation = mailing.api.invited()
    assert mailing.api.resend(invitation["id"]).status_code == 422
    changed = mailing.api.amend(invitation["id"], personal_mail="linh@elsewhere.example")
    assert changed.status_code == 200, changed.text
    assert changed.json()["method"] == "email"
    letter = mailing.letter({**invitation, "personal_mail": "linh@elsewhere.example"})
    assert letter.link.is_open()
    assert letter.link.register().status_code == 201
    mailing.wait_empty()


def test_whose_mail_is_refused_is_undeliverable_in_the_list_until_there_is_another_address(mailing):
    api = mailing.api
    mailing.daemon.wait_list()
    mailing.sink.fault("rcpt", "550 5.1.1 no such user")
    invitation = mailing.invite()

    def listed(status):
        document = api.get("/api/v1/users", params={"status": status, "limit": 200}).json()
        return invitation["id"] in [item["id"] for item in document["items"]], document["counts"][status]

    wait_for(lambda: listed("undeliverable")[0], "the list says so")
    assert listed("undeliverable")[1] == 1
    assert not listed("pending")[0]
    assert api.get(f"/api/v1/users/{invitation['id']}").json()["status"] == "undeliverable"
    assert invitation["id"] in [item["id"] for item in api.get("/api/v1/invitations").json()["items"]]
    mailing.sink.mend()
    assert api.amend(invitation["id"], personal_mail="better@elsewhere.example").status_code == 200
    wait_for(lambda: listed("pending")[0], "the list says so")
    assert listed("undeliverable") == (False, 0)
    mailing.wait_empty()


def test_the_answer_to_an_invitation_by_mail_has_its_queued_mail_and_no_link(mailing):
    document = person(mailing.slapd, method="email", personal_mail="vi@elsewhere.example")
    answer = mailing.api.post("/api/v1/invitations", document)
    assert answer.status_code == 201, answer.text
    events = [(step["event"], step["mail"]) for step in answer.json()["timeline"]]
    assert events[:2] == [("issued", None), ("mail_queued", "invitation")]
    assert "link" not in answer.json() and "usj_" not in answer.text
    mailing.wait_empty()


def test_mail_needs_its_own_scope(mailing):
    api = Api(mailing.daemon, mailing.daemon.make_token(scopes="invitations:read,invitations:write"))
    assert api.get("/api/v1/mail/queue").status_code == 403
    assert api.post("/api/v1/mail/test", {"kind": "welcome", "to": "a@elsewhere.example"}).status_code == 403
