# ./dev bench [NAME ...]: the work is in tests/bench/bench.py.
# shellcheck shell=bash

bench_main() {
	packages_need "${packages_build[@]}" "${packages_slapd[@]}" python3 python3-ldap python3-requests
	tree_build gcc
	USHERD_BUILD=$build_root/gcc "$python" -B "$top/tests/bench/bench.py" "$@"
}
