#!/bin/sh
# slapd loads the schema in both of its forms: slapd.conf (by slaptest) and cn=config (by slapadd).
set -eu
PATH=$PATH:/usr/sbin
command -v slaptest >/dev/null || {
	echo "skipped: slapd is not installed"
	exit 77
}
top=${srcdir:-.}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
source=$top/schema/usherd.schema.in
"$top/schema/make-schema.sh" conf "$source" >"$dir/usherd.schema"
for word in core cosine inetorgperson; do
	echo "include /etc/ldap/schema/$word.schema"
done >"$dir/base.conf"
{
	cat "$dir/base.conf"
	echo "include $dir/usherd.schema"
} >"$dir/with.conf"
slaptest -u -f "$dir/with.conf"
mkdir "$dir/base.d" "$dir/slapd.d"
slaptest -f "$dir/base.conf" -F "$dir/base.d" # -u would write nothing
{
	slapcat -n 0 -F "$dir/base.d"
	"$top/schema/make-schema.sh" olc "$source"
} >"$dir/config.ldif"
slapadd -n 0 -F "$dir/slapd.d" -l "$dir/config.ldif"
slapcat -n 0 -F "$dir/slapd.d" | grep -q usherdPerson
# The arc stands in the README and in the generator: they must agree.
arc=$(sed -n 's/^arc=//p' "$top/schema/make-schema.sh")
grep -q "^    $arc\$" "$top/schema/README.md"
"$top/schema/make-schema.sh" 389ds "$source" | grep -q "^objectClasses: ( $arc.2.1 "
