#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""verify.py VMLINUX DIR...: what became of the freed folios of dumps of the lab, by the
kernel's own interfaces (truth.txt, kpageflags.bin, buddyinfo.txt, dmesg.txt) and by
struct page, the free lists, the counters and the pages' contents in vmcore.elf. Types are
pahole's. It shares nothing with hwpoison. Where truth.txt leaves a choice (pcp|isolated), it
settles it there, and the outcome of each freed folio. Ends with 1 if one was not freed as it
should be, or memory contradicts itself."""

import array
import re
import struct
import subprocess
import sys

import lists as free_lists

BUDDY, HWPOISON = 1 << 10, 1 << 19
PGTY_BUDDY = 0xf0
VMEMMAP = 0xffffea0000000000
# The flags of linux/kernel-page-flags.h; those from 33 on are of no use to us.
SHOWN = (1 << 33) - 1
MAX_PAGE_ORDER = 10


class Types:
    """Offsets, sizes and symbols of a vmlinux."""

    def __init__(self, path):
        self.path = path
        self.text = {}
        names = subprocess.run(['nm', path], check=True, capture_output=True, text=True).stdout
        self.symbols = {name: int(address, 16) for address, _, name in
                        re.findall(r'^([0-9a-f]+) (\w) (\w+)$', names, re.M)}

    def struct(self, name):
        if name not in self.text:
            self.text[name] = subprocess.run(['pahole', '-C', name, self.path], check=True,
                                             capture_output=True, text=True).stdout
        return self.text[name]

    def offset(self, name, member):
        found = re.search(r'\b' + member + r'(\[[^;]*)?;\s+/\*\s+(\d+)\s', self.struct(name))
        return int(found.group(2))

    def size(self, name):
        return int(re.search(r'/\* size: (\d+)', self.struct(name)).group(1))


class Dump:
    """A plain ELF dump of an x86_64 kernel without KASLR, one node, 4-level page tables."""

    def __init__(self, path):
        self.file = open(path, 'rb')
        head = self.file.read(64)
        phoff, = struct.unpack_from('<Q', head, 32)
        phnum, = struct.unpack_from('<H', head, 56)
        self.loads = []
        self.info = {}
        self.frames = {}
        self.memmap = None, b''
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

        self.page_layout = [int(self.info[key]) for key in (
            'SIZE(page)', 'OFFSET(page._refcount)', 'OFFSET(page._mapcount)', 'OFFSET(page.private)')]

    def phys(self, address, size):
        for start, length, offset in self.loads:
            if start <= address < start + length:
                self.file.seek(offset + address - start)
                return self.file.read(size)
        raise ValueError(f'{address:#x} is not in the dump')

    def virt(self, address, size):
        """Of one page of memory at most."""
        if address >> 12 not in self.frames:
            self.frames[address >> 12] = self.walk_tables(address & ~4095)
        return self.phys(self.frames[address >> 12] + (address & 4095), size)

    def walk_tables(self, address):
        table = self.pgd
        for shift in (39, 30, 21, 12):
            entry, = struct.unpack('<Q', self.phys(table + (address >> shift & 511) * 8, 8))
            table = entry & 0x000ffffffffff000
            if not entry & 1:
                raise ValueError(f'{address:#x} is not mapped')
            if shift == 12 or entry & 0x80:
                table &= ~((1 << shift) - 1)
                return table + (address & (1 << shift) - 1)
        return None

    def word(self, address):
        return struct.unpack('<Q', self.virt(address, 8))[0]

    def page(self, pfn):
        """Refcount, type, private and whether it is a tail."""
        size, refcount, mapcount, private = self.page_layout
        at = pfn * size
        # Neighbours are asked for one after the other.
        if self.memmap[0] != at >> 12:
            self.memmap = at >> 12, self.virt(VMEMMAP + (at & ~4095), 4096)
        data, at = self.memmap[1], at & 4095
        return (*struct.unpack_from('<i', data, at + refcount),
                *struct.unpack_from('<I', data, at + mapcount),
                *struct.unpack_from('<Q', data, at + private), data[at + 8] & 1)


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
    words = set(struct.unpack('<512Q', dump.phys(pfn << 12, 4096)))
    if words == {pattern}:
        return 'as before the error'
    return f'written to: {words.pop():#x}' if len(words) == 1 else 'written to'


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


def where_is(pfn, flags, pcp):
    if flags[pfn] & BUDDY:
        return 'buddy'
    for order in range(MAX_PAGE_ORDER):
        if (pfn & ~((1 << order) - 1), order) in pcp:
            return 'a per-CPU list'
    return None


def is_lost(dump, pfn, flags, pcp):
    """No flag, no list, no reference, no type and no head."""
    if flags[pfn] & SHOWN or where_is(pfn, flags, pcp):
        return False
    refcount, kind, _, tail = dump.page(pfn)
    return refcount == 0 and kind == 0xffffffff and not tail


def folio(record, poisons, flags, dump, pcp):
    base, nr = int(record['base'], 16), 1 << int(record['order'])
    bad = [int(pfn, 16) for pfn in record['poisons'].split(',') if pfn]
    blocks_in = {'buddy': 0, 'a per-CPU list': 0, 'other shape or use': 0}
    lost = 0
    for start, order in expected(base, nr, bad):
        _, kind, private, _ = dump.page(start)
        if kind >> 24 == PGTY_BUDDY and private == order:
            blocks_in['buddy'] += 1
        elif (start, order) in pcp:
            blocks_in['a per-CPU list'] += 1
        else:
            missing = sum(is_lost(dump, pfn, flags, pcp) for pfn in range(start, start + (1 << order)))
            lost += missing
            if not missing:
                blocks_in['other shape or use'] += 1
    wrong = [f'bad page {pfn:#x} is in {where_is(pfn, flags, pcp)}'
             for pfn in bad if where_is(pfn, flags, pcp)]
    held = {pfn: contents(dump, pfn, int(poisons[pfn]['pattern'], 16))
            for pfn in bad if 'pattern' in poisons[pfn]}
    wrong += [f'bad page {pfn:#x} was {what}' for pfn, what in held.items() if 'written' in what]
    if lost:
        wrong.append(f'{lost} healthy pages lost')
    print(f"  {record['scenario']} {base:#x}/{record['order']}: {len(bad)} bad;",
          'expected blocks, whole:', ', '.join(f'{count} in {key}' for key, count in blocks_in.items()))
    print('    bad pages:', tally('refcount {}, type {:#x}, private {:#x}{}'.format(
        *dump.page(pfn)[:3], ', tail' if dump.page(pfn)[3] else '') for pfn in bad))
    if held:
        print('    their contents:', tally(held.values()))
    for what in wrong:
        print('    WRONG:', what)
    return not wrong


def outcome(match, dump, flags, pcp):
    """What became of a freed folio: the guest's word, unless memory shows a worse one or that
    nothing is lost."""
    base, nr = int(match.group(1), 16), 1 << int(match.group(2))
    bad = [int(pfn, 16) for pfn in match.group(3).split(',')]
    if any(where_is(pfn, flags, pcp) for pfn in bad):
        return 'leaked'
    noted = match.group(4).split('|')
    if noted[0] == 'leaked':
        return noted[0]
    if any(is_lost(dump, pfn, flags, pcp) for pfn in range(base, base + nr) if pfn not in bad):
        return 'lost'
    return noted[0] if noted[0] != 'lost' else 'unknown'


def settle(where, dump, flags, pcp):
    """Whoever looks from inside cannot distinguish a page on a per-CPU list from one on no list,
    nor whether a healthy page without a flag is lost."""
    path, lines = f'{where}/truth.txt', []
    with open(path, encoding='latin-1') as file:
        for line in file:
            match = re.match(r'poison pfn=(\w+) .*state=(\S+\|\S+) .*hit=(\w+)/(\d+)', line)
            if match:
                base, nr = int(match.group(3), 16), 1 << int(match.group(4))
                place = where_is(int(match.group(1), 16), flags, pcp)
                out = {'buddy', 'pcp'}
                if not any(is_lost(dump, pfn, flags, pcp) for pfn in range(base, base + nr)
                           if not flags[pfn] & HWPOISON):
                    out.add('dropped')
                states = [{'buddy': 'buddy', 'a per-CPU list': 'pcp'}[place]] if place else \
                    [state for state in match.group(2).split('|') if state not in out]
                if states:
                    line = line.replace('state=' + match.group(2), 'state=' + '|'.join(states))
            match = re.match(r'extent base=(\w+) order=(\d+) .*poisons=(\S+) .*outcome=(\S+)', line)
            if match:
                line = line.replace('outcome=' + match.group(4),
                                    'outcome=' + outcome(match, dump, flags, pcp))
            lines.append(line)
    with open(path, 'w', encoding='latin-1') as file:
        file.writelines(lines)


def say_wrong(wrong):
    """At most eight of a kind: the same words but for numbers."""
    kinds = {}
    for what in wrong:
        kinds.setdefault(re.sub(r'0x\w+|\d+', '#', what), []).append(what)
    for rows in kinds.values():
        for what in rows[:8]:
            print('  WRONG:', what)
        if len(rows) > 8:
            print(f'  WRONG: ... {len(rows)} of this kind')


def verify(types, where):
    dump = Dump(f'{where}/vmcore.elf')
    poisons = {int(r['pfn'], 16): r for r in records(f'{where}/truth.txt', 'poison')}
    flags = array.array('Q')
    with open(f'{where}/kpageflags.bin', 'rb') as file:
        flags.frombytes(file.read())
    lists = free_lists.Lists(dump, types)
    pcp = set(lists.on_pcp())
    lists.blocks = {block for zone in lists.zones for block in lists.check_zone(zone)}
    settle(where, dump, flags, pcp)
    good = True
    for record in records(f'{where}/truth.txt', 'folio'):
        good &= folio(record, poisons, flags, dump, pcp)
    with open(f'{where}/buddyinfo.txt', encoding='ascii') as file:
        free = sum(int(count) << order for line in file
                   for order, count in enumerate(line.split()[4:]))
    bad = [int(pfn, 16) for r in records(f'{where}/truth.txt', 'folio')
           for pfn in r['poisons'].split(',') if pfn]
    wrong = lists.wrong + free_lists.check_marks(dump, lists, bad, poisons, lists.zones[-1].end)
    say_wrong(wrong)
    print(f'  buddyinfo has {free} pages, kpageflags a moment later',
          sum(1 for word in flags if word & BUDDY), 'and the per-CPU lists',
          sum(1 << order for _, order in pcp))
    with open(f'{where}/dmesg.txt', encoding='latin-1') as file:
        complaints = [line.strip() for line in file
                      if re.search(r'BUG:|Bad page|WARNING:|Oops|pagealloc:', line)]
    print('  the kernel log has', complaints[:3] or 'no complaint')
    return good and not complaints and not wrong


if __name__ == '__main__':
    # All of them are looked at.
    sys.exit(not all([verify(Types(sys.argv[1]), where) for where in sys.argv[2:]]))
