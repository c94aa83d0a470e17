"""Waiting for a condition instead of for a time."""

import time


BACK = 10.0  # seconds to full service after an outage: 5 are promised (I9), the others are for a busy machine
STALL = 0.1  # a sleep that took this much longer says that others had the processor


def wait_for(condition, what, seconds=10.0, pause=0.02):
    """The first true value of condition(); AssertionError with `what` when none came in time. Time in which the machine
    did not even let us wake up does not count: whoever is waited for had none of it either."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        now = time.monotonic()
        assert now < deadline, f"after {seconds} s still not true: {what}"
        time.sleep(pause)
        late = time.monotonic() - now - pause
        if late > STALL:
            deadline += late


def quickly(ask, seconds=1.0, tries=3):
    """An answer that came so soon. Whoever waits for something that is away is slow each time; whoever shares the
    machine is not."""
    took = []
    for _ in range(tries):
        began = time.monotonic()
        value = ask()
        took.append(time.monotonic() - began)
        if took[-1] < seconds:
            return value
    raise AssertionError(f"no answer within {seconds} s: they took {took}")
