#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""Files that are no dump, or only a part of one: a clear line and exit status 2, always."""
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import bad
import base
import hwp
import kdump

SEED = int(os.environ.get('HWP_SEED', 20260623))


def vmlinux():
    """An ELF file that is a program, not a core."""
    text = b'\x90' * 4096
    head = b'\x7fELF\x02\x01\x01' + b'\0' * 9 + struct.pack(
        '<HHIQQQIHHHHHH', 2, 62, 1, 0x1000000, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    row = struct.pack('<IIQQQQQQ', 1, 5, 4096, 0xffffffff81000000, 0x1000000, 4096, 4096, 4096)
    return (head + row).ljust(4096, b'\0') + text


def core(ranges, **fields):
    """A core file's headers with some of them nonsense."""
    head, _, _ = kdump.elf_headers(ranges, kdump.elf_notes(b'OSRELEASE=6.1\n'))
    head = bytearray(head)
    for name, value in fields.items():
        form, at = {'machine': ('H', 18), 'phoff': ('Q', 32), 'phentsize': ('H', 54),
                    'phnum': ('H', 56), 'note_offset': ('Q', 64 + 8),
                    'note_size': ('Q', 64 + 32), 'load_offset': ('Q', 120 + 8),
                    'load_size': ('Q', 120 + 32), 'load_phys': ('Q', 120 + 24)}[name]
        struct.pack_into('<' + form, head, at, value)
    return bytes(head) + b'\0' * 8192


def not_dumps():
    chance = random.Random(SEED)
    one = [(0, 1)]
    yield 'empty', b''
    yield 'one byte', b'\x7f'
    yield 'text', b'this is a log, not a dump\n' * 300
    yield 'PNG', b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR' + chance.randbytes(5000)
    yield 'random bytes', chance.randbytes(100000)
    yield 'zeros', bytes(100000)
    yield 'vmlinux', vmlinux()
    yield 'ELF magic alone', b'\x7fELF\x02\x01\x01'
    yield 'core without memory', core([])
    yield 'core of nothing', core(one)
    yield 'core of another machine', core(one, machine=183)
    yield 'core, headers beyond the end', core(one, phoff=1 << 60)
    yield 'core, 65534 headers', core(one, phnum=65534)
    yield 'core, headers of 3 bytes', core(one, phentsize=3)
    yield 'core, notes beyond the end', core(one, note_offset=1 << 62)
    yield 'core, notes of 2^63 bytes', core(one, note_size=1 << 63)
    yield 'core, memory beyond the end', core(one, load_offset=(1 << 64) - 4096)
    yield 'core, 2^62 bytes of memory', core(one, load_size=1 << 62)
    yield 'core, memory at 2^64', core(one, load_phys=(1 << 64) - 4096)
    yield 'flattened nothing', b'makedumpfile'
    flat = struct.pack('>16sqq', b'makedumpfile', 1, 1).ljust(4096, b'\0')
    yield 'flattened, no records', flat
    yield 'flattened, the end at once', flat + struct.pack('>qq', -1, -1)
    yield 'flattened, record of 2^62 bytes', flat + struct.pack('>qq', 0, 1 << 62) + b'KDUMP   '
    yield 'flattened, record at 2^62', flat + struct.pack('>qq', 1 << 62, 8) + b'KDUMP   '
    yield 'flattened, negative record', flat + struct.pack('>qq', 0, -2) + b'KDUMP   '
    yield 'kdump signature alone', b'KDUMP   '
    yield 'kdump of random bytes', b'KDUMP   ' + chance.randbytes(100000)
    yield 'kdump of ones', b'KDUMP   ' + b'\xff' * 100000


def paths_that_are_no_files(cases, work):
    cases.report('directory', bad.refuses(work))
    cases.report('no such file', bad.refuses(work / 'nothing'))
    cases.report('/dev/null', bad.refuses('/dev/null'))
    cases.report('/dev/zero', bad.refuses('/dev/zero'))
    fifo = work / 'fifo'
    os.mkfifo(fifo)
    cases.report('FIFO', bad.refuses(fifo))
    loop = work / 'loop'
    loop.symlink_to(loop)
    cases.report('symbolic link to itself', bad.refuses(loop))
    unreadable(cases)


def unreadable(cases):
    """Root may read everything, so the program runs as somebody else, where everybody may look."""
    with tempfile.TemporaryDirectory(dir='/tmp') as directory:
        work = pathlib.Path(directory)
        work.chmod(0o755)
        path = work / 'secret'
        path.write_bytes(b'KDUMP   ')
        path.chmod(0)
        if os.geteuid() != 0:
            cases.report('unreadable file', bad.refuses(path))
        else:
            unreadable_by_nobody(cases, work, path)


def unreadable_by_nobody(cases, work, path):
    drop = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    copy = work / 'hwpoison'
    shutil.copy(hwp.PROGRAM, copy)
    copy.chmod(0o755)
    library = pathlib.Path(hwp.PROGRAM).with_name('libhwpoison.so')
    if library.exists():    # SHARED=1: the program looks for it beside itself, too
        shutil.copy(library, work)
    done = subprocess.run([*drop, copy, 'check', path], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=bad.SECONDS, check=False)
    lines = done.stderr.splitlines()
    if done.returncode in (126, 127) or lines and lines[0].startswith('setpriv:'):
        cases.skip('unreadable file', f'cannot drop root here: {done.stderr.strip()}')
        return
    good = done.returncode == 2 and len(lines) == 1 and 'ermission denied' in lines[0]
    cases.report('unreadable file', [] if good else [f'exit status {done.returncode}, {lines}'])


def cut_points(path, places):
    """Sizes to cut a file to: named places, and shares of the whole."""
    size = path.stat().st_size
    return {**{name: at for name, at in places.items() if at < size},
            **{f'{share} %': size * share // 100 for share in (1, 10, 25, 50, 75, 90, 99)},
            'one byte short': size - 1}


def cut_files(cases, name, path, places):
    """No part of a dump has a calm verdict, however large."""
    cut = path.with_name('cut')
    # Longest first: each is cut from the one before.
    shutil.copyfile(path, cut)
    for what, size in sorted(cut_points(path, places).items(), key=lambda x: -x[1]):
        os.truncate(cut, size)
        done = bad.run('check', '--json', cut)
        wrong = bad.survives(done)
        if not wrong and done.status != 2:
            wrong = [f'exit status {done.status}: {(done.json() or {}).get("verdict")}']
        if not wrong and not done.json():
            wrong = [f'no JSON; stderr {done.err[:200]!r}']
        if not wrong and 'verdict' not in done.json() and len(done.err.splitlines()) != 1:
            wrong = [f'stderr {done.err[:300]!r}']
        # Nothing else is to blame for what is missing, least of all a vmlinux that was not given.
        if not wrong and 'verdict' not in done.json() and (
                'cut off' not in done.err or '-s FILE' in done.err):
            wrong = [f'stderr {done.err[:300]!r}']
        cases.report(f'{name} cut to {what}', wrong)
    cut.unlink()


def still_copied(cases, path):
    """A file that is short and was written to just now may still grow; an old one does not."""
    cut = path.with_name('cut')
    shutil.copyfile(path, cut)
    os.truncate(cut, path.stat().st_size - 4096)
    for what, age, growing in (('now', 0, True), ('an hour ago', 3600, False)):
        then = time.time() - age
        os.utime(cut, (then, then))
        done = bad.run('check', '--json', cut)
        damage = (done.json() or {}).get('target', {}).get('damage') or done.err
        said = 'still being copied' in damage
        cases.report(f'cut off, written {what}', [] if done.status == 2 and 'cut off' in damage and
                   said == growing else [f'exit status {done.status}, {damage!r}'])
    cut.unlink()


def calm_kdump(directory, elf, target):
    """The same calm memory as a kdump file."""
    eye = base.make_calm(directory, elf)
    source = target.with_name('source')
    original = base.kdump_of(directory)
    if original.read_bytes()[:12] == b'makedumpfile':
        kdump.unflatten(original, source)
    else:
        shutil.copyfile(original, source)
    changed = {}
    with open(elf, 'rb') as file:
        for pfn, page in kdump.Kdump(source).pages():
            offset = eye.dump.phys_offset(pfn * kdump.PAGE)
            if offset is not None:
                file.seek(offset)
                now = file.read(kdump.PAGE)
                if now != page:
                    changed[pfn] = now
    kdump.rewrite(source, target, changed)
    source.unlink()


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        file = work / 'file'
        for what, data in not_dumps():
            file.write_bytes(data)
            cases.report(what, bad.refuses(file))
        paths_that_are_no_files(cases, work)
        directory = base.find('6.1')
        if not directory:
            cases.skip('dumps cut off', 'no dump of 6.1')
            cases.exit()
        elf, packed, flat = work / 'elf', work / 'kdump', work / 'flat'
        calm_kdump(directory, elf, packed)
        kdump.flatten(packed, flat)
        for path in (elf, packed, flat):
            done = bad.run('check', path)
            cases.report(f'{path.name} whole', [] if done.status == 0 else
                         [f'exit status {done.status}: {done.err}'])
        still_copied(cases, elf)
        cut_files(cases, 'ELF', elf, {'its magic': 4, 'half a header': 40, 'a header': 64,
                                      'half a table': 100, 'half its notes': 600})
        elf.unlink()
        cut_files(cases, 'kdump', packed, {'its signature': 8, 'half a header': 300,
                                           'a header': 4096, 'two headers': 8192})
        before = json.loads(bad.run('check', packed, '--json').out)
        with base.patched(packed) as patch:
            # Offset and size of VMCOREINFO, and of the notes that have it too.
            patch.write(kdump.PAGE + 32, bytes(32))
            cases.report('kdump without VMCOREINFO', bad.finds_vmcoreinfo(packed, before))
        cut_files(cases, 'flattened kdump', flat, {'its signature': 12, 'a header': 4096,
                                                   'half a record': 4100, 'a record': 4112})
    cases.exit()


if __name__ == '__main__':
    main()
