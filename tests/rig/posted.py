"""What the sink was sent, by invitation, and whether that is what I5 promises: at least once, and twice only where
nobody could know whether the first had arrived.

A mail names its invitation, the item of the queue and the attempt in its Message-ID. Mails of one item after the
first are duplicates. Each must have a cause that lies between the two: the sink kept the first and did not say
so, the daemon died, or a rig cut the dialogue and says so (Post.unknown).
"""

import re
import threading
import time
from typing import NamedTuple

from mails import Letter

MESSAGE_ID = re.compile(r"<([0-9a-f-]{36})\.([0-9a-f-]{36})\.(\d+)\.[a-z2-7]{16}@[^<>@\s]+>")
LINKS_SURE = 4  # of the newest that work: a fifth may have given way to one whose mail was deferred
# A link that was made before all links were ended and arrived after it: how long it may have been under way.
UNDER_WAY = 5.0


class Posted(NamedTuple):
    """A mail of the sink, read."""
    mail: object
    letter: Letter
    invitation: str
    item: str
    attempt: int

    @property
    def at(self):
        return self.mail.at

    @property
    def link(self):
        return self.letter.links[0] if self.letter.links else None


def read(mail):
    letter = Letter(mail.content)
    found = MESSAGE_ID.fullmatch(letter.header("Message-ID") or "")
    return Posted(mail, letter, *found.groups()[:2], int(found[3])) if found else Posted(mail, letter, None, None, 0)


class Post:
    """Reads each mail of a sink once."""

    def __init__(self, sink):
        self.sink = sink
        self.strays = []  # mails of no invitation
        self._mails, self._count = {}, 0
        self._unknown = []  # (time, address) of what a rig did to the dialogue of a mail
        self._lock = threading.Lock()

    def unknown(self, address=None):
        """Just now the dialogue of a mail (None: of any) was cut, or its commit got no answer: what became of it
        nobody knows."""
        with self._lock:
            self._unknown.append((time.time(), address))

    def of(self, invitation):
        """[Posted] of an invitation so far, oldest first."""
        with self._lock:
            for mail in self.sink.mails[self._count:]:
                posted = read(mail)
                self._count += 1
                (self._mails.setdefault(posted.invitation, []) if posted.invitation else self.strays).append(posted)
            return list(self._mails.get(invitation, ()))

    def links(self, invitation):
        """[(when, Link)] that arrived, oldest first."""
        return [(posted.at, posted.link) for posted in self.of(invitation) if posted.link]

    def is_excused(self, first, second, deaths):
        """Whether something between two mails of one item made it right to send the second."""
        if any(first.mail is mail for mail in self.sink.kept_in_silence):
            return True
        if any(first.at <= at <= second.at for at in deaths):
            return True
        with self._lock:
            address = first.mail.recipient
            return any(first.at - UNDER_WAY <= at <= second.at and of in (None, address) for at, of in self._unknown)


def breaches(ledger, store, deaths):
    """[(invariant, text, invited)] of all invitations by mail."""
    found = []
    for invited in ledger.snapshot():
        if invited.method == "email":
            found += [(*breach, invited) for breach in _of_one(ledger, invited, store, deaths)]
    return found


def _of_one(ledger, invited, store, deaths):
    posted = ledger.post.of(invited.id)
    by_item = {}
    for one in posted:
        by_item.setdefault(one.item, []).append(one)
    for item, sent in by_item.items():
        for first, second in zip(sent, sent[1:]):
            if not ledger.post.is_excused(first, second, deaths):
                yield "I5", f"{invited.id}: attempts {first.attempt} and {second.attempt} of {item} both arrived, and " \
                    "nothing had happened to the first"
    tokens = [link.token for _, link in ledger.post.links(invited.id)]
    if len(set(tokens)) != len(tokens):
        yield "I5", f"{invited.id}: two mails have the same link"
    if invited.must_arrive and not any(at >= invited.asked_at for at, _ in ledger.post.links(invited.id)) \
            and not _has_ended(invited, store):
        yield "I5", f"{invited.id}: its mail was acknowledged and never came"
    for one in posted:
        if one.mail.recipient not in (*invited.addresses, ledger.notify):
            yield "I5", f"{invited.id}: a mail went to {one.mail.recipient}, not to {invited.addresses}"


def _has_ended(invited, store):
    """Registered, taken back or past its end: nobody is told of a link that does not work."""
    item = store.invitations.get(invited.id)
    return item is None or item.value["state"] in ("done", "revoked", "expired")
