"""A private usherd: writes its configuration, starts it, waits until it is ready, stops or kills it."""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from ports import free_port
from wait import wait_for

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("USHERD_BUILD", TOP / "build" / "gcc"))

# What stands in the log when a sanitizer has spoken.
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
                   "WARNING: ThreadSanitizer")

# No environment but this: what the daemon needs must not come from a developer's shell.
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}


def make_key(path):
    """A store key as the daemon wants it: 43 characters of base64url, mode 0600."""
    path.write_text(base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=") + "\n")
    path.chmod(0o600)


class Usherd:
    """`folder` is short: a unix socket is made in it. `build` is the tree whose programs are run."""

    # With a directory that says nothing. Rigs that measure time have the machine to themselves.
    patience = {"connect_timeout": "2s", "operation_timeout": "2s"}

    def __init__(self, folder, slapd, uri=None, wrapper=(), environment=None, build=None):
        self.build = build or BUILD
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.slapd = slapd
        self.wrapper = list(wrapper)
        self.environment = {**ENVIRONMENT, **(environment or {})}
        self.conf_path = self.folder / "usherd.conf"
        self.log_path = self.folder / "usherd.log"
        self.key_path = self.folder / "store.key"
        self.store_path = self.folder / "store" / "usherd.db"
        self.socket_path = self.folder / "control.sock"
        self.store_path.parent.mkdir(mode=0o700, exist_ok=True)
        make_key(self.key_path)
        self.ports = {name: free_port() for name in ("control", "public", "management")}
        self.conf = self._configuration(uri or slapd.url)
        self.process = None
        self.deaths, self._has_died = [], False  # when it was started again after an end that was not clean
        self.admin_token = None

    def _configuration(self, uri):
        listen = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        return {
            "usherd": {
                "public_url": self.public_url,
                "organisation": "Meridian Seed Archive",
                "help_contact": "help@meridian.example",
                "log_level": "debug",
            },
            "listen": {**listen, "socket": self.socket_path, "hosts": "localhost"},
            "limits": {"connections_per_source": 1000, "join_rate": 0},
            "store": {"path": self.store_path, "key_file": self.key_path},
            "roster": {"warm_file": self.folder / "roster.db"},
            "directory": {
                "uri": uri,
                "bind_dn": self.slapd.service_dn,
                "bind_password_file": self.slapd.service_password,
                "search_base": self.slapd.base,
                "people_base": self.slapd.people,
                **self.patience,
            },
            "invitation": {},
            "password": {},
        }

    # ---- addresses ----

    def url(self, listener):
        return f"http://127.0.0.1:{self.ports[listener]}"

    @property
    def control_url(self):
        return self.url("control")

    @property
    def public_url(self):
        return self.url("public")

    @property
    def management_url(self):
        return self.url("management")

    # ---- life ----

    def configure(self, section, **keys):
        """Change keys before the start (or before a reload); None removes one."""
        values = self.conf.setdefault(section, {})
        for name, value in keys.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        return self

    def write_configuration(self):
        lines = []
        for section, values in self.conf.items():
            lines += [f"[{section}]", *(f"{name} = {value}" for name, value in values.items()), ""]
        self.conf_path.write_text("\n".join(lines))

    def spawn(self, **popen):
        """Start without waiting."""
        self.write_configuration()
        if self._has_died:
            self.deaths.append(time.time())
            self._has_died = False
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, self.build / "usherd", "-c", self.conf_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, **popen,
            )
        return self

    def start(self, **popen):
        self.spawn(**popen)
        self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        wait_for(self._is_ready, f"usherd is ready; its log ends:\n{self.log()[-3000:]}", seconds)

    def _is_ready(self):
        assert self.process.poll() is None, (
            f"usherd ended with {self.process.returncode}:\n{self.log()[-3000:]}"
        )
        return self.health("ready")[0] == 200

    def health(self, what):
        """(status, document) of a health page; (0, None) when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.management_url}/health/{what}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, None

    def wait_directory(self, up=True, seconds=30):
        """Until the daemon itself has noticed that the directory came or went."""
        def noticed():
            checks = (self.health("ready")[1] or {}).get("checks", [])
            states = [check["status"] for check in checks if check["name"] == "directory"]
            return bool(states) and (states[0] in ("ok", "up", "pass")) == up
        wait_for(noticed, f"the directory is {'up' if up else 'down'}", seconds)

    def wait_list(self, seconds=60):
        """Until the people list is loaded."""
        wait_for(lambda: self.control("user", "list", "--limit", "1").returncode == 0, "the list is loaded",
                 seconds, 0.05)

    def fails_to_start(self, seconds=60):
        """Start, expect it to give up by itself; its exit status and what it said this time."""
        before = len(self.log())
        self.spawn()
        status = self.process.wait(seconds)
        self.process = None
        return status, self.log()[before:]

    def kill(self):
        """It must have lived until then: a crash of its own is no kill of a rig."""
        status = self._end(signal.SIGKILL)
        assert status in (None, -signal.SIGKILL), f"it had ended with {status}:\n{self.log()[-3000:]}"

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        return self._end(signal.SIGTERM, seconds)

    def _end(self, number, seconds=30):
        if self.process is None:
            return None
        self.process.send_signal(number)
        status = self.process.wait(seconds)
        self.process = None
        self._has_died = status != 0
        return status

    def restart(self):
        self.stop()
        return self.start()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def destroy(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self._has_died = True

    # ---- what it says and does ----

    def warm_files(self):
        """The list's own file and what SQLite has beside it."""
        path = pathlib.Path(self.conf["roster"]["warm_file"])
        return [beside for beside in path.parent.iterdir() if beside.name.startswith(path.name)]

    def log(self):
        try:
            return self.log_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def control(self, *arguments, stdin=None, through_socket=True):
        """usherctl; a CompletedProcess with text."""
        route = ["--socket", self.socket_path] if through_socket else []
        return subprocess.run(
            [self.build / "usherctl", *route, *arguments], input=stdin, capture_output=True, text=True,
            env=self.environment, timeout=30,
        )

    def make_token(self, name="tests", scopes="all", expires="1d"):
        made = self.control("token", "create", "--name", name, "--scopes", scopes, "--expires", expires)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def check_configuration(self, *options):
        self.write_configuration()
        return subprocess.run(
            [self.build / "usherd", "check-config", "-c", self.conf_path, *options], capture_output=True, text=True,
            env=self.environment, stdin=subprocess.DEVNULL, timeout=60,
        )


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the daemon's unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


@contextlib.contextmanager
def raw_connection(port, timeout=10):
    """Bytes in, bytes out."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        yield connection


def read_all(connection):
    """Everything until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            received += data
    return received
