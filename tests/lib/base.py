# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps to write into: each an ELF file of its own, sparse, made from a real dump."""
import contextlib
import os
import pathlib
import re
import struct
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'real'))
import hwp
import kdump
import oracle
import truth

LAB = pathlib.Path(os.environ.get('HWP_LAB', hwp.TOP / 'build' / 'lab'))

FAILURE = re.compile(rb'Memory failure: (0x[0-9a-f]+):')
ACTION = re.compile(rb'Memory failure: (0x[0-9a-f]+): recovery action for ([ -~]*): '
                    rb'(Ignored|Failed|Delayed|Recovered)')
INJECTION = re.compile(rb'Injecting memory failure (?:at|for) pfn (0x[0-9a-f]+)')


def _release(directory):
    try:
        line = (directory / 'truth.txt').read_text().split('\n', 1)[0]
    except OSError:
        return ''
    return line.partition('release=')[2].partition(' ')[0]


def _has_nodes(directory, count):
    try:
        text = (directory / 'buddyinfo.txt').read_text()
    except OSError:
        return False
    return len({line.split(',')[0] for line in text.splitlines()}) >= count


def kdump_of(directory):
    for path in sorted(directory.glob('vmcore*')):
        if path.name != 'vmcore.elf' and 'elf' not in path.name:
            return path
    return None


def find(release, nodes=1):
    """The directory of a dump of that kernel: a sample, or else one that the lab has made."""
    lab = sorted(LAB.glob('dumps/*/')) if LAB.is_dir() else []
    for directory in [*hwp.samples(), *lab]:
        if (_release(directory).startswith(release) and _has_nodes(directory, nodes) and
                kdump_of(directory) and
                _can_mark(directory)):
            return directory
    return None


def _can_mark(directory):
    """Not a kernel that is built without memory failure."""
    try:
        return 'HardwareCorrupted' in (directory / 'meminfo.txt').read_text()
    except OSError:
        return False


def make(directory, target, exclude=lambda pfn: False):
    """Write the dump of a directory as an ELF file."""
    kdump.to_elf(kdump_of(directory), target, exclude)


def elf_of(directory, work):
    """The dump of a sample in an ELF file, whose pages are not packed: a run on it takes a
    fraction of the time."""
    path = pathlib.Path(work) / f'{directory.name}.elf'
    make(directory, path)
    return path


class Patch:
    """Bytes of a file to change, and to put back."""

    def __init__(self, path):
        self.path = path
        self.old = []

    def write(self, offset, data):
        with open(self.path, 'r+b') as file:
            file.seek(offset)
            self.old.append((offset, file.read(len(data))))
            file.seek(offset)
            file.write(data)

    def number(self, offset, value, form='Q'):
        self.write(offset, struct.pack('<' + form, value))

    def undo(self):
        with open(self.path, 'r+b') as file:
            while self.old:
                offset, data = self.old.pop()
                file.seek(offset)
                file.write(data)


@contextlib.contextmanager
def patched(path):
    patch = Patch(path)
    try:
        yield patch
    finally:
        patch.undo()


def make_calm(directory, target):
    """Write the dump of a directory as an ELF file, with no leaked or lost page in it, so
    that its verdict hides nothing: marks are cleared, the kernel's
    count is corrected, and its log has no line about them."""
    make(directory, target)
    eye = oracle.Oracle(target)
    leaks = {p['pfn'] for p in truth.Truth(directory).poisons
             if {hwp.CLASSES[s] for s in p['states']} & {'leaked', 'lost'}}
    patch = Patch(target)
    flag_at = eye.btf.offset('page', 'flags') + eye.hwpoison // 8
    for pfn in leaks:
        at = eye.page_at(pfn) + flag_at
        patch.number(at, eye.dump.map[at] & ~(1 << eye.hwpoison % 8), 'B')
    counter = eye.symbols['num_poisoned_pages']
    patch.number(eye.dump.offset(counter), eye.dump.u64(counter) - len(leaks))
    _uncount_actions(patch, eye, leaks)
    _uncount_blocks(patch, eye, leaks)
    silence(patch, eye.dump.map, leaks)
    return eye


def _less(patch, eye, address, by=1):
    patch.number(eye.dump.offset(address), eye.dump.u64(address) - by)


def _uncount_actions(patch, eye, pfns):
    """Take the recovery actions that the log has for these pages off the nodes' mf_stats."""
    if not eye.btf.has('pglist_data', 'mf_stats'):
        return
    names = {b'%#x' % pfn for pfn in pfns}
    # A line stands in memory more than once.
    actions = {m.groups() for start, end in _extents(patch.path)
               for m in ACTION.finditer(eye.dump.map, start, end) if m[1] in names}
    for _, node in eye.nodes():
        stats = node + eye.btf.offset('pglist_data', 'mf_stats')
        first = eye.dump.u64(node + eye.btf.offset('pglist_data', 'node_start_pfn'))
        end = first + eye.dump.u64(node + eye.btf.offset('pglist_data', 'node_spanned_pages'))
        for name, _, result in actions:
            if first <= int(name, 16) < end:
                for member in ('total', result.decode().lower()):
                    _less(patch, eye, stats + eye.btf.offset('memory_failure_stats', member))


def _block_of(eye, pfn):
    """Address of the memory block, by the XArray of them; None if the kernel has none."""
    entry = eye.dump.u64(eye.symbols['memory_blocks'] + eye.btf.offset('xarray', 'xa_head'))
    index = (pfn >> 15) // eye.dump.number(eye.symbols['sections_per_block'], 'I')
    while entry & 3 == 2:
        node = entry - 2
        shift = eye.dump.number(node + eye.btf.offset('xa_node', 'shift'), 'B')
        entry = eye.dump.u64(node + eye.btf.offset('xa_node', 'slots') + 8 * (index >> shift & 63))
    return entry or None


def _uncount_blocks(patch, eye, pfns):
    if not eye.btf.has('memory_block', 'nr_hwpoison') or 'memory_blocks' not in eye.symbols:
        return
    for block in filter(None, (_block_of(eye, pfn) for pfn in pfns)):
        _less(patch, eye, block + eye.btf.offset('memory_block', 'nr_hwpoison'))


def _extents(path):
    """(start, end) of what a sparse file has: a sample's ELF file is a tenth of its size."""
    with open(path, 'rb') as file:
        end, size = 0, os.fstat(file.fileno()).st_size
        while end < size:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            yield start, end


def silence(patch, memory, pfns):
    """Make the lines of the log about these pages lines of something else."""
    names = tuple(b'%#x' % pfn for pfn in pfns)
    for start, end in _extents(patch.path):
        found = [m for m in FAILURE.finditer(memory, start, end) if m[1] in names]
        # A record has no end mark: digits that an older one left may follow.
        found += [m for m in INJECTION.finditer(memory, start, end) if m[1].startswith(names)]
        for match in found:
            patch.number(match.start(), ord('X'), 'B')
