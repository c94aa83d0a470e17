# ./dev demo: a private slapd with a sample organisation, usherd in front of it.
#
# Everything lives in $USHER_DEMO_DIR (build/demo): the env file that the contract names, passwords
# (0600), slapd's and usherd's state, logs. What is there is kept: a second start uses the same passwords,
# ports and data, and starts only what does not run.
# shellcheck shell=bash

demo_usage() {
	say "usage: ./dev demo [--detach | stop | reset]"
	exit 2
}

# Unix sockets have paths of at most 107 bytes: a deep demo folder keeps its sockets in a short one.
demo_paths() {
	demo=${USHER_DEMO_DIR:-$top/build/demo}
	mkdir -p "$demo"
	demo=$(cd "$demo" && pwd -P)
	short=$demo
	if [ ${#demo} -gt 80 ]; then
		short=/tmp/usherd-demo-$(id -u)-$(printf '%s' "$demo" | cksum | cut -d ' ' -f 1)
		(umask 077 && mkdir -p "$short")
		[ -O "$short" ] || die "$short belongs to somebody else"
	fi
	slapd_dir=$short/slapd
	socket=$short/control.sock
	daemon=$build_root/gcc/usherd
	control=$build_root/gcc/usherctl
}

# demo_runs PIDFILE WORD: the process of the file is alive and has WORD in its arguments. A zombie has
# none, and neither has a stranger that got the same number.
demo_runs() {
	local pid arguments
	pid=$(cat "$1" 2>/dev/null) && [ -r "/proc/$pid/cmdline" ] || return 1
	arguments=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
	[[ $arguments == *"$2"* ]]
}

slapd_runs() {
	demo_runs "$slapd_dir/run/slapd.pid" "$slapd_dir/slapd.conf"
}

usherd_runs() {
	demo_runs "$demo/usherd.pid" "$demo/usherd.conf"
}

port_is_free() {
	! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Ports are kept, as links name them, unless somebody else has taken one in the meantime.
demo_ports() {
	local name
	ldap_port='' control_port='' public_port='' management_port=''
	touch "$demo/ports"
	# shellcheck source=/dev/null
	. "$demo/ports"
	if [ -z "$ldap_port" ] || { ! slapd_runs && ! port_is_free "$ldap_port"; }; then
		ldap_port=$("$top/tests/rig/slapd.sh" free-port)
	fi
	for name in control_port public_port management_port; do
		if [ -z "${!name}" ] || { ! usherd_runs && ! port_is_free "${!name}"; }; then
			printf -v "$name" %s "$("$top/tests/rig/slapd.sh" free-port)"
		fi
	done
	for name in ldap_port control_port public_port management_port; do
		printf '%s=%s\n' "$name" "${!name}"
	done >"$demo/ports.new"
	mv "$demo/ports.new" "$demo/ports"
}

# demo_secret FILE BYTES: random hexadecimal digits, made once.
demo_secret() {
	[ -s "$1" ] || (umask 077 && openssl rand -hex "$2" | tr -d '\n' >"$1")
}

demo_secrets() {
	demo_secret "$demo/ldap-root.password" 16
	demo_secret "$demo/ldap-service.password" 24
	demo_secret "$demo/administrator.password" 12
	demo_secret "$demo/inviter.password" 12
	demo_secret "$demo/auditor.password" 12
	demo_secret "$demo/user.password" 12
	[ -s "$demo/store.key" ] ||
		(umask 077 && openssl rand -base64 32 | tr '+/' '-_' | tr -d '=' >"$demo/store.key")
}

# The first DN of an LDIF file, which may be folded (RFC 2849) or in base64.
ldif_suffix() {
	awk '/^dn:/ && dn == "" { dn = $0; next } dn != "" && /^ / { dn = dn substr($0, 2); next }
		dn != "" { exit } END { print dn }' "$1" | {
		IFS= read -r line
		case $line in
		dn::*) printf '%s' "${line#dn::}" | tr -d ' ' | base64 -d ;;
		*) printf '%s' "${line#dn:}" | sed 's/^ *//' ;;
		esac
	}
}

demo_slapd() {
	local ldif=${USHER_DEMO_LDIF:-$top/conf/sample-organisation.ldif} suffix people
	if ! slapd_runs; then
		[ -r "$ldif" ] || die "cannot read $ldif"
		suffix=$(ldif_suffix "$ldif")
		[ -n "$suffix" ] || die "$ldif does not begin with an entry"
		people=$suffix
		! grep -qixF "dn: ou=people,$suffix" "$ldif" || people=ou=people,$suffix
		say "dev: starting slapd"
		"$top/tests/rig/slapd.sh" start "$slapd_dir" "$ldap_port" --suffix "$suffix" \
			--people "$people" --ldif "$ldif" --root-password-file "$demo/ldap-root.password" \
			--service-password-file "$demo/ldap-service.password" || die "slapd did not start"
	fi
	# shellcheck source=/dev/null
	. "$slapd_dir/env"
	admin_dn=uid=admin,$LDAP_BASE
}

demo_ldap() {
	local tool=$1
	shift
	"$tool" -x -H "$LDAPI_URL" -D "$LDAP_ROOT_DN" -y "$demo/ldap-root.password" "$@"
}

# The administrator of the demo: an entry below the suffix, member of the administrator group. Each step
# may find its work done by an earlier start.
demo_administrator() {
	local group add_or_modify
	[ ! -e "$demo/administrator.made" ] || return 0
	group=$(demo_group usherd-administrators)
	add_or_modify="changetype: modify
add: member"
	if [ -z "$group" ]; then
		group=cn=usherd-administrators,$LDAP_BASE
		add_or_modify="changetype: add
objectClass: groupOfNames
cn: usherd-administrators"
	fi
	printf '%s\n' "$group" >"$demo/administrators.dn"
	# 68 and 20: it is there already.
	demo_ldap ldapmodify -c >"$demo/administrator.log" 2>&1 <<-LDIF || true
		dn: $admin_dn
		changetype: add
		objectClass: inetOrgPerson
		uid: admin
		cn: Demo Administrator
		sn: Administrator
		userPassword: $(cat "$demo/administrator.password")

		dn: $group
		$add_or_modify
		member: $admin_dn
	LDIF
	ldapwhoami -x -H "$LDAPI_URL" -D "$admin_dn" -y "$demo/administrator.password" >/dev/null ||
		die "the administrator cannot sign in: $(tail -n 3 "$demo/administrator.log")"
	touch "$demo/administrator.made"
}

# demo_group NAME: the DN of the group of that name, or nothing.
demo_group() {
	demo_ldap ldapsearch -LLL -o ldif-wrap=no -b "$LDAP_BASE" "(&(objectClass=groupOfNames)(cn=$1))" 1.1 |
		sed -n 's/^dn: //p' | head -n 1
}

# demo_values DN FILTER ATTRIBUTE: values below an entry, or of it; a few hundred at most.
demo_values() {
	demo_ldap ldapsearch -LLL -o ldif-wrap=no -z 300 -b "$1" "$2" "$3" 2>/dev/null | sed -n "s/^$3: //p" || true
}

# demo_give_password ROLE DN: the password of the role's file, and who it is in ROLE.dn and ROLE.uid.
demo_give_password() {
	demo_ldap ldapmodify >"$demo/people.log" 2>&1 <<-LDIF || die "$2: $(tail -n 3 "$demo/people.log")"
		dn: $2
		changetype: modify
		replace: userPassword
		userPassword: $(cat "$demo/$1.password")
	LDIF
	printf '%s\n' "$2" >"$demo/$1.dn"
	demo_values "$2" '(objectClass=*)' uid | head -n 1 >"$demo/$1.uid"
}

# Who can sign in beside the administrator: the first inviter and auditor of the organisation, if it has these
# groups, and somebody who is in none of them and is refused. A directory locks accounts; here too.
demo_people() {
	local role group dn members
	[ ! -e "$demo/people.made" ] || return 0
	members=$(demo_values "$LDAP_BASE" '(cn=usherd-*)' member)
	for role in inviter auditor; do
		group=$(demo_group "usherd-${role}s")
		[ -n "$group" ] || continue
		printf '%s\n' "$group" >"$demo/$role.group"
		demo_give_password $role "$(demo_values "$group" '(objectClass=*)' member | head -n 1)"
	done
	dn=$(demo_ldap ldapsearch -LLL -o ldif-wrap=no -z 100 -b "$LDAP_PEOPLE" \
		'(&(objectClass=inetOrgPerson)(uid=*))' 1.1 2>/dev/null | sed -n 's/^dn: //p' |
		grep -vxF -e "$members" | head -n 1) || true
	[ -z "$dn" ] || demo_give_password user "$dn"
	demo_ldap ldapmodify >"$demo/people.log" 2>&1 <<-LDIF || true
		dn: cn=password-policy,$LDAP_BASE
		changetype: modify
		replace: pwdMaxFailure
		pwdMaxFailure: 10
		-
		replace: pwdFailureCountInterval
		pwdFailureCountInterval: 900
		-
		replace: pwdLockoutDuration
		pwdLockoutDuration: 900
	LDIF
	touch "$demo/people.made"
}

# The roles of the organisation's groups; inviters invite into the org unit of the first of them.
demo_roles() {
	if [ -s "$demo/inviter.group" ]; then
		cat <<-CONF
			[role inviters]
			group = $(cat "$demo/inviter.group")
			role = inviter
			org_unit = $(sed 's/^[^,]*,//' "$demo/inviter.dn")
			quota = 20
		CONF
	fi
	if [ -s "$demo/auditor.group" ]; then
		cat <<-CONF
			[role auditors]
			group = $(cat "$demo/auditor.group")
			role = auditor
		CONF
	fi
}

# dc=meridian,dc=example is meridian.example; what is no domain is demo.example.
mail_domain_of() {
	local domain
	domain=$(printf '%s' "$1" | tr 'A-Z,' 'a-z\n' | sed -n 's/^ *dc= *\([a-z0-9-]*\) *$/\1/p' | paste -sd .)
	case $domain in
	*.*) printf '%s' "$domain" ;;
	*) printf demo.example ;;
	esac
}

demo_configuration() {
	local organisation mail_domain
	organisation=$(demo_ldap ldapsearch -LLL -b "$LDAP_BASE" -s base o | sed -n 's/^o: //p' | head -n 1)
	mail_domain=$(mail_domain_of "$LDAP_BASE")
	mkdir -p "$demo/store" "$demo/spool"
	chmod 700 "$demo/store" "$demo/spool"
	cat >"$demo/usherd.conf" <<-CONF
		# Written by ./dev demo; conf/usherd.conf.example explains every key.
		[usherd]
		public_url = http://127.0.0.1:$public_port
		organisation = ${organisation:-Demo organisation}
		help_contact = people@$mail_domain
		sign_in_url = https://intranet.$mail_domain
		[listen]
		control = 127.0.0.1:$control_port
		public = 127.0.0.1:$public_port
		management = 127.0.0.1:$management_port
		socket = $socket
		hosts = localhost
		# Mails become files here; nothing leaves this machine.
		[mail]
		spool = $demo/spool
		from = invitations@$mail_domain
		bounce_address = bounces@$mail_domain
		reply_to = people@$mail_domain
		notify = people@$mail_domain
		# Everybody comes from the same address here.
		[limits]
		connections_per_source = 10000
		join_rate = 0
		[store]
		path = $demo/store/usherd.db
		key_file = $demo/store.key
		[roster]
		warm_file = $demo/store/roster.db
		# Fewer wrong passwords than the ten that lock an account in this directory.
		[access]
		sign_in_attempts = 8
		[directory]
		uri = $LDAPI_URL
		bind_dn = $LDAP_SERVICE_DN
		bind_password_file = $demo/ldap-service.password
		search_base = $LDAP_BASE
		people_base = $LDAP_PEOPLE
		admin_group = $(cat "$demo/administrators.dn")
	CONF
	demo_roles >>"$demo/usherd.conf"
}

demo_usherd() {
	usherd_runs && return 0
	demo_configuration
	say "dev: starting usherd"
	setsid "$daemon" -c "$demo/usherd.conf" </dev/null >>"$demo/usherd.log" 2>&1 &
	printf '%s\n' $! >"$demo/usherd.pid"
}

demo_is_ready() {
	curl -fs -o "$demo/ready" "http://127.0.0.1:$management_port/health/ready"
}

# The token goes through a pipe: arguments can be read by everybody.
demo_has_list() {
	printf 'Authorization: Bearer %s\n' "$(cat "$demo/token")" |
		curl -fs -H @- -o "$demo/ready" "http://127.0.0.1:$control_port/api/v1/users?limit=1"
}

# demo_wait CONDITION: until it holds; reading a directory of a million people takes a while.
demo_wait() {
	local tries=0
	until "$1"; do
		usherd_runs || [ $tries -lt 5 ] || die "usherd ended: $(tail -n 3 "$demo/usherd.log")"
		tries=$((tries + 1))
		[ $tries -lt 2400 ] || die "usherd is not ready: $(tail -n 3 "$demo/usherd.log")"
		sleep 0.05
	done
}

demo_token() {
	[ -s "$demo/token" ] || (umask 077 && "$control" --socket "$socket" token create --name demo \
		--scopes all --expires 365d | tr -d '\n' >"$demo/token")
	[ -s "$demo/token" ] || die "usherctl made no token"
}

# demo_write NAME VALUE: one assignment that a shell reads back as it was.
demo_write() {
	printf "%s='%s'\n" "$1" "$(printf '%s' "$2" | sed "s/'/'\\\\''/g")"
}

demo_env() {
	local role
	(
		umask 077
		{
			demo_write USHER_URL "http://127.0.0.1:$control_port"
			demo_write USHER_PUBLIC_URL "http://127.0.0.1:$public_port"
			demo_write USHER_MANAGEMENT_URL "http://127.0.0.1:$management_port"
			demo_write USHER_SOCKET "$socket"
			demo_write USHER_TOKEN "$(cat "$demo/token")"
			demo_write USHER_ADMIN admin
			demo_write USHER_ADMIN_PASSWORD "$(cat "$demo/administrator.password")"
			for role in inviter auditor user; do
				[ -s "$demo/$role.uid" ] || continue
				demo_write "USHER_${role^^}" "$(cat "$demo/$role.uid")"
				demo_write "USHER_${role^^}_PASSWORD" "$(cat "$demo/$role.password")"
			done
			demo_write LDAP_URL "$LDAP_URL"
			demo_write LDAP_BASE "$LDAP_BASE"
			demo_write LDAP_PEOPLE "$LDAP_PEOPLE"
			demo_write LDAP_ROOT_DN "$LDAP_ROOT_DN"
			demo_write LDAP_ROOT_PASSWORD "$(cat "$demo/ldap-root.password")"
			demo_write SMTP_SPOOL "$demo/spool"
			demo_write USHERD_PID "$(cat "$demo/usherd.pid")"
			demo_write SLAPD_PID "$SLAPD_PID"
		} >"$demo/env.new"
	)
	mv "$demo/env.new" "$demo/env"
}

# demo_say_who ROLE WORDS
demo_say_who() {
	[ ! -s "$demo/$1.uid" ] ||
		printf '  %-16s %s, password %s (%s)\n' "$1" "$(cat "$demo/$1.uid")" "$(cat "$demo/$1.password")" "$2"
}

demo_start() {
	packages_need "${packages_build[@]}" "${packages_slapd[@]}" curl
	tree_build gcc
	demo_ports
	demo_secrets
	demo_slapd
	demo_administrator
	demo_people
	demo_usherd
	demo_wait demo_is_ready
	demo_token
	demo_wait demo_has_list
	demo_env
	cat <<-TEXT
		usherd is running.
		  console          http://127.0.0.1:$control_port/
		  API              http://127.0.0.1:$control_port/api/v1/
		  registration     http://127.0.0.1:$public_port/join/...
		  health           http://127.0.0.1:$management_port/health/ready
		  directory        $LDAP_URL  ($LDAP_BASE)
		  mails land in    $demo/spool, a file each
		  administrator    admin, password $(cat "$demo/administrator.password")
	TEXT
	demo_say_who inviter "signs in, invites into one org unit"
	demo_say_who auditor "signs in, reads everything"
	demo_say_who user "may not sign in: no role"
	say "  all of it, with an API token, for a shell:  . $demo/env"
}

demo_stop() {
	local pid tries=0
	if usherd_runs; then
		pid=$(cat "$demo/usherd.pid")
		kill "$pid"
		while usherd_runs && [ $tries -lt 240 ]; do
			tries=$((tries + 1))
			sleep 0.05
		done
		! usherd_runs || kill -KILL "$pid"
	fi
	! slapd_runs || "$top/tests/rig/slapd.sh" stop "$slapd_dir"
}

demo_reset() {
	demo_stop
	[ "$short" = "$demo" ] || rm -rf "$short"
	# Only what a demo makes: the folder may be one that somebody chose for more than this.
	(cd "$demo" && rm -rf slapd store spool control.sock ports env ready token usherd.conf usherd.pid \
		usherd.log store.key administrator.* administrators.dn inviter.* auditor.* user.* people.* ldap-root.password ldap-service.password)
	say "dev: the demo in $demo is forgotten"
}

# Show the log until somebody ends us or usherd ends by itself.
demo_foreground() {
	local tail_pid
	trap 'demo_stop; exit 130' INT
	trap 'demo_stop; exit 143' TERM
	trap 'demo_stop; exit 129' HUP
	say "dev: Ctrl-C ends it; the log follows"
	tail -n 0 -f --pid="$(cat "$demo/usherd.pid")" "$demo/usherd.log" &
	tail_pid=$!
	wait $tail_pid || true
	demo_stop
	die "usherd ended by itself: $demo/usherd.log"
}

demo_main() {
	[ $# -le 1 ] || demo_usage
	demo_paths
	case ${1-} in
	'')
		demo_start
		demo_foreground
		;;
	--detach) demo_start ;;
	stop) demo_stop ;;
	reset) demo_reset ;;
	*) demo_usage ;;
	esac
}
