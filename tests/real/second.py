# SPDX-License-Identifier: GPL-2.0-or-later
"""How a report agrees with the oracle, which reads the same instant of the same memory:
to the block, with no allowance."""
import collections

import oracle as oracle_module
import truth as guest


def _counts(rows):
    return {key: n for key, n in rows.items() if n}


def compare_lists(oracle, document):
    """As many blocks on every list of every zone and CPU."""
    blocks = oracle.blocks()
    mine = collections.Counter(
        (b.nid, b.zone, b.cpu, b.order, b.migratetype) for b in blocks)
    said = collections.Counter()
    for row in document['freelist']['lists']:
        if row['container'] in ('free_area', 'pcp'):
            migratetype = row['migratetype'] and row['migratetype'].lower()
            key = row['nid'], row['zone'], row['cpu'], row['order'], migratetype
            said[key] += row['nr_blocks']
    wrong = [f'list {key}: {said[key]} blocks, the oracle walked {mine[key]}'
             for key in sorted(set(_counts(mine)) | set(_counts(said)), key=str)
             if mine[key] != said[key]]
    for zone in oracle.zones:
        for cpu in oracle.cpus():
            pages = sum(1 << b.order for b in blocks
                        if (b.nid, b.zone, b.cpu) == (zone.nid, zone.name, cpu))
            if pages != oracle.pcp_count(zone, cpu):
                wrong.append(f'the oracle itself: {pages} pages on {zone.name} cpu {cpu}, '
                             f'counted {oracle.pcp_count(zone, cpu)}')
    return wrong


def poisoned_blocks(oracle):
    """{pfn: block} of every marked page that is in a free block."""
    return {pfn: block for block in oracle.blocks() for pfn in oracle.poisoned_in(block)}


def on_list(oracle):
    """{pfn: state} of the same."""
    return {pfn: 'buddy' if block.cpu is None else 'pcp'
            for pfn, block in poisoned_blocks(oracle).items()}


def compare_blocks(oracle, report):
    """Every poisoned page in a free block is reported there, and no other page is."""
    truth = poisoned_blocks(oracle)
    pages = {p['pfn']: p for p in report['poisoned']}
    wrong = compare_observed(oracle, report.get('folios', []))
    wrong += [f'{pfn:#x}: {p["state"]}, the oracle has it in no free block'
             for pfn, p in pages.items() if p['state'] in ('buddy', 'pcp') and pfn not in truth]
    for pfn, block in truth.items():
        page = pages.get(pfn)
        if not page:
            wrong.append(f'{pfn:#x} is in {block} and not reported')
            continue
        want = {'state': 'buddy' if block.cpu is None else 'pcp', 'head_pfn': block.pfn,
                'order': block.order, 'nid': block.nid, 'zone': block.zone, 'cpu': block.cpu,
                'migratetype': block.migratetype}
        said = {key: page[key] for key in want}
        said['migratetype'] = said['migratetype'] and said['migratetype'].lower()
        if said != want:
            wrong.append(f'{pfn:#x}: {said}, the oracle says {want}')
    return wrong


def compare_observed(oracle, folios):
    """What is observed of a folio's pages is free where the oracle has a free block."""
    owner = {}
    for block in oracle.blocks():
        for folio in folios:
            end = folio['head_pfn'] + (1 << folio['order'])
            first = max(block.pfn, folio['head_pfn'])
            owner.update((pfn, block) for pfn in range(first, min(
                end, block.pfn + (1 << block.order))))
    wrong = []
    for folio in folios:
        for row in folio['observed']:
            for pfn in range(row['pfn'], row['pfn'] + row['nr_pages']):
                block = owner.get(pfn)
                want = (None if not block else
                        ('buddy' if block.cpu is None else 'pcp', block.order, block.cpu))
                said = ((row['state'], row['order'], row['cpu'])
                        if row['state'] in ('buddy', 'pcp') else None)
                if said != want:
                    wrong.append(f'{pfn:#x}: observed {row}, the oracle says {block}')
    return wrong


def compare_kernel(oracle, truth):
    """The oracle itself: its free blocks and its pages against the guest's /proc."""
    by_order, by_type = {}, {}
    orders = oracle.btf.length('zone', 'free_area')
    for zone in oracle.zones:
        by_order[zone.nid, zone.name] = [0] * orders
        for migratetype in oracle.migratetypes.values():
            by_type[zone.nid, zone.name, migratetype] = [0] * orders
    for b in oracle.buddy_blocks():
        by_order[b.nid, b.zone][b.order] += 1
        by_type[b.nid, b.zone, b.migratetype][b.order] += 1
    counted = {k: v for k, v in truth.buddy().items() if k in by_order}
    counted_types = {k: v for k, v in truth.buddy_by_type().items() if k in by_type}
    wrong = guest.compare_counts(by_order, counted) + guest.compare_counts(by_type, counted_types)
    spans = {(z.nid, z.name): (z.start, z.spanned, z.managed) for z in oracle.zones}
    words = {k: (v['start_pfn'], v['spanned'], v['managed']) for k, v in truth.zones().items()}
    if spans != words:
        wrong.append(f'zones {spans}, /proc/zoneinfo says {words}')
    return wrong + _compare_kinds(oracle, truth)


def _compare_kinds(oracle, truth):
    """Page by page with /proc/kpageflags. It was read a moment before: of the pages
    of a zone that kernel and users take and free, a few are others by now."""
    flags, kpf = truth.page_flags(), guest.KPF
    kinds, wrong = oracle_module.Kinds(oracle), []
    free = {pfn for b in oracle.buddy_blocks() for pfn in range(b.pfn, b.pfn + (1 << b.order))}
    bits = {'slab': kpf['SLAB'], 'pgtable': kpf['PGTABLE'], 'reserved': kpf['RESERVED']}
    for zone in oracle.zones:
        other = collections.Counter()
        for pfn in range(zone.start, min(zone.start + zone.spanned, len(flags))):
            word, kind = flags[pfn], kinds.of(pfn)
            other['buddy'] += (pfn in free) != bool(word & kpf['BUDDY'])
            if kind in bits:
                other[kind] += not word & bits[kind]
            elif kind:
                other[kind] += bool(word & (bits['slab'] | bits['pgtable'] | bits['reserved']))
        is_quiet = zone.name == 'DMA' and zone.spanned <= 4096  # x86_64's first 16 MiB
        allowed = {'buddy': 0 if is_quiet else guest.DRIFT_PAGES, 'reserved': 0}
        wrong += [f'the oracle itself: {n} pages of {zone.name}, node {zone.nid}, are {kind} '
                  'only to one of it and kpageflags' for kind, n in other.items()
                  if n > allowed.get(kind, guest.DRIFT_BLOCKS)]
        print(f'    {zone.name} of node {zone.nid}: otherwise in kpageflags: {dict(other)}')
    return wrong
