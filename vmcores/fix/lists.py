# SPDX-License-Identifier: GPL-2.0-or-later
"""The free lists, the zones' counters and the marks of a dump, read for verify.py: what the
guest cannot see. Shares nothing with hwpoison, and names what contradicts itself."""

import struct

PGTY_BUDDY = 0xf0
PGTY_NONE = 0xffffffff
VMEMMAP = 0xffffea0000000000
NR_ORDERS = 11
PAGEBLOCK_ORDER = 9
SECTION_PAGES = 0x8000
# enum migratetype and enum pageblock_bits of 7.3 without CMA: three bits of a type, and
# one that says the block is isolated, of eight bits.
TYPES = ('Unmovable', 'Movable', 'Reclaimable', 'HighAtomic', 'Isolate')
ISOLATE, NR_PCP_TYPES = 4, 3
PAGEBLOCK_BITS, TYPE_MASK, ISOLATED_BIT = 8, 7, 1 << 4
# More than there are is harmless: what follows has no page set.
NR_ZONES = 3
# A list of so many blocks is one that runs into itself.
MAX_BLOCKS = 1 << 22


class Zone:
    def __init__(self, lists, index, address):
        dump, types = lists.dump, lists.types
        self.address, self.index = address, index
        self.start = dump.word(address + types.offset('zone', 'zone_start_pfn'))
        self.end = self.start + dump.word(address + types.offset('zone', 'spanned_pages'))
        self.pageset = dump.word(address + types.offset('zone', 'per_cpu_pageset'))


class Lists:
    def __init__(self, dump, types):
        self.dump, self.types = dump, types
        self.size, self.lru = int(dump.info['SIZE(page)']), int(dump.info['OFFSET(page.lru)'])
        node = dump.word(types.symbols['node_data'])
        zones = [Zone(self, i, node + types.offset('pglist_data', 'node_zones') +
                      i * types.size('zone')) for i in range(NR_ZONES)]
        self.zones = [zone for zone in zones if zone.end > zone.start]
        self.wrong = []

    def walk(self, head, what):
        """The pfn of every block on a list, until the list contradicts itself."""
        seen, at, before = set(), self.dump.word(head), head
        while at != head:
            if at in seen or len(seen) > MAX_BLOCKS:
                self.wrong.append(f'{what} runs into itself')
                return
            if at % self.size != self.lru % self.size or at < VMEMMAP:
                self.wrong.append(f'{what} leaves the memmap: {at:#x}')
                return
            if self.dump.word(at + 8) != before:
                self.wrong.append(f'{what}: {at:#x} does not point back')
            seen.add(at)
            yield (at - self.lru - VMEMMAP) // self.size
            before, at = at, self.dump.word(at)

    def pageblock_type(self, pfn):
        types, dump = self.types, self.dump
        section = pfn // SECTION_PAGES
        size = types.size('mem_section')
        root = dump.word(dump.word(types.symbols['mem_section']) + section // (4096 // size) * 8)
        usage = dump.word(root + section % (4096 // size) * size +
                          types.offset('mem_section', 'usage'))
        bit = (pfn % SECTION_PAGES >> PAGEBLOCK_ORDER) * PAGEBLOCK_BITS
        flags = dump.word(usage + types.offset('mem_section_usage', 'pageblock_flags') +
                          bit // 64 * 8) >> bit % 64
        return ISOLATE if flags & ISOLATED_BIT else flags & TYPE_MASK

    def check_block(self, zone, pfn, order, migratetype, what):
        page = self.dump.page(pfn)
        if pfn & (1 << order) - 1:
            self.wrong.append(f'{what}: block {pfn:#x}/{order} is not aligned')
        if not zone.start <= pfn < zone.end:
            self.wrong.append(f'{what}: block {pfn:#x}/{order} is not in the zone')
        elif self.pageblock_type(pfn) != migratetype:
            self.wrong.append(f'{what}: block {pfn:#x}/{order} is of a pageblock that is '
                              f'{TYPES[self.pageblock_type(pfn)]}')
        for follower in range(pfn, pfn + (1 << order)):
            refcount, _, _, tail = self.dump.page(follower)
            if refcount or tail:
                self.wrong.append(f'{what}: {follower:#x} in the free block {pfn:#x}/{order} has '
                                  f'refcount {refcount}{" and is a tail" if tail else ""}')
        return page

    def check_zone(self, zone):
        """Free pages on its lists, and what counts them. Returns them as (pfn, order)."""
        types, dump, found = self.types, self.dump, []
        counted = 0
        for order in range(NR_ORDERS):
            area = (zone.address + types.offset('zone', 'free_area') +
                    order * types.size('free_area'))
            on_order = 0
            for migratetype, name in enumerate(TYPES):
                what = f'zone {zone.index}, order {order}, {name}'
                for pfn in self.walk(area + 16 * migratetype, what):
                    page = self.check_block(zone, pfn, order, migratetype, what)
                    if page[1] >> 24 != PGTY_BUDDY or page[2] != order:
                        self.wrong.append(f'{what}: {pfn:#x} says type {page[1]:#x}, '
                                          f'order {page[2]}')
                    found.append((pfn, order))
                    on_order += 1
                    counted += (migratetype != ISOLATE) << order
            nr_free = dump.word(area + types.offset('free_area', 'nr_free'))
            if nr_free != on_order:
                self.wrong.append(f'zone {zone.index}, order {order}: nr_free is {nr_free}, '
                                  f'{on_order} blocks are on its lists')
        free = self.nr_free_pages(zone)
        if free != counted:
            self.wrong.append(f'zone {zone.index}: NR_FREE_PAGES is {free}, its lists have {counted}')
        return found

    def nr_free_pages(self, zone):
        """NR_FREE_PAGES, the first item, with what each CPU has not yet added."""
        types, dump = self.types, self.dump
        value = dump.word(zone.address + types.offset('zone', 'vm_stat'))
        stats = dump.word(zone.address + types.offset('zone', 'per_cpu_zonestats'))
        for cpu in range(2):
            at = (stats + dump.word(types.symbols['__per_cpu_offset'] + 8 * cpu) +
                  types.offset('per_cpu_zonestat', 'vm_stat_diff')) % (1 << 64)
            value += struct.unpack('<b', dump.virt(at, 1))[0]
        return value - (1 << 64) if value >> 63 else value

    def on_pcp(self):
        """(pfn, order) of every block on a per-CPU list; what its lists hold against its count."""
        types, dump = self.types, self.dump
        for zone in self.zones:
            for cpu in range(2):
                base = (zone.pageset +
                        dump.word(types.symbols['__per_cpu_offset'] + 8 * cpu)) % (1 << 64)
                pages = 0
                for index in range(14):
                    # Orders 0 to 3 by three migratetypes, and two lists of order 9.
                    order = index // NR_PCP_TYPES if index < 12 else 9
                    what = f'zone {zone.index}, cpu {cpu}, order {order}'
                    for pfn in self.walk(base + types.offset('per_cpu_pages', 'lists') +
                                         16 * index, what):
                        if pfn & (1 << order) - 1:
                            self.wrong.append(f'{what}: block {pfn:#x} is not aligned')
                        pages += 1 << order
                        yield pfn, order
                count, = struct.unpack('<i', dump.virt(
                    base + types.offset('per_cpu_pages', 'count'), 4))
                if count != pages:
                    self.wrong.append(f'zone {zone.index}, cpu {cpu}: count is {count}, '
                                      f'{pages} pages are on its lists')

    def marked(self, end):
        """The pages with PG_hwpoison, below END."""
        bit = int(self.dump.info['NUMBER(PG_hwpoison)'])
        per_page, found = 4096 // self.size, []
        for first in range(0, end, per_page):
            try:
                data = self.dump.virt(VMEMMAP + first * self.size, 4096)
            except ValueError:
                continue
            for i in range(per_page):
                flags, = struct.unpack_from('<Q', data, i * self.size)
                # What was never initialised has all bits set.
                if flags >> bit & 1 and flags != (1 << 64) - 1:
                    found.append(first + i)
        return found


def check_marks(dump, lists, bad, known, end):
    """The marks of the pages BAD, which a freed folio held; KNOWN are all that the guest made."""
    wrong, lru = [], int(dump.info['NUMBER(PG_lru)'])
    marked, heads = set(lists.marked(end)), {pfn for pfn, _ in lists.blocks}
    wrong += [f'bad page {pfn:#x} has no mark' for pfn in sorted(set(bad) - marked)]
    wrong += [f'page {pfn:#x} is marked, and no error was made in it'
              for pfn in sorted(marked - set(known))]
    for pfn in sorted(set(bad) & marked):
        refcount, kind, _, tail = dump.page(pfn)
        flags = dump.word(VMEMMAP + pfn * lists.size)
        if refcount == 0 and tail:
            wrong.append(f'bad page {pfn:#x} is a tail of no folio')
        if refcount == 0 and flags >> lru & 1:
            wrong.append(f'bad page {pfn:#x} has PG_lru')
        if refcount == 0 and kind >> 24 == PGTY_BUDDY and pfn not in heads:
            wrong.append(f'bad page {pfn:#x} has the type of a free block, and is on no list')
    counter = dump.word(lists.types.symbols['num_poisoned_pages'])
    if counter != len(marked):
        wrong.append(f'num_poisoned_pages is {counter}, {len(marked)} pages are marked')
    return wrong
