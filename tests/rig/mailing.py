"""A daemon, its API and the sink that its mails go to: what tests of mail do and look at."""

import contextlib
import re

from client import Api
from mails import Letter
from posted import read
from wait import wait_for
from world import world


@contextlib.contextmanager
def mailing_world(**times):
    """A daemon that sends to a sink; `times`: other timeouts than these."""
    with world(sink=True, mail={"notify": "office@meridian.example", "reply_to": "help@meridian.example",
                                "resend_interval": "0s", "connect_timeout": "30s", "reply_timeout": "30s",
                                "transfer_timeout": "120s", **times}) as daemon:
        daemon.wait_list()
        yield daemon


class Mailing:
    """`daemon.sink` is where its mails go."""

    def __init__(self, daemon):
        self.daemon, self.sink, self.slapd = daemon, daemon.sink, daemon.slapd
        if daemon.admin_token is None:
            daemon.admin_token = daemon.make_token()
        self.api = Api(daemon, daemon.admin_token)
        self._heard = len(daemon.log())

    def clear(self):
        """The relay is sound, what waits has gone, and what came is forgotten."""
        self.sink.mend()
        self.wait_empty()
        self.sink.mails.clear()
        self.sink.transcripts.clear()

    # ---- what happens to an invitation's mails ----

    def invite(self, address=None, **changes):
        return self.api.invited_by_mail(address, **changes)

    def letter(self, invitation, count=1, seconds=30):
        """The newest to its address, once so many have come."""
        return Letter(self.sink.wait_mails(count, invitation["personal_mail"], seconds)[-1].content)

    def letters(self, invitation):
        return [Letter(mail.content) for mail in self.sink.mails_to(invitation["personal_mail"])]

    def posted(self, invitation):
        return [posted for posted in map(read, list(self.sink.mails)) if posted.invitation == invitation["id"]]

    def item(self, invitation):
        """Its item of the queue, or None."""
        return next(iter(self.api.mails_of(invitation["id"])), None)

    def wait_item(self, invitation, seconds=30):
        """Its item, once it waits again after an attempt."""
        def is_back():
            item = self.item(invitation)
            return item if item and item["last"] and item["status"] == "waiting" else None

        return wait_for(is_back, "the mail is back in the queue", seconds)

    def wait_gone(self, invitation, seconds=30):
        """Until the queue has none of it, by itself."""
        wait_for(lambda: self.item(invitation) is None, "its mail has left the queue", seconds)

    def retry(self, invitation):
        item = self.item(invitation)
        answer = self.api.retry_mail(item["id"])
        assert answer.status_code in (200, 204), answer.text

    def resume(self):
        """A pause of the queue ends."""
        assert self.api.post("/api/v1/mail/retry").status_code == 204

    def wait_paused(self, seconds=30):
        """What the queue says of itself, once it is paused and nothing is under way."""
        def is_paused():
            status = self.status()
            return status if status["paused"] and not status["in_flight"] else None

        return wait_for(is_paused, "the queue is paused", seconds)

    def wait_empty(self, seconds=30):
        """Until nothing waits; whoever does is told to go at once."""
        def is_empty():
            items = [item for item in self.api.mail_queue() if item["kind"] != "reminder"]
            for item in items:
                self.api.retry_mail(item["id"])
            return not items

        wait_for(is_empty, "the queue is empty", seconds, pause=0.05)

    def wait_event(self, invitation, event, seconds=30):
        """The newest such entry of its timeline."""
        def found():
            entries = [entry for entry in self.api.show(invitation["id"])["timeline"] if entry["event"] == event]
            return entries[-1] if entries else None

        return wait_for(found, f"{event} stands in the timeline of {invitation['id']}", seconds)

    # ---- the queue as a whole ----

    def health(self):
        """The check "mail" of the daemon's health."""
        [check] = [check for check in self.daemon.health("ready")[1]["checks"] if check["name"] == "mail"]
        return check

    def wait_health(self, is_well, seconds=30):
        wait_for(lambda: (self.health()["status"] == "ok") == is_well,
                 f"mail is {'well' if is_well else 'broken'}", seconds)

    def status(self):
        answer = self.api.get("/api/v1/mail/queue?limit=1")
        assert answer.status_code == 200, answer.text
        return answer.json()["status"]

    def alarms(self):
        """Lines of level error since this was made."""
        return [line for line in self.daemon.log()[self._heard:].splitlines() if re.search(r"\blevel=error\b", line)]

    def undeliverable(self, invitation):
        """Whether the list of people says so."""
        answer = self.api.get("/api/v1/users", params={"status": "undeliverable", "limit": 200})
        assert answer.status_code == 200, answer.text
        return any(user["id"] == invitation["id"] for user in answer.json()["items"])
