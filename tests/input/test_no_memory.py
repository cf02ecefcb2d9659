#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""Each allocation may fail: then there is one line and status 2, or the answer is the same."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

HERE = pathlib.Path(__file__).resolve().parent
DUMP = hwp.vmcore_of(hwp.SAMPLES / '7.3-cloud')
LIMIT = 120
#: Of the allocations of one run so many are tried; all of the first, which open the file.
POINTS = int(os.environ.get('HWP_POINTS', 60))
FIRST = int(os.environ.get('HWP_FIRST', 20))


class Preload:
    def __init__(self, work):
        self.library = work / 'fail.so'
        subprocess.run([*os.environ.get('CC', 'cc').split(), '-shared', '-fPIC', '-O1', '-o',
                        self.library, HERE / 'fail_malloc.c', '-ldl'], check=True)

    def run(self, *arguments, **environment):
        return subprocess.run([hwp.PROGRAM, *map(str, arguments)], capture_output=True,
                              timeout=LIMIT, check=False, stdin=subprocess.DEVNULL,
                              env={**os.environ, 'LD_PRELOAD': str(self.library), **environment})


def timeless(report):
    """A report without what differs from run to run."""
    report = json.loads(report)
    report.pop('timing', None)
    return report


def judge(done, whole):
    """What is wrong with a run in which an allocation failed."""
    lines = done.stderr.decode(errors='replace').splitlines()
    if done.returncode < 0:
        return [f'killed by signal {-done.returncode}']
    if done.returncode == 2:
        try:
            report = json.loads(done.stdout)
        except ValueError:
            return [f'no JSON, stderr {lines}']
        if report['schema'] == 'hwpoison.error/1':
            return [] if len(lines) == 1 else [f'stderr {lines}']
        return [] if report.get('verdict') == 'incomplete' else [f'verdict {report.get("verdict")}']
    if done.returncode not in (0, 1):
        return [f'exit status {done.returncode}']
    report = timeless(done.stdout)
    if report != whole:
        keys = [key for key in whole if report.get(key) != whole[key]]
        return [f'status {done.returncode}, another answer without a word: {keys}']
    return []


def main():
    cases = hwp.Cases()
    if os.environ.get('SAN'):
        cases.skip('failing allocations', f'built with SAN={os.environ["SAN"]}')
        cases.exit()
    with tempfile.TemporaryDirectory() as name:
        preload = Preload(pathlib.Path(name))
        done = preload.run('check', '--json', '--threads', 1, DUMP, HWP_COUNT='1')
        report, _, count = done.stdout.rpartition(b'allocations ')
        whole, count = timeless(report), int(count)
        print(f'# {count} allocations')
        points = sorted({*range(1, FIRST + 1), *range(FIRST + 1, count + 1,
                                                     max(1, (count - FIRST) // POINTS))})
        for going_on in (False, True):
            wrong = []
            for point in points if not going_on else points[::4]:
                more = {'HWP_FAIL_ON': '1'} if going_on else {}
                done = preload.run('check', '--json', '--threads', 1, DUMP, HWP_FAIL_AT=str(point),
                                   **more)
                wrong += [f'{point} of {count}: {what}' for what in judge(done, whole)]
            cases.report('allocations fail from one on' if going_on else 'one allocation fails', wrong)
        wrong = []
        for point in range(1, 12):
            done = preload.run('check', '--json', DUMP, HWP_FAIL_AT=str(point), HWP_IN_PARENT='1')
            if done.returncode not in (1, 2):
                wrong.append(f'{point}: exit status {done.returncode}')
        cases.report('an allocation of the parent fails', wrong)
    cases.exit()


if __name__ == '__main__':
    main()
