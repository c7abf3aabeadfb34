#!/bin/sh
# Usage: environment.sh DIRECTORY LOCK
# Make or bring up to date the Python environment in DIRECTORY: the packages of LOCK (each with its hash), and Crawdad
# itself as it lies in this tree. Needs Python 3.11 or newer with its venv module, and nothing else.
set -eu

directory=$1
lock=$2

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${CRAWDAD_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "Crawdad needs Python 3.11 or newer, and found none. Install it (Debian and Ubuntu: apt install python3" >&2
    echo "python3-venv; macOS: brew install python), or name one: CRAWDAD_PYTHON=/path/to/python3 make run" >&2
    exit 1
}

make_environment() {
    python=$(find_python)
    echo "Making an environment in $directory with $("$python" -V) ..."
    rm -rf "$directory"
    if ! message=$("$python" -m venv "$directory" 2>&1); then
        rm -rf "$directory"
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$message" >&2
        echo >&2
        echo "This Python ($python) cannot make environments: its venv or ensurepip module is missing." >&2
        echo "Debian and Ubuntu: apt install python$version-venv; then call make again." >&2
        exit 1
    fi
}

# An environment whose interpreter is gone or too old is made anew.
if ! fits "$directory/bin/python"; then
    make_environment
fi

install() {
    "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
}

echo "Installing $lock ..."
# The lock is complete, so nothing is resolved: older pips, asked to, look at a newer release of a package that another wants
# with extras ("google-auth[requests]"), find that the lock has no hash for it, and give up.
install --no-deps --require-hashes -r "$lock"
install --no-deps --editable .
