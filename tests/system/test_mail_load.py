"""A queue of 100,000 mails costs memory for those under way alone, and is worked off from the first when the relay is
back. The invitations are written into the store's file: to have them made through the API would take minutes."""

import time
import uuid

from client import Api
from process import resident_kib
from store_file import add_to_store, read_store
from wait import wait_for
from world import world

COUNT = 100_000
GROWTH_KIB = 8 * 1024
CONNECTIONS = 4
SENT = 200  # enough to see order and memory; the sink itself is no fast one


def settled_kib(daemon):
    """Once the list is loaded and nothing more is asked for."""
    daemon.wait_list(60)
    seen = []

    def is_steady():
        seen.append(resident_kib(daemon.process.pid))
        return len(seen) > 5 and max(seen[-5:]) - min(seen[-5:]) < 256

    wait_for(is_steady, "memory is steady", 60, pause=0.2)
    return seen[-1]


def test_a_long_queue_costs_no_memory():
    with world(sink=True, mail={"connections": CONNECTIONS, "welcome": "no", "notices": "no"}) as daemon:
        daemon.sink.refuse()
        api = Api(daemon, daemon.make_token())
        first = api.invited_by_mail("robin@elsewhere.example")
        wait_for(lambda: (api.mail_queue() or [{}])[0].get("last"), "the relay is away")
        store = read_store(daemon)
        invitation = store.invitations[first["id"]].value
        [(item_id, item)] = [(name, item.value) for name, item in store.space("outbox").items()]
        assert daemon.stop() == 0
        ids = [(str(uuid.UUID(int=uuid.UUID(first["id"]).int + number)), str(uuid.UUID(int=uuid.UUID(item_id).int + number)))
               for number in range(1, COUNT + 1)]

        def invitations():
            for number, (identifier, _) in enumerate(ids):
                text = f"q{number}@elsewhere.example"
                person = {**invitation["person"], "mail": text, "uid": f"quill{number}"}
                yield f"invitation/{identifier}", {**invitation, "id": identifier, "person": person,
                                                   "personal_mail": text}

        add_to_store(daemon, invitations())
        daemon.start()
        without = settled_kib(daemon)
        assert daemon.stop() == 0

        def items():
            for number, (identifier, name) in enumerate(ids):
                due = item["due"] + number
                yield f"outbox/{name}", {**item, "id": name, "subject": identifier, "due": due}
                yield f"due/m/{due:016x}/{name}", ""

        add_to_store(daemon, items())
        daemon.start()
        waiting = settled_kib(daemon)
        assert waiting - without < GROWTH_KIB, f"{waiting} KiB with {COUNT} mails, {without} KiB without"
        began, most = time.monotonic(), 0
        daemon.sink.listen()
        api = Api(daemon, daemon.make_token())
        assert api.post("/api/v1/mail/retry").status_code == 204
        while len(daemon.sink.mails) < SENT:
            most = max(most, len(daemon.sink.sessions))
            assert time.monotonic() - began < 60, f"{len(daemon.sink.mails)} mails in a minute"
            time.sleep(0.01)
        sending = resident_kib(daemon.process.pid)
        assert sending - without < GROWTH_KIB, f"{sending} KiB while sending, {without} KiB without a queue"
        assert 0 < most <= CONNECTIONS
        reached = [int(mail.recipient[1:].partition("@")[0]) for mail in daemon.sink.mails
                   if mail.recipient.startswith("q")]
        assert max(reached) < 2 * SENT, "those that have waited longest go first"
        daemon.sink.cut()
