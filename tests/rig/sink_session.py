"""One connection to the SMTP sink: what was said on it, and the faults that stand in place of an answer."""

import asyncio
import socket
import struct
import time
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult

RESET = struct.pack("ii", 1, 0)
IDLE_SECONDS = 900  # longer than any client waits
END_OF_DATA = b"\r\n.\r\n"


class Mail(NamedTuple):
    """One that came to the end of its data."""
    at: float
    sender: str  # of the envelope, as the two that follow
    recipients: list
    content: bytes
    transcript: object
    number: int  # within its connection

    @property
    def recipient(self):
        [one] = self.recipients
        return one


class Line(NamedTuple):
    at: float
    is_client: bool
    is_secure: bool
    text: str  # of the data of a mail: "(N bytes)"; of what answers a challenge: "(credentials)"

    def __str__(self):
        return f"{'C' if self.is_client else 'S'}{'' if self.is_secure else '(clear)'}: {self.text}"


class Transcript:
    """All lines of a connection, in order, in both directions."""

    def __init__(self, number):
        self.number, self.began, self.ended = number, time.time(), None
        self.lines = []
        self.login = None
        self.errors = []  # TLS that failed, say
        self.mails = 0
        self._pending, self._is_data = b"", False

    def hear(self, data, is_secure):
        """Bytes from the client."""
        self._pending += data
        while True:
            found = self._data() if self._is_data else self._command()
            if found is None:
                return
            self.lines.append(Line(time.time(), True, is_secure, found))

    def _command(self):
        line, end, rest = self._pending.partition(b"\n")
        if not end:
            return None
        self._pending = rest
        if self.lines and not self.lines[-1].is_client and self.lines[-1].text.startswith("334"):
            return "(credentials)"
        return line.rstrip(b"\r").decode("utf-8", "backslashreplace")

    def _data(self):
        # The end of the line before it was the end of the command.
        at = 0 if self._pending.startswith(END_OF_DATA[2:]) else self._pending.find(END_OF_DATA)
        if at < 0:
            return None
        end = 3 if at == 0 else at + len(END_OF_DATA)
        self._pending, self._is_data = self._pending[end:], False
        return f"({end} bytes)"

    def say(self, text, is_secure):
        self.lines.append(Line(time.time(), False, is_secure, text))
        self._is_data = text.startswith("354")

    @property
    def commands(self):
        """The client's lines but the data of mails and credentials."""
        return [line.text for line in self.lines if line.is_client and not line.text.startswith("(")]

    @property
    def verbs(self):
        return [command.split(" ")[0].upper() for command in self.commands]

    @property
    def clear(self):
        """What the client said without TLS."""
        return [line.text for line in self.lines if line.is_client and not line.is_secure]

    def __str__(self):
        return "\n".join([f"connection {self.number}", *map(str, self.lines), *self.errors])


class Session(SMTP):
    """aiosmtpd's server side, and the sink's faults before each of its steps."""

    def __init__(self, sink):
        self.sink, self.transcript = sink, None
        super().__init__(
            self, data_size_limit=sink.size_limit, enable_SMTPUTF8=sink.smtputf8, hostname="sink.example", ident="sink",
            tls_context=sink.context if sink.tls == "starttls" else None,
            require_starttls=sink.tls == "starttls",
            auth_require_tls=sink.tls == "starttls", authenticator=self._login, loop=sink.loop, timeout=IDLE_SECONDS)
        self._is_implicit = sink.tls == "tls"
        # Its constructor would warn: it sees no TLS where that begins with the first byte.
        self._auth_required = bool(sink.user)

    # ---- the connection ----

    @property
    def is_secure(self):
        return self._is_implicit or self._tls_protocol is not None

    def connection_made(self, transport):
        if self.transcript is None:
            self.transcript = self.sink.begin(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        if self.transcript.ended is None:
            self.transcript.ended = time.time()
            self.sink.finish(self)
            super().connection_lost(error)

    def data_received(self, data):
        self.transcript.hear(data, self.is_secure)
        super().data_received(data)

    async def push(self, status):
        text = status if isinstance(status, str) else status.decode("ascii", "backslashreplace")
        self.transcript.say(text, self.is_secure)
        if not self.sink.rate:
            await super().push(status)
        else:
            for byte in text.encode() + b"\r\n":
                self._writer.write(bytes([byte]))
                await asyncio.sleep(1 / self.sink.rate)
        if text.startswith("421"):
            self.transport.close()

    def end(self, reset=False):
        """Close without a word, not even TLS's."""
        transport = self._original_transport or self.transport
        if transport is None or transport.is_closing():
            return
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()

    # ---- faults ----

    async def _meet(self, phase, text="", mail=None):
        """None: the true answer is to follow. Else the reply to give; or the connection ends here."""
        fault = self.sink.decide(phase, text or "", mail)
        if fault is None:
            return None
        if fault.is_reply:
            return fault.action
        if fault.action in ("hang", "delay"):
            await fault.until_due()
        if fault.action == "delay":
            return None
        self.end(fault.action == "reset")
        raise asyncio.CancelledError

    async def _unless(self, phase, method, argument):
        reply = await self._meet(phase, argument)
        await (method(argument) if reply is None else self.push(reply))

    async def _handle_client(self):
        reply = await self._meet("banner")
        if reply is None:
            await super()._handle_client()
        else:
            await self.push(reply)
            self.transport.close()

    async def smtp_EHLO(self, hostname):
        await self._unless("ehlo", super().smtp_EHLO, hostname)

    async def smtp_STARTTLS(self, arg):
        await self._unless("starttls", super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg):
        await self._unless("auth", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg):
        await self._unless("mail", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg):
        await self._unless("rcpt", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg):
        await self._unless("data", super().smtp_DATA, arg)

    async def smtp_RSET(self, arg):
        await self._unless("rset", super().smtp_RSET, arg)

    async def smtp_QUIT(self, arg):
        await self._unless("quit", super().smtp_QUIT, arg)

    # ---- what the server asks its handler: itself ----

    async def handle_DATA(self, _server, _session, envelope):
        self.transcript.mails += 1
        mail = Mail(time.time(), envelope.mail_from, envelope.rcpt_tos, bytes(envelope.original_content),
                    self.transcript, self.transcript.mails)
        reply = await self._meet("end", " ".join([mail.sender, *mail.recipients]), mail)
        if reply is None:
            self.sink.keep(mail)
            reply = f"250 2.0.0 kept as {len(self.sink.mails)}"
        return reply

    async def handle_exception(self, error):
        self.transcript.errors.append(repr(error))
        return f"451 4.3.0 {type(error).__name__}"

    def _login(self, _server, _session, _envelope, _mechanism, data):
        login = data.login.decode(), data.password.decode()
        if login == (self.sink.user, self.sink.password):
            self.transcript.login = login[0]
            return AuthResult(success=True, auth_data=data)
        return AuthResult(success=False, handled=False)
