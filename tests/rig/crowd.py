"""Many connections that do not behave, held by a process of their own so that they cost the measuring one
nothing. A member of the crowd is one socket and a habit."""

import bisect
import multiprocessing
import os
import resource
import select
import socket
import time

from process import starved_seconds

ADDRESSES = 20  # of 127.0.0.x, so that no source has too many


def raise_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connect(port, number):
    """A connection from one of the addresses; the kernel's own small buffers, if any, are set before."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: ports are per source and target
    connection.bind((f"127.0.0.{2 + number % ADDRESSES}", 0))
    connection.settimeout(20)
    connection.connect(("127.0.0.1", port))
    connection.setblocking(False)
    return connection


class Member:
    """One socket with a habit."""

    def __init__(self, habit, connection):
        self.habit, self.connection = habit, connection
        self.begun = time.monotonic()
        self.ended = None  # when the daemon had answered or closed
        self.answer = b""
        try:
            connection.send(habit.first)
        except OSError:
            self.end()

    def drip(self):
        try:
            self.connection.send(self.habit.drip)
        except OSError:
            self.end()

    def read(self):
        try:
            data = self.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.answer += data
        self.end()

    def lateness(self, starvation):
        if self.ended is None:
            return None, 0
        due = self.begun + self.habit.deadline
        return self.ended - due, starvation.between(due, self.ended) if self.ended > due else 0

    def end(self):
        if self.ended is None:
            self.ended = time.monotonic()
        self.connection.close()


class Habit:
    """What it sends at once, what it adds every second, whether it reads, when it must be gone (seconds)."""

    def __init__(self, name, deadline, first=b"", drip=b"", reads=True):
        self.name, self.deadline, self.first, self.drip, self.reads = name, deadline, first, drip, reads


class Starvation:
    """How long a busy machine kept the daemon, and us who measure it, from running; at any time."""

    def __init__(self, pid):
        self.pids, self.times, self.seconds = (pid, os.getpid()), [], []

    def sample(self):
        self.times.append(time.monotonic())
        self.seconds.append(sum(map(starved_seconds, self.pids)))

    def between(self, begin, end):
        first = bisect.bisect_left(self.times, begin) - 1
        last = min(bisect.bisect_left(self.times, end), len(self.times) - 1)
        return self.seconds[last] - self.seconds[max(first, 0)]


def hold(habits, ports, count, pid, pipe):
    """The process: `count` members, evenly of all habits and ports, until told to leave. Sends how many are
    in, then of each: habit, seconds behind its deadline (None: it is still there), how many of these a busy
    machine accounts for, begin of the answer."""
    raise_descriptors()
    poll, members = select.epoll(), {}
    for number in range(count):
        habit = habits[number % len(habits)]
        port = ports[number // len(habits) % len(ports)]
        member = Member(habit, connect(port, number))
        if member.ended is None:
            members[member.connection.fileno()] = member
            if habit.reads:
                poll.register(member.connection, select.EPOLLIN)
    everybody, starvation = list(members.values()), Starvation(pid)
    starvation.sample()
    pipe.send(len(members))
    next_drip = time.monotonic() + 1
    while not pipe.poll():
        for descriptor, _ in poll.poll(0.05):
            members.pop(descriptor).read()
        starvation.sample()
        if time.monotonic() >= next_drip:
            next_drip += 1
            for member in everybody:
                if member.habit.drip and member.ended is None:
                    member.drip()
    pipe.recv()
    pipe.send([(m.habit.name, *m.lateness(starvation), m.answer[:64]) for m in everybody])
    for member in everybody:
        member.connection.close()


class Crowd:
    """`hold` in a process; leave() gives its report."""

    def __init__(self, habits, ports, count, pid):
        context = multiprocessing.get_context("fork")
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=hold, args=(habits, ports, count, pid, there))
        self.process.start()
        there.close()
        self.held = self.pipe.recv()

    def leave(self):
        self.pipe.send("leave")
        report = self.pipe.recv()
        self.process.join()
        return report
