#!/bin/bash
# Runs the two commands of the README, as they stand there, in clean clones of what is committed, on
# a Debian 12 that has nothing yet: minbase, a user who may use sudo, Debian's own /etc/hosts. Each
# user gets such a root of their own, which is gone afterwards. Prints a table with times at the end.
#
#   scripts/test-clean.sh [user] [root]       as whom; the default is user
#
# It needs root, the package mmdebstrap, some 6 GB in $TMPDIR (/var/tmp), and what this machine's
# apt and npm are set up to install from. Everything runs in mount, process, host name and IPC
# namespaces of its own; the network is the machine's, since the commands install packages. The
# output is also kept in build-test/clean/.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

[ $# -gt 0 ] || set -- user
for who; do
    [[ $who = user || $who = root ]] || die "usage: scripts/test-clean.sh [user] [root]"
done
[ "$(id -u)" -eq 0 ] || exec sudo TMPDIR="${TMPDIR-}" "$root/scripts/test-clean.sh" "$@"

logs=$root/build-test/clean
folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" sockd-clean-XXXXXX)
failed=0
summary=()

finish() {
    # Mounts exist only in the namespaces that have ended.
    rm -rf --one-file-system "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The commands of the README's section "Two commands".
commands() {
    sed -n '/^## Two commands/,/^## /s/^    \(scripts\/.*\)/\1/p' "$root/README.md"
}

# How npm gets at its registry here, as environment variables; and the certificates that it trusts.
npm_settings() {
    local key value
    command -v npm >/dev/null || return 0
    for key in registry proxy https-proxy noproxy; do
        value=$(npm config get "$key")
        [[ -z $value || $value = null || $value = undefined ]] ||
            printf 'npm_config_%s=%q\n' "${key//-/_}" "$value"
    done
    value=$(npm config get cafile)
    [ ! -f "$value" ] || printf 'npm_config_cafile=/etc/npm-cafile.pem\n'
}

make_archive() {
    local sources=()
    step "a fresh Debian 12 (mmdebstrap)"
    mapfile -t sources < <(find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.list' -size +0 \
        -o -name '*.sources' 2>/dev/null)
    apt-config dump | grep '^Acquire::' >"$folder/apt.conf" || true
    mmdebstrap --variant=minbase --include=sudo --aptopt="$folder/apt.conf" \
        bookworm "$folder/root.tar" "${sources[@]}" 2>&1 | sed 's/^/   /'
}

# make_root FOLDER: unpacks it there, with what an installer leaves beyond the packages.
make_root() {
    local cafile
    mkdir "$1"
    tar -C "$1" -xf "$folder/root.tar"
    printf 'clean\n' >"$1/etc/hostname"
    cat >"$1/etc/hosts" <<END
127.0.0.1 localhost
127.0.1.1 clean
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
END
    chroot "$1" useradd --create-home --shell /bin/bash user
    printf 'user ALL=(ALL) NOPASSWD: ALL\n' >"$1/etc/sudoers.d/user"
    if cafile=$(npm config get cafile 2>/dev/null) && [ -f "$cafile" ]; then
        install -m 644 "$cafile" "$1/etc/npm-cafile.pem"
    fi
}

# Makes the folder $1 this process's root, with what a running machine mounts there, then runs the
# rest. It is the first process of a container, as it were: when it ends, all that is left in there does.
# shellcheck disable=SC2016 # another shell expands it
enter='
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755,nosuid tmpfs dev
mkdir dev/pts dev/shm .old
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
hostname clean
pivot_root . .old
cd /
umount -l .old
rmdir .old
ulimit -Sn 1024
shift
status=0
"$@" || status=$?
exit "$status"
'

# inside FOLDER USER COMMAND: runs it as after a login, in the user's clone.
inside() {
    local settings
    settings=$(npm_settings | sed 's/^/export /')
    unshare --mount --pid --uts --ipc --fork --kill-child bash -c "$enter" enter "$1" \
        su - "$2" -c "$settings
cd sockd && $3"
}

# Runs a command that goes on until Ctrl-C, at a terminal: reads what it shows, types Ctrl-C when it
# has said how to go on, and ends with its status.
# shellcheck disable=SC2016 # another shell expands it
at_a_terminal='
mkfifo ~/keys
exec 3<>~/keys
{
    until grep -q "sockctl --help" ~/typescript 2>/dev/null; do sleep 0.2; done
    printf "\003" >&3
} &
env --default-signal=INT,QUIT script -qefc "$command" ~/typescript <~/keys 3>&-
'

# try FOLDER USER COMMAND: one line of the summary.
try() {
    local log start=$SECONDS status=0 outcome took line
    log=$(basename "${3%% *}" .sh)
    log=$logs/$2-$log.log
    line=${3%%#*}
    line=${line%"${line##*[! ]}"}
    step "$line, as ${2/user/an ordinary user}"
    if [[ $line = */run.sh ]]; then
        inside "$1" "$2" "command=$(printf %q "$line"); $at_a_terminal" </dev/null 2>&1 | tee "$log" ||
            status=$?
        outcome="it ended with $status"
    else
        inside "$1" "$2" "$line" </dev/null 2>&1 | tee "$log" || status=$?
        outcome=$(grep -E '^[0-9]+ passed, ' "$log" | tail -n 1) || outcome="no sum; it ended with $status"
    fi
    took=$((SECONDS - start))
    summary+=("$(printf '%-20s as %s: %s, %d min %02d s' \
        "$line" "$2" "$outcome" $((took / 60)) $((took % 60)))")
    [ "$status" -eq 0 ] || failed=1
}

need_packages mmdebstrap
mkdir -p "$logs"
chmod 755 "$folder"
make_archive
for who; do
    step "a root for $who"
    make_root "$folder/$who"
    home=$(chroot "$folder/$who" sh -c "echo ~$who")
    git clone --quiet "$root" "$folder/$who$home/sockd"
    chroot "$folder/$who" chown -R "$who:" "$home/sockd"
    while read -r command; do
        try "$folder/$who" "$who" "$command"
    done < <(commands)
    rm -rf --one-file-system "${folder:?}/$who"
done
step "on a clean machine"
printf '%s\n' "${summary[@]}"
[ "$failed" -eq 0 ]
