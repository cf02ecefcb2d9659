#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""A real dump whose kernel log is destroyed: no verdict gets better than it is with the whole
log, and no page is accused of what the whole log and the rest of memory do not show.

The oracle says where the log's ring buffer stands. HWP_SEED=N destroys it in other places, HWP_SHARE=N
in every Nth way only.
"""
import os
import pathlib
import random
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import bad
import base
import hwp
import oracle

SEED = int(os.environ.get('HWP_SEED', 20260623))
SAMPLE = '6.12-cloud'
NOWHERE = {'null': 0, 'not canonical': 0xdead000000000100, 'unmapped': 0xffffc8ffffff0000}
# A verdict may become one of these at most.
GOOD = {'clean': 0, 'at-risk': 1}
REUSABLE, FINALIZED, STATES = 3, 2, 62
#: What proves that a page was free or used again: some of these words are in the log.
LINES = (b'Memory failure: 0x', b'Soft offlin', b'Unpoison')


class Record:
    """One descriptor of the ring, the record that it describes and where both are."""

    def __init__(self, ring, index):
        eye, dump = ring.eye, ring.eye.dump
        self.desc = ring.descs + index * eye.btf.size('prb_desc')
        self.info = ring.infos + index * eye.btf.size('printk_info')
        self.state = dump.u64(self.desc)
        self.begin, self.next = (dump.u64(self.desc + ring.lpos + i) for i in (0, 8))
        self.seq = dump.u64(self.info)
        self.length = dump.number(self.info + eye.btf.offset('printk_info', 'text_len'), 'H')
        size = 1 << ring.size_bits
        # A record that does not fit before the end of the buffer is at its start.
        wraps = self.begin >> ring.size_bits != (self.next - 1) >> ring.size_bits
        self.text_at = ring.data + (0 if wraps else self.begin % size) + 8
        self.text = dump.read(self.text_at, min(self.length, size - 8)) if self.is_whole() else b''

    def is_whole(self):
        return self.state >> STATES in (1, FINALIZED) and not self.begin & 1


class Ring:
    """The printk ring buffer of a dump."""

    def __init__(self, eye):
        self.eye, self.prb = eye, eye.dump.u64(eye.dump.symbol('prb'))
        self.desc_ring = self.prb + eye.btf.offset('printk_ringbuffer', 'desc_ring')
        self.text_ring = self.prb + eye.btf.offset('printk_ringbuffer', 'text_data_ring')
        self.count_bits = eye.dump.number(self.at('count_bits'), 'I')
        self.size_bits = eye.dump.number(self.at('size_bits'), 'I')
        self.descs, self.infos, self.data = (eye.dump.u64(self.at(name))
                                             for name in ('descs', 'infos', 'data'))
        self.head, self.tail = (eye.dump.u64(self.at(name)) for name in ('head_id', 'tail_id'))
        self.lpos = eye.btf.offset('prb_desc', 'text_blk_lpos')
        mask = (1 << self.count_bits) - 1
        first, self.records = self.tail, []
        while len(self.records) <= mask:
            self.records.append(Record(self, first & mask))
            if first & mask == self.head & mask:
                break
            first += 1
        self.failures = [r for r in self.records if any(line in r.text for line in LINES)]

    def time_of(self, record):
        """Where the time of a record stands."""
        return record.info + self.eye.btf.offset('printk_info', 'ts_nsec')

    def at(self, name):
        kind = 'prb_data_ring' if name in ('size_bits', 'data') else 'prb_desc_ring'
        start = self.text_ring if kind == 'prb_data_ring' else self.desc_ring
        return start + self.eye.btf.offset(kind, name)


def word(address, value):
    return address, struct.pack('<Q', value % 2 ** 64)


def half(address, value):
    return address, struct.pack('<I', value % 2 ** 32)


def pointers(ring, _):
    """The ring, or a part of it, is nowhere; or it has another size."""
    for name, value in NOWHERE.items():
        yield f'ring at nowhere ({name})', [word(ring.eye.dump.symbol('prb'), value)]
        for member in ('descs', 'infos', 'data'):
            yield f'{member} at nowhere ({name})', [word(ring.at(member), value)]
    for member, values in {'count_bits': (0, 1, 31, 63), 'size_bits': (0, 4, 63)}.items():
        for value in values:
            yield f'{member} of {value}', [half(ring.at(member), value)]
    for member in ('head_id', 'tail_id'):
        for name, value in {'zero': 0, 'ones': 2 ** 64 - 1, 'of another turn':
                            ring.head + (3 << ring.count_bits)}.items():
            yield f'{member} {name}', [word(ring.at(member), value)]
    yield 'head and tail swapped', [word(ring.at('head_id'), ring.tail),
                                    word(ring.at('tail_id'), ring.head)]


def contents(ring, chance):
    """All bytes of a part are others."""
    sizes = {'data': 1 << ring.size_bits,
             'descs': ring.eye.btf.size('prb_desc') << ring.count_bits,
             'infos': ring.eye.btf.size('printk_info') << ring.count_bits}
    for name, size in sizes.items():
        at = getattr(ring, name)
        for what, data in {'zeros': bytes(size), 'ones': b'\xff' * size,
                           'random bytes': chance.randbytes(size)}.items():
            yield f'{name} of {what}', [(at, data)]
    yield 'text of blanks', [(r.text_at, b' ' * r.length) for r in ring.records if r.text]


def gone(record):
    return word(record.desc, record.state & ~(3 << STATES) | REUSABLE << STATES)


def ends(ring, _):
    """Newer lines took the place of the first ones, or the last ones are not there."""
    last = ring.records.index(ring.failures[-1]) + 1
    middle = ring.records.index(ring.failures[len(ring.failures) // 2])
    for name, nr in {'a quarter': len(ring.records) // 4, 'its first error':
                     ring.records.index(ring.failures[0]) + 1, 'half of its errors': middle,
                     'all errors': last, 'all but one line': len(ring.records) - 1}.items():
        yield f'wrapped, without {name}', [word(ring.at('tail_id'), ring.tail + nr),
                                           *map(gone, ring.records[:nr])]
        yield f'without {name}, its tail where it was', list(map(gone, ring.records[:nr]))
    for name, nr in (('half of its errors', middle), ('all errors',
                                                      ring.records.index(ring.failures[0]))):
        yield f'cut short of {name}', [word(ring.at('head_id'), ring.tail + nr - 1),
                                       *map(gone, ring.records[nr:])]


def descriptors(ring, chance):
    """All records are in another state, or as long as they cannot be."""
    for state in (0, 1, REUSABLE):
        yield f'all records in state {state}', [
            word(r.desc, r.state & ~(3 << STATES) | state << STATES) for r in ring.records]
    yield 'every second record gone', list(map(gone, ring.records[::2]))
    length = ring.eye.btf.offset('printk_info', 'text_len')
    for value in (0, 7, 0xffff):
        yield f'all records {value} bytes long', [(r.info + length, struct.pack('<H', value))
                                                  for r in ring.records]
    yield 'all records at time 0', [word(ring.time_of(r), 0) for r in ring.records]
    yield 'all records later than now', [word(ring.time_of(r), 2 ** 63) for r in ring.records]
    yield 'all errors at the start of the machine', [
        word(ring.time_of(r), 1) for r in ring.failures]
    order = list(ring.records)
    chance.shuffle(order)
    yield 'sequence numbers in another order', [word(a.info, b.seq)
                                                for a, b in zip(ring.records, order)]


def lines(ring, chance):
    """One line about an error is not there, in one of the ways in which a line can be lost."""
    record = chance.sample(ring.failures, min(15, len(ring.failures)))
    for i, one in enumerate(record):
        how = i % 5
        name = one.text.decode(errors='replace')
        if how == 0:
            yield f'without "{name}"', [gone(one)]
        elif how == 1:
            yield f'"{name}" without its text', [word(one.desc + ring.lpos, 3),
                                                 word(one.desc + ring.lpos + 8, 3)]
        elif how == 2:
            yield f'"{name}" full of zeros', [(one.text_at, bytes(one.length))]
        elif how == 3:
            yield f'"{name}" of another record', [word(one.text_at - 8, one.state + 1)]
        else:
            yield f'"{name}" of an earlier time', [word(ring.time_of(one), 1000000000)]


class Bench:
    """A dump, what is said of it with its whole log, and what may be said without."""

    def __init__(self, name, cases, path):
        self.name, self.cases, self.path = name, cases, path
        self.whole = bad.run('check', '--json', path).json()
        self.pages = {p['pfn']: p for p in self.whole['poisoned']}

    def compare(self, report):
        """Not to know is right; to know better is not."""
        wrong, before, now = [], self.whole['verdict'], report['verdict']
        if GOOD.get(now, 2) < min(GOOD.get(before, 2), 1):
            wrong.append(f'verdict {now}, {before} with its whole log')
        # What lies in free memory, or was thrown away from it, is there whatever the log says.
        seen = {'buddy', 'pcp', 'dropped'}
        if any(p['state'] in seen for p in self.pages.values()) and now != 'leaked':
            wrong.append(f'verdict {now} with pages in free memory')
        if before in GOOD and now in ('leaked', 'leaked-before'):
            wrong.append(f'verdict {now}, {before} with its whole log')
        for page in report['poisoned']:
            wrong += self.compare_page(page)
        for folio in report['folios']:
            if folio['outcome'] == 'held' and 'held' not in {
                    f['outcome'] for f in self.whole['folios']}:
                wrong.append(f'folio at {folio["head_pfn"]:#x} held')
        return wrong

    def compare_page(self, page):
        known = self.pages.get(page['pfn'])
        if not known:
            return [f'{page["pfn"]:#x} is listed, and was not with the whole log']
        wrong = []
        if hwp.CLASSES[page['state']] != known['class'] and (
                page['class'] in ('contained', 'leaked', 'lost')):
            wrong.append(f'{page["pfn"]:#x}: {page["state"]}, {known["state"]} with the whole log')
        wrong += [f'{page["pfn"]:#x}: {key} is {page[key]}, {known[key]} with the whole log'
                  for key in ('was_free', 'was_handed_out')
                  if page[key] != 'unknown' and page[key] != known[key]]
        return wrong

    def case(self, eye, what, writes):
        if not bad.is_tried():
            return
        with base.patched(self.path) as patch:
            for address, data in writes:
                # Pages that follow each other in memory need not do so in the file.
                while data:
                    room = 4096 - address % 4096
                    patch.write(eye.dump.offset(address), data[:room])
                    address, data = address + room, data[room:]
            done = bad.run('check', '--json', self.path)
        wrong, report = bad.survives(done), done.json()
        if not wrong and (not report or 'verdict' not in report):
            wrong = [f'exit status {done.status}: {done.err.strip()[:200]}']
        self.cases.report(f'{self.name}: {what}', wrong or self.compare(report))


def destroy(cases, name, path, eye):
    ring, bench = Ring(eye), Bench(name, cases, path)
    chance = random.Random(f'{SEED} {name}')
    for ways in (pointers, contents, ends, descriptors, lines):
        for what, writes in ways(ring, chance):
            bench.case(eye, what, writes)


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / 'vmcore.elf'
        directory = hwp.SAMPLES / SAMPLE
        # The same pages with what has leaked, and without.
        base.make(directory, path)
        destroy(cases, 'leaked', path, oracle.Oracle(path))
        destroy(cases, 'calm', path, base.make_calm(directory, path))
    cases.exit()


if __name__ == '__main__':
    main()
