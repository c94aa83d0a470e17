#!/bin/sh
# A private slapd from conf/slapd.conf.in, for the demo and the tests.
#
#   slapd.sh start DIR PORT [OPTION...]   make DIR when it is new, else start again what is there
#   slapd.sh stop DIR [--kill]            SIGTERM and wait until it is gone (--kill: SIGKILL)
#   slapd.sh free-port                    print a loopback port below 32768 that nobody uses now
#
# Options of start (all but --ldaps count only when DIR is new):
#   --suffix DN               dc=example,dc=org
#   --people DN               ou=people,SUFFIX: where the service account may add
#   --ldif FILE               loaded with slapadd -q; begins with the suffix entry; may be repeated.
#                             Without one: the suffix entry (dc, o or ou) and ou=people
#   --root-dn DN              cn=admin,SUFFIX
#   --admin-group DN          the group that the service account may not change: the first
#                             cn=usherd-administrators of the files, else cn=usherd-administrators,SUFFIX
#   --service-dn DN           cn=usherd,SUFFIX, added with the service password
#   --root-password-file FILE, --service-password-file FILE
#                             one line each; else made at random in DIR/root.password, DIR/service.password
#   --policy DN               cn=password-policy,SUFFIX: default policy; without that entry there is none
#   --ldaps PORT              TLS too (StartTLS on PORT), certificate for 127.0.0.1 and localhost, made here
#   --without WORD            leave a part out: schema, unique, ppolicy, limits, rights (the service
#                             account may only read), cost (of hashing passwords); may be repeated
#   --log WORDS               slapd's -d levels ("stats"), into DIR/slapd.log; "none"
#
# It listens on ldapi://DIR/run/ldapi and ldap://127.0.0.1:PORT (PORT 0: ldapi only). start returns when it
# answers, and writes DIR/env with shell assignments: LDAP_URL, LDAPI_URL, LDAPS_URL (when asked for), LDAP_CA, LDAP_BASE,
# LDAP_PEOPLE, LDAP_ROOT_DN, LDAP_ROOT_PASSWORD_FILE, LDAP_SERVICE_DN, LDAP_SERVICE_PASSWORD_FILE, SLAPD_PID.
# Exit status: 0, 1 failed (words on stderr), 2 usage, 77 slapd is not installed. DIR's path is at most 90 bytes
# (a unix socket's limit). As root slapd runs as "openldap" or "nobody"; nothing secret is printed, put into
# arguments or into the environment.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

die() {
	echo "slapd.sh: $*" >&2
	exit 1
}

usage() {
	sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

# Run a command as the unprivileged user. When DIR stands in a folder closed to others (root's home), it
# keeps the one capability that lets it walk there.
unprivileged() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
		return
	fi
	if setpriv --reuid="$user" --regid="$group" --clear-groups test -x "$dir"; then
		setpriv --reuid="$user" --regid="$group" --clear-groups --inh-caps=-all "$@"
	else
		setpriv --reuid="$user" --regid="$group" --clear-groups \
			--inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search "$@"
	fi
}

choose_user() {
	user=openldap
	id "$user" >/dev/null 2>&1 || user=nobody
	group=$(id -gn "$user")
}

# True while the process is slapd and not merely a zombie whose parent is slow to collect it.
is_running() {
	[ -n "$1" ] || return 1
	case $(cat "/proc/$1/stat" 2>/dev/null) in
	"$1 (slapd) Z"* | "") return 1 ;;
	"$1 (slapd) "*) return 0 ;;
	*) return 1 ;;
	esac
}

saved_pid() {
	cat "$dir/run/slapd.pid" 2>/dev/null || :
}

# A line of random text; openssl's -out keeps it off this script's variables.
make_password() {
	(umask 077 && openssl rand -hex -out "$1" 24)
}

# The {SSHA} value of a password file. Both accounts have long random passwords, and the service account binds
# on every new connection: a slow hash would protect nothing here.
hash_of() {
	(umask 077 && head -n 1 "$1" | tr -d '\r\n' >"$dir/clear")
	slappasswd -n -h '{SSHA}' -T "$dir/clear"
	rm -f "$dir/clear"
}

make_certificate() {
	(
		cd "$dir/run"
		umask 077
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
			-subj "/CN=usherd test CA" -keyout ca.key -out ca.pem
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
			-subj "/CN=localhost" -keyout server.key -out server.csr
		printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >server.ext
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
			-extfile server.ext -out server.pem
		chmod 644 ca.pem server.pem
	) >"$dir/certificate.log" 2>&1 || die "openssl made no certificate: $dir/certificate.log"
}

# Text that is safe as the replacement half of a sed s,,, command.
for_sed() {
	printf '%s' "$1" | sed 's/[\\,&]/\\&/g'
}

drop_overlay() {
	sed -i "/^overlay $1\$/,/^\$/d; /^moduleload $1\$/d" "$dir/slapd.conf"
}

# Without the rules that name attributes which begin so.
drop_rules() {
	awk -v attributes="attrs=$1" '/^access / && index($0, attributes) { skip = 1; next }
		skip && /^\t/ { next }
		{ skip = 0; print }
	' "$dir/slapd.conf" >"$dir/run/slapd.conf"
	cat "$dir/run/slapd.conf" >"$dir/slapd.conf"
	rm "$dir/run/slapd.conf"
}

drop_ppolicy() {
	drop_overlay ppolicy
	drop_rules pwd
}

# Without our schema: no rule, index or overlay that names its attributes.
drop_schema() {
	drop_overlay unique
	drop_rules usherd
	sed -i -e '/^include .*usherd.schema$/d' -e 's/ filter="(usherdInvitationId=\*)"//' \
		-e 's/,usherdInvitationId eq$/ eq/' "$dir/slapd.conf"
}

make_configuration() {
	"$top/schema/make-schema.sh" conf "$top/schema/usherd.schema.in" >"$dir/usherd.schema"
	(umask 077 && printf 's,@ROOT_HASH@,%s,g\n' "$(for_sed "$(hash_of "$root_file")")" >"$dir/hash.sed")
	(umask 077 && sed -f "$dir/hash.sed" \
		-e "s,@SUFFIX@,$(for_sed "$suffix"),g" \
		-e "s,@PEOPLE@,$(for_sed "$people"),g" \
		-e "s,@SERVICE@,$(for_sed "$service_dn"),g" \
		-e "s,@POLICY@,$(for_sed "$policy"),g" \
		-e "s,@ROOT@,$(for_sed "$root_dn"),g" \
		-e "s,@ADMIN_GROUP@,$(for_sed "$admin_group"),g" \
		-e "s,@SCHEMA@,$(for_sed "$dir/usherd.schema"),g" \
		-e "s,@DATA@,$(for_sed "$dir/data"),g" \
		-e "s,@RUN@,$(for_sed "$dir/run"),g" \
		"$top/conf/slapd.conf.in" >"$dir/slapd.conf")
	rm "$dir/hash.sed"
	if [ -n "$ldaps" ]; then
		make_certificate
		sed -i 's/^#@TLS@ //' "$dir/slapd.conf"
	fi
	for word in $without; do
		case $word in
		schema) drop_schema ;;
		unique) drop_overlay unique ;;
		ppolicy) drop_ppolicy ;;
		limits) sed -i '/^limits /d' "$dir/slapd.conf" ;;
		rights) sed -i "s,^\(\tby dn.exact=\"$(for_sed "$service_dn")\"\) .*,\1 read," "$dir/slapd.conf" ;;
		cost) sed -i 's/^moduleload argon2 .*/moduleload argon2 m=64 t=1 p=1/' "$dir/slapd.conf" ;;
		*) die "--without $word: no such part" ;;
		esac
	done
}

# The first RDN's value of a DN, good enough for the entries made here.
first_value() {
	printf '%s' "$1" | sed 's/^[^=]*=\([^,]*\).*/\1/'
}

# The class of an entry that is named by an attribute.
class_of() {
	case $1 in
	dc) echo domain ;;
	o) echo organization ;;
	ou) echo organizationalUnit ;;
	*) return 1 ;;
	esac
}

load_entries() {
	if [ -z "$ldif" ]; then
		class=$(class_of "${suffix%%=*}") || die "--suffix $suffix needs --ldif"
		{
			printf 'dn: %s\nobjectClass: top\nobjectClass: %s\n%s: %s\n\n' \
				"$suffix" "$class" "${suffix%%=*}" "$(first_value "$suffix")"
			printf 'dn: %s\nobjectClass: organizationalUnit\nou: %s\n\n' "$people" "$(first_value "$people")"
		} >"$dir/base.ldif"
		ldif=$dir/base.ldif
	fi
	(umask 077 && printf 'dn: %s\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: %s\nuserPassword: %s\n' \
		"$service_dn" "$(first_value "$service_dn")" "$(hash_of "$service_file")" >"$dir/service.ldif")
	[ "$(id -u)" != 0 ] || chown "$user:$group" "$dir/service.ldif"
	printf '%s\n' "$ldif" "$dir/service.ldif" | while IFS= read -r file; do
		# The file may be closed to the unprivileged user: it gets the contents, not the name.
		unprivileged slapadd -q -f "$dir/slapd.conf" -b "$suffix" <"$file" >"$dir/slapadd.log" 2>&1 ||
			die "slapadd refused $file: $(tail -n 3 "$dir/slapadd.log")"
	done
	rm -f "$dir/service.ldif"
}

make_new() {
	mkdir -p "$dir/data" "$dir/run"
	chmod 700 "$dir/data"
	[ -n "$root_file" ] || { root_file=$dir/root.password && make_password "$root_file"; }
	[ -n "$service_file" ] || { service_file=$dir/service.password && make_password "$service_file"; }
	make_configuration
	[ "$(id -u)" != 0 ] || chown -R "$user:$group" "$dir/data" "$dir/run" "$dir/slapd.conf"
	load_entries
}

# name 'value', quoted for the shell.
assign() {
	printf "%s='%s'\n" "$1" "$(printf '%s' "$2" | sed "s/'/'\\\\''/g")"
}

write_settings() {
	{
		[ "$port" = 0 ] || assign LDAP_URL "ldap://127.0.0.1:$port"
		assign LDAPI_URL "$ldapi_url"
		if [ -n "$ldaps" ]; then
			assign LDAPS_URL "ldaps://127.0.0.1:$ldaps"
			assign LDAP_CA "$dir/run/ca.pem"
		fi
		assign LDAP_BASE "$suffix"
		assign LDAP_PEOPLE "$people"
		assign LDAP_ROOT_DN "$root_dn"
		assign LDAP_ROOT_PASSWORD_FILE "$root_file"
		assign LDAP_SERVICE_DN "$service_dn"
		assign LDAP_SERVICE_PASSWORD_FILE "$service_file"
	} >"$dir/settings"
}

read_settings() {
	# shellcheck disable=SC1091
	. "$dir/settings"
	suffix=$LDAP_BASE people=$LDAP_PEOPLE root_dn=$LDAP_ROOT_DN root_file=$LDAP_ROOT_PASSWORD_FILE
	service_dn=$LDAP_SERVICE_DN service_file=$LDAP_SERVICE_PASSWORD_FILE
	[ -z "$ldaps" ] || [ -f "$dir/run/server.pem" ] || die "$dir was made without --ldaps"
}

wait_until_it_answers() {
	tries=0
	until ldapwhoami -x -H "$ldapi_url" >/dev/null 2>&1; do
		[ ! -f "$dir/ended" ] || die "slapd ended: $(tail -n 3 "$dir/slapd.log")"
		tries=$((tries + 1))
		[ $tries -lt 400 ] || die "slapd does not answer: $dir/slapd.log"
		sleep 0.025
	done
}

start() {
	for word in slapd slapadd slappasswd ldapwhoami openssl; do
		command -v "$word" >/dev/null || {
			echo "slapd.sh: $word is not installed" >&2
			exit 77
		}
	done
	[ "${#dir}" -le 90 ] || die "the path $dir is too long for a unix socket in it"
	! is_running "$(saved_pid)" || die "already running in $dir"
	choose_user
	socket=$dir/run/ldapi
	ldapi_url=ldapi://$(printf '%s' "$socket" | sed 's,/,%2F,g')
	if [ -f "$dir/settings" ]; then
		read_settings
	else
		# What a start that was cut short left behind is no directory.
		rm -rf "$dir/data" "$dir/run"
		make_new
	fi
	write_settings
	urls=$ldapi_url
	[ "$port" = 0 ] || urls="$urls ldap://127.0.0.1:$port"
	[ -z "$ldaps" ] || urls="$urls ldaps://127.0.0.1:$ldaps"
	rm -f "$socket" "$dir/run/slapd.pid" "$dir/ended"
	# A session of its own: the terminal's interrupt is not meant for it. The subshell stays to collect it.
	(
		unprivileged setsid slapd -d "$log" -h "$urls" -f "$dir/slapd.conf" || :
		: >"$dir/ended"
	) >>"$dir/slapd.log" 2>&1 </dev/null &
	wait_until_it_answers
	{
		cat "$dir/settings"
		assign SLAPD_PID "$(saved_pid)"
	} >"$dir/env"
}

stop() {
	pid=$(saved_pid)
	is_running "$pid" || return 0
	kill "-$1" "$pid" 2>/dev/null || :
	tries=0
	while is_running "$pid"; do
		tries=$((tries + 1))
		[ $tries -ne 400 ] || kill -KILL "$pid" 2>/dev/null || :
		[ $tries -lt 600 ] || die "process $pid does not end"
		sleep 0.025
	done
	# The subshell that collects it writes a last file: the caller may remove the folder next.
	tries=0
	while [ ! -f "$dir/ended" ] && [ $tries -lt 80 ]; do
		tries=$((tries + 1))
		sleep 0.025
	done
}

free_port() {
	tries=0
	while [ $tries -lt 100 ]; do
		port=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
		port=$((port % 12000 + 20000))
		tries=$((tries + 1))
		# The second is a claim of ports.py: somebody is about to listen there.
		if ! grep -qi "$(printf ':%04X ' "$port")" /proc/net/tcp &&
			! grep -q "@usherd-test-port-$port\$" /proc/net/unix; then
			echo "$port"
			return
		fi
	done
	die "no port is free"
}

[ $# -gt 0 ] || usage
command=$1
shift
case $command in
free-port)
	free_port
	exit
	;;
start | stop) [ $# -gt 0 ] || usage ;;
*) usage ;;
esac
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift

if [ "$command" = stop ]; then
	case ${1-} in
	--kill) stop KILL ;;
	'') stop TERM ;;
	*) usage ;;
	esac
	exit
fi

[ $# -gt 0 ] || usage
port=$1
shift
suffix=dc=example,dc=org
people='' root_dn='' admin_group='' service_dn='' policy='' root_file='' service_file='' ldif='' ldaps='' without='' log=none
while [ $# -gt 0 ]; do
	[ $# -gt 1 ] || usage
	case $1 in
	--suffix) suffix=$2 ;;
	--people) people=$2 ;;
	--ldif) ldif=$ldif${ldif:+
}$2 ;;
	--root-dn) root_dn=$2 ;;
	--admin-group) admin_group=$2 ;;
	--service-dn) service_dn=$2 ;;
	--root-password-file) root_file=$(realpath -- "$2") ;;
	--service-password-file) service_file=$(realpath -- "$2") ;;
	--policy) policy=$2 ;;
	--ldaps) ldaps=$2 ;;
	--without) without="$without $2" ;;
	--log) log=$2 ;;
	*) usage ;;
	esac
	shift 2
done
people=${people:-ou=people,$suffix}
root_dn=${root_dn:-cn=admin,$suffix}
service_dn=${service_dn:-cn=usherd,$suffix}
policy=${policy:-cn=password-policy,$suffix}
[ -n "$admin_group" ] || admin_group=$(printf '%s\n' "$ldif" | while IFS= read -r file; do
	[ ! -r "$file" ] || sed -n 's/^dn: \(cn=usherd-administrators,.*\)/\1/p' "$file"
done | head -n 1)
admin_group=${admin_group:-cn=usherd-administrators,$suffix}
start
