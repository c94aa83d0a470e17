"""What other administrators do to a directory: random changes of every kind, over a connection of their own.

Nothing is remembered but DNs that are there, more or less: a change that a killed server has forgotten, or a
name that is taken, is no matter.
"""

import contextlib
import itertools

import ldap
import ldap.dn
import ldap.modlist

from client import unique_word
from slapd import MARKER

SUSPENDED = b"000001010000Z"
MASS = 20  # people of an org unit that is deleted as a whole
HOSTILE_NAMES = ("Comma, Junior", 'Quo"te', "Back\\slash", "Plus+Minus", " Leading", "#hash", "Semi;colon", "<angle>",
                 "Equal=sign", "Ünïcödé Ω 王", "İstanbul ıI", "a" * 400, "\u202eright to left", "e\u0301\u0301\u0301")
COMING = (ldap.SERVER_DOWN, ldap.UNAVAILABLE, ldap.BUSY, ldap.TIMEOUT, ldap.CONNECT_ERROR)
TAKEN = (ldap.NO_SUCH_OBJECT, ldap.ALREADY_EXISTS, ldap.NOT_ALLOWED_ON_NONLEAF, ldap.TYPE_OR_VALUE_EXISTS,
         ldap.NO_SUCH_ATTRIBUTE, ldap.OBJECT_CLASS_VIOLATION, ldap.CONSTRAINT_VIOLATION)


class Changer:
    """Changes one directory; `chance` is a random.Random."""

    def __init__(self, slapd, chance):
        self.slapd, self.chance = slapd, chance
        self.connection = None
        self.done = 0
        self.people, self.units, self.groups = [], [], []
        self._numbers = itertools.count(1)
        self.kinds = ((22, self.add), (25, self.modify), (14, self.delete), (10, self.rename), (10, self.move),
                      (8, self.join), (4, self.suspend), (2, self.add_unit), (2, self.rename_unit),
                      (1, self.delete_unit), (2, self.add_hostile))

    def look(self):
        """Connect, and learn who is there."""
        self.connection = self.slapd.connect()
        # Whoever registered is the oracle's.
        self.people = [dn for dn, _ in self.slapd.search(
            f"(&(objectClass=inetOrgPerson)(!({MARKER}=*)))", self.slapd.people, attributes=["1.1"])]
        self.units = [dn for dn, _ in self.slapd.search("(objectClass=organizationalUnit)", self.slapd.people,
                                                        attributes=["1.1"])]
        self.groups = [dn for dn, _ in self.slapd.search("(objectClass=groupOfNames)", attributes=["1.1"])
                       if "usherd-administrators" not in dn]

    def change(self, count):
        """So many changes, or as many as the server lives for; those made."""
        made = 0
        with contextlib.suppress(*COMING):
            if self.connection is None:
                self.look()
            for _ in range(count):
                with contextlib.suppress(*TAKEN):
                    self._one_of(self.kinds)()
                made += 1
        if made < count:
            self.connection = None
        self.done += made
        return made

    def _one_of(self, kinds):
        return self.chance.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]

    def _some(self, dns):
        return self.chance.choice(dns)

    def _replace(self, dn, name, *values):
        self.connection.modify_s(dn, [(ldap.MOD_REPLACE, name, [
            value if isinstance(value, bytes) else value.encode() for value in values] or None)])

    # ---- people ----

    def _new(self, parent, uid=None, **more):
        uid = uid or f"new{unique_word().lower()}"
        entry = {"objectClass": "inetOrgPerson", "uid": uid, "cn": f"New {uid}", "sn": uid.title(), **more}
        if self.chance.random() < 0.8:
            entry.setdefault("mail", f"new{self.chance.randrange(10**9)}@meridian.example")
        if self.chance.random() < 0.6:
            entry.setdefault("mobile", f"+999{self.chance.randrange(10**9):09d}")
        dn = ldap.dn.dn2str([[("uid", uid, ldap.AVA_STRING)]]) + "," + parent
        self.connection.add_s(dn, ldap.modlist.addModlist({
            name: [part if isinstance(part, bytes) else part.encode()
                   for part in (value if isinstance(value, list) else [value])]
            for name, value in entry.items()}))
        self.people.append(dn)
        return dn

    def add(self):
        self._new(self._some(self.units))

    def add_hostile(self):
        """Values that a list can stumble over."""
        name, number = self._some(HOSTILE_NAMES), next(self._numbers)
        more = self.chance.choice((
            {"cn": name}, {"displayName": name, "title": name}, {"jpegPhoto": bytes(range(256)) * 256},
            {"description": "long " * 13000}, {"mail": [f"many{number}-{n}@meridian.example" for n in range(40)]},
            {"title": "x" * 9000}, {"mobile": "+999 (0) 12-34/56"}, {"sn": name, "givenName": [name, "Second"]}))
        self._new(self._some(self.units), f"{name[:60]} {number}", **more)

    def modify(self):
        dn, number = self._some(self.people), self.chance.randrange(10**6)
        name, values = self.chance.choice((
            ("mail", [f"m{number}@meridian.example"]), ("mail", []), ("mobile", [f"+999{number:09d}"]), ("mobile", []),
            ("title", [f"Title {number}"]), ("cn", [f"Changed Ñame {number}"]), ("displayName", [f"Shown {number}"]),
            ("displayName", []), ("givenName", [f"Gïven{number}"]), ("sn", [f"Sørname{number}"]),
            ("mail", [f"a{number}@meridian.example", f"b{number}@meridian.example"])))
        self._replace(dn, name, *values)

    def delete(self):
        dn = self._some(self.people)
        self.people.remove(dn)
        self.connection.delete_s(dn)

    def rename(self):
        dn = self._some(self.people)
        rdn = f"uid=named{unique_word().lower()}"
        self.connection.rename_s(dn, rdn, None, self.chance.random() < 0.8)
        self._moved(dn, rdn, ldap.dn.dn2str(ldap.dn.str2dn(dn)[1:]))

    def move(self):
        """To another org unit, with or without a new name."""
        dn, unit = self._some(self.people), self._some(self.units)
        rdn = ldap.dn.dn2str(ldap.dn.str2dn(dn)[:1])
        if self.chance.random() < 0.2:
            rdn = f"uid=moved{unique_word().lower()}"
        self.connection.rename_s(dn, rdn, unit)
        self._moved(dn, rdn, unit)

    def _moved(self, dn, rdn, parent):
        self.people.remove(dn)
        self.people.append(f"{rdn},{parent}")

    def suspend(self):
        self._replace(self._some(self.people), "pwdAccountLockedTime",
                      *([SUSPENDED] if self.chance.random() < 0.6 else []))

    # ---- groups and org units ----

    def join(self):
        group = self._some(self.groups)
        if self.chance.random() < 0.6:
            how, member = ldap.MOD_ADD, self._some(self.people).encode()
        else:
            members = self.connection.search_s(group, ldap.SCOPE_BASE, attrlist=["member"])[0][1]["member"]
            how, member = ldap.MOD_DELETE, self._some(members)
        self.connection.modify_s(group, [(how, "member", [member])])

    def add_unit(self, parent=None):
        name = f"Unit {unique_word()}"
        dn = f"ou={name},{parent or self._some(self.units)}"
        self.connection.add_s(dn, ldap.modlist.addModlist(
            {"objectClass": [b"organizationalUnit"], "ou": [name.encode()]}))
        self.units.append(dn)
        return dn

    def rename_unit(self):
        """One with everybody below it. Not where invitations lead to."""
        made = [dn for dn in self.units if dn.startswith("ou=Unit ")]
        if not made:
            return
        old = self._some(made)
        rdn = f"ou=Unit {unique_word()}"
        new = f"{rdn},{old.partition(',')[2]}"
        self.connection.rename_s(old, rdn)
        for dns in (self.people, self.units):
            dns[:] = [dn[:-len(old)] + new if dn.endswith(old) else dn for dn in dns]

    def delete_unit(self):
        """An org unit is filled, and then everybody in it goes at once."""
        unit = self.add_unit(self._some(self.units))
        made = [self._new(unit) for _ in range(MASS)]
        for dn in made:
            self.people.remove(dn)
            self.connection.delete_s(dn)
        self.units.remove(unit)
        self.connection.delete_s(unit)
