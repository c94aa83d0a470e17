"""./dev bench timing: whether refusals of different kinds can be told apart by how long they take.

Three kinds take turns, each sample from an address of its own over a connection that is already there. A line a
pair of kinds: p of two rank tests, against the 0.01 below which they would be told apart.
"""

import concurrent.futures
import http.client
import itertools
import json
import os
import random
import time

from shared import PASSWORD, Slapd, report
from ranks import kolmogorov_smirnov_p, mann_whitney_p
from signing import SESSION, make_roles, role_sections

SAMPLES = int(os.environ.get("USHERD_BENCH_SAMPLES", "5000"))
ACCOUNTS = 250  # each is tried fewer times than strangers may, which is half of sign_in_attempts
AT_ONCE = 32    # below SIGN_IN_RUNNING_MAX, and few enough for the directory to answer within the pace
P_MIN = 0.01
KINDS = ("unknown account", "wrong password", "not an administrator")


def make_accounts(slapd):
    uids = [f"timed{number}" for number in range(ACCOUNTS)]
    for uid in uids:
        slapd.add(f"uid={uid},{slapd.people}", objectClass="inetOrgPerson", uid=uid, cn=uid, sn=uid,
                  userPassword=PASSWORD)
    return uids


def attempts(uids):
    """(kind, login, password) in random order within each three."""
    accounts, dice = itertools.cycle(uids), random.Random(1)
    for number in range(SAMPLES):
        three = [(KINDS[0], f"nobody{number % ACCOUNTS}", PASSWORD), (KINDS[1], next(accounts), f"wrong {number}"),
                 (KINDS[2], next(accounts), PASSWORD)]
        dice.shuffle(three)
        yield from three


def sample(port, number, login, password):
    """Seconds from the request to the whole answer."""
    source = f"127.{2 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
    connection.connect()
    body = json.dumps({"login": login, "password": password})
    begun = time.perf_counter()
    connection.request("POST", SESSION, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - begun
    connection.close()
    assert answer.status == 401, f"{login}: {answer.status}"
    return took


def bench_timing(bench):
    bench.slapd.destroy()  # hashing at full cost would be all that is measured, so many at once
    bench.slapd = Slapd(bench.folder / "cheap", ["--without", "cost"]).start()
    make_roles(bench.slapd)
    uids = make_accounts(bench.slapd)
    daemon = bench.daemon(**role_sections(bench.slapd))
    port = daemon.ports["control"]
    taken = {kind: [] for kind in KINDS}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = [(kind, pool.submit(sample, port, number, login, password))
                   for number, (kind, login, password) in enumerate(attempts(uids))]
        for kind, done in running:
            taken[kind].append(done.result())
    for first, second in itertools.combinations(KINDS, 2):
        for name, test in (("Mann-Whitney", mann_whitney_p), ("Kolmogorov-Smirnov", kolmogorov_smirnov_p)):
            report("timing", f"{first} against {second}, {SAMPLES} each, {name}",
                   test(taken[first], taken[second]), "p", P_MIN)
