"""The rows of tests/data/framings.txt. As a program, framings.py FOLDER writes them as inputs of the guard's
fuzz target."""

import pathlib
import re
import sys
import typing

FRAMINGS = pathlib.Path(__file__).parents[1] / "data" / "framings.txt"
ESCAPE = re.compile(rb"\\(r|n|t|\\|x[0-9a-fA-F]{2})")
REPEAT = re.compile(rb"\{\{(\d+)\*(.*?)\}\}", re.DOTALL)
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}

PIECES = b"2"  # the target's first byte: how large the pieces are
LONGEST = 4096  # bytes of an input, far above the limits of the target's guard


class Framing(typing.NamedTuple):
    name: str
    status: int
    request: bytes


def unescape(text):
    text = ESCAPE.sub(lambda m: PLAIN.get(m[1]) or bytes([int(m[1][1:], 16)]), text)
    return REPEAT.sub(lambda m: int(m[1]) * m[2], text)


def framings():
    for line in FRAMINGS.read_bytes().splitlines():
        if line and not line.startswith(b"#"):
            name, status, _, text = line.split(b"\t", 3)
            yield Framing(name.decode(), int(status), unescape(text))


def write_inputs(folder):
    for row in framings():
        if len(row.request) <= LONGEST:
            (folder / row.name).write_bytes(PIECES + row.request)


if __name__ == "__main__":
    write_inputs(pathlib.Path(sys.argv[1]))
