#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot each kernel of vmcores/matrix.kernels, and print as a table how many poisoned pages hwpoison, drgn
and crash find of those that the kernel itself knows of, in each form that a dump of it can have.

    kernels.py [FILE]

A row that fails is in FILE as well, with why. HWP_LAB_ROWS="61-rt 73-arm64" takes these rows, and what
FILE has of other kernels stays. HWP_PEER_ROWS="61-rt" asks drgn and crash of these alone: each needs a debug
package of up to 1.2 GB. A dump that is there already is used as test_lab.py says.
"""
import copy
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile

os.environ['HWP_LAB_MATRIX'] = 'kernels'
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'lib')]
import base
import host_crash
import host_drgn
import hwp
import makedumpfile
import oracle
import peers
import second
import test_lab
import truth

LIMIT = 600
HEAD = ('kernel', 'machine', 'page', 'form', 'debuginfo', 'pages right', 'drgn', 'crash')
BELOW = '## What was said instead'
INTRODUCTION = '''# Kernels, and what was found in their memory

This is what `make kernels` printed. Each kernel is Debian's, booted once in QEMU with errors of every kind in its memory
(`matrix.kernels`).

* *form*: `ELF` and `kdump` are QEMU's (kdump is flattened, in zlib); `ELF, no note` is the same without VMCOREINFO, as
  QEMU writes it by default; `makedumpfile -d 31` leaves out free pages, users' and zeros; `running` is hwpoison in the
  guest, by `/proc/kcore`. Where nothing of a kernel but its image is left in the suites, its guest has no note.
* *debuginfo*: `no` where hwpoison needs nothing but the dump; `vmlinux` where it did not open without.
* *pages right*: poisoned pages that are reported where they truly are, in their true state, by the guest's own
  `/proc/kpageflags`, steps and log; of all that it has, and all that are reported.
* *drgn*, *crash*: pages of the same that have `PG_hwpoison` by `PageHWPoison()` and by `kmem`, with the kernel's debug
  package. For a HugeTLB page the kernel flags the head alone. `not asked`: `HWP_PEER_ROWS` left them out.
'''

#: Prints the pfns that are flagged.
DRGN_SCRIPT = '''
import json
import sys
import drgn
from drgn.helpers.linux.mm import PageHWPoison, pfn_to_page
prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
try:
    prog.load_debug_info([sys.argv[2]])
except drgn.MissingDebugInfoError:
    pass
print(json.dumps([pfn for pfn in json.loads(sys.argv[3]) if PageHWPoison(pfn_to_page(prog, pfn))]))
'''


def last_line(text):
    return (text.strip().splitlines() or ['it says nothing'])[-1]


def by_drgn(path, vmlinux, pfns, _page_size):
    """The pages that drgn has as poisoned, or why it has none."""
    run = host_drgn.Plugin.script(DRGN_SCRIPT, str(path), vmlinux, json.dumps(pfns))
    return set(json.loads(run.out)) if run.status == 0 else last_line(run.err.decode(errors='replace'))


def for_crash(vmlinux):
    """The same with what crash asks for alone, with which it starts in a tenth of the time."""
    release = pathlib.Path(vmlinux).parent.name
    try:
        return vmlinux if 'arm64' in release else peers.small_vmlinux(release)[0] or vmlinux
    except (LookupError, ValueError, struct.error):
        # No debug information in DWARF 5.
        return vmlinux


def by_crash(path, vmlinux, pfns, page_size):
    crash, why = host_crash.find(9)
    if why:
        return why
    commands = [f'kmem -p {pfn * page_size:#x}' for pfn in pfns]
    done = subprocess.run([crash, '--no_modules', '-s', for_crash(vmlinux), str(path)], text=True, errors='replace',
                          input='\n'.join([*commands, 'q']) + '\n', capture_output=True, timeout=LIMIT,
                          check=False, env={**os.environ, 'HOME': '/nonexistent'})
    rows = re.findall(r'^ *[0-9a-f]{16} +([0-9a-f]+) .*\bhwpoison\b', done.stdout, re.M)
    if not re.search(r'^ +PAGE +PHYSICAL', done.stdout, re.M):
        return last_line(done.stderr + done.stdout)
    return {int(address, 16) // page_size for address in rows}


PEERS = {'drgn': by_drgn, 'crash': by_crash}


class Form:
    """One dump of a guest, in one form."""

    def __init__(self, row, name, path):
        self.row, self.name, self.path = row, name, path
        self.wrong, self.notes = [], []

    def run(self, vmlinux):
        """(report, whether the vmlinux was needed)"""
        run = hwp.Run('check', '--json', self.path)
        report, needed = run.json(), False
        if not report or 'poisoned' not in report:
            self.notes.append(f'without debuginfo: {last_line(run.err)}')
            if not vmlinux:
                return None, False
            run, needed = hwp.Run('check', '--json', '-s', vmlinux, self.path), True
            report = run.json()
        if not report or 'poisoned' not in report:
            self.notes.append(last_line(run.err))
            return None, needed
        return report, needed

    def count(self, truly, report):
        """Pages right of how many."""
        each = truth.compare_each_page(truly, report)
        self.wrong = [what for found in each.values() for what in found]
        if self.wrong:
            self.notes += [f'{report["verdict"]}: {trouble["text"]}' for trouble in report['troubles']]
        return f'{sum(not found for found in each.values())} of {len(each)}'

    def peer(self, name, truly, vmlinux, why):
        if why:
            return why
        pfns = sorted(p['pfn'] for p in truly.poisons)
        try:
            found = PEERS[name](self.path, vmlinux, pfns, truly.page_size)
        except subprocess.TimeoutExpired:
            found = f'no end after {LIMIT} s'
        if isinstance(found, str):
            self.notes.append(f'{name}: {found}')
            return 'does not open it'
        return f'{len(found & set(pfns))} of {len(pfns)}'


class Running(Form):
    """What hwpoison said in the guest itself, a moment before."""

    def run(self, vmlinux):
        try:
            report = json.loads((self.path / 'live.out').read_text())
        except (OSError, ValueError):
            report = {}
        if 'poisoned' not in report:
            self.notes.append(last_line((self.path / 'live.err').read_text()))
            return None, False
        return report, False

    def count(self, truly, report):
        # Pages that are free move between lists by themselves, in that moment too.
        for poison in truly.poisons:
            if {'buddy', 'pcp'} & set(poison['states']):
                poison['states'] = [*poison['states'], 'buddy', 'pcp']
        return super().count(truly, report)

    def peer(self, name, truly, vmlinux, why):
        return '-'


def without_note(path, patch):
    """Make the note one that nobody knows, and destroy its text."""
    with open(path, 'rb') as file:
        head = file.read(1 << 20)
    at = head.find(b'VMCOREINFO\0')
    if at < 0:
        return False
    size = int.from_bytes(head[at - 8:at - 4], 'little')
    patch.write(at, b'SOMEBODY\0\0')
    patch.write(at + 12, bytes(size))
    return True


def forms(row, work):
    """Each form in turn; one that is made is gone with the next."""
    elf, flat = row.directory / 'vmcore.elf', row.directory / 'vmcore.flat'
    with open(elf, 'rb') as file:
        has_note = b'VMCOREINFO\0' in file.read(1 << 20)
    yield Form(row, 'ELF' if has_note else 'ELF, no note', elf)
    if has_note:
        with base.patched(elf) as patch:
            without_note(elf, patch)
            yield Form(row, 'ELF, no note', elf)
    yield Form(row, 'kdump' if has_note else 'kdump, no note', flat)
    if has_note and 'arm64' not in row.kernel:
        path = work / 'vmcore'
        form = Form(row, 'makedumpfile -d 31', path)
        try:
            makedumpfile.shrink(elf, path, 31)
        except RuntimeError as error:
            form.notes.append(str(error))
        yield form
        path.unlink(missing_ok=True)
    yield Running(row, 'running', row.directory)


def settled(directory):
    """What the guest knows, and by another reader of its memory where pages were at the instant."""
    truly = truth.Truth(directory)
    try:
        truly.settle(second.on_list(oracle.Oracle(directory / 'vmcore.elf')))
    except (oracle.Wrong, LookupError, ValueError, TypeError):
        # It needs the note, and symbols of data.
        pass
    return truly


def debug_of(row, release):
    """The vmlinux of the debug package: (path, None), or (None, why not)."""
    asked = os.environ.get('HWP_PEER_ROWS')
    if asked is not None and row.name not in asked.split():
        return None, 'not asked'
    path, why = peers.vmlinux(release)
    return (None, 'no debug package') if why else (path, None)


def table_row(form, release, truly, vmlinux, reasons):
    if form.path.exists():
        report, needed = form.run(vmlinux)
    else:
        report, needed = None, False
    right = form.count(truly, report) if report else 'not opened'
    machine = (report or {}).get('identity', {}).get('machine') or \
        ('aarch64' if 'arm64' in form.row.kernel else 'x86_64')
    cells = [form.peer(name, truly, vmlinux, reasons[name]) if form.path.exists() else '-' for name in PEERS]
    return [release, machine, f'{truly.page_size >> 10} KiB', form.name, 'vmlinux' if needed else 'no',
            right, *cells]


def rows_of(row):
    """Make a guest's dump, and what there is to say of it: (table rows, sentences below)."""
    row.make()
    directory = row.directory
    release = peers.release(directory)
    vmlinux, why = debug_of(row, release)
    truly = settled(directory)
    reasons = {'drgn': why or host_drgn.missing() and 'no drgn', 'crash': why}
    rows, below = [], []
    with tempfile.TemporaryDirectory() as work:
        for form in forms(row, pathlib.Path(work)):
            cells = table_row(form, release, copy.deepcopy(truly), vmlinux, reasons)
            rows.append(cells)
            print(' | '.join(cells), flush=True)
            below += [f'{release}, {form.name}: {what}' for what in form.notes + form.wrong]
    if os.environ.get('CI') == 'true':
        row.drop()
    return rows, below


def written(rows, below):
    # The name of a file of this run says nothing.
    below = [re.sub(r'/\S+/', '', line) for line in below]
    widths = [max(len(cells[i]) for cells in (HEAD, *rows)) for i in range(len(HEAD))]
    lines = [INTRODUCTION]
    for cells in (HEAD, ['-' * width for width in widths], *rows):
        lines.append('| ' + ' | '.join(cell.ljust(width) for cell, width in zip(cells, widths)) + ' |')
    if below:
        lines += ['', BELOW, '', *(f'* {line}' for line in below)]
    return '\n'.join(lines) + '\n'


def by_kernel(rows, below):
    """{release: (its rows, what is said of it below)}, in their order."""
    found = {}
    for cells in rows:
        found.setdefault(cells[0], ([], []))[0].append(cells)
    for line in below:
        found.setdefault(line.partition(', ')[0], ([], []))[1].append(line)
    return found


def read_back(path):
    """The rows of such a file, and its lines below."""
    lines = pathlib.Path(path).read_text().splitlines()
    table = [[cell.strip() for cell in line.strip('|').split(' | ')] for line in lines if line.startswith('| ')]
    start = lines.index(BELOW) if BELOW in lines else len(lines)
    return table[2:], [line[2:] for line in lines[start:] if line.startswith('* ')]


def put_into(path, rows, below):
    """The same file with these rows in place of those of their kernels."""
    kernels = by_kernel(*read_back(path))
    kernels.update(by_kernel(rows, below))
    return written([cells for own, _ in kernels.values() for cells in own],
                   [line for _, said in kernels.values() for line in said])


def main():
    # The note of a dump that is being read without it is put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows, below, failed = [], [], False
    missing = test_lab.fetch_kernels(test_lab.matrix())
    for row in test_lab.matrix():
        try:
            if row.kernel in missing and not row.is_fresh():
                raise RuntimeError(missing[row.kernel])
            more, said = rows_of(row)
            rows += more
            below += said
        except (RuntimeError, OSError, LookupError, TypeError, ValueError, subprocess.SubprocessError) as error:
            failed = True
            below.append(f'{row.name}: {error}')
            print(f'{row.name}: {error}', flush=True)
    text = written(rows, below)
    print(text)
    if len(sys.argv) > 1:
        some = os.environ.get('HWP_LAB_ROWS')
        pathlib.Path(sys.argv[1]).write_text(put_into(sys.argv[1], rows, below) if some else text)
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
