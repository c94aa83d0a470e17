#!/bin/sh
# slapd loads the schema in both of its forms: slapd.conf (by slaptest) and cn=config (by slapadd). The
# recommended configuration keeps what its comments promise, below a suffix that needs quoting.
set -eu
PATH=$PATH:/usr/sbin
command -v slaptest >/dev/null || {
	echo "skipped: slapd is not installed"
	exit 77
}
top=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d)
tidy() {
	for name in "$dir"/server*; do
		[ ! -d "$name/run" ] || "$top/tests/rig/slapd.sh" stop "$name" --kill
	done
	rm -rf "$dir"
}
trap tidy EXIT
source=$top/schema/usherd.schema.in
"$top/schema/make-schema.sh" conf "$source" >"$dir/usherd.schema"
for word in core cosine inetorgperson; do
	echo "include /etc/ldap/schema/$word.schema"
done >"$dir/base.conf"
{
	cat "$dir/base.conf"
	echo "include $dir/usherd.schema"
} >"$dir/with.conf"
slaptest -u -f "$dir/with.conf"
mkdir "$dir/base.d" "$dir/slapd.d"
slaptest -f "$dir/base.conf" -F "$dir/base.d" # -u would write nothing
{
	slapcat -n 0 -F "$dir/base.d"
	"$top/schema/make-schema.sh" olc "$source"
} >"$dir/config.ldif"
slapadd -n 0 -F "$dir/slapd.d" -l "$dir/config.ldif"
slapcat -n 0 -F "$dir/slapd.d" | grep -q usherdPerson
# The arc stands in the README and in the generator: they must agree.
arc=$(sed -n 's/^arc=//p' "$top/schema/make-schema.sh")
grep -q "^    $arc\$" "$top/schema/README.md"
"$top/schema/make-schema.sh" 389ds "$source" | grep -q "^objectClasses: ( $arc.2.1 "

# ---- the recommended configuration ----

die() {
	echo "failed: $*" >&2
	exit 1
}

chmod 755 "$dir"
# A sed that keeps its arguments: no hash of a password may be among them.
mkdir "$dir/bin"
cat >"$dir/bin/sed" <<-END
	#!/bin/sh
	printf '%s\n' "\$@" >>"$dir/sed.log"
	exec $(command -v sed) "\$@"
END
chmod 755 "$dir/bin/sed"
suffix='o=Größe GmbH,c=DE'
PATH=$dir/bin:$PATH "$top/tests/rig/slapd.sh" start "$dir/server" 0 --suffix "$suffix"
grep -q '@ADMIN_GROUP@' "$dir/sed.log" || die "sed was not watched"
! grep -q 'SSHA' "$dir/sed.log" || die "a hash is in sed's arguments"
# shellcheck disable=SC1091
. "$dir/server/env"
umask 077
for name in "$LDAP_ROOT_PASSWORD_FILE" "$LDAP_SERVICE_PASSWORD_FILE"; do
	head -n 1 "$name" | tr -d '\n' >"$dir/${name##*/}"
done
printf 'a first password' >"$dir/first"
printf 'a second password' >"$dir/second"

# as DN PASSWORD-FILE TOOL [ARGUMENT...]
as() {
	dn=$1 file=$2 tool=$3
	shift 3
	"$tool" -x -H "$LDAPI_URL" -D "$dn" -y "$dir/$file" "$@"
}

{
	printf 'dn: cn=password-policy,%s\nobjectClass: device\nobjectClass: pwdPolicy\n' "$suffix"
	printf 'cn: password-policy\npwdAttribute: userPassword\npwdInHistory: 3\n\n'
	for name in zoe max; do
		printf 'dn: uid=%s,%s\nobjectClass: inetOrgPerson\nobjectClass: usherdPerson\n' "$name" "$LDAP_PEOPLE"
		printf 'uid: %s\ncn: %s\nsn: %s\nusherdInvitationId: id-%s\nuserPassword: a first password\n\n' \
			"$name" "$name" "$name" "$name"
	done
	for name in staff usherd-administrators; do
		printf 'dn: cn=%s,%s\nobjectClass: groupOfNames\ncn: %s\nmember: cn=nobody,%s\n\n' \
			"$name" "$suffix" "$name" "$suffix"
	done
} | as "$LDAP_ROOT_DN" root.password ldapadd >/dev/null
zoe=uid=zoe,$LDAP_PEOPLE max=uid=max,$LDAP_PEOPLE
as "$zoe" first ldappasswd -a "a first password" -T "$dir/second" "$zoe"

# What an entry of the policy shows.
shown() {
	as "$1" "$2" ldapsearch -LLL -o ldif-wrap=no -b "$zoe" -s base + userPassword | grep -o '^pwd[A-Za-z]*\|^userPassword' | sort -u | tr '\n' ' '
}
case $(shown "$LDAP_ROOT_DN" root.password) in
*pwdChangedTime*pwdHistory*userPassword*) ;;
*) die "the policy keeps no history: this test proves nothing" ;;
esac
[ -z "$(shown "$max" first)" ] || die "one sees another's: $(shown "$max" first)"
for who in "$zoe second" "$LDAP_SERVICE_DN service.password"; do
	words=$(shown "${who% *}" "${who##* }")
	case $words in
	*pwdHistory*) die "${who% *} sees $words" ;;
	*pwdChangedTime*) ;;
	*) die "${who% *} sees only $words" ;;
	esac
	[ "${who% *}" != "$zoe" ] || [ "${words#*userPassword}" = "$words" ] || die "$zoe sees her hash"
done

# The hash of a person, whom it may have to bring back; not its own, nor of anybody elsewhere.
hashes() {
	as "$LDAP_SERVICE_DN" service.password ldapsearch -LLL -b "$1" userPassword | grep -c '^userPassword'
}
[ "$(hashes "$LDAP_PEOPLE")" = 2 ] || die "the service account cannot save a password"
[ "$(hashes "$suffix")" = 2 ] || die "the service account sees more than the people's passwords"

# shellcheck disable=SC2016
as "$LDAP_ROOT_DN" root.password ldapsearch -LLL -o ldif-wrap=no -b "$zoe" -s base userPassword |
	sed -n 's/^userPassword:: //p' | base64 -d | grep -q '^{ARGON2}$argon2i$v=19$m=19456,t=4,p=1\$' ||
	die "the hash is not what the comment says"

# join GROUP: the service account makes zoe a member.
join() {
	printf 'dn: cn=%s,%s\nchangetype: modify\nadd: member\nmember: %s\n' "$1" "$suffix" "$zoe" |
		as "$LDAP_SERVICE_DN" service.password ldapmodify >"$dir/join.log" 2>&1
}
join staff || die "the service account may not write a group: $(cat "$dir/join.log")"
! join usherd-administrators || die "the service account made an administrator"
grep -q 'Insufficient access' "$dir/join.log"

! printf 'dn: %s\nchangetype: modify\nreplace: usherdInvitationId\nusherdInvitationId: id-max\n' "$zoe" |
	as "$LDAP_ROOT_DN" root.password ldapmodify >/dev/null 2>"$dir/unique.log" ||
	die "two entries have one invitation"
grep -q 'not unique\|non-unique' "$dir/unique.log"

# Every part can be left out, and a group named in a file is the one that is kept.
for word in schema unique ppolicy limits rights; do
	"$top/tests/rig/slapd.sh" start "$dir/server-$word" 0 --without "$word"
done
printf 'dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n\ndn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n\ndn: cn=usherd-administrators,ou=people,dc=example,dc=org\nobjectClass: groupOfNames\ncn: usherd-administrators\nmember: cn=nobody\n' >"$dir/group.ldif"
chmod 644 "$dir/group.ldif"
"$top/tests/rig/slapd.sh" start "$dir/server-group" 0 --ldif "$dir/group.ldif"
grep -q '^access to dn.exact="cn=usherd-administrators,ou=people,dc=example,dc=org"$' "$dir/server-group/slapd.conf"
