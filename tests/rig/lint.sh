# ./dev lint and ./dev format: any finding fails. The list of files comes from git, or from the tree of a tarball.
# shellcheck shell=bash

lint_findings=0

# lint_step NAME COMMAND ...
lint_step() {
	local name=$1
	shift
	say "dev: $name"
	"$@" >&2 || {
		say "dev: $name has findings"
		lint_findings=$((lint_findings + 1))
	}
}

sources() {
	find "$top/src" "$top/tests" -name '*.[ch]' | sort
}

lint_format() {
	sources | xargs clang-format --dry-run --Werror
}

# clang-tidy takes the flags of every file from compile_flags.txt; config.h is in the gcc tree.
lint_tidy() {
	mkdir -p "$build_root/lint"
	{
		printf '%s\n' -std=c17 -D_GNU_SOURCE -DHAVE_CONFIG_H "-I$top/src" "-I$build_root/gcc" \
			"-I$build_root/gcc/src"
		sed -n 's/^[A-Z0-9]*_CFLAGS = //p' "$build_root/gcc/Makefile" | grep -o -e '-I[^ ]*' | sort -u
	} >"$build_root/lint/compile_flags.txt"
	find "$top/src" "$top/tests" -name '*.c' | sort |
		xargs -P "$jobs" -n 4 clang-tidy --quiet -p "$build_root/lint" 2>/dev/null
}

lint_cppcheck() {
	cppcheck -j "$jobs" --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
		--suppress=missingIncludeSystem --error-exitcode=1 -I "$top/src" "$top/src" "$top/tests"
}

lint_shell() {
	(cd "$top" && shellcheck -x -a -P tests/rig dev .ci/run)
}

lint_manuals() {
	find "$top/doc" -name '*.[158]' | sort | xargs -r mandoc -T lint -W warning
}

lint_main() {
	packages_need "${packages_build[@]}" "${packages_lint[@]}"
	tree_build gcc
	lint_step clang-format lint_format
	lint_step clang-tidy lint_tidy
	lint_step cppcheck lint_cppcheck
	lint_step shellcheck lint_shell
	lint_step mandoc lint_manuals
	[ $lint_findings -eq 0 ] && say "dev: no findings"
}

format_main() {
	packages_need clang-format
	sources | xargs clang-format -i
}
