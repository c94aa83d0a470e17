#!/bin/sh
# Prints C that holds the given files as NAME_files. Usage: embed.sh [-C FOLDER] NAME HEADER FILE...
# They are named by their base name; with -C, by where they are in FOLDER, which all of them are in.
set -eu
folder=
if [ "$1" = -C ]; then
	folder=${2%/}/
	shift 2
fi
name=$1
header=$2
shift 2
echo '/* Made by embed.sh. */'
echo "#include \"$header\""
n=0
for file; do
	echo "static const unsigned char ${name}_file_${n}[] = {"
	od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '0x00 };'
	n=$((n + 1))
done
echo "const struct embed_file ${name}_files[] = {"
n=0
for file; do
	known_as=${file##*/}
	if [ -n "$folder" ]; then known_as=${file#"$folder"}; fi
	echo "	{ \"$known_as\", (const char *)${name}_file_$n, sizeof(${name}_file_$n) - 1 },"
	n=$((n + 1))
done
echo '};'
echo "const size_t ${name}_file_count = sizeof(${name}_files) / sizeof(${name}_files[0]);"
