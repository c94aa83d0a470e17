"""Descriptors run out: no spin, hardly a word in the log, who was in stays in, and all is well when they go.

A daemon that may open 128 files is besieged by 1,000 clients on its three TCP listeners. Who is turned away
comes back after a second. Checked while it lasts: the processor that the daemon takes, and that a connection
made before is served. Afterwards: health and the API within a second, the descriptors back to what they were.
"""

import multiprocessing
import re
import select
import socket
import time

import oracle
from crowd import raise_descriptors
from process import cpu_seconds, descriptors
from wait import wait_for
from wire import Wire

FILES = 128
CLIENTS = 1000
SIEGE_SECONDS = 4.0
CPU_MAX = 0.10  # of a core
RECOVERY_SECONDS = 1.0
TROUBLE = re.compile("listeners are in trouble")
TROUBLE_EVERY = 10  # seconds


def besiege(ports, count, pipe):
    """The process: `count` clients that want in, until told to leave; tells how many connections it tried."""
    raise_descriptors()
    poll, clients, later, tried = select.epoll(), {}, [], 0

    def knock(number):
        client = socket.socket()
        client.setblocking(False)
        client.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        client.bind((f"127.0.0.{2 + number % 20}", 0))
        client.connect_ex(("127.0.0.1", ports[number % len(ports)]))
        clients[client.fileno()] = (client, number)
        poll.register(client, select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)

    for number in range(count):
        knock(number)
    tried += count
    pipe.send("knocked")
    while not pipe.poll():
        for descriptor, _ in poll.poll(0.05):
            client, number = clients.pop(descriptor)
            client.close()
            later.append((time.monotonic() + 1, number))
        while later and later[0][0] <= time.monotonic():
            knock(later.pop(0)[1])
            tried += 1
    pipe.recv()
    for client, _ in clients.values():
        client.close()
    pipe.send(tried)


class Siege:
    def __init__(self, ports):
        context = multiprocessing.get_context("fork")
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=besiege, args=(ports, CLIENTS, there))
        self.process.start()
        there.close()
        assert self.pipe.recv() == "knocked"

    def end(self):
        """How many connections were tried; all are closed when this returns."""
        self.pipe.send("leave")
        tried = self.pipe.recv()
        self.process.join()
        return tried


class Round:
    """One siege of one daemon."""

    def __init__(self, run, world):
        self.run, self.daemon, self.api = run, world.daemon, world.api
        self.pid = world.daemon.process.pid
        self.ports = list(world.daemon.ports.values())

    def ask_list(self, wire):
        """From a connection that was there before."""
        token = self.api.session.headers["Authorization"]
        port = self.daemon.ports["control"]
        return wire.ask(f"GET /api/v1/invitations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                        f"Authorization: {token}\r\n\r\n".encode())

    def play(self):
        """(share of a core, most descriptors, connections tried, seconds to recovery)."""
        inside = Wire(self.daemon.ports["control"])
        self.ask_list(inside)
        siege = Siege(self.ports)
        wait_for(lambda: descriptors(self.pid) >= FILES - 2, "the descriptors have run out", 10)
        began, before = time.monotonic(), cpu_seconds(self.pid)
        most = 0
        while (passed := time.monotonic() - began) < SIEGE_SECONDS:
            most = max(most, descriptors(self.pid))
            time.sleep(0.1)  # a sample
        share = (cpu_seconds(self.pid) - before) / passed
        answer = self.ask_list(inside)
        if answer is None or answer.status not in (200, 503):
            self.run.violation(f"who was in before got {answer}")
        inside.close()
        tried = siege.end()
        return share, most, tried, self.recover(time.monotonic())

    def recover(self, since):
        """Seconds until a new connection to every listener is served."""
        wait_for(lambda: self.daemon.health("live")[0] == 200, "health answers again", 10)
        wait_for(self.is_listed, "the API answers again", 10)
        return time.monotonic() - since

    def is_listed(self):
        try:
            return self.api.get("/api/v1/invitations").status_code == 200
        except OSError:
            return False


def trouble_lines(daemon):
    return len(TROUBLE.findall(daemon.log()))


def prove(run):
    rounds = run.size(20, 3)  # longer than the pause between two lines of the log
    shares, recoveries, tried = [], [], 0
    with run.world(wrapper=("prlimit", f"--nofile={FILES}:{FILES}")) as world:
        world.ledger.invite()
        at_start = trouble_lines(world.daemon)  # that the limit allows fewer connections
        siege, began = Round(run, world), time.monotonic()
        baseline = descriptors(siege.pid)
        for _ in range(rounds):
            share, most, count, recovery = siege.play()
            tried += count
            shares.append(share)
            recoveries.append(recovery)
            if share > CPU_MAX:
                run.violation(f"the daemon took {share:.0%} of a core with no descriptor left")
            if most < FILES - 2:
                run.violation(f"only {most} of {FILES} descriptors were taken")
            if recovery > RECOVERY_SECONDS:
                run.violation(f"back after {recovery:.2f} s")
            wait_for(lambda: descriptors(siege.pid) <= baseline + 1, "the descriptors are back", 10)
            run.fault()
            run.cycle()
        lines = trouble_lines(world.daemon) - at_start
        if lines > (time.monotonic() - began) / TROUBLE_EVERY + 1 or lines == 0:
            run.violation(f"{lines} lines of trouble in {time.monotonic() - began:.0f} s")
        oracle.check(world, run)
    run.figure("cpu_share_max", round(max(shares), 3))
    run.figure("recovery_seconds_max", round(max(recoveries), 3))
    run.figure("connections_tried", tried)
    run.figure("log_lines", lines)
