#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""hwpoison again and again on a kernel that does not hold still (vmcores/guest/stress.c):
nothing is called leaked that did not leak, and what the dump shows to have leaked was found."""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

LAB = pathlib.Path(os.environ.get('HWP_LAB', hwp.TOP / 'build' / 'lab'))
TOOLS = (os.environ.get('QEMU', 'qemu-system-x86_64'), 'busybox', 'cpio', 'gcc')
OPTIONS = ('--kernel', '7.3-cloud', '--kaslr', '--cmdline', 'movablecore=384M', '--scenarios',
           'stress', '--timeout', '600', '--formats', 'elf')
# The guest wants 20, and gives up on a machine where they take minutes.
MIN_CHECKS = 10


def make(directory):
    done = subprocess.run([hwp.TOP / 'vmcores' / 'lab.sh', 'run', *OPTIONS, '--out', directory],
                          stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=880, check=False,
                          env={**os.environ, 'HWP_PROGRAM': str(hwp.PROGRAM)})
    return done.returncode == 0, (done.stdout.strip().splitlines() or ['it says nothing'])[-1]


class Log:
    """What stress.txt says."""

    def __init__(self, text):
        self.leaks, self.checks = {}, []
        for line in text.splitlines():
            word, *rest = line.split()
            if word == 'leak':
                self.leaks[int(rest[1])] = int(rest[0])
            else:
                run, status, ms, verdict, *pfns = rest
                self.checks.append((int(run), int(status), int(ms), verdict,
                                    {int(pfn) for pfn in pfns}))


def ended_well(log):
    wrong = [f'check {run}: {verdict}, exit status {status}'
             for run, status, _, verdict, _ in log.checks
             if hwp.STATUS.get(verdict) != status or verdict == 'inconsistent']
    if len(log.checks) < MIN_CHECKS:
        wrong.append(f'only {len(log.checks)} checks in the time that there is')
    return wrong


def false_leaks(log):
    return [f'check {run}: {pfn:#x} is said to have leaked'
            for run, _, _, _, pfns in log.checks for pfn in pfns - log.leaks.keys()]


def missed_leaks(log, dump):
    """Pages that leaked, by the dump: found by the last check before it."""
    leaked = {p['pfn'] for p in dump['poisoned'] if p['class'] in ('leaked', 'lost')}
    last = log.checks[-1]
    wrong = [f'{pfn:#x} has leaked, and check {last[0]} did not find it'
             for pfn in leaked & {p for p, run in log.leaks.items() if run < last[0]} - last[4]]
    if not leaked:
        wrong.append('nothing leaked')
    return wrong


def main():
    cases = hwp.Cases()
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacking:
        cases.skip('stress', f'no {lacking[0]}; `sh tests/setup.sh lab` installs it')
        cases.exit()
    directory = LAB / 'stress'
    made, line = make(directory)
    if not made:
        cases.report('stress', [line])
        cases.exit()
    log = Log((directory / 'stress.txt').read_text())
    dump = hwp.Run('check', '--json', directory / 'vmcore.elf').json()
    times = sorted(ms for _, _, ms, _, _ in log.checks) or [0]
    print(f'# {len(log.checks)} checks, {times[len(times) // 2]} ms in the middle, '
          f'{times[-1]} ms at the most; {len(log.leaks)} errors', flush=True)
    cases.report('every check ends in a verdict', ended_well(log))
    cases.report('no false leak', false_leaks(log))
    cases.report('no leak is missed', missed_leaks(log, dump))
    (directory / 'vmcore.elf').unlink()
    cases.exit()


if __name__ == '__main__':
    main()
