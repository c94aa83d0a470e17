"""Guessing passwords: the directory's own lock-out is never triggered by us, and a flood of guesses keeps nobody out."""

import collections
import concurrent.futures
import http.client
import json
import re

import pytest

from client import PASSWORD
from signing import ADMINISTRATOR, OTHER_ADMINISTRATOR, SESSION, Console, dn_of, make_roles, role_sections
from slapd import Slapd
from usherd import Usherd

MAX_FAILURE, ATTEMPTS = 5, 4  # of the directory's policy, and of ours


@pytest.fixture
def guarded(folder):
    """A directory that locks an account after five failures, and a daemon with its own standard limits."""
    slapd = Slapd(folder / "slapd", ["--log", "stats"]).start()
    make_roles(slapd)
    slapd.set_policy(pwdMaxFailure=str(MAX_FAILURE), pwdLockoutDuration="0", pwdFailureCountInterval="0")
    daemon = Usherd(folder / "usherd", slapd)
    for section, keys in role_sections(slapd, sign_in_attempts=ATTEMPTS, sign_in_window=0).items():
        daemon.configure(section, **keys)
    try:
        daemon.start()
        daemon.wait_directory()
        daemon.wait_list()
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        slapd.destroy()


def binds(slapd, dn):
    """How often a password was tried on an entry."""
    log = (slapd.folder / "slapd.log").read_text(errors="replace")
    return len(re.findall(rf'BIND dn="{re.escape(dn)}" method=128', log, re.IGNORECASE))


def is_locked(slapd, dn):
    [(_, entry)] = slapd.search("(objectClass=*)", dn, 0, ["pwdAccountLockedTime"])
    return "pwdAccountLockedTime" in entry


def sources(count):
    """Addresses of loopback, each of its own."""
    return [f"127.{1 + number // 62500}.{1 + number // 250 % 250}.{1 + number % 250}" for number in range(count)]


class Guesser:
    """One source's connection."""

    def __init__(self, daemon, source):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.ports["control"], timeout=30,
                                                     source_address=(source, 0))

    def guess(self, login, password):
        """(status, seconds of Retry-After, or None)."""
        self.connection.request("POST", SESSION, json.dumps({"login": login, "password": password}),
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        after = answer.getheader("Retry-After")
        return answer.status, int(after) if after else None

    def close(self):
        self.connection.close()


def test_guesses_from_anywhere_never_lock_an_account(guarded):
    slapd, dn = guarded.slapd, dn_of(guarded.slapd, OTHER_ADMINISTRATOR)
    logins = [OTHER_ADMINISTRATOR, OTHER_ADMINISTRATOR.upper(), f"{OTHER_ADMINISTRATOR}@meridian.example"]

    def attack(number, source):
        guesser = Guesser(guarded, source)
        try:
            return guesser.guess(logins[number % len(logins)], f"wrong {number}")
        finally:
            guesser.close()

    before = binds(slapd, dn)
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(attack, range(60), sources(60)))
    assert {status for status, _ in answers} <= {401, 429, 503}, collections.Counter(answers)
    assert 1 <= binds(slapd, dn) - before <= ATTEMPTS
    assert not is_locked(slapd, dn)
    assert slapd.accepts(dn, PASSWORD)


def test_a_throttled_guess_says_when_to_come_back(guarded):
    guesser = Guesser(guarded, "127.0.0.9")
    answers = [guesser.guess(ADMINISTRATOR, f"wrong {number}") for number in range(12)]
    guesser.close()
    assert answers[0] == (401, None)
    assert (answers[-1][0], answers[-1][1] is not None and answers[-1][1] >= 1) == (429, True), answers
    assert all((status == 429) == (after is not None) for status, after in answers), answers


def test_whoever_comes_from_where_they_always_come_from_gets_in_under_attack(guarded):
    home = {"headers": {}}
    console = Console(guarded)
    console.sign_in(ADMINISTRATOR, **home)
    for number, source in enumerate(sources(30)):
        guesser = Guesser(guarded, source)
        assert guesser.guess(ADMINISTRATOR, f"wrong {number}")[0] in (401, 429)
        guesser.close()
    assert Console(guarded).try_to_sign_in(ADMINISTRATOR).status_code == 201
    assert not is_locked(guarded.slapd, dn_of(guarded.slapd, ADMINISTRATOR))


def test_ten_thousand_wrong_logins_from_a_thousand_addresses_keep_a_right_one_out_of_nothing(guarded):
    """The daemon paces failures, so each address has its own connection and asks again and again."""
    Console(guarded).sign_in(ADMINISTRATOR)
    statuses = collections.Counter()

    def attack(source):
        guesser = Guesser(guarded, source)
        try:
            return collections.Counter(guesser.guess(f"{source}.{number}", "wrong")[0] for number in range(10))
        finally:
            guesser.close()

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        attacks = [pool.submit(attack, source) for source in sources(1000)]
        let_in = 0
        for done in concurrent.futures.as_completed(attacks):
            statuses += done.result()
            if sum(statuses.values()) % 1000 == 0:
                let_in += Console(guarded).try_to_sign_in(ADMINISTRATOR).status_code == 201
    assert sum(statuses.values()) == 10_000
    assert set(statuses) <= {401, 429, 503}, statuses
    assert statuses[429] + statuses[503] > 0
    assert let_in == 10, statuses
    assert guarded.health("ready")[0] == 200
