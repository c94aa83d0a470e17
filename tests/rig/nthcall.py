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
        ("fault", _Stack), ("crash", _Stack),
        ("prefix", ctypes.c_char * PREFIX_MAX), ("stacks", ctypes.c_uint64 * STACKS),
    ]


class FailNth:
    """One control file in `folder`, for one daemon at a time. `build`: the tree of the library and daemon."""

    def __init__(self, folder, build):
        self.path = pathlib.Path(folder) / "failnth"
        self.build = pathlib.Path(build)
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
        return [stack.what.decode(), *(self._name(*frame) for frame in frames if OWN not in frame[0])]

    def _name(self, shared, offset):
        """The place's function, file and line, as far as the object tells. A frame holds the address
        behind the call."""
        path = pathlib.Path(shared) if shared else self.build / "usherd"
        if not path.exists():
            return f"{shared}+{offset:#x}"
        told = subprocess.run(["addr2line", "-f", "-e", path, hex(offset - 1)],
                              capture_output=True, text=True, check=False)
        function, _, place = told.stdout.strip().partition("\n")
        return f"{function} {place.rsplit('/', 1)[-1]} ({path.name}+{offset:#x})"
