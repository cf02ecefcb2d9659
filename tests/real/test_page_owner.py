#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""page_owner's records, written by the oracle's knowledge of a real kernel into its dump, are
reported as they were written; nonsense there costs the records and nothing else."""
import pathlib
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import oracle

CASES = hwp.Cases()
# What is known of a page whose record is older than its error.
PAST = ('state', 'order', 'was_free', 'was_handed_out', 'victims', 'history', 'reuse')
# The page that reads as zeros has room for them, and nothing looks at it.
ROOM = 'empty_zero_page'
MEMBERS = ('order', 'last_migrate_reason', 'gfp_mask', 'handle', 'free_handle', 'ts_nsec',
           'free_ts_nsec', 'comm', 'pid', 'tgid', 'free_pid', 'free_tgid')
FORMS = dict.fromkeys(MEMBERS, 'I') | {'order': 'H', 'last_migrate_reason': 'h', 'ts_nsec': 'Q',
                                       'free_ts_nsec': 'Q', 'comm': '16s'}


class Kernel:
    """A dump whose page_owner is to be turned on."""

    def __init__(self, path):
        self.path, self.eye = path, oracle.Oracle(path)
        self.size = 8 + self.eye.btf.size('page_owner')
        self.before = self.report()
        self.room = self.eye.symbols[ROOM]
        self.pfns = max(map(self.neighbours, self.before['poisoned']), key=len)
        self.section = self.pfns[0] >> 15

    def neighbours(self, first):
        """Poisoned pages of one section from this one on, as many as have room."""
        return [page['pfn'] for page in self.before['poisoned']
                if 0 <= page['pfn'] - first['pfn'] < oracle.PAGE // self.size and
                page['pfn'] >> 15 == first['pfn'] >> 15]

    def report(self):
        run = hwp.Run('check', '--json', self.path)
        if run.status not in (0, 1):
            raise oracle.Wrong(f'exit status {run.status}: {run.err.strip()}')
        return run.json()

    def put(self, patch, va, value, form='Q'):
        patch.number(self.eye.dump.offset(va), value, form)

    def turn_on(self, patch, table=None, size=None):
        """The section's table is where the first page's record is at the start of the room."""
        btf, symbols = self.eye.btf, self.eye.symbols
        self.put(patch, symbols['page_owner_inited'] + btf.offset('static_key', 'enabled'), 1, 'i')
        self.put(patch, symbols['page_ext_size'], self.size if size is None else size)
        self.put(patch, symbols['page_owner_ops'] + btf.offset('page_ext_operations', 'offset'), 8)
        per_root = oracle.PAGE // btf.size('mem_section')
        root = self.eye.dump.u64(self.eye.dump.symbol('mem_section') + self.section // per_root * 8)
        if table is None:
            table = self.room - self.size * self.pfns[0]
        self.put(patch, root + self.section % per_root * btf.size('mem_section') +
                 btf.offset('mem_section', 'page_ext'), table % (1 << 64))

    def write(self, patch, pfn, flags, record):
        at = self.room + (pfn - self.pfns[0]) * self.size
        self.put(patch, at, flags)
        for name, value in record.items():
            where = at + 8 + self.eye.btf.offset('page_owner', name)
            patch.write(self.eye.dump.offset(where), struct.pack('<' + FORMS[name], value))


def record_of(index):
    """Another one for each page."""
    return {'order': index % 10, 'last_migrate_reason': -1 if index % 3 else index % 7,
            'gfp_mask': 0x140dca + index, 'handle': 0x100007 + index, 'free_handle': 0x100008,
            'ts_nsec': 500000000 + index, 'free_ts_nsec': 400000000 + index,
            'comm': f'process {index}'.encode(), 'pid': 100 + index, 'tgid': 200 + index,
            'free_pid': 300 + index, 'free_tgid': 400 + index}


def in_json(record, allocated):
    """The record as JSON has it."""
    return {'allocated': allocated, 'migrated': record['last_migrate_reason'] != -1,
            'order': record['order'], 'gfp_mask': hex(record['gfp_mask']),
            'alloc_ns': record['ts_nsec'], 'pid': record['pid'], 'tgid': record['tgid'],
            'comm': record['comm'].decode(), 'handle': record['handle'],
            'free_ns': record['free_ts_nsec'], 'free_pid': record['free_pid'],
            'free_tgid': record['free_tgid'], 'free_handle': record['free_handle']}


def pages_of(report):
    return {page['pfn']: page for page in report['poisoned']}


def changed(kernel, after):
    """What is reported otherwise than before, but for the records."""
    # Those that are written are older than the errors: they say nothing of what came after.
    wrong = [f'{key}: {after[key]}, not {kernel.before[key]}'
             for key in ('verdict', 'summary', 'folios', 'checks')
             if kernel.before[key] != after[key]]
    before, now = pages_of(kernel.before), pages_of(after)
    wrong += [f'{pfn:#x}: {key} is {now[pfn][key]}, not {page[key]}' for pfn, page in before.items()
              for key in PAST if page[key] != now[pfn][key]]
    if after['kernel']['page_owner'] != 'on':
        wrong.append(f'page_owner is {after["kernel"]["page_owner"]}')
    return wrong


def check_records(kernel):
    with base.patched(kernel.path) as patch:
        kernel.turn_on(patch)
        # Without PAGE_EXT_OWNER there is none; then freed, then allocated.
        want = {}
        for index, pfn in enumerate(kernel.pfns):
            flags = (3, 1, 0)[index % 3]
            kernel.write(patch, pfn, flags, record_of(index))
            want[pfn] = in_json(record_of(index), flags == 3) if flags else None
        after = kernel.report()
        pages, wrong = pages_of(after), changed(kernel, after)
        for pfn, record in want.items():
            sentences = [s for s in pages[pfn]['evidence'] if s.startswith('page_owner: ')]
            if pages[pfn]['page_owner'] != record or len(sentences) != bool(record):
                wrong.append(f'{pfn:#x}: {pages[pfn]["page_owner"]}, {sentences}, not {record}')
        subject = hwp.Run('folio', hex(kernel.pfns[0]), '--json', kernel.path).json()['subject']
        if subject['page_owner'] != want[kernel.pfns[0]]:
            wrong.append(f'folio: {subject["page_owner"]}')
    CASES.report(f'{len(want)} records', wrong or ([] if len(want) > 8 else ['too few']))


def check_later(kernel):
    """An allocation after the error is a leak, whatever else the page looks like, and the one
    that it was handed to is a victim."""
    pages = pages_of(kernel.before)
    pfn = next(pfn for pfn in kernel.pfns if pages[pfn]['event'] is not None)
    error = kernel.before['events'][pages[pfn]['event']]
    with base.patched(kernel.path) as patch:
        kernel.turn_on(patch)
        kernel.write(patch, pfn, 1, record_of(0) | {
            'ts_nsec': error['time_ns'] + 1000000000, 'comm': b'later', 'pid': 4711})
        after = kernel.report()
    page, wrong = pages_of(after)[pfn], []
    if (page['was_free'], page['was_handed_out']) != ('yes', 'yes'):
        wrong.append(f'{pfn:#x}: free {page["was_free"]}, handed out {page["was_handed_out"]}')
    if [(v['pid'], v['comm'], v['confidence']) for v in page['victims']] != [
            (4711, 'later', 'certain')]:
        wrong.append(f'{pfn:#x}: {page["victims"]}')
    folio = next(f for f in after['folios'] if pfn in f['poisoned_pfns'])
    if (after['verdict'], folio['outcome']) != ('leaked-before', 'leaked-before'):
        wrong.append(f'verdict {after["verdict"]}, outcome {folio["outcome"]}')
    wrong += [f'{p["pfn"]:#x} is accused' for p in after['poisoned']
              if p['pfn'] != pfn and p['was_free'] != 'no']
    CASES.report('a record later than the error', wrong)


def check_none(name, kernel, unreadable, **how):
    with base.patched(kernel.path) as patch:
        kernel.turn_on(patch, **how)
        after = kernel.report()
        wrong = changed(kernel, after)
        for pfn in kernel.pfns:
            page = pages_of(after)[pfn]
            said = 'page_owner: its record could not be read' in page['evidence']
            if page['page_owner'] is not None or said != unreadable:
                wrong.append(f'{pfn:#x}: {page["page_owner"]}, {page["evidence"]}')
    CASES.report(name, wrong)


def main():
    directory = base.find('7.3.4-fix-good')
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / 'vmcore.elf'
        base.make(directory, path)
        kernel = Kernel(path)
        CASES.report('off', [f'{page["pfn"]:#x}: {page["page_owner"]}'
                             for page in kernel.before['poisoned'] if page['page_owner']])
        check_records(kernel)
        check_later(kernel)
        check_none('no table', kernel, False, table=0)
        check_none('a table that is being freed', kernel, False, table=kernel.room | 1)
        check_none('a table nowhere', kernel, True, table=1 << 40)
        check_none('no size', kernel, True, size=0)
        check_none('a size too small', kernel, True, size=kernel.size - 1)
        check_none('a size that is nonsense', kernel, True, size=(1 << 64) - 1)
    CASES.exit()


if __name__ == '__main__':
    main()
