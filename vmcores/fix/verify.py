#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""verify.py DIR...: what became of the freed folios of a dump of the lab, by the
kernel's own interfaces (truth.txt, kpageflags.bin, buddyinfo.txt, dmesg.txt) and by
struct page and the pages' contents in vmcore.elf. It shares nothing with hwpoison.
Ends with 1 if a folio was not freed as free_has_hwpoisoned() should."""

import array
import re
import struct
import sys

BUDDY = 1 << 10
# The flags of linux/kernel-page-flags.h; those from 33 on are of no use to us.
SHOWN = (1 << 33) - 1
MAX_PAGE_ORDER = 10


class Dump:
    """A plain ELF dump of an x86_64 kernel without KASLR, 4-level page tables."""

    def __init__(self, path):
        self.file = open(path, 'rb')
        head = self.file.read(64)
        phoff, = struct.unpack_from('<Q', head, 32)
        phnum, = struct.unpack_from('<H', head, 56)
        self.loads = []
        self.info = {}
        for i in range(phnum):
            self.file.seek(phoff + i * 56)
            kind, _, offset, _, phys, size = struct.unpack_from('<IIQQQQ', self.file.read(56))
            if kind == 1:
                self.loads.append((phys, size, offset))
            elif kind == 4:
                self.file.seek(offset)
                for line in self.file.read(size).decode('latin-1').splitlines():
                    if re.match(r'(SYMBOL|OFFSET|SIZE|NUMBER|LENGTH)\(', line):
                        key, _, value = line.partition('=')
                        self.info[key] = value
        self.pgd = (int(self.info['SYMBOL(swapper_pg_dir)'], 16) - 0xffffffff80000000 +
                    int(self.info['NUMBER(phys_base)']))

    def phys(self, address, size):
        for start, length, offset in self.loads:
            if start <= address < start + length:
                self.file.seek(offset + address - start)
                return self.file.read(size)
        raise ValueError(f'{address:#x} is not in the dump')

    def virt(self, address, size):
        table = self.pgd
        for shift in (39, 30, 21, 12):
            entry, = struct.unpack('<Q', self.phys(table + (address >> shift & 511) * 8, 8))
            table = entry & 0x000ffffffffff000
            if not entry & 1:
                raise ValueError(f'{address:#x} is not mapped')
            if shift == 12 or entry & 0x80:
                table &= ~((1 << shift) - 1)
                return self.phys(table + (address & (1 << shift) - 1), size)
        return None

    def page(self, pfn):
        """The refcount, and in words all that says whether a page is isolated."""
        size = int(self.info['SIZE(page)'])
        data = self.virt(0xffffea0000000000 + pfn * size, size)
        private = int(self.info.get('OFFSET(page.private)', 40))
        refcount, = struct.unpack_from('<i', data, int(self.info['OFFSET(page._refcount)']))
        mapcount, = struct.unpack_from('<i', data, int(self.info['OFFSET(page._mapcount)']))
        value, = struct.unpack_from('<Q', data, private)
        compound, = struct.unpack_from('<Q', data, 8)
        return refcount, f'refcount {refcount}, type {mapcount}, private {value:#x}, {"tail" if compound & 1 else "no tail"}'


def blocks(start, end):
    """The largest aligned blocks of pages start ... end-1, from the left."""
    while start < end:
        order = MAX_PAGE_ORDER
        while start & (1 << order) - 1 or start + (1 << order) > end:
            order -= 1
        yield start, order
        start += 1 << order


def expected(base, nr, bad):
    edges = [base - 1] + sorted(bad) + [base + nr]
    for left, right in zip(edges, edges[1:]):
        yield from blocks(left + 1, right)


def contents(dump, pfn, pattern):
    data = dump.phys(pfn << 12, 4096)
    words = set(struct.unpack('<512Q', data))
    if words == {pattern}:
        return 'as before the error'
    if len(words) == 1:
        return f'overwritten with {words.pop():#x}'
    return 'changed'


def records(path, word):
    with open(path, encoding='latin-1') as file:
        for line in file:
            if line.startswith(word + ' '):
                yield dict(re.findall(r'(\w+)=("[^"]*"|\S*)', line))


def tally(items):
    counts = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return '; '.join(f'{count} {item}' for item, count in counts.items())


def folio(record, poisons, flags, dump):
    base, order = int(record['base'], 16), int(record['order'])
    bad = [int(pfn, 16) for pfn in record['poisons'].split(',') if pfn]
    whole = {True: 0, False: 0}
    wrong = []
    for start, size in expected(base, 1 << order, bad):
        buddy = {bool(flags[pfn] & BUDDY) for pfn in range(start, start + (1 << size))}
        # Else on a per-CPU list, orders 0 to 3 and 9, or in use again.
        whole[buddy == {True}] += 1
    leaked = [pfn for pfn in bad if poisons[pfn]['state'] != 'isolated']
    held = tally(contents(dump, pfn, int(poisons[pfn]['pattern'], 16))
                 for pfn in bad if 'pattern' in poisons[pfn])
    if leaked:
        wrong.append(f'{len(leaked)} bad pages not isolated: ' +
                     tally(poisons[pfn]['state'] for pfn in leaked))
    if held and not re.fullmatch(r'\d+ as before the error', held):
        wrong.append('bad pages were written to')
    # No flag and no reference, and not on the per-CPU lists, which draining showed.
    lost = sum(1 for pfn in range(base, base + (1 << order))
               if not flags[pfn] & SHOWN and dump.page(pfn)[0] == 0) - int(record['nr_pcp'])
    if lost > 0:
        wrong.append(f'{lost} healthy pages lost')
    if sum(int(record[f'nr_{key}'])
           for key in ('poisoned', 'buddy', 'pcp', 'used', 'nowhere')) != 1 << order:
        wrong.append('the sum is not the folio')
    print(f"  {record['scenario']} {base:#x}/{order}: {len(bad)} bad, expected blocks: "
          f"{whole[True]} in buddy, {whole[False]} on per-CPU lists or in use")
    print('    bad pages:', tally(dump.page(pfn)[1] for pfn in bad))
    print('    their contents:', held or 'not known')
    for what in wrong[:4]:
        print('    WRONG:', what)
    return not wrong


def verify(where):
    print(where)
    dump = Dump(f'{where}/vmcore.elf')
    poisons = {int(r['pfn'], 16): r for r in records(f'{where}/truth.txt', 'poison')}
    flags = array.array('Q')
    with open(f'{where}/kpageflags.bin', 'rb') as file:
        flags.frombytes(file.read())
    good = True
    for record in records(f'{where}/truth.txt', 'folio'):
        good &= folio(record, poisons, flags, dump)
    with open(f'{where}/buddyinfo.txt', encoding='ascii') as file:
        free = sum(int(count) << order for line in file
                   for order, count in enumerate(line.split()[4:]))
    print(f'  buddyinfo has {free} pages, kpageflags',
          sum(1 for word in flags if word & BUDDY))
    with open(f'{where}/dmesg.txt', encoding='latin-1') as file:
        complaints = [line.strip() for line in file
                      if re.search(r'BUG:|Bad page|WARNING:|Oops|pagealloc:', line)]
    print('  the kernel log has', complaints[:3] or 'no complaint')
    return good and not complaints


if __name__ == '__main__':
    # All of them are looked at.
    sys.exit(not all([verify(where) for where in sys.argv[1:]]))
