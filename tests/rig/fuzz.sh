# ./dev fuzz [TARGET] [SECONDS], ./dev fuzz --replay: libFuzzer on each tests/fuzz/fuzz_TARGET.c, with
# address and undefined behaviour sanitizers. A target starts from three folders: tests/fuzz/corpus/TARGET,
# which is in the tree; build/fuzz/seeds/TARGET, made of other files of the tree; build/fuzz/corpus/TARGET,
# which it grows itself. What it finds is kept in build/fuzz/findings.
# shellcheck shell=bash

fuzz_tree=$build_root/fuzz
fuzz_failed=0

fuzz_targets() {
	find "$top/tests/fuzz" -name 'fuzz_*.c' | sed 's,.*/fuzz_\(.*\)\.c,\1,' | sort
}

# fuzz_build TARGET: link it with every library of the tree; the linker takes what it needs. The files
# that it needs besides are named at its head.
fuzz_build() {
	local source=$top/tests/fuzz/fuzz_$1.c program=$fuzz_tree/fuzz_$1 with
	mapfile -t with < <(sed -n 's,^/\* With: \(.*\) \*/$,\1,p' "$source" | tr ' ' '\n' | sed "s,^,$top/tests/,")
	if [ -e "$program" ] && [ -z "$(find "$fuzz_tree" "$top/tests/fuzz" "$top/tests/fakes" -maxdepth 1 \
		\( -name '*.[ach]' -o -name Makefile \) -newer "$program" -print -quit)" ]; then
		return 0
	fi
	# shellcheck disable=SC2046 # one word each
	(cd "$fuzz_tree" && clang -g -O2 -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
		-I"$top/src" -I"$fuzz_tree" -I"$fuzz_tree/src" -o "$program" "$source" "${with[@]}" \
		-Wl,--start-group lib*.a -Wl,--end-group \
		$(sed -n 's/^[A-Z0-9]*_LIBS = \(-.*\)/\1/p' Makefile) -pthread)
}

# fuzz_seeds TARGET: inputs that other files of the tree already say.
fuzz_seeds() {
	local seeds=$fuzz_tree/seeds/$1
	rm -rf "$seeds"
	mkdir -p "$seeds"
	case $1 in
	config) cp "$top/conf/usherd.conf.example" "$seeds/" ;;
	guard) "$python" -B "$top/tests/rig/framings.py" "$seeds" ;;
	template) cp "$top"/src/web/pages/*.html "$seeds/" ;;
	esac
}

# fuzz_run SECONDS GROWN TARGET: GROWN is the folder that takes new inputs.
fuzz_run() {
	local seconds=$1 grown=$2 target=$3 corpus=$top/tests/fuzz/corpus/$3 options=()
	[ ! -e "$top/tests/fuzz/$target.dict" ] || options+=("-dict=$top/tests/fuzz/$target.dict")
	mkdir -p "$grown" "$fuzz_tree/findings" "$fuzz_tree/log"
	"$fuzz_tree/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 "${options[@]}" -artifact_prefix="$fuzz_tree/findings/$target-" \
		"$grown" "$corpus" "$fuzz_tree/seeds/$target" >"$fuzz_tree/log/$target" 2>&1 </dev/null
}

fuzz_long() {
	fuzz_run "$1" "$fuzz_tree/corpus/$2" "$2"
}

# Forgets what it grows: the run says the same about the same tree.
fuzz_replay() {
	local grown status=0
	grown=$(mktemp -d)
	fuzz_run "$1" "$grown" "$2" || status=$?
	rm -rf "$grown"
	return $status
}

# fuzz_each COMMAND SECONDS TARGET ...: "COMMAND SECONDS TARGET" for each, as many at a time as there are
# cores. Its exit status is then in build/fuzz/log/TARGET.status.
fuzz_each() {
	local command=$1 seconds=$2 target
	shift 2
	mkdir -p "$fuzz_tree/log"
	for target in "$@"; do
		while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
		{
			"$command" "$seconds" "$target" && echo 0 || echo 1
		} >"$fuzz_tree/log/$target.status" &
	done
	wait
}

fuzz_log() {
	sed -n "s/$2/\1/p" "$fuzz_tree/log/$1" | tail -n 1
}

fuzz_inputs() {
	find "$top/tests/fuzz/corpus/$1" "$fuzz_tree/seeds/$1" -type f | wc -l
}

# fuzz_verdict TARGET: false, with the end of its log, when it found something or could not run.
fuzz_verdict() {
	[ "$(cat "$fuzz_tree/log/$1.status")" != 0 ] || return 0
	say "--- $fuzz_tree/log/$1"
	tail -n 40 "$fuzz_tree/log/$1" >&2
	return 1
}

fuzz_executions() {
	fuzz_log "$1" 'stat::number_of_executed_units: *\([0-9]*\)'
}

fuzz_say() {
	printf '%-9s %s executions, %s/s, corpus %s files, coverage %s edges\n' "$1:" "$(fuzz_executions "$1")" \
		"$(fuzz_log "$1" 'stat::average_exec_per_sec: *\([0-9]*\)')" \
		"$(fuzz_log "$1" '.* corp: *\([0-9]*\)[^0-9].*')" "$(fuzz_log "$1" '.* cov: *\([0-9]*\) .*')"
}

# fuzz_prepare TARGET ...: build them and make their seeds.
fuzz_prepare() {
	local target
	tree_build fuzz libraries || return 1
	fuzz_each fuzz_make 0 "$@"
	for target in "$@"; do fuzz_verdict "$target" || return 1; done
}

fuzz_make() {
	fuzz_build "$2" >"$fuzz_tree/log/$2" 2>&1 && fuzz_seeds "$2"
}

fuzz_main() {
	local target seconds=60 targets replay=""
	mapfile -t targets < <(fuzz_targets)
	case ${1-} in
	'') ;;
	--replay) replay=yes ;;
	*[!0-9]*)
		[ -e "$top/tests/fuzz/fuzz_$1.c" ] || die "there is no target \"$1\" (${targets[*]})"
		targets=("$1")
		seconds=${2:-$seconds}
		;;
	*) seconds=$1 ;;
	esac
	packages_need "${packages_build[@]}" "${packages_clang[@]}"
	fuzz_prepare "${targets[@]}" || die "a target cannot be built"
	if [ -n "$replay" ]; then
		fuzz_replay_all "${targets[@]}"
		return
	fi
	say "dev: fuzzing ${targets[*]}, $seconds s each"
	fuzz_each fuzz_long "$seconds" "${targets[@]}"
	for target in "${targets[@]}"; do
		fuzz_say "$target"
		fuzz_verdict "$target" || fuzz_failed=$((fuzz_failed + 1))
	done
	[ $fuzz_failed -eq 0 ]
}

# fuzz_replay_all TARGET ...: every input of the tree once, and a few seconds more. Afterwards fuzz_failed
# counts the targets that found something.
fuzz_replay_all() {
	local target
	fuzz_failed=0
	fuzz_each fuzz_replay 3 "$@"
	for target in "$@"; do
		printf '%s: %d inputs, %s executions\n' "$target" "$(fuzz_inputs "$target")" \
			"$(fuzz_executions "$target")"
		fuzz_verdict "$target" || fuzz_failed=$((fuzz_failed + 1))
	done
	[ $fuzz_failed -eq 0 ]
}
