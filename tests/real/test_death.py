#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1500
"""Kernels that died, in the lab: what they died of, by their dump and by their console's text."""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import hwp
import peers

VALIDATOR = blocks.validator()
# Name of the lab's row: conclusion, page, exit status.
DEATHS = {
    'sysrq': ('no-sign', None, 0),
    'hard': ('memory-error', 0x10000, 2),
    'hard-61': ('memory-error', 0x10000, 2),
    'fatal': ('memory-error', 0x10123, 2),
    'bus': ('no-sign', None, 0),
}


def compare(directory, conclusion, pfn, status):
    run = hwp.Run('check', '--json', directory / 'vmcore.elf')
    report = run.json()
    wrong = [] if run.status == status else [f'exit status {run.status}']
    if VALIDATOR:
        wrong += [e.message[:200] for e in VALIDATOR.iter_errors(report)]
    cause, console = report['cause'], (directory / 'console.txt').read_text(errors='replace')
    if (cause['conclusion'], cause['pfn']) != (conclusion, pfn):
        wrong.append(f"{cause['conclusion']} {cause['pfn']}: {cause['why']}")
    panic = re.search(r'\[ *(\d+\.\d+)\] Kernel panic - not syncing: (.*)', console)
    if cause['panic']['text'] != panic[2].strip():
        wrong.append(f"panic {cause['panic']['text']}")
    if abs(cause['panic']['time_ns'] / 1e9 - float(panic[1])) > 0.001:
        wrong.append(f"at {cause['panic']['time_ns']}")
    task = re.search(r'CPU: (\d+) UID: 0 PID: (\d+) Comm: (\S+)', console[panic.start():])
    if task and [str(cause['panic'][key]) for key in ('cpu', 'pid', 'comm')] != list(task.groups()):
        wrong.append(f"in {cause['panic']}")
    text = hwp.Run('events', '--json', '--log', directory / 'console.txt').json()
    if text['cause']['conclusion'] != conclusion or text['cause']['pfn'] != pfn:
        wrong.append(f"by its console {text['cause']}")
    return wrong


def main():
    cases = hwp.Cases()
    for name, (conclusion, pfn, status) in DEATHS.items():
        done = subprocess.run([hwp.TOP / 'vmcores' / 'lab.sh', 'death', name], capture_output=True,
                              text=True, check=False)
        directory = peers.LAB / 'dumps' / name
        cases.report(name, compare(directory, conclusion, pfn, status) if done.returncode == 0 else
                     (done.stderr.strip().splitlines() or ['lab.sh failed'])[-1:])
    cases.exit()


if __name__ == '__main__':
    main()
