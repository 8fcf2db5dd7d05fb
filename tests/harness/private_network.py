"""A network of its own for a daemon of a test, and what of /etc decides about names.

    wrapper = private_network.wrapper(self.folder, hosts="127.0.0.1 localhost\\n")
    daemon = self.daemon(wrapper=wrapper, settles=False)

Only root can have that: see `available`. In that network lo is up, 198.51.100.1 is an address of
this machine beside 127.0.0.0/8 and ::1, and nothing in 192.0.2.0/24 and 2001:db8::/48 ever
answers or refuses.
"""
import os
import shutil
import subprocess

SETUP = """
set -e
folder=$1
shift
mount --make-rprivate /
ip link set lo up
ip addr add 198.51.100.1/32 dev lo
ip addr add 192.0.2.100/32 dev lo
ip -6 addr add 2001:db8:1::1/128 dev lo nodad
ip route add 192.0.2.0/24 dev lo src 192.0.2.100
ip -6 route add 2001:db8::/48 dev lo src 2001:db8:1::1
for name in hosts resolv.conf nsswitch.conf gai.conf; do
    [ -e "/etc/$name" ] || touch "/etc/$name"
    mount --bind "$folder/$name" "/etc/$name"
done
exec "$@"
"""

# In which order getaddrinfo(3) gives addresses: IPv6, those that never answer, others.
GAI = """
precedence ::/0 50
precedence ::ffff:192.0.2.0/120 40
precedence ::ffff:0:0/96 30
"""


def available():
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip", "mount"))):
        return False
    return subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True,
                          check=False).returncode == 0


def wrapper(folder, hosts, resolver="nameserver 127.0.0.1\n"):
    """The command that starts another one there. `hosts` is its /etc/hosts, `resolver` its
    /etc/resolv.conf."""
    files = {"hosts": hosts, "resolv.conf": resolver, "nsswitch.conf": "hosts: files dns\n",
             "gai.conf": GAI, "setup.sh": SETUP}
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    return ("unshare", "--net", "--mount", "sh", folder / "setup.sh", folder)


def beside(pid):
    """The command that starts another one where that process is."""
    return ("nsenter", "--target", str(pid), "--net", "--mount")
