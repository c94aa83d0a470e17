"""Writes the rows of tests/data/framings.txt as inputs of the guard's fuzz target: framings.py FOLDER."""

import pathlib
import re
import sys

FRAMINGS = pathlib.Path(__file__).parents[1] / "data" / "framings.txt"
ESCAPE = re.compile(rb"\\(r|n|t|\\|x[0-9a-fA-F]{2})")
REPEAT = re.compile(rb"\{\{(\d+)\*(.*?)\}\}", re.DOTALL)
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}
LONGEST = 4096  # the target's limits are far below


def unescape(text):
    text = ESCAPE.sub(lambda m: PLAIN.get(m[1]) or bytes([int(m[1][1:], 16)]), text)
    return REPEAT.sub(lambda m: int(m[1]) * m[2], text)


def main(folder):
    for line in FRAMINGS.read_bytes().splitlines():
        if not line or line.startswith(b"#"):
            continue
        name, _, _, text = line.split(b"\t", 3)
        data = unescape(text)
        if len(data) <= LONGEST:
            (folder / name.decode()).write_bytes(b"2" + data)


main(pathlib.Path(sys.argv[1]))
