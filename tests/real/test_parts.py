#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""The files that makedumpfile --split writes are one dump: as what makedumpfile makes of them again."""
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import kdump
import makedumpfile

CASES = hwp.Cases()


def run(*args):
    subprocess.run(['makedumpfile', *map(str, args)], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def split(elf, where, *options):
    """Three files with about as many pages each, and the one file that they are parts of."""
    where.mkdir()
    parts = [where / name for name in ('first', 'second', 'third')]
    run(*options, '--splitblock-size', '4096', '--split', elf, *parts)
    run('--reassemble', *parts, where / 'whole')
    return parts, where / 'whole'


def report(*paths):
    """What check prints, but for the name of the file."""
    done = hwp.Run('check', '--json', '--threads', '2', *paths)
    document = done.json()
    if done.status not in (0, 1) or not document:
        return f'{done.status}: {done.err}'
    document['target'].pop('path')
    return document


def words_of(done):
    """All that it printed, on one line: a report is folded."""
    return ' '.join((done.err + done.out.decode()).split())


def pfns_of(part):
    """struct kdump_sub_header: split, and start_pfn_64 and end_pfn_64 of version 6."""
    data = part.read_bytes()[:8192]
    block, = struct.unpack_from('<I', data, 428)
    assert struct.unpack_from('<I', data, block + 12)[0] == 1
    return struct.unpack_from('<QQ', data, block + 80)


def refused(name, paths, *words):
    done = hwp.Run('check', *paths)
    CASES.report(name, [] if done.status == 2 and done.err.count('\n') == 1 and not done.out and
                 all(word in done.err for word in words) else [f'{done.status}: {done.err}'])


def each(name, paths):
    """Not the parts of one dump: each is checked on its own."""
    alone = [hwp.Run('check', '--json', path) for path in paths]
    done = hwp.Run('check', '--json', *paths)
    said = [json.loads(line) for line in done.out.splitlines()]
    CASES.report(name, [] if said == [run.json() for run in alone] and
                 done.status == max(run.status for run in alone) else
                 [f'{done.status}: {done.err} {done.out[:200]}'])


def check_digests(parts):
    """The page for a ticket has the size and the SHA-256 of each file, as hashlib has it."""
    page = hwp.Run('report', '--sha256', *parts).out.decode()
    wanted = [f'{word}: {part}<' for part in parts for word in
              (f'{part.stat().st_size} bytes', hashlib.sha256(part.read_bytes()).hexdigest())]
    CASES.report('SHA-256 of each', [word for word in wanted if word not in page])


def check_sample(elf, where):
    for name, *options in (('zlib', '-c', '-d', '0'), ('lzo', '-l', '-d', '31'),
                           ('raw', '-d', '1')):
        parts, whole = split(elf, where / name, *options)
        ranges = [pfns_of(part) for part in parts]
        CASES.report(f'{name}: every part has pages', [] if all(a < b for a, b in ranges)
                     else [str(ranges)])
        wanted = report(whole)
        for order in (parts, parts[::-1]):
            CASES.report(f'{name}: as joined, {order[0].name} file first',
                         [] if isinstance(wanted, dict) and report(*order) == wanted
                         else [str(report(*order))[:300]])
        for i, part in enumerate(parts):
            others = parts[:i] + parts[i + 1:]
            missing = f'pfns 0x{ranges[i][0]:x} to 0x{ranges[i][1] - 1:x}'
            done = hwp.Run('check', *others)
            CASES.report(f'{name}: without the {part.name} file',
                         [] if done.status == 2 and missing in words_of(done) and
                         '--reassemble' in words_of(done) else [done.err])
    check_digests(parts)
    refused('a part twice', [parts[0], parts[0]], 'are in another file that was given')
    each('a part and the whole', [parts[0], whole])
    each('two dumps', [whole, elf])
    refused('a part that is not there', [parts[0], where / 'absent'], 'absent', 'No such file')
    return parts


def check_another(parts, other, where):
    theirs, _ = split(other, where / 'other', '-l', '-d', '31')
    refused('a part of another dump', [parts[0], theirs[1], parts[2]], 'of another dump')


def check_damaged(parts, where):
    """Pfns that are none, and a part that is cut off."""
    bad = where / 'bad'
    bad.write_bytes(parts[1].read_bytes())
    block, = struct.unpack_from('<I', bad.read_bytes()[:512], 428)
    for name, first, end in (('a part that ends before it begins', 9, 8),
                             ('a part of all that there is', 0, 2 ** 64 - 1)):
        with base.patched(bad) as patch:
            patch.write(block + 80, struct.pack('<QQ', first, end))
            refused(name, [parts[0], bad, parts[2]], 'bad')
    with open(bad, 'r+b') as file:
        file.truncate(parts[1].stat().st_size * 3 // 4)
    done = hwp.Run('check', parts[0], bad, parts[2])
    CASES.report('a part that is cut off', [] if done.status == 2 and 'cut off' in
                 words_of(done) else [f'{done.status}: {done.err}'])


def main():
    if not makedumpfile.is_here():
        CASES.skip('parts of dumps', 'no makedumpfile')
        CASES.exit()
    with tempfile.TemporaryDirectory() as work:
        where = pathlib.Path(work)
        for name in ('6.1-amd64', '6.12-cloud'):
            kdump.to_elf(hwp.vmcore_of(hwp.SAMPLES / name), where / name)
        parts = check_sample(where / '6.1-amd64', where)
        check_another(parts, where / '6.12-cloud', where)
        check_damaged(parts, where)
    CASES.exit()


main()
