# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the program under test and count cases the way tests/run.sh reads them."""
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get('HWPOISON', str(TOP / 'build' / 'hwpoison'))
SAMPLES = TOP / 'vmcores' / 'samples'
#: What a host's tables of pages have more than the program's.
HOST_ADDRESS = re.compile(r' STRUCT_PAGE$| 0x[0-9a-f]{16}$')

#: What a state means for the verdict.
CLASSES = {
    'buddy': 'leaked', 'pcp': 'leaked', 'reused': 'leaked', 'dropped': 'lost',
    'large-folio': 'pending', 'hugetlb': 'pending', 'in-use': 'pending',
    'taken-off': 'contained', 'isolated': 'contained',
    'slab': 'kernel', 'pgtable': 'kernel', 'reserved': 'kernel', 'kernel': 'kernel',
    'offline': 'other', 'device': 'other', 'unknown': 'unknown',
}
STATUS = {'leaked': 1, 'leaked-before': 1, 'inconsistent': 1, 'incomplete': 2, 'at-risk': 0, 'clean': 0}


def _cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Run:
    """One run of the program: its status, what it printed, how long it took."""

    def __init__(self, *args, limit=60, memory=None):
        def bound():
            if memory:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        began, used = time.monotonic(), _cpu_seconds()
        try:
            done = subprocess.run([PROGRAM, *map(str, args)], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=limit, check=False,
                                  preexec_fn=bound)
            self.status, self.out = done.returncode, done.stdout
            self.err = done.stderr.decode(errors='backslashreplace')
        except subprocess.TimeoutExpired:
            self.status, self.out, self.err = None, b'', f'no end after {limit} s'
        self.seconds = time.monotonic() - began
        #: What it took of processors: on a busy machine that says more.
        self.cpu_seconds = _cpu_seconds() - used

    def json(self):
        """What it printed as JSON, or None."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None


class Cases:
    """Prints a line for each case; the status is 1 if one of them failed."""

    def __init__(self):
        self.failed = 0

    def report(self, name, complaints):
        """A case with what is wrong with it; nothing is wrong if that is empty."""
        if not complaints:
            print(f'ok {name}', flush=True)
            return
        self.failed += 1
        print(f'not ok {name}: {complaints[0]}', flush=True)
        for complaint in complaints[1:20]:
            print(f'    {complaint}', flush=True)
        if len(complaints) > 20:
            print(f'    and {len(complaints) - 20} more', flush=True)

    @staticmethod
    def skip(name, why):
        print(f'skip {name}: {why}', flush=True)

    def exit(self):
        sys.exit(1 if self.failed else 0)


def vmcore_of(directory):
    """The dump of a directory, an ELF file if it has one."""
    for pattern in ('vmcore.elf', 'vmcore', 'vmcore*'):
        for path in sorted(directory.glob(pattern)):
            return path
    return None


def words(text):
    """Of each line, after a space if it has one: columns are wider where a host shows addresses,
    which are left out here."""
    return [' ' * line.startswith(' ') + ' '.join(HOST_ADDRESS.sub('', line).split())
            for line in text.splitlines()]


def all_samples():
    return sorted(d for d in SAMPLES.glob('*/') if vmcore_of(d)) if SAMPLES.is_dir() else []


def samples():
    """Those of x86_64, which every host opens."""
    return [d for d in all_samples() if not d.name.startswith('arm64')]


def expected_verdict(states, has_fix=False):
    """What follows from the states of all poisoned pages, by the order of the verdicts.
    What is pending will be freed as it should be by a kernel that has the fix."""
    risks = {'kernel'} if has_fix else {'kernel', 'pending'}
    classes = {CLASSES[state] for state in states}
    if classes & {'leaked', 'lost'}:
        return 'leaked'
    if 'unknown' in classes:
        return 'incomplete'
    return 'at-risk' if classes & risks else 'clean'
