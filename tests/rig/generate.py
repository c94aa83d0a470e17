"""A synthetic directory of any size, the same bytes for the same seed: generate.py --users N [--seed S] [--base DN]

Writes LDIF for slapadd -q: the suffix entry first, 20 org units below ou=people (nested up to two levels), N
people, and 100 groups below ou=groups whose sizes fall like Zipf's law from 10,000 members. Names are of several
scripts (synthetic_names.py); telephone numbers are of ranges set aside for fiction as long as these last, and
then of country code 999, which nobody has. Operational attributes are part of it, so that entryUUIDs and times
are the same each time. Nobody has a password.

  ./dev generate 100000 >big.ldif
  USHER_DEMO_LDIF=$PWD/big.ldif ./dev demo

--rows writes the people alone, one a line, tabs between: what a benchmark feeds without a directory.
"""

import argparse
import hashlib
import itertools
import sys
import time

from synthetic_names import CULTURES, TITLES

BASE = "dc=meridian,dc=example"
DOMAINS = ("meridian.example", "archive.example", "stations.example", "mail.example", "post.example",
           "partner.example")
GROUPS, LARGEST_GROUP = 100, 10_000
DAY = 24 * 3600
FIRST_DAY, LAST_DAY = 16436, 20454  # days since 1970: 2015-01-01 to 2026-01-01
CHUNK = 4096  # people written at once

# (weight, path from ou=people)
UNITS = (
    (6, "Direction"), (4, "Collections"), (9, "Collections/Vaults"), (8, "Collections/Registry"),
    (7, "Collections/Registry/Deposits"), (5, "Research"), (8, "Research/Genetics"),
    (6, "Research/Genetics/Sequencing"), (6, "Research/Germination"), (3, "Operations"), (5, "Operations/Finance"),
    (5, "Operations/Buildings"), (4, "Operations/Buildings/Safety, Health"), (7, "Stations"), (4, "Stations/Ås"),
    (4, "Stations/São Tomé"), (4, "Stations/Đà Lạt"), (3, "Library + Archive"), (1, "Guests"), (1, "Volunteers"),
)

# (before the last digits, how many of them): set aside for fiction by Ofcom, ARCEP, the Bundesnetzagentur and
# the NANP's administrator.
FICTION = (
    [("+441632960", 3), ("+447700900", 3)]
    + [(f"+44{area}4960", 3) for area in (113, 114, 115, 116, 117, 118, 121, 131, 141, 151, 161)]
    + [("+442079460", 3), ("+441914980", 3)]
    + [(f"+33{area}", 4) for area in (19900, 26191, 35301, 46571, 53649, 63998)]
    + [("+493023125", 3), ("+496990009", 3), ("+494066969", 3), ("+492214710", 3), ("+498999998", 3)]
    + [(f"+1{area}55501", 2) for area in (202, 206, 212, 303, 305, 312, 404, 415, 503, 512, 602, 612, 617, 702, 713)]
)
NUMBERS = [(start, 10 ** digits, digits) for start, digits in FICTION]
FICTION_COUNT = sum(count for _, count, _ in NUMBERS)
SCATTER = 48_271  # a prime that does not divide the counts: neighbours get distant numbers


class Chance:
    """Numbers from 0 up, drawn from one 256-bit number of (seed, subject, index): no state, so that each
    person is what they are, however many there are before them."""

    def __init__(self, seed, subject, index):
        self.left = int.from_bytes(
            hashlib.blake2b(b"%d %b %d" % (seed, subject, index), digest_size=32).digest(), "little")

    def below(self, count):
        self.left, drawn = divmod(self.left, count)
        return drawn


def phone(index):
    """The number of the person of this index: no two have the same below a thousand million."""
    if index >= FICTION_COUNT:
        return f"+999{(index * SCATTER) % 1_000_000_000:09d}"
    left = index * SCATTER % FICTION_COUNT
    for start, count, digits in NUMBERS:
        if left < count:
            return f"{start}{left:0{digits}d}"
        left -= count
    raise AssertionError("counted wrongly")


def generalized(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def escape_rdn(value):
    """RFC 4514 section 2.4, of a value without other special characters than comma and plus."""
    return value.replace(",", "\\,").replace("+", "\\+")


def uuid_text(number):
    """128 bits as a UUID of version 4."""
    text = f"{number & ~(0xf << 76 | 0x3 << 62) | 4 << 76 | 2 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Person:
    """Of one index. Members without a value are None."""

    __slots__ = ("uuid", "name", "given", "family", "display", "mail", "second_mail", "mobile", "title", "unit",
                 "uid", "created", "modified", "last", "dn")


class Directory:
    """Everything that one seed makes."""

    def __init__(self, users, seed=1, base=BASE):
        self.users, self.seed, self.base = users, seed, base
        self.people_base, self.group_base = f"ou=people,{base}", f"ou=groups,{base}"
        self.units = [(path, self._unit_dn(path)) for _, path in UNITS]
        self._unit_of = [dn for (weight, _), (_, dn) in zip(UNITS, self.units) for _ in range(weight)]
        self._culture_of = [culture for culture in CULTURES for _ in range(culture.weight)]
        self._names_taken = {}
        self._days = [generalized(day * DAY)[:8] for day in range(FIRST_DAY, LAST_DAY + 1)]
        self._seconds = [f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}Z" for second in range(DAY)]

    def _unit_dn(self, path):
        return ",".join([f"ou={escape_rdn(name)}" for name in reversed(path.split("/"))] + [self.people_base])

    def _uid(self, given, family, draw):
        """Unlike all before, as an organisation makes them: a number behind what is taken."""
        wanted = (f"{given[0]}{family}", f"{given}.{family}", f"{family}{given[:2]}")[draw]
        number = self._names_taken.get(wanted, 0) + 1
        self._names_taken[wanted] = number
        return wanted if number == 1 else f"{wanted}{number}"

    def person(self, index):
        """To be asked in order, for names that are taken get a number."""
        chance, made = Chance(self.seed, b"person", index), Person()
        below = chance.below
        made.uuid = uuid_text(chance.left & (1 << 128) - 1)
        chance.left >>= 128
        culture = self._culture_of[below(100)]
        # The square of what is drawn: few names are common and most are rare.
        given = culture.given[(below(4096) ** 2 * len(culture.given)) >> 24]
        family = culture.family[(below(4096) ** 2 * len(culture.family)) >> 24]
        made.given, made.family = given[0], family[0]
        made.name = culture.full_name(given[0], family[0])
        made.uid = self._uid(given[1], family[1], below(3))
        made.unit = self._unit_of[below(100)]
        made.dn = f"uid={made.uid},{made.unit}"
        kinds = below(64)
        made.display = f"{made.name} ({made.uid})" if kinds == 0 else None
        made.mail = None if kinds in (1, 2) else f"{made.uid}@{DOMAINS[below(len(DOMAINS))]}"
        made.second_mail = f"{given[1]}-{index}@{DOMAINS[0]}" if kinds in (3, 4) else None
        made.mobile = None if 4 < kinds < 14 else phone(index)
        made.title = None if kinds == 14 else TITLES[below(len(TITLES))]
        self._times(made, below)
        return made

    def _times(self, made, below):
        first, second = below(len(self._days)), below(DAY)
        made.created = self._days[first] + self._seconds[second]
        later = first + below(len(self._days) - first)
        made.modified = self._days[later] + self._seconds[second]
        made.last = None
        if below(3) == 0:
            made.last = self._days[first + below(len(self._days) - first)] + self._seconds[second]

    def members(self):
        """The members of each group, as indices of people."""
        groups = []
        for number in range(GROUPS):
            size = max(1, min(self.users, LARGEST_GROUP // (number + 1)))
            chance = Chance(self.seed, b"group", number)
            start, step = chance.below(self.users), self.users // size
            groups.append([(start + step * position) % self.users for position in range(size)])
        return groups

    # ---- LDIF ----

    def ldif(self):
        """Text in pieces."""
        yield self._above()
        groups = self.members()
        wanted = dict.fromkeys(itertools.chain.from_iterable(groups))
        for first in range(0, self.users, CHUNK):
            chunk = []
            for index in range(first, min(first + CHUNK, self.users)):
                person = self.person(index)
                if index in wanted:
                    wanted[index] = person.dn
                chunk.append(person_ldif(person))
            yield "".join(chunk)
        for number, members in enumerate(groups):
            yield self._entry(
                f"cn=group-{number + 1:03d},{self.group_base}", "groupOfNames",
                [f"cn: group-{number + 1:03d}", f"description: {len(members)} people"]
                + [f"member: {wanted[index]}" for index in members])

    def _above(self):
        kind, _, value = self.base.split(",")[0].partition("=")
        if kind == "dc":
            suffix = self._entry(self.base, "organization", [
                "objectClass: dcObject", f"dc: {value}", "o: Synthetic Organisation"])
        else:
            suffix = self._entry(self.base, {"o": "organization", "ou": "organizationalUnit"}[kind], [f"{kind}: {value}"])
        units = [self._entry(dn, "organizationalUnit", [f"ou: {path.split('/')[-1]}", f"description: {path}"])
                 for path, dn in [("people", self.people_base), ("groups", self.group_base), *self.units]]
        return suffix + "".join(units)

    def _entry(self, dn, object_class, lines):
        """One that is no person: of the first day."""
        number = int.from_bytes(hashlib.blake2b(b"%d %b" % (self.seed, dn.encode()), digest_size=16).digest(), "big")
        text = "\n".join(lines)
        return (f"dn: {dn}\nobjectClass: {object_class}\n{text}\n"
                + operational(object_class, uuid_text(number), "20150101000000Z", "20150101000000Z"))


def operational(object_class, uuid, created, modified):
    return (f"structuralObjectClass: {object_class}\nentryUUID: {uuid}\ncreatorsName: cn=generator\n"
            f"createTimestamp: {created}\nmodifiersName: cn=generator\nmodifyTimestamp: {modified}\n"
            f"entryCSN: {modified[:-1]}.000000Z#000000#000#000000\n\n")


def person_ldif(person):
    text = (f"dn: {person.dn}\nobjectClass: inetOrgPerson\nuid: {person.uid}\ncn: {person.name}\n"
            f"sn: {person.family}\ngivenName: {person.given}\n")
    if person.display:
        text += f"displayName: {person.display}\n"
    if person.mail:
        text += f"mail: {person.mail}\n"
    if person.second_mail:
        text += f"mail: {person.second_mail}\n"
    if person.mobile:
        text += f"mobile: {person.mobile}\n"
    if person.title:
        text += f"title: {person.title}\n"
    if person.last:
        text += f"pwdLastSuccess: {person.last}\n"
    return text + operational("inetOrgPerson", person.uuid, person.created, person.modified)


def person_row(person):
    """id, name, given, family, mail, second mail, phone, position, uid, place, created, last activity."""
    return "\t".join(value or "" for value in (
        person.uuid, person.display or person.name, person.given, person.family, person.mail, person.second_mail,
        person.mobile, person.title, person.uid, person.unit, person.created, person.last)) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Write a synthetic directory as LDIF.")
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", default=BASE, help=f"a DN that begins with dc, o or ou ({BASE})")
    parser.add_argument("--rows", action="store_true", help="people alone, one a line")
    arguments = parser.parse_args()
    if not 1 <= arguments.users <= 100_000_000:
        parser.error("--users: from 1 to 100000000")
    if arguments.base.partition("=")[0] not in ("dc", "o", "ou"):
        parser.error("--base: begins with dc, o or ou")
    directory = Directory(arguments.users, arguments.seed, arguments.base)
    pieces = directory.ldif()
    if arguments.rows:
        pieces = (person_row(directory.person(index)) for index in range(arguments.users))
    for piece in pieces:
        sys.stdout.buffer.write(piece.encode())


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
