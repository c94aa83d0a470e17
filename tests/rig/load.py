"""Invitations and registrations under way while a fault lasts."""

import contextlib
import threading


@contextlib.contextmanager
def load(world, clients=4):
    """Each client invites and registers, one after the other; all are done when the block has ended. Between
    two refusals it rests, for to be refused at once all the time is a load of another kind."""
    halt = threading.Event()

    def client():
        while not halt.is_set():
            invited = world.ledger.invite()
            if invited is None or world.ledger.register(invited) not in (201, 202):
                halt.wait(0.05)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        halt.set()
        for thread in threads:
            thread.join()
