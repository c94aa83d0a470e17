#!/bin/sh
# Prints C that holds the given files. Usage: embed.sh DIRECTORY NAME...
set -eu
dir=$1
shift
echo '/* Made by embed.sh from pages/. */'
echo '#include "web/web_private.h"'
n=0
for name; do
	echo "static const unsigned char web_file_$n[] = {"
	od -An -v -tx1 "$dir/$name" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '0x00 };'
	n=$((n + 1))
done
echo 'const struct web_file web_files[] = {'
n=0
for name; do
	echo "	{ \"$name\", (const char *)web_file_$n, sizeof(web_file_$n) - 1 },"
	n=$((n + 1))
done
echo '};'
echo 'const size_t web_file_count = sizeof(web_files) / sizeof(web_files[0]);'
