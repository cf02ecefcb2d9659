#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""Mark pages by hand in a real dump and see each one found where the oracle knows it is.

HWP_SEED=N chooses other pages.
"""
import collections
import os
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import oracle
import second

SEED = int(os.environ.get('HWP_SEED', 20260623))
# A kernel, and the least number of nodes.
KERNELS = (('6.1', 1), ('6.12', 2), ('7.3', 1))
BLOCKS_OF_A_LIST = 8
PAGES_OF_A_KIND = 60


class Marker:
    """A dump's copy and what is known of its pages."""

    def __init__(self, path):
        self.path = path
        self.eye = oracle.Oracle(path)
        self.blocks = self.eye.blocks()
        self.flag_at = self.eye.btf.offset('page', 'flags') + self.eye.hwpoison // 8
        self.before = self.report()

    def report(self):
        run = hwp.Run('check', '--json', self.path)
        if run.status not in (0, 1):
            raise oracle.Wrong(f'exit status {run.status}: {run.err.strip()}')
        return run.json()

    def mark(self, patch, pfns):
        for pfn in pfns:
            at = self.eye.page_at(pfn) + self.flag_at
            patch.number(at, self.eye.dump.map[at] | 1 << self.eye.hwpoison % 8, 'B')

    def changes(self, pfns):
        """Listed pages that were not marked, and known ones that are elsewhere now."""
        after = self.report()
        known = {p['pfn']: p for p in self.before['poisoned']}
        now = {p['pfn']: p for p in after['poisoned']}
        wrong = [f'{pfn:#x} is missing' for pfn in (known.keys() | set(pfns)) - now.keys()]
        wrong += [f'{pfn:#x} ({now[pfn]["state"]}) was never marked'
                  for pfn in now.keys() - known.keys() - set(pfns)]
        # Events are the same; their numbers are.
        wrong += [f'{pfn:#x} is elsewhere: {now[pfn]}'
                  for pfn in known.keys() & now.keys() if known[pfn] != now[pfn]]
        return now, wrong


def some_of(block, chance):
    """The first, the last, a follower next to each, and one anywhere."""
    last = (1 << block.order) - 1
    inside = {0, last, min(1, last), max(0, last - 1), chance.randrange(last + 1)}
    return [block.pfn + i for i in sorted(chance.sample(sorted(inside), min(len(inside), 3)))]


def choose(blocks, chance):
    """{pfn: block} with every list of every zone and CPU in it."""
    lists = collections.defaultdict(list)
    for block in blocks:
        lists[block[2:] + (block.order,)].append(block)
    return {pfn: block for key in sorted(lists, key=str)
            for block in chance.sample(lists[key], min(len(lists[key]), BLOCKS_OF_A_LIST))
            for pfn in some_of(block, chance)}


def check_place(page, block):
    want = {'state': 'buddy' if block.cpu is None else 'pcp', 'class': 'leaked',
            'head_pfn': block.pfn, 'order': block.order, 'nid': block.nid, 'zone': block.zone,
            'cpu': block.cpu, 'migratetype': block.migratetype, 'event': None}
    said = {key: page[key] for key in want}
    said['migratetype'] = said['migratetype'] and said['migratetype'].lower()
    return [f'{page["pfn"]:#x}: {said}, truly {want}'] if said != want else []


def free_pages(marker, chance):
    """Pages of every kind of free block."""
    chosen = choose(marker.blocks, chance)
    poisoned = {p['pfn'] for p in marker.before['poisoned']}
    chosen = {pfn: block for pfn, block in chosen.items() if pfn not in poisoned}
    with base.patched(marker.path) as patch:
        marker.mark(patch, chosen)
        now, wrong = marker.changes(chosen)
        for pfn, block in chosen.items():
            if pfn in now:
                wrong += check_place(now[pfn], block)
        again = oracle.Oracle(marker.path)
        wrong += second.compare_blocks(again, {'poisoned': list(now.values())})
        document = hwp.Run('freelist', '--json', marker.path).json()
        wrong += second.compare_lists(again, document)
        wrong += compare_freelist(chosen, marker, document)
    return len(chosen), wrong


def compare_freelist(chosen, marker, document):
    """The freelist document names the same pages."""
    known = {p['pfn'] for p in marker.before['poisoned'] if p['state'] in ('buddy', 'pcp')}
    said = {pfn for block in document['freelist']['blocks'] for pfn in block['poisoned_pfns']}
    return [f'freelist: {pfn:#x} is in one of marks and blocks alone'
            for pfn in sorted(said ^ (known | set(chosen)))]


def whole_blocks(marker, chance):
    """Every page of a large block, and of every per-CPU block."""
    largest = [b for b in marker.blocks if b.order >= 9 and b.cpu is None]
    blocks = [chance.choice(largest), *(b for b in marker.blocks if b.cpu is not None)]
    poisoned = {p['pfn'] for p in marker.before['poisoned']}
    pages = {pfn: b for b in blocks for pfn in range(b.pfn, b.pfn + (1 << b.order))
             if pfn not in poisoned}
    with base.patched(marker.path) as patch:
        marker.mark(patch, pages)
        now, wrong = marker.changes(pages)
        for pfn, block in pages.items():
            if pfn in now:
                wrong += check_place(now[pfn], block)
    return len(pages), wrong


def allocated_pages(marker, chance):
    """Pages that somebody owns are in no free block, whatever is around them."""
    kinds = oracle.Kinds(marker.eye)
    free = {pfn for b in marker.blocks for pfn in range(b.pfn, b.pfn + (1 << b.order))}
    poisoned = {p['pfn'] for p in marker.before['poisoned']}
    found = collections.defaultdict(list)
    for zone in marker.eye.zones:
        for pfn in range(zone.start, zone.start + zone.spanned):
            if pfn not in free and pfn not in poisoned:
                found[kinds.of(pfn)].append(pfn)
    found.pop(None, None)
    chosen = {pfn: kind for kind, pfns in sorted(found.items())
              for pfn in chance.sample(pfns, min(len(pfns), PAGES_OF_A_KIND))}
    with base.patched(marker.path) as patch:
        marker.mark(patch, chosen)
        now, wrong = marker.changes(chosen)
    wrong += [f'no page to mark as {kind}' for kind in
              {'slab', 'pgtable', 'reserved', 'in-use', 'not leaked'} - set(chosen.values())]
    for pfn, kind in chosen.items():
        page = now.get(pfn, {'state': kind, 'class': 'missing'})
        if page['class'] in ('leaked', 'lost') or kind not in ('not leaked', page['state']):
            wrong.append(f'{pfn:#x}: {page["state"]} ({page["class"]}), truly {kind}')
    return len(chosen), wrong


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as work:
        for release, nodes in KERNELS:
            name = release if nodes == 1 else f'{release} with {nodes} nodes'
            directory = base.find(release, nodes)
            if not directory:
                cases.skip(name, 'neither a sample nor a dump of the lab is of this kind')
                continue
            path = pathlib.Path(work) / 'vmcore.elf'
            base.make(directory, path)
            marker = Marker(path)
            for what in (free_pages, whole_blocks, allocated_pages):
                chance = random.Random(f'{SEED} {name} {what.__name__}')
                count, wrong = what(marker, chance)
                cases.report(f'{name} ({directory.name}) {what.__name__}, {count} marks, '
                             f'seed {SEED}', wrong)
    cases.exit()


if __name__ == '__main__':
    main()
