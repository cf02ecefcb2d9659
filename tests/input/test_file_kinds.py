#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is given instead of a dump is named, with what to do: files made by the real tools."""
import bz2
import gzip
import lzma
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import bad
import hwp
import kdump

QEMU = 'qemu-system-x86_64'


def named(path, *words):
    """One line, status 2, and it says what the file is."""
    wrong = bad.refuses(path)
    line = bad.run('check', path).err
    return wrong + [f'no {word!r} in {line!r}' for word in words if word not in line]


def tool(*command, **options):
    subprocess.run(list(map(str, command)), check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, **options)


def compressed(work, dump):
    data = dump.read_bytes()[:100000]
    for name, packed, word in (('gzip', gzip.compress(data), 'gunzip'),
                               ('bzip2', bz2.compress(data), 'bunzip2'),
                               ('xz', lzma.compress(data), 'unxz'),
                               ('lzma', lzma.compress(data, lzma.FORMAT_ALONE), 'unlzma')):
        path = work / f'vmcore.{name}'
        path.write_bytes(packed)
        yield name, path, (name, word)
    for name, word in (('zstd', 'unzstd'), ('lz4', 'unlz4')):
        path = work / f'vmcore.{name}'
        tool(name, '-q', '-f', dump, '-o', path) if name == 'zstd' else \
            tool(name, '-q', '-f', dump, path)
        yield name, path, (name, word)
    for form in ('ustar', 'gnu', 'pax'):
        path = work / f'{form}.tar'
        with tarfile.open(path, 'w', format=getattr(tarfile, form.upper() + '_FORMAT')) as tar:
            tar.add(dump, 'vmcore')
        yield f'tar ({form})', path, ('tar -xf',)
    with zipfile.ZipFile(work / 'zip', 'w') as archive:
        archive.write(dump, 'vmcore')
    yield 'zip', work / 'zip', ('unzip',)
    with open(work / 'cpio', 'wb') as out:
        subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet'], input=b'vmcore.gzip\n', stdout=out,
                       cwd=work, check=True)
    yield 'cpio', work / 'cpio', ('cpio',)


def guest_state(work):
    """QEMU's own migration stream, of a guest that has not started."""
    path = work / 'state'
    commands = f'migrate "exec:cat >{path}"\nquit\n'
    subprocess.run([QEMU, '-S', '-m', '16', '-nodefaults', '-display', 'none', '-monitor', 'stdio'],
                   input=commands, text=True, stdout=subprocess.DEVNULL, timeout=60, check=True)
    return path


def programs(work):
    (work / 'module.c').write_text('int init_module(void); int init_module(void) { return 0; }\n')
    tool(os.environ.get('CC', 'cc').split()[-1], '-c', work / 'module.c', '-o', work / 'module.ko')
    yield 'object file', work / 'module.ko', ('kernel module or an object file',)
    yield 'program', pathlib.Path(sys.executable).resolve(), ('-s',)
    tool('ar', 'qc', work / 'archive', work / 'module.ko')
    yield 'ar archive', work / 'archive', ('ar archive',)


def beside_dumps(work, sample, dump):
    yield 'dmesg', sample / 'dmesg.txt', ('kernel log',)
    yield '/proc file as text', sample / 'buddyinfo.txt', ('text',)
    for name, form, word in (('report', ('--json',), 'JSON that hwpoison wrote'),
                             ('report as text', (), 'text')):
        path = work / name.replace(' ', '-')
        path.write_bytes(hwp.Run('check', *form, dump).out)
        yield name, path, (word,)
    (work / 'vmcoreinfo').write_bytes(kdump.Kdump(dump).vmcoreinfo)
    yield 'VMCOREINFO', work / 'vmcoreinfo', ('--vmcoreinfo',)
    with sqlite3.connect(work / 'ras.db') as database:
        database.execute('CREATE TABLE memory_failure_event (id INTEGER PRIMARY KEY)')
    database.close()
    yield 'database of rasdaemon', work / 'ras.db', ('--rasdaemon',)
    (work / 'zeros').write_bytes(bytes(1 << 20))
    yield 'zeros', work / 'zeros', ('zeros where a dump has its header', 'checksum')
    (work / 'empty').write_bytes(b'')
    yield 'empty file', work / 'empty', ('an empty file',)


def no_files(work):
    yield 'directory', work, ('a directory',)
    os.mkfifo(work / 'fifo')
    yield 'FIFO', work / 'fifo', ('a FIFO', 'write it to a file first')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(work / 'socket'))
    listener.close()
    # A socket cannot be opened; the kernel says so.
    yield 'socket', work / 'socket', ('No such device or address',)
    yield 'character device', pathlib.Path('/dev/zero'), ('a character device',)


def fifos_beside(cases, work, dump):
    """What is read beside the dump is no FIFO either: opening one would wait for a writer."""
    for option in ('--vmcoreinfo', '--rasdaemon', '-s'):
        done = bad.run('check', option, work / 'fifo', dump)
        wrong = bad.survives(done)
        if not wrong and (done.status != 2 or len(done.err.splitlines()) != 1):
            wrong = [f'exit status {done.status}, stderr {done.err[:200]!r}']
        cases.report(f'{option} FIFO', wrong)


def main():
    cases = hwp.Cases()
    sample = hwp.samples()[0]
    dump = hwp.vmcore_of(sample)
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        for kinds in (compressed(work, dump), programs(work), beside_dumps(work, sample, dump),
                      no_files(work)):
            for what, path, words in kinds:
                cases.report(what, named(path, *words))
        fifos_beside(cases, work, dump)
        if shutil.which(QEMU):
            cases.report('guest state of QEMU', named(guest_state(work), 'QEMU saves or migrates'))
        else:
            cases.skip('guest state of QEMU', f'no {QEMU}')
    cases.exit()


if __name__ == '__main__':
    main()
