# ./dev test [SUITE ...]: every suite adds to three counters; the closing line is their sum.
# shellcheck shell=bash

passed=0
failed=0
skipped=0

# suite_count NAME PASSED FAILED SKIPPED: add up, and say how it went.
suite_count() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	skipped=$((skipped + $4))
	printf '%-28s %4d passed, %d failed, %d skipped\n' "$1" "$2" "$3" "$4"
}

# suite_step NAME COMMAND ...: a step that either works or does not.
suite_step() {
	local name=$1
	shift
	if "$@"; then
		suite_count "$name" 1 0 0
	else
		suite_count "$name" 0 1 0
		return 1
	fi
}

# unit_tests TREE: the programs of "make check", whose cmocka tests are counted one by one. A program
# that ends badly without a failed test (a sanitizer's report, a crash) is one failure. Many of them wait for
# servers and deadlines most of their time: twice as many as there are cores run side by side.
unit_tests() {
	local tree=$build_root/$1 log=$build_root/$1-check.log
	say "dev: unit tests in $1"
	find "$tree/tests" -name '*.trs' -delete 2>/dev/null
	TSAN_OPTIONS=suppressions=$top/tests/rig/tsan.supp CMOCKA_MESSAGE_OUTPUT=TAP \
		make -C "$tree" -s -k -j$((2 * jobs)) check >"$log" 2>&1 || true
	# shellcheck disable=SC2046 # three numbers
	suite_count "unit tests ($1)" $(unit_tests_count "$tree" "$log")
}

unit_tests_count() {
	local tree=$1 log=$2 trs result good bad skips all_good=0 all_bad=0 all_skips=0 programs=0
	while IFS= read -r trs; do
		programs=$((programs + 1))
		result=$(sed -n 's/^:test-result: *//p' "$trs")
		skips=$(grep -c '^[not ]*ok .*# SKIP' "${trs%.trs}.log" || true)
		good=$(grep -c '^ok ' "${trs%.trs}.log" || true)
		bad=$(grep '^not ok ' "${trs%.trs}.log" | grep -vc '# SKIP' || true)
		[ "$result" = PASS ] || [ "$bad" -gt 0 ] || bad=1
		[ "$bad" -eq 0 ] || { say "--- ${trs%.trs}.log"; tail -n 60 "${trs%.trs}.log" >&2; }
		all_good=$((all_good + good)) all_bad=$((all_bad + bad)) all_skips=$((all_skips + skips))
	done < <(find "$tree/tests" -name '*.trs' | sort)
	# No result at all means that the programs were not even built.
	if [ $programs -eq 0 ]; then
		tail -n 40 "$log" >&2
		all_bad=1
	fi
	printf '%d %d %d\n' $all_good $all_bad $all_skips
}

# system_tests TREE [PYTEST ARGUMENT ...]: the daemon of one tree against real servers. They wait for those much of
# their time: as many files run side by side as there are cores.
system_tests() {
	local tree=$1 report=$build_root/system-$1.xml
	shift
	say "dev: system tests on $tree"
	rm -f "$report"
	(cd "$top" && USHERD_BUILD=$build_root/$tree timeout -k 10 1500 "$python" -B -m pytest \
		-p no:cacheprovider -q -n "$jobs" --dist loadfile --junitxml="$report" "$@" tests/system) >&2 || true
	# shellcheck disable=SC2046 # three numbers
	suite_count "system tests ($tree)" $("$python" -B "$top/tests/rig/count.py" "$report")
}

# Each target of ./dev fuzz with the inputs of the tree, one pass or failure a target.
suite_fuzz() {
	local targets
	say "dev: fuzz targets"
	mapfile -t targets < <(fuzz_targets)
	if fuzz_prepare "${targets[@]}"; then
		fuzz_replay_all "${targets[@]}" >&2 || true
	else
		fuzz_failed=${#targets[@]}
	fi
	suite_count "fuzz targets" $((${#targets[@]} - fuzz_failed)) "$fuzz_failed" 0
}

# Another compiler's warnings, of the tests too. They run with both sanitizers, and in distcheck with gcc.
clang_build() {
	local log=$build_root/clang-check.log
	tree_build clang || return 1
	make -C "$build_root/clang" -s -k -j"$jobs" check TESTS= >"$log" 2>&1 && return 0
	grep -A 5 'error:' "$log" >&2
	return 1
}

distcheck() {
	local log=$build_root/distcheck.log
	say "dev: make distcheck"
	VERBOSE=1 make -C "$build_root/gcc" -s -j$((2 * jobs)) DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O2 distcheck \
		>"$log" 2>&1 && return 0
	tail -n 40 "$log" >&2
	return 1
}

suite_run() {
	case $1 in
	build) suite_step "build (gcc, -Werror)" tree_build gcc ;;
	clang) suite_step "build (clang, -Werror)" clang_build ;;
	asan) suite_step "build (address, undefined)" tree_build asan && unit_tests asan ;;
	tsan) suite_step "build (thread)" tree_build tsan && unit_tests tsan ;;
	system) suite_system ;;
	fuzz) suite_fuzz ;;
	prove) suite_prove ;;
	distcheck) tree_build gcc && suite_step "make distcheck" distcheck ;;
	*) die "there is no suite \"$1\" (build clang asan tsan system fuzz prove distcheck)" ;;
	esac
}

# The short form of every proof rig; one that did what it should is one passed test.
suite_prove() {
	local counts=$build_root/prove-counts
	suite_step "build (proof rigs)" trees_build gcc fail asan || return 0
	say "dev: proof rigs, short form"
	rm -f "$counts"
	PROVE_LIMIT=1500 prove_run --short --jobs "$jobs" --counts "$counts" || true
	# shellcheck disable=SC2046 # three numbers
	suite_count "proof rigs" $(cat "$counts" 2>/dev/null || echo 0 1 0)
}

suite_system() {
	if suite_step "build (gcc, fail, system tests)" trees_build gcc fail; then system_tests gcc; fi
	if suite_step "build (asan, system tests)" tree_build asan; then system_tests asan -m walk; fi
}

test_main() {
	local suite
	[ $# -gt 0 ] || set -- build clang asan tsan system fuzz prove distcheck
	packages_need "${packages_build[@]}" "${packages_clang[@]}" "${packages_slapd[@]}" \
		"${packages_system[@]}"
	for suite in "$@"; do
		suite_run "$suite" || true
	done
	if [ $skipped -gt 0 ]; then
		printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
	else
		printf '%d passed, %d failed\n' $passed $failed
	fi
	[ $failed -eq 0 ]
}
