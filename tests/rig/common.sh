# Words that every command of ./dev shares: talking, packages, build trees. Sourced, never run.
# shellcheck shell=bash
# $top is set by ./dev.

# The tests' Python is Debian's: its modules come from Debian's packages.
python=/usr/bin/python3
build_root=$top/build
rig=$top/tests/rig
jobs=$(nproc 2>/dev/null || echo 2)

packages_build=(gcc libc6-dev make xz-utils autoconf automake pkg-config libldap-dev libsqlite3-dev libevent-dev
	libcurl4-openssl-dev libsodium-dev libjansson-dev libinih-dev libssl-dev libunistring-dev
	libidn2-dev libutf8proc-dev libcmocka-dev zlib1g-dev)
# Node may have come from elsewhere, where Debian's would be in its way.
{ command -v node && command -v npm; } >/dev/null || packages_build+=(nodejs npm)
packages_slapd=(slapd ldap-utils util-linux openssl)
packages_system=(python3 python3-pytest python3-pytest-xdist python3-ldap python3-requests python3-nacl python3-yaml
	python3-fastjsonschema python3-jsonschema python3-aiosmtpd python3-selenium chromium chromium-driver faketime curl
	e2fsprogs mount binutils strace)
packages_clang=(clang libclang-rt-14-dev)
packages_lint=(clang clang-tidy clang-format cppcheck shellcheck mandoc)

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "dev: $*"
	exit 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "this needs root: install sudo, or run as root: $*"
		sudo "$@"
	fi
}

# packages_missing NAME ...: those that are not installed, one a line.
packages_missing() {
	local name
	for name in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
			printf '%s\n' "$name"
	done
}

# packages_need NAME ...: install what is missing. Debian starts a service as soon as it is installed,
# and asks policy-rc.d first; ours says no, so that installing slapd never starts a system slapd.
packages_need() {
	local missing policy=/usr/sbin/policy-rc.d ours="" status=0
	command -v apt-get >/dev/null || return 0
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "dev: installing Debian packages: ${missing[*]}"
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
		ours=yes
	fi
	packages_install "${missing[@]}" || status=$?
	[ -z "$ours" ] || as_root rm -f $policy
	[ $status -eq 0 ] || die "could not install: ${missing[*]}"
}

packages_install() {
	local log
	log=$(mktemp)
	if as_root apt-get -q update >"$log" 2>&1 &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends \
			"$@" >>"$log" 2>&1; then
		rm -f "$log"
	else
		tail -n 20 "$log" >&2
		rm -f "$log"
		return 1
	fi
}

# tree_options TREE: how build/TREE is configured, one argument a line. The first is the compiler. Nothing of clang's
# tree is run, and its warnings need no optimizer; glibc's do, and gcc's tree has those. Sanitizers find as much at -O1,
# which takes little more than half of the compiler's time; what gcc warns of there alone is no mistake of ours.
tree_options() {
	case $1 in
	gcc) printf '%s\n' CC=gcc ;;
	clang) printf '%s\n' CC=clang CFLAGS=-O0 CPPFLAGS=-U_FORTIFY_SOURCE ;;
	fail) printf '%s\n' CC=gcc --enable-failpoints ;;
	asan) printf '%s\n' CC=gcc 'CFLAGS=-O1 -g1 -Wno-error' --enable-sanitizers ;;
	tsan) printf '%s\n' CC=gcc 'CFLAGS=-O1 -g1 -Wno-error' --enable-sanitizers=thread --without-console ;;
	fuzz) printf '%s\n' CC=clang --enable-sanitizers=address,undefined,fuzzer-no-link --without-console ;;
	*) die "there is no build tree \"$1\" (gcc, clang, asan, tsan, fail)" ;;
	esac
}

# tree_build TREE [MAKE TARGET]: build/TREE holds every program (or what was asked for), or the build's last
# words are shown.
tree_build() {
	local tree=$build_root/$1 log=$build_root/$1.log what=${2:-all} text options
	text=$(tree_options "$1")
	mapfile -t options <<<"$text"
	mkdir -p "$tree"
	tree_bootstrap
	say "dev: building $1"
	if tree_configure "$tree" --enable-werror "${options[@]}" >"$log" 2>&1 &&
		make -C "$tree" -s -j"$jobs" "$what" >>"$log" 2>&1; then
		return 0
	fi
	tail -n 40 "$log" >&2
	say "dev: building $1 failed; all of it is in $log"
	return 1
}

trees_build() {
	local tree
	for tree in "$@"; do
		tree_build "$tree" || return 1
	done
}

tree_bootstrap() {
	[ "$top/configure" -nt "$top/configure.ac" ] && [ -e "$top/Makefile.in" ] && return 0
	(cd "$top" && autoreconf -fi >"$build_root/autoreconf.log" 2>&1) || {
		tail -n 20 "$build_root/autoreconf.log" >&2
		die "autoreconf failed"
	}
}

# Configure once, and again when asked for something else.
tree_configure() {
	local tree=$1
	shift
	[ -e "$tree/Makefile" ] && [ "$(cat "$tree/configured" 2>/dev/null)" = "$*" ] && return 0
	(cd "$tree" && "$top/configure" -q "$@") && printf '%s\n' "$*" >"$tree/configured"
}
