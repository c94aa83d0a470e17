# ./dev prove [--short] [--seed N] [--jobs N] [NAME ...]: the proof rigs of tests/prove, see prove.py.
# shellcheck shell=bash

# The daemons that rigs run: the one that is shipped, one with failpoints, one with sanitizers.
prove_build() {
	packages_need "${packages_build[@]}" "${packages_slapd[@]}" "${packages_system[@]}"
	trees_build gcc fail asan
}

prove_run() {
	USHERD_BUILD=$build_root/gcc ${PROVE_LIMIT:+timeout -k 60 "$PROVE_LIMIT"} "$python" -B "$rig/prove.py" "$@"
}

prove_main() {
	case " $* " in *" --help "* | *" -h "*) ;; *) prove_build ;; esac
	prove_run "$@"
}
