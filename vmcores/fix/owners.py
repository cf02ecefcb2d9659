#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""owners.py DIR...: whether hwpoison has of each poisoned page what page_owner had in the guest
(truth.txt), and counts as reused for certain what was handed out after its error. Ends with 1
where they differ."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'lib'))
import hwp
import truth


def verify(where):
    kernels = truth.Truth(where)
    report = hwp.Run('check', '--json', where / 'vmcore.elf').json()
    wrong = truth.compare_page_owners(kernels, report)
    certain = sum((page['reuse'] or {}).get('confidence') == 'certain' for page in report['poisoned'])
    print(f'  page_owner: {len(kernels.page_owners)} bad pages are allocated,',
          f'{certain} of them for certain since their error')
    for what in wrong:
        print('    WRONG:', what)
    return not wrong


if __name__ == '__main__':
    # All of them are looked at.
    sys.exit(not all([verify(pathlib.Path(where)) for where in sys.argv[1:]]))
