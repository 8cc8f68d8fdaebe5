#!/bin/sh
# The model checker spin, and the C compiler that it needs; Debian's are installed where that is possible.
set -eu
command -v spin >/dev/null && command -v gcc >/dev/null && exit 0
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
echo "spin: not found. Install spin and gcc (Debian: apt-get install spin gcc libc6-dev): the model cannot run without." >&2
exit 1
