#!/bin/sh
# The model checker spin, and the C compiler that it needs; Debian's are installed where that is possible.
# Where they are not, this only says so: the model and its tests fail, and say it again.
set -eu
missing=
for name in spin gcc; do
    command -v "$name" >/dev/null || missing="$missing $name"
done
# gcc alone is not enough: it needs the headers of the C library.
if [ -z "$missing" ] && echo '#include <stdio.h>' | gcc -fsyntax-only -x c - 2>/dev/null; then
    exit 0
fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "spin: installing Debian's packages, for the model"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update >"$log" 2>&1 && apt-get install -y --no-install-recommends spin gcc libc6-dev >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 15 "$log" >&2
    rm -f "$log"
fi
echo "spin: not found:${missing:- the headers of the C library}. Install them (Debian: apt-get install spin gcc libc6-dev): the model and its tests fail without." >&2
