#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What users of a command line are used to: a file alone, bundles, slips, pipes, COLUMNS."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

CASES = hwp.Cases()
DUMP = hwp.vmcore_of(hwp.SAMPLES / 'fix-good')


def check_default():
    """A dump alone is checked, whatever options stand beside it."""
    for options in ([], ['--json'], ['--threads', '1', '-j']):
        alone, named = hwp.Run(DUMP, *options), hwp.Run('check', DUMP, *options)
        CASES.report(f'a dump alone {options}', [] if (alone.status, alone.out, alone.err) ==
                     (named.status, named.out, named.err) else [alone.err])
    with tempfile.TemporaryDirectory() as work:
        run = hwp.Run(work)
        CASES.report('a directory alone', [] if run.status == 2 and 'director' in run.err
                     else [run.err])


def check_slips():
    for word, meant in {'chekc': 'check', 'lsit': 'list', 'foilo': 'folio', 'event': 'events',
                        'checks': 'check', 'reprot': 'report', 'hlep': 'help', 'xyzzy': None,
                        'x' * 4000: None, 'a': None}.items():
        run = hwp.Run(word)
        wanted = f'(did you mean {meant!r}?)' if meant else 'unknown command'
        CASES.report(f'{word[:20]}: {meant}', [] if run.status == 2 and wanted in run.err and
                     ('did you mean' in run.err) == bool(meant) else [run.err])


def check_bundles():
    """A j among letters asks for JSON; one that belongs to a letter's argument does not."""
    for options, is_json in ((['-qj'], True), (['-jq'], True), (['-q'], False),
                             (['-sjj'], False), (['-cj'], False)):
        run = hwp.Run('check', *options, *([] if '-c' in options[0] else [DUMP]))
        CASES.report(f'{options}', [] if (run.json() is not None) == is_json else
                     [run.out[:80], run.err])


def check_order():
    """Options may stand before the command, as argparse has it."""
    for before, named in (
            (['-q', 'list', DUMP], ['list', '-q', DUMP]),
            (['-qj', 'check', DUMP], ['check', '-qj', DUMP]),
            (['--threads', '1', '--color=never', 'list', '--limit', '2', DUMP],
             ['list', '--limit', '2', '--threads=1', DUMP]),
            (['-o', 'PFN', 'list', DUMP], ['list', '-oPFN', DUMP]),
            (['-oPFN', 'list', DUMP], ['list', '-oPFN', DUMP]),
            (['-q', DUMP], ['check', '-q', DUMP]),
            (['-z', 'list', DUMP], ['list', '-z', DUMP])):
        runs = hwp.Run(*before), hwp.Run(*named)
        one, other = ((run.status, run.out, run.err) for run in runs)
        CASES.report(f'before the command: {before[0]}', [] if one == other else [runs[0].err])
    for words, wanted in ((['-q', 'lsit'], "did you mean 'list'"), (['-q'], 'no command given'),
                          (['-c', 'list'], 'no command given'), (['-'], 'no command given')):
        run = hwp.Run(*words)
        CASES.report(f'{words}', [] if run.status == 2 and wanted in run.err and
                     run.err.count('\n') == 1 else [run.err])


def check_pipe():
    """`hwpoison list | head -1` says nothing of a broken pipe."""
    complaints = []
    for _ in range(10):
        with subprocess.Popen([hwp.PROGRAM, 'list', '--json', DUMP], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.read(1)
            process.stdout.close()
            complaints += [process.stderr.read().decode()]
            process.wait()
    CASES.report('a reader that goes away', [c for c in complaints if c])
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([hwp.PROGRAM, 'list', DUMP], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    CASES.report('a disk that is full', [] if done.returncode == 2 and b'cannot write the report' in done.stderr
                 else [done.stderr])


def check_columns():
    for columns, widest in (('60', 60), ('0', 80), ('nonsense', 80), ('', 80)):
        os.environ['COLUMNS'] = columns
        lines = hwp.Run('check', DUMP).out.decode().splitlines()
        # The path is one word, however long.
        prose = [line for line in lines if not line.startswith('0x') and str(DUMP) not in line]
        CASES.report(f'COLUMNS={columns}', [line for line in prose if len(line) > widest])
    del os.environ['COLUMNS']


def main():
    check_default()
    check_slips()
    check_bundles()
    check_order()
    check_pipe()
    check_columns()
    CASES.exit()


main()
