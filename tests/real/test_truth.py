#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every sample dump against what its own kernel said about each page."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp
import truth


def main():
    cases = hwp.Cases()
    samples = hwp.samples()
    cases.tell('samples', [] if samples else [f'no sample in {hwp.SAMPLES}'])
    for directory in samples:
        for name, wrong in truth.compare(directory, hwp.vmcore_of(directory)).items():
            cases.tell(f'{directory.name} {name}', wrong)
    cases.exit()


if __name__ == '__main__':
    main()
