# ./dev fuzz [TARGET] [SECONDS]: libFuzzer on each tests/fuzz/fuzz_TARGET.c, with address and undefined
# behaviour sanitizers. What a target finds, and the corpus it grows, stay in build/fuzz/corpus.
# shellcheck shell=bash

fuzz_targets() {
	find "$top/tests/fuzz" -name 'fuzz_*.c' 2>/dev/null | sed 's,.*/fuzz_\(.*\)\.c,\1,' | sort
}

# fuzz_build TARGET: link it with every library of the tree; the linker takes what it needs.
fuzz_build() {
	local tree=$build_root/fuzz
	# shellcheck disable=SC2046 # one word each
	(cd "$tree" && clang -g -O1 -std=c17 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -I"$top/src" -I"$tree" -I"$tree/src" -o "fuzz_$1" \
		"$top/tests/fuzz/fuzz_$1.c" -Wl,--start-group lib*.a -Wl,--end-group \
		$(sed -n 's/^[A-Z0-9]*_LIBS = \(-.*\)/\1/p' Makefile) -pthread)
}

fuzz_run() {
	local corpus=$build_root/fuzz/corpus/$1
	mkdir -p "$corpus"
	say "dev: fuzzing $1 for $2 s"
	(cd "$corpus" && "$build_root/fuzz/fuzz_$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$corpus/finding-" "$corpus" 2>&1 | tail -n 12)
}

fuzz_main() {
	local target seconds=60 targets
	mapfile -t targets < <(fuzz_targets)
	case ${1-} in
	'') ;;
	*[!0-9]*)
		[ -e "$top/tests/fuzz/fuzz_$1.c" ] || die "there is no target \"$1\" (${targets[*]})"
		targets=("$1")
		seconds=${2:-$seconds}
		;;
	*) seconds=$1 ;;
	esac
	packages_need "${packages_build[@]}" "${packages_clang[@]}"
	tree_build fuzz
	for target in "${targets[@]}"; do
		fuzz_build "$target"
		fuzz_run "$target" "$seconds"
	done
}
