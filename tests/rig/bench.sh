# shellcheck shell=bash
bench_main() { :; }
