#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A second opinion: list every free block of a QEMU ELF dump, in Python alone.

Nothing here uses or copies the program under test. The dump is mapped into
memory, virtual addresses go through the guest's own page tables, symbols come
from the guest's kallsyms tables and types from its BTF blob, which is found by
its magic number.

    oracle.py DUMP      one line a free block
"""
import bisect
import collections
import mmap
import struct
import sys

PAGE = 4096
PT_LOAD, PT_NOTE = 1, 4
ADDRESS_BITS = 0x000FFFFFFFFFF000
# The names after the last marker, up to 256 of them.
LAST_NAMES = 1 << 16
BTF_MAGIC = b'\x9f\xeb\x01\x00'

Block = collections.namedtuple('Block', 'pfn order nid zone migratetype cpu index')
Zone = collections.namedtuple('Zone', 'nid index name start spanned managed address')


class Wrong(Exception):
    """The dump is not what this small reader expects."""


class Dump:
    """Bytes of a dump by physical or by virtual address."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.segments, self.info = [], {}
        # Where each page that was asked for is in memory, and in the file.
        self._translations, self._offsets = {}, {}
        self._read_headers()
        self.segments.sort(key=lambda segment: (segment[0], -segment[1]))
        # The kernel of a kdump names its image, and all memory with that in it.
        kept = []
        for start, size, offset in self.segments:
            if not kept or start + size > kept[-1][0] + kept[-1][1]:
                kept.append((start, size, offset))
        self.segments = kept
        self._starts = [s[0] for s in self.segments]
        if 'PAGESIZE' not in self.info:
            raise Wrong('no VMCOREINFO')
        self.page_shift = int(self.info['PAGESIZE']).bit_length() - 1
        self._walk = self._walk_arm64 if 'NUMBER(kimage_voffset)' in self.info else self._walk_x86
        self.levels = 5 if int(self.info.get('NUMBER(pgtable_l5_enabled)', 0)) else 4
        self.root = (self.symbol('swapper_pg_dir') - int(self.info['NUMBER(kimage_voffset)'], 16)
                     if 'NUMBER(kimage_voffset)' in self.info else
                     self.symbol('init_top_pgt') - 0xffffffff80000000 +
                     int(self.info['NUMBER(phys_base)']))

    def _read_headers(self):
        if self.map[:5] != b'\x7fELF\x02':
            raise Wrong('not a 64-bit ELF file')
        phoff, = struct.unpack_from('<Q', self.map, 32)
        size, count = struct.unpack_from('<HH', self.map, 54)
        for i in range(count):
            kind, _, offset, _, paddr, filesz, _, _ = struct.unpack_from(
                '<IIQQQQQQ', self.map, phoff + i * size)
            if kind == PT_LOAD:
                self.segments.append((paddr, filesz, offset))
            elif kind == PT_NOTE:
                self._read_notes(offset, offset + filesz)

    def _read_notes(self, at, end):
        while at + 12 <= end:
            namesz, descsz, _ = struct.unpack_from('<III', self.map, at)
            name = self.map[at + 12:at + 12 + namesz].rstrip(b'\0')
            desc = at + 12 + (namesz + 3) // 4 * 4
            if name == b'VMCOREINFO':
                self.info_at, self.info_size = desc, descsz
                self.info_name_at = at + 12
                text = self.map[desc:desc + descsz].decode('latin1')
                self.info = dict(x.split('=', 1) for x in text.split('\n') if '=' in x)
            at = desc + (descsz + 3) // 4 * 4

    def symbol(self, name):
        return int(self.info[f'SYMBOL({name})'], 16)

    def phys_offset(self, paddr):
        """Where in the file the byte at a physical address is, or None."""
        i = bisect.bisect_right(self._starts, paddr) - 1
        if i < 0:
            return None
        start, size, offset = self.segments[i]
        return offset + paddr - start if paddr - start < size else None

    def phys_u64(self, paddr):
        offset = self.phys_offset(paddr)
        if offset is None:
            raise Wrong(f'no memory at {paddr:#x}')
        return struct.unpack_from('<Q', self.map, offset)[0]

    def _walk_arm64(self, va):
        """Arm's DDI 0487, D8.3, for as many bits of an address as TCR_EL1.T1SZ leaves. With 52
        of them and pages of 4 or 16 KiB, TCR_EL1.DS is set."""
        shift, bits = self.page_shift, 64 - int(self.info['NUMBER(TCR_EL1_T1SZ)'], 16)
        strides = list(range(shift, bits, shift - 3))[::-1]
        wide, table = bits == 52 and shift < 16, self.root
        for at in strides:
            index = (va & (1 << bits) - 1) >> at
            if at != strides[0]:
                index &= (1 << shift - 3) - 1
            entry = self.phys_u64(table + 8 * index)
            if not entry & 1 or (at == shift and not entry & 2):
                raise Wrong(f'{va:#x} is not mapped')
            table = entry & ((1 << (50 if wide else 48)) - (1 << shift))
            if wide:
                table |= (entry >> 8 & 3) << 50
            elif shift == 16:
                table |= (entry >> 12 & 15) << 48
            if at == shift or not entry & 2:
                low = (1 << at) - 1
                return (table & ~low) | (va & low)
        raise Wrong('unreachable')

    def _walk_x86(self, va):
        table = self.root & ADDRESS_BITS
        for level in range(self.levels - 1, -1, -1):
            shift = 12 + 9 * level
            entry = self.phys_u64(table + (va >> shift & 511) * 8)
            if not entry & 1:
                raise Wrong(f'{va:#x} is not mapped')
            if level == 0 or (level < 3 and entry & 0x80):
                low = (1 << shift) - 1
                return (entry & ADDRESS_BITS & ~low) | (va & low)
            table = entry & ADDRESS_BITS
        raise Wrong('unreachable')

    def va_to_phys(self, va):
        page = va & -PAGE
        if page not in self._translations:
            self._translations[page] = self._walk(page)
        return self._translations[page] + va - page

    def offset(self, va):
        """Where in the file the byte at a virtual address is."""
        page = va & -PAGE
        start = self._offsets.get(page)
        if start is None:
            start = self._offsets[page] = self.phys_offset(self.va_to_phys(page))
            if start is None:
                raise Wrong(f'{va:#x} is not in the dump')
        return start + va - page

    def read(self, va, size):
        parts = []
        while size:
            n = min(size, PAGE - va % PAGE)
            at = self.offset(va)
            parts.append(self.map[at:at + n])
            va, size = va + n, size - n
        return b''.join(parts)

    def read_some(self, va, size):
        """Zeros where nothing is mapped."""
        parts = []
        for at in range(va, va + size, PAGE):
            try:
                parts.append(self.read(at, PAGE))
            except Wrong:
                parts.append(bytes(PAGE))
        return b''.join(parts)[:size]

    def number(self, va, form):
        return struct.unpack_from('<' + form, self.map, self.offset(va))[0]

    def u64(self, va):
        return self.number(va, 'Q')


class Kallsyms:
    """Name to address, from the tables that the kernel keeps of itself."""

    def __init__(self, dump):
        self.dump = dump
        if 'SYMBOL(kallsyms_num_syms)' not in dump.info:
            self._find()
        count = dump.number(dump.symbol('kallsyms_num_syms'), 'I')
        self.names = self._names(count)
        offsets = dump.read(dump.symbol('kallsyms_offsets'), 4 * count)
        self.offsets = struct.unpack(f'<{count}i', offsets)
        self.index = {}
        for i, name in enumerate(self.names):
            self.index.setdefault(name[1:], i)
        self._choose_scheme()

    def _find(self):
        """Before 6.0 nothing names the tables. The tokens of the ten digits are the digits, as other
        text may be; from there their order in 5.10 leads on: offsets, base, number, names, markers,
        tokens, index."""
        first, last = self.dump.symbol('_stext'), self.dump.symbol('init_uts_ns')
        text = self.dump.read_some(first, last - first)
        digits, at, tables = b''.join(b'%d\0' % d for d in range(10)), 0, None
        while not tables:
            at = text.index(digits, at) + 1
            tables = self._tables(text, at - 1)
        for name, where in tables.items():
            self.dump.info[f'SYMBOL(kallsyms_{name})'] = f'{first + where:x}'

    def _tables(self, text, digits):
        """Where they are if these are the tokens of the digits; None if the names do not agree."""
        at = digits
        for _ in range(ord('0')):
            at = text.rindex(0, 0, at - 1) + 1
        index = at
        for _ in range(256):
            index = text.index(0, index) + 1
        index = -(-index // 8) * 8
        words = struct.unpack(f'<{at // 4}I', text[:at // 4 * 4])
        end = len(words) - 1
        while not words[end]:
            end -= 1
        start = end
        while words[start]:
            start -= 1
        names = 4 * start - words[end] - 8
        lowest = max(8, names - LAST_NAMES)
        while names >= lowest:
            if (-(-words[names // 4 - 2] // 256) == end - start + 1 and
                    self._meets(text, names, words[start:end + 1])):
                size = -(-words[names // 4 - 2] // 2) * 8
                return {'names': names, 'num_syms': names - 8, 'relative_base': names - 16,
                        'offsets': names - 16 - size, 'token_table': at, 'token_index': index}
            names -= 8
        return None

    @staticmethod
    def _meets(text, at, markers):
        """Do the names at this place meet every marker?"""
        start = at
        for marker in markers:
            if at - start != marker:
                return False
            for _ in range(256):
                if at >= len(text):
                    return False
                at += text[at] + 1
        return True

    def _tokens(self):
        table = self.dump.symbol('kallsyms_token_table')
        index = self.dump.symbol('kallsyms_token_index')
        starts = struct.unpack('<256H', self.dump.read(index, 512))
        text = self.dump.read(table, starts[-1] + 64)
        return [text[s:text.index(0, s)] for s in starts]

    def _names(self, count):
        tokens = self._tokens()
        start = self.dump.symbol('kallsyms_names')
        # The token tables follow the names on every kernel seen; two million
        # bytes more are enough on any.
        text = self.dump.read(start, 24 * count)
        names, at = [], 0
        for _ in range(count):
            length, at = text[at], at + 1
            if length & 0x80:
                length, at = (length & 0x7f) | text[at] << 7, at + 1
            names.append(b''.join([tokens[c] for c in text[at:at + length]]))
            at += length
        return names

    def _choose_scheme(self):
        base = 0
        if 'SYMBOL(kallsyms_relative_base)' in self.dump.info:
            base = self.dump.u64(self.dump.symbol('kallsyms_relative_base'))
        table = self.dump.symbol('kallsyms_offsets')
        schemes = (
            lambda i, v: table + 4 * i + v,
            lambda i, v: base + (v & 0xffffffff),
            lambda i, v: v if v >= 0 else base - 1 - v,
        )
        i = self.index[b'_stext']
        for scheme in schemes:
            if scheme(i, self.offsets[i]) == self.dump.symbol('_stext'):
                self.scheme = scheme
                return
        raise Wrong('kallsyms: _stext is nowhere')

    def __getitem__(self, name):
        i = self.index[name.encode()]
        return self.scheme(i, self.offsets[i])

    def __contains__(self, name):
        return name.encode() in self.index


class Btf:
    """Offsets of members, by the names of structures."""

    # Bytes after a type's header: fixed, and for each of vlen elements.
    EXTRA = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8),
             14: (4, 0), 15: (0, 12), 17: (4, 0), 19: (0, 12)}

    def __init__(self, dump):
        for start, size in self._candidates(dump):
            blob = dump.map[start:start + size]
            if b'\0pglist_data\0' not in blob:
                continue
            self.start, self.blob = start, blob
            self.type_start = self.start + self.hdr_len + self.type_off
            self.str_start = self.start + self.hdr_len + self.str_off
            # A process that had read it leaves its pages in no order; that may even parse.
            try:
                self._parse()
            except (ValueError, struct.error):
                continue
            if (4, 'page') in self.by_name and (4, 'zone') in self.by_name:
                return
        raise Wrong('no BTF')

    def _candidates(self, dump):
        """Every place in physical memory that starts as a BTF blob does."""
        for _, filesz, offset in dump.segments:
            at = dump.map.find(BTF_MAGIC, offset, offset + filesz)
            while at >= 0:
                header = struct.unpack_from('<IIIII', dump.map, at + 4)
                hdr_len, type_off, type_len, str_off, str_len = header
                size = hdr_len + str_off + str_len
                if (hdr_len == 24 and type_off == 0 and type_len == str_off and
                        size > 1 << 20 and at + size <= offset + filesz):
                    self.hdr_len, self.type_off = hdr_len, type_off
                    self.type_len, self.str_off, self.str_len = type_len, str_off, str_len
                    yield at, size
                at = dump.map.find(BTF_MAGIC, at + 1, offset + filesz)

    def _name(self, offset):
        start = self.hdr_len + self.str_off + offset
        return self.blob[start:self.blob.index(0, start)].decode()

    def _parse(self):
        self.types, self.by_name = [None], {}
        at, end = self.hdr_len + self.type_off, self.hdr_len + self.type_off + self.type_len
        while at < end:
            name, info, size = struct.unpack_from('<III', self.blob, at)
            kind, vlen = info >> 24 & 31, info & 0xffff
            self.types.append((kind, vlen, info >> 31, name, size, at + 12))
            if name and kind in (4, 5, 6):
                self.by_name.setdefault((kind, self._name(name)), len(self.types) - 1)
            fixed, each = self.EXTRA.get(kind, (0, 0))
            at += 12 + fixed + each * vlen

    def _members(self, number):
        kind, vlen, flag, _, _, at = self.types[number]
        for i in range(vlen):
            name, kind, offset = struct.unpack_from('<III', self.blob, at + 12 * i)
            yield self._name(name), kind, (offset & 0xffffff if flag else offset) // 8

    def _resolve(self, number):
        while self.types[number][0] in (8, 9, 10, 11, 18):
            number = self.types[number][4]
        return number

    def _find(self, number, member):
        for name, kind, offset in self._members(number):
            kind = self._resolve(kind)
            if name == member:
                return offset, kind
            if not name and self.types[kind][0] in (4, 5):
                found = self._find(kind, member)
                if found:
                    return offset + found[0], found[1]
        return None

    def struct(self, name):
        return self.by_name[4, name]

    def size(self, name):
        return self.types[self.struct(name)][4]

    def has(self, name, member):
        return (4, name) in self.by_name and self._find(self.struct(name), member) is not None

    def offset(self, name, member):
        found = self._find(self.struct(name), member)
        if not found:
            raise Wrong(f'no {name}.{member}')
        return found[0]

    def has(self, name, member):
        return bool(self._find(self.struct(name), member))

    def length(self, name, member):
        """Number of elements of a member that is an array."""
        _, kind = self._find(self.struct(name), member)
        return struct.unpack_from('<III', self.blob, self.types[kind][5])[2]

    def enum(self, name):
        """Enumerators of an enum: {name: value}."""
        _, vlen, _, _, _, at = self.types[self.by_name[6, name]]
        pairs = (struct.unpack_from('<Ii', self.blob, at + 8 * i) for i in range(vlen))
        return {self._name(n): v for n, v in pairs}

    def type_offset(self, name):
        """Where in the file a structure's description starts."""
        return self.start + self.types[self.struct(name)][5] - 12


class Oracle:
    """The free lists of every zone and CPU."""

    def __init__(self, path):
        self.dump, self._blocks = Dump(path), None
        self.symbols = Kallsyms(self.dump)
        self.btf = Btf(self.dump)
        info = self.dump.info
        self.page_size = self.btf.size('page')
        self.lru = self.btf.offset('page', 'lru')
        self.vmemmap = (self.dump.symbol('vmemmap') if 'SYMBOL(vmemmap)' in info
                        else self.dump.u64(self.symbols['vmemmap_base']))
        # None: a kernel that cannot mark pages.
        self.hwpoison = int(info.get('NUMBER(PG_hwpoison)', 0)) or None
        self.migratetypes = self._migratetype_names()
        self.zones = list(self._zones())

    def _migratetype_names(self):
        names = {}
        for name, value in self.btf.enum('migratetype').items():
            if name not in ('MIGRATE_PCPTYPES', 'MIGRATE_TYPES', '__MIGRATE_TYPE_END'):
                names.setdefault(value, name.removeprefix('MIGRATE_').lower())
        return names

    def page(self, pfn):
        """Virtual address of a struct page."""
        return self.vmemmap + pfn * self.page_size

    def page_at(self, pfn):
        """The same in the file."""
        return self.dump.offset(self.page(pfn))

    def pfn_of(self, lru):
        pfn, rest = divmod(lru - self.lru - self.vmemmap, self.page_size)
        if rest or pfn < 0:
            raise Wrong(f'{lru:#x} is not in a struct page')
        return pfn

    def poisoned_in(self, block):
        """The pfns of a block whose struct pages have PG_hwpoison."""
        if self.hwpoison is None:
            return
        flag = self.btf.offset('page', 'flags') + self.hwpoison // 8
        end, pfn = block.pfn + (1 << block.order), block.pfn
        while pfn < end:
            va = self.page(pfn)
            n = min(end - pfn, max(1, (PAGE - va % PAGE) // self.page_size))
            words = self.dump.read(va, n * self.page_size)[flag::self.page_size]
            for i, byte in enumerate(words):
                if byte >> self.hwpoison % 8 & 1:
                    yield pfn + i
            pfn += n

    def nodes(self):
        # Not in the VMCOREINFO of arm64.
        table = self.symbols['node_data']
        for nid in range(self.dump.number(self.symbols['nr_node_ids'], 'I')):
            pgdat = self.dump.u64(table + 8 * nid)
            if pgdat:
                yield nid, pgdat

    def _zones(self):
        size = self.btf.size('zone')
        for nid, pgdat in self.nodes():
            count = self.dump.number(pgdat + self.btf.offset('pglist_data', 'nr_zones'), 'i')
            for i in range(count):
                at = pgdat + self.btf.offset('pglist_data', 'node_zones') + i * size
                words = [self.dump.u64(at + self.btf.offset('zone', m)) for m in
                         ('name', 'zone_start_pfn', 'spanned_pages', 'managed_pages')]
                if words[2]:
                    name = self.dump.read(words[0], 16).split(b'\0')[0].decode()
                    yield Zone(nid, i, name, *words[1:], at)

    def list_head(self, zone, order, migratetype):
        return (zone.address + self.btf.offset('zone', 'free_area') +
                order * self.btf.size('free_area') + migratetype * 16)

    def nr_free_at(self, zone, order):
        """Address of the number of free blocks that the zone counts."""
        return (zone.address + self.btf.offset('zone', 'free_area') +
                order * self.btf.size('free_area') + self.btf.offset('free_area', 'nr_free'))

    def _walk(self, head):
        """The pfns on a list, which is whole and doubly linked."""
        before, link, seen = head, self.dump.u64(head), set()
        while link != head:
            if link in seen or self.dump.u64(link + 8) != before:
                raise Wrong(f'list at {head:#x} is torn at {link:#x}')
            seen.add(link)
            yield self.pfn_of(link)
            before, link = link, self.dump.u64(link)

    def buddy_blocks(self):
        for zone in self.zones:
            for order in range(self.btf.length('zone', 'free_area')):
                for mt in range(self.btf.length('free_area', 'free_list')):
                    for pfn in self._walk(self.list_head(zone, order, mt)):
                        yield Block(pfn, order, zone.nid, zone.name,
                                    self.migratetypes[mt], None, None)

    def cpus(self):
        return range(self.dump.number(self.symbols['nr_cpu_ids'], 'I'))

    def pcp(self, zone, cpu):
        """Address of a zone's struct per_cpu_pages of one CPU."""
        old = self.btf.has('zone', 'pageset')
        member = 'pageset' if old else 'per_cpu_pageset'
        base = self.dump.u64(zone.address + self.btf.offset('zone', member))
        # Up to 5.13 it is part of a struct per_cpu_pageset.
        base += self.btf.offset('per_cpu_pageset', 'pcp') if old else 0
        shift = self.dump.u64(self.symbols['__per_cpu_offset'] + 8 * cpu)
        return (base + shift) % 2 ** 64

    def pcp_head(self, zone, cpu, index):
        return self.pcp(zone, cpu) + self.btf.offset('per_cpu_pages', 'lists') + 16 * index

    def pcp_order(self, index):
        """Order and migratetype: three types for each of the orders 0-3, then huge
        pages; of two lists for these, the last one holds the movable blocks."""
        if index < 12:
            return index // 3, self.migratetypes[index % 3]
        return self.dump.page_shift - 3, 'movable' if index == 13 else None

    def pcp_blocks(self):
        lists = self.btf.length('per_cpu_pages', 'lists')
        for zone in self.zones:
            for cpu in self.cpus():
                for index in range(lists):
                    order, mt = self.pcp_order(index)
                    for pfn in self._walk(self.pcp_head(zone, cpu, index)):
                        yield Block(pfn, order, zone.nid, zone.name, mt, cpu, index)

    def pcp_count(self, zone, cpu):
        at = self.pcp(zone, cpu) + self.btf.offset('per_cpu_pages', 'count')
        return self.dump.number(at, 'i')

    def blocks(self):
        """Those of the dump as it was when it was asked for them first."""
        if self._blocks is None:
            self._blocks = [*self.buddy_blocks(), *self.pcp_blocks()]
        return self._blocks


class Kinds:
    """Allocated pages, distinguished by their struct pages alone."""

    def __init__(self, eye):
        self.eye = eye
        btf, info = eye.btf, eye.dump.info
        self.at = {m: btf.offset('page', m) for m in ('flags', '_mapcount', '_refcount',
                                                      'mapping')}
        self.head = btf.offset('page', 'lru')
        self.flag = {name: 1 << value for name, value in btf.enum('pageflags').items()}
        self.slab = info.get('NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)')
        # A page table has a bit clear on 6.1, and its number in the top byte later. Up to 5.10 it was the
        # next bit, since pages charged to a cgroup had one too: they name that in mem_cgroup.
        self.old_types = 'NUMBER(PG_slab)' in info
        self.table_bit = 0x400 if btf.has('page', 'mem_cgroup') else 0x200
        self.table = None if self.old_types else btf.enum('pagetype')['PGTY_table'] & 0xff

    def of(self, pfn):
        """The state that a mark on this page must have, or None if it is not clear."""
        try:
            return self._of(self.eye.page(pfn))
        except Wrong:
            return None

    def _of(self, va):
        page = self.eye.dump.read(va, self.eye.page_size)
        flags, low, mapping = (struct.unpack_from('<Q', page, at)[0] for at in
                               (self.at['flags'], self.head, self.at['mapping']))
        kind, = struct.unpack_from('<I', page, self.at['_mapcount'])
        count, = struct.unpack_from('<i', page, self.at['_refcount'])
        if low & 1 or flags == 2 ** 64 - 1:
            return None
        if flags & self.flag['PG_reserved']:
            return 'reserved' if count > 0 else None
        if self.is_slab(flags, kind):
            return 'slab'
        if self.is_table(kind):
            return 'pgtable' if count > 0 else None
        if flags & self.flag['PG_head'] or count <= 0:
            return None
        if flags & self.flag['PG_lru'] and mapping and kind < 0x80000000:
            return 'in-use'
        return 'not leaked'

    def is_slab(self, flags, kind):
        if self.old_types:
            return bool(flags & self.flag['PG_slab'])
        return kind >> 24 == int(self.slab) >> 24 & 0xff

    def is_table(self, kind):
        if self.old_types:
            return kind & (0xf0000000 | self.table_bit) == 0xf0000000
        return kind >> 24 == self.table


def main():
    oracle = Oracle(sys.argv[1])
    for block in oracle.blocks():
        where = '-' if block.cpu is None else f'cpu{block.cpu}/{block.index}'
        print(f'{block.pfn:#x} {block.order} {block.nid} {block.zone} '
              f'{block.migratetype} {where}')


if __name__ == '__main__':
    main()
