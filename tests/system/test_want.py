"""What the daemon lacks, memory or a disk that reads, is said as such and never taken for something else."""

import itertools
import subprocess

import pytest
import requests

from client import Api, person
from nthcall import MEMORY, STORE, FailNth
from usherd import BUILD
from wait import wait_for

ENDED_ON_PURPOSE = 71


@pytest.fixture
def nth(folder):
    return FailNth(folder, BUILD)


def lives(nth, kind, life, most=1000, **options):
    """life() again and again, the first call failing, then the second that comes another way ... until none
    fails any more; what each returned."""
    told = []
    for _ in range(most):
        nth.arm(kind, distinct=True, **options)
        outcome = life()
        if not nth.disarm():
            break
        told.append(outcome)
    assert told, "nothing was let fail"
    return told


@pytest.mark.parametrize("library", ["libinih", "libldap"])
def test_a_configuration_is_not_found_wrong_for_want_of_memory(slapd, make_usherd, nth, library):
    daemon = make_usherd(slapd, wrapper=nth.wrapper)
    daemon.write_configuration()

    def check():
        done = subprocess.run([*nth.wrapper, BUILD / "usherd", "check-config", "-c", daemon.conf_path],
                              capture_output=True, text=True, env=daemon.environment, check=False)
        return done.returncode, done.stderr

    outcomes = set(lives(nth, MEMORY, check, through=library))
    assert outcomes <= {(0, ""), (ENDED_ON_PURPOSE, "usherd: out of memory\n")}


def test_the_loop_works_whole_or_not_at_all(slapd, make_usherd, nth):
    """Without its signals it could not be stopped; without its wake-up it would never be ready."""
    daemon = make_usherd(slapd, wrapper=nth.wrapper)

    def start():
        daemon.spawn()
        wait_for(lambda: daemon.process.poll() is not None or daemon.health("ready")[0] == 200,
                 "it is ready or has ended")
        ended = daemon.process.poll()
        status = daemon.stop() if ended is None else ended
        daemon.process = None
        return status

    assert set(lives(nth, MEMORY, start, most=30, through="libevent")) <= {0, ENDED_ON_PURPOSE}


def test_a_sound_body_is_not_called_malformed_for_want_of_memory(slapd, make_usherd, nth):
    daemon = make_usherd(slapd, wrapper=nth.wrapper).start()
    token = daemon.make_token()

    def invite():
        try:
            status = Api(daemon, token).post("/api/v1/invitations", person(slapd)).status_code
            # The list hears of it behind the answer, and reads it too.
            Api(daemon, token).get("/api/v1/invitations")
            return status
        except requests.RequestException:
            status = daemon.process.wait(10)
            nth.disarm()
            daemon.start()
            return status

    assert set(lives(nth, MEMORY, invite, most=15, through="libjansson")) == {ENDED_ON_PURPOSE}


def test_a_store_that_cannot_be_read_is_not_called_damaged(slapd, make_usherd, nth):
    daemon = make_usherd(slapd, wrapper=nth.wrapper)
    nth.watch(daemon.store_path.parent)
    daemon.start()
    daemon.stop()
    for n in itertools.count(1):
        nth.arm(STORE, nth=n)
        before = len(daemon.log())
        daemon.spawn()
        wait_for(lambda: daemon.process.poll() is not None or daemon.health("ready")[0] == 200,
                 "it is ready or has ended")
        said = daemon.log()[before:]
        if daemon.process.poll() is None:
            nth.disarm()
            daemon.stop()
            if not nth.fired:
                break
            continue
        assert daemon.process.wait() == 1
        daemon.process = None
        assert "cannot" in said and "backup" not in said, said
    assert n > 10
