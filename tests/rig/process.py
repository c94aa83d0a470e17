"""What a process holds, read from /proc: descriptors, threads, resident memory."""

import os


class Held:
    def __init__(self, pid):
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            values = dict(line.split(":", 1) for line in status)
        self.threads = int(values["Threads"])
        self.kib = int(values["VmRSS"].split()[0])

    def __str__(self):
        return f"{self.descriptors} descriptors, {self.threads} threads, {self.kib} KiB"
