"""Fixtures: each test has its own slapd and its own usherd, on ports and in a folder of their own."""

import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "rig"))

# pylint: disable=wrong-import-position
from client import Api  # noqa: E402
from mailing import Mailing, mailing_world  # noqa: E402
from clock import Clock  # noqa: E402
from console import console_page, console_world  # noqa: E402
from proxy import Proxy  # noqa: E402
from signing import with_roles  # noqa: E402
from sink import Sink  # noqa: E402
from slapd import Slapd  # noqa: E402
from usherd import SANITIZER_WORDS, Usherd  # noqa: E402


# Many share the machine here, and each sign-in is a slow hash.
Usherd.patience = {"connect_timeout": "4s", "operation_timeout": "6s"}


def pytest_configure(config):
    config.addinivalue_line("markers", "walk: the walk through; also run on the sanitized daemon")


# Files are shared out in this order, and then by their names: none that takes long ends alone.
LONG = ("console_looks", "console_tasks", "console_invite", "console_make", "session", "console_list", "page_look",
        "webhook", "page", "race", "users", "usherctl", "trash", "directory", "audit", "console_together")


def pytest_collection_modifyitems(items):
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONG)))


@pytest.fixture
def folder():
    """A short path: unix sockets are made in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="ush-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_slapd(folder):
    made = []

    def make(*options, **more):
        made.append(Slapd(folder / f"slapd{len(made)}", options, **more))
        return made[-1]

    yield make
    for server in made:
        server.destroy()


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A running daemon with people of every role, for all the tests of a file."""
    place = tmp_path_factory.mktemp("o")
    server = Slapd(place / "slapd").start()
    daemon = with_roles(Usherd(place / "usherd", server))
    try:
        daemon.start()
        daemon.wait_directory()
        daemon.wait_list()
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-3000:]
    finally:
        daemon.destroy()
        server.destroy()


@pytest.fixture
def slapd(make_slapd):
    """A running slapd with the sample organisation."""
    return make_slapd().start()


@pytest.fixture
def make_usherd(folder):
    """Daemons that are not started yet. One that still runs in the end must end cleanly."""
    made = []

    def make(slapd, **more):
        made.append(Usherd(folder / f"usherd{len(made)}", slapd, **more))
        return made[-1]

    yield make
    statuses = [daemon.stop() for daemon in made]
    logs = "".join(daemon.log() for daemon in made)
    for daemon in made:
        daemon.destroy()
    reports = [word for word in SANITIZER_WORDS if word in logs]
    assert not reports, logs[-8000:]
    assert all(status in (None, 0) for status in statuses), f"{statuses}\n{logs[-3000:]}"


@pytest.fixture
def usherd(slapd, make_usherd):
    """A running daemon that knows the directory is there."""
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    return daemon


@pytest.fixture
def api(usherd):
    return Api(usherd, usherd.make_token())


@pytest.fixture
def proxy(slapd):
    """Between usherd and slapd; see the `proxied` fixture."""
    server = Proxy(slapd.port)
    yield server
    server.close()


@pytest.fixture
def proxied(slapd, proxy, make_usherd):
    """A running daemon that reaches slapd through the proxy only."""
    daemon = make_usherd(slapd, uri=proxy.url).start()
    daemon.wait_directory()
    return daemon


@pytest.fixture
def proxied_api(proxied):
    return Api(proxied, proxied.make_token())


@pytest.fixture
def make_sink(folder):
    made = []

    def make(**more):
        made.append(Sink(folder / f"sink{len(made)}", **more))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


@pytest.fixture(scope="module")
def mail_world():
    """A daemon that sends to a sink, for all tests of a module. It is patient: the sink shares the machine."""
    with mailing_world() as daemon:
        yield daemon


@pytest.fixture
def mailing(mail_world):
    """The same for one test: nothing waits, nothing has come, and the relay is sound."""
    made = Mailing(mail_world)
    made.clear()
    return made


@pytest.fixture
def clock(folder):
    """Sets the wall clock of the daemons that are started with its environment."""
    return Clock(folder / "clock")


@pytest.fixture(scope="module")
def console_daemon():
    """A daemon with a directory, roles and a mail sink, for all tests of a module."""
    with console_world() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def console_browser(console_daemon):
    """A browser for all tests of a module; `begin()` makes it a new one for a test."""
    with console_page(console_daemon) as page:
        yield page


@pytest.fixture
def console_api(console_daemon):
    """Its API, for what is not done in the browser."""
    if console_daemon.admin_token is None:
        console_daemon.admin_token = console_daemon.make_token()
    return Api(console_daemon, console_daemon.admin_token)
