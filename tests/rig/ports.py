"""Loopback ports that nobody uses, below the range that outgoing connections take theirs from."""

import random
import socket

_given = set()


def free_port():
    while True:
        port = random.randrange(20000, 32000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
