# ./dev bench [--users N] [NAME ...]: the work is in tests/bench/bench.py.
# shellcheck shell=bash

bench_main() {
	if [ "${1:-}" = --users ]; then
		export USHERD_BENCH_USERS=${2:?how many}
		shift 2
	fi
	packages_need "${packages_build[@]}" "${packages_slapd[@]}" python3 python3-ldap python3-requests \
		python3-aiosmtpd
	if [ $# -eq 0 ] || [[ " $* " == *" console "* ]]; then
		packages_need "${packages_system[@]}"
	fi
	tree_build gcc
	if [ $# -eq 0 ] || [[ " $* " == *" mail "* ]]; then
		bench_get_sink
	fi
	USHERD_BUILD=$build_root/gcc USHERD_SMTP_SINK=$build_root/postfix/usr/sbin/smtp-sink \
		"$python" -B "$top/tests/bench/bench.py" "$@"
}

# The field's own sink for SMTP clients is a part of Postfix. It is unpacked and not installed, for that would
# take the place of the machine's mail system.
bench_get_sink() {
	local place=$build_root/postfix
	[ ! -x "$place/usr/sbin/smtp-sink" ] || return 0
	mkdir -p "$place"
	say "dev: unpacking smtp-sink from Debian's postfix"
	(cd "$place" && { apt-get -qq download postfix || { as_root apt-get -qq update && apt-get -qq download postfix; }; } &&
		dpkg -x postfix_*.deb .) >"$place/log" 2>&1 || {
		tail -n 20 "$place/log" >&2
		die "could not get smtp-sink"
	}
}
