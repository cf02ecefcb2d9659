#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every sample dump against what its own kernel said about each page, and against what
another implementation finds in it."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import oracle
import second
import truth


def compare_with_oracle(directory):
    """The oracle reads the sample as an ELF file, the program as it is."""
    vmcore = hwp.vmcore_of(directory)
    run = hwp.Run('check', '--json', vmcore)
    if run.status not in (0, 1):
        return [f'exit status {run.status}: {run.err.strip()}']
    report = run.json()
    document = hwp.Run('freelist', '--json', vmcore).json()
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / 'vmcore.elf'
        base.make(directory, path)
        eye = oracle.Oracle(path)
        return (second.compare_lists(eye, document) + second.compare_blocks(eye, report) +
                second.compare_kernel(eye, truth.Truth(directory)))


def main():
    cases = hwp.Cases()
    samples = hwp.samples()
    cases.report('samples', [] if samples else [f'no sample in {hwp.SAMPLES}'])
    for directory in samples:
        for name, wrong in truth.compare(directory, hwp.vmcore_of(directory)).items():
            cases.report(f'{directory.name} {name}', wrong)
        cases.report(f'{directory.name} oracle', compare_with_oracle(directory))
    cases.exit()


if __name__ == '__main__':
    main()
