"""Loopback ports that nobody uses, below the range that outgoing connections take theirs from."""

import random
import socket

_claims = []


def _claim(port):
    """A name that only one process on the machine can hold, and that ends with it: between the look whether the
    port is free and whoever listens on it, another test may look too."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0usherd-test-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def free_port():
    while True:
        port = random.randrange(20000, 32000)
        if not _claim(port):
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
