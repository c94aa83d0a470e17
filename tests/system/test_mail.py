"""Invitations by mail on a sound relay: what arrives, what a person can do with it, and what is told of it."""

import email.utils
import json
import re

import pytest

from client import Api, Browser, Link, person
from mailing import Mailing
from mails import Letter, read_spool
from store_file import read_store
from wait import wait_for


def is_open(letter):
    return letter.link.is_open()


# ---- what arrives ----

def test_an_invitation_by_mail_arrives_and_its_link_registers(mailing):
    invitation = mailing.invite(given_name="Robin", language="en")
    assert "link" not in invitation or invitation["link"] is None
    letter = mailing.letter(invitation)
    assert letter.link.view()["status"] == "pending"
    assert letter.link.register().status_code == 201
    assert len(mailing.slapd.entries_of(invitation["id"])) == 1
    assert mailing.api.show(invitation["id"])["status"] == "done"


def test_a_mail_is_one_transaction_within_tls_after_a_login(mailing):
    invitation = mailing.invite()
    mailing.letter(invitation)
    [mail] = mailing.sink.mails_to(invitation["personal_mail"])
    assert mail.recipients == [invitation["personal_mail"]]
    transcript = mail.transcript
    assert transcript.login == "usherd"
    assert {line.split(" ")[0] for line in transcript.clear} == {"EHLO", "STARTTLS"}
    assert [transcript.verbs.count(verb) for verb in ("MAIL", "RCPT", "DATA")] == [transcript.mails] * 3


def test_the_headers_say_who_it_is_from_what_it_is_and_where_it_comes_back_to(mailing):
    invitation = mailing.invite(language="de")
    letter = mailing.letter(invitation)
    [mail] = mailing.sink.mails_to(invitation["personal_mail"])
    assert not letter.defects
    assert email.utils.parseaddr(letter.header("From")) == ("Meridian Seed Archive", "usherd@meridian.example")
    assert invitation["personal_mail"] in letter.header("To")
    assert letter.header("Reply-To") == "help@meridian.example"
    assert letter.header("Auto-Submitted") == "auto-generated"
    assert letter.language == "de"
    assert re.fullmatch(rf"<{invitation['id']}\.[0-9a-f-]{{36}}\.1\.[a-z2-7]{{16}}@meridian\.example>", letter.header("Message-ID"))
    assert email.utils.parsedate_to_datetime(letter.header("Date")).tzinfo
    assert re.fullmatch(r"usherd\+b-[a-z0-9-]+@meridian\.example", mail.sender)
    other = mailing.invite()
    mailing.letter(other)
    assert mailing.sink.mails_to(other["personal_mail"])[0].sender != mail.sender


def test_a_mail_has_a_text_first_and_then_the_same_as_html(mailing):
    letter = mailing.letter(mailing.invite())
    assert letter.message.get_content_type() == "multipart/alternative"
    assert [kind for kind, _ in letter.parts] == ["text/plain", "text/html"]
    assert letter.link.url in letter.text and letter.link.url in letter.html
    tags = {tag for tag, _ in letter.markup.tags}
    assert not tags & {"script", "img", "form", "iframe", "object", "link"}
    assert all(len(line) <= 998 for line in letter.content.split(b"\r\n"))


LANGUAGES = {"en": "en", "de": "de", "vi": "vi", "de-AT": "de", "fr": "en"}


def test_everybody_is_written_to_in_their_language_or_the_nearest(mailing):
    invitations = {asked: mailing.invite(language=asked) for asked in LANGUAGES}
    letters = {asked: mailing.letter(invitation) for asked, invitation in invitations.items()}
    assert {asked: letter.language for asked, letter in letters.items()} == LANGUAGES
    assert len({letter.subject for letter in letters.values()}) == 3
    assert re.search("[ạảãàáâậầấẩẫăắằặẳẵđ]", letters["vi"].text)
    assert all(not letter.defects for letter in letters.values())


def test_the_host_of_every_url_is_the_configured_one(mailing):
    letter = mailing.letter(mailing.invite())
    assert letter.hosts == {f"127.0.0.1:{mailing.daemon.ports['public']}"}


# ---- once more ----

def test_resend_is_another_mail_with_a_link_of_its_own_and_both_work(mailing):
    invitation = mailing.invite()
    first = mailing.letter(invitation)
    answer = mailing.api.resend(invitation["id"])
    assert answer.status_code in (200, 202), answer.text
    second = mailing.letter(invitation, 2)
    assert first.link.token != second.link.token
    assert first.header("Message-ID") != second.header("Message-ID")
    assert is_open(first) and is_open(second)
    assert first.link.register().status_code == 201
    assert second.link.get().status_code == 410


def test_a_mail_that_the_relay_has_not_answered_for_is_no_answer_to_a_resend(mailing):
    answer_to_first = mailing.sink.fault("end", "delay")
    invitation = mailing.invite()
    answer_to_first.wait()
    assert mailing.api.resend(invitation["id"]).status_code == 200
    second = mailing.letter(invitation)
    answer_to_first.release()
    _, first = mailing.sink.wait_mails(2, invitation["personal_mail"])
    mailing.wait_gone(invitation)
    assert is_open(second) and is_open(Letter(first.content))
    assert len(mailing.letters(invitation)) == 2
    events = [entry["event"] for entry in mailing.api.show(invitation["id"])["timeline"]]
    assert events.count("mail_queued") == events.count("mail_sent") == 2


def test_resend_and_void_ends_the_older_links_at_once(mailing):
    invitation = mailing.invite()
    first = mailing.letter(invitation)
    delay = mailing.sink.fault("mail", "delay")
    mailing.api.resend(invitation["id"], void_links=True)
    assert first.link.get().status_code == 410
    delay.release()
    assert is_open(mailing.letter(invitation, 2))
    assert first.link.get().json()["reason"] == "revoked"


def test_five_links_work_and_a_sixth_ends_the_oldest(mailing):
    invitation = mailing.invite()
    for count in range(1, 7):
        mailing.letter(invitation, count)
        mailing.wait_gone(invitation)
        if count < 6:
            assert mailing.api.resend(invitation["id"]).status_code in (200, 202)
    works = [letter.link.get().status_code for letter in mailing.letters(invitation)]
    assert works == [410] + [200] * 5


def test_a_mail_that_waits_is_not_doubled_by_a_resend(mailing):
    mailing.sink.refuse()
    invitation = mailing.invite()
    mailing.wait_item(invitation)
    mailing.api.resend(invitation["id"])
    assert len(mailing.api.mails_of(invitation["id"])) == 1
    mailing.sink.listen()
    mailing.wait_empty()
    assert len(mailing.letters(invitation)) == 1


def test_another_address_ends_the_old_links_and_gets_a_mail(mailing):
    invitation = mailing.invite()
    old = mailing.letter(invitation)
    answer = mailing.api.amend(invitation["id"], personal_mail="robin.new@elsewhere.example")
    assert answer.status_code == 200, answer.text
    assert answer.json()["personal_mail"] == "robin.new@elsewhere.example"
    assert old.link.get().status_code == 410
    new = Letter(mailing.sink.wait_mail("robin.new@elsewhere.example").content)
    assert new.link.register().status_code == 201


def test_an_invitation_handed_over_as_a_link_becomes_one_by_mail(mailing):
    invitation = mailing.api.invited()
    answer = mailing.api.amend(invitation["id"], personal_mail="late.adopter@elsewhere.example")
    assert answer.status_code == 200 and answer.json()["method"] == "email", answer.text
    assert invitation["join"].get().status_code == 410
    assert is_open(Letter(mailing.sink.wait_mail("late.adopter@elsewhere.example").content))


def test_a_new_link_and_a_revocation_end_what_was_mailed(mailing):
    invitation = mailing.invite()
    mailed = mailing.letter(invitation)
    answer = mailing.api.post(f"/api/v1/invitations/{invitation['id']}/link")
    assert answer.status_code == 200, answer.text
    assert mailed.link.get().status_code == 410
    assert Link(answer.json()["link"]).is_open()
    mailing.api.resend(invitation["id"])
    again = mailing.letter(invitation, 2)
    assert is_open(again)
    assert mailing.api.delete(f"/api/v1/invitations/{invitation['id']}").status_code == 204
    assert again.link.get().status_code == 410
    assert mailing.api.resend(invitation["id"]).status_code == 410


def test_another_end_is_told_by_the_api_and_keeps_the_link(mailing):
    invitation = mailing.invite(expires_in=3600)
    letter = mailing.letter(invitation)
    answer = mailing.api.amend(invitation["id"], expires_in=7200)
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_at"] > invitation["expires_at"]
    assert is_open(letter)


def test_a_mail_that_still_waits_is_not_sent_after_the_end_of_its_invitation(mailing):
    mailing.sink.refuse()
    revoked, registered = mailing.invite(), mailing.invite()
    mailing.wait_item(revoked)
    link = Link(mailing.api.post(f"/api/v1/invitations/{registered['id']}/link").json()["link"])
    assert mailing.api.delete(f"/api/v1/invitations/{revoked['id']}").status_code == 204
    assert link.register().status_code == 201
    mailing.sink.listen()
    mailing.wait_empty()
    assert not mailing.letters(revoked)
    assert all(not letter.links for letter in mailing.letters(registered))


# ---- what else is mailed ----

def test_whoever_registered_is_welcomed_and_the_inviter_is_told(mailing):
    invitation = mailing.invite(given_name="Robin", language="en")
    link = mailing.letter(invitation).link
    assert link.register().status_code == 201
    welcome = mailing.letter(invitation, 2)
    uid = mailing.slapd.entries_of(invitation["id"])[0][1]["uid"][0]
    assert uid in welcome.text and uid in welcome.markup.text
    assert not welcome.links and link.token not in welcome.content.decode()
    notice = Letter(mailing.sink.wait_mail("office@meridian.example").content)
    assert not notice.links
    assert notice.header("Auto-Submitted") == "auto-generated"
    assert welcome.subject != notice.subject


def test_a_reminder_comes_at_half_time_once(slapd, make_usherd, make_sink, clock):
    sink = make_sink()
    daemon = make_usherd(slapd, environment=clock.environment).configure("mail", **sink.conf(reminder="yes"))
    daemon.sink = sink
    daemon.start().wait_directory()
    mailing = Mailing(daemon)
    invitation = mailing.invite(expires_in=7200)
    first = mailing.letter(invitation)
    gone = mailing.invite(expires_in=7200)
    assert mailing.letter(gone).link.register().status_code == 201
    clock(3500)
    mailing.invite()
    sink.wait_mails(4)
    assert len(mailing.letters(invitation)) == 1
    clock(3700)
    mailing.invite()  # whoever looks into the queue next finds it due
    reminder = mailing.letter(invitation, 2)
    assert reminder.subject != first.subject
    assert is_open(reminder) and is_open(first)
    clock(7000)
    mailing.invite()
    assert len(mailing.letters(invitation)) == 2
    assert not any(letter.links for letter in mailing.letters(gone)[1:])


# ---- what is told of it ----

def test_the_timeline_is_complete_and_in_order_with_times_and_who(mailing):
    mailing.sink.fault("rcpt", "451 4.7.1 try again in a moment")
    invitation = mailing.invite()
    mailing.wait_item(invitation)
    mailing.retry(invitation)
    letter = mailing.letter(invitation)
    mailing.wait_event(invitation, "mail_sent")  # the person has the mail before the daemon has the relay's word for it
    assert Browser(letter.link.url).open().response.status_code == 200
    mailing.wait_event(invitation, "opened")
    assert letter.link.register().status_code == 201
    timeline = mailing.api.show(invitation["id"])["timeline"]
    assert [entry["at"] for entry in timeline] == sorted(entry["at"] for entry in timeline)
    events = [entry["event"] for entry in timeline]
    rest = iter(events)
    for event in ("issued", "mail_queued", "mail_deferred", "mail_sent", "opened", "claimed", "finished"):
        assert event in rest, f"{event} is missing in its place: {events}"
    by_event = {entry["event"]: entry for entry in timeline}
    assert "try again in a moment" in by_event["mail_deferred"]["detail"]
    assert "kept as" in by_event["mail_sent"]["detail"]
    assert by_event["issued"]["detail"].startswith("token:"), "who it was"


def test_no_address_of_the_person_stays_when_it_is_done(mailing):
    address = "persephone.canary@elsewhere.example"
    mailing.sink.fault("rcpt", f"451 4.7.1 <{address}> is not known yet")
    invitation = mailing.invite(address)
    mailing.wait_item(invitation)
    mailing.retry(invitation)
    assert mailing.letter(invitation).link.register().status_code == 201
    mailing.wait_empty()
    shown = mailing.api.show(invitation["id"])
    assert "persephone" not in str(shown).lower()
    assert not [name for name, item in read_store(mailing.daemon).items.items() if "persephone" in str(item.value).lower()]


# ---- other ways ----

def test_without_a_relay_mails_go_to_a_spool_folder(slapd, make_usherd, folder):
    spool = folder / "spool"
    spool.mkdir(mode=0o700)
    daemon = make_usherd(slapd).configure("mail", spool=spool, **{"from": "usherd@meridian.example"}).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    invitation = api.invited_by_mail("robin@elsewhere.example")
    sender, recipient, letter = wait_for(lambda: read_spool(spool), "a mail lies in the spool")[0]
    assert recipient == "robin@elsewhere.example" and sender == "usherd@meridian.example"
    assert [path.stat().st_mode & 0o777 for path in spool.iterdir()] == [0o600]
    assert letter.link.register().status_code == 201
    wait_for(lambda: "mail_sent" in api.events(invitation["id"]), "it is noted")


def test_without_any_way_to_send_the_method_is_refused(usherd, api):
    answer = api.post("/api/v1/invitations", person(usherd.slapd, method="email", personal_mail="a@elsewhere.example"))
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("method", "unavailable")]


# ---- usherctl ----

KINDS = ("invitation", "reminder", "welcome", "completed", "undeliverable")


@pytest.mark.parametrize("kind", KINDS)
def test_usherctl_previews_every_kind_in_every_language(mailing, kind):
    subjects = set()
    for language in ("en", "de", "vi"):
        shown = mailing.daemon.control("-o", "json", "mail", "preview", kind, "--language", language)
        assert shown.returncode == 0, shown.stderr
        mail = json.loads(shown.stdout)
        assert mail["language"] == language and mail["html"]
        read = mailing.daemon.control("mail", "preview", kind, "--language", language).stdout
        assert read.splitlines()[:2] == [f"Subject: {mail['subject']}", ""]
        assert read.splitlines()[2:] == mail["text"].replace("\u200b", "").splitlines()
        subjects.add(mail["subject"])
    assert len(subjects) == 3
    assert not mailing.sink.mails


def test_usherctl_sends_a_mail_to_try_the_relay(mailing):
    sent = mailing.daemon.control("mail", "test", "invitation", "--to", "postmaster@meridian.example")
    assert sent.returncode == 0, sent.stderr
    assert "250" in sent.stdout
    mailing.sink.wait_mail("postmaster@meridian.example")
    mailing.sink.fault("rcpt", "550 5.1.1 who is that")
    refused = mailing.daemon.control("mail", "test", "invitation", "--to", "nobody@meridian.example")
    assert refused.returncode != 0
    assert "who is that" in refused.stdout + refused.stderr


def test_usherctl_shows_retries_and_drops_what_waits(mailing):
    mailing.sink.fault("rcpt", "450 4.2.0 greylisted", times=None)
    kept, dropped = mailing.invite(), mailing.invite()
    items = {name: mailing.wait_item(invitation) for name, invitation in (("kept", kept), ("dropped", dropped))}
    shown = mailing.daemon.control("mail", "queue")
    assert shown.returncode == 0, shown.stderr
    for item in items.values():
        assert item["id"] in shown.stdout
    assert "greylisted" in shown.stdout
    assert mailing.daemon.control("mail", "drop", items["dropped"]["id"]).returncode == 0
    mailing.sink.mend()
    assert mailing.daemon.control("mail", "retry", items["kept"]["id"]).returncode == 0
    mailing.letter(kept)
    assert mailing.api.mails_of(dropped["id"]) == []
    assert "mail_dropped" in mailing.api.events(dropped["id"])
    assert mailing.api.show(dropped["id"])["status"] == "pending"
    assert mailing.daemon.control("mail", "retry", items["dropped"]["id"]).returncode != 0
