"""Invitations by mail while the relay is out of order: nothing is lost, nothing is sent twice without need, nothing is
ever said in clear text, and everything is told."""

import signal

import pytest

from client import Link
from mailing import Mailing, mailing_world
from mails import Letter
from usherd import TOP
from wait import wait_for
from world import world

FAIL = TOP / "build" / "fail"


@pytest.fixture(scope="module", name="hasty_world")
def impatient_world():
    """For what hangs."""
    with mailing_world(connect_timeout="3s", reply_timeout="2s", transfer_timeout="10s") as daemon:
        yield daemon


@pytest.fixture(name="hasty")
def impatient_mailing(hasty_world):
    made = Mailing(hasty_world)
    made.clear()
    return made


def of_patience(request, action):
    """A daemon that gives up soon, where it is to give up."""
    return request.getfixturevalue("hasty" if action == "hang" else "mailing")


# ---- replies ----

AWAY = ["banner 421", "banner 450", "ehlo 421", "starttls 454", "auth 454", "mail 451", "mail 452"]
BROKEN = ["banner 554", "ehlo 550", "starttls 554", "auth 535", "mail 550", "mail 530", "mail 552"]
DEFERRED = ["rcpt 450", "rcpt 421", "data 451", "end 452", "end 421"]
REFUSED = ["rcpt 550", "rcpt 553", "data 554", "end 550"]


def meet(mailing, what, times=1):
    phase, code = what.split(" ")
    words = f"words of {phase} {code}"
    # A connection that is kept says no EHLO: every phase is to be met.
    mailing.sink.cut()
    return mailing.sink.fault(phase, f"{code} {code[0]}.3.2 {words}", times=times), words


@pytest.mark.parametrize("what", DEFERRED)
def test_a_mail_that_is_deferred_comes_later_once(mailing, what):
    fault, words = meet(mailing, what)
    invitation = mailing.invite()
    fault.wait()
    item = mailing.wait_item(invitation)
    assert item["attempts"] == 1 and words in item["last"], item
    assert not mailing.sink.mails
    entry = mailing.wait_event(invitation, "mail_deferred")
    assert words in entry["detail"]
    assert mailing.health()["status"] == "ok", "one deferred mail is no outage"
    mailing.retry(invitation)
    assert mailing.letter(invitation).link.is_open()
    mailing.wait_gone(invitation)
    assert len(mailing.letters(invitation)) == 1
    assert not mailing.alarms()


@pytest.mark.parametrize("what", REFUSED)
def test_a_mail_that_is_refused_makes_its_invitation_undeliverable(mailing, what):
    fault, words = meet(mailing, what)
    invitation = mailing.invite()
    fault.wait()
    mailing.wait_gone(invitation)
    assert words in mailing.wait_event(invitation, "mail_refused")["detail"]
    shown = mailing.api.show(invitation["id"])
    assert "undeliverable" in [entry["event"] for entry in shown["timeline"]]
    assert shown["status"] == "undeliverable"
    wait_for(lambda: mailing.undeliverable(invitation), "the list of people says so")
    assert not mailing.letters(invitation)
    notice = Letter(mailing.sink.wait_mail("office@meridian.example").content)
    assert words in notice.text
    # It is still open: another address, or the same once more, makes it well.
    assert mailing.api.resend(invitation["id"]).status_code in (200, 202)
    assert mailing.letter(invitation).link.is_open()
    wait_for(lambda: mailing.api.show(invitation["id"])["status"] == "pending", "it is no longer undeliverable")
    wait_for(lambda: not mailing.undeliverable(invitation), "the list says so too")
    assert not mailing.alarms()


@pytest.mark.parametrize("what", AWAY)
def test_a_relay_that_is_away_pauses_the_queue_and_burns_no_attempt(mailing, what):
    fault, words = meet(mailing, what)
    invitation = mailing.invite()
    fault.wait()
    mailing.wait_health(False)
    status = mailing.wait_paused()
    assert words in status["reason"] and status["paused"] and not status["broken"], status
    other = mailing.invite()
    assert fault.fired == 1
    assert not mailing.alarms(), "a relay that is away for a moment is nobody's business"
    mailing.resume()
    for one in (invitation, other):
        assert mailing.letter(one).link.is_open()
    mailing.wait_health(True)
    assert len(mailing.sink.mails) == 2


@pytest.mark.parametrize("what", BROKEN)
def test_a_relay_that_is_broken_pauses_the_queue_with_one_alarm(mailing, what):
    fault, words = meet(mailing, what, times=None)
    invitation = mailing.invite()
    fault.wait()
    mailing.wait_health(False)
    status = mailing.wait_paused()
    assert words in status["reason"] and status["paused"] and status["broken"], status
    others = [mailing.invite() for _ in range(2)]
    mailing.resume()  # still broken: no second alarm
    fault.wait(times=2)
    mailing.wait_paused()
    assert len(mailing.alarms()) == 1, mailing.alarms()
    assert mailing.daemon.health("live")[0] == 200 and mailing.daemon.health("ready")[0] == 200
    assert not mailing.sink.mails
    said = [line.split(" ")[0] for transcript in mailing.sink.transcripts for line in transcript.clear]
    assert set(said) <= {"EHLO", "STARTTLS", "QUIT"}
    mailing.sink.mend()
    mailing.resume()
    for one in (invitation, *others):
        assert mailing.letter(one).link.is_open()
    mailing.wait_health(True)
    assert len(mailing.sink.mails) == 3
    # The next outage is another one.
    fault, _ = meet(mailing, what)
    mailing.invite()
    fault.wait()
    wait_for(lambda: len(mailing.alarms()) == 2, "the next outage has an alarm of its own")


# ---- TLS ----

@pytest.mark.parametrize("how", ["other name", "stranger", "no STARTTLS"])
def test_without_the_right_tls_not_a_word_of_a_mail_is_said(mailing, how):
    sink = mailing.sink
    sink.cut()
    if how == "no STARTTLS":
        sink.tls = None
    else:
        sink.certify(how)
    invitation = mailing.invite()
    mailing.wait_health(False)
    status = mailing.wait_paused()
    assert status["broken"] and status["reason"], status
    assert len(mailing.alarms()) == 1, mailing.alarms()
    wait_for(lambda: sink.transcripts and sink.transcripts[-1].ended, "the connection has ended")
    for transcript in sink.transcripts:
        assert transcript.login is None
        assert {line.split(" ")[0] for line in transcript.commands} <= {"EHLO", "STARTTLS", "QUIT"}, str(transcript)
    sink.tls = "starttls"
    sink.mend()
    mailing.resume()
    assert mailing.letter(invitation).link.is_open()
    assert [line.split(" ")[0] for line in sink.mails[0].transcript.clear] == ["EHLO", "STARTTLS"]


# ---- silence ----

@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("action", ["drop", "reset", "hang"])
def test_silence_after_the_data_means_one_more_mail_with_a_new_link(request, action, keep):
    mailing = of_patience(request, action)
    fault = mailing.sink.fault("end", action, keep=keep)
    invitation = mailing.invite()
    fault.wait()
    item = mailing.wait_item(invitation)
    assert "mail_unknown" in mailing.api.events(invitation["id"])
    assert mailing.health()["status"] == "ok"
    assert item["attempts"] == 1
    mailing.retry(invitation)
    letters = [mailing.letter(invitation, 2 if keep else 1), Letter(fault.mails[0].content)]
    mailing.wait_gone(invitation)
    assert len(mailing.letters(invitation)) == 2 if keep else 1
    assert letters[0].link.token != letters[1].link.token
    assert [letter.link.is_open() for letter in letters] == [True, True]
    assert letters[0].header("References") == letters[1].header("References")
    assert letters[1 if keep else 0].link.register().status_code == 201
    assert {letter.link.get().status_code for letter in letters} == {410}
    assert not mailing.alarms()


def test_a_relay_that_keeps_every_mail_in_silence_fills_no_mailbox(mailing):
    fault = mailing.sink.fault("end", "drop", keep=True, times=None)
    invitation = mailing.invite()
    fault.wait()
    mailing.wait_item(invitation)
    mailing.retry(invitation)
    fault.wait(times=2)
    mailing.wait_gone(invitation)
    mailing.sink.mend()
    assert len(mailing.letters(invitation)) == 2
    assert [letter.link.is_open() for letter in mailing.letters(invitation)] == [True, True]


EARLY = ("banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data")


@pytest.mark.parametrize("phase, action", [
    *((phase, "drop") for phase in EARLY), *((phase, "hang") for phase in ("banner", "auth", "rcpt", "data"))])
def test_a_connection_that_ends_or_hangs_before_the_data_sends_nothing_twice(request, phase, action):
    mailing = of_patience(request, action)
    mailing.sink.cut()
    fault = mailing.sink.fault(phase, action)
    invitation = mailing.invite()
    fault.wait()
    mailing.wait_item(invitation)
    mailing.retry(invitation)
    assert mailing.letter(invitation).link.is_open()
    mailing.wait_gone(invitation)
    assert len(mailing.letters(invitation)) == 1
    assert not mailing.alarms()


# ---- the relay is gone ----

def test_a_relay_that_was_away_for_a_while_gets_everything_without_anybodys_doing(mailing):
    mailing.sink.refuse()
    invitations = [mailing.invite() for _ in range(5)]
    mailing.wait_health(False)
    assert not mailing.alarms()
    mailing.sink.listen()
    for invitation in invitations:
        assert mailing.letter(invitation, seconds=60).link.is_open()
    mailing.wait_health(True)
    assert len(mailing.sink.mails) == len(invitations)
    assert all(mailing.item(invitation) is None for invitation in invitations)


def test_a_relay_in_trouble_keeps_nobody_from_inviting_and_registering(mailing):
    mailing.sink.cut()
    fault = mailing.sink.fault("banner", "hang", times=None)
    by_mail = mailing.invite()
    fault.wait()
    by_link = mailing.api.invited()
    assert by_link["join"].register().status_code == 201
    assert mailing.daemon.health("live")[0] == 200
    assert mailing.sink.transcripts[0].ended is None, "the relay was waited for all the time"
    link = Link(mailing.api.post(f"/api/v1/invitations/{by_mail['id']}/link").json()["link"])
    assert link.register().status_code == 201


def test_a_relay_that_thinks_about_a_mail_gets_it_once(hasty):
    """RFC 5321 section 4.5.3.2.6: longer than each other answer may take."""
    fault = hasty.sink.fault("end", "delay", seconds=3)
    invitation = hasty.invite()
    fault.wait()
    hasty.wait_gone(invitation)
    assert len(hasty.letters(invitation)) == 1


def test_a_slow_relay_holds_up_its_own_mail_alone(mailing):
    """A byte a second in each direction of one connection; the others go on."""
    invitation = mailing.invite()
    mailing.letter(invitation)
    fault = mailing.sink.fault("end", "delay", containing="slow@elsewhere.example")
    slow = mailing.invite("slow@elsewhere.example")
    fault.wait()
    others = [mailing.invite() for _ in range(3)]
    for other in others:
        mailing.letter(other)
    assert not mailing.letters(slow)
    fault.release()
    mailing.letter(slow)


def test_a_byte_a_second_meets_the_deadline_of_an_answer(hasty):
    hasty.sink.cut()
    hasty.sink.slow(1)
    invitation = hasty.invite()
    hasty.wait_health(False)
    hasty.sink.slow(None)
    hasty.resume()
    assert hasty.letter(invitation).link.is_open()


# ---- the end of the daemon ----

def test_a_daemon_that_is_stopped_with_mails_under_way_loses_none_and_doubles_none(mailing):
    mailing.sink.cut()  # of a connection that is kept nothing new is noted
    mailing.sink.fault("end", "delay", seconds=0.3, times=None)
    invitations = [mailing.invite() for _ in range(12)]
    wait_for(lambda: mailing.sink.transcripts and mailing.sink.verbs().get("DATA"), "mails are under way")
    assert mailing.daemon.stop(seconds=15) == 0
    mailing.sink.mend()
    mailing.daemon.start()
    mailing.daemon.wait_directory()
    mailing.wait_empty()
    counts = [len(mailing.posted(invitation)) for invitation in invitations]
    assert counts == [1] * len(invitations)


def test_a_stop_takes_back_what_only_waits_for_a_slow_relay():
    """Twice the relay's time is more than a stop may take."""
    with world(sink=True, mail={"reply_timeout": "20s"}) as daemon:
        mailing = Mailing(daemon)
        mailing.sink.fault("end", "delay", seconds=5, times=None)
        invitations = [mailing.invite() for _ in range(12)]
        wait_for(lambda: mailing.sink.verbs().get("DATA"), "mails are under way")
        assert daemon.stop(seconds=15) == 0
        assert "before all work was finished" not in daemon.log()
        mailing.sink.mend()
        daemon.start()
        daemon.wait_directory()
        mailing.wait_empty()
        assert [len(mailing.posted(invitation)) for invitation in invitations] == [1] * len(invitations)
        assert "nobody knows whether" not in daemon.log()


@pytest.fixture
def failing():
    """Of the tree with failpoints."""
    with world(sink=True, build=FAIL) as daemon:
        yield Mailing(daemon)


def arm(mailing, text):
    answer = mailing.api.session.post(f"{mailing.daemon.management_url}/failpoints", text,
                                      headers={"Content-Type": "text/plain"}, timeout=10)
    assert answer.status_code == 204, answer.text


def test_kill_9_between_250_and_the_commit_is_one_duplicate_at_most(failing):
    for point in ("store.outbox_removed.before", "store.outbox_removed.after"):
        arm(failing, f"{point}=kill")
        invitation = failing.invite()
        assert failing.daemon.process.wait(30) == -signal.SIGKILL
        assert len(failing.posted(invitation)) == 1
        failing.daemon.start()
        failing.daemon.wait_directory()
        failing.wait_empty()
        letters = failing.letters(invitation)
        assert len(letters) == (2 if point.endswith("before") else 1)
        assert all(letter.link.is_open() for letter in letters)
        assert len({letter.link.token for letter in letters}) == len(letters)
        assert letters[0].link.register().status_code == 201
        failing.wait_empty()


def test_kill_9_before_the_mail_leaves_sends_it_once(failing):
    fault = failing.sink.fault("mail", "hang")
    invitation = failing.invite()
    fault.wait()
    failing.daemon.kill()
    failing.sink.mend()
    failing.daemon.start()
    failing.daemon.wait_directory()
    assert failing.letter(invitation).link.is_open()
    failing.wait_empty()
    assert len(failing.posted(invitation)) == 1
