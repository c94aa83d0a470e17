# ./dev lint and ./dev format: any finding fails.
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

# clang-tidy gets the flags that make would use. Generated sources are taken from the built gcc tree.
lint_tidy() {
	local tree=$build_root/lint
	mkdir -p "$tree"
	tree_configure "$tree" CC=clang CPPFLAGS="-I$build_root/gcc/src" >"$tree.log" 2>&1 || return 1
	{
		make -C "$tree" -n all
		make -C "$tree" -n check TESTS=
	} 2>&1 | "$python" -B "$top/tests/rig/compile_commands.py" "$tree" "$top" >"$tree/compile_commands.json"
	sed -n "s,.*\"file\": \"\($top/[^\"]*\)\".*,\1,p" "$tree/compile_commands.json" | sort |
		xargs -P "$jobs" -n 4 clang-tidy --quiet -p "$tree" 2>/dev/null
}

# cppcheck cannot guess the macros of sys/queue.h, nor that POSIX wants NULL to be a pointer (varFuncNullUB).
lint_cppcheck() {
	local queue
	queue=$(echo '#include <sys/queue.h>' | gcc -M -xc - | grep -o '/[^ ]*sys/queue.h')
	cppcheck -j "$jobs" --quiet --std=c11 --include="$queue" --inline-suppr --error-exitcode=1 \
		--enable=warning,portability,performance --suppress=missingIncludeSystem \
		--suppress=varFuncNullUB -I "$top/src" "$top/src" "$top/tests"
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
