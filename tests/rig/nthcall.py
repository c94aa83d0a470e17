"""Let the Nth call of a daemon fail: the side of the rig, see failnth.h.

The daemon is started with FailNth.wrapper; the rig arms and disarms while it runs, and reads what fired.
"""

import ctypes
import errno
import mmap
import os
import pathlib
import subprocess

OFF, MEMORY, STORE, LYING = range(4)
SHORT_WRITE = 0  # instead of an errno
OWN = "failnth.so"
FRAMES, STACKS, PREFIX_MAX, THROUGH_MAX = 48, 1 << 17, 256, 32


class _Frame(ctypes.Structure):
    _fields_ = [("offset", ctypes.c_uint64), ("object", ctypes.c_char * 40)]


class _Stack(ctypes.Structure):
    _fields_ = [("what", ctypes.c_char * 16), ("depth", ctypes.c_uint32), ("unused", ctypes.c_uint32),
                ("frame", _Frame * FRAMES)]


class _Control(ctypes.Structure):
    """struct failnth."""

    _fields_ = [
        ("kind", ctypes.c_uint32), ("sticky", ctypes.c_uint32), ("distinct", ctypes.c_uint32),
        ("error", ctypes.c_uint32), ("through", ctypes.c_char * THROUGH_MAX),
        ("nth", ctypes.c_uint64), ("seen", ctypes.c_uint64), ("fired", ctypes.c_uint64),
        ("newest", ctypes.c_uint64),
        ("fault", _Stack), ("crash", _Stack),
        ("prefix", ctypes.c_char * PREFIX_MAX), ("stacks", ctypes.c_uint64 * STACKS),
    ]


class FailNth:
    """One control file in `folder`, for one daemon at a time. `build`: the tree of the library and daemon."""

    def __init__(self, folder, build):
        self.path = pathlib.Path(folder) / "failnth"
        self.build = pathlib.Path(build)
        self._names = {}  # (object, offset): what addr2line says
        with open(self.path, "w+b") as file:
            file.truncate(ctypes.sizeof(_Control))
            self._map = mmap.mmap(file.fileno(), 0)
        self._control = _Control.from_buffer(self._map)

    @property
    def wrapper(self):
        """What a daemon is started through. The sanitizer wants to be first, and works as second; what it
        would tell of a crash, the library tells."""
        options = "verify_asan_link_order=0:handle_segv=0:handle_abort=0"
        return ["/usr/bin/env", f"LD_PRELOAD={self.build / 'tests' / 'rig' / 'failnth.so'}",
                f"USHERD_FAILNTH={self.path}", f"ASAN_OPTIONS={options}"]

    def watch(self, folder):
        """The files in `folder` are the store's."""
        self._control.prefix = os.fsencode(folder)

    def arm(self, kind, nth=1, error=errno.EIO, sticky=False, distinct=False, through=""):
        """From now on: the nth call of this kind fails; with nth 0 calls are only counted.
        distinct: of calls that come the same way only the first counts, until forget_stacks();
        through: only those count that come through an object (libjansson) of such a name."""
        self.disarm()
        control = self._control
        control.nth, control.sticky, control.distinct, control.error = nth, sticky, distinct, error
        control.through = through.encode()
        control.seen = control.fired = control.fault.depth = control.crash.depth = 0
        control.kind = kind  # last: the daemon looks at it first

    def disarm(self):
        """How many calls failed since it was armed."""
        self._control.kind = OFF
        return self._control.fired

    @property
    def seen(self):
        return self._control.seen

    @property
    def fired(self):
        return self._control.fired

    def forget_newest_stack(self):
        """The call that failed last, with `distinct` and once, fails next."""
        self._control.stacks[self._control.newest] = 0

    def forget_stacks(self):
        ctypes.memset(self._control.stacks, 0, ctypes.sizeof(self._control.stacks))

    def fault(self):
        """The first call that failed, and who called: readable lines, innermost first."""
        return self._lines(self._control.fault)

    def crash(self):
        """The same for the signal that the daemon died of, if it did; else []."""
        return self._lines(self._control.crash)

    def _lines(self, stack):
        if not stack.depth:
            return []
        frames = [(frame.object.decode(), frame.offset) for frame in stack.frame[:stack.depth]]
        frames = [frame for frame in frames if OWN not in frame[0]]
        self._learn(frames)
        return [stack.what.decode(), *(self._names[frame] for frame in frames)]

    def _learn(self, frames):
        """The places' functions, files and lines, as far as the objects tell. A frame holds the address
        behind the call. addr2line reads all there is about an object each time: it is asked once for all."""
        for shared in {shared for shared, offset in frames if (shared, offset) not in self._names}:
            offsets = sorted({offset for name, offset in frames if name == shared})
            path = pathlib.Path(shared) if shared else self.build / "usherd"
            told = subprocess.run(["addr2line", "-f", "-e", path, *(hex(offset - 1) for offset in offsets)],
                                  capture_output=True, text=True, check=False).stdout.splitlines()
            told += ["??", "??:?"] * (len(offsets) - len(told) // 2)
            for offset, function, place in zip(offsets, told[::2], told[1::2]):
                self._names[shared, offset] = (f"{function} {place.rsplit('/', 1)[-1]} "
                                               f"({path.name}+{offset:#x})")
