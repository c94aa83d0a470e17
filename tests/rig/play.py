"""Carries the events of a sequence out: on the daemon, on its directory, and behind its back."""

import concurrent.futures
import time

import requests

import life as model
from client import Browser, Link, new_session, person, unique_word
from life import Form, Life
from mails import Letter
from proxy import PASSWORD_MODIFY, WHO_AM_I_REPLY
from wait import wait_for
from watch import UNKNOWN_TOKEN, Mismatch, Slot, Watch, answer_of, seconds_of

BACK_SECONDS = 5  # I9
MOMENTS = {
    "ask": ("search request", {}),
    "add": ("add request", {}),
    "added": ("add reply", {}),
    "password": ("extended request", {"containing": PASSWORD_MODIFY}),
    "password set": ("extended reply", {"lacking": WHO_AM_I_REPLY}),
}


class Play(Watch):
    """A world that events happen to."""

    # ---- the directory and the daemon ----

    def take_directory_away(self, how):
        if self.away:
            return
        self.faults += 1
        self.away = how
        if how == "refused":
            self.proxy.refuse()
        else:
            self.slapd.pause()

    def bring_directory_back(self):
        if self.away == "refused":
            self.proxy.listen()
        elif self.away == "paused":
            self.slapd.resume()
        self.away = None
        self.daemon.wait_directory(seconds=BACK_SECONDS)
        self.listen()
        self.doubt = False

    def restart(self, kill):
        """The daemon again, with an empty memory."""
        self.faults += kill
        if kill:
            self.daemon.kill()
        elif self.daemon.stop() != 0:
            raise Mismatch("the daemon did not end cleanly")
        self.start()

    def start(self):
        self.process += 1
        for slot in self.slots:
            slot.lives = {
                life.killed().but(late=life.late or (self.away == "paused" and life.attempt is not None))
                for life in self.closure(slot)}
        self.doubt = False
        self.spawned, self.started = time.monotonic(), self.clock.now()
        self.daemon.start()
        self.ready = time.monotonic()
        if self.away is None:
            self.daemon.wait_directory(seconds=BACK_SECONDS)
        for slot in self.slots:
            if not slot.is_settled:
                self.observe(slot)

    def finish(self):
        """The end of a sequence: the world is whole, everything settles, and all of it is looked at."""
        self.bring_directory_back()
        self.settle()
        for slot in self.slots:
            self.observe(slot)
            for token in (*slot.any.ended, *slot.any.working, UNKNOWN_TOKEN):
                self.observe_link(slot, token)
            self.check_password(slot)
        self.check_list()
        self.check_audit()

    # ---- mails ----

    def take_relay(self, trouble, address):
        """The next mail to the address meets this; the fault, or None."""
        sink = self.world.sink
        if trouble == "away":
            sink.refuse()
        what = {"deferred": ("rcpt", "450 4.2.0 later"), "refused": ("rcpt", "550 5.1.1 never"),
                "silent": ("end", "drop")}.get(trouble)
        return sink.fault(*what, keep=trouble == "silent", containing=address or "") if what else None

    def see_mail(self, slot, trouble, fault=None):
        """After a request that has a mail sent: wait for what the trouble makes of it, mend the relay, and wait
        until the mail has left the queue. Each link that arrived may be used."""
        if fault is not None:
            fault.wait()
        if trouble in ("deferred", "silent", "away"):
            wait_for(lambda: self._is_back(slot), "the mail has met the trouble", 15)
        self.world.sink.mend()
        deadline = time.monotonic() + 15
        while items := self.api.mails_of(slot.id):
            for item in items:
                self.api.retry_mail(item["id"])
            if time.monotonic() > deadline:
                raise Mismatch(f"the mails of {slot.id} stay in the queue: {items}")
        self.take_links(slot, [posted.mail for posted in self.world.ledger.post.of(slot.id)])
        if trouble == "refused":
            slot.lives = {model.undelivered(life) for life in slot.lives}

    def _is_back(self, slot):
        """Or given up: it would be tried again after the end of the invitation."""
        items = self.api.mails_of(slot.id)
        return not items or any(item["status"] == "waiting" and item["last"] for item in items)

    def take_links(self, slot, mails):
        """Those of these mails that are not known yet, in their order."""
        for mail in mails:
            for link in Letter(mail.content).links:
                if link.token not in slot.mailed:
                    slot.mailed.add(link.token)
                    slot.lives = {life.mailed(link.token) for life in slot.lives}

    # ---- requests ----

    def admin(self, method, path, document=None):
        """(answer, document), or (None, None) when the daemon died meanwhile."""
        headers = {"Authorization": self.api.session.headers["Authorization"]}
        try:
            with new_session() as session:
                response = session.request(method, self.daemon.control_url + path, headers=headers,
                                           json=document, timeout=20)
        except requests.RequestException:
            return None, None
        return answer_of(response), response.json() if response.content else {}

    def post(self, form):
        """The answer to a form sent as JSON, or None."""
        document = {"password": form.password, **{
            model.FIXED: {"given_name": "Mallory"}, model.FORBIDDEN: {"mail": "mallory@evil.example"},
            model.UNKNOWN: {"is_admin": "yes"}}.get(form.body, {})}
        headers = {"Idempotency-Key": form.key} if form.key else {}
        try:
            with new_session() as session:
                return answer_of(session.post(self.url(form.token), json=document, headers=headers,
                                              timeout=30))
        except requests.RequestException:
            return None

    def in_background(self, function, *arguments):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        future = executor.submit(function, *arguments)
        executor.shutdown(wait=False)
        return future

    def hold(self, moment, slot):
        """The next message of that moment waits in the proxy."""
        kind, which = MOMENTS[moment]
        if moment == "ask":
            which = {"containing": slot.mail.encode()}
        return self.proxy.rule(kind, "hold", **which)

    def wait_met(self, rule, future):
        """True when the moment came; False when the request was answered without it."""
        while not rule.met.is_set() and not future.done():
            rule.met.wait(0.002)
        if rule.met.is_set():
            return True
        return self.proxy.drop(rule)

    # ---- names ----

    def slot(self, number):
        return self.slots[-1 - number % len(self.slots)] if self.slots else None

    def add_slot(self, document, uid_fixed):
        token = Link(document["link"]).token if document.get("link") else None
        self.slots.append(Slot(document, Life(
            id=document["id"], uid_fixed=uid_fixed, live=token, by_mail=token is None,
            expires_at=seconds_of(document["expires_at"]))))
        return self.slots[-1]

    @staticmethod
    def token(slot, which):
        """A link of the invitation: its live one, a replaced one, or one that nobody has."""
        some = slot.any
        if which == "unknown":
            return UNKNOWN_TOKEN
        if which == "live" and some.live:
            return some.live
        if which == "older" and some.more:
            return some.more[0]
        if some.ended:
            return some.ended[0 if which == "ended" else -1]
        return some.live or UNKNOWN_TOKEN

    def form(self, slot, which, body, keyed):
        word = unique_word()
        password = {model.WEAK: f"weak {word}"[:14],
                    model.POLICY: f"lantern harbour {word}"[:29]}.get(
                        body, f"{word} and seven quiet lanterns over the harbour")
        slot.tried.append(password)
        key = f"key-{word}" if keyed else None
        form = Form(self.token(slot, which), body, password, key)
        if key:
            slot.keyed = form
        return form

    def person(self, **changes):
        return person(self.slapd, **changes)

    def browser(self, slot, which):
        return Browser(self.url(self.token(slot, which)))
