#!/bin/sh
# make_venv.sh DIRECTORY REQUIREMENTS: a fresh venv with exactly those packages, a line of progress at each tenth one.
set -eu
venv=$1
requirements=$2
log=$1.log

total=$(cat $(sed -n 's/^-r *//p' "$requirements") "$requirements" | grep -c '==')
echo "$venv: installing $total packages of $requirements"
"${PYTHON:-python3}" -m venv --clear "$venv" || {
    echo "$venv: could not be made (Debian: apt-get install python3-venv)" >&2
    exit 1
}
status=$venv/.failed
{ "$venv/bin/python" -m pip install --no-input --progress-bar off -r "$requirements" 2>&1 || touch "$status"; } |
    tee "$log" | awk -v venv="$venv" -v total="$total" '
        /^(Collecting|Processing) / { if (++n % 10 == 0) { print venv ": " n " of " total; fflush() } }
        /^Installing collected/ { print venv ": unpacking"; fflush() }'
if [ -e "$status" ]; then
    tail -n 15 "$log" >&2
    echo "$venv: pip failed; the whole of what it said is in $log" >&2
    exit 1
fi
rm -f "$log"
