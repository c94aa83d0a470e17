"""A queue of 100,000 mails costs memory for those under way alone, and is worked off from the first when the relay is
back. They are written into the store's file: to have them queued through the API would take minutes."""

import time
import uuid

from client import Api, Link
from process import resident_kib
from store_file import add_to_store, read_store
from wait import wait_for
from world import world

COUNT = 100_000
GROWTH_KIB = 12 * 1024  # the store's page cache, TLS on four connections: far below what 100,000 of anything take
CONNECTIONS = 4
SENT = 200  # enough to see order and memory; the sink itself is no fast one


def lengthen(daemon, item_id, item):
    """As many more of this item, each due a moment later and to somebody else."""
    def clones():
        for number in range(COUNT):
            name, due = str(uuid.UUID(int=uuid.UUID(item_id).int + number + 1)), item["due"] + number
            yield f"outbox/{name}", {**item, "id": name, "due": due, "to": f"q{number}@elsewhere.example"}
            yield f"due/m/{due:016x}/{name}", ""

    add_to_store(daemon, clones())


def test_a_long_queue_costs_no_memory():
    with world(sink=True, mail={"connections": CONNECTIONS, "notices": "no"}) as daemon:
        daemon.sink.refuse()
        api = Api(daemon, daemon.make_token())
        invitation = api.invited_by_mail("robin@elsewhere.example")
        assert Link(api.post(f"/api/v1/invitations/{invitation['id']}/link").json()["link"]).register().status_code == 201
        wait_for(lambda: api.post("/api/v1/mail/retry") and {item["kind"] for item in api.mail_queue()} == {"welcome"},
                 "the welcome waits alone")
        daemon.restart()
        wait_for(lambda: (api.mail_queue() or [{}])[0].get("last"), "the relay is away")
        before = resident_kib(daemon.process.pid)
        assert daemon.stop() == 0
        [(item_id, item)] = [(name, item.value) for name, item in read_store(daemon).space("outbox").items()]
        lengthen(daemon, item_id, item)

        daemon.start()
        daemon.wait_directory()
        status = wait_for(lambda: waiting(api, COUNT + 1), "all of them wait", 60)
        assert status["oldest_at"]
        idle = resident_kib(daemon.process.pid)
        daemon.sink.listen()
        assert api.post("/api/v1/mail/retry").status_code == 204
        began, most = time.monotonic(), 0
        while len(daemon.sink.mails) < SENT:
            most = max(most, len(daemon.sink.sessions))
            assert time.monotonic() - began < 240, f"{len(daemon.sink.mails)} mails in four minutes"
            time.sleep(0.01)
        sending = resident_kib(daemon.process.pid)
        assert max(idle, sending) - before < GROWTH_KIB, f"{before} KiB before, {idle} KiB idle, {sending} KiB at work"
        assert 0 < most <= CONNECTIONS
        reached = [int(mail.recipient[1:].partition("@")[0]) for mail in list(daemon.sink.mails)
                   if mail.recipient.startswith("q")]
        assert max(reached) < 2 * SENT, "those that have waited longest go first"


def waiting(api, count):
    status = api.get("/api/v1/mail/queue?limit=1").json()["status"]
    return status if status["waiting"] == count and status["paused"] else None
