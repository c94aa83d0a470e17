# shellcheck shell=bash
fuzz_main() { :; }
