"""The store's file read from outside: without a line of the daemon's code, from a copy, with the key.

What it knows is what design.md and seal.h say: keys and values in one table, every value sealed with
XChaCha20-Poly1305 under a key derived from the first line of the key file, the name of the key as
associated data; a link is found by the BLAKE2b hash of its text, a name by a keyed one.
"""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import tempfile

import nacl.bindings
import nacl.exceptions

from wait import wait_for

SEAL_FORMAT = 1
SUBKEY_SEAL, SUBKEY_HASH, SUBKEY_ID = 1, 2, 4
OPEN_STATES = ("pending", "claimed", "created")


def _base64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token_hash(token):
    """How the store knows a link: BLAKE2b-256 of its text, in base64url."""
    return _base64(hashlib.blake2b(token.encode(), digest_size=32).digest())


class Damage(Exception):
    """The file is no sound store, or a value of it does not open."""


class Sealer:
    """Opens what was sealed with the first key of a key file."""

    def __init__(self, key_path):
        text = pathlib.Path(key_path).read_text().splitlines()[0]
        self._key = base64.urlsafe_b64decode(text + "=")
        self._seal = self._subkey(SUBKEY_SEAL)
        self._hash = self._subkey(SUBKEY_HASH)
        self._id = self._subkey(SUBKEY_ID)[:4]

    def _subkey(self, number):
        """libsodium's crypto_kdf: keyed BLAKE2b with the number as salt."""
        return hashlib.blake2b(b"", digest_size=32, key=self._key, person=b"usherkey" + bytes(8),
                               salt=number.to_bytes(8, "little") + bytes(8)).digest()

    def open(self, name, sealed):
        if len(sealed) < 45 or sealed[0] != SEAL_FORMAT or sealed[1:5] != self._id:
            raise Damage(f"{name}: not sealed with this key")
        try:
            return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed[29:], name.encode(), sealed[5:29], self._seal)
        except nacl.exceptions.CryptoError as error:
            raise Damage(f"{name}: {error}") from error

    def close(self, name, plain):
        """What open() opens."""
        nonce = os.urandom(24)
        return bytes([SEAL_FORMAT]) + self._id + nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain, name.encode(), nonce, self._seal)

    def name_key(self, space, value):
        """The key of a reservation; ASCII case does not count, but in phones there is none."""
        folded = "".join(c.lower() if c.isascii() else c for c in value)
        digest = hashlib.blake2b(f"{space}\0{folded}".encode(), digest_size=24, key=self._hash)
        return f"{space}/{_base64(digest.digest())}"


class Item:
    """One key. Of an audit record `value` is its first line, `line` the bytes of that, and `parts` its second one,
    which records of schema 2 do not have."""

    def __init__(self, created, modified, value, line=b"", parts=None):
        self.created, self.modified, self.value = created, modified, value
        self.line, self.parts = line, parts or {}


class StoreFile:
    """Everything that a copy of the store holds, opened and sorted by what it is."""

    def __init__(self, path, key_path):
        self.sealer = Sealer(key_path)
        self.items, self._spaces, self._audit = {}, {}, {}
        with contextlib.closing(sqlite3.connect(path)) as database:
            try:
                verdict = database.execute("pragma integrity_check").fetchall()
                rows = database.execute("select key, created, modified, value from kv").fetchall()
            except sqlite3.DatabaseError as error:
                raise Damage(str(error)) from error
        if verdict != [("ok",)]:
            raise Damage(f"integrity_check: {verdict}")
        for key, created, modified, value in rows:
            name = key.decode()
            plain = self.sealer.open(name, value)
            if name.startswith("audit/"):
                line, _, parts = plain.partition(b"\n")
                self.items[name] = Item(created, modified, json.loads(line), line, parts and json.loads(parts))
                continue
            if name.startswith(("trashkey/", "trashpart/")):
                value = plain.hex()  # bytes: a key, and what is sealed with it
            else:
                value = json.loads(plain) if plain[:1] == b"{" else plain.decode()
            self.items[name] = Item(created, modified, value)

    def space(self, name):
        """{what follows the slash: Item} of all keys below "name/"."""
        prefix = name + "/"
        if name not in self._spaces:
            self._spaces[name] = {
                key[len(prefix):]: item for key, item in self.items.items() if key.startswith(prefix)}
        return self._spaces[name]

    @property
    def invitations(self):
        return self.space("invitation")

    def audit_of(self, subject):
        """{id: [(revision, record)]} of the audit records about this kind of subject, in order."""
        if subject not in self._audit:
            found = self._audit[subject] = {}
            for item in sorted(self.space("audit").values(), key=lambda item: item.created):
                if subject in item.value:
                    found.setdefault(item.value[subject], []).append((item.created, item.value))
        return dict(self._audit[subject])

    def invitation_of(self, token):
        """The id of the invitation that a link belongs to, or None."""
        item = self.items.get("token/" + token_hash(token))
        return item.value if item else None


def thread_states(pid):
    """The letter of each thread of a process: a signal is not there at once, least of all in every thread."""
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        yield path.read_text().rpartition(")")[2].split()[0]


@contextlib.contextmanager
def stopped(pid):
    """The process does nothing meanwhile: what is copied is of one moment, as after a crash."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: all(state in "Tt" for state in thread_states(pid)), f"{pid} has stopped")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def read_copy(folder, name, key_path):
    """The StoreFile of the files in `folder`, through a copy: a reader would change them."""
    with tempfile.TemporaryDirectory(prefix="ush-copy-") as copies:
        for path in pathlib.Path(folder).iterdir():
            if path.name in (name, name + "-wal"):
                shutil.copy2(path, copies)
        return StoreFile(pathlib.Path(copies) / name, key_path)


def add_to_store(daemon, values):
    """Write pairs of a name and its document ("": an empty value) into the store of a daemon that is stopped, as
    new keys."""
    sealer = Sealer(daemon.key_path)
    with contextlib.closing(sqlite3.connect(daemon.store_path)) as database, database:
        [newest] = database.execute("select max(m, r) from (select max(modified) m from kv), "
                                    "(select revision r from meta)").fetchone()
        database.executemany("insert into kv(key, created, modified, value) values (?, ?, ?, ?)", (
            (name.encode(), newest, newest, sealer.close(name, json.dumps(value).encode() if value else b""))
            for name, value in values))


def read_store(daemon):
    """The store of a daemon, whether it runs or not."""
    with contextlib.ExitStack() as stack:
        if daemon.process is not None and daemon.process.poll() is None:
            stack.enter_context(stopped(daemon.process.pid))
        return read_copy(daemon.store_path.parent, daemon.store_path.name, daemon.key_path)


def age_what_is_kept(daemon):
    """What is kept of the deleted becomes as versions wrote it that had no list of it. The daemon must not run."""
    sealer = Sealer(daemon.key_path)
    with contextlib.closing(sqlite3.connect(daemon.store_path)) as database, database:
        kept = database.execute("select key, value from kv where key >= ? and key < ?",
                                (b"trash/", b"trash0")).fetchall()
        assert kept
        for key, value in kept:
            name = key.decode()
            record = json.loads(sealer.open(name, value))
            for member in ("id", "listed", "names"):
                record.pop(member, None)
            sealed = sealer.close(name, json.dumps(record).encode())
            database.execute("update kv set value = ? where key = ?", (sealed, key))
        database.execute("delete from kv where key >= ? and key < ?", (b"trashed/", b"trashed0"))
