"""The ledger: what was asked of the daemon, and what it acknowledged. Rigs ask through it; the oracle
compares it with what is there.

Every operation of every thread goes through one Ledger. What was answered is kept as it was answered;
no answer at all (the daemon died, the connection was cut) is kept as "lost": it may have happened or not.
"""

import datetime
import secrets
import threading
import time

import requests

from accounts import Accounts
from client import Link, new_session, person
from posted import UNDER_WAY, Post

# Every password and nothing else contains this: where it turns up, a secret has leaked.
PASSWORD_MARK = "harbour-lantern"
LOST = None


def new_password():
    return f"{PASSWORD_MARK} {secrets.token_hex(8)}"


class Event:
    """One operation: when it began, what it was, and the status it was answered with (LOST: none)."""

    def __init__(self, what, status, **details):
        self.at = time.time()
        self.what, self.status, self.details = what, status, details

    def __str__(self):
        details = " ".join(f"{name}={value}" for name, value in self.details.items())
        status = "no answer" if self.status is LOST else self.status
        return f"{self.at:.3f} {self.what}: {status} {details}".rstrip()


class Registration(Event):
    def __init__(self, status, link, password, key, **details):
        super().__init__("register", status, link=link.token[:8], **details)
        self.link, self.password, self.key = link, password, key


class Invited:
    """An invitation that was acknowledged, and all that was done with it since. `began`: when it was asked for;
    `post`: where its mails arrive."""

    def __init__(self, invitation, began, post=None):
        self.id, self.uid = invitation["id"], invitation["uid"]
        self.mail, self.groups = invitation["mail"], invitation["groups"]
        self.method, self.post = invitation["method"], post
        self.expires_at = datetime.datetime.fromisoformat(invitation["expires_at"]).timestamp()
        self.links = [Link(invitation["link"])] if invitation.get("link") else []  # of answers
        self.linked_at = began  # the last of them
        self.maybe_relinked = False  # a new link was asked for and no answer came
        self.addresses = [invitation["personal_mail"]] if self.method == "email" else []
        self.asked_at = began  # the last mail that was acknowledged was asked for then
        self.must_arrive = self.method == "email"
        # All links until then were ended (when it was asked for, when it was answered), or perhaps.
        self.voided, self.maybe_voided = (0.0, 0.0), False
        self.history = [Event("invite", 201, id=self.id, uid=self.uid)]
        self.lock = threading.Lock()
        self.settled = False  # the oracle has seen its end
        self.may_be_forgotten = False  # its retention has passed

    @property
    def arrived(self):
        """[(when, Link)] by mail, oldest first."""
        return self.post.links(self.id) if self.post else []

    @property
    def link(self):
        """The newest link that was acknowledged or has arrived; None as long as there is none."""
        arrived = self.arrived
        # What was on its way when all links were ended arrives and is dead.
        if arrived and (not self.links or arrived[-1][0] > self.linked_at + UNDER_WAY):
            return arrived[-1][1]
        return self.links[-1] if self.links else None

    @property
    def candidates(self):
        """All links that may work, the newest first."""
        arrived = [(at, link) for at, link in self.arrived if at > self.voided[0]]
        acknowledged = [(self.linked_at, self.links[-1])] if self.links else []
        return [link for _, link in sorted(arrived + acknowledged, key=lambda pair: pair[0], reverse=True)]

    def void(self, began):
        """Every link until now has ended."""
        with self.lock:
            self.voided, self.maybe_voided = (began, time.time()), False

    @property
    def registrations(self):
        with self.lock:
            return [event for event in self.history if isinstance(event, Registration)]

    def note(self, event):
        with self.lock:
            self.history.append(event)
        return event.status

    def did(self, what, *statuses):
        with self.lock:
            return any(e.what == what and e.status in statuses for e in self.history)


class Ledger:
    """`api` is a client.Api of the daemon; `seconds` is how long a person waits for an answer; `sink` is where
    its mails go."""

    def __init__(self, api, seconds=30, sink=None):
        self.api, self.seconds = api, seconds
        self.post = Post(sink) if sink else None
        self.notify = None  # an address that is told of others' invitations
        self.invited, self.refused, self.lost = [], [], []  # refused, lost: mail addresses
        self.notes = []  # what happened to everybody: kills, faults
        self.accounts = Accounts(self._call)
        self._lock = threading.Lock()

    def note(self, text):
        """A fault, say: it is shown between the operations of every history."""
        with self._lock:
            self.notes.append(Event(text, "", ))

    def snapshot(self):
        """The invitations acknowledged so far."""
        with self._lock:
            return list(self.invited)

    def history(self, invited):
        with self._lock, invited.lock:
            events = sorted(invited.history + self.notes, key=lambda event: event.at)
        first = invited.history[0].at
        return [str(event) for event in events if event.at >= first]

    # ---- operations ----

    def _call(self, method, path, document=None):
        """An answer of the API, or None. Each call has a connection of its own: threads share nothing."""
        headers = {"Authorization": self.api.session.headers["Authorization"]}
        try:
            with new_session() as session:
                return session.request(method, self.api.daemon.control_url + path, json=document,
                                       headers=headers, timeout=self.seconds)
        except requests.RequestException:
            return LOST

    @staticmethod
    def _is_unknown(answer):
        """A 503 that says itself that it may have happened."""
        return answer.status_code == 503 and answer.json().get("reason") == "unknown"

    def invite(self, **changes):
        """The new Invited; None when it was refused, or when nobody answered."""
        document, began = person(self.api.daemon.slapd, **changes), time.time()
        if document["method"] == "email":
            document.setdefault("personal_mail", f"{document['family_name'].lower()}@elsewhere.example")
        answer = self._call("POST", "/api/v1/invitations", document)
        with self._lock:
            if answer is LOST or self._is_unknown(answer):
                self.lost.append(document["mail"])
            elif answer.status_code == 201:
                self.invited.append(Invited(answer.json(), began, self.post))
                return self.invited[-1]
            else:
                self.refused.append(document["mail"])
        return None

    def register(self, invited, password=None, link=None, key=None, **fields):
        """POST the form as a program does; the status, or LOST."""
        link, password = link or invited.link, password or new_password()
        headers = {"Idempotency-Key": key} if key else {}
        began = time.time()
        try:
            with new_session() as session:
                answer = session.post(link.url, json={"password": password, **fields}, headers=headers,
                                      timeout=self.seconds)
            status, reason = answer.status_code, answer.json().get("reason", "")
        except requests.RequestException:
            status, reason = LOST, ""
        event = Registration(status, link, password, key, reason=reason, end=f"{time.time():.3f}")
        event.at = began
        return invited.note(event)

    def revoke(self, invited):
        answer = self._call("DELETE", f"/api/v1/invitations/{invited.id}")
        lost = answer is LOST or self._is_unknown(answer)
        return invited.note(Event("revoke", LOST if lost else answer.status_code))

    def relink(self, invited):
        began = time.time()
        answer = self._call("POST", f"/api/v1/invitations/{invited.id}/link", {})
        if answer is LOST or self._is_unknown(answer):
            invited.maybe_relinked = invited.maybe_voided = True
            return invited.note(Event("relink", LOST))
        if answer.status_code == 200:
            invited.void(began)
            with invited.lock:
                invited.links.append(Link(answer.json()["link"]))
                invited.linked_at = time.time()
                invited.maybe_relinked = False
        return invited.note(Event("relink", answer.status_code))

    def resend(self, invited, void_links=False):
        """Ask for another mail; the older links end, or not."""
        return self._post_again(invited, "resend", "POST", "/resend", {"void_links": void_links}, void_links)

    def readdress(self, invited, address):
        """From now on its mails go there."""
        with invited.lock:
            invited.addresses.append(address)  # whatever is answered: it may have happened
        return self._post_again(invited, "readdress", "PATCH", "", {"personal_mail": address}, True)

    def extend(self, invited, seconds):
        """Another end."""
        answer = self._call("PATCH", f"/api/v1/invitations/{invited.id}", {"expires_in": seconds})
        lost = answer is LOST or self._is_unknown(answer)
        invited.expires_at = min(invited.expires_at, time.time() + seconds)  # whatever is answered
        return invited.note(Event("extend", LOST if lost else answer.status_code))

    def _post_again(self, invited, what, method, path, document, voids):
        began = time.time()
        answer = self._call(method, f"/api/v1/invitations/{invited.id}{path}", document)
        if answer is LOST or self._is_unknown(answer):
            invited.maybe_voided = invited.maybe_voided or voids
            return invited.note(Event(what, LOST))
        if answer.status_code in (200, 202):
            invited.asked_at, invited.must_arrive = began, True
            if voids:
                invited.void(began)
        return invited.note(Event(what, answer.status_code))

    def open(self, invited, link=None):
        """Look at the page's JSON twin; the (status, "status" or "reason") told, or LOST."""
        try:
            answer = (link or invited.link).get(timeout=self.seconds)
        except requests.RequestException:
            return LOST
        document = answer.json()
        return answer.status_code, document.get("reason") or document["status"]
