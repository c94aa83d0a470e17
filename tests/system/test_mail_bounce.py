"""Reports that mail systems send back: the right invitation is marked, and nobody can make one up."""

import pytest

import dsn
from client import Api
from mails import Letter
from wait import wait_for


@pytest.fixture
def sent(mailing):
    """(invitation, its mail as the sink has it)."""
    invitation = mailing.invite()
    mail = mailing.sink.wait_mail(invitation["personal_mail"])
    mailing.wait_gone(invitation)  # the daemon has the relay's word for it
    return invitation, mail


@pytest.mark.parametrize("style", dsn.STYLES)
def test_a_report_of_a_failure_marks_its_invitation_undeliverable(mailing, sent, style):
    invitation, mail = sent
    other = mailing.invite()
    answer = mailing.api.bounce(dsn.report(mail, style))
    assert answer.status_code == 200, answer.text
    assert answer.json()["invitation"] == invitation["id"]
    assert (answer.json()["action"], answer.json()["status"]) == ("failed", "5.1.1")
    shown = mailing.api.show(invitation["id"])
    assert shown["status"] == "undeliverable"
    assert "undeliverable" in [entry["event"] for entry in shown["timeline"]]
    entry = mailing.wait_event(invitation, "mail_bounced")
    assert "5.1.1" in entry["detail"] and "User unknown" in entry["detail"]
    assert invitation["personal_mail"] not in entry["detail"]
    wait_for(lambda: mailing.undeliverable(invitation), "the list of people says so")
    notice = Letter(mailing.sink.wait_mail("office@meridian.example").content)
    assert "User unknown" in notice.text
    assert mailing.api.show(other["id"])["status"] == "pending"
    # Its link is as good as before: perhaps somebody reads that mailbox after all.
    assert Letter(mail.content).link.is_open()


def test_the_same_report_again_changes_nothing(mailing, sent):
    invitation, mail = sent
    for _ in range(3):
        assert mailing.api.bounce(dsn.report(mail)).status_code == 200
    mailing.sink.wait_mail("office@meridian.example")
    mailing.wait_empty()
    assert len(mailing.sink.mails_to("office@meridian.example")) == 1
    assert mailing.api.events(invitation["id"]).count("undeliverable") == 1


def test_a_delay_is_noted_and_no_more(mailing, sent):
    invitation, mail = sent
    answer = mailing.api.bounce(dsn.report(mail, action="delayed", status="4.4.1", diagnostic="451 4.4.1 no answer"))
    assert answer.status_code == 200 and answer.json()["action"] == "delayed", answer.text
    mailing.wait_event(invitation, "mail_delayed")
    assert mailing.api.show(invitation["id"])["status"] == "pending"


def test_another_address_makes_an_undeliverable_invitation_well(mailing, sent):
    invitation, mail = sent
    mailing.api.bounce(dsn.report(mail))
    assert mailing.api.amend(invitation["id"], personal_mail="found@elsewhere.example").status_code == 200
    assert mailing.api.show(invitation["id"])["status"] == "pending"
    assert Letter(mailing.sink.wait_mail("found@elsewhere.example").content).link.register().status_code == 201
    # What comes back late from the old address is of a finished invitation.
    assert mailing.api.bounce(dsn.report(mail)).status_code in (200, 404, 410)
    assert mailing.api.show(invitation["id"])["status"] == "done"


def test_a_late_report_about_an_old_address_does_not_spoil_the_new_one(mailing, sent):
    invitation, mail = sent
    mailing.api.amend(invitation["id"], personal_mail="moved@elsewhere.example")
    mailing.sink.wait_mail("moved@elsewhere.example")
    mailing.api.bounce(dsn.report(mail))
    assert mailing.api.show(invitation["id"])["status"] == "pending"


def test_a_report_is_attributed_by_the_address_it_was_delivered_to(mailing, sent):
    invitation, mail = sent
    hidden = dsn.report(mail, to="postmaster@meridian.example", original="Subject: a mail without its Message-ID\r\n")
    assert mailing.api.bounce(hidden).status_code == 404
    answer = mailing.api.bounce(hidden, params={"recipient": mail.sender.upper()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["invitation"] == invitation["id"]


def test_without_a_mailbox_for_reports_the_mail_that_comes_back_tells_whose_it_was(slapd, make_usherd, make_sink):
    sink = make_sink()
    keys = {**sink.conf(), "notify": "office@meridian.example"}
    del keys["bounce_address"]
    daemon = make_usherd(slapd).configure("mail", **keys).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    invitation = api.invited_by_mail("robin@elsewhere.example")
    mail = sink.wait_mail("robin@elsewhere.example")
    assert mail.sender == "usherd@meridian.example"
    wait_for(lambda: not api.mail_queue(), "the queue is empty")
    assert api.bounce(dsn.report(mail, original="Subject: no Message-ID\r\n")).status_code == 404
    assert api.bounce(dsn.report(mail)).json()["invitation"] == invitation["id"]
    assert api.show(invitation["id"])["status"] == "undeliverable"


def test_a_made_up_address_marks_nobody(mailing, sent):
    invitation, mail = sent
    local, _, domain = mail.sender.partition("@")
    forged = local[:-1] + ("a" if local[-1] != "a" else "b") + "@" + domain
    report = dsn.report(mail, to=forged, original="Subject: made up\r\n")
    report = report.replace(mail.sender.encode(), forged.encode())
    assert mailing.api.bounce(report, params={"recipient": forged}).status_code == 404
    assert mailing.api.show(invitation["id"])["status"] == "pending"


def test_a_made_up_id_marks_nobody(mailing, sent):
    """Whoever may see an invitation knows its id, and that of no mail."""
    invitation, mail = sent
    real = Letter(mail.content).header("Message-ID")
    attempt = real.replace(".1.", ".2.")
    for made_up in (f"<{invitation['id']}.{invitation['id']}.1@meridian.example>", real.rpartition(".1.")[0] + ".1@meridian.example>",
                    attempt, real.replace(real[1:37], mailing.invite()["id"])):
        assert made_up != real
        report = dsn.report(mail, to="postmaster@meridian.example", original=f"Message-ID: {made_up}\r\n")
        assert mailing.api.bounce(report).status_code == 404, made_up
    assert mailing.api.show(invitation["id"])["status"] == "pending"
    report = dsn.report(mail, to="postmaster@meridian.example", original=f"Message-ID: {real}\r\n")
    assert mailing.api.bounce(report).json()["invitation"] == invitation["id"]


NO_REPORTS = {
    "empty": lambda mail: b"",
    "words of qmail": dsn.words_only,
    "vacation": dsn.vacation,
    "our own mail": lambda mail: mail.content,
    "cut in the middle": lambda mail: dsn.report(mail)[:900],
    "bytes": lambda mail: bytes(range(256)) * 40,
    "a thousand parts": lambda mail: dsn.report(mail).split(b"\r\n--")[0] + b"\r\n--4F9D1C0A2B.1764172800/mx.elsewhere.example"
                                     b"\r\n\r\nx\r\n" * 1000,
    "a long line": lambda mail: b"Content-Type: multipart/report; x=" + b"y" * 60000,
}


@pytest.mark.parametrize("what", NO_REPORTS)
def test_what_is_no_report_is_refused(mailing, sent, what):
    invitation, mail = sent
    answer = mailing.api.bounce(NO_REPORTS[what](mail))
    assert answer.status_code in (400, 404, 422), answer.text
    assert mailing.api.show(invitation["id"])["status"] == "pending"


def test_only_the_scopes_of_mail_may_hand_reports_in(mailing, sent):
    _, mail = sent
    daemon = mailing.daemon
    for scopes, expected in (("invitations:write", 403), ("mail", 200), ("mail:bounces", 200)):
        api = Api(daemon, daemon.make_token(name=scopes, scopes=scopes))
        assert api.bounce(dsn.report(mail)).status_code == expected
    assert Api(daemon).bounce(dsn.report(mail)).status_code == 401


def test_the_token_of_a_mail_system_can_do_nothing_else(mailing, sent):
    api = Api(mailing.daemon, mailing.daemon.make_token(name="only bounces", scopes="mail:bounces"))
    assert api.get("/api/v1/mail/queue").status_code == 403
    assert api.call("POST", "/api/v1/mail/retry").status_code == 403
    assert api.call("POST", "/api/v1/mail/test", json={"kind": "welcome", "to": "a@b.example"}).status_code == 403


def test_a_token_of_scope_mail_can_do_nothing_else(mailing, sent):
    invitation, _ = sent
    api = Api(mailing.daemon, mailing.daemon.make_token(name="only mail", scopes="mail"))
    assert api.get("/api/v1/invitations").status_code == 403
    assert api.resend(invitation["id"]).status_code == 403
    assert api.get("/api/v1/mail/queue").status_code == 200
