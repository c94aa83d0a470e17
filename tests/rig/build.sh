# ./dev build [TREE ...]
# shellcheck shell=bash

build_main() {
	local tree
	[ $# -gt 0 ] || set -- gcc
	packages_need "${packages_build[@]}"
	case " $* " in *" clang "* | *" fuzz "*) packages_need "${packages_clang[@]}" ;; esac
	for tree in "$@"; do
		tree_build "$tree"
	done
}
