"""A disk that can lose its power: an ext4 image on a loop device, and copies of it of one moment.

A copy holds what had reached the device and nothing else: what still stood in the system's memory, unsynced,
is not in it. The journal is committed every 600 s instead of every 5, so that only a sync brings anything
there.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

COMMIT_SECONDS = 600
STAT_WRITES = slice(4, 8)  # of /sys/block/X/stat: requests, merges, sectors, milliseconds


class NoDisk(Exception):
    """This machine lets nobody mount an image; the text says why."""


def _command(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoDisk(f"{words[0]}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


@contextlib.contextmanager
def attached(image):
    """A loop device of the image. Somebody else may be given the same free one: then again."""
    for attempt in range(5):
        try:
            device = _command("losetup", "--find", "--show", str(image))
            break
        except NoDisk:
            if attempt == 4:
                raise
            time.sleep(0.2)
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=False, capture_output=True)


@contextlib.contextmanager
def mounted(image, place):
    """The image's file system at `place`, which is made for it; yields the device."""
    place = pathlib.Path(place)
    place.mkdir()
    with attached(image) as device:
        _command("mount", "-t", "ext4", "-o", f"commit={COMMIT_SECONDS}", device, str(place))
        try:
            yield device
        finally:
            # What is still open there must not keep the device for ever.
            if subprocess.run(["umount", place], check=False, capture_output=True).returncode != 0:
                subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
    place.rmdir()


class Disk:
    """Mounted at `self.place` while in the context."""

    def __init__(self, folder, name, mebibytes=48):
        self.image = pathlib.Path(folder) / f"{name}.img"
        self.place = pathlib.Path(folder) / name
        self.mebibytes = mebibytes
        self._stack = contextlib.ExitStack()
        self._device = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise NoDisk("only root mounts images")
        with open(self.image, "wb") as image:
            image.truncate(self.mebibytes << 20)
        _command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self.image))
        self._device = pathlib.Path(self._stack.enter_context(mounted(self.image, self.place))).name
        os.sync()
        return self

    def __exit__(self, *why):
        self._stack.close()
        self.image.unlink()

    def _traffic(self):
        """(requests under way, what was written so far)."""
        block = pathlib.Path("/sys/block") / self._device
        inflight = sum(map(int, (block / "inflight").read_text().split()))
        return inflight, (block / "stat").read_text().split()[STAT_WRITES]

    def copy(self, to):
        """The image of one moment: nothing was written while it was copied. How often it took. Whoever writes
        has been stopped before."""
        for attempt in range(1, 201):
            under_way, before = self._traffic()
            if under_way == 0:
                subprocess.run(["cp", "--sparse=always", "--reflink=never", self.image, to], check=True)
                if self._traffic() == (0, before):
                    return attempt
            time.sleep(0.01)
        raise AssertionError("the disk never came to rest")


@contextlib.contextmanager
def after_power_loss(image, place):
    """The file system of a copy, as the next start of the machine finds it; the copy is used up."""
    try:
        with mounted(image, place):
            yield pathlib.Path(place)
    finally:
        pathlib.Path(image).unlink()
        shutil.rmtree(place, ignore_errors=True)
