#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""said.py N VMCORE: does hwpoison ($HWPOISON) say of mistake N of the table "breaks" what must
be said? Ends with 1 if not."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get('HWPOISON', str(HERE.parents[1] / 'build' / 'hwpoison'))
LEAKED = ('buddy', 'pcp', 'reused', 'dropped')


def expected(number):
    """(what the mistake is, verdicts, checks)"""
    for line in (HERE / 'breaks').read_text().splitlines():
        words = [word.strip() for word in line.split('|')]
        if words[0] == number:
            verdicts, _, checks = words[-1].partition(':')
            return words[3], verdicts.split(), checks.split()
    sys.exit(f'said.py: no mistake {number} in the table')


def compare(report, verdicts, checks):
    wrong = []
    if report['verdict'] not in verdicts:
        wrong.append(f'verdict {report["verdict"]}, right is {" or ".join(verdicts)}')
    results = {check['name']: check for check in report['checks']}
    wrong += [f'check {name}: {results[name]["result"]} ({results[name]["detail"]})'
              for name in checks if results[name]['result'] != 'fail']
    if 'leaked' not in verdicts:
        wrong += [f'{page["pfn"]:#x}: {page["state"]}, and none leaked'
                  for page in report['poisoned'] if page['state'] in LEAKED]
    # Free memory, or its loss, is a fault of the free path: nothing it did "held" then.
    faults = {'healthy-not-lost', 'ranges-held', 'poison-not-in-buddy', 'poison-not-on-pcp'}
    failed = {name for name, check in results.items() if check['result'] == 'fail'}
    if failed & faults and report['kernel']['fix_seen'] == 'held':
        wrong.append(f'freed folios held, and {", ".join(sorted(failed & faults))} failed')
    if report['verdict'] == 'clean':
        wrong += [f'folio at {folio["head_pfn"]:#x}: {folio["outcome"]}'
                  for folio in report['folios'] if folio['outcome'] not in ('held', 'unknown')]
        wrong += [f'check {name} fails' for name in sorted(failed)]
    return wrong


def main():
    mistake, verdicts, checks = expected(sys.argv[1])
    run = subprocess.run([PROGRAM, 'check', '--json', sys.argv[2]], capture_output=True,
                         check=False)
    try:
        wrong = compare(json.loads(run.stdout), verdicts, checks)
    except (ValueError, KeyError):
        wrong = [f'exit status {run.returncode}: {run.stderr.decode().strip()}']
    for what in wrong:
        print(f'said of break-{sys.argv[1]} ({mistake}): {what}')
    if not wrong:
        print(f'said of break-{sys.argv[1]}: as it must be')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
