# SPDX-License-Identifier: GPL-2.0-or-later
"""What hwpoison is measured beside: a drgn script that does the least, as fast as drgn lets it.

drgn_walk.py VMLINUX DUMP

It reads every struct page's flags, in pieces of 2 MiB, and walks the free lists of every zone
with their back links. It knows no states, folios, per-CPU lists or owners.
"""
import struct
import sys
import time

import drgn

PIECE = 2 << 20


def walk(prog, head, pieces):
    """Entries of the list at this address; each must lead back. drgn unpacks a page of a kdump
    for every read that is not near the last one, so entries come from what the sweep read."""
    unpack = struct.Struct('<QQ').unpack_from
    before, (at, _), nr = head, unpack(prog.read(head, 16)), 0
    while at != head:
        piece = pieces.get(at & -PIECE)
        after, back = unpack(piece, at % PIECE) if piece else unpack(prog.read(at, 16))
        if back != before:
            raise ValueError(f'{at:#x} does not lead back')
        before, at, nr = at, after, nr + 1
    return nr


def sweep(prog, zone, vmemmap, size, mask, pieces):
    """Poisoned pages of a zone; its struct pages are kept."""
    found = []
    start = vmemmap + zone.zone_start_pfn.value_() * size
    for at in range(start & -PIECE, start + zone.spanned_pages.value_() * size, PIECE):
        try:
            pieces[at] = prog.read(at, PIECE)
        except drgn.FaultError:
            continue
        words = memoryview(pieces[at]).cast('Q')[::size // 8]
        found += [(at - vmemmap) // size + i for i, flags in enumerate(words) if flags & mask]
    return found


def nodes(prog):
    """A small vmlinux has the symbol, and not the variable."""
    at = prog.symbol('node_data').address
    while node := prog.read_u64(at):
        yield drgn.Object(prog, 'struct pglist_data', address=node)
        at += 8


def main():
    prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    prog.set_core_dump(sys.argv[2])
    try:
        prog.load_debug_info([sys.argv[1]])
    except drgn.MissingDebugInfoError:
        pass
    began = time.process_time()
    vmemmap = prog.read_u64(prog.symbol('vmemmap_base').address)
    size = drgn.sizeof(prog.type('struct page'))
    mask = 1 << prog.constant('PG_hwpoison').value_()
    zones = [zone for pgdat in nodes(prog) for zone in pgdat.node_zones if zone.spanned_pages]
    nr_blocks = nr_poisoned = 0
    pieces = {}
    for zone in zones:
        nr_poisoned += len(sweep(prog, zone, vmemmap, size, mask, pieces))
    for zone in zones:
        for area in zone.free_area:
            nr_blocks += sum(walk(prog, head.address_, pieces) for head in area.free_list)
    print(f'{nr_blocks} blocks, {nr_poisoned} pages are flagged')
    print(f'cpu {time.process_time() - began:.3f}')


main()
