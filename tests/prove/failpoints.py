"""Every failpoint x {kill, error, delay}: whatever ends right before or right after an effect, it settles.

Each point is armed for one meeting and then met by what leads there: a registration, a new link, a restart that
resolves an interrupted claim, the sweeper. A point that is not met is a violation. The delay is longer than an
operation's timeout, so that what was given up is carried out after all.
"""

import contextlib
import random
import signal
import sqlite3
import subprocess
import time

import ldap

import accounts
import dsn
import oracle
import signing
import trail
from clock import Clock
from client import Api, new_session
from receiver import Receiver
from store_file import age_what_is_kept, read_store
from usherd import TOP
from wait import wait_for

ACTIONS = {"kill": "kill", "error": "error", "delay": "delay:3500"}
DAY = 86400
SYNC_REQUEST = b"1.3.6.1.4.1.4203.1.9.1.1"  # the control of RFC 4533


class Stage:
    """One world, and the ways that lead to each effect. A way arms the point just before it gets there."""

    def __init__(self, run, world, clock):
        self.run, self.action = run, None
        self.world, self.ledger, self.clock = world, world.ledger, clock
        self.daemon, self.slapd = world.daemon, world.slapd
        self.spec = self.point = None
        self.number = 0
        self.has_roles = False
        self.closing = []  # what a way has opened

    # ---- the point ----

    def arm(self, first=""):
        """From now on; `first` is another point that has to act before."""
        with new_session() as session:
            answer = session.post(f"{self.daemon.management_url}/failpoints", f"{first};{self.spec}",
                                  headers={"Content-Type": "text/plain"}, timeout=10)
        assert answer.status_code == 204, answer.text

    def arm_next_start(self):
        self.daemon.environment["USHERD_FAILPOINTS"] = self.spec

    def is_dead(self):
        return self.daemon.process is None or self.daemon.process.poll() is not None

    def has_acted(self):
        """Whether the point acted in the life that goes on; a kill shows as a death."""
        if self.is_dead():
            return True
        with new_session() as session:
            try:
                report = session.get(f"{self.daemon.management_url}/failpoints", timeout=10).json()
            except OSError:
                return False
        return any(p["point"] == self.point and p["acted"] > 0 for p in report)

    def wait_acted(self, seconds=15):
        wait_for(self.has_acted, f"{self.point} acts", seconds, pause=0.05)

    def die_at(self, other, invited):
        """A registration that is cut short by a death at another point."""
        with new_session() as session:
            session.post(f"{self.daemon.management_url}/failpoints", f"{other}=kill",
                         headers={"Content-Type": "text/plain"}, timeout=10)
        self.ledger.register(invited)
        wait_for(self.is_dead, f"the daemon dies at {other}")
        self.daemon.kill()

    def start_armed(self):
        """Start with the point armed: it may be met before the daemon is ready."""
        self.arm_next_start()
        self.daemon.spawn()
        self.daemon.environment.pop("USHERD_FAILPOINTS")

    def invited(self, **changes):
        """An invitation to begin with: a busy machine may have to be asked again."""
        return wait_for(lambda: self.ledger.invite(**changes), "an invitation is made", 30)

    # ---- ways ----

    def invite(self):
        self.arm()
        self.ledger.invite()

    def invite_elsewhere(self):
        """Into an org unit that nobody has asked about lately."""
        self.number += 1
        place = f"ou=Annex {self.number},{self.slapd.people}"
        self.slapd.add(place, objectClass="organizationalUnit", ou=f"Annex {self.number}")
        self.arm()
        self.ledger.invite(org_unit=place)

    def relink(self):
        invited = self.invited()
        self.arm()
        self.ledger.relink(invited)

    def revoke(self):
        invited = self.invited()
        self.arm()
        self.ledger.revoke(invited)

    def register(self):
        invited = self.invited(groups=[f"cn=vault-access,{self.slapd.groups}"])
        self.arm()
        self.ledger.register(invited)

    def register_twice(self):
        """The Add's answer is lost, so that the next one meets our own entry."""
        invited = self.invited()
        self.arm(first="dir.add.after=error")
        self.ledger.register(invited)

    def register_anew(self):
        """Over connections that have to be made first."""
        invited = self.invited()
        self.world.proxy.cut()
        self.arm()
        self.ledger.register(invited)

    def rename(self):
        invited = self.invited()
        self.slapd.add(f"uid={invited.uid},{self.slapd.people}", objectClass="inetOrgPerson",
                       uid=invited.uid, cn="Somebody Else", sn="Else")
        self.arm()
        self.ledger.register(invited)

    def resolve_absent(self):
        self.die_at("dir.add.before", self.invited())
        self.start_armed()
        self.wait_acted()

    def resolve_found(self):
        self.die_at("dir.add.after", self.invited())
        self.start_armed()
        self.wait_acted()

    def expire(self):
        invited = self.invited(expires_in=3600)
        self.clock(2 * 3600)
        self.arm()
        self.ledger.register(invited)
        self.wait_acted()
        self.clock(0)

    def purge(self):
        """Long after its end the sweeper of the next start forgets it."""
        invited = self.invited()
        self.ledger.revoke(invited)
        self.forget_all()

    def trim(self):
        """Long after, the sweeper of the next start takes the oldest blocks of the audit trail away, and the
        addresses in it even before."""
        for _ in range(2):
            self.ledger.revoke(self.invited())
            wait_for(lambda: not trail.unnamed(read_store(self.daemon)), "a block names the records")
        self.forget_all()

    def lose_head(self):
        """Somebody who has the file, and not its key, cuts the chain's head off: the next start says so."""
        self.ledger.revoke(self.invited())
        wait_for(lambda: not trail.unnamed(read_store(self.daemon)), "a block names the records")
        self.daemon.stop()
        with contextlib.closing(sqlite3.connect(self.daemon.store_path)) as database, database:
            assert database.execute("delete from kv where key = ?", (b"chain/head",)).rowcount == 1
        self.start_armed()
        self.wait_acted()
        self.bury()

    def token(self, delete):
        api, name = self.world.api, f"failpoint {self.number}"
        self.number += 1
        made = None
        if delete:
            made = api.post("/api/v1/tokens", {"name": name, "scopes": ["directory:read"], "expires_in": 3600})
            assert made.status_code == 201, made.text
        self.arm()
        try:
            if delete:
                answer = api.delete(f"/api/v1/tokens/{made.json()['id']}")
            else:
                answer = api.post("/api/v1/tokens",
                                  {"name": name, "scopes": ["directory:read"], "expires_in": 3600})
        except OSError:
            return
        if answer.status_code == 201:
            assert Api(self.daemon, answer.json()["token"]).get("/api/v1/groups").status_code == 200
        elif answer.status_code == 204:
            assert Api(self.daemon, made.json()["token"]).get("/api/v1/groups").status_code == 401

    def add_token(self):
        self.token(delete=False)

    def delete_token(self):
        self.token(delete=True)

    def use_token(self):
        """For the first time."""
        made = self.world.api.post("/api/v1/tokens", {"name": "used", "scopes": ["directory:read"], "expires_in": 3600})
        assert made.status_code == 201, made.text
        self.arm()
        try:
            Api(self.daemon, made.json()["token"]).get("/api/v1/groups")
        except OSError:
            pass
        self.wait_acted()

    # ---- sessions ----

    def console(self, **access):
        """A browser, people who may sign in with it, and a daemon that has no failure in mind."""
        self.daemon.stop()
        if not self.has_roles:
            signing.with_roles(self.daemon, **access)
            self.has_roles = True
        self.daemon.start()
        self.daemon.wait_directory()
        return signing.Console(self.daemon)

    def armed_sign_in(self, console, password=signing.PASSWORD, times=1):
        self.arm()
        try:
            for _ in range(times):
                console.try_to_sign_in(signing.ADMINISTRATOR, password)
        except OSError:
            pass

    def sign_in(self):
        self.armed_sign_in(self.console())

    def sign_in_refused(self):
        self.armed_sign_in(self.console(), "not it at all")

    def sign_in_throttled(self):
        self.armed_sign_in(self.console(sign_in_attempts=2), "not it at all", times=3)

    def ask_signed_in(self, ask, later=0):
        """An armed request with a session, so many seconds after it began."""
        console = self.console().sign_in(signing.ADMINISTRATOR)
        self.clock(later)
        self.arm()
        try:
            ask(console)
        except OSError:
            pass
        self.wait_acted()
        self.clock(0)

    def sign_out(self):
        self.ask_signed_in(signing.Console.sign_out)

    def use_session(self):
        self.ask_signed_in(signing.Console.whoami, later=90)

    def erase(self):
        """Somebody who has signed in is gone, and erased."""
        console = self.console()
        self.number += 1
        name = f"guest{self.number}"
        dn = f"uid={name},{self.slapd.people}"
        self.slapd.add(dn, objectClass="inetOrgPerson", uid=name, cn=name, sn=name, userPassword=signing.PASSWORD)
        connection = self.slapd.connect()
        connection.modify_s(f"cn=auditors,{self.slapd.groups}", [(ldap.MOD_ADD, "member", dn.encode())])
        connection.unbind_s()
        [(_, entry)] = self.slapd.search(f"(uid={name})", attributes=["entryUUID"])
        [person] = entry["entryUUID"]
        wait_for(lambda: self.world.api.get(f"/api/v1/users/{person}").status_code == 200, f"{name} is listed")
        console.sign_in(name)
        self.slapd.delete(dn)
        wait_for(lambda: self.world.api.get(f"/api/v1/users/{person}").status_code == 404, f"{name} is not listed")
        self.arm()
        try:
            self.world.api.post("/api/v1/erasures", {"person": person})
        except OSError:
            pass

    # ---- mails ----

    def invited_by_mail(self):
        """Its mail has arrived, and nothing of it is left to do."""
        invited = self.invited(method="email")
        wait_for(lambda: invited.link, "its mail has arrived", 15)
        self.wait_queue()
        return invited

    def wait_queue(self):
        wait_for(lambda: not self.world.api.mail_queue(), "the queue is empty", 30, pause=0.05)

    def mail(self):
        """Claimed, sent, settled."""
        self.arm()
        self.ledger.invite(method="email")

    def mail_later(self):
        """Deferred: its link is withdrawn."""
        self.world.sink.fault("rcpt", "450 4.2.0 later")
        self.mail()

    def ask_of_waiting_mail(self, request):
        """An armed request about a mail that was deferred; it may never be answered."""
        self.world.sink.fault("rcpt", "450 4.2.0 later")
        invited = self.ledger.invite(method="email")
        waiting = wait_for(lambda: [item for item in self.world.api.mails_of(invited.id) if item["attempts"]],
                           "a mail waits for another attempt", 15)
        self.arm()
        try:
            request(waiting[0]["id"])
        except OSError:
            pass
        return invited

    def mail_retry(self):
        self.ask_of_waiting_mail(self.world.api.retry_mail)

    def mail_drop(self):
        self.ask_of_waiting_mail(self.world.api.drop_mail).must_arrive = False

    def mail_news(self):
        """A mail that has no link is claimed: the welcome."""
        invited = self.invited_by_mail()
        self.arm()
        self.ledger.register(invited)

    def resend(self):
        invited = self.invited_by_mail()
        self.arm()
        self.ledger.resend(invited, void_links=self.number % 2 == 0)
        self.number += 1

    def readdress(self):
        invited = self.invited_by_mail()
        self.arm()
        self.ledger.readdress(invited, f"again.{invited.uid}@elsewhere.example")

    def extend(self):
        invited = self.invited()
        self.arm()
        self.ledger.extend(invited, 3 * DAY)

    def bounce(self, **more):
        invited = self.invited_by_mail()
        [posted] = self.ledger.post.of(invited.id)
        self.arm()
        try:
            self.world.api.bounce(dsn.report(posted.mail, **more))
        except OSError:
            pass

    def bounce_delay(self):
        """Noted in the log of its mails alone."""
        self.bounce(action="delayed", status="4.4.1")

    # ---- webhooks ----

    def receiver(self, status=204):
        receiver = Receiver(status)
        self.closing.append(receiver)
        return receiver

    def hook(self, receiver=None, **changes):
        """An endpoint for everything."""
        self.number += 1
        answer = self.world.api.post("/api/v1/webhooks", {
            "name": f"stage {self.number}", "url": (receiver or self.receiver()).url,
            "types": ["invitation.created"], **changes})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def ask_hook(self, method, path, document=None):
        """An armed request, which may never be answered."""
        self.arm()
        try:
            self.world.api.call(method, f"/api/v1/webhooks{path}", json=document)
        except OSError:
            pass

    def hook_create(self):
        self.number += 1
        self.ask_hook("POST", "", {"name": f"stage {self.number}", "url": self.receiver().url,
                                   "types": ["invitation.created"]})

    def hook_change(self):
        self.ask_hook("PATCH", f"/{self.hook()}", {"name": "another"})

    def hook_rotate(self):
        self.ask_hook("POST", f"/{self.hook()}/secret", {})

    def hook_delete(self):
        self.ask_hook("DELETE", f"/{self.hook()}")

    def hook_disable(self):
        """The endpoint says that it wants no more."""
        self.hook(self.receiver(410))
        self.arm()
        self.ledger.invite()

    def hook_tell(self):
        """An event is copied for each endpoint, and each is told."""
        receiver = self.receiver()
        self.hook(receiver)
        self.arm()
        self.ledger.invite()

    def hook_replay(self):
        receiver = self.receiver()
        hook = self.hook(receiver)
        self.invited()
        receiver.wait()
        messages = wait_for(lambda: self.delivered(hook), "the message is kept for replay", 15)
        self.ask_hook("POST", f"/{hook}/messages/{messages[0]['id']}/replay", {})

    def delivered(self, hook):
        items = self.world.api.get(f"/api/v1/webhooks/{hook}/messages").json()["items"]
        return [item for item in items if item["status"] == "delivered"]

    def hook_forget(self):
        """Long after it was delivered the sweeper of the next start forgets a message."""
        receiver = self.receiver()
        hook = self.hook(receiver)
        self.invited()
        wait_for(lambda: self.delivered(hook), "the message is kept for replay", 15)
        self.forget_all()

    # ---- people: on accounts that no invitation made ----

    def account(self, *begin):
        """Somebody who was there before, as the list knows them, in a group; after these changes."""
        account = self.ledger.accounts.make(self.slapd)
        dn, group = f"uid={account.name},{self.slapd.people}", f"cn=vault-access,{self.slapd.groups}"
        connection = self.slapd.connect()
        connection.modify_s(group, [(ldap.MOD_ADD, "member", dn.encode())])
        connection.unbind_s()
        account.groups = {group}
        for what in begin:
            outcome = self.ledger.accounts.ask(account, what)
            assert outcome == accounts.DONE, f"{what} of {account.name}: {outcome}"
        return account

    def armed(self, what, *begin, value=None):
        """An armed request: its answer is the oracle's business, and it may never come."""
        account = self.account(*begin)
        self.arm()
        self.ledger.accounts.ask(account, what, value)

    def change(self):
        self.armed("change", value="Prompter")

    def move(self):
        self.number += 1
        place = f"ou=Wing {self.number},{self.slapd.people}"
        self.slapd.add(place, objectClass="organizationalUnit", ou=f"Wing {self.number}")
        self.armed("move", value=place)

    def suspend(self):
        self.armed("suspend")

    def resume(self):
        self.armed("resume", "suspend")

    def remove(self):
        self.armed("delete")

    def remove_from_groups(self):
        """Where no slapo-refint does it."""
        self.slapd.stop()
        self.slapd.edit_configuration(lambda line: None if line.startswith(("overlay refint", "refint_")) else line)
        self.slapd.start()
        self.daemon.wait_directory(seconds=20)
        self.remove()

    def restore(self):
        self.armed("restore", "delete")

    def change_in_vain(self):
        """The address is somebody else's: the intent is taken away again."""
        account, other = self.account(), self.account()
        self.arm()
        self.ledger.accounts.ask_in_vain(account, other)
        self.wait_acted()

    def forget(self):
        """Long after a deletion the sweeper of the next start destroys what was kept."""
        self.account("delete")
        self.forget_all()

    def enlist(self):
        """The next start lists what a version kept that had no list of it."""
        self.account("delete")
        self.daemon.stop()
        age_what_is_kept(self.daemon)
        self.start_armed()
        self.wait_acted()
        self.bury()

    def forget_all(self):
        """Start with the point armed when the time of everything is over."""
        self.daemon.stop()
        for other in [*self.ledger.snapshot(), *self.ledger.accounts.people]:
            other.may_be_forgotten = True
        self.clock(60 * DAY)
        self.start_armed()
        self.wait_acted()
        self.bury()
        self.clock(0)

    def unit_name(self):
        self.number += 1
        return f"Loft {self.number}"

    def unit_add(self):
        self.arm()
        self.ledger.accounts.add_unit(self.slapd, self.unit_name())

    def unit(self):
        """An org unit of the list."""
        unit, outcome = self.ledger.accounts.add_unit(self.slapd, self.unit_name())
        assert outcome == accounts.DONE, f"{unit.name}: {outcome}"
        self.ledger.accounts.wait_unit(unit)
        return unit

    def unit_change(self):
        unit = self.unit()
        self.arm()
        self.ledger.accounts.ask_unit(unit, "rename", f"Attic {self.number}")

    def unit_delete(self):
        unit = self.unit()
        self.arm()
        self.ledger.accounts.ask_unit(unit, "delete")

    def list_places(self):
        """The directory is only asked while the list is not loaded."""
        self.daemon.stop()
        for path in self.daemon.warm_files():
            path.unlink()
        rule = self.world.proxy.rule("search request", "hold", containing=SYNC_REQUEST, times=None)
        self.daemon.start()
        self.daemon.wait_directory()
        rule.wait()
        self.arm()
        try:
            self.world.api.get("/api/v1/groups")
        except OSError:
            pass
        self.wait_acted()
        self.world.proxy.forget()

    def checkpoint(self):
        """Until the WAL is long enough to be copied."""
        self.arm()
        for _ in range(400):
            if self.has_acted():
                return
            self.ledger.invite()
        self.wait_acted()

    def probe(self):
        """A write that failed: the store tries by itself whether writing works again, unless something is written."""
        wait_for(lambda: not trail.unnamed(read_store(self.daemon)), "a block names the records")
        self.arm(first="store.issued.before=error")
        self.ledger.invite()
        self.wait_acted()

    def wait_ping(self):
        self.arm()
        self.wait_acted()

    def first_start(self):
        """A store that is being made."""
        self.daemon.stop()
        for path in self.daemon.store_path.parent.iterdir():
            path.unlink()
        self.start_armed()
        wait_for(lambda: self.is_dead() or self.daemon.health("ready")[0] == 200, "it starts or ends", 15)
        self.wait_acted()
        self.bury()
        self.world.restart()
        self.world.connect()
        self.ledger = self.world.ledger

    def self_test(self):
        """argon2 mode proves at the start that the server knows the scheme."""
        self.daemon.stop()
        self.start_armed()
        self.wait_acted()
        self.recover()
        invited = self.invited()
        wait_for(lambda: self.ledger.register(invited) in (201, 410), "the self-test has been passed", 30)
        wait_for(lambda: not self.slapd.search("(sn=self-test)"), "the self-test's entry is gone", 15)

    # ---- afterwards ----

    def bury(self):
        """Dead by the point's own kill, or at a start that gave up over its error; anything else is a crash."""
        status = self.daemon.process.poll() if self.daemon.process else None
        allowed = {"kill": -signal.SIGKILL, "error": 1}.get(self.action)
        if status is not None and status != allowed:
            self.run.violation(f"{self.spec}: it ended with {status}", self.daemon.log().splitlines()[-15:])
        self.daemon.destroy()

    def recover(self):
        """Whoever was killed is started again, with nothing armed."""
        if self.is_dead():
            self.bury()
            self.daemon.start()
        self.daemon.wait_ready()
        self.daemon.wait_directory(seconds=20)


WAYS = {
    "store.issued": Stage.invite, "store.link_renewed": Stage.relink, "store.revoked": Stage.revoke,
    "store.claimed": Stage.register, "store.finished": Stage.register, "store.renamed": Stage.rename,
    "store.released": Stage.resolve_absent, "store.entry_created": Stage.resolve_found,
    "store.expired": Stage.expire, "store.purged": Stage.purge, "store.prepared": Stage.first_start,
    "store.token_added": Stage.add_token, "store.token_deleted": Stage.delete_token,
    "sqlite.checkpoint": Stage.checkpoint, "sqlite.probe": Stage.probe,
    "dir.names": Stage.register, "dir.place": Stage.invite_elsewhere, "dir.add": Stage.register,
    "dir.password": Stage.register, "dir.group": Stage.register, "dir.find": Stage.resolve_absent,
    "dir.adopt_look": Stage.register_twice, "dir.adopt": Stage.register_twice,
    "dir.bind": Stage.register_anew, "dir.whoami": Stage.register_anew, "dir.ping": Stage.wait_ping,
    "dir.list": Stage.list_places, "dir.proof_add": Stage.self_test, "dir.proof_delete": Stage.self_test,
    "http.reply": Stage.register, "http.written": Stage.register,
    "store.intent": Stage.change, "store.user_changed": Stage.change, "dir.user.change": Stage.change,
    "dir.user.read": Stage.change, "dir.user.move": Stage.move,
    "store.user_suspended": Stage.suspend, "dir.user.suspend": Stage.suspend, "store.user_resumed": Stage.resume,
    "store.user_removed": Stage.remove, "dir.user.save": Stage.remove, "dir.user.remove": Stage.remove,
    "dir.user.groups": Stage.remove_from_groups, "dir.user.gone": Stage.remove,
    "store.user_restored": Stage.restore, "dir.user.restore": Stage.restore,
    "store.intent_dropped": Stage.change_in_vain, "store.user_forgotten": Stage.forget,
    "store.trash_listed": Stage.enlist,
    "store.org_unit_added": Stage.unit_add, "dir.org_unit": Stage.unit_add,
    "store.org_unit_changed": Stage.unit_change, "dir.org_unit_change": Stage.unit_change,
    "store.org_unit_deleted": Stage.unit_delete,
    "store.link_mailed": Stage.mail, "store.outbox_removed": Stage.mail, "store.link_withdrawn": Stage.mail_later,
    "store.queue_item_retried": Stage.mail_retry, "store.queue_item_dropped": Stage.mail_drop,
    "store.outbox_saved": Stage.mail_news, "store.resent": Stage.resend, "store.address_changed": Stage.readdress,
    "store.end_changed": Stage.extend, "store.undeliverable": Stage.bounce, "store.delivery_saved": Stage.bounce_delay,
    "store.webhook_created": Stage.hook_create, "store.webhook_changed": Stage.hook_change,
    "store.webhook_secret_rotated": Stage.hook_rotate, "store.webhook_disabled": Stage.hook_disable,
    "store.webhook_deleted": Stage.hook_delete, "store.webhook_replayed": Stage.hook_replay,
    "store.token_used": Stage.use_token, "store.signed_in": Stage.sign_in, "store.session_ended": Stage.sign_out,
    "store.session_used": Stage.use_session, "store.sign_in_refused": Stage.sign_in_refused,
    "store.sign_in_throttled": Stage.sign_in_throttled, "store.known_forgotten": Stage.erase,
    "store.audit_erased": Stage.erase, "store.person_erased": Stage.erase, "store.person_erasing": Stage.erase,
    "store.chain_head_lost": Stage.lose_head,
    "store.chain_block": Stage.invite, "store.sources_ended": Stage.trim, "store.audit_ending": Stage.trim,
    "store.audit_deleted": Stage.trim, "store.audit_trimmed": Stage.trim,
    "store.event_fanned_out": Stage.hook_tell, "store.hooked_purged": Stage.hook_forget,
}
# Ways that end with a start by themselves.
STARTING = (Stage.self_test, Stage.first_start, Stage.purge, Stage.forget, Stage.enlist, Stage.hook_forget,
            Stage.trim, Stage.lose_head)
ARGON2 = ("dir.proof_add", "dir.proof_delete")


def points(run):
    """All that the daemon knows, from its own mouth."""
    listed = subprocess.run([TOP / "build" / "fail" / "usherd", "--failpoints"], check=True,
                            capture_output=True, text=True).stdout
    names = [line.split("\t")[0] for line in listed.splitlines()]
    for name in names:
        if name.rpartition(".")[0] not in WAYS:
            run.violation(f"no way leads to the failpoint {name}")
    return [name for name in names if name.rpartition(".")[0] in WAYS]


def meet(run, stage, point, action):
    """One meeting: the point acts, everybody recovers, the oracle looks."""
    stage.point, stage.action, stage.spec = point, action, f"{point}={ACTIONS[action]}"
    stage.ledger.note(f"{point} {action}")
    way = WAYS[point.rpartition(".")[0]]
    way(stage)
    if way not in STARTING:
        try:
            stage.wait_acted()
        except AssertionError:
            run.violation(f"{point} {action} was not met", stage.daemon.log().splitlines()[-15:])
    if action == "kill" and way not in STARTING:
        wait_for(stage.is_dead, "the daemon is dead")
    stage.recover()
    run.fault()
    oracle.check(stage.world, run)
    run.cycle()


def prove(run):
    todo = [(point, action) for point in points(run) for action in ACTIONS]
    if run.short:
        order = list(ACTIONS)
        todo = [(point, order[number % 3]) for number, point in enumerate(points(run))]
    rounds = run.size(20, 1)
    random.Random(run.seed).shuffle(todo)
    run.figure("points", len(points(run)))

    def batch(item):
        point, action = item
        began = time.monotonic()
        clock = Clock(run.folder / f"{point}.{action}.clock")
        effect = point.rpartition(".")[0]
        mode = "argon2" if effect in ARGON2 else "exop"
        kept = "30d" if WAYS[effect] is Stage.trim else "730d"
        with run.world(build="fail", proxied=True, environment=clock.environment, store={"retention": "30d"},
                       directory={"operation_timeout": "2s", "connect_timeout": "2s", "password_mode": mode},
                       sink={"tls": None, "user": None}, mail={"reply_timeout": "2s", "resend_interval": "0s"},
                       audit={"retention": kept}, webhook={"allow_private": "yes", "allow_clear_text": "yes"}) as world:
            stage = Stage(run, world, clock)
            try:
                for _ in range(rounds):
                    meet(run, stage, point, action)
            finally:
                for opened in stage.closing:
                    opened.close()
        if not run.short:
            run.say(f"{point} {action}: {rounds} times in {time.monotonic() - began:.0f} s")

    run.batches(todo, run.size(6, 5), batch)
