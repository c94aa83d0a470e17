"""No clear token, password or key anywhere but where it belongs."""

import base64
import json
import os
import pathlib
import re
import sqlite3

import pytest

from client import Api, Browser, Link
from mails import Letter
from store_file import read_store
from wait import wait_for

CANARY = "canary-in-the-vault-4711-password"


def files_of(daemon):
    """Everything on disk that is the daemon's, but the files that hold a secret by design."""
    secret = {daemon.key_path}
    return [path for path in daemon.folder.rglob("*") if path.is_file() and path not in secret]


def process_text(pid, name):
    return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()


def key_bytes(daemon):
    text = daemon.key_path.read_text().strip()
    return base64.urlsafe_b64decode(text + "=")


@pytest.mark.walk
@pytest.mark.parametrize("mode", ["exop", "argon2"])
def test_no_secret_reaches_log_store_arguments_or_environment(slapd, make_usherd, mode):
    daemon = make_usherd(slapd).configure("directory", password_mode=mode).start()
    daemon.wait_directory()
    token = daemon.make_token()
    api = Api(daemon, token)
    secrets = [CANARY, CANARY + " refused", token, slapd.service_password.read_text()]

    invitation = api.invited()
    secrets.append(invitation["join"].token)
    fresh = Link(api.post(f"/api/v1/invitations/{invitation['id']}/link").json()["link"])
    pending = api.invited()
    secrets += [fresh.token, pending["join"].token]
    browser = Browser(fresh.url)
    page = browser.open()
    secrets += [cookie.value for cookie in browser.session.cookies]
    page.fields.update({name: CANARY for name in page.names if "password" in name})
    assert browser.submit(page, {}).status_code == 201
    pending["join"].register(password="short")
    pending["join"].post({"password": CANARY + " refused", "mail": "x@meridian.example"})
    Link(fresh.url + "x").register(password=CANARY)
    Api(daemon, token[:-1] + "!").get("/api/v1/groups")

    searched = {path: path.read_bytes() for path in files_of(daemon)}
    for name in ("cmdline", "environ"):
        searched[name] = process_text(daemon.process.pid, name)
    daemon.stop()
    searched.update({f"{path} after the end": path.read_bytes() for path in files_of(daemon)})
    needles = [secret.encode() for secret in secrets] + [key_bytes(daemon),
                                                         daemon.key_path.read_text().strip().encode()]
    found = [(str(place), needle[:12]) for place, data in searched.items() for needle in needles
             if needle in data]
    assert found == []


def test_no_secret_of_a_mail_stays_anywhere(slapd, make_usherd, make_sink):
    """The relay's password, the tokens of every attempt, and the address that a relay names in its refusals."""
    sink, address = make_sink(), "persephone.canary@elsewhere.example"
    daemon = make_usherd(slapd).configure("mail", **sink.conf(notify="office@meridian.example")).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    refused = sink.fault("rcpt", f"450 4.2.0 <{address}> is greylisted")
    lost = sink.fault("end", "drop", keep=True)
    invitation = api.invited_by_mail(address)
    for fault in (refused, lost):
        fault.wait()
        item = wait_for(lambda: next((item for item in api.mails_of(invitation["id"]) if item["status"] == "waiting"),
                                     None), "the mail waits again")
        api.retry_mail(item["id"])
    links = [Letter(mail.content).link for mail in sink.wait_mails(2, address)]
    assert links[1].register().status_code == 201
    sink.wait_mails(3, address)
    sink.wait_mail("office@meridian.example")
    wait_for(lambda: not api.mail_queue(), "the queue is empty")

    searched = {path: path.read_bytes() for path in files_of(daemon)}
    for name in ("cmdline", "environ"):
        searched[name] = process_text(daemon.process.pid, name)
    stored = json.dumps({name: item.value for name, item in read_store(daemon).items.items()})
    daemon.stop()
    searched.update({f"{path} after the end": path.read_bytes() for path in files_of(daemon)})
    needles = [sink.password, base64.b64encode(f"\0{sink.user}\0{sink.password}".encode()).decode(),
               *(link.token for link in links)]
    found = [(str(place), needle[:12]) for place, data in searched.items() for needle in needles
             if needle.encode() in data]
    assert found == []
    assert "persephone" not in stored.lower() and not [needle for needle in needles if needle in stored]
    assert "persephone" not in daemon.log().lower()


def memory_of(pid):
    """What a process can read and write, piece by piece."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(part, 16) for part in place.split("-"))
                memory.seek(begin)
                try:
                    yield memory.read(end - begin)
                except OSError:  # [vvar] and its like
                    pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of a process that may not be dumped")
def test_links_of_mails_that_were_sent_are_nowhere_in_memory(slapd, make_usherd, make_sink):
    sink = make_sink()
    daemon = make_usherd(slapd).configure("mail", **sink.conf()).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    count = 60
    for number in range(count):
        api.invited_by_mail(f"canary{number}@elsewhere.example")
    links = [Letter(sink.wait_mail(f"canary{number}@elsewhere.example").content).link for number in range(count)]
    wait_for(lambda: not api.mail_queue(), "the queue is empty")
    memory = list(memory_of(daemon.process.pid))
    assert any(b"usherd@meridian.example" in piece for piece in memory), "the scan sees nothing"
    found = [link.token[:12] for link in links for piece in memory if link.token.encode() in piece]
    assert found == []
    assert links[0].is_open()


def test_a_stolen_store_reveals_nobody(slapd, make_usherd):
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    names = {"given_name": "Persephone", "family_name": "Canarybird",
             "mail": "persephone.canary@meridian.example", "phone": "+442079460777",
             "position": "Keeper of canaries"}
    api.invited(**names)
    assert daemon.stop() == 0
    data = b"".join(path.read_bytes() for path in daemon.store_path.parent.iterdir())
    assert [value for value in names.values() if value.encode() in data] == []
    assert b"persephone" not in data.lower()


def test_a_finished_registration_is_erased(slapd, make_usherd):
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    invitation = api.invited(given_name="Persephone", family_name="Canarybird")
    assert invitation["join"].register().status_code == 201
    shown = api.show(invitation["id"])
    assert "Persephone" not in str(shown) and "Canarybird" not in str(shown)


def test_lists_and_details_never_show_a_link(api):
    invitation = api.invited()
    token = invitation["join"].token
    for path in ("/api/v1/invitations", f"/api/v1/invitations/{invitation['id']}"):
        answer = api.get(path)
        assert answer.status_code == 200
        assert token not in answer.text and "usj_" not in answer.text


def test_the_log_is_lines_that_no_value_can_forge(usherd, api):
    forged = 'x\nlevel=error msg="forged" a=b'
    api.get("/api/v1/" + forged.replace("\n", "%0a"))
    api.invite(position=forged)
    api.call("GET", "/api/v1/groups", headers={"User-Agent": 'forged" level=error msg="forged'})
    lines = usherd.log().splitlines()
    assert lines
    assert [line for line in lines if not re.match(r"time=\S+Z level=\w+ msg=", line)] == []
    assert [line for line in lines if 'msg="forged"' in line.replace('\\"', "")] == []


def test_the_process_cannot_be_dumped(usherd):
    status = process_text(usherd.process.pid, "status").decode()
    assert "CoreDumping:\t0" in status
    # A process that may not be dumped has its /proc files owned by root.
    limits = process_text(usherd.process.pid, "limits").decode()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    owner = os.stat(f"/proc/{usherd.process.pid}/maps").st_uid
    assert core.split()[4] == "0" or owner == 0


def test_the_store_is_sealed_value_by_value(slapd, make_usherd):
    daemon = make_usherd(slapd).start()
    daemon.wait_directory()
    Api(daemon, daemon.make_token()).invited()
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.store_path) as database:
        tables = [row[0] for row in database.execute("select name from sqlite_master where type='table'")]
        blobs = [value for table in tables for row in database.execute(f'select * from "{table}"')
                 for value in row if isinstance(value, bytes)]
    database.close()
    assert blobs
    assert [blob for blob in blobs if blob[:1] in (b"{", b"[")] == []
