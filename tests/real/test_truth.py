#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""Every sample dump against what its own kernel said about each page, and against what
another implementation finds in it. HWP_SAMPLES="6.1-amd64 fix-good" takes these alone."""
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import oracle
import second
import truth


def compare_forms(vmcore, elf):
    """The sample as it is says what its pages say when they are not packed."""
    reports = [hwp.Run('check', '--json', path).json() for path in (vmcore, elf)]
    if not all(reports):
        return ['no report']
    for report in reports:
        for key in 'path', 'format':
            report['target'].pop(key)
    return [f'{key} differs' for key in reports[0] if reports[0][key] != reports[1].get(key)]


def compare_with_oracle(directory, elf):
    run = hwp.Run('check', '--json', elf)
    if run.status not in (0, 1):
        return [f'exit status {run.status}: {run.err.strip()}']
    document = hwp.Run('freelist', '--json', elf).json()
    eye = oracle.Oracle(elf)
    return (second.compare_lists(eye, document) + second.compare_blocks(eye, run.json()) +
            second.compare_kernel(eye, truth.Truth(directory)))


def main():
    cases = hwp.Cases()
    wanted = os.environ.get('HWP_SAMPLES', '').split()
    samples = [d for d in hwp.all_samples() if not wanted or d.name in wanted]
    cases.report('samples', [] if samples else [f'no sample in {hwp.SAMPLES}'])
    for directory in samples:
        with tempfile.TemporaryDirectory() as work:
            elf = base.elf_of(directory, work)
            cases.report(f'{directory.name} packed', compare_forms(hwp.vmcore_of(directory), elf))
            for name, wrong in truth.compare(directory, elf).items():
                cases.report(f'{directory.name} {name}', wrong)
            cases.report(f'{directory.name} oracle', compare_with_oracle(directory, elf))
    cases.exit()


if __name__ == '__main__':
    main()
