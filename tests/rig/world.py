"""A whole small world at once: for tests that can share one."""

import contextlib
import pathlib
import shutil
import tempfile

from slapd import Slapd
from usherd import Usherd


@contextlib.contextmanager
def world(**sections):
    """A running daemon (its `slapd` beside it) with these changes to its configuration."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ush-", dir="/tmp"))
    folder.chmod(0o755)
    slapd = Slapd(folder / "slapd")
    daemon = Usherd(folder / "usherd", slapd)
    try:
        slapd.start()
        for section, keys in sections.items():
            daemon.configure(section, **keys)
        daemon.start()
        daemon.wait_directory()
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        slapd.destroy()
        shutil.rmtree(folder, ignore_errors=True)
