#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""An excerpt holds no secret: a guest planted some in memory of every kind, and its dump has them."""
import mmap
import pathlib
import re
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp
import kdump
import makedumpfile
import peers

ROW = '73-secrets'
LRU, SLAB, BUDDY, ANON, SWAPBACKED, HWPOISON, THP = (1 << n for n in (5, 7, 10, 12, 14, 19, 22))
# What /proc/kpageflags says of a page where the dump has it: (flags of the mask, their values).
ANY = LRU | SLAB | BUDDY | ANON | HWPOISON
KINDS = {
    'user': (ANON | THP | HWPOISON, ANON),
    'thp': (ANON | THP | HWPOISON, ANON | THP),
    # It has no flag of its own on a per-CPU list.
    'freed': (ANY & ~BUDDY, 0),
    'poisoned': (HWPOISON, HWPOISON),
    'file': (LRU | SWAPBACKED | ANON, LRU),
    'tmpfs': (LRU | SWAPBACKED | ANON, LRU | SWAPBACKED),
    'shm': (LRU | SWAPBACKED | ANON, LRU | SWAPBACKED),
    'memfd': (SLAB | BUDDY | ANON | HWPOISON, 0),
    'pipe': (ANY, 0),
    'socket': (SLAB, SLAB),
    'message': (SLAB, SLAB),
    'key': (SLAB, SLAB),
    'stack': (ANY, 0),
    'fpu': (SLAB, SLAB),
}
# Memory of users, which no excerpt has; and what "--kernel-data" says that it takes along.
USERS = ('user', 'thp', 'file', 'tmpfs', 'shm', 'memfd')
KERNEL = ('pipe', 'socket', 'message', 'key', 'stack', 'fpu')


def secrets_of(directory):
    text = (directory / 'truth.txt').read_text()
    return {m[1]: bytes.fromhex(m[2])
            for m in re.finditer(r'^secret place=(\S+) bytes=(\S+)$', text, re.M)}


def segments(data):
    """(offset, size, physical address) of each of an ELF core file, and where its notes are."""
    start, count = struct.unpack_from('<Q', data, 32)[0], struct.unpack_from('<H', data, 56)[0]
    for i in range(count):
        kind, _, offset, _, address, size = struct.unpack_from('<IIQQQQ', data, start + 56 * i)
        yield offset, size, address if kind == 1 else None


def places(data, secret):
    """The pfn of each page of the dump that holds it, None for the notes."""
    parts, at = list(segments(data)), data.find(secret)
    while at >= 0:
        for offset, size, address in parts:
            if offset <= at < offset + size:
                yield None if address is None else (address + at - offset) >> 12
        at = data.find(secret, at + len(secret))


def in_the_dump(directory, secrets):
    """Each is where it was planted, by the kernel's own words."""
    flags = (directory / 'kpageflags.bin').read_bytes()
    wrong = [f'{name} was not planted' for name in {*KINDS, 'cpu'} - set(secrets)]
    with open(directory / 'vmcore.elf', 'rb') as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for name, secret in secrets.items():
            found = set(places(data, secret))
            mask, value = KINDS.get(name, (0, 0))
            if name == 'cpu':
                # Where an interrupt came first, its stack has the registers.
                there = bool(found)
            else:
                there = any(pfn is not None and struct.unpack_from('<Q', flags, 8 * pfn)[0] & mask
                            == value for pfn in found)
            wrong += [] if there else [f'{name} is in {len(found)} pages, and in none of its kind']
    return wrong


def found_in(path, secrets):
    """Whose secret, or half of it, any page of a kdump file or the file itself has."""
    halves = [(name, secret[at:at + 8]) for name, secret in secrets.items() for at in (0, 8)]
    pages = b''.join(page for _, page in kdump.Kdump(path).pages())
    raw = path.read_bytes()
    return {name for name, half in halves if half in pages or half in raw}


def make(whole, work, *options):
    path = work / 'excerpt'
    run = hwp.Run('excerpt', '-o', path, *options, whole)
    if run.status:
        raise AssertionError(f'excerpt {options}: {run.status} {run.err}')
    return path


def poisoned_pages(cases, whole, work):
    """All of them are there, whether the report looked at them or not, and only they."""
    nr = len(hwp.Run('check', '--json', whole).json()['poisoned'])
    out = hwp.Run('excerpt', '-o', work / 'excerpt', '--poisoned', whole).out.decode()
    cases.report('--poisoned says how many it has',
                 [] if f'and what {nr} poisoned pages hold, as asked' in out else [out])
    # It leaves out all poisoned pages.
    makedumpfile.shrink(whole, work / 'small', 31)
    out = hwp.Run('excerpt', '-o', work / 'excerpt', '--poisoned', work / 'small').out.decode()
    cases.report('and that there is none', [] if 'the dump has no such page' in out else [out])


def report(path):
    run = hwp.Run('check', '--json', path)
    document = run.json()
    for key in ('path', 'format'):
        document['target'].pop(key)
    # It looks at what poisoned pages hold.
    document['checks'] = [x for x in document['checks'] if x['name'] != 'poison-unwritten']
    return run.status, document


def compare(directory, cases, work):
    secrets, whole = secrets_of(directory), directory / 'vmcore.elf'
    cases.report('the dump has them all', in_the_dump(directory, secrets))
    excerpt = make(whole, work)
    cases.report('an excerpt has none', [f'{x} is in it' for x in found_in(excerpt, secrets)])
    status, said = report(excerpt)
    want_status, want = report(whole)
    wrong = [] if (status, want['verdict']) == (want_status, 'leaked') else [f'{status} {want_status}']
    cases.report('the report is the same',
                 wrong + [f'other {key}' for key in want if want[key] != said.get(key)])
    found = found_in(make(whole, work, '--poisoned'), secrets)
    cases.report('--poisoned has that of the poisoned page alone',
                 [] if found == {'poisoned'} else [f'it has {sorted(found)}'])
    poisoned_pages(cases, whole, work)
    found = found_in(make(whole, work, '--kernel-data'), secrets)
    cases.report('--kernel-data has none of a user',
                 [f'{name} is in it' for name in (*USERS, 'poisoned') if name in found])
    cases.report('--kernel-data has those of the kernel',
                 [f'{name} is not in it' for name in KERNEL if name not in found])


def main():
    cases = hwp.Cases()
    directory, why = peers.dump_of_row(ROW)
    if why:
        cases.report(ROW, [why])
        cases.exit()
    with tempfile.TemporaryDirectory() as name:
        compare(directory, cases, pathlib.Path(name))
    cases.exit()


if __name__ == '__main__':
    main()
