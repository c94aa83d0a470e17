"""Failpoints by themselves: what they are called, how they are set, and that each action does what it says."""

import os
import signal
import subprocess
import time

import pytest

from client import PASSWORD, Api, in_background
from usherd import TOP, Usherd
from wait import BACK, wait_for

FAIL = TOP / "build" / "fail"


@pytest.fixture
def daemon(slapd, folder):
    """Of the tree with failpoints. It may be dead in the end."""
    made = Usherd(folder / "usherd", slapd, build=FAIL)
    made.configure("directory", operation_timeout="1s", connect_timeout="1s").start()
    made.wait_directory()
    yield made
    made.destroy()


@pytest.fixture
def api(daemon):
    return Api(daemon, daemon.make_token())


def arm(api, text):
    return api.session.post(f"{api.daemon.management_url}/failpoints", text,
                            headers={"Content-Type": "text/plain"}, timeout=10)


def point(api, name):
    report = api.session.get(f"{api.daemon.management_url}/failpoints", timeout=10).json()
    [found] = [entry for entry in report if entry["point"] == name]
    return found


def test_there_are_points_before_and_after_every_effect():
    listed = subprocess.run([FAIL / "usherd", "--failpoints"], capture_output=True, text=True, check=True)
    names = [line.split("\t")[0] for line in listed.stdout.splitlines()]
    assert len(names) >= 40
    assert names == sorted(set(names), key=lambda name: (name.rpartition(".")[0], name.endswith("after")))
    pairs = {name.rpartition(".")[0] for name in names}
    assert set(names) == {f"{pair}.{side}" for pair in pairs for side in ("before", "after")}


def test_the_daemon_that_is_shipped_has_none():
    refused = subprocess.run([TOP / "build" / "gcc" / "usherd", "--failpoints"], capture_output=True,
                             text=True, check=False)
    assert refused.returncode == 2
    assert b"dir.add" not in (TOP / "build" / "gcc" / "usherd").read_bytes()


@pytest.mark.parametrize("text", [
    "dir.add", "dir.add.before", "dir.add.before=", "dir.add.before=sometimes", "dir.add=kill", "=kill",
    "dir.add.before=delay", "dir.add.before=kill:5", "dir.add.before=error*x", "dir.add.before=error*-1",
    "no.such.before=error",
])
def test_a_mistake_is_told(api, text):
    answer = arm(api, text)
    assert answer.status_code == 400, answer.text
    assert text.partition("=")[0] in answer.json()["detail"]


def test_a_mistake_in_the_environment_ends_the_start(daemon):
    daemon.stop()
    daemon.environment["USHERD_FAILPOINTS"] = "dir.add.before=sometimes"
    status, said = daemon.fails_to_start()
    assert status == 1
    assert "USHERD_FAILPOINTS" in said and "sometimes" in said


def test_error_before_an_add_is_as_if_the_connection_were_lost(api, slapd):
    assert arm(api, "dir.add.before=error*2").status_code == 204
    invitation = api.invited()
    assert invitation["join"].register().status_code == 201
    assert point(api, "dir.add.before") == {
        "point": "dir.add.before", "action": "off", "passed": 3, "acted": 2}
    assert len(slapd.entries_of(invitation["id"])) == 1


def test_error_after_an_add_meets_our_own_entry(api, slapd):
    arm(api, "dir.add.after=error")
    invitation = api.invited()
    assert invitation["join"].register().status_code == 201
    assert point(api, "dir.adopt_look.before")["passed"] == 1
    assert len(slapd.entries_of(invitation["id"])) == 1


def test_a_commit_that_failed_is_told_and_one_that_only_seemed_to_is_found(api):
    arm(api, "store.issued.before=error")
    assert api.invite().status_code == 503
    arm(api, "store.issued.after=error")
    answer = api.invite()
    assert answer.status_code == 201
    assert api.show(answer.json()["id"])["status"] == "pending"


def test_always_is_until_it_is_switched_off(api):
    arm(api, "store.issued.before=error*0")
    assert {api.invite().status_code for _ in range(3)} == {503}
    arm(api, "store.issued.before=off")
    wait_for(lambda: api.invite().status_code == 201, "invitations are made again", seconds=BACK)


def test_kill_is_sudden(api, daemon):
    arm(api, "store.issued.after=kill")
    with pytest.raises(OSError):
        api.invite()
    assert daemon.process.wait(5) == -signal.SIGKILL
    daemon.start()


def test_stop_stops_every_thread_until_it_is_continued(api, daemon):
    arm(api, "store.issued.before=stop")
    answer = in_background(api.invite)
    stat = f"/proc/{daemon.process.pid}/stat"
    wait_for(lambda: open(stat).read().rpartition(")")[2].split()[0] == "T", "the daemon is stopped")
    assert daemon.health("live")[0] == 0
    os.kill(daemon.process.pid, signal.SIGCONT)
    assert answer().status_code == 201


def test_what_was_given_up_is_not_sent_late(api, slapd):
    """A worker that is held up before it sends a password: by the time it goes on, the password has been set
    by another, and then changed by its owner."""
    arm(api, "dir.password.before=delay:2500")
    invitation = api.invited()
    began = time.monotonic()
    assert invitation["join"].register().status_code == 201
    [(dn, _)] = slapd.entries_of(invitation["id"])
    connection = slapd.connect(dn, PASSWORD)
    connection.passwd_s(dn, PASSWORD, "chosen by its owner since")
    connection.unbind_s()
    # That nothing comes can only be waited for: the delay, and then as long as a request takes.
    time.sleep(max(0, began + 3.5 - time.monotonic()))
    assert slapd.accepts(dn, "chosen by its owner since")


@pytest.mark.parametrize("point", ["dir.proof_add.before", "dir.proof_add.after", "dir.proof_delete.before",
                                   "dir.proof_delete.after"])
def test_a_self_test_that_got_no_answer_is_soon_made_again(daemon, slapd, point):
    """Without it nobody is added in argon2 mode; and what it added does not stay."""
    daemon.stop()
    daemon.configure("directory", password_mode="argon2")
    daemon.environment["USHERD_FAILPOINTS"] = f"{point}=error*2"
    daemon.start()
    api = Api(daemon, daemon.make_token())
    wait_for(lambda: point_acted(api, point, 2), f"{point} acts")
    invitation = wait_for(lambda: api.invite().status_code == 201 and api.invited(), "an invitation is made")
    wait_for(lambda: invitation["join"].register().status_code == 201, "a registration succeeds", seconds=BACK)
    wait_for(lambda: not slapd.search("(sn=self-test)"), "its entry is gone", seconds=BACK)


def point_acted(api, name, times):
    return point(api, name)["acted"] == times
