# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not ours: crash, drgn, vmlinux files, and full dumps that they can open.

Each is fetched or made once and kept below build/peers. What cannot be had is None, and
then the reason is told.
"""
import fcntl
import pathlib
import subprocess

import hwp

PEERS = hwp.TOP / 'build' / 'peers'
KERNELS = ('6.1-amd64', '6.12-cloud', '7.3-cloud')
SCENARIOS = ('free,anon,file-tmpfs,thp-pinned,hugetlb-inuse,hugetlb-file,hugetlb-pool,slab-tail,'
             'thp-leak-pcp,thp-leak-buddy')


def fetch(script, *args):
    """What a script of tests/peers prints: (path, None), or (None, why not)."""
    done = subprocess.run([hwp.TOP / 'tests' / 'peers' / script, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    line = lines[-1] if lines else f'{script} failed'
    return (line, None) if done.returncode == 0 else (None, line)


def vmlinux(release):
    """The debug vmlinux of a Debian kernel."""
    return fetch('vmlinux.sh', release)


def dump(kernel):
    """A full dump of a lab kernel with errors in it: (its directory, None), or (None, why not)."""
    directory = (PEERS / 'dumps' / kernel).resolve()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(PEERS / 'dumps' / f'.{kernel}.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (directory / 'vmcore.elf').exists() and release(directory):
            return directory, None
        lab = hwp.TOP / 'vmcores' / 'lab.sh'
        done = subprocess.run([lab, 'run', '--kernel', kernel, '--kaslr', '--scenarios', SCENARIOS,
                               '--formats', 'elf', '--out', directory],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ['lab.sh failed'])[-1]
    return directory, None


def release(directory):
    """The release of the kernel that a directory's dump is of."""
    place = pathlib.Path(directory) / 'version.txt'
    words = place.read_text().split() if place.exists() else []
    return words[2] if len(words) > 2 else None
