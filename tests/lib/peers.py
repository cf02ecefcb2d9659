# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not ours: crash, drgn, vmlinux files, and full dumps that they can open.

Each is fetched or made once and kept below build/peers (or $HWP_PEERS). What cannot be had
is None, and then the reason comes with it.
"""
import fcntl
import os
import pathlib
import re
import subprocess

import hwp
import small_vmlinux as small

PEERS = pathlib.Path(os.environ.get('HWP_PEERS', hwp.TOP / 'build' / 'peers'))
LAB = pathlib.Path(os.environ.get('HWP_LAB', hwp.TOP / 'build' / 'lab'))
KERNELS = ('6.1-amd64', '6.12-cloud', '7.3-cloud')
#: A line of the lab's matrix for each: a full dump with errors in it, which test_lab compares.
ROWS = dict(zip(KERNELS, ('61-all', '612-all', '73-all')))
SCENARIOS = ('free,anon,file-tmpfs,thp-pinned,hugetlb-inuse,hugetlb-file,hugetlb-pool,slab-tail,'
             'thp-leak-pcp,thp-leak-buddy')
_in_use = []


def fetch(script, *args):
    """What a script of tests/peers prints: (path, None), or (None, why not)."""
    done = subprocess.run([hwp.TOP / 'tests' / 'peers' / script, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    line = lines[-1] if lines else f'{script} failed'
    return (line, None) if done.returncode == 0 else (None, line)


def build_id(path):
    notes = subprocess.run(['readelf', '-n', path], capture_output=True, text=True,
                           check=False).stdout
    found = re.search(r'Build ID: ([0-9a-f]+)', notes)
    return found and found.group(1)


def vmlinux(release, dump=None):
    """The vmlinux with debug information of a Debian kernel, or of one that the lab built:
    of that only if it is the very build that the dump is of."""
    _, is_own, name = release.partition('-fix-')
    if not is_own:
        return fetch('vmlinux.sh', release)
    own = LAB / 'kernels' / f'fix-{name}' / 'vmlinux'
    wanted = dump and re.search(rb'BUILD-ID=([0-9a-f]+)', pathlib.Path(dump).read_bytes())
    if not own.exists() or not wanted or build_id(own) != wanted.group(1).decode():
        return None, f'no vmlinux of {release} as it was when the sample was made'
    return str(own), None


def small_vmlinux(release):
    """The same, but with what crash and drgn ask for alone: for what is theirs and not of the
    vmlinux that Debian has."""
    path, why = vmlinux(release)
    if why:
        return None, why
    to = PEERS / 'small' / release
    to.parent.mkdir(exist_ok=True)
    with open(to.with_name(f'.{release}.lock'), 'w', encoding='ascii') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        newest = max(os.stat(source).st_mtime for source in (path, small.__file__))
        if not to.exists() or to.stat().st_mtime < newest:
            small.make(path, to)
    return str(to), None


def lock(row, how):
    """The lock of a dump of the lab: exclusive to make it, shared to use it."""
    (LAB / 'dumps').mkdir(parents=True, exist_ok=True)
    # Closed, and so unlocked, with the last reference to it.
    file = open(LAB / 'dumps' / f'.{row}.lock', 'w', encoding='ascii')
    fcntl.flock(file, how)
    return file


def dump(kernel):
    """A full dump of a lab kernel with errors in it, which stays until this process ends:
    (its directory, None), or (None, why not)."""
    return dump_of_row(ROWS[kernel])


def dump_of_row(row):
    """The same of a row of the lab's matrix."""
    directory = (LAB / 'dumps' / row).resolve()
    file = lock(row, fcntl.LOCK_EX)
    if not ((directory / 'vmcore.elf').exists() and release(directory)):
        done = subprocess.run([hwp.TOP / 'vmcores' / 'lab.sh', 'matrix', row],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, env={**os.environ, 'HWP_PROGRAM': str(hwp.PROGRAM)})
        if done.returncode:
            return None, (done.stderr.strip().splitlines() or ['lab.sh failed'])[-1]
    fcntl.flock(file, fcntl.LOCK_SH)
    _in_use.append(file)
    return directory, None


def release(directory):
    """The release of the kernel that a directory's dump is of."""
    place = pathlib.Path(directory) / 'version.txt'
    words = place.read_text().split() if place.exists() else []
    return words[2] if len(words) > 2 else None
