#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""The kernel's own vmlinux by -s: what it says must be what BTF and kallsyms say."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp
import kdump
import peers

# A whole `layout`, which resolves all that there is, in processor time and beside the same by BTF;
# the cold run is not counted. In the strings of 5.10 there is a "folio", and no such structure:
# every unit is looked through for it.
MOST_TIMES = {'5.10-amd64': 12}
MOST_TIMES_ELSE = 4

CASES = hwp.Cases()


def dump_build_id(dump):
    return dump.read_bytes().partition(b'BUILD-ID=')[2].split(b'\n', 1)[0].decode()


def without_provenance(document):
    document.pop('tool', None)
    document.get('kernel', {}).pop('fix_evidence', None)
    for row in document.get('layout', []):
        row.pop('source', None)
    return document


def same(name, dump, command, *options):
    default = hwp.Run(command, '--json', dump)
    other = hwp.Run(command, '--json', *options, dump)
    complaints = []
    if other.json() is None or default.json() is None:
        complaints.append(f'no JSON: {other.err}{default.err}')
    elif without_provenance(default.json()) != without_provenance(other.json()):
        complaints.append('it differs from the default')
    if other.status != default.status:
        complaints.append(f'status {other.status}, not {default.status}')
    CASES.report(f'{name}: {command} {" ".join(map(str, options[:-1]))}', complaints)
    return other.json()


def check_same(name, dump, vmlinux):
    for command in ('check', 'layout'):
        document = same(name, dump, command, '--provider', 'dwarf', '-s', vmlinux)
        types = ((document or {}).get('tool', {}).get('providers') or {}).get('types')
        CASES.report(f'{name}: {command} names the provider',
                     [] if types == 'dwarf' else [f'types by {types}'])
        same(name, dump, command, '-s', vmlinux)


def check_fix(name, dump, vmlinux):
    kernel = (hwp.Run('check', '--json', '-s', vmlinux, dump).json() or {}).get('kernel', {})
    CASES.report(f'{name}: the fix is absent, by debug information',
                 [] if kernel.get('fix') == 'absent' and 'debug information' in
                 kernel.get('fix_evidence') else [f'{kernel}'])


def check_fixed_kernel():
    """The lab's own kernel with the fix, and a dump of that very build."""
    vmlinux = peers.LAB / 'kernels/fix-good/vmlinux'
    dump = peers.LAB / 'fix/good/vmcore.elf'
    if not vmlinux.exists() or not dump.exists():
        CASES.skip('a kernel with the fix', 'make fix-kernels fix-lab')
        return
    document = same('fix-good', dump, 'check', '--provider', 'dwarf', '-s', vmlinux)
    kernel = (document or {}).get('kernel', {})
    CASES.report('fix-good: the fix is present', [] if kernel.get('fix') == 'present'
                 else [f'{kernel}'])


def check_time(name, dump, vmlinux):
    def best(*options):
        return min(hwp.Run('layout', *options, dump).cpu_seconds for _ in range(4))

    ratio = best('--provider', 'dwarf', '-s', vmlinux) / best()
    size = vmlinux.stat().st_size / 1e6
    print(f'# {name}: layout by a vmlinux of {size:.0f} MB, warm: {ratio:.1f} times that by BTF')
    if os.environ.get('SAN'):
        CASES.skip(f'{name}: time', f'built with SAN={os.environ["SAN"]}')
    else:
        CASES.report(f'{name}: time', [] if ratio < MOST_TIMES.get(name, MOST_TIMES_ELSE)
                     else [f'{ratio:.1f} times'])


def check_places(name, dump, vmlinux, where):
    """In a directory by build id or release, and beside the vmcore without any -s."""
    release = peers.release(dump.parent)
    hexes = peers.build_id(vmlinux)
    for way, path in {'build id': f'.build-id/{hexes[:2]}/{hexes[2:]}.debug',
                      'vmlinux': 'vmlinux', 'release': f'vmlinux-{release}.dbg',
                      'folder': f'{release}/vmlinux'}.items():
        root = where / way
        link = root / path
        link.parent.mkdir(parents=True)
        link.symlink_to(vmlinux)
        same(f'{name}: directory with it by {way}', dump, 'layout', '--provider', 'dwarf', '-s', root)
        beside = root / 'vmcore'
        beside.symlink_to(dump)
        run = hwp.Run('layout', '--provider', 'dwarf', beside)
        CASES.report(f'{name}: beside the vmcore by {way}', [] if run.status == 0 else [run.err])


def check_old_vmcoreinfo(name, dump, vmlinux, other, where):
    """As of a kernel before v6.0, which names no kallsyms, and v5.9, no build id."""
    text = b'OSRELEASE=' + dump.read_bytes().partition(b'OSRELEASE=')[2].partition(b'\0')[0]
    for way, lacking in {'kallsyms': ('kallsyms',), 'build id': ('kallsyms', 'BUILD-ID')}.items():
        path = where / f'vmcoreinfo without {way}'
        path.write_text(''.join(line for line in text.decode().splitlines(True)
                                if not any(word in line for word in lacking)))
        vmcoreinfo = ('--vmcoreinfo', path)
        same(f'{name}: no {way} in VMCOREINFO', dump, 'check', *vmcoreinfo, '-s', vmlinux)
        same(f'{name}: no {way} in VMCOREINFO', dump, 'check', *vmcoreinfo, '--provider', 'dwarf',
             '-s', vmlinux)
        same(f'{name}: no {way} in VMCOREINFO, and no vmlinux', dump, 'check', *vmcoreinfo)
        wrong = hwp.Run('check', *vmcoreinfo, '-s', other, dump)
        CASES.report(f"{name}: no {way} in VMCOREINFO, and another kernel's vmlinux",
                     [] if wrong.status == 2 and 'kernel' in wrong.err and not wrong.out
                     else [wrong.err])


def check_system_map(name, dump, vmlinux, other, where):
    """As of a kernel before v6.0 whose tables no search finds: their digits are gone."""
    digits = b''.join(b'%d\0' % n for n in range(10))
    text = b'OSRELEASE=' + dump.read_bytes().partition(b'OSRELEASE=')[2].partition(b'\0')[0]
    vmcoreinfo, blind, system_map = (where / f for f in ('no kallsyms', 'blind', 'System.map'))
    vmcoreinfo.write_text(''.join(line for line in text.decode().splitlines(True)
                                  if 'kallsyms' not in line))
    kdump.to_elf(dump, blind)
    blind.write_bytes(blind.read_bytes().replace(digits, bytes(len(digits))))
    lacking = hwp.Run('check', '--vmcoreinfo', vmcoreinfo, blind)
    package = f'linux-image-{hwp.Run("check", "--json", dump).json()["kernel"]["release"]}-dbg'
    CASES.report(f'{name}: no kallsyms tables at all',
                 [] if lacking.status == 2 and package in lacking.err else [lacking.err])
    for path in (vmlinux, other):
        system_map.write_bytes(subprocess.run(['nm', '-n', path], stdout=subprocess.PIPE,
                                              check=True).stdout)
        run = hwp.Run('check', '--json', '--vmcoreinfo', vmcoreinfo, '-s', system_map, blind)
        if path == vmlinux:
            named = hwp.Run('check', '--json', dump)
            right = run.status == named.status and run.json() and all(
                run.json()[key] == named.json()[key] for key in ('verdict', 'poisoned', 'checks'))
        else:
            right = run.status == 2 and 'another kernel' in run.err
        CASES.report(f'{name}: System.map of {"it" if path == vmlinux else "another kernel"}',
                     [] if right else [f'{run.status}: {run.err}'])


def refused(name, path, dump, *words):
    run = hwp.Run('layout', '-s', path, dump)
    complaints = [f'no {word!r} in: {run.err}' for word in words if word not in run.err]
    if run.status != 2 or run.err.count('\n') != 1 or run.out:
        complaints.append(f'status {run.status}: {run.err}')
    CASES.report(name, complaints)


def check_bad_files(dump, vmlinux, where):
    text = where / 'text'
    text.write_text('no vmlinux\n')
    empty = where / 'empty'
    empty.write_bytes(b'')
    refused('text for a vmlinux', text, dump, 'not an ELF file')
    refused('an empty vmlinux', empty, dump, 'not an ELF file')
    refused('no such vmlinux', where / 'absent', dump, 'No such file')
    refused('an empty directory', pathlib.Path(tempfile.mkdtemp(dir=where)), dump, 'has no vmlinux')
    refused('a dump for a vmlinux', dump, dump, 'not an ELF file')
    short = where / 'short'
    with open(vmlinux, 'rb') as source, open(short, 'wb') as target:
        target.write(source.read(1 << 20))
    refused('a vmlinux cut off', short, dump, 'cut off')


def check_debug_file(name, dump, vmlinux, where):
    """As `objcopy --only-keep-debug` leaves it, and the vmlinux that it was taken from."""
    debug, stripped = where / 'vmlinux.debug', where / 'vmlinux.stripped'
    subprocess.run(['objcopy', '--only-keep-debug', vmlinux, debug], check=True)
    subprocess.run(['strip', '-g', '-o', stripped, vmlinux], check=True)
    for command in 'check', 'layout':
        same(f'{name}: only debug information', dump, command, '--provider', 'dwarf', '-s', debug)
    hexes = peers.build_id(debug)
    link = where / 'with debug' / '.build-id' / hexes[:2] / f'{hexes[2:]}.debug'
    link.parent.mkdir(parents=True)
    link.symlink_to(debug)
    same(f'{name}: only debug information, by build id', dump, 'check', '--provider', 'dwarf', '-s',
         link.parents[2])
    refused('a vmlinux without debug information', stripped, dump, 'no debug information')


def check_debuginfod(dump):
    """Only where the user asks for it, and then by build id."""
    os.environ['DEBUGINFOD_URLS'] = 'http://127.0.0.1:9/'
    os.environ['DEBUGINFOD_CACHE_PATH'] = tempfile.mkdtemp()
    run = hwp.Run('layout', '--provider', 'dwarf', dump)
    del os.environ['DEBUGINFOD_URLS']
    off = hwp.Run('layout', '--provider', 'dwarf', dump)
    CASES.report('debuginfod is asked where DEBUGINFOD_URLS is set',
                 [] if run.status == 2 and 'debuginfod' in run.err else [run.err])
    CASES.report('debuginfod is not asked where it is not', [] if off.status == 2 and
                 'debuginfod' not in off.err and '-s FILE' in off.err else [off.err])


def has_debuginfod():
    """Whether the program was built with it."""
    return subprocess.run(['pkg-config', '--exists', 'libdebuginfod'], check=False).returncode == 0


class Debuginfod:
    """A server on loopback, of the files in one directory."""

    def __init__(self, directory):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.url = f'http://127.0.0.1:{free.getsockname()[1]}'
        self.process = subprocess.Popen(
            ['debuginfod', '-F', directory, '-p', self.url.rpartition(':')[2], '-d', ':memory:'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def has_scanned(self, limit=120):
        """Wait until it knows a file; False when that takes too long."""
        end = time.monotonic() + limit
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f'{self.url}/metrics', timeout=10) as answer:
                    if b'scanned_files_total{source="file"}' in answer.read():
                        return True
            except OSError:
                pass
            time.sleep(0.2)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def check_debuginfod_server(name, dump, vmlinux, where):
    """A real server gives the vmlinux by the dump's build id, and the answer is the same."""
    if not shutil.which('debuginfod'):
        CASES.skip('a vmlinux from debuginfod', 'no debuginfod; `sh tests/setup.sh test` installs it')
        return
    if not has_debuginfod():
        CASES.skip('a vmlinux from debuginfod', 'built without libdebuginfod')
        return
    os.environ['DEBUGINFOD_CACHE_PATH'] = str(where / 'cache')
    with Debuginfod(vmlinux.parent) as server:
        began = time.monotonic()
        if not server.has_scanned():
            CASES.report(f'{name}: debuginfod', ['it does not scan the vmlinux'])
            return
        print(f'# debuginfod read a vmlinux of {vmlinux.stat().st_size / 1e6:.0f} MB in '
              f'{time.monotonic() - began:.1f} s')
        os.environ['DEBUGINFOD_URLS'] = server.url
        for command in 'check', 'layout':
            same(f'{name}: debuginfod', dump, command, '--provider', 'dwarf', '--quiet')
    # What it gave once it need not give again.
    same(f'{name}: the cache of debuginfod', dump, 'check', '--provider', 'dwarf', '--quiet')
    del os.environ['DEBUGINFOD_URLS']


def main():
    where = pathlib.Path(tempfile.mkdtemp())
    matching = []
    for directory in hwp.samples():
        dump = next(iter(sorted(directory.glob('vmcore*'))))
        path, why = peers.vmlinux(peers.release(directory), dump)
        if why:
            CASES.skip(directory.name, why)
            continue
        vmlinux = pathlib.Path(path)
        check_same(directory.name, dump, vmlinux)
        check_fix(directory.name, dump, vmlinux)
        check_time(directory.name, dump, vmlinux)
        matching.append((directory.name, dump, vmlinux))
    check_fixed_kernel()
    if matching:
        name, dump, vmlinux = matching[0]
        check_places(name, dump, vmlinux, where)
        check_bad_files(dump, vmlinux, where)
        check_debug_file(name, dump, vmlinux, where)
        check_debuginfod(dump)
        check_debuginfod_server(*next((m for m in matching if m[0] == '6.12-cloud'), matching[0]),
                                where)
    for i, (name, dump, vmlinux) in enumerate(matching):
        other = matching[i - 1][2]
        if len(matching) > 1:
            refused(f"{name}: another kernel's vmlinux", other, dump, peers.build_id(other),
                    dump_build_id(dump))
        # The oldest and the newest.
        if len(matching) > 1 and i in (0, len(matching) - 1):
            check_old_vmcoreinfo(name, dump, vmlinux, other, where)
            check_system_map(name, dump, vmlinux, other, where)
    shutil.rmtree(where)
    CASES.exit()


main()
