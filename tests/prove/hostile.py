"""Hostile HTTP: every answer to any request is one that doc/openapi.yaml promises, and nothing breaks.

Requests are drawn from the document, for every sort of caller, and most are then spoiled: path, query,
header, method, body, framing. Checked for each answer: status, media type, header and body against the
operation, no 5xx but 503, rights, no secret repeated. In the end a good client must be served as ever, and
the oracle hold for what was acknowledged. The same once more, shorter, with the sanitizers' build.

The seed decides all that is asked (`./dev prove --seed N hostile`), up to what the answers contain.
"""

import collections
import multiprocessing
import random
import re
import time

import oracle
from client import Link, new_session
from clock import Clock
from hostile_client import work
from hostile_request import Role
from ledger import Event, Invited, Registration
from openapi import load
from usherd import BUILD, TOP

CLIENTS = 8
SCOPES = load()["components"]["schemas"]["Scope"]["enum"]
PAST = -7200  # seconds: what is made then and lives an hour is over now
PERSONS = ("live", "used", "revoked", "replaced", "expired", "garbage", "cookie")


def make_expired(world):
    """A token and an invitation that are over: made by a daemon that lives two hours ago."""
    clock = Clock(world.daemon.folder / "clock")
    clock(PAST)
    daemon, build = world.daemon, world.daemon.build
    daemon.stop()
    daemon.build = BUILD  # the sanitizers want to be loaded first
    daemon.environment.update(clock.environment)
    daemon.start()
    token = daemon.make_token(name="expired", expires="1h")
    invited = world.ledger.invite(expires_in=3600)
    daemon.stop()
    for name in clock.environment:
        del daemon.environment[name]
    daemon.build = build
    world.restart()
    return token, invited


def make_roles(world, expired):
    daemon, everything = world.daemon, set(SCOPES)
    tokens = {scope: daemon.make_token(name=scope, scopes=scope) for scope in SCOPES}
    tokens["all"] = daemon.make_token(name="all")
    rights = {**{scope: {scope} for scope in SCOPES}, "all": everything}
    roles = [Role(name, "control", f"Bearer {token}", rights[name]) for name, token in tokens.items()]
    roles += [Role("all", "control", f"Bearer {tokens['all']}", everything)] * 3  # gets further than the rest
    roles += [Role("expired token", listener, f"Bearer {expired}") for listener in ("control", "socket")]
    roles += [Role("garbage token", listener, "Bearer ush_" + "0" * 66) for listener in ("control", "socket")]
    roles += [Role("nobody", "control"), Role("nobody", "management"), Role("garbage", "public")]
    roles += [Role("root", "socket", None, everything)] * 3
    roles += [Role("tokens on the socket", "socket", f"Bearer {tokens['tokens']}", {"tokens"})]
    return roles + [Role(name, "public") for name in PERSONS]


def console_files(daemon):
    """Values of the parameters of the paths below /assets."""
    page = new_session().get(f"{daemon.control_url}/", timeout=10).text
    paths = [path.split("/") for path in re.findall(r'"/assets/([^"]+)"', page)]
    return {
        "version": sorted({path[0] for path in paths}),
        "folder": sorted({path[1] for path in paths if len(path) == 3}),
        "name": sorted({path[-1] for path in paths}),
    }


def make_plan(world):
    """All that a client has to know, in plain values."""
    expired_token, expired = make_expired(world)
    daemon, api = world.daemon, world.api
    daemon.wait_list()
    people = api.get("/api/v1/users", params={"status": "active", "limit": 200}).json()["items"]
    page = new_session().get(f"{daemon.public_url}/join", headers={"Accept": "text/html"}, timeout=10).text
    return {
        "addresses": {**daemon.ports, "socket": str(daemon.socket_path)},
        "roles": make_roles(world, expired_token),
        "expired": {"id": expired.id, "token": expired.link.token},
        "places": [item["dn"] for item in api.get("/api/v1/org-units").json()["items"]][:8],
        "people": [item["id"] for item in people],
        "groups": [item["dn"] for item in api.get("/api/v1/groups").json()["items"]][:8],
        "assets": re.findall(r"/join/assets/([a-z.0-9]+)", page),
        "console": console_files(daemon),
    }


def run_clients(plan, chance, count):
    """The reports of CLIENTS processes that together make `count` requests."""
    context = multiprocessing.get_context("fork")
    pipes, processes = [], []
    for number in range(CLIENTS):
        here, there = context.Pipe(duplex=False)
        arguments = (number, plan, random.Random(chance.random()), count // CLIENTS, there)
        process = context.Process(target=work, args=arguments)
        process.start()
        there.close()
        pipes.append(here)
        processes.append(process)
    reports = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    return reports


def enter(ledger, entry):
    """What a client's book says about one invitation, into the ledger."""
    invited = Invited(entry["invitation"], began=0)
    invited.history[0].at = 0
    for event in entry["events"]:
        link = Link(f"{ledger.api.daemon.public_url}/join/{event['token']}") if "token" in event else None
        if event["what"] == "register":
            record = Registration(event["status"], link, event["password"], None)
        else:
            record = Event(event["what"], event["status"])
            if event["what"] == "relink":
                invited.links.append(link)
        record.at = event["at"]
        invited.note(record)
    ledger.invited.append(invited)


def attack(run, world, count):
    plan = make_plan(world)
    began = time.monotonic()
    reports = run_clients(plan, run.random, count)
    seconds = time.monotonic() - began
    statuses, complaints = collections.Counter(), {}
    for report in reports:
        statuses.update(report["statuses"])
        for text, (history, times) in report["complaints"].items():
            complaints.setdefault(text, [history, 0])[1] += times
        for entry in report["book"]:
            enter(world.ledger, entry)
    for text, (history, times) in complaints.items():
        run.violation(f"{text} ({times} times)", history)
    if world.daemon.process.poll() is not None:
        run.violation("the daemon is gone", world.daemon.log().splitlines()[-30:])
    else:
        check_good_client(run, world)
        oracle.check(world, run)
    run.cycle(sum(statuses.values()))
    return statuses, sum(statuses.values()) / seconds


def check_good_client(run, world):
    """As if nothing had been."""
    invited = world.ledger.invite()
    if invited is None or world.ledger.open(invited) != (200, "pending"):
        run.violation("a good client cannot invite")
    elif world.ledger.register(invited) != 201:
        run.violation("a good person cannot register", world.ledger.history(invited))
    if world.daemon.health("live")[0] != 200:
        run.violation("health does not answer")


def prove(run):
    with run.world() as world:
        statuses, rate = attack(run, world, run.size(200_000, 3_000))
    run.figure("requests_per_second", round(rate))
    run.figure("statuses", {str(status): statuses[status] for status in sorted(statuses)})
    if (TOP / "build" / "asan" / "usherd").exists():
        with run.world(build="asan") as world:
            attack(run, world, run.size(20_000, 1_000))
