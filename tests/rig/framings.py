"""The rows of tests/data/framings.txt, which the guard's unit tests share."""

import re

from usherd import TOP

ESCAPE = re.compile(rb"\\(r|n|t|\\|x[0-9a-fA-F]{2})")
REPEAT = re.compile(rb"\{\{(\d+)\*(.*?)\}\}", re.DOTALL)
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


def unescape(text):
    text = ESCAPE.sub(lambda m: PLAIN.get(m[1]) or bytes([int(m[1][1:], 16)]), text)
    return REPEAT.sub(lambda m: int(m[1]) * m[2], text)


def framings():
    """(name, status, bytes); their Host is "a"."""
    for line in (TOP / "tests" / "data" / "framings.txt").read_bytes().splitlines():
        if line and not line.startswith(b"#"):
            name, status, _, text = line.split(b"\t", 3)
            yield name.decode(), int(status), unescape(text)
