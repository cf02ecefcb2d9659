#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""A real dump with a part of its memory gone or nonsense: never a crash or a hang, and
never a calm verdict over what could not be read.

The oracle says where what is to be corrupted stands. HWP_SEED=N corrupts other bytes,
HWP_KERNELS="6.1 7.3" takes these kernels alone, HWP_SHARE=N every Nth case.
"""
import os
import pathlib
import random
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import bad
import base
import hwp
import kdump
import oracle

SEED = int(os.environ.get('HWP_SEED', 20260623))
# Each with the number of nodes that its dump has at least.
KERNELS = {'6.1': 1, '6.12': 2, '7.3': 1}
FUZZ_RUNS = 12
NOWHERE = {'null': 0, 'not canonical': 0xdead000000000100, 'ones': 2 ** 64 - 1,
           'unmapped': 0xffffc8ffffff0000}


class Bench:
    """One dump to corrupt, and what to corrupt in it."""

    def __init__(self, cases, name, directory, path):
        self.cases, self.name, self.directory, self.path = cases, name, directory, path
        self.eye = base.make_calm(directory, path)
        self.memory = bad.Memory(path)
        self.chance = random.Random(f'{SEED} {name}')
        # The zone and the CPU with most to walk.
        blocks = self.eye.blocks()
        self.buddy = [b for b in blocks if b.cpu is None]
        self.pcp = [b for b in blocks if b.cpu is not None]

    def case(self, what, expect, *writes):
        """Write (address, bytes), run, put back."""
        if not bad.is_tried():
            return
        with base.patched(self.path) as patch:
            for address, data in writes:
                patch.write(self.eye.dump.offset(address), data)
            self.cases.report(f'{self.name}: {what}', expect())

    def word(self, what, expect, address, value):
        self.case(what, expect, (address, struct.pack('<Q', value % 2 ** 64)))

    def half(self, what, expect, address, value):
        self.case(what, expect, (address, struct.pack('<I', value % 2 ** 32)))

    def member(self, pfn, name):
        return self.eye.page(pfn) + self.eye.btf.offset('page', name)

    def lru(self, pfn):
        return self.eye.page(pfn) + self.eye.lru

    def a_list(self, blocks, least=3):
        """Blocks in the order of one list that has some."""
        lists = {}
        for block in blocks:
            lists.setdefault(block[1:], []).append(block)
        return max((x for x in lists.values() if len(x) >= least), key=len)

    def a_zone(self, block):
        return next(z for z in self.eye.zones if (z.nid, z.name) == (block.nid, block.zone))


def lists(bench, what, blocks):
    """Everything that can be wrong with the links of one list."""
    run = bench.memory
    chain = bench.a_list(blocks)
    first, second, last = chain[0], chain[1], chain[-1]
    middle = chain[len(chain) // 2]
    bench.word(f'{what} that points to itself', run.not_calm, bench.lru(middle.pfn),
               bench.lru(middle.pfn))
    bench.word(f'{what} with a cycle to its start', run.not_calm, bench.lru(last.pfn),
               bench.lru(first.pfn))
    bench.word(f'{what} with a cycle of two', run.not_calm, bench.lru(second.pfn),
               bench.lru(first.pfn))
    for name, value in NOWHERE.items():
        bench.word(f'{what} with a link to nowhere ({name})', run.not_calm,
                   bench.lru(middle.pfn), value)
    bench.word(f'{what} with a link into the middle of a struct page', run.not_calm,
               bench.lru(middle.pfn), bench.lru(last.pfn) + 4)
    bench.word(f'{what} with a link back to nowhere', run.not_calm, bench.lru(middle.pfn) + 8,
               NOWHERE['not canonical'])
    other = next(b for b in blocks if b.order != middle.order)
    bench.word(f'{what} that goes on in another list', run.not_calm, bench.lru(middle.pfn),
               bench.lru(other.pfn))
    bench.word(f'{what} with a link to an allocated page', run.not_calm, bench.lru(middle.pfn),
               bench.lru(first_of_kind(bench)))


def first_of_kind(bench):
    """A page of the kernel's own text: reserved, on no list."""
    return bench.eye.dump.va_to_phys(bench.eye.dump.symbol('_stext')) >> 12


def buddy(bench):
    run, eye = bench.memory, bench.eye
    lists(bench, 'free list', bench.buddy)
    chain = bench.a_list(bench.buddy)
    block = chain[0]
    zone = bench.a_zone(block)
    for order in (99, 2 ** 63, (block.order + 1) % 11):
        bench.word(f'free block of order {order} in the list of {block.order}', run.not_calm,
                   bench.member(block.pfn, 'private'), order)
    bench.half('free block with no type', run.not_calm, bench.member(block.pfn, '_mapcount'),
               2 ** 32 - 1)
    head = eye.list_head(zone, block.order, list(eye.migratetypes.values()).index(
        block.migratetype))
    for name, value in NOWHERE.items():
        bench.word(f'list head that points to nowhere ({name})', run.not_calm, head, value)
    bench.word('list head that points to itself', run.not_calm, head, head)
    for count in (2 ** 40, 2 ** 64 - 1, 0, len(chain) + 1):
        bench.word(f'nr_free of {count:#x}', run.not_calm, eye.nr_free_at(zone, block.order),
                   count)


def per_cpu(bench):
    run, eye = bench.memory, bench.eye
    lists(bench, 'per-CPU list', bench.pcp)
    block = bench.a_list(bench.pcp)[0]
    zone = bench.a_zone(block)
    head = eye.pcp_head(zone, block.cpu, block.index)
    count = eye.pcp(zone, block.cpu) + eye.btf.offset('per_cpu_pages', 'count')
    for name, value in NOWHERE.items():
        bench.word(f'per-CPU list head to nowhere ({name})', run.not_calm, head, value)
        bench.word(f'per_cpu_pageset at nowhere ({name})', run.not_calm,
                   zone.address + eye.btf.offset('zone', 'per_cpu_pageset'), value)
        bench.word(f'__per_cpu_offset of nowhere ({name})', run.not_calm,
                   eye.symbols['__per_cpu_offset'] + 8 * block.cpu, value)
    bench.half('per-CPU count too large', run.not_calm, count, 2 ** 31 - 1)
    bench.half('per-CPU count negative', run.not_calm, count, 2 ** 32 - 5)
    bench.word('per-CPU list emptied', run.not_calm, head, head)
    for number in (2 ** 31, 2 ** 32 - 1):
        bench.half(f'nr_cpu_ids of {number}', run.incomplete, eye.symbols['nr_cpu_ids'], number)


def zones(bench):
    run, eye = bench.memory, bench.eye
    zone = bench.a_zone(bench.buddy[-1])
    table = eye.dump.symbol('node_data')
    pgdat = dict(eye.nodes())[zone.nid]
    for name, value in NOWHERE.items():
        if value:
            bench.word(f'node_data at nowhere ({name})', run.incomplete,
                       table + 8 * zone.nid, value)
            bench.word(f'node_data of a node more ({name})', run.not_calm, table + 8 * 5, value)
    # Each list of it would be walked once for each time.
    bench.case('node_data of one node everywhere', run.incomplete,
               (table, struct.pack('<Q', pgdat) * 64))
    # A node that is online and has no structure is a hole as well.
    bench.word('node_data gone', run.not_calm, table + 8 * zone.nid, 0)
    for number in (1000, 2 ** 31, 2 ** 32 - 1):
        bench.half(f'nr_zones of {number}', run.not_calm,
                   pgdat + eye.btf.offset('pglist_data', 'nr_zones'), number)
    for member, values in {'spanned_pages': (2 ** 50, 2 ** 64 - 1, 1),
                           'zone_start_pfn': (2 ** 50, 2 ** 64 - 1)}.items():
        for value in values:
            bench.word(f'{member} of {value:#x}', run.not_calm,
                       zone.address + eye.btf.offset('zone', member), value)
    for name, value in NOWHERE.items():
        bench.word(f'zone name at nowhere ({name})', run.any_end,
                   zone.address + eye.btf.offset('zone', 'name'), value)


def memmap(bench):
    run, eye = bench.memory, bench.eye
    sections = eye.dump.symbol('mem_section')
    size = eye.btf.size('mem_section')
    for name, value in NOWHERE.items():
        bench.word(f'mem_section root at nowhere ({name})', run.incomplete, sections, value)
    root = eye.dump.u64(sections)
    room = (4096 - sections % 4096) // 8
    bench.case(f'{room} mem_section roots that are one', run.incomplete,
               (sections, struct.pack('<Q', root) * room))
    for name, value in {'ones': 2 ** 64 - 1, 'flags alone': 7,
                        'random': bench.chance.randrange(2 ** 64) | 7}.items():
        bench.word(f'section_mem_map of {name}', run.any_end, root + 2 * size, value)
    middle = bench.a_zone(bench.buddy[-1]).start & -64
    start = eye.page(middle) & -4096
    for pages in (1, 64):
        data = {'zeros': bytes(4096 * pages), 'ones': b'\xff' * 4096 * pages,
                'random bytes': bench.chance.randbytes(4096 * pages)}
        for name, bytes_ in data.items():
            expect = run.not_calm if name != 'random bytes' else run.any_end
            bench.case(f'{pages} pages of the memmap full of {name}', expect,
                       *[(start + 4096 * i, bytes_[4096 * i:4096 * i + 4096])
                         for i in range(pages)])
    whole = range(start, eye.page(middle + 0x8000), 4096)
    for name, byte in (('zeros', b'\0'), ('ones', b'\xff')):
        bench.case(f'a section of the memmap full of {name}', run.not_calm,
                   *[(va, byte * 4096) for va in whole])


def excluded_memmap(bench, work):
    """Struct pages that the dump does not hold at all, as ELF and as kdump."""
    eye = bench.eye
    zone = bench.a_zone(bench.buddy[-1])
    start = eye.page(zone.start + zone.spanned // 2) & -4096
    lost = {eye.dump.va_to_phys(va) >> 12 for va in range(start, start + 16 * 4096, 4096)}
    for name, pfns in (('16 pages', lost), ('1 page', {min(lost)})):
        path = work / 'excluded'
        split_elf(bench, path, pfns)
        bench.cases.report(f'{bench.name}: {name} of the memmap in no segment',
                           excluded(bench.memory, path))
        calm = changed_pages(bench)
        source = work / 'source'
        original = base.kdump_of(bench.directory)
        if original.read_bytes()[:12] == b'makedumpfile':
            kdump.unflatten(original, source)
        else:
            shutil.copyfile(original, source)
        kdump.rewrite(source, path, calm, pfns)
        bench.cases.report(f'{bench.name}: {name} of the memmap not in the kdump file',
                           excluded(bench.memory, path))
        path.unlink()
        source.unlink()


def split_elf(bench, path, pfns):
    """The calm dump again, with its segments split around some pages."""
    base.make(bench.directory, path, pfns.__contains__)
    eye = oracle.Dump(path)
    with open(path, 'r+b') as file:
        for pfn, page in changed_pages(bench).items():
            if pfn not in pfns:
                file.seek(eye.phys_offset(pfn * kdump.PAGE))
                file.write(page)


def changed_pages(bench):
    """{pfn: bytes} of what was changed to make the dump calm."""
    changed = {}
    for pfn, page in kdump.Kdump(base.kdump_of(bench.directory)).pages():
        offset = bench.eye.dump.phys_offset(pfn * kdump.PAGE)
        now = bench.eye.dump.map[offset:offset + kdump.PAGE]
        if now != page:
            changed[pfn] = now
    return changed


def excluded(memory, path):
    """Incomplete, and the coverage says how many struct pages could not be read."""
    done = bad.run('check', '--json', path)
    wrong = bad.survives(done)
    report = done.json()
    if not wrong and (done.status != 2 or not report or report.get('verdict') != 'incomplete'):
        return [f'exit status {done.status}, {report and report.get("verdict")}: {done.err}']
    if not wrong:
        coverage = report['coverage']
        gone = coverage['nr_excluded'] + coverage['nr_faulted']
        if not gone or coverage['nr_read'] + gone > coverage['nr_pages'] + 0:
            wrong.append(f'coverage {coverage}')
        states = {p['pfn']: p['state'] for p in memory.before['poisoned']}
        wrong += [f'{p["pfn"]:#x} is invented' for p in report['poisoned']
                  if p['pfn'] not in states]
    return wrong


def hugetlb(bench):
    """The list of raw errors of a HugeTLB folio."""
    run, eye = bench.memory, bench.eye
    folios = [f for f in run.before['folios'] if f['kind'] == 'hugetlb' and f['raw_hwp']]
    if not folios:
        bench.cases.skip(f'{bench.name}: raw_hwp_list', 'no HugeTLB folio holds poison')
        return
    folio = max(folios, key=lambda f: f['raw_hwp']['count'] or 0)
    page = eye.page(folio['head_pfn'])
    if eye.btf.has('folio', '_hugetlb_hwpoison'):
        head = page + eye.btf.offset('folio', '_hugetlb_hwpoison')
    else:
        head = page + 4 * eye.page_size + eye.btf.offset('page', 'private')
    first = eye.dump.u64(head)
    for name, value in NOWHERE.items():
        # The empty list of a flagged folio is no hole: a page that was poisoned before
        # the folio was made of it looks the same.
        expect = run.incomplete if value else run.noticed
        bench.word(f'raw_hwp_list at nowhere ({name})', expect, head, value)
        if value:
            bench.word(f'raw_hwp_list goes nowhere ({name})', run.incomplete, first, value)
    bench.word('raw_hwp_list that points to itself', run.not_calm, first, first)
    inside = eye.btf.offset('raw_hwp_page', 'page')
    for name, value in {**NOWHERE, 'of another folio': page - 64 * 4096}.items():
        bench.word(f'raw_hwp_page at a page that is not its folio\'s ({name})', run.not_calm,
                   first + inside, value)
    for symbol, value in (('hugetlb_max_hstate', 2 ** 30), ('hugetlb_max_hstate', 2 ** 32 - 1)):
        bench.half(f'{symbol} of {value}', run.any_end, eye.symbols[symbol], value)
    order = eye.symbols['hstates'] + eye.btf.offset('hstate', 'order')
    bench.half('hstate of order 2^31', run.any_end, order, 2 ** 31)


def kallsyms(bench):
    run, symbol = bench.memory, bench.eye.dump.symbol
    names, tokens = symbol('kallsyms_names'), symbol('kallsyms_token_table')
    index, number = symbol('kallsyms_token_index'), symbol('kallsyms_num_syms')
    offsets = symbol('kallsyms_offsets')
    for value in (0, 1, 2 ** 31, 2 ** 32 - 1):
        bench.half(f'kallsyms_num_syms of {value}', run.incomplete, number, value)
    for name, start, size, expect in (
            ('names', names, 65536, run.incomplete), ('token table', tokens, 512, run.incomplete),
            ('token index', index, 512, run.incomplete), ('offsets', offsets, 65536, run.any_end)):
        for what, data in (('zeros', bytes(size)), ('ones', b'\xff' * size),
                           ('random bytes', bench.chance.randbytes(size))):
            bench.case(f'kallsyms {name} of {what}', expect, *by_pages(start, data))
    for i in range(FUZZ_RUNS):
        at = bench.chance.choice((names, tokens, index, offsets)) + bench.chance.randrange(512)
        bench.case(f'kallsyms with 16 random bytes, {i}', run.any_end,
                   *by_pages(at, bench.chance.randbytes(16)))


def by_pages(va, data):
    """Writes that do not cross a page."""
    while data:
        n = min(len(data), 4096 - va % 4096)
        yield va, data[:n]
        va, data = va + n, data[n:]


def btf(bench):
    """The blob is at known offsets of the file, in one piece."""
    run, types = bench.memory, bench.eye.btf

    def case(what, expect, offset, data):
        if not bad.is_tried():
            return
        with base.patched(bench.path) as patch:
            patch.write(offset, data)
            bench.cases.report(f'{bench.name}: BTF with {what}', expect())

    case('no magic', run.incomplete, types.start, b'\0\0\0\0')
    for name, at in (('hdr_len', 4), ('type_off', 8), ('type_len', 12), ('str_off', 16),
                     ('str_len', 20)):
        for value in (0, 2 ** 31, 2 ** 32 - 1):
            case(f'{name} of {value}', run.any_end, types.start + at, struct.pack('<I', value))
    for name, byte in (('zeros', b'\0'), ('ones', b'\xff')):
        case(f'types of {name}', run.incomplete, types.type_start, byte * types.type_len)
        case(f'strings of {name}', run.incomplete, types.str_start, byte * types.str_len)
    for name in ('page', 'zone', 'pglist_data', 'free_area', 'per_cpu_pages'):
        at = types.type_offset(name)
        case(f'struct {name} of size 0', run.any_end, at + 8, bytes(4))
        case(f'struct {name} of 65535 members', run.any_end, at + 4, b'\xff\xff')
        case(f'struct {name} a member of itself', run.any_end, at + 16,
             struct.pack('<I', types.struct(name)))
        for i in range(FUZZ_RUNS // 4):
            case(f'random bytes in struct {name}, {i}', run.any_end,
                 at + 4 + bench.chance.randrange(32), bench.chance.randbytes(8))
    for i in range(FUZZ_RUNS):
        size = bench.chance.choice((16, 4096, 65536))
        for name, start, length in (('types', types.type_start, types.type_len),
                                    ('strings', types.str_start, types.str_len)):
            case(f'{size} random bytes in its {name}, {i}', run.any_end,
                 start + bench.chance.randrange(length - size), bench.chance.randbytes(size))


def vmcoreinfo(bench):
    run, dump = bench.memory, bench.eye.dump

    def case(what, expect, text):
        if not bad.is_tried():
            return
        with base.patched(bench.path) as patch:
            patch.write(dump.info_at, text.ljust(dump.info_size, b'\n')[:dump.info_size])
            bench.cases.report(f'{bench.name}: VMCOREINFO {what}', expect())

    with base.patched(bench.path) as patch:
        patch.write(dump.info_name_at, b'NOTCOREINFO')
        bench.cases.report(f'{bench.name}: VMCOREINFO missing',
                           bad.finds_vmcoreinfo(bench.path, run.before))
    case('of zeros', run.incomplete, bytes(dump.info_size))
    case('of random bytes', run.incomplete, bench.chance.randbytes(dump.info_size))
    case('of one endless line', run.incomplete, b'OSRELEASE=' + b'x' * dump.info_size)
    text = dump.map[dump.info_at:dump.info_at + dump.info_size]
    for key, values in {
            'PAGESIZE': ('0', '3', '1073741824'), 'SIZE(page)': ('0', '7', '99999999'),
            'NUMBER(PG_hwpoison)': ('64', '-1', '200'), 'LENGTH(node_data)': ('0', '999999999'),
            'LENGTH(zone.free_area)': ('0', '999999'), 'SYMBOL(node_data)': ('0', 'dead0000'),
            'LENGTH(free_area.free_list)': ('0', '9999999'), 'SYMBOL(prb)': ('0', 'dead0000'),
            'SYMBOL(mem_section)': ('0', 'dead0000'), 'SYMBOL(init_top_pgt)': ('0', 'dead0000'),
            'NUMBER(phys_base)': ('-1', '9223372036854775807'), 'SYMBOL(_stext)': ('1',),
            'NUMBER(SECTION_SIZE_BITS)': ('0', '63', '99'), 'OSRELEASE': ('',),
            'NUMBER(MAX_PHYSMEM_BITS)': ('0', '64', '-5'), 'SIZE(mem_section)': ('0', '3'),
            'LENGTH(mem_section)': ('0', '99999999999'),
            'NUMBER(pgtable_l5_enabled)': ('2', '-1'), 'KERNELOFFSET': ('ffffffffffff',),
            'SYMBOL(kallsyms_names)': ('0', 'dead0000')}.items():
        for value in values:
            lines = [f'{key}={value}'.encode() if x.startswith(key.encode() + b'=') else x
                     for x in text.split(b'\n')]
            case(f'with {key}={value}', run.any_end, b'\n'.join(lines))
        lines = [x for x in text.split(b'\n') if not x.startswith(key.encode() + b'=')]
        case(f'without {key}', run.any_end, b'\n'.join(lines))


def page_tables(bench):
    """The root of the page tables, and the log and the counters that hang on nothing."""
    run, eye = bench.memory, bench.eye
    root = eye.dump.symbol('init_top_pgt')
    for name, data in (('zeros', bytes(4096)), ('ones', b'\xff' * 4096),
                       ('random bytes', bench.chance.randbytes(4096))):
        bench.case(f'page tables of {name}', run.incomplete, (root, data))
    loop = struct.pack('<Q', eye.dump.va_to_phys(root) | 3) * 512
    bench.case('page tables that are their own', run.incomplete, (root, loop))
    counter = eye.symbols['num_poisoned_pages']
    for value in (0, 2 ** 63, 2 ** 63 - 1, 2 ** 64 - 1):
        bench.word(f'num_poisoned_pages of {value:#x}', run.not_calm, counter, value)
    ring = eye.dump.symbol('prb')
    for name, value in NOWHERE.items():
        bench.word(f'log at nowhere ({name})', run.any_end, ring, value)
    at = eye.dump.u64(ring)
    for i in range(FUZZ_RUNS):
        bench.case(f'log with random bytes in its head, {i}', run.any_end,
                   (at + bench.chance.randrange(80), bench.chance.randbytes(8)))
    if 'memory_blocks' in eye.symbols:
        blocks = eye.symbols['memory_blocks']
        for name, value in NOWHERE.items():
            bench.word(f'memory_blocks at nowhere ({name})', run.any_end, blocks + 8, value)


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        for release in os.environ.get('HWP_KERNELS', '').split() or KERNELS:
            directory = base.find(release, KERNELS[release])
            if not directory:
                cases.skip(release, 'neither a sample nor a dump of the lab is of this kind')
                continue
            bench = Bench(cases, release, directory, work / 'vmcore.elf')
            for corrupt in (buddy, per_cpu, zones, memmap, hugetlb, kallsyms, btf, vmcoreinfo,
                            page_tables):
                corrupt(bench)
            excluded_memmap(bench, work)
    cases.exit()


if __name__ == '__main__':
    main()
