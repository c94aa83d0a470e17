#!/bin/sh
# make-schema.sh conf|olc|389ds SOURCE: print usherd's schema in the form that a server reads.
set -eu

# The arc of README.md: 7cb39bf4-5573-4d3c-a824-758ef9568379 as a decimal number.
arc=2.25.165756855746613138920202895702780969849

case ${1-} in
conf | olc | 389ds) ;;
*)
	echo "usage: $0 conf|olc|389ds SOURCE" >&2
	exit 2
	;;
esac

# A definition begins in column 1 and goes on while lines are indented: one LDIF value each.
awk -v form="$1" -v arc="$arc" '
function flush() {
	if (text == "")
		return
	keyword = text
	sub(/ .*/, "", keyword)
	value = substr(text, length(keyword) + 2)
	print names[form, keyword] value
	text = ""
}
BEGIN {
	names["conf", "attributetype"] = "attributetype "
	names["conf", "objectclass"] = "objectclass "
	names["olc", "attributetype"] = "olcAttributeTypes: "
	names["olc", "objectclass"] = "olcObjectClasses: "
	names["389ds", "attributetype"] = "attributeTypes: "
	names["389ds", "objectclass"] = "objectClasses: "
	print "# Made from usherd.schema.in by make-schema.sh."
	if (form == "olc")
		print "dn: cn=usherd,cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: usherd"
	if (form == "389ds")
		print "dn: cn=schema"
}
/^#/ || /^[ \t]*$/ { next }
{
	gsub(/USHERD\./, arc ".")
	if (/^[^ \t]/)
		flush()
	gsub(/[ \t]+/, " ")
	sub(/^ /, "")
	text = text (text == "" ? "" : " ") $0
}
END { flush() }
' "$2"
