"""People who sign in: their roles, and a browser's part of a session."""

import http.cookies
import itertools

from client import PASSWORD, Api

SESSION = "/api/v1/session"
ADMINISTRATOR, OTHER_ADMINISTRATOR = "aino.makela", "jurgen.weiss"
INVITER, AUDITOR, ORDINARY = "siobhan.oriordan", "matej.zupancic", "amara.okonkwo"


def dn_of(slapd, uid):
    [(dn, _)] = slapd.by_uid(uid)
    return dn


def registry(slapd):
    """The only place of the inviter."""
    return f"ou=Registry,ou=Collections,{slapd.people}"


def add_group(slapd, name, *members):
    dn = f"cn={name},{slapd.groups}"
    slapd.add(dn, objectClass="groupOfNames", cn=name, member=list(members))
    return dn


def make_roles(slapd):
    """The groups of the roles, and a password for everybody who is named here."""
    for uid in (ADMINISTRATOR, OTHER_ADMINISTRATOR, INVITER, AUDITOR, ORDINARY):
        slapd.set_password(dn_of(slapd, uid), PASSWORD)
    add_group(slapd, "inviters", dn_of(slapd, INVITER))
    add_group(slapd, "auditors", dn_of(slapd, AUDITOR))


def role_sections(slapd, **access):
    """The configuration of these roles: {section: {key: value}}."""
    return {
        "directory": {"admin_group": f"cn=usherd-administrators,{slapd.groups}"},
        "role inviters": {"group": f"cn=inviters,{slapd.groups}", "role": "inviter", "org_unit": registry(slapd)},
        "role auditors": {"group": f"cn=auditors,{slapd.groups}", "role": "auditor"},
        "access": {"sign_in_attempts": 100, **access},
    }


def with_roles(daemon, **access):
    """A daemon that is not started yet, told of the roles, which are made in its directory."""
    make_roles(daemon.slapd)
    for section, keys in role_sections(daemon.slapd, **access).items():
        daemon.configure(section, **keys)
    return daemon


_numbers = itertools.count(1)


class Console(Api):
    """One tab of a browser: keeps the session's cookie by itself, so that a test can set any, and says where its
    requests come from. To a daemon that takes 127.0.0.1 for a proxy each is a client of its own, so that what one
    does wrong makes no other wait."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.cookie = None  # "name=value"
        number = next(_numbers)
        self.source = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"

    def call(self, method, path, **options):
        headers = {"Origin": self.daemon.control_url, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": self.source}
        if self.cookie:
            headers["Cookie"] = self.cookie
        headers.update(options.pop("headers", None) or {})
        options.setdefault("cookies", {})
        answer = super().call(method, path, headers=headers, **options)
        self.session.cookies.clear()
        return answer

    def try_to_sign_in(self, login, password=PASSWORD, **options):
        return self.post(SESSION, {"login": login, "password": password}, **options)

    def keep(self, answer):
        """The cookie of an answer that signs in."""
        [morsel] = morsels(answer)
        self.cookie = f"{morsel.key}={morsel.value}"
        return self

    def sign_in(self, login, password=PASSWORD, **options):
        answer = self.try_to_sign_in(login, password, **options)
        assert answer.status_code in (200, 201), answer.text
        return self.keep(answer)

    def sign_out(self):
        return self.delete(SESSION)

    def whoami(self):
        return self.get(SESSION)

    def is_signed_in(self):
        return self.whoami().status_code == 200


def morsels(answer):
    """Every cookie that an answer sets."""
    jar = http.cookies.SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        jar.load(line)
    return list(jar.values())
