"""The model: one invitation as an outsider can know it, and what every request must answer.

A Life is one thing that may be true of an invitation. What is not known yet (a daemon was killed in the
middle of a registration) is a set of Lives; whatever is seen next leaves fewer of them. Nothing here asks
anybody anything: the rules of doc and design once more, on top of the one table of transitions.
"""

import dataclasses
from typing import NamedTuple

from transitions import TABLE

ENDED_KNOWN = 16  # replaced links that are still told "revoked"; older ones are unknown
CREATED_GRACE = 24 * 3600
FOLLOW = 3600  # a registration that was answered "in progress" is told as done so long
RELEASE_GRACE = 60  # the names of a finished invitation are held so long
LIVE_MAX = 5  # links that work at once
# What mails do to links, as often as it takes: it is in the audit trail alone, and changes no state.
QUIET = ("link_mailed", "link_withdrawn")

# What a form may be. `policy`: the daemon takes the password, the directory's policy does not.
GOOD, POLICY, WEAK, FIXED, FORBIDDEN, UNKNOWN = "good", "policy", "weak", "fixed", "forbidden", "unknown"
BODIES = (GOOD, POLICY, WEAK, FIXED, FORBIDDEN, UNKNOWN)


class Answer(NamedTuple):
    """A status and the word that goes with it: a reason, a view's status, a field error's code."""
    status: int
    word: str = ""


DONE, PROGRESS = Answer(201, "done"), Answer(202, "in_progress")
UNAVAILABLE, CONFLICT, TAKEN = Answer(503), Answer(409), Answer(409)
NOT_FOUND = Answer(404)
USED, EXPIRED, REVOKED = Answer(410, "used"), Answer(410, "expired"), Answer(410, "revoked")
GONE = {"done": USED, "expired": EXPIRED, "revoked": REVOKED}


class Facts(NamedTuple):
    """The world at the moment of a request. `directory`: there, away, or (None) too slow for the daemon
    without anybody's doing. `quiet`: whether nothing that an earlier process sent can
    still be on its way (None: perhaps). `started`: when the daemon's process was, by its own clock."""
    now: float
    directory: bool | None
    process: int = 0
    quiet: bool | None = None
    started: float = 0.0


class Attempt(NamedTuple):
    """A registration that was answered "in progress" and goes on in the daemon's memory."""
    key: str | None
    password: str
    body: str


@dataclasses.dataclass(frozen=True)
class Life:
    id: str
    uid_fixed: bool
    expires_at: float
    live: str | None  # the token of the newest link that works; None: nobody knows it
    more: tuple = ()  # older ones that work too, the oldest first: each mail brings one
    ended: tuple = ()  # tokens that did, the last one last
    timeline: tuple = (TABLE.issue,)  # without QUIET
    by_mail: bool = False
    undeliverable: bool = False
    claimed_at: float = 0.0
    done_at: float = 0.0
    claimed_in: int = 0  # number of the daemon's process
    key: str | None = None  # of the last claim
    entry: bool = False  # an entry of ours stands in the directory
    password: str | None = None  # signs in
    finished_with: str | None = None  # the password, while the process that finished it runs
    attempt: Attempt | None = None
    told_later: bool = False  # finished after "in progress"
    late: bool = False  # something sent by a dead process may still be carried out
    foreign: frozenset = frozenset()  # what somebody else has: "uid" (elsewhere), "dn", "mail"

    # ---- what it is ----

    @property
    def state(self):
        return TABLE.replay(self.timeline).state

    @property
    def end(self):
        if self.state == "created":
            return max(self.expires_at, self.claimed_at + CREATED_GRACE)
        return self.expires_at

    def seen(self, now):
        """The state as it is told: past its end it is expired, whether or not that is stored; but not
        while a registration is being carried out."""
        waits = self.state in ("pending", "created") and self.attempt is None
        return "expired" if waits and now >= self.end else self.state

    def follows(self, now):
        """Whether everybody is told that it is done. A moment that is not known yet was just now."""
        return self.told_later and (not self.done_at or now - self.done_at < FOLLOW)

    def holds_names(self, now):
        """Finished, and nobody else can have its names yet."""
        return self.state == "done" and (not self.done_at or now - self.done_at < RELEASE_GRACE)

    @property
    def is_final(self):
        return self.state in TABLE.final

    @property
    def is_settled(self):
        return self.attempt is None and self.state != "claimed"

    # ---- what happens to it ----

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def then(self, event, **changes):
        """One event later. The table must have the row: the model itself may not invent one."""
        assert (self.state, event) in TABLE.rows, f"the model wants {event} of {self.state}"
        after = self.but(timeline=self.timeline + (event,), **changes)
        return after.without_live() if after.is_final else after

    def works(self, token):
        return token is not None and (token == self.live or token in self.more)

    @property
    def working(self):
        """All links that work, the oldest first."""
        return self.more + ((self.live,) if self.live else ())

    def without_live(self):
        if not self.working:
            return self
        return self.but(live=None, more=(), ended=(self.ended + self.working)[-ENDED_KNOWN:])

    def mailed(self, token):
        """A mail with it left, or may have."""
        working = self.working + (token,)
        ended = self.ended + working[:-LIVE_MAX]
        return self.but(live=token, more=working[-LIVE_MAX:-1], ended=ended[-ENDED_KNOWN:])

    def relinked(self, token):
        return self.without_live().then("link_renewed", live=token)

    def killed(self):
        """The daemon's memory is gone: what it was doing is left to the resolver."""
        return self.but(attempt=None, finished_with=None)


# ---- what it does by itself ----

def _steps(life, now):
    """What may become of it without anybody's doing."""
    attempt = life.attempt
    if life.seen(now) == "expired":
        yield written_down(life)  # the sweeper, whenever it comes
    if attempt:
        yield from _attempt_steps(life, attempt)
    elif life.state == "claimed":
        yield life.then("entry_created") if life.entry else life.then("released")
    if life.late and not life.entry and "dn" not in life.foreign:
        yield life.but(entry=True)


def _attempt_steps(life, attempt):
    if not life.entry:
        if "dn" in life.foreign:
            yield life.then("released", attempt=None) if life.state == "claimed" else life.but(attempt=None)
        else:
            yield life.but(entry=True)
    elif attempt.body == POLICY:
        yield life.then("entry_created", attempt=None) if life.state == "claimed" else life.but(attempt=None)
    elif life.password != attempt.password:
        yield life.but(password=attempt.password)
    else:
        yield life.then("finished", attempt=None, told_later=True, finished_with=attempt.password)


def closure(lives, now):
    """These and all that they may have become by now."""
    found, new = set(lives), list(lives)
    while new:
        fresh = {after for life in new for after in _steps(life, now)} - found
        found |= fresh
        new = list(fresh)
    return found


# ---- looking ----

def _is_overdue(life, now):
    """A day passed under a registration that is carried out: until it is, its end may be told too."""
    return life.attempt is not None and life.killed().seen(now) == "expired"


def views(life, facts, token, key=None):
    """All that GET of a link may tell; it changes nothing."""
    found = [_view(life, facts, token, key)]
    return found + [EXPIRED] if found[0] != NOT_FOUND and _is_overdue(life, facts.now) else found


def _view(life, facts, token, key):
    if not life.works(token) and token not in life.ended:
        return NOT_FOUND
    seen = life.seen(facts.now)
    if seen == "done":
        told = life.follows(facts.now) or (key and key == life.key)
        return Answer(200, "done") if told else USED
    if seen in GONE:
        return GONE[seen]
    if not life.works(token):
        return REVOKED
    if seen == "claimed" or life.attempt:
        return Answer(200, "in_progress")
    return Answer(200, "pending")


def shown(life, now):
    """What an administrator may be shown: what is carried out is in memory only, and not told here."""
    seen = {life.seen(now), life.killed().seen(now)}
    open_one = "undeliverable" if life.undeliverable else "pending"
    words = {"claimed": "in_progress", "created": "in_progress", "pending": open_one}
    return {words.get(one, one) for one in seen}


# ---- administering: [(answer, life afterwards)] ----

def written_down(life):
    """Who was told that it is past its end can rely on it: no clock revives it."""
    return life if life.is_final else life.then("expired")


def _administer(life, facts):
    """A refusal, or None."""
    seen = life.seen(facts.now)
    if life.attempt or seen == "claimed":
        return [(CONFLICT, life)]
    if seen == "expired":
        return [(EXPIRED, written_down(life))]
    return [(GONE[seen], life)] if seen in GONE else None


def relink(life, facts, token):
    return _administer(life, facts) or [(Answer(200), life.relinked(token))]


def revoke(life, facts):
    if life.state == "revoked":
        return [(Answer(204), life)]
    return _administer(life, facts) or [(Answer(204), life.then("revoked"))]


NO_MAIL = Answer(422)  # of an invitation whose link is handed over


def resend(life, facts, void):
    """The mail itself is another matter: see mailed()."""
    found = _administer(life, facts)
    if found:
        return found
    if not life.by_mail:
        return [(NO_MAIL, life)]
    after = life.without_live() if void else life
    return [(Answer(200), after.then("resent", undeliverable=False))]


def readdress(life, facts):
    return _administer(life, facts) or [
        (Answer(200), life.without_live().then("address_changed", by_mail=True, undeliverable=False))]


def extend(life, facts, seconds):
    return _administer(life, facts) or [(Answer(200), life.then("end_changed", expires_at=facts.now + seconds))]


def undelivered(life):
    """A mail system refused its address for good."""
    return life if life.undeliverable or life.state not in ("pending", "created") \
        else life.then("undeliverable", undeliverable=True)


def clash(life, facts):
    """An invitation of somebody with the same mail address."""
    if life.entry or "mail" in life.foreign:
        return [(Answer(409, "taken"), life)]
    if life.seen(facts.now) in TABLE.final and not life.holds_names(facts.now):
        return [(Answer(201), written_down(life))]
    return [(Answer(409, "taken"), life)]


# ---- registering ----

class Form(NamedTuple):
    """What is posted, and with which link. `key`: Idempotency-Key or the page's own attempt id."""
    token: str
    body: str
    password: str
    key: str | None = None
    is_page: bool = False  # a page tells of a bad form only where there is a form


def _clashes(life):
    """Whether the names are asked about: an entry of ours may have them."""
    return frozenset() if life.entry else life.foreign


def stages(life, facts, form):
    """From a form that is fine to its end: the lives it passes, and the answer."""
    passed = [life]
    foreign = _clashes(life)
    if "mail" in foreign:
        return passed, TAKEN
    if foreign:
        if life.uid_fixed or life.state == "created":
            return passed, TAKEN
        passed.append(life.then("renamed", foreign=life.foreign - {"uid", "dn"}))
    passed.append(passed[-1].then("claimed", key=form.key, claimed_in=facts.process,
                                  claimed_at=facts.now))
    passed.append(passed[-1].but(entry=True))
    if form.body == POLICY:
        if passed[-1].state == "claimed":
            passed.append(passed[-1].then("entry_created"))
        return passed, Answer(422, "refused")
    passed.append(passed[-1].but(password=form.password))
    passed.append(passed[-1].then("finished", told_later=False, finished_with=form.password))
    return passed, DONE


def refused(life, facts, form):
    """[(answer, life)] when the form never comes to be carried out, else None."""
    found = _refused(life, facts, form)
    if found and found[0][0] in (PROGRESS, USED, REVOKED) and _is_overdue(life, facts.now):
        found = found + [(EXPIRED, life)]
    return found


def _refused(life, facts, form):
    # What no form has is refused before anybody looks at the link.
    if form.body == UNKNOWN:
        return [(Answer(400, "unknown"), life)]
    if form.body == FORBIDDEN:
        return [(Answer(422, "not_allowed"), life)]
    is_live = life.works(form.token)
    if not is_live and form.token not in life.ended:
        return [(NOT_FOUND, life)]
    seen = life.seen(facts.now)
    if seen == "done":
        same = form.key and (form.key, form.password) == (life.key, life.finished_with)
        return [(DONE if same else USED, life)]
    if seen == "expired":
        return [(EXPIRED, written_down(life))]
    if seen == "revoked" or not is_live:
        return [(REVOKED, life)]
    if life.attempt:
        same = form.key and (form.key, form.password) == life.attempt[:2]
        return [(PROGRESS if same else USED, life)]
    if seen == "claimed":
        return [(UNAVAILABLE, life)]
    if form.body == FIXED:
        return [(Answer(422, "not_allowed"), life)]
    return None


def _is_foreign_claim(life, facts):
    """Whether the daemon can know that another process claimed it. It has but the wall clock to tell by:
    one that was set back and forth around its start hides it."""
    return life.claimed_in < facts.process and not facts.started - 1 < life.claimed_at <= facts.now


def register(life, facts, form):
    """All that posting this form may answer, each with the life afterwards."""
    found = refused(life, facts, form)
    if found is not None:
        return found
    found = []
    if life.state == "created" and facts.quiet is not True:
        # The password of an earlier process may be on its way.
        found.append((UNAVAILABLE, life))
        if facts.quiet is False and _is_foreign_claim(life, facts):
            return found
    if form.body == WEAK:
        return found + [(Answer(422, "too_short"), life)]
    if not facts.directory:
        found.append((UNAVAILABLE, life))
    if facts.directory is None:
        found += [(PROGRESS, after) for after in deferred(life, facts, form)]
    if facts.directory is not False:
        passed, answer = stages(life, facts, form)
        found.append((answer, passed[-1]))
    return found


def interrupted(life, facts, form):
    """All that it may be when the daemon died meanwhile, whatever was answered or was not."""
    if refused(life, facts, form) is not None or form.body == WEAK:
        return [after.killed() for _, after in register(life, facts, form)] + [life.killed()]
    return [after.killed() for after in stages(life, facts, form)[0]]


def deferred(life, facts, form):
    """All that it may be when the directory went away in the middle and "in progress" was answered."""
    attempt = Attempt(form.key, form.password, form.body)
    passed, _ = stages(life, facts, form)
    return [after.but(attempt=attempt) for after in passed
            if len(after.timeline) > len(life.timeline) and after.timeline[-1] == "claimed"]
