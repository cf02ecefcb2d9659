#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same bytes for one to eight threads, from dumps with packed pages and ELF files. Under ThreadSanitizer
(`make check-tsan T=threads`) threads that get into each other's way fail it too."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp

def complaints(path):
    """Of any number of threads that does not say what one says."""
    one, found = hwp.Run('check', '--json', '--threads', '1', path), []
    if one.status not in (0, 1) or not one.out:
        return [f'1 thread: exit status {one.status}: {one.err[:300]}']
    for nr in range(2, 9):
        many = hwp.Run('check', '--json', '--threads', str(nr), path)
        if many.out != one.out or many.status != one.status:
            found.append(f'{nr} threads: exit status {many.status}, other bytes: '
                         f'{many.err[:300]}')
    return found


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as work:
        for directory in hwp.samples():
            if 'fix' in directory.name:
                continue
            cases.report(f'{directory.name} kdump', complaints(hwp.vmcore_of(directory)))
            cases.report(f'{directory.name} elf', complaints(base.elf_of(directory, work)))
    cases.exit()


main()
