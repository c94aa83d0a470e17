# ./dev pictures: the work is in tests/rig/pictures.py.
# shellcheck shell=bash

pictures_main() {
	packages_need "${packages_build[@]}" "${packages_slapd[@]}" "${packages_system[@]}"
	tree_build gcc
	USHERD_BUILD=$build_root/gcc "$python" -B "$rig/pictures.py"
}
