#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""Inside crash and drgn: the parts of a dump are one dump, and a file that is damaged, or shrinks while it
is open, costs the answer and not the session."""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import host_crash
import host_drgn
import hwp
import kdump
import makedumpfile
import peers

CASES = hwp.Cases()
SAMPLE = '6.1-amd64'
DESC = 24


class Crash:
    """crash 8, with the sample's vmlinux; it needs no more than --minimal."""
    name = 'crash'

    def __init__(self):
        self.crash, self.why = host_crash.find(8)
        if not self.why:
            self.vmlinux, self.why = peers.small_vmlinux(peers.release(hwp.SAMPLES / SAMPLE))

    def check(self, *paths, shrink=None):
        """(what check printed as JSON, whether the session went on)."""
        place = paths[0].with_name('report')
        place.unlink(missing_ok=True)
        commands = [f'extend {host_crash.EXTENSION}']
        commands += [f'!truncate -s {shrink} {paths[0]}'] if shrink is not None else []
        commands += [f'hwpoison check --json > {place}', 'eval 1 + 41', 'q']
        done = subprocess.run([self.crash, '--minimal', '-s', self.vmlinux, *map(str, paths)],
                              input='\n'.join(commands) + '\n', capture_output=True, text=True,
                              errors='replace', timeout=120, check=False)
        return place.read_text() if place.exists() else '', 'decimal: 42' in done.stdout


class Drgn:
    """drgn 0.3.0; it is to go on after the check."""
    name = 'drgn'
    TEXT = '''
import os, sys
import drgn
prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
prog.set_core_dump(sys.argv[1])
if sys.argv[2]:
    os.truncate(sys.argv[1], int(sys.argv[2]))
import hwpoison
hwpoison.run(prog, ['check', '--json'])
print('42', file=sys.stderr)
'''

    def __init__(self):
        self.why = host_drgn.missing()

    def check(self, path, shrink=None):
        done = host_drgn.Plugin.script(self.TEXT, path, '' if shrink is None else str(shrink))
        return done.out.decode(), done.err.endswith(b'42\n')


def document(text):
    try:
        report = json.loads(text)
    except ValueError:
        return {'text': text[:200]}
    report.pop('tool', None)
    report.get('target', {}).pop('path', None)
    report.pop('layout', None)
    return report


def check_parts(crash, elf, where):
    parts = [where / name for name in ('first', 'second', 'third')]
    for command in (['-l', '-d', '31', '--splitblock-size', '4096', '--split', elf, *parts],
                    ['--reassemble', *parts, where / 'whole']):
        subprocess.run(['makedumpfile', *map(str, command)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    want = document(crash.check(where / 'whole')[0])
    CASES.report('crash: the whole dump', [] if want.get('verdict') == 'leaked' else [str(want)[:300]])
    for order in (parts, parts[::-1]):
        said, lives = crash.check(*order)
        CASES.report(f'crash: all parts, {order[0].name} file first',
                     [] if lives and document(said) == want else [said[:300]])
    said, lives = crash.check(parts[1])
    CASES.report('crash: one part', [] if lives and '--split' in document(said).get('error', '')
                 else [said[:300]])


def damaged(data):
    """(name, bytes, what to shrink the file to while it is open)."""
    block, sub, bitmaps = struct.unpack_from('<III', data, 428)
    table = (1 + sub + bitmaps) * block
    bitmap = data[(1 + sub) * block + bitmaps // 2 * block:table]
    nr = sum(byte.bit_count() for byte in bitmap)
    pages = table + DESC * nr
    draw = random.Random(7)

    def changed(nr_changes, change):
        copy = bytearray(data)
        for _ in range(nr_changes):
            change(copy)
        return copy

    def descriptor(copy):
        struct.pack_into('<QII', copy, table + DESC * draw.randrange(nr),
                         draw.choice((0, 1 << 63, (1 << 64) - 1, draw.randrange(1 << 40))),
                         draw.choice((0, 1, 4096, (1 << 32) - 1)), draw.choice((0, 1, 2, 4, 0x20, 0xff)))

    def bit(copy):
        copy[table + DESC * draw.randrange(nr) + draw.randrange(16)] ^= 1 << draw.randrange(8)

    def byte(copy):
        copy[draw.randrange(pages, len(copy))] = draw.randrange(256)

    yield 'cut off', data[:pages + (len(data) - pages) * 3 // 4], None
    yield 'descriptors', changed(400, descriptor), None
    yield 'bits of descriptors', changed(300, bit), None
    yield 'bytes of pages', changed(3000, byte), None
    for size in (len(data) // 2, 9000, 0):
        yield f'shrinks to {size} bytes', data, size


def check_damage(host, where):
    data, path = (where / 'whole').read_bytes(), where / 'bad'
    for name, copy, shrink in damaged(data):
        path.write_bytes(copy)
        said, lives = host.check(path, shrink=shrink)
        report = document(said)
        wrong = [] if lives else ['the session ended']
        if 'error' not in report and report.get('verdict') not in ('leaked', 'incomplete'):
            wrong.append(str(report)[:300])
        CASES.report(f'{host.name}: {name}', wrong)


def main():
    crash, drgn = Crash(), Drgn()
    if not makedumpfile.is_here():
        CASES.skip('parts of dumps', 'no makedumpfile')
        CASES.exit()
    with tempfile.TemporaryDirectory() as work:
        where = pathlib.Path(work)
        kdump.to_elf(hwp.vmcore_of(hwp.SAMPLES / SAMPLE), where / 'elf')
        if crash.why:
            CASES.skip('crash', crash.why)
        else:
            check_parts(crash, where / 'elf', where)
            check_damage(crash, where)
        if drgn.why:
            CASES.skip('drgn', drgn.why)
        elif not crash.why:
            check_damage(drgn, where)
    CASES.exit()


if __name__ == '__main__':
    main()
