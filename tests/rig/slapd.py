"""A private slapd for one test, through slapd.sh, and an administrator's view into it."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import ldap
import ldap.dn
import ldap.filter
import ldap.modlist
import ldap.schema

from ports import free_port
from store_file import thread_states
from wait import wait_for

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "conf" / "sample-organisation.ldif"
SUFFIX = "dc=meridian,dc=example"
MARKER = "usherdInvitationId"


class Slapd:
    """slapd on loopback and a unix socket. `options` go to slapd.sh start when the folder is new."""

    def __init__(self, folder, options=(), ldif=SAMPLE, suffix=SUFFIX):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.port = free_port()
        self.options = ["--suffix", suffix, "--ldif", str(ldif), *options]
        self.base = suffix
        self.people = f"ou=people,{suffix}"
        self.groups = f"ou=groups,{suffix}"
        self.root_dn = f"cn=admin,{suffix}"
        self.service_dn = f"cn=usherd,{suffix}"
        self.root_password = self._secret("root.secret", "root-of-the-test-directory")
        self.service_password = self._secret("service.secret", "service-account-of-the-test")
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.pid = None

    def _secret(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def _run(self, *arguments):
        subprocess.run([HERE / "slapd.sh", *arguments], check=True, stdin=subprocess.DEVNULL)

    def start(self):
        self._run(
            "start", self.folder, str(self.port), *self.options,
            "--root-password-file", self.root_password,
            "--service-password-file", self.service_password,
        )
        self.env = dict(
            line.strip().split("=", 1) for line in (self.folder / "env").read_text().splitlines()
        )
        self.env = {name: value.strip("'") for name, value in self.env.items()}
        self.pid = int(self.env["SLAPD_PID"])
        return self

    @property
    def ldapi(self):
        return self.env["LDAPI_URL"]

    def stop(self):
        self._run("stop", self.folder)
        self.pid = None

    def kill(self):
        self._run("stop", self.folder, "--kill")
        self.pid = None

    def pause(self):
        """Returns when it has stopped."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_for(lambda: all(state in "Tt" for state in thread_states(self.pid)), "slapd has stopped")

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def edit_configuration(self, edit):
        """edit(line) of each line, while it is stopped; None takes the line away."""
        path = self.folder / "slapd.conf"
        owner, lines = path.stat(), map(edit, path.read_text().splitlines())
        path.write_text("\n".join(line for line in lines if line is not None) + "\n")
        os.chown(path, owner.st_uid, owner.st_gid)

    def set_size_limit(self, limit):
        """For the service account, from the next start on."""
        self.edit_configuration(lambda line: re.sub("^(limits .*) size=[^ ]*", rf"\1 size={limit}", line))

    def destroy(self):
        if self.pid is not None:
            self.resume()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- what stands in it ----

    def connect(self, dn=None, password=None):
        """Bound as the root DN, or as somebody."""
        connection = ldap.initialize(self.url)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
        connection.set_option(ldap.OPT_TIMEOUT, 10)
        connection.simple_bind_s(
            dn or self.root_dn, self.root_password.read_text() if dn is None else password
        )
        return connection

    def search(self, filter_text, base=None, scope=ldap.SCOPE_SUBTREE, attributes=None):
        """[(dn, {attribute: [text, ...]})]; what is not text stays bytes."""
        connection = self.connect()
        try:
            found = connection.search_s(base or self.base, scope, filter_text, attributes)
        except ldap.NO_SUCH_OBJECT:
            found = []
        finally:
            connection.unbind_s()
        return [
            (dn, {name: [_text(value) for value in values] for name, values in entry.items()})
            for dn, entry in found
        ]

    def entry(self, dn):
        """The attributes at a DN, or None."""
        found = self.search("(objectClass=*)", dn, ldap.SCOPE_BASE)
        return found[0][1] if found else None

    def entries_of(self, invitation_id):
        """Every entry that carries the invitation's id: one at most, whatever happened."""
        return self.search(ldap.filter.filter_format(f"({MARKER}=%s)", [invitation_id]))

    def by_uid(self, uid):
        return self.search(ldap.filter.filter_format("(uid=%s)", [uid]))

    def accepts(self, dn, password):
        """Whether a simple bind as `dn` succeeds."""
        try:
            self.connect(dn, password).unbind_s()
        except ldap.INVALID_CREDENTIALS:
            return False
        return True

    def set_password(self, dn, password):
        connection = self.connect()
        connection.passwd_s(dn, None, password)
        connection.unbind_s()

    def add(self, dn, **attributes):
        connection = self.connect()
        values = {
            name: [text.encode() for text in ([value] if isinstance(value, str) else value)]
            for name, value in attributes.items()
        }
        connection.add_s(dn, ldap.modlist.addModlist(values))
        connection.unbind_s()

    def add_member(self, group, dn):
        self._change_member(ldap.MOD_ADD, group, dn)

    def take_member(self, group, dn):
        self._change_member(ldap.MOD_DELETE, group, dn)

    def _change_member(self, kind, group, dn):
        connection = self.connect()
        connection.modify_s(group, [(kind, "member", [dn.encode()])])
        connection.unbind_s()

    def set_policy(self, **attributes):
        """Replace these of the default password policy."""
        connection = self.connect()
        connection.modify_s(f"cn=password-policy,{self.base}", [
            (ldap.MOD_REPLACE, name, [value.encode()]) for name, value in attributes.items()])
        connection.unbind_s()

    def delete(self, dn):
        connection = self.connect()
        connection.delete_s(dn)
        connection.unbind_s()

    def attribute_names(self):
        """Every name of every attribute type that the live schema knows."""
        connection = self.connect()
        dn = connection.search_subschemasubentry_s()
        schema = ldap.schema.SubSchema(connection.read_subschemasubentry_s(dn))
        connection.unbind_s()
        types = schema.listall(ldap.schema.AttributeType)
        return sorted(
            {name for oid in types for name in schema.get_obj(ldap.schema.AttributeType, oid).names}
        )


def _text(value):
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
