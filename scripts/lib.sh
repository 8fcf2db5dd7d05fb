# What the scripts share; sourced by bash, never run. Needs $root, the top of the tree.
# shellcheck shell=bash disable=SC2034,SC2154 # used by, or set by, those that source it

# What it takes to build, and what the tests need beyond that. All of it is Debian 12's.
build_packages=(
    gcc libc6-dev cmake ninja-build pkg-config
    libevent-dev libmsgpack-dev libluajit-5.1-dev libsystemd-dev libjansson-dev libedit-dev scdoc
)
test_packages=(
    libcriterion-dev clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck
    git iproute2 man-db netbase python3 python3-msgpack python3-pynvim neovim perl procps socat
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

# Installs those of the packages that are missing; asks the network nothing if none is.
need_packages() {
    local package missing=()
    for package; do
        installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this is not Debian; install the like of: ${missing[*]}"
    step "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null
}

# Node and what the tests of foreign clients use of npm's, in build-test/node; asks the network
# nothing if it is there already.
need_node_client() {
    local folder=$root/build-test/node source=$root/tests/e2e/foreign
    # Debian's npm brings hundreds of packages: only where nobody else's is.
    { command -v node && command -v npm; } >/dev/null || need_packages nodejs npm
    ! cmp -s "$source/package-lock.json" "$folder/installed.json" || return 0
    step "installing the node client"
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
