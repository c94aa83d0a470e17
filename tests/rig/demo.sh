# shellcheck shell=bash
demo_main() { :; }
