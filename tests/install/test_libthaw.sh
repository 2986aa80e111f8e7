#!/bin/bash
# Installs libthaw into a folder of its own and builds a program against it, as others would.
#
#   test_libthaw.sh BUILD SOURCE COMPILER
set -eu
build=$1 source=$2 compiler=$3
for tool in nm objdump pkg-config; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
grep -q '^THAW_SANITIZE:STRING=.' "$build/CMakeCache.txt" && { echo "skipped: a sanitizer's build"; exit 77; }
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

for component in libthaw development; do
    cmake --install "$build" --prefix "$prefix" --component "$component" >/dev/null
done
library=$(find "$prefix" -name 'libthaw.so.1') header=$(find "$prefix" -name thaw.h)
package=$(dirname "$(find "$prefix" -name thaw.pc)")
[ -n "$library" ] && [ -n "$header" ] && [ -n "$package" ] || fail "library, header or thaw.pc is not there"
[ "$(find "$prefix" -name '*.h' | wc -l)" = 1 ] || fail "more headers than thaw.h"

objdump -p "$library" | grep -q 'SONAME *libthaw.so.1$' || fail "no soname libthaw.so.1"

# what the header promises, and nothing else
nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | sort -u >"$prefix/exported"
tr '\n' ' ' <"$header" | tr ';' '\n' | grep -o 'THAW_API.*' | grep -v __attribute__ | sed 's/ *(.*//' |
    grep -o 'thaw_[a-z0-9_]*$' | sort -u >"$prefix/promised"
diff "$prefix/promised" "$prefix/exported" || fail "exported symbols (>) are not those of thaw.h (<)"
[ "$(wc -l <"$prefix/exported")" -gt 20 ] || fail "too few symbols to be true"

cat >"$prefix/consumer.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <thaw.h>
int main(void)
{
    static const unsigned char bytes[] = "\x84\xa2id\xa1" "1\xa4kind\xa7release\xa7" "country\xa2" "BY\xa6source\xa1s";
    thaw_body body;
    thaw_event event;
    thaw_error error;
    if (thaw_body_open(&body, bytes, sizeof(bytes) - 1, &thaw_limits_default, 0, &error) != 0 ||
        thaw_body_next(&body, &event, &error) != 1)
        return puts(error.message), 1;
    printf("%s %.2s\n", thaw_kind_name((thaw_kind)event.kind), event.country);
    return 0;
}
C
export PKG_CONFIG_PATH=$package
words=$(pkg-config --cflags --libs thaw)
# shellcheck disable=SC2086
"$compiler" -Wall -Wextra -Werror -std=c11 -o "$prefix/consumer" "$prefix/consumer.c" $words
found=$(LD_LIBRARY_PATH=$(dirname "$library") "$prefix/consumer")
[ "$found" = "release BY" ] || fail "the consumer said: $found"
if command -v c++ >/dev/null; then
    echo '#include <thaw.h>' >"$prefix/consumer.cc"
    c++ -Wall -Wextra -Werror -pedantic -fsyntax-only -I"$(dirname "$header")" "$prefix/consumer.cc"
fi

# the same program with the library in it
archive=$(find "$prefix" -name libthaw.a)
[ -n "$archive" ] || fail "libthaw.a is not there"
words=$(pkg-config --static --cflags --libs thaw)
# shellcheck disable=SC2086
"$compiler" -Wall -Wextra -Werror -std=c11 -o "$prefix/contained" "$prefix/consumer.c" ${words/-lthaw/-l:libthaw.a}
found=$("$prefix/contained")
[ "$found" = "release BY" ] || fail "the consumer with libthaw.a said: $found"
! objdump -p "$prefix/contained" | grep -q 'NEEDED *libthaw' || fail "it needs libthaw.so all the same"

# a prefix of one's own holds all of it: nothing of the system's settings is touched
mkdir "$prefix/root"
DESTDIR=$prefix/root cmake --install "$build" --prefix /own >/dev/null
[ "$(ls "$prefix/root")" = own ] || fail "installed beside the prefix: $(ls "$prefix/root")"
[ -e "$prefix/root/own/etc/thaw/thawd.yaml" ] && [ -d "$prefix/root/own/etc/thaw/rules.d" ] || fail "no settings in the prefix"
DESTDIR=$prefix/system cmake --install "$build" --component thawd >/dev/null
[ -e "$prefix/system/etc/thaw/thawd.yaml" ] && [ -d "$prefix/system/etc/thaw/rules.d" ] || fail "no settings in /etc"
rm -r "$prefix/root" "$prefix/system"

# what the pages refer to is there
pages=$(find "$prefix" -name '*.md')
[ "$(wc -l <<<"$pages")" -ge 3 ] || fail "the pages are not there"
while read -r page; do
    for link in $(grep -o '](\.*[a-zA-Z][^)]*)' "$page" | grep -v '](http' | sed 's/^](\(.*\))$/\1/'); do
        [ -e "$(dirname "$page")/$link" ] || fail "$(basename "$page") refers to $link, which is not there"
    done
done <<<"$pages"
echo "$(wc -l <"$prefix/exported") symbols, as in thaw.h"
