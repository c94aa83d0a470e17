"""Synthetic directories: the same bytes for the same seed, and a directory server takes them as they are."""

import collections
import hashlib
import io
import itertools
import subprocess
import sys

import ldap
import ldif
import pytest

from generate import FICTION_COUNT, Directory, phone
from slapd import Slapd
from usherd import TOP

PROGRAM = TOP / "tests" / "rig" / "generate.py"
# A change of the generator changes it, and every benchmark's data with it.
THOUSAND = "9bddd5803515db3ab3e1f376242bfcc4ba8b42356ed531eadc1afe730851e399"


def text_of(users, seed=1, **options):
    return "".join(Directory(users, seed, **options).ldif())


@pytest.fixture(scope="module", name="entries")
def thousand_entries():
    reader = ldif.LDIFRecordList(io.StringIO(text_of(1000)))
    reader.parse()
    return reader.all_records


def test_a_seed_gives_the_same_bytes_on_every_machine():
    made = subprocess.run([sys.executable, "-B", PROGRAM, "--users", "1000"], capture_output=True, check=True)
    assert hashlib.sha256(made.stdout).hexdigest() == THOUSAND
    assert text_of(1000, seed=2) != made.stdout.decode()


def test_names_mails_phones_and_ids_are_those_of_one_person():
    directory = Directory(20_000)
    people = [directory.person(index) for index in range(20_000)]
    for name in ("uuid", "uid", "mail", "mobile"):
        values = [getattr(person, name) for person in people if getattr(person, name)]
        assert len(values) == len(set(values)) > 16_000, name
    numbers = [phone(index) for index in range(FICTION_COUNT + 10_000)]
    assert len(numbers) == len(set(numbers))
    assert max(map(len, numbers)) <= len("+") + 15


def test_there_are_several_scripts_and_people_without_mail_or_phone():
    directory = Directory(2000)
    people = [directory.person(index) for index in range(2000)]
    letters = set(itertools.chain.from_iterable(person.name for person in people))
    for script in ("üøłđæ", "Жя", "Ωά", "ال", "王", "さ", "김", "श"):
        assert letters & set(script), script
    for name in ("mail", "mobile", "title", "last", "second_mail"):
        present = sum(getattr(person, name) is not None for person in people)
        assert 0 < present < 2000, name
    assert all(person.uid.isascii() for person in people)


def test_org_units_are_twenty_and_groups_fall_in_size(entries):
    units = [dn for dn, entry in entries if b"organizationalUnit" in entry["objectClass"]]
    assert len([dn for dn in units if dn.endswith(",ou=people,dc=meridian,dc=example")]) == 20
    assert max(len(ldap.dn.str2dn(dn)) for dn in units) == 6
    sizes = [len(entry["member"]) for _, entry in entries if b"groupOfNames" in entry["objectClass"]]
    assert sizes == sorted(sizes, reverse=True)
    assert (len(sizes), sizes[0], sizes[99]) == (100, 1000, 100)
    assert len(Directory(1_000_000).members()[0]) == 10_000
    members = collections.Counter(
        member.decode() for _, entry in entries for member in set(entry.get("member", ())))
    assert sum(members.values()) == sum(sizes)
    assert set(members) <= {dn for dn, _ in entries}


@pytest.mark.parametrize("base", ["dc=meridian,dc=example", "o=Ålesund Archive"])
def test_slapd_takes_it_whole_with_its_ids_and_times(folder, base):
    path = folder / "made.ldif"
    path.write_text(text_of(300, base=base))
    slapd = Slapd(folder / "s", ldif=path, suffix=base)
    try:
        slapd.start()
        found = {entry["entryUUID"][0]: (dn, entry) for dn, entry in slapd.search(
            "(objectClass=inetOrgPerson)", attributes=["*", "+"])}
        directory = Directory(300, base=base)
        people = [directory.person(index) for index in range(300)]
        assert set(found) == {person.uuid for person in people}
        for person in people:
            dn, entry = found[person.uuid]
            assert ldap.dn.str2dn(dn) == ldap.dn.str2dn(person.dn)
            assert entry["createTimestamp"] == [person.created]
            assert entry.get("pwdLastSuccess", [None]) == [person.last]
            assert entry["cn"] == [person.name]
    finally:
        slapd.destroy()
