"""How the daemon says that it and what it needs are: while all is well, and while the directory, the list, the relay,
the store or an endpoint is not; who is told."""

import json
import re

import pytest
import requests

from client import Api
from openapi import Document
from receiver import Receiver
from signing import (ADMINISTRATOR, AUDITOR, INVITER, OTHER_ADMINISTRATOR, Console, add_group, dn_of, registry,
                     with_roles)
from wait import quickly, wait_for

PATH = "/api/v1/status"
LIBRARIES = ["libldap", "libevent", "SQLite", "libcurl", "libsodium", "OpenSSL"]
NOTICED = 20  # seconds until trouble with the directory shows, at the most: of connect_timeout and operation_timeout
DOCUMENT = Document()


class Status:
    """Asks, and holds each answer against the description of the API."""

    def __init__(self, daemon):
        self.api = Api(daemon, daemon.make_token(name="status", scopes="status:read"))

    def now(self):
        answer = quickly(lambda: self.api.get(PATH))
        assert answer.status_code == 200, answer.text
        DOCUMENT.validator({"$ref": "#/components/schemas/Status"})(answer.json())
        assert "uid=" not in answer.text, "nobody is named"
        return answer.json()

    def wait(self, is_so, what, seconds=NOTICED):
        """The first answer of which is_so() is true."""
        def found():
            status = self.now()
            return status if is_so(status) else None

        return wait_for(found, what, seconds)

    def wait_well(self, seconds=30):
        return self.wait(lambda s: s["status"] == "ok", "all is well", seconds)


# ---- well ----

def test_all_is_well(usherd):
    usherd.wait_list()
    status = Status(usherd).wait_well()
    assert [library["name"] for library in status["libraries"]] == LIBRARIES
    for library in status["libraries"]:
        assert re.match(r"\d+\.\d+", library["version"]), library
    assert status["version"] == DOCUMENT.root["info"]["version"]
    assert status["started_at"] < status["at"]
    [server] = status["directory"]["servers"]
    assert server["uri"] == usherd.slapd.url
    assert (server["status"], server["preferred"], server["in_use"]) == ("up", True, True)
    assert server["last_error"] is server["last_error_at"] is None
    assert status["started_at"][:19] <= server["since"][:19] <= status["at"]
    assert status["directory"]["status"] == "ok" and status["directory"]["profile"] == "openldap"
    feed = status["feed"]
    assert (feed["status"], feed["method"], feed["entries"], feed["reason"]) == ("current", "sync", None, None)
    assert feed["lag_seconds"] <= 30 and feed["heard_at"] <= status["at"]
    listed = Api(usherd, usherd.make_token()).get("/api/v1/users?limit=1").json()
    assert (status["list"]["people"], status["list"]["counts"]) == (listed["total"], listed["counts"])
    assert status["list"]["status"] == "complete" and status["list"]["bytes"] > 0
    assert status["store"]["status"] == "ok" and status["store"]["schema"] >= 3
    assert status["mail"]["status"] == "off" and not status["mail"]["configured"]
    assert status["webhooks"] == {"status": "ok", "count": 0, "enabled": 0, "failing": 0}
    assert status["sessions"] == {"open": 0}
    assert status["health"] == usherd.health("ready")[1]["checks"]


def test_the_store_is_as_large_as_its_files(usherd):
    status, api = Status(usherd), Api(usherd, usherd.make_token())
    wal = usherd.store_path.with_name(usherd.store_path.name + "-wal")

    def size():
        return usherd.store_path.stat().st_size + wal.stat().st_size

    for _ in range(3):
        api.invited()
    # The uses of the two tokens are written a moment later.
    wait_for(lambda: status.now()["store"]["bytes"] == size(), "the size is that of the files")
    assert size() > 4096


def test_the_command_says_it_in_a_word_and_by_its_exit_status(usherd):
    usherd.wait_list()
    Status(usherd).wait_well()
    table, document = usherd.control("status"), usherd.control("status", "-o", "json")
    assert (table.returncode, document.returncode) == (0, 0), table.stderr + document.stderr
    words = dict(line.split()[:2] for line in table.stdout.splitlines() if line and not line.startswith(" "))
    assert words["status"] == "ok" and words["list"] == "complete" and words["mail"] == "off", table.stdout
    assert usherd.slapd.url in words and words["libldap"]
    DOCUMENT.validator({"$ref": "#/components/schemas/Status"})(json.loads(document.stdout))
    usherd.slapd.stop()
    usherd.wait_directory(up=False)
    table, document = usherd.control("status"), usherd.control("status", "-o", "json")
    assert (table.returncode, document.returncode) == (1, 1)
    assert table.stdout.split()[1] == json.loads(document.stdout)["status"] == "degraded"
    usherd.slapd.start()


# ---- the directory ----

def test_a_directory_that_is_away_and_comes_back(usherd):
    usherd.wait_list()
    status = Status(usherd)
    before = status.wait_well()
    usherd.slapd.stop()
    away = status.wait(lambda s: s["directory"]["status"] == "down" and s["feed"]["status"] == "away", "it is away")
    [server] = away["directory"]["servers"]
    assert server["status"] == "down" and not server["in_use"]
    assert usherd.slapd.url in server["last_error"] and server["last_error_at"] >= server["since"]
    assert server["since"] > before["at"]
    assert away["status"] == "degraded" and away["feed"]["reason"]
    # The list is as it was last heard, and says how old that is.
    assert away["list"]["status"] == "complete" and away["list"]["people"] == before["list"]["people"]
    assert away["feed"]["method"] == "sync"
    lag = away["feed"]["lag_seconds"]
    status.wait(lambda s: s["feed"]["lag_seconds"] > lag, "the list grows older")
    usherd.slapd.start()
    back = status.wait_well()
    [server] = back["directory"]["servers"]
    assert server["since"] > away["at"] and server["last_error"], "what the outage was is still told"


def test_a_directory_that_is_silent_is_down(usherd):
    usherd.wait_list()
    status = Status(usherd)
    status.wait_well()
    usherd.slapd.pause()
    silent = status.wait(lambda s: s["directory"]["status"] == "down" and s["feed"]["status"] == "away",
                         "the silence is noticed")
    assert silent["status"] == "degraded"
    usherd.slapd.resume()
    status.wait_well()


def test_one_of_two_servers_is_enough_to_work_and_not_to_be_well(slapd, proxy, make_usherd):
    daemon = make_usherd(slapd, uri=f"{proxy.url} {slapd.url}").start()
    daemon.wait_directory()
    daemon.wait_list()
    status = Status(daemon)
    first, second = status.wait_well()["directory"]["servers"]
    assert (first["preferred"], first["in_use"]) == (True, True)
    assert (second["preferred"], second["in_use"]) == (False, False)
    proxy.refuse()
    failed = status.wait(lambda s: s["directory"]["status"] == "degraded" and s["feed"]["status"] == "current",
                         "the other one has taken over")
    first, second = failed["directory"]["servers"]
    assert (first["status"], first["in_use"], second["status"], second["in_use"]) == ("down", False, "up", True)
    assert failed["status"] == "degraded"
    assert {check["status"] for check in failed["health"]} == {"ok"}, "health minds no spare server"
    proxy.listen()
    status.wait_well()


def test_credentials_that_are_refused_are_a_pause_and_are_not_told(slapd, make_usherd, folder):
    wrong = folder / "wrong"
    wrong.write_text("no-password-of-anybody")
    wrong.chmod(0o600)
    daemon = make_usherd(slapd).configure("directory", bind_password_file=wrong).start()
    status = Status(daemon)
    paused = status.wait(lambda s: s["directory"]["servers"][0]["status"] == "paused", "the refusal is told")
    assert "Invalid credentials" in paused["directory"]["servers"][0]["last_error"]
    assert paused["directory"]["status"] == "down"
    for answer in (json.dumps(paused), daemon.control("status").stdout):
        assert wrong.read_text() not in answer and str(daemon.folder) not in answer


# ---- the list ----

def test_a_list_that_was_never_read_says_so(slapd, make_usherd):
    """A start without the directory: nothing is known but that."""
    slapd.stop()
    daemon = make_usherd(slapd).start()
    status = Status(daemon)
    never = status.wait(lambda s: s["feed"]["status"] == "away" and s["directory"]["servers"][0]["last_error"],
                        "the directory is known to be away")
    assert never["list"]["status"] == "loading" and never["list"]["people"] is never["list"]["counts"] is None
    feed = never["feed"]
    assert feed["method"] is feed["heard_at"] is feed["lag_seconds"] is feed["entries"] is None
    assert daemon.control("status").returncode == 1
    slapd.start()
    assert status.wait_well()["list"]["people"] > 0


def test_a_list_that_is_being_read(slapd, proxy, make_usherd):
    last = proxy.rule("search entry", "hold", containing=ADMINISTRATOR.encode(), times=None)
    daemon = make_usherd(slapd, uri=proxy.url).start()
    status = Status(daemon)
    last.wait()
    loading = status.wait(lambda s: s["feed"]["status"] == "loading", "the list is being read")
    assert loading["feed"]["entries"] >= 0 and loading["list"]["status"] == "loading"
    assert loading["list"]["people"] is None and loading["status"] == "degraded"
    proxy.forget()
    status.wait_well()


def test_a_list_that_a_limit_cut_short_is_incomplete(make_slapd, make_usherd):
    slapd = make_slapd().start()
    slapd.stop()
    slapd.set_size_limit(60)
    slapd.start()
    daemon = make_usherd(slapd).start()
    cut = Status(daemon).wait(lambda s: s["feed"]["status"] == "incomplete" and s["list"]["status"] != "loading",
                              "the limit is told")
    assert cut["list"]["status"] == "incomplete" and cut["list"]["people"] > 0
    assert "size=unlimited" in cut["feed"]["reason"] and cut["status"] == "degraded"


# ---- mail, store, webhooks, sessions ----

def test_a_relay_that_refuses_names_nobody(slapd, make_usherd, make_sink):
    sink = make_sink()
    daemon = make_usherd(slapd).configure("mail", **sink.conf()).start()
    daemon.wait_directory()
    daemon.wait_list()
    status, api = Status(daemon), Api(daemon, daemon.make_token())
    quiet = status.wait_well()["mail"]
    assert quiet["configured"] and (quiet["sent_at"], quiet["last_failure"], quiet["waiting"]) == (None, None, 0)
    address = "confidant@elsewhere.example"
    sink.fault("mail", f"451 4.3.2 no room for <{address}> now", times=None)
    api.invited_by_mail(address)

    def is_paused(s):
        mail = s["mail"]
        return mail["status"] == "paused" and mail["oldest_at"] and not mail["sending"]

    paused = status.wait(is_paused, "the queue is paused, and its mail waits again")["mail"]
    assert "no room for <[address]> now" in paused["last_failure"], paused
    assert paused["waiting"] == 1 and paused["paused_until"] > paused["last_failure_at"]
    assert "confidant" not in daemon.control("status").stdout
    sink.mend()
    sink.fault("mail", "550 5.7.1 not for you", times=None)
    assert daemon.control("mail", "retry").returncode == 0
    status.wait(lambda s: s["mail"]["status"] == "failing", "an operator must act")
    sink.mend()
    assert daemon.control("mail", "retry").returncode == 0
    sent = status.wait(lambda s: s["mail"]["sent_at"] and s["mail"]["status"] == "ok", "the mail has left")["mail"]
    assert sent["paused_until"] is None and sent["sent_at"] >= sent["last_failure_at"]
    assert "not for you" in sent["last_failure"], "it is over, and still told"


def test_a_store_that_is_not_there_is_told_without_its_place(usherd):
    status, api = Status(usherd), Api(usherd, usherd.make_token())
    usherd.wait_list()
    status.wait_well()
    aside = usherd.store_path.with_name("aside")
    usherd.store_path.rename(aside)
    assert api.invite().status_code == 503
    failing = status.wait(lambda s: s["store"]["status"] == "failing", "the store fails")
    assert failing["status"] == "unready" and "put it back" in failing["store"]["reason"]
    assert str(usherd.store_path) not in json.dumps(failing)
    aside.rename(usherd.store_path)
    back = status.wait_well()
    assert back["store"]["reason"] is None


def test_an_endpoint_that_fails_is_counted(slapd, make_usherd):
    receiver = Receiver(status=500)
    daemon = make_usherd(slapd).configure("webhook", allow_private="yes", allow_clear_text="yes").start()
    daemon.wait_directory()
    daemon.wait_list()
    status, api = Status(daemon), Api(daemon, daemon.make_token())
    try:
        document = {"name": "crm", "url": receiver.url, "types": ["all"]}
        hooks = [api.post("/api/v1/webhooks", document).json() for _ in range(2)]
        off = api.call("PATCH", f"/api/v1/webhooks/{hooks[1]['id']}", json={"enabled": False})
        assert off.status_code == 200, off.text
        assert status.wait_well()["webhooks"] == {"status": "ok", "count": 2, "enabled": 1, "failing": 0}
        assert api.post(f"/api/v1/webhooks/{hooks[0]['id']}/test", {}).status_code == 204
        failing = status.wait(lambda s: s["webhooks"]["failing"] == 1, "the failure is counted")
        assert failing["webhooks"]["status"] == "failing" and failing["status"] == "degraded"
    finally:
        receiver.close()


# ---- who is told ----

@pytest.fixture
def office(slapd, make_usherd):
    daemon = with_roles(make_usherd(slapd))
    keeper = dn_of(slapd, OTHER_ADMINISTRATOR)
    slapd.take_member(f"cn=usherd-administrators,{slapd.groups}", keeper)
    add_group(slapd, "keepers", keeper)
    daemon.configure("role keepers", group=f"cn=keepers,{slapd.groups}", role="administrator",
                     org_unit=registry(slapd)).start()
    daemon.wait_directory()
    daemon.wait_list()
    return daemon


def test_administrators_and_auditors_are_told_and_nobody_else(office):
    for who, code in ((ADMINISTRATOR, 200), (AUDITOR, 200), (INVITER, 403), (OTHER_ADMINISTRATOR, 403)):
        answer = Console(office).sign_in(who).get(PATH)
        assert answer.status_code == code, (who, answer.text)
    assert requests.get(office.control_url + PATH, timeout=5).status_code == 401
    assert Status(office).now()["sessions"] == {"open": 4}
    for elsewhere in (office.public_url, office.management_url):
        assert requests.get(elsewhere + PATH, timeout=5).status_code == 404


def test_a_token_of_all_older_scopes_is_not_told(usherd):
    everything = set(DOCUMENT.root["components"]["schemas"]["Scope"]["enum"])
    for scopes, code in ((everything - {"status:read"}, 403), ({"status:read"}, 200), ({"all"}, 200)):
        token = usherd.make_token(scopes=",".join(sorted(scopes)))
        answer = Api(usherd, token).get(PATH)
        assert answer.status_code == code, answer.text
        assert code == 200 or "status:read" in answer.json()["detail"]


def test_whoever_is_signed_in_is_told_while_the_directory_is_away(office):
    consoles = [Console(office).sign_in(who) for who in (ADMINISTRATOR, AUDITOR)]
    office.slapd.stop()
    office.wait_directory(up=False)
    for console in consoles:
        answer = console.get(PATH)
        assert answer.status_code == 200, answer.text
        assert answer.json()["directory"]["status"] == "down"
