# ./dev generate USERS [SEED]: the work is in generate.py.
# shellcheck shell=bash

generate_main() {
	if [ $# -lt 1 ] || [ $# -gt 2 ]; then
		say "usage: ./dev generate USERS [SEED] >FILE"
		exit 2
	fi
	packages_need python3
	"$python" -B "$rig/generate.py" --users "$1" --seed "${2:-1}"
}
