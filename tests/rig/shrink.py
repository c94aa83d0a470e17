"""Delta debugging: the smallest part of a sequence that still fails (Zeller's ddmin)."""

import time


def shrink(sequence, fails, seconds):
    """Leave out whatever can be left out while `fails(part)` is true, for at most so long."""
    deadline, parts = time.monotonic() + seconds, 2
    while len(sequence) > 1 and time.monotonic() < deadline:
        size = -(-len(sequence) // parts)
        for start in range(0, len(sequence), size):
            rest = sequence[:start] + sequence[start + size:]
            if time.monotonic() >= deadline:
                return sequence
            if rest and fails(rest):
                sequence, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(sequence):
                break
            parts = min(parts * 2, len(sequence))
    return sequence
