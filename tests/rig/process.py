"""What a process holds, read from /proc: descriptors, threads, resident memory; and its share of the machine."""

import contextlib
import os
import pathlib

FIRST = -10
TICKS = os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def cpu_seconds(pid):
    """User and system time of all its threads so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def starved_seconds(pid):
    """How long its main thread has waited for a processor so far, ready to run."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as schedstat:
        return int(schedstat.read().split()[1]) / 1e9


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Held:
    """`ports`: descriptors that are connections to them are counted apart."""

    def __init__(self, pid, *ports):
        self.connections = self.descriptors = 0
        to_port = _connections_to(ports)
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # the end of a client's connection
                if os.readlink(f"/proc/{pid}/fd/{number}") in to_port:
                    self.connections += 1
                else:
                    self.descriptors += 1
        self.threads = len(os.listdir(f"/proc/{pid}/task"))
        self.kib = resident_kib(pid)

    def __str__(self):
        return (f"{self.descriptors} descriptors + {self.connections} to other servers, "
                f"{self.threads} threads, {self.kib} KiB")


def _connections_to(ports):
    """As the links in /proc/PID/fd call them."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return {f"socket:[{row[9]}]" for row in rows if int(row[2].split(":")[1], 16) in ports}


def put_first(*pids):
    """Before the machine's other work, which is not what a rig with a deadline measures. A machine that does
    not give the right to it has to be idle."""
    for pid in pids:
        # Sessions share the processor by groups; within one, threads do. A kernel may have no such groups, and
        # one in a sandbox has the file and refuses every value (EINVAL).
        with contextlib.suppress(OSError):
            pathlib.Path(f"/proc/{pid}/autogroup").write_text(str(FIRST), encoding="ascii")
        with contextlib.suppress(PermissionError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                    os.setpriority(os.PRIO_PROCESS, int(thread), FIRST)
