#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""What VMCOREINFO does not name is found by search: with it withheld, every sample has the same answer."""
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

CASES = hwp.Cases()


def vmcoreinfo_of(vmcore):
    return re.search(rb'OSRELEASE=[\n\x20-\x7e]*', vmcore.read_bytes()).group().decode()


def without(text, word):
    return ''.join(line for line in text.splitlines(True) if word not in line)


def check_kallsyms(name, vmcore, where):
    """As of a kernel before v6.0."""
    path = where / 'vmcoreinfo'
    path.write_text(without(vmcoreinfo_of(vmcore), '(kallsyms_'))
    named = hwp.Run('check', '--json', vmcore)
    found = hwp.Run('check', '--json', '--vmcoreinfo', path, vmcore)
    CASES.report(f'{name}: kallsyms that VMCOREINFO does not name',
                 [] if found.out and found.out == named.out else [found.err or 'another answer'])


def main():
    for directory in hwp.samples():
        with tempfile.TemporaryDirectory() as work:
            check_kallsyms(directory.name, hwp.vmcore_of(directory), pathlib.Path(work))
    CASES.exit()


if __name__ == '__main__':
    main()
