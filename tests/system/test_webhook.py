"""Webhooks against real endpoints: what arrives, how it is signed, and what becomes of what does not arrive."""

import collections
import json
import os
import re
import stat

import pytest

from client import Api
from mailing import Mailing
from receiver import Receiver
from sink import certificates
from store_file import read_store
from wait import wait_for
from world import world

TYPES = ["invitation.created", "invitation.sent", "invitation.undeliverable", "invitation.accepted",
         "invitation.expired", "invitation.revoked", "user.registered", "user.suspended", "user.deleted"]
# What answers at all does so in time here; what hangs takes as long as this.
LOOPBACK = {"allow_private": "yes", "allow_clear_text": "yes", "timeout": "5s"}


class Hooks:
    """The webhooks of a daemon, through its API."""

    def __init__(self, daemon):
        self.daemon = daemon
        if daemon.admin_token is None:
            daemon.admin_token = daemon.make_token()
        self.api = Api(daemon, daemon.admin_token)

    def call(self, method, path="", status=200, **options):
        answer = self.api.call(method, f"/api/v1/webhooks{path}", **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def create(self, receiver, types=("all",), status=201, **changes):
        document = {"name": "crm", "url": getattr(receiver, "url", receiver), "types": list(types), **changes}
        return self.call("POST", status=status, json=document)

    def show(self, hook):
        return self.call("GET", f"/{hook['id']}")

    def test(self, hook):
        self.call("POST", f"/{hook['id']}/test", 204)

    def replay(self, hook, message, status=204):
        self.call("POST", f"/{hook['id']}/messages/{message}/replay", status)

    def messages(self, hook, limit=50):
        found, cursor = [], None
        while True:
            page = self.call("GET", f"/{hook['id']}/messages",
                             params={"limit": limit, **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def wait_message(self, hook, status, seconds=15):
        """Its only message, once it is so."""
        def is_so():
            # One that ends while the pages are read stands in both lists: among those that ended it is newer.
            [message] = {message["id"]: message for message in self.messages(hook)}.values() or [None]
            return message if message and message["status"] == status and message["attempts"] else None
        return wait_for(is_so, f"the message is {status}", seconds)

    def clear(self):
        for hook in self.call("GET")["items"]:
            self.call("DELETE", f"/{hook['id']}", 204)


@pytest.fixture(scope="module")
def hook_world():
    """A daemon that may talk to this machine, for all tests that do not end it."""
    with world(sink=True, webhook=LOOPBACK) as daemon:
        yield daemon


@pytest.fixture
def hooks(hook_world):
    made = Hooks(hook_world)
    yield made
    made.clear()


@pytest.fixture
def make_receiver():
    made = []

    def make(*arguments, **more):
        made.append(Receiver(*arguments, **more))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture
def own(slapd, make_usherd):
    """A daemon of one's own that may talk to this machine."""
    daemon = make_usherd(slapd).configure("webhook", **LOOPBACK).start()
    daemon.wait_directory()
    return daemon


def user_of(daemon, invitation):
    """The id of the user who has registered with it."""
    def found():
        answer = Api(daemon, daemon.admin_token).get("/api/v1/users", params={"q": invitation["mail"],
                                                                             "status": "active"})
        items = answer.json()["items"]
        return items[0]["id"] if items else None
    return wait_for(found, "the people list has them")


# ---- what is told ----

def test_each_type_is_told_once_for_its_cause(hooks, make_receiver):
    daemon, mailing = hooks.daemon, Mailing(hooks.daemon)
    receiver = make_receiver()
    hook = hooks.create(receiver)

    by_mail = mailing.invite()
    link = mailing.letter(by_mail).link
    receiver.wait(2)
    assert link.register().status_code == 201
    user = user_of(daemon, by_mail)
    assert hooks.api.post(f"/api/v1/users/{user}/suspend").status_code == 200
    assert hooks.api.delete(f"/api/v1/users/{user}").status_code == 200
    revoked = hooks.api.invited()
    assert hooks.api.delete(f"/api/v1/invitations/{revoked['id']}").status_code in (200, 204)
    fault = mailing.sink.fault("rcpt", "550 5.1.1 no such user", times=None)
    lost = mailing.invite()
    fault.wait()

    expected = collections.Counter({
        ("invitation.created", by_mail["id"]): 1, ("invitation.sent", by_mail["id"]): 1,
        ("invitation.accepted", by_mail["id"]): 1, ("user.registered", by_mail["id"]): 1,
        ("user.suspended", user): 1, ("user.deleted", user): 1,
        ("invitation.created", revoked["id"]): 1, ("invitation.revoked", revoked["id"]): 1,
        ("invitation.created", lost["id"]): 1, ("invitation.undeliverable", lost["id"]): 1})
    messages = receiver.wait(expected.total())
    # Whatever would be told twice has been by then.
    hooks.test(hook)
    wait_for(lambda: receiver.of_type("usherd.test"), "the test comes")
    mailing.sink.mend()
    found = collections.Counter((message.type, message.data.get("invitation_id") or message.data.get("user_id"))
                                for message in messages if message.type != "usherd.test")
    assert found == expected
    assert len({message.id for message in messages}) == len(messages)
    assert all(message.is_signed_with(hook["secret"]) for message in messages)
    [registered] = receiver.of_type("user.registered")
    assert registered.data["uid"] == by_mail["uid"]
    assert registered.data["dn"].lower().startswith(f"uid={by_mail['uid']},")
    # The receiver has a message before the daemon has the receiver's word for it.
    wait_for(lambda: {message["status"] for message in hooks.messages(hook)} == {"delivered"}, "all are delivered")


def test_an_invitation_that_ends_is_told(slapd, make_usherd, make_receiver, clock):
    daemon = make_usherd(slapd, environment=clock.environment).configure("webhook", **LOOPBACK).start()
    daemon.wait_directory()
    hooks, receiver = Hooks(daemon), make_receiver()
    hooks.create(receiver, ["invitation.expired"])
    invitation = hooks.api.invited(expires_in=3600)
    clock(3700)
    # Whoever meets it first; the sweeper would sooner or later.
    assert hooks.api.delete(f"/api/v1/invitations/{invitation['id']}").status_code == 410
    [message] = receiver.wait()
    assert (message.type, message.data["invitation_id"]) == ("invitation.expired", invitation["id"])
    assert message.data["status"] == "expired"
    assert abs(int(message.headers["webhook-timestamp"]) - clock.now()) < 60


def test_a_message_has_no_person_in_it(hooks, make_receiver):
    receiver = make_receiver()
    hook = hooks.create(receiver)
    invitation = hooks.api.invited(given_name="Zenobia", phone="+442079460958")
    assert invitation["join"].register().status_code == 201
    for message in receiver.wait(3):
        text = message.body.decode()
        for word in ("Zenobia", invitation["family_name"], invitation["mail"], "2079460958", "1990-02-28"):
            assert word not in text or message.type == "user.registered" and word in message.data["dn"], text
        assert len(message.body) < 20000
        assert set(message.document) == {"type", "timestamp", "data"}
        assert message.headers["Content-Type"] == "application/json"
        assert re.fullmatch(r"usherd/[0-9.]+", message.headers["User-Agent"])
        assert message.headers["Authorization"] is None
    assert hook["secret"] not in json.dumps(hooks.call("GET"))


def test_an_endpoint_gets_the_types_that_it_asks_for(hooks, make_receiver):
    one, other = make_receiver(), make_receiver()
    hooks.create(one, ["invitation.revoked"])
    hooks.create(other, ["invitation.created", "invitation.revoked"])
    invitation = hooks.api.invited()
    hooks.api.delete(f"/api/v1/invitations/{invitation['id']}")
    assert sorted(message.type for message in other.wait(2)) == ["invitation.created", "invitation.revoked"]
    assert [message.type for message in one.wait()] == ["invitation.revoked"]
    assert one.messages[0].id not in {message.id for message in other.messages}


# ---- what goes amiss ----

@pytest.mark.parametrize("answer", [500, 404, "drop", "hang", (302, {"Location": "/other"})])
def test_a_message_that_failed_comes_again_as_it_was(hooks, make_receiver, answer):
    receiver = make_receiver(answers=[answer])
    hook = hooks.create(receiver)
    hooks.test(hook)
    first, second = receiver.wait(2, 40)
    assert (first.id, first.body, first.path) == (second.id, second.body, second.path)
    assert second.at - first.at > 4.5
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert first.is_signed_with(hook["secret"]) and second.is_signed_with(hook["secret"])
    message = hooks.wait_message(hook, "delivered")
    assert message["attempts"] == 2
    assert len(receiver.messages) == 2


def test_a_failure_stands_in_the_list_and_an_endpoint_is_not_disabled_for_it(hooks, make_receiver):
    receiver = make_receiver(status=503)
    hook = hooks.create(receiver)
    hooks.test(hook)
    message = hooks.wait_message(hook, "waiting")
    assert (message["attempts"], message["last"]) == (1, "HTTP 503")
    shown = wait_for(lambda: (now := hooks.show(hook))["failing_since"] and now, "the endpoint is told to fail")
    assert shown["enabled"] and shown["last_failure"] == "HTTP 503"
    receiver.status = 200
    hooks.replay(hook, message["id"])
    hooks.wait_message(hook, "delivered")
    shown = wait_for(lambda: (now := hooks.show(hook))["delivered_at"] and now, "the endpoint is told to be well")
    assert not shown["failing_since"] and not shown["last_failure"]


def test_a_receiver_that_asks_for_time_gets_it(hooks, make_receiver):
    receiver = make_receiver(answers=[(429, {"Retry-After": "9"})])
    hook = hooks.create(receiver)
    hooks.test(hook)
    first, second = receiver.wait(2, 30)
    assert 8.9 < second.at - first.at < 20


def test_nobody_there_is_a_failure(hooks, make_receiver):
    receiver = make_receiver()
    receiver.close()
    hook = hooks.create(receiver.url)
    hooks.test(hook)
    message = hooks.wait_message(hook, "waiting")
    assert "connect" in message["last"].lower()


def test_an_endpoint_that_is_gone_is_disabled(hooks, make_receiver):
    receiver = make_receiver(status=410)
    hook = hooks.create(receiver)
    hooks.test(hook)
    hooks.wait_message(hook, "failed")
    shown = wait_for(lambda: not (now := hooks.show(hook))["enabled"] and now, "the endpoint is disabled")
    assert "410" in shown["disabled_reason"]
    hooks.api.invited()
    hooks.call("POST", f"/{hook['id']}/test", 409)
    assert len(receiver.messages) == 1
    receiver.status = 200
    assert hooks.call("PATCH", f"/{hook['id']}", json={"enabled": True})["disabled_reason"] is None
    hooks.replay(hook, receiver.messages[0].id)
    receiver.wait(2)
    assert len(receiver.messages) == 2  # the invitation meanwhile was nobody's business
    audit = read_store(hooks.daemon).space("audit")
    assert [record.value["webhook"] for record in audit.values()
            if record.value["event"] == "webhook_disabled"].count(hook["id"]) == 1


def test_one_that_hangs_does_not_hold_up_the_others(hooks, make_receiver):
    silent, quick = make_receiver(status="hang"), make_receiver()
    hooks.create(silent, ["invitation.created"])
    hooks.create(quick, ["invitation.created"])
    for _ in range(30):
        hooks.api.invited()
    quick.wait(30)
    assert len(silent.messages) < 15


# ---- secrets ----

def test_during_a_rotation_both_secrets_fit(hooks, make_receiver):
    receiver = make_receiver()
    hook = hooks.create(receiver)
    made = hooks.call("POST", f"/{hook['id']}/secret", json={"overlap_seconds": 3600})
    assert made["old_secret_until"] == hooks.show(hook)["old_secret_until"]
    hooks.test(hook)
    [message] = receiver.wait()
    assert made["secret"] != hook["secret"]
    assert message.is_signed_with(made["secret"]) and message.is_signed_with(hook["secret"])
    last = hooks.call("POST", f"/{hook['id']}/secret", json={"overlap_seconds": 0})
    hooks.test(hook)
    message = receiver.wait(2)[-1]
    assert message.is_signed_with(last["secret"])
    assert not message.is_signed_with(made["secret"]) and not message.is_signed_with(hook["secret"])
    assert len(message.signatures()) == 1


def test_a_secret_is_in_no_file_and_no_log(own, make_receiver):
    hooks, receiver = Hooks(own), make_receiver()
    hook = hooks.create(receiver)
    fresh = hooks.call("POST", f"/{hook['id']}/secret", json={"overlap_seconds": 60})["secret"]
    hooks.test(hook)
    receiver.wait()
    for path in own.folder.rglob("*"):
        if path.is_file() and path != own.key_path:
            content = path.read_bytes()
            for secret in (hook["secret"], fresh):
                assert secret.encode() not in content and secret[6:].encode() not in content, path


# ---- where to ----

def test_a_private_address_is_refused_whether_it_is_written_or_found(slapd, make_usherd, make_receiver):
    daemon = make_usherd(slapd).configure("webhook", allow_clear_text="yes").start()
    daemon.wait_directory()
    hooks, receiver = Hooks(daemon), make_receiver()
    for host in ("127.0.0.1", "127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3",
                 "169.254.169.254", "192.168.1.1", "[fd00::1]", "[fe80::1]", "0.0.0.0"):
        refused = hooks.create(f"http://{host}:{receiver.port}/", status=422)
        assert [error["field"] for error in refused["errors"]] == ["url"], refused
    hook = hooks.create(f"http://localhost:{receiver.port}/")
    hooks.test(hook)
    message = hooks.wait_message(hook, "waiting")
    assert "private network" in message["last"]
    assert receiver.connections == 0


@pytest.mark.parametrize("url", ["http://crm.example.org/", "ftp://crm.example.org/", "crm.example.org", "",
                                 "https://user@crm.example.org/", "https://crm.example.org/#a", "https://",
                                 "https://crm.example.org/\r\nX: y", "https://crm.example.org/" + "a" * 2048])
def test_an_endpoint_is_https_and_nothing_else(usherd, url):
    refused = Hooks(usherd).create(url, status=422)
    assert [error["field"] for error in refused["errors"]] == ["url"], refused


def test_a_certificate_must_fit(slapd, make_usherd, make_receiver):
    daemon = make_usherd(slapd).configure("webhook", allow_private="yes", ca_file=certificates()[0]).start()
    daemon.wait_directory()
    hooks = Hooks(daemon)
    right = make_receiver(certificate="right")
    hook = hooks.create(right)
    hooks.test(hook)
    assert right.wait()[0].is_signed_with(hook["secret"])
    for name in ("other name", "stranger"):
        receiver = make_receiver(certificate=name)
        hook = hooks.create(receiver)
        hooks.test(hook)
        message = hooks.wait_message(hook, "waiting")
        assert "certificate" in message["last"] or "SSL" in message["last"], message
        assert not receiver.messages


def test_a_redirect_leads_nowhere(hooks, make_receiver):
    elsewhere = make_receiver()
    receiver = make_receiver(status=(307, {"Location": elsewhere.url}))
    hook = hooks.create(receiver)
    hooks.test(hook)
    message = hooks.wait_message(hook, "waiting")
    assert message["last"] == "HTTP 307 (redirects are not followed)"
    assert elsewhere.connections == 0


# ---- a process that dies ----

def test_a_message_that_was_under_way_at_a_kill_comes_again_under_its_id(own, make_receiver):
    hooks, receiver = Hooks(own), make_receiver(answers=["hang"])
    hook = hooks.create(receiver)
    hooks.test(hook)
    receiver.wait()
    own.kill()
    own.start()
    first, second = receiver.wait(2)
    assert first.id == second.id and second.is_signed_with(hook["secret"])
    hooks.wait_message(hook, "delivered")
    assert len(receiver.messages) == 2


def test_what_was_acknowledged_is_told_whenever_the_process_dies(own, make_receiver):
    """Each event has one id, however often it is sent."""
    hooks, receiver = Hooks(own), make_receiver()
    hooks.create(receiver, ["invitation.created", "invitation.revoked"])
    made = []
    for _ in range(5):
        for number in range(6):
            invitation = hooks.api.invited()
            made.append(("invitation.created", invitation["id"]))
            if number % 2:
                hooks.api.delete(f"/api/v1/invitations/{invitation['id']}")
                made.append(("invitation.revoked", invitation["id"]))
        own.kill()
        own.start()
        own.wait_directory()

    def ids():
        found = collections.defaultdict(set)
        for message in list(receiver.messages):
            found[message.type, message.data["invitation_id"]].add(message.id)
        return found

    wait_for(lambda: set(ids()) == set(made), "everything is told", 40)
    assert all(len(of_one) == 1 for of_one in ids().values())


# ---- in an administrator's hands ----

def test_a_message_is_sent_again_when_somebody_asks(hooks, make_receiver):
    receiver = make_receiver()
    hook = hooks.create(receiver)
    hooks.test(hook)
    message = hooks.wait_message(hook, "delivered")
    hooks.replay(hook, message["id"])
    first, second = receiver.wait(2)
    assert (first.id, first.body) == (second.id, second.body)
    hooks.wait_message(hook, "delivered")
    other = hooks.create(make_receiver())
    hooks.replay(other, message["id"], 404)
    hooks.replay(hook, hook["id"], 404)


def test_a_deleted_endpoint_gets_nothing_more(hooks, make_receiver):
    receiver = make_receiver(answers=[500])
    hook = hooks.create(receiver)
    hooks.test(hook)
    hooks.wait_message(hook, "waiting")
    hooks.call("DELETE", f"/{hook['id']}", 204)
    hooks.call("GET", f"/{hook['id']}", 404)
    hooks.call("GET", f"/{hook['id']}/messages", 404)
    hooks.api.invited()

    def is_gone():
        items = read_store(hooks.daemon).space("outbox").values()
        return not [item for item in items if item.value["subject"] == hook["id"]]

    wait_for(is_gone, "its messages are dropped", 15, 0.5)
    assert len(receiver.messages) == 1


def test_endpoints_and_what_waits_survive_a_restart(own, make_receiver):
    hooks, receiver = Hooks(own), make_receiver(status=500)
    hook = hooks.create(receiver, ["invitation.created"])
    hooks.api.invited()
    hooks.wait_message(hook, "waiting")
    receiver.status = 200
    own.restart()
    hooks.wait_message(hook, "delivered")
    shown = hooks.show(hook)
    assert (shown["name"], shown["url"], shown["types"]) == ("crm", receiver.url, ["invitation.created"])
    assert receiver.messages[-1].is_signed_with(hook["secret"])


def test_pages_of_messages_have_each_once(hooks, make_receiver):
    receiver, other = make_receiver(status=404), make_receiver()
    hook, also = hooks.create(receiver, ["invitation.revoked"]), hooks.create(other, ["invitation.created"])
    for number in range(7):
        if number == 4:
            wait_for(lambda: len(receiver.messages) == 4, "four have failed once")
            receiver.status = 200
        hooks.test(hook)
        hooks.test(also)
    receiver.wait(7)
    other.wait(7)

    def pages(limit):
        """All messages, unless one has gone from those that wait to those that ended while they were read."""
        before = hooks.messages(hook)
        messages = hooks.messages(hook, limit)
        return messages if hooks.messages(hook) == before else None

    for limit in (1, 3, 50):
        messages = wait_for(lambda limit=limit: pages(limit), "the pages are of one moment")
        assert len({message["id"] for message in messages}) == len(messages) == 7
    hooks.call("GET", f"/{hook['id']}/messages", 400, params={"cursor": "w00/zz"})


def test_usherctl_does_all_of_it(hooks, make_receiver, tmp_path):
    daemon, receiver = hooks.daemon, make_receiver()
    secret_file = tmp_path / "secret"

    def run(*arguments, status=0):
        done = daemon.control("-o", "json", "webhook", *arguments)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    made = daemon.control("webhook", "create", "--name", "crm", "--url", receiver.url, "--types",
                          "user.registered,user.deleted")
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=\n", made.stdout)
    [hook] = run("list")["items"]
    assert hook["id"] in made.stderr
    run("test", hook["id"])
    [message] = receiver.wait()
    assert message.is_signed_with(made.stdout.strip())
    wait_for(lambda: run("messages", hook["id"])["items"][0]["status"] == "delivered", "it is delivered")
    run("replay", hook["id"], "--message", message.id)
    receiver.wait(2)
    assert "secret" not in run("rotate", hook["id"], "--overlap", "0s", "--secret-file", str(secret_file))
    assert stat.S_IMODE(os.stat(secret_file).st_mode) == 0o600
    run("test", hook["id"])
    assert receiver.wait(3)[-1].is_signed_with(secret_file.read_text().strip())
    assert run("change", hook["id"], "--disable", "--name", "erp")["enabled"] is False
    assert run("show", hook["id"])["name"] == "erp"
    run("test", hook["id"], status=4)
    run("delete", hook["id"])
    run("show", hook["id"], status=3)


def test_no_more_than_sixteen_can_be_made(own):
    hooks = Hooks(own)
    for _ in range(16):
        hooks.create("https://crm.example.org/")
    refused = hooks.create("https://crm.example.org/", status=422)
    assert "errors" not in refused


def test_a_ca_file_that_cannot_be_read_is_found_before_the_start(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("webhook", ca_file="/nonexistent/ca.pem")
    checked = daemon.check_configuration()
    assert checked.returncode != 0
    assert re.search(r"usherd\.conf:\d+: ca_file: .*/nonexistent/ca\.pem", checked.stdout + checked.stderr)
