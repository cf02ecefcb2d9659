#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What follows from saved facts is what the program says of the dump they were read from:
so nothing behind the facts reads, and tests over saved facts test what users get."""
import gzip
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

HERE = pathlib.Path(__file__).resolve().parent
REPLAY = pathlib.Path(hwp.PROGRAM).with_name('replay')
COMMANDS = (('check',), ('check', '--json'), ('list',), ('freelist',), ('freelist', '--json'),
            ('events',), ('events', '--json'))
#: One page of each of these states is asked about.
ASKED = ('buddy', 'dropped', 'reused', 'hugetlb', 'isolated')


def run(program, *args):
    done = subprocess.run([program, *args], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def first_difference(one, other):
    """The first lines that differ, for people."""
    for a, b in zip(one.splitlines() + [b''], other.splitlines() + [b'']):
        if a != b:
            return f'{a[:150]!r} is {b[:150]!r}'
    return 'one is longer'


def differs(facts, dump, *command):
    """How the replay of a command differs from its run on the dump."""
    replayed = run(REPLAY, *command, facts)
    direct = run(hwp.PROGRAM, *command, dump)
    if replayed == direct:
        return []
    if replayed[1] == direct[1]:
        return [f'{command}: exit status {replayed[0]} ({replayed[2]!r}) is {direct[0]}']
    return [f'{command}: {first_difference(replayed[1], direct[1])}']


def folio(dump, pfn, extra=()):
    """A page asked about: its facts, saved and replayed."""
    facts = pathlib.Path(os.environ.get('TMPDIR', '/tmp')) / 'facts.json'
    status, out, err = run(REPLAY, 'save', '--pfn', hex(pfn), *extra, dump)
    if status:
        return [err.decode()]
    facts.write_bytes(out)
    wrong = []
    for json in ((), ('--json',)):
        replayed = run(REPLAY, 'folio', *json, facts)
        direct = run(hwp.PROGRAM, 'folio', *json, *extra, hex(pfn), dump)
        if replayed != direct:
            wrong.append(f'folio {pfn:#x}: {first_difference(replayed[1], direct[1])}')
    return wrong


def main():
    cases = hwp.Cases()
    os.chdir(hwp.TOP)
    for directory in hwp.samples():
        dump = hwp.vmcore_of(directory).relative_to(hwp.TOP)
        facts = HERE / f'{directory.name}.json.gz'
        if not facts.exists():
            cases.tell(directory.name, ['its facts are not saved: make facts'])
            continue
        read = run(REPLAY, 'save', dump)[1]
        saved = gzip.decompress(facts.read_bytes())
        cases.tell(f'{directory.name} facts', [] if read == saved else [
            f'not what is read now (make facts): {first_difference(saved, read)}'])
        wrong = [w for command in COMMANDS for w in differs(facts, dump, *command)]
        cases.tell(f'{directory.name} replayed', wrong)
        pages = hwp.Run('check', '--json', dump).json()['poisoned']
        firsts = {page['state']: page['pfn'] for page in reversed(pages)}
        cases.tell(f'{directory.name} folios',
                   [w for state in ASKED if state in firsts
                    for w in folio(dump, firsts[state])])
    cases.exit()


if __name__ == '__main__':
    main()
