# What the scripts share; sourced by bash, never run. Needs $root, the top of the tree.
# shellcheck shell=bash disable=SC2034,SC2154 # used by, or set by, those that source it

# What it takes to build, and what the tests need beyond that. All of it is Debian 12's.
build_packages=(
    gcc libc6-dev make cmake ninja-build pkg-config
    libevent-dev libmsgpack-dev libluajit-5.1-dev libsystemd-dev libjansson-dev libedit-dev libssl-dev libyaml-dev scdoc
)
test_packages=(
    libcriterion-dev clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck
    git iproute2 man-db netbase python3 python3-msgpack python3-pynvim neovim perl procps socat strace
    systemd tarantool luajit lua-socket lua-copas zsh fish
)

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

step() {
    printf '\n== %s\n' "$*"
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# as_root COMMAND…
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root to run: $*"
    fi
}

# apt-get, which asks nothing and says what it says in English.
apt() {
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -y -o Dpkg::Use-Pty=0 "$@"
}

# progress DONE OF THING: on a terminal a line that changes, in a log one line for each tenth.
progress() {
    local tenth=$(($1 * 10 / $2))
    if [ -t 1 ]; then
        printf '\r\033[K   %d of %d %.60s' "$1" "$2" "$3"
    elif [ "$1" -gt 0 ] && [ "$tenth" -ne "${last_tenth:--1}" ]; then
        printf '   %d of %d %s\n' "$1" "$2" "$3"
    fi
    last_tenth=$tenth
}

progress_end() {
    last_tenth=-1
    [ ! -t 1 ] || printf '\r\033[K'
}

# Reads what apt-get says while it installs so many packages, and shows how far it is.
apt_progress() {
    local of=$1 fetched=0 ready=0 words
    while read -r -a words; do
        case ${words[0]-} in
        Get:*)
            fetched=$((fetched + 1))
            [ "$fetched" -gt "$of" ] || progress "$fetched" "$of" "fetched: ${words[4]-}"
            ;;
        Setting)
            ready=$((ready + 1))
            [ "$ready" -gt "$of" ] || progress "$ready" "$of" "set up: ${words[2]-}"
            ;;
        esac
    done
    progress_end
}

# Installs those of the packages that are missing; asks the network nothing if none is.
need_packages() {
    local package plan log missing=()
    for package; do
        installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this is not Debian; install the like of: ${missing[*]}"
    step "installing ${#missing[@]} of Debian's packages"
    printf '%s\n' "${missing[*]}" | fold -s -w 96 | sed 's/^/   /'
    log=$(mktemp)
    if apt -qq update >"$log" 2>&1 &&
        plan=$(apt --simulate install --no-install-recommends "${missing[@]}" 2>"$log") &&
        plan=$(grep -c '^Inst ' <<<"$plan") &&
        printf '   with those that they need: %d\n' "$plan" &&
        apt install --no-install-recommends "${missing[@]}" 2>&1 | tee "$log" |
        apt_progress "$plan"; then
        rm -f "$log"
    else
        tail -n 30 "$log"
        rm -f "$log"
        printf 'FAILED: apt-get could not install them\n'
        return 1
    fi
}

# Node and what the tests of foreign clients use of npm's, in build-test/node; asks the network
# nothing if it is there already.
need_node_client() {
    local folder=$root/build-test/node source=$root/tests/e2e/foreign
    # Debian's npm brings hundreds of packages: only where nobody else's is.
    { command -v node && command -v npm; } >/dev/null || need_packages nodejs npm || return
    ! cmp -s "$source/package-lock.json" "$folder/installed.json" || return 0
    step "installing the node client from npm"
    mkdir -p "$folder"
    cp "$source/package.json" "$source/package-lock.json" "$folder"
    npm ci --prefix "$folder" --prefer-offline --ignore-scripts --no-audit --no-fund \
        --loglevel=error || return
    cp "$source/package-lock.json" "$folder/installed.json"
}

# configure FOLDER OPTION…: prepares a build folder.
configure() {
    local folder=$1
    shift
    mkdir -p "$folder"
    cmake -G Ninja -S "$root" -B "$folder" "$@" >"$folder/configure.log" 2>&1 || {
        cat "$folder/configure.log"
        return 1
    }
}

# compile FOLDER OPTION…: builds there with ninja. Ninja itself shows on a terminal how far it is; in
# a log one line in each tenth will do, and all that is not progress.
compile() {
    local folder=$1
    shift
    if [ -t 1 ]; then
        ninja -C "$folder" "$@"
        return
    fi
    NINJA_STATUS='%f %t ' ninja -C "$folder" "$@" | compile_progress
}

compile_progress() {
    local line
    while IFS= read -r line; do
        if [[ $line =~ ^([0-9]+)\ ([0-9]+)\  ]]; then
            progress "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" steps
        elif [[ $line != "ninja: Entering directory "* ]]; then
            printf '%s\n' "$line"
        fi
    done
    progress_end
}
