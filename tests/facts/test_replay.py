#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What follows from saved facts is what the program says of the dump they were read from:
so nothing behind the facts reads, and tests over saved facts test what users get."""
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

HERE = pathlib.Path(__file__).resolve().parent
REPLAY = pathlib.Path(hwp.PROGRAM).with_name('replay')
#: One page of each of these states is asked about.
ASKED = ['buddy', 'dropped', 'reused', 'hugetlb', 'isolated']


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


def reports(*args):
    """{command: (exit status, what it prints)} of every report that replay makes."""
    status, out, err = run(REPLAY, *args)
    if status:
        return {'replay': (status, err)}
    parts = re.split(rb'^== (.+): (\d+)\n', out, flags=re.M)[1:]
    return {command.decode(): (int(status), text)
            for command, status, text in zip(*[iter(parts)] * 3)}


def differences(replayed, direct):
    return [f'{command}: {replayed.get(command, (None,))[0]} is {status}; '
            f'{first_difference(replayed.get(command, (0, b""))[1], text)}'
            for command, (status, text) in direct.items()
            if replayed.get(command) != (status, text)]


def by_program(dump, *commands):
    """The same by the program itself."""
    return {command: run(hwp.PROGRAM, *command.split(), dump)[:2] for command in commands}


def folio(dump, pfn):
    """A page asked about: its facts, saved and replayed."""
    facts = pathlib.Path(os.environ.get('TMPDIR', '/tmp')) / 'facts.json'
    status, out, err = run(REPLAY, 'save', '--pfn', hex(pfn), dump)
    if status:
        return [err.decode()]
    facts.write_bytes(out)
    replayed = reports(facts)
    direct = reports('read', '--pfn', hex(pfn), dump)
    direct['folio'] = run(hwp.PROGRAM, 'folio', hex(pfn), dump)[:2]
    return [f'{pfn:#x}: {difference}' for difference in differences(replayed, direct)]


def main():
    cases = hwp.Cases()
    os.chdir(hwp.TOP)
    asked = list(ASKED)
    for directory in reversed(hwp.all_samples()):
        dump = hwp.vmcore_of(directory).relative_to(hwp.TOP)
        facts = HERE / f'{directory.name}.json.gz'
        if not facts.exists():
            cases.report(directory.name, ['its facts are not saved: make facts'])
            continue
        read = run(REPLAY, 'save', dump)[1]
        saved = gzip.decompress(facts.read_bytes())
        cases.report(f'{directory.name} facts', [] if read == saved else [
            f'not what is read now (make facts): {first_difference(saved, read)}'])
        replayed = reports(facts)
        cases.report(f'{directory.name} replayed', differences(replayed, {
            **reports('read', dump), **by_program(dump, 'check')}))
        if 'check --json' not in replayed:
            continue
        pages = json.loads(replayed['check --json'][1])['poisoned']
        firsts = {page['state']: page['pfn'] for page in reversed(pages)}
        for state in [s for s in asked if s in firsts]:
            asked.remove(state)
            cases.report(f'{directory.name} folio that is {state}', folio(dump, firsts[state]))
    cases.report('a folio of each state', [f'none is {state}' for state in asked])
    cases.exit()


if __name__ == '__main__':
    main()
