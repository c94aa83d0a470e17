"""A real SMTP server that keeps what it is sent: aiosmtpd with STARTTLS and AUTH, and faults in place of any of its
answers (see sink_faults.py). One loop in one thread; what a test has ordered is in force when the order returns."""

import asyncio
import atexit
import contextlib
import functools
import logging
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading

from ports import free_port
from sink_faults import Fault
from sink_session import Session, Transcript

USER, PASSWORD = "usherd", "lantern-of-the-relay-4711"
# Who presents what: a certificate of the CA for this host, one of it for another, one of nobody's.
CERTIFICATES = {"right": ("ca", "IP:127.0.0.1,DNS:localhost"), "other name": ("ca", "DNS:mail.elsewhere.example"),
                "stranger": ("other-ca", "IP:127.0.0.1,DNS:localhost")}

logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)  # faults are no news here


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


@functools.cache
def certificates():
    """(the CA's file, {name: SSLContext}) of CERTIFICATES: made once for all sinks of a process."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ush-ca-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 3)
    for authority in ("ca", "other-ca"):
        openssl("req", "-x509", *new_key, "-subj", f"/CN=sink test {authority}",
                "-keyout", folder / f"{authority}.key", "-out", folder / f"{authority}.pem")
    contexts = {}
    for name, (authority, names) in CERTIFICATES.items():
        path = folder / name.replace(" ", "-")
        path.with_suffix(".ext").write_text(f"subjectAltName={names}\n")
        openssl("req", *new_key, "-subj", "/CN=sink", "-keyout", path.with_suffix(".key"),
                "-out", path.with_suffix(".csr"))
        openssl("x509", "-req", "-in", path.with_suffix(".csr"), "-CA", folder / f"{authority}.pem",
                "-CAkey", folder / f"{authority}.key", "-CAcreateserial", "-days", 3,
                "-extfile", path.with_suffix(".ext"), "-out", path.with_suffix(".pem"))
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(path.with_suffix(".pem"), path.with_suffix(".key"))
    return folder / "ca.pem", contexts


class Sink:
    """On 127.0.0.1. `tls`: "starttls" (required), "tls" (from the first byte), or None. `user` None: nobody logs in.
    Methods are for any thread but the sink's own."""

    def __init__(self, folder, tls="starttls", user=USER, smtputf8=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = free_port()
        self.tls, self.user, self.password, self.smtputf8 = tls, user, PASSWORD, smtputf8
        self.size_limit = 10 * 1024 * 1024
        self.rate = None
        self.ca_file, self._contexts = certificates() if tls else (None, {})
        self.context = self._contexts.get("right")
        self.password_file = self.folder / "password"
        self.password_file.write_text(self.password)
        self.password_file.chmod(0o600)
        self.mails, self.transcripts, self.faults = [], [], []
        self.kept_in_silence = []  # mails whose sender was not told that they are kept
        self._changed = threading.Condition()
        # The rest belongs to the loop's thread.
        self.sessions = set()
        self._server = None
        self.loop = asyncio.new_event_loop()
        # What a connection that was cut says to its task is in the transcript.
        self.loop.set_exception_handler(lambda loop, context: None)
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.listen()

    def _order(self, function, *arguments):
        """Run it on the loop; its result, or what it raised."""
        async def run():
            result = function(*arguments)
            return await result if asyncio.iscoroutine(result) else result
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def conf(self, **changes):
        """The section [mail] of a daemon that sends here."""
        values = {"relay": f"127.0.0.1:{self.port}", "tls": self.tls or "none", "from": "usherd@meridian.example",
                  "bounce_address": "usherd@meridian.example"}
        if self.tls:
            values["ca_file"] = self.ca_file
        if self.user:
            values |= {"user": self.user, "password_file": self.password_file}
        return {**values, **changes}

    # ---- faults ----

    def fault(self, phase, action, **more):
        """Of the faults that match, the newest one decides; those that only tell never stand in its way."""
        fault = Fault(phase, action, **more)
        fault.attach(self.loop)
        self._order(self.faults.insert, 0, fault)
        return fault

    def mend(self):
        """No fault is met any longer, nothing is held, and it listens, with the right certificate and speed."""
        for fault in self._order(self._take_faults):
            fault.release()
        self.slow(None)
        if self.tls:
            self.certify("right")
        self.listen()

    def slow(self, bytes_per_second):
        """Answers come at so many bytes a second; None: as fast as they can."""
        self._order(setattr, self, "rate", bytes_per_second)

    def certify(self, name):
        """Connections from now on are shown this one of CERTIFICATES."""
        self._order(setattr, self, "context", self._contexts[name])
        if self.tls == "tls":
            self.refuse()
            self.listen()

    def refuse(self):
        """Nobody can connect, and who is connected no longer is."""
        self._order(self._refuse)

    def listen(self):
        """Undo refuse()."""
        self._order(self._listen)

    def cut(self, reset=False):
        """Close every connection."""
        self._order(self._cut, reset)

    def close(self):
        if self.loop.is_closed():
            return
        self.refuse()
        self._order(self._finish)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    # ---- what came ----

    def mails_to(self, address):
        return [mail for mail in list(self.mails) if address in mail.recipients]

    def wait_mails(self, count=1, to=None, seconds=30):
        """So many (to an address), oldest first; there may be more."""
        def come():
            found = self.mails_to(to) if to else list(self.mails)
            return found if len(found) >= count else None

        with self._changed:
            found = self._changed.wait_for(come, seconds)
        assert found, (f"{len(self.mails_to(to) if to else self.mails)} of {count} mails {f'to {to} ' if to else ''}"
                       f"came in {seconds} s:\n" + "\n".join(map(str, self.transcripts[-3:])))
        return found

    def wait_mail(self, to, seconds=30):
        """The newest to an address."""
        return self.wait_mails(1, to, seconds)[-1]

    def verbs(self):
        """How often each command was given, over all connections."""
        verbs = [verb for transcript in list(self.transcripts) for verb in transcript.verbs]
        return {verb: verbs.count(verb) for verb in sorted(set(verbs))}

    # ---- on the loop ----

    async def _listen(self):
        if self._server is None:
            self._server = await self.loop.create_server(
                functools.partial(Session, self), "127.0.0.1", self.port, backlog=1024,
                ssl=self.context if self.tls == "tls" else None)

    def _refuse(self):
        if self._server is not None:
            self._server.close()
            self._server = None
        self._cut(False)

    def _cut(self, reset):
        for session in list(self.sessions):
            session.end(reset)

    async def _finish(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_faults(self):
        faults, self.faults[:] = list(self.faults), []
        return faults

    def begin(self, session):
        self.sessions.add(session)
        self.transcripts.append(Transcript(len(self.transcripts)))
        return self.transcripts[-1]

    def finish(self, session):
        self.sessions.discard(session)

    def decide(self, phase, text, mail):
        """The fault that is met here, or None. It is taken and noted by that, and the mail kept."""
        for fault in list(self.faults):
            if fault.take(phase, text):
                if fault.keep:
                    self.kept_in_silence.append(mail)
                    self.keep(mail)
                fault.note(mail)
                if fault.action != "tell":
                    return fault
        return None

    def keep(self, mail):
        with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()


@contextlib.contextmanager
def sinking(folder, **more):
    """A sink for as long as a block runs."""
    sink = Sink(folder, **more)
    try:
        yield sink
    finally:
        sink.close()
