#!/usr/bin/env bash
# Make a virtual environment in $1 with any Python >= 3.11: PYTHON if given, else the first one found.
set -euo pipefail

target=$1

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    {
        echo "ghostfleet needs Python 3.11 or later, and found none (tried: ${PYTHON:-python3, python3.14 … python3.11, python})."
        echo "Install one, then type 'make' again; if it is not on the PATH: PYTHON=/path/to/python make demo"
    } >&2
    return 1
}

# Debian and Ubuntu keep the venv module's half in a package of its own.
install_venv_module() {
    local package as_root=()
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if command -v apt-get >/dev/null; then
        if [ "$(id -u)" != 0 ]; then
            as_root=(sudo -n)
        fi
        if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
            echo "Installing $package, which this Python lacks" >&2
            "${as_root[@]+"${as_root[@]}"}" apt-get update -qq >&2 &&
                "${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive \
                    apt-get install -y -qq --no-install-recommends "$package" </dev/null >&2 && return
        fi
        echo "This Python cannot make virtual environments. Type: sudo apt-get install $package" >&2
        echo "then type 'make' again." >&2
    else
        echo "This Python cannot make virtual environments:" >&2
        echo "$2" >&2
        echo "Install its venv and ensurepip modules, or name another Python: PYTHON=/path/to/python make demo" >&2
    fi
    return 1
}

if [ -x "$target/bin/python" ] && fits "$target/bin/python" && "$target/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi
python=$(find_python)
echo "Making $target with $("$python" --version) and installing pinned packages; this happens once" >&2
if ! reason=$("$python" -m venv --clear "$target" 2>&1); then
    rm -rf "$target"
    install_venv_module "$python" "$reason"
    "$python" -m venv --clear "$target"
fi
