"""Whatever happens to the directory, the list of people is the directory again: nobody lost, nobody left over.

Others add, change, rename, move and delete people, org units and groups, all at once, while people register and
slapd is killed under it; a database is restored from an earlier copy; a size limit cuts a refresh short; the
warm file is damaged in every way between two starts. After each the list, walked page by page, must equal a full
search of its own.
"""

import contextlib
import os
import random
import re
import shutil
import sqlite3
import subprocess
import threading

import oracle
import people
from directory_changes import Changer
from generate import Directory
from load import load
from wait import wait_for

LANES = 4
USERS = 600
TOLD_SECONDS = 40  # until a cut refresh is told: the pauses between two tries grow
LOW = {"connect_timeout": "2s", "operation_timeout": "2s"}


@contextlib.contextmanager
def synthetic(run, users=USERS, seed=1):
    """A world on a synthetic directory, whose list is right."""
    ldif = run.folder / f"{users}-{seed}-{random.randrange(10**9)}.ldif"
    ldif.write_text("".join(Directory(users, seed).ldif()))
    with run.world(ldif=ldif, directory=LOW) as world:
        check(run, world, "the first load")
        yield world


def check(run, world, after):
    """A violation unless the list comes to be right."""
    wrong = people.unsettled(world)
    if wrong:
        run.violation(f"I10: after {after} the list is wrong in {len(wrong)} places", wrong[:people.SHOWN])
    run.cycle()
    return not wrong


def listed(world):
    """The ids of everybody in the list."""
    return {item["id"] for item in people.walk(world.api)[0]}


# ---- changes and kills ----

def change_and_kill(run, world, changer, count):
    """Changes under way when slapd dies, and the rest of them when it is back."""
    made = []
    worker = threading.Thread(target=lambda: made.append(changer.change(count)))
    with load(world, clients=1):
        worker.start()
        # The moment is the rig's input; a change takes a millisecond or so.
        worker.join(run.random.uniform(0.01, 0.001 * count))
        world.slapd.kill()
        worker.join()
        run.fault()
        world.slapd.start()
        changer.change(count - made[0])
    world.daemon.wait_directory(seconds=30)


def changes(run):
    total, kills = run.size(10_000, 300), run.size(50, 2)
    with synthetic(run) as world:
        changer = Changer(world.slapd, random.Random(run.random.random()))
        for number in range(kills):
            change_and_kill(run, world, changer, total // kills)
            if not check(run, world, f"kill {number + 1}, {changer.done} changes"):
                return
        oracle.check(world, run)
        run.figure("changes", changer.done)


# ---- a restored database ----

def copy_whole(source, target):
    """With owners and modes, and as sparse as it is."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", "--sparse=always", source, target], check=True)


def restored(run):
    """The daemon's cookie is of a future that the directory no longer has. First nothing has been written since
    (slapd itself sees that the cookie is too new), then much has: the server cannot know what the daemon knows."""
    with synthetic(run, seed=2) as world:
        changer = Changer(world.slapd, random.Random(run.random.random()))
        data, kept = world.slapd.folder / "data", world.slapd.folder / "kept"
        for number in range(run.size(10, 2)):
            forked = number % 2 == 1
            world.slapd.stop()
            # The daemon's own bind is a write where it is recorded.
            world.slapd.edit_configuration(
                lambda line: re.sub("^lastbind .*", f"lastbind {'on' if forked else 'off'}", line))
            copy_whole(data, kept)
            world.slapd.start()
            changer.look()
            changer.change(50)
            check(run, world, "changes that will be undone")
            world.slapd.stop()
            copy_whole(kept, data)
            world.slapd.start()
            run.fault()
            if forked:
                changer.look()
                changer.change(10)
            check(run, world, "a restored database that was written to" if forked else "a restored database")


# ---- a size limit ----

def limited(run):
    """A refresh that is cut short takes nobody away, and is told; with the limit raised all is right."""
    with synthetic(run, seed=3) as world:
        everybody = listed(world)
        for fresh in (False, True):
            if fresh:
                assert world.daemon.stop() == 0
                for path in world.daemon.warm_files():
                    path.unlink()
            told = len(world.daemon.log())
            world.slapd.stop()
            world.slapd.set_size_limit(100)
            world.slapd.start()
            run.fault()
            changer = Changer(world.slapd, random.Random(run.random.random()))
            changer.look()
            for _ in range(30):
                changer.add()
            if fresh:
                world.restart()
                wait_for(lambda: "limit" in world.daemon.log()[told:], "the limit is told", TOLD_SECONDS)
            else:
                wait_for(lambda: "limit" in world.daemon.log()[told:] or not people.unsettled(world, 0),
                         "the limit is told, or did not matter", TOLD_SECONDS)
                missing = everybody - listed(world)
                if missing:
                    run.violation(f"I10: a limit of 100 took {len(missing)} people away", sorted(missing)[:5])
            world.slapd.stop()
            world.slapd.set_size_limit("unlimited")
            world.slapd.start()
            check(run, world, "the limit was raised")


# ---- the warm file ----

def truncate(path, chance, _):
    os.truncate(path, chance.randrange(path.stat().st_size))


def empty(path, _, __):
    os.truncate(path, 0)


def garbage(path, chance, _):
    path.write_bytes(chance.randbytes(path.stat().st_size))


def flip(path, chance, _):
    """Some bytes in the middle."""
    content = bytearray(path.read_bytes())
    for _ in range(20):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def newer(path, _, __):
    """What an earlier damage left may be no database."""
    with contextlib.closing(sqlite3.connect(path)) as database, contextlib.suppress(sqlite3.DatabaseError):
        database.execute("pragma user_version = 999")
        database.commit()


def foreign(path, _, other):
    """Of another daemon, with another key and of another directory."""
    for mine in warm_files_of(path):
        mine.unlink()
    for theirs in other.daemon.warm_files():
        shutil.copy(theirs, path.parent)


def other_database(path, _, __):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("create table people (id integer, name text)")
        database.commit()


def warm_files_of(path):
    return [beside for beside in path.parent.iterdir() if beside.name.startswith(path.name)]


DAMAGES = (truncate, empty, garbage, flip, newer, foreign, other_database)


def damaged(run):
    """A warm file that is not what was written is dropped, never trusted; meanwhile the directory changed."""
    with synthetic(run, seed=4) as world, synthetic(run, users=50, seed=5) as other:
        assert other.daemon.stop() == 0
        changer = Changer(world.slapd, random.Random(run.random.random()))
        chance = random.Random(run.random.random())
        for round_number in range(run.size(6, 1)):
            for damage in DAMAGES:
                if chance.random() < 0.5:
                    assert world.daemon.stop() == 0
                else:
                    world.daemon.kill()
                changer.look()
                changer.change(20)
                main = [path for path in world.daemon.warm_files() if not path.name.endswith(("-wal", "-shm"))]
                if not main:
                    run.violation("there is no warm file")
                    return
                damage(main[0], chance, other)
                run.fault()
                world.restart()
                if not check(run, world, f"{damage.__name__} of the warm file, round {round_number}"):
                    return


def undamaged(run):
    """A daemon that comes back with a sound warm file catches up with what happened meanwhile."""
    with synthetic(run, seed=6) as world:
        changer = Changer(world.slapd, random.Random(run.random.random()))
        for _ in range(run.size(20, 2)):
            world.daemon.kill()
            changer.look()
            changer.change(60)
            run.fault()
            world.restart()
            check(run, world, "changes while the daemon was away")


def prove(run):
    parts = [changes, restored, limited, damaged, undamaged]
    run.batches(parts[::-1], run.size(LANES, 2), lambda part: part(run))
