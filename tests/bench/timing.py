"""./dev bench timing: whether refusals of different kinds can be told apart by how long they take.

The kinds take turns, each sample from an address of its own over a connection that is already there. A line a pair of
kinds: p of two rank tests, against the 0.01 below which they would be told apart. Once where passwords cost the
directory nothing, so many at once that hashing would be all that is measured; and once, with fewer, where half of the
accounts have a hash that takes the directory longer than the shortest pace.
"""

import concurrent.futures
import http.client
import itertools
import json
import os
import random
import subprocess
import time

from shared import PASSWORD, Slapd, report
from ranks import kolmogorov_smirnov_p, mann_whitney_p
from signing import SESSION, make_roles, role_sections

SAMPLES = int(os.environ.get("USHERD_BENCH_SAMPLES", "5000"))
ACCOUNTS = 250  # each is tried fewer times than strangers may, which is half of sign_in_attempts
SHARE = 50      # that half
DEAR_PART = 25  # so many times fewer samples where hashing is dear
P_MIN = 0.01
KINDS = ("unknown account", "wrong password", "not an administrator", "throttled")
DEAR = "argon2 m=65536 t=3 p=1"


def dear_hash(password):
    made = subprocess.run(["slappasswd", "-n", "-h", "{ARGON2}", "-s", password, "-o", "module-path=/usr/lib/ldap",
                           "-o", f"module-load={DEAR}"], check=True, capture_output=True, text=True)
    return made.stdout


def make_accounts(slapd, dear):
    """Every `dear`th one (0: none) has the dear hash."""
    uids, hashed = [f"timed{number}" for number in range(ACCOUNTS)], dear_hash(PASSWORD)
    for number, uid in enumerate(uids):
        slapd.add(f"uid={uid},{slapd.people}", objectClass="inetOrgPerson", uid=uid, cn=uid, sn=uid,
                  userPassword=hashed if dear and number % dear == 0 else PASSWORD)
    return uids


def attempts(uids, samples):
    """(kind, login, password) in random order within each four."""
    accounts, dice = itertools.cycle(uids), random.Random(1)
    for number in range(samples):
        four = [(KINDS[0], f"nobody{number % ACCOUNTS}", PASSWORD), (KINDS[1], next(accounts), f"wrong {number}"),
                (KINDS[2], next(accounts), PASSWORD), (KINDS[3], "worn", PASSWORD)]
        dice.shuffle(four)
        yield from four


def sample(port, number, login, password, status):
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
    assert answer.status == status, f"{login}: {answer.status}"
    return took


def warm_up(pool, port, uids, numbers):
    """The daemon learns how long passwords take, and has had enough of one login."""
    first = [pool.submit(sample, port, next(numbers), uid, "wrong", 401) for uid in uids[:8]]
    first += [pool.submit(sample, port, next(numbers), "worn", "wrong", 401) for _ in range(SHARE)]
    for done in first:
        done.result()


def measure(bench, name, dear, samples, at_once):
    bench.slapd.destroy()
    bench.slapd = Slapd(bench.folder / name, ["--without", "cost"]).start()
    make_roles(bench.slapd)
    uids = make_accounts(bench.slapd, dear)
    daemon = bench.daemon(**role_sections(bench.slapd))
    port, numbers = daemon.ports["control"], itertools.count()
    taken = {kind: [] for kind in KINDS}
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        warm_up(pool, port, uids, numbers)
        running = [(kind, pool.submit(sample, port, next(numbers), login, password, 429 if kind == KINDS[3] else 401))
                   for kind, login, password in attempts(uids, samples)]
        for kind, done in running:
            taken[kind].append(done.result())
    daemon.stop()  # the next one has a folder of its own
    for first, second in itertools.combinations(KINDS, 2):
        for test_name, test in (("Mann-Whitney", mann_whitney_p), ("Kolmogorov-Smirnov", kolmogorov_smirnov_p)):
            report("timing", f"{name} hashing: {first} against {second}, {samples} each, {test_name}",
                   test(taken[first], taken[second]), "p", P_MIN)


def bench_timing(bench):
    # Below SIGN_IN_RUNNING_MAX, and few enough for the directory to answer within the pace.
    measure(bench, "cheap", 0, SAMPLES, 32)
    measure(bench, "dear", 2, SAMPLES // DEAR_PART, 4)
