"""The SMTP sink by itself, with smtplib: it keeps what it takes, says what was said, and meets each fault where told."""

import concurrent.futures
import smtplib
import ssl
import time

import pytest

from client import in_background
from sink import PASSWORD, USER, sinking
from wait import wait_for

SENDER, RECIPIENT = "usherd@meridian.example", "robin@elsewhere.example"
TEXT = "Subject: hello\r\n\r\nfirst\r\n.\r\n..dots\r\nlast\r\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with sinking(tmp_path_factory.mktemp("sink")) as sink:
        yield sink


@pytest.fixture
def sink(shared):
    shared.mend()
    shared.cut()
    wait_for(lambda: not shared.sessions, "nobody is connected")
    shared.mails.clear()
    shared.transcripts.clear()
    return shared


def trusting(sink):
    return ssl.create_default_context(cafile=sink.ca_file)


def connect(sink, timeout=30):
    client = smtplib.SMTP(timeout=timeout)
    client._host = "127.0.0.1"  # pylint: disable=protected-access # what a certificate is held against
    code, text = client.connect("127.0.0.1", sink.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, text)
    return client


def signed_in(sink):
    client = connect(sink)
    client.starttls(context=trusting(sink))
    client.login(USER, PASSWORD)
    return client


def send(sink, recipients=RECIPIENT, text=TEXT):
    client = signed_in(sink)
    client.sendmail(SENDER, recipients, text)
    client.quit()


def test_a_mail_is_kept_as_it_was_sent_and_the_transcript_tells_how(sink):
    began = time.time()
    send(sink)
    mail = sink.wait_mail(RECIPIENT)
    assert (mail.sender, mail.recipient, mail.content) == (SENDER, RECIPIENT, TEXT.encode())
    assert began <= mail.at <= time.time()
    transcript = mail.transcript
    wait_for(lambda: transcript.ended, "the connection has ended")
    assert transcript.verbs == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert [line.split(" ")[0] for line in transcript.clear] == ["ehlo", "STARTTLS"]
    assert transcript.login == USER
    assert not transcript.errors
    assert "250 2.0.0 kept as 1" in str(transcript)
    assert sink.verbs() == {"AUTH": 1, "DATA": 1, "EHLO": 2, "MAIL": 1, "QUIT": 1, "RCPT": 1, "STARTTLS": 1}


def test_a_line_that_looks_like_a_command_within_a_mail_is_none_and_one_behind_it_is(sink):
    client = signed_in(sink)
    client.sendmail(SENDER, RECIPIENT, "Subject: a\r\n\r\nRCPT TO:<no@one.example>\r\n")
    client.mail(SENDER)
    client.send(f"RCPT TO:<{RECIPIENT}>\r\nRCPT TO:<second@elsewhere.example>\r\n")
    client.close()
    wait_for(lambda: sink.transcripts[0].ended, "the connection has ended")
    assert sink.transcripts[0].verbs.count("RCPT") == 3
    assert sink.transcripts[0].verbs.count("DATA") == 1


def test_nothing_is_sent_without_tls_and_without_login(sink):
    client = connect(sink)
    client.ehlo()
    assert client.mail(SENDER)[0] == 530
    client.starttls(context=trusting(sink))
    client.ehlo()
    assert client.mail(SENDER)[0] == 530
    with pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(USER, "a wrong one")
    assert not sink.mails


@pytest.mark.parametrize("certificate", ["other name", "stranger"])
def test_a_wrong_certificate_is_presented_until_it_is_mended(sink, certificate):
    sink.certify(certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        signed_in(sink)
    wait_for(lambda: sink.transcripts[0].ended, "the connection has ended")
    sink.mend()
    send(sink)
    assert len(sink.mails) == 1


def test_tls_from_the_first_byte_and_no_tls_at_all(folder):
    with sinking(folder / "tls", tls="tls") as sink:
        with smtplib.SMTP_SSL("127.0.0.1", sink.port, timeout=30, context=trusting(sink)) as client:
            client.login(USER, PASSWORD)
            client.sendmail(SENDER, RECIPIENT, TEXT)
        assert sink.mails[0].transcript.clear == []
        sink.certify("stranger")
        with pytest.raises(ssl.SSLCertVerificationError):
            smtplib.SMTP_SSL("127.0.0.1", sink.port, timeout=30, context=trusting(sink))
    with sinking(folder / "clear", tls=None, user=None) as sink:
        with connect(sink) as client:
            client.sendmail(SENDER, RECIPIENT, TEXT)
        assert len(sink.mails) == 1


# Where smtplib meets the reply that it raises or returns.
def step(client, sink, phase):
    steps = {
        "ehlo": client.ehlo,
        "starttls": lambda: client.docmd("STARTTLS"),
        "auth": lambda: client.docmd("AUTH", "PLAIN AGEAYg=="),
        "mail": lambda: client.mail(SENDER),
        "rcpt": lambda: client.rcpt(RECIPIENT),
        "data": lambda: client.docmd("DATA"),
        "end": lambda: client.data(TEXT),
        "rset": client.rset,
        "quit": lambda: client.docmd("QUIT"),
    }
    order = ["ehlo", "mail", "rcpt"] if phase in ("data", "end") else ["ehlo", "mail"] if phase == "rcpt" else []
    for before in order:
        code, _ = steps[before]()
        assert code == 250, before
    return steps[phase]()[0]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Without TLS and login in the way of each phase."""
    with sinking(tmp_path_factory.mktemp("plain"), tls=None, user=None) as sink:
        yield sink


PHASES = ("banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "end", "rset", "quit")


@pytest.mark.parametrize("phase", PHASES)
def test_a_reply_stands_in_place_of_the_true_one_once(plain, phase):
    plain.mend()
    plain.mails.clear()
    for reply in ("450 4.2.0 later", "554 5.7.1 never"):
        fault = plain.fault(phase, reply)
        if phase == "banner":
            with pytest.raises(smtplib.SMTPConnectError) as refused:
                connect(plain)
            assert refused.value.smtp_code == int(reply[:3])
        else:
            assert step(connect(plain), plain, phase) == int(reply[:3])
        assert fault.fired == 1
        assert not plain.mails
    client = connect(plain)
    client.sendmail(SENDER, RECIPIENT, TEXT)
    assert len(plain.mails) == 1
    client.close()


@pytest.mark.parametrize("action", ["drop", "reset", "hang"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_connection_ends_or_hangs_where_told(plain, phase, action):
    plain.mend()
    plain.mails.clear()
    fault = plain.fault(phase, action)
    answer = in_background(lambda: step(connect(plain), plain, phase))
    if action == "hang":
        fault.wait()
        with pytest.raises(concurrent.futures.TimeoutError):  # that nothing comes can only be waited for
            answer(0.2)
        fault.release()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        answer()
    assert fault.fired == 1
    assert not plain.mails


@pytest.mark.parametrize("action", ["drop", "hang"])
def test_a_mail_can_be_kept_although_nobody_is_told(sink, action):
    fault = sink.fault("end", action, keep=True)
    answer = in_background(send, sink)
    fault.wait()
    assert [mail.content for mail in sink.mails] == [TEXT.encode()]
    assert [mail.content for mail in fault.mails] == [TEXT.encode()]
    fault.release()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        answer()


def test_what_hangs_goes_on_when_it_is_released_and_a_delay_ends_by_itself(sink):
    fault = sink.fault("end", "delay")
    sent = in_background(send, sink)
    fault.wait()
    assert not sink.mails
    fault.release()
    sent()
    assert len(sink.mails) == 1
    sink.fault("rcpt", "delay", seconds=0.3)
    began = time.monotonic()
    send(sink)
    assert time.monotonic() - began >= 0.3


def test_faults_are_met_by_address_by_number_and_as_often_as_told(sink):
    told = sink.fault("rcpt", "tell", times=None)
    named = sink.fault("rcpt", "550 5.1.1 who", containing="nobody@", times=None)
    second = sink.fault("end", "451 4.3.0 later", nth=2, times=1)
    client = signed_in(sink)
    for address, expected in (("nobody@elsewhere.example", 550), (RECIPIENT, 250), ("nobody@x.example", 550),
                              (RECIPIENT, 451), (RECIPIENT, 250)):
        client.mail(SENDER)
        code, _ = client.rcpt(address)
        if code == 250:
            code, _ = client.data(TEXT)
        client.rset()
        assert code == expected, address
    # Who only tells and is older is not asked where another decides.
    assert (named.fired, second.fired, told.fired, len(sink.mails)) == (2, 1, 3, 2)


def test_421_ends_the_connection(sink):
    sink.fault("mail", "421 4.3.2 closing")
    client = signed_in(sink)
    assert client.mail(SENDER)[0] == 421
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.mail(SENDER)


def test_refuse_lets_nobody_in_until_it_listens_again(sink):
    client = signed_in(sink)
    sink.refuse()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.mail(SENDER)
    with pytest.raises(ConnectionRefusedError):
        connect(sink)
    sink.listen()
    send(sink)
    assert len(sink.mails) == 1


def test_slow_is_so_many_bytes_a_second(sink):
    sink.slow(100)
    began = time.monotonic()
    connect(sink)
    assert time.monotonic() - began > 0.2
    sink.mend()
    send(sink)
    assert len(sink.mails) == 1
