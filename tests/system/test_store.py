"""The store is damaged, too new, read-only, full or taken: refused with words that help, never emptied."""

import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from client import Api
from usherd import make_key
from wait import BACK, wait_for


@pytest.fixture
def stored(slapd, make_usherd):
    """A stopped daemon whose store holds an invitation."""
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    daemon.token = daemon.make_token()
    daemon.invitation = Api(daemon, daemon.token).invited()
    assert daemon.stop() == 0
    return daemon


def fingerprint(daemon):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in daemon.store_path.parent.iterdir() if not path.name.endswith((".lock", "-shm"))
    }


def refuses(daemon, *words):
    """The daemon does not start, says one of the words and the path, and leaves the files alone."""
    before = fingerprint(daemon)
    status, said = daemon.fails_to_start()
    assert status == 1, said
    assert str(daemon.store_path.parent) in said, said
    assert any(word in said.lower() for word in words), said
    assert fingerprint(daemon) == before


@pytest.mark.parametrize("offset, length", [(0, 16), (0, 100), (18, 2), (100, 4000), (4096, 4096)])
def test_a_damaged_store_is_refused(stored, offset, length):
    with open(stored.store_path, "r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * length)
    refuses(stored, "damaged", "corrupt", "not a", "malformed")


@pytest.mark.parametrize("size", [0, 50, 512, 4096])
def test_a_cut_store_is_refused_and_never_taken_for_a_new_one(stored, size):
    with open(stored.store_path, "r+b") as file:
        file.truncate(size)
    refuses(stored, "damaged", "corrupt", "not a", "malformed", "empty")


def test_a_file_that_is_no_store_is_refused(stored):
    stored.store_path.write_text("Dear diary,\n" * 1000)
    refuses(stored, "damaged", "corrupt", "not a")


def test_another_programs_database_is_refused(stored):
    stored.store_path.unlink()
    with sqlite3.connect(stored.store_path) as database:
        database.execute("create table recipes (name text)")
    database.close()
    refuses(stored, "not a", "damaged", "corrupt", "another")


def test_a_missing_store_beside_its_log_is_refused(stored):
    stored.start()
    stored.kill()
    wal = pathlib.Path(f"{stored.store_path}-wal")
    assert wal.exists()
    stored.store_path.unlink()
    refuses(stored, "missing", "damaged", "corrupt")


def test_a_newer_store_is_refused_unharmed(stored):
    with sqlite3.connect(stored.store_path) as database:
        version = database.execute("pragma user_version").fetchone()[0]
        database.execute(f"pragma user_version = {version + 1000}")
    database.close()
    refuses(stored, "newer")
    with sqlite3.connect(stored.store_path) as database:
        database.execute(f"pragma user_version = {version}")
    database.close()
    stored.start()
    assert stored.invitation["join"].is_open()


def test_a_store_of_another_key_is_refused(stored):
    saved = stored.key_path.read_text()
    make_key(stored.key_path)
    refuses(stored, "key")
    stored.key_path.write_text(saved)
    stored.start()
    assert stored.invitation["join"].is_open()


@pytest.mark.parametrize("text", ["", "short\n", "A" * 44 + "\n", "!" * 43 + "\n", "A" * 42 + "\n"])
def test_a_key_file_that_holds_no_key_is_refused(stored, text):
    stored.key_path.write_text(text)
    status, said = stored.fails_to_start()
    assert status == 1
    assert str(stored.key_path) in said


def test_a_key_file_that_others_can_read_is_refused(stored):
    stored.key_path.chmod(0o644)
    status, said = stored.fails_to_start()
    assert status == 1
    assert str(stored.key_path) in said


def test_a_second_daemon_on_the_same_store_is_refused(slapd, stored, make_usherd):
    stored.start()
    second = make_usherd(slapd)
    second.configure("store", path=stored.store_path, key_file=stored.key_path)
    status, said = second.fails_to_start()
    assert status == 1
    assert str(stored.process.pid) in said, said
    assert stored.invitation["join"].is_open()


def test_the_store_is_closed_to_other_users(stored):
    for path in stored.store_path.parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.fixture
def small_disk(folder):
    """The mount point of a small file system for one store."""
    point = folder / "disk"
    point.mkdir()
    owner = f"uid={os.geteuid()},gid={os.getegid()}"
    as_root("mount", "-t", "tmpfs", "-o", f"size=4m,mode=700,{owner}", "tmpfs", point)
    yield point
    as_root("umount", "-l", point)


def as_root(*command):
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, *map(str, command)], check=True)


def on_disk(stored, point):
    """Move the store there."""
    for path in stored.store_path.parent.iterdir():
        shutil.copy2(path, point / path.name)
    stored.store_path = point / stored.store_path.name
    stored.configure("store", path=stored.store_path)
    stored.start()
    stored.wait_directory()
    return Api(stored, stored.token)


def remount(point, options):
    as_root("mount", "-o", f"remount,{options}", point)


def test_a_full_disk_is_told_and_passes(stored, small_disk):
    api = on_disk(stored, small_disk)
    ballast = small_disk / "ballast"
    with open(ballast, "wb") as file:
        try:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
        except OSError:
            pass
    statuses = []

    def is_told():
        statuses.append(api.invite())
        return statuses[-1].status_code == 503

    wait_for(is_told, "an invitation is refused for lack of space")
    assert {answer.status_code for answer in statuses} <= {201, 503}
    assert stored.health("live")[0] == 200
    assert stored.health("ready")[0] == 503
    kept = [answer.json()["id"] for answer in statuses if answer.status_code == 201]
    ballast.unlink()
    wait_for(lambda: api.invite().status_code == 201, "invitations are made again", seconds=BACK)
    assert all(api.show(identifier)["status"] == "pending" for identifier in kept)
    assert stored.invitation["join"].register().status_code == 201


def test_a_read_only_store_is_refused_at_the_start(stored, small_disk):
    on_disk(stored, small_disk)
    assert stored.stop() == 0
    remount(small_disk, "ro")
    try:
        status, said = stored.fails_to_start()
    finally:
        remount(small_disk, "rw")
    assert status == 1
    assert "read-only" in said.lower() or "readonly" in said.lower(), said
    stored.start()
    assert stored.invitation["join"].is_open()
