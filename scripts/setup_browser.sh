#!/bin/sh
# Chromium for the browser test. CHROMIUM may name one; Debian's is installed where that is possible.
# Where it is not, this only says so: the browser test itself fails, and says it again.
set -eu
if [ -n "${CHROMIUM:-}" ]; then
    exit 0
fi
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "chromium: installing Debian's package, for the browser test"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update >"$log" 2>&1 && apt-get install -y --no-install-recommends chromium >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 15 "$log" >&2
    rm -f "$log"
fi
echo "chromium: not found. Install it, or name one with CHROMIUM=/path/to/it: the browser test fails without." >&2
