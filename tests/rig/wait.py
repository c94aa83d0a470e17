"""Waiting for a condition instead of for a time."""

import time


def wait_for(condition, what, seconds=10.0, pause=0.02):
    """The first true value of condition(); AssertionError with `what` when none came in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {seconds} s still not true: {what}"
        time.sleep(pause)
