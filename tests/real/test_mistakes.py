#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""Mistakes of the table vmcores/fix/breaks, written into the dump of a kernel that makes none:
of each is said what must be said of the kernel that makes it (make fix-breaks boots that).

The oracle says where what is to be written stands.
"""
import pathlib
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib'), str(HERE.parents[1] / 'vmcores' / 'fix')]
import base
import hwp
import oracle
import said

SAMPLE = 'fix-good'
MAGIC_HWPOISON = 0x48575053
SCENARIOS = ('fix-thp-8', 'fix-hugetlb-2')


class Kernel:
    """The dump, and places in it."""

    def __init__(self, directory, path):
        self.path, self.eye = path, oracle.Oracle(path)
        truth = base.truth.Truth(directory)
        self.bad = [p['pfn'] for p in truth.poisons if p['scenario'] in SCENARIOS]
        self.blocks = [b for b in self.eye.blocks() if b.cpu is None]
        self.zone = next(z for z in self.eye.zones if z.name == 'DMA32')
        self.types = self.eye.btf.enum('pagetype')
        self.flags = self.eye.btf.enum('pageflags')

    def member(self, pfn, name):
        return self.eye.page(pfn) + self.eye.btf.offset('page', name)

    def block(self, order):
        """A free block of the zone of at least that order."""
        return next(b for b in self.blocks if b.order >= order and b.zone == self.zone.name)

    def with_type(self, pfn, name):
        return self.member(pfn, '_mapcount'), struct.pack('<I', self.types[name] << 24 & 0xffffffff)

    def with_flags(self, pfn, clear=0, and_set=0):
        at = self.member(pfn, 'flags')
        return word(at, self.eye.dump.u64(at) & ~clear | and_set)

    def added(self, at, number):
        return word(at, self.eye.dump.u64(at) + number)

    def nr_free_pages(self):
        """Of the zone; what each CPU has not yet added is left as it is."""
        index = self.eye.btf.enum('zone_stat_item')['NR_FREE_PAGES']
        return self.zone.address + self.eye.btf.offset('zone', 'vm_stat') + 8 * index


def word(at, value):
    return at, struct.pack('<Q', value % 2 ** 64)


def half(at, value):
    return at, struct.pack('<I', value % 2 ** 32)


def mistakes(k):
    """(its number in the table, what it writes)"""
    hwpoison, each = 1 << k.eye.hwpoison, k.bad
    page = k.eye.btf.offset('page', 'lru')
    no_head = k.eye.page(k.block(6).pfn + 8)
    yield 0, []
    yield 5, [w for p in each for w in (k.with_type(p, 'PGTY_buddy'),
                                        word(k.member(p, 'private'), 10))]
    yield 6, [word(k.eye.page(p) + page, no_head | 1) for p in each]
    yield 14, [half(k.member(p, '_refcount'), 1) for p in each]
    yield 15, [k.added(k.nr_free_pages(), len(each))]
    yield 17, [k.with_flags(p, and_set=1 << k.flags['PG_lru']) for p in each]
    yield 21, [k.added(k.eye.symbols['num_poisoned_pages'], -len(each))]
    yield 23, [k.added(k.eye.nr_free_at(k.zone, 0), len(each))]
    yield 29, [k.with_flags(p, clear=hwpoison) for p in each]
    yield 30, [k.with_type(p, 'PGTY_offline') for p in each]
    yield 31, [word(k.member(p, 'private'), MAGIC_HWPOISON) for p in each]
    yield 36, [k.added(k.nr_free_pages(), -512)]
    block = k.block(6)
    yield 37, [word(k.member(block.pfn, 'private'), block.order + 1)]
    yield 38, [half(k.member(k.block(3).pfn + 1, '_refcount'), 1)]
    yield 40, [(pfn, b'\xaa' * oracle.PAGE) for pfn in each[:1]]


def main():
    cases, directory = hwp.Cases(), hwp.SAMPLES / SAMPLE
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / 'vmcore.elf'
        base.make(directory, path)
        kernel = Kernel(directory, path)
        for number, writes in mistakes(kernel):
            mistake, verdicts, checks = said.expected(str(number))
            with base.patched(path) as patch:
                for at, data in writes:
                    # A page's contents are by pfn.
                    patch.write(kernel.eye.dump.phys_offset(at * oracle.PAGE)
                                if len(data) == oracle.PAGE else kernel.eye.dump.offset(at), data)
                run = hwp.Run('check', '--json', path)
            report = run.json()
            wrong = (said.compare(report, verdicts, checks) if report and 'verdict' in report else
                     [f'exit status {run.status}: {run.err.strip()}'])
            cases.report(f'{number}: {mistake}', wrong)
    cases.exit()


if __name__ == '__main__':
    main()
