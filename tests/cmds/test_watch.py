#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`hwpoison watch`: what it does not take. What it prints is tested in unit/changes.c."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp


def refused(args, word):
    run = hwp.Run('watch', *args)
    if run.status != 2 or run.err.count('\n') != 1 or run.out or word not in run.err:
        return [f'status {run.status}: {run.err!r}, {run.out[:80]!r}']
    return []


def main():
    cases = hwp.Cases()
    vmcore = hwp.vmcore_of(hwp.samples()[0])
    for name, args, word in (
            ('a vmcore', [vmcore], 'running kernel only'),
            ('a vmcore by -c', ['-c', vmcore], 'running kernel only'),
            ('no interval', ['--interval', '0'], '--interval'),
            ('an interval of days', ['--interval', '86401'], '--interval'),
            ('an interval of words', ['--interval=soon'], '--interval'),
            ('a range', ['--range', '1-2'], 'no option')):
        cases.tell(f'refused: {name}', refused(args, word))
    cases.exit()


if __name__ == '__main__':
    main()
