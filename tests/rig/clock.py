"""A wall clock that a test sets; the monotonic one goes on."""

import pathlib
import time


class Clock:
    """Call it with seconds: from then on every daemon started with `environment` is off by as much."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        self.environment = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self.path),
            # Its "fix" ends every timed wait for a condition of the monotonic clock at once.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }
        self(0)

    def __call__(self, seconds):
        # Renamed into place: a daemon that looks just now reads the old or the new text.
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}")
        fresh.replace(self.path)
        self.offset = seconds

    def now(self):
        """What such a daemon takes for the time, in seconds."""
        return time.time() + self.offset
