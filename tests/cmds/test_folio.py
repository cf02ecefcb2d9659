#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""`hwpoison folio` and `events` on the samples: sums, blocks, maps, and the guest's own log."""
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import blocks
import hwp
import truth

VALIDATOR = blocks.validator()
# Each run reads a dump: a few are looked at of many that are alike.
MAX_FOLIOS, MAX_FREED, MAX_LIVE, MAX_PAGES = 8, 2, 6, 4
# Lines that hold a pfn and are about it alone.
EVENT = re.compile(r'\[ *(\d+\.\d+)\].*?(?:Memory [Ff]ailure: |[Ss]oft.offline: |Soft offlining pfn |'
                   r'Unpoison: |Injecting memory failure (?:at|for) pfn )'
                   r'(?:Software-unpoisoned page )?0x([0-9a-f]+)')


def invalid(document):
    if not VALIDATOR:
        return []
    return [f'{"/".join(map(str, e.absolute_path))}: {e.message[:200]}'
            for e in VALIDATOR.iter_errors(document)]


def folio_sums(folio):
    """Numbers of one element of folios that must add up, whoever wrote them."""
    nr, wrong = 1 << folio['order'], []
    head, bad = folio['head_pfn'], set(folio['poisoned_pfns'])
    if folio['nr_healthy'] + len(bad) != nr:
        wrong.append('healthy and poisoned pages are not 2^n')
    at = head
    for run in folio['observed']:
        pages = range(run['pfn'], run['pfn'] + run['nr_pages'])
        if run['pfn'] != at:
            wrong.append(f'observed: a gap or an overlap at {at:#x}')
        if any((p in bad) != run['poisoned'] for p in pages):
            wrong.append(f'observed: {at:#x} mixes healthy and poisoned pages')
        at = pages.stop
    if at != head + nr:
        wrong.append(f'observed ends at {at:#x}')
    raw = folio['raw_hwp'] or {'unreliable': False, 'count': 1}
    expected = [(b['pfn'], b['order']) for b in folio['expected']]
    want = [] if raw['unreliable'] or raw['count'] == 0 else blocks.decompose(head, folio['order'], bad)
    # A kernel without raw_hwp_list: the log names the pages, or nothing does.
    if expected != want and (expected or raw['count'] is not None):
        wrong.append('expected is not the decomposition of its poisoned pages')
    lost = sum(r['nr_pages'] for r in folio['observed']
               if r['state'] == 'lost' and not r['poisoned'])
    if lost != folio['nr_healthy_lost']:
        wrong.append(f'nr_healthy_lost is {folio["nr_healthy_lost"]}, observed are {lost}')
    return wrong


def users(document, folio):
    """Every allocated page of a freed extent has one user, and no other page has any."""
    if folio['kind'] != 'freed':
        return [] if document['subject']['users'] == [] else ['users of a folio that is there']
    used = [p for u in document['subject']['users']
            for p in range(u['pfn'], u['pfn'] + u['nr_pages'])]
    allocated = [p for r in folio['observed'] if r['state'] == 'allocated'
                 for p in range(r['pfn'], r['pfn'] + r['nr_pages'])]
    return [] if used == allocated else ['users are not the allocated pages']


def folio_text(vmcore, pfn, folio):
    """Lines within 80 columns, sums that add up, and maps that have every cell."""
    lines = hwp.Run('folio', hex(pfn), vmcore).out.decode().splitlines()
    nr, order = 1 << folio['order'], folio['order']
    wrong = [f'over 80 columns: {x!r}' for x in lines if len(x) > 80]
    text = ' '.join(' '.join(lines).split())
    if text.count(f'= {nr} = 2^{order}') != 2 or 'which is not' in text:
        wrong.append('the sums are not 2^n')
    if f'Outcome {folio["outcome"]}' not in text:
        wrong.append('no outcome')
    cells = ''.join(m[1] for m in (re.match('0x[0-9a-f]+  ([\u2580-\u259f?]+)$', x) for x in lines)
                    if m)
    nr_maps = 1 + bool(folio['expected'])
    cell = min(max(order - 8, 0), 9)
    if order <= 18 and len(cells) != nr_maps << (order - cell):
        wrong.append(f'{len(cells)} cells for {nr} pages in {nr_maps} maps')
    bad = {(p - folio['head_pfn']) >> cell for p in folio['poisoned_pfns']}
    drawn = cells[:1 << (order - cell)]
    if folio['expected'] and {i for i, c in enumerate(drawn) if c == '\u2588'} != bad:
        wrong.append('poisoned cells are drawn wrong')
    return wrong


def some(rows, most, key=lambda row: 0):
    """At most so many, of every key as evenly as can be."""
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    spread = [(i / len(group), n, row) for n, group in enumerate(groups.values())
              for i, row in enumerate(group)]
    return [row for _, _, row in sorted(spread, key=lambda x: x[:2])[:most]]


def folios(cases, name, vmcore, report):
    cases.report(f'{name} sums of {len(report["folios"])} folios',
                 [f'{f["head_pfn"]:#x}: {w}' for f in report['folios'] for w in folio_sums(f)])
    for folio in some(report['folios'], MAX_FOLIOS, lambda f: (f['kind'], f['outcome'])):
        wrong = []
        pages = {folio['head_pfn'] + (1 << folio['order']) - 1, folio['poisoned_pfns'][0]}
        for pfn in sorted(pages):
            run = hwp.Run('folio', '--json', pfn, vmcore)
            document = run.json()
            if not document or run.status != hwp.STATUS[report['verdict']]:
                wrong.append(f'{pfn:#x}: exit status {run.status} {run.err}')
                continue
            wrong += invalid(document) + users(document, folio)
            if document['folios'] != [folio]:
                wrong.append(f'{pfn:#x}: another element than in check')
            if [p['pfn'] for p in document['poisoned']] != folio['poisoned_pfns']:
                wrong.append(f'{pfn:#x}: other poisoned pages')
            if document['subject']['poisoned'] != (pfn in folio['poisoned_pfns']):
                wrong.append(f'{pfn:#x}: poisoned is wrong')
        wrong += folio_text(vmcore, folio['poisoned_pfns'][0], folio)
        cases.report(f'{name} folio {folio["head_pfn"]:#x}/{folio["order"]}', wrong)


def mapcounts(cases, directory, vmcore, report):
    """How often a folio that is there is mapped, against /proc/kpagecount of each of its pages,
    which counts the mappings of the whole as well."""
    counts, wrong, nr_mapped = truth.Truth(directory).page_counts(), [], 0
    if not counts:
        cases.skip(f'{directory.name} mapcounts', 'no kpagecount.bin')
        return
    live = [f for f in report['folios'] if f['kind'] != 'freed']
    for row in some(live, MAX_LIVE, lambda f: (f['kind'], f['order'])):
        head, nr = row['head_pfn'], 1 << row['order']
        document = hwp.Run('folio', '--json', head, vmcore).json() or {}
        folio = (document.get('subject') or {}).get('folio') or {}
        entire, large = folio.get('entire_mapcount'), folio.get('large_mapcount')
        pages = counts[head:head + nr]
        nr_mapped += any(pages)
        if folio.get('kind') in ('slab', 'kernel'):
            wrong += [f'{head:#x}: mapcounts of no folio of users'] if entire is not None else []
        elif entire is None:
            wrong.append(f'{head:#x}: no entire_mapcount')
        elif folio['kind'] == 'hugetlb' and set(pages) != {entire}:
            wrong.append(f'{head:#x}: mapped {entire} times, kpagecount {set(pages)}')
        elif min(pages) < entire:
            wrong.append(f'{head:#x}: mapped {entire} times, kpagecount {min(pages)}')
        elif large is not None and large != entire + sum(n - entire for n in pages):
            wrong.append(f'{head:#x}: {large} mappings, kpagecount {sum(pages)}')
        elif folio['nr_pages_mapped'] not in (None, sum(n > entire for n in pages)):
            wrong.append(f'{head:#x}: {folio["nr_pages_mapped"]} pages mapped one by one')
    cases.report(f'{directory.name} mapcounts of folios, {nr_mapped} of them mapped', wrong)


def ranges(cases, name, vmcore, report):
    """A range that the user gives is what the log says it is; and nonsense is refused."""
    wrong = []
    freed = some((f for f in report['folios'] if f['kind'] == 'freed'), MAX_FREED,
                 lambda f: f['outcome'])
    for folio in freed:
        start, end = folio['head_pfn'], folio['head_pfn'] + (1 << folio['order'])
        given = f'{start:#x}-{end:#x}'
        for command in (['check'], ['folio', start]):
            document = hwp.Run(*command, '--json', '--range', given, vmcore).json() or {}
            found = [f for f in document.get('folios', []) if f['head_pfn'] == start]
            want = {**folio, 'known_by': '--range', 'max_order': folio['order'],
                    'order_is_guess': False}
            differing = {key: (f.get(key), want.get(key)) for f in found
                         for key in {**f, **want} if f.get(key) != want.get(key)}
            if len(found) != 1 or differing:
                wrong.append(f'{command[0]} --range {given}: {len(found)} folios, {differing}')
            wrong += invalid(document)
    live = next((f for f in report['folios'] if f['kind'] != 'freed'), None)
    bad = ['0-0', '5', '0x100-0x80', '0x1-0x1001', '0x0-0x4000000000', '-', '0x0-0x1']
    bad += [f'{live["head_pfn"]:#x}-{live["head_pfn"] + (1 << live["order"]):#x}'] if live else []
    for given in bad:
        run = hwp.Run('check', '--range', given, vmcore)
        if run.status != 2 or run.out or run.err.count('\n') != 1:
            wrong.append(f'check --range {given}: {run.status} {run.err!r}')
    cases.report(f'{name} --range, {len(freed)} freed', wrong)


def singles(cases, name, vmcore, report):
    """Poisoned pages without a folio, pages without poison, and no pages at all."""
    wrong = []
    covered = {p for f in report['folios'] for p in f['poisoned_pfns']}
    alone = (p for p in report['poisoned'] if p['pfn'] not in covered)
    for page in some(alone, MAX_PAGES, lambda p: p['state']):
        document = hwp.Run('folio', '--json', page['pfn'], vmcore).json() or {}
        wrong += invalid(document)
        if document.get('poisoned') != [page] or document['folios']:
            wrong.append(f'{page["pfn"]:#x}: not as in check')
    flags = truth.Truth(hwp.SAMPLES / name).page_flags() or []
    for word, what in (('RESERVED', 'reserved'), ('HUGE', 'a HugeTLB folio'),
                       ('PGTABLE', 'a page table')):
        pfns = [p for p in range(len(flags)) if flags[p] & truth.KPF[word]
                and not flags[p] & (truth.KPF['HWPOISON'] | truth.KPF['NOPAGE'])]
        seen = []
        for pfn in pfns[::len(pfns) // 3 + 1]:
            document = hwp.Run('folio', '--json', pfn, vmcore).json() or {}
            wrong += invalid(document)
            seen.append(what in document['subject']['what'])
        # Pages of a running machine change hands before the capture; not most of them.
        if sum(seen) * 2 < len(seen):
            wrong.append(f'{len(seen)} pages that were {what}, of which {sum(seen)} are')
    for arguments in ((), ('0x200',), ('x', vmcore), ('-1', vmcore), ('0xffffffffffffff', vmcore),
                      ('1', '2', vmcore)):
        run = hwp.Run('folio', *arguments)
        if run.status != 2 or run.out or run.err.count('\n') != 1:
            wrong.append(f'{arguments}: {run.status} {run.err!r}')
    cases.report(f'{name} pages', wrong)


def events(cases, name, vmcore, report):
    document, wrong = hwp.Run('events', '--json', vmcore).json(), []
    wrong += invalid(document)
    if document['events'] != report['events'] or document['poisoned'] != report['poisoned']:
        wrong.append('not as in check')
    log = [EVENT.search(line) for line in truth.Truth(hwp.SAMPLES / name).lines('dmesg.txt')]
    logged = [(m[1], int(m[2], 16)) for m in log if m]
    got = [(f'{e["time_ns"] // 1000 / 1e6:.6f}', e['pfn']) for e in document['events']
           if e['kind'] != 'machine-check']
    if got != logged:
        wrong.append(f'the log has {len(logged)} lines, {len(got)} are reported')
    lines = hwp.Run('events', vmcore).out.decode().splitlines()
    wrong += [f'over 80 columns: {x!r}' for x in lines if len(x) > 80]
    # Where the wall clock is known there is a column of it.
    rows = [re.sub(r'  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d', '', x).split() for x in lines
            if re.match(r' *\d+\.\d{6}  (\d{4}-\S+ \S+  )?0x', x)]
    states = {p['pfn']: p['state'] for p in report['poisoned']}
    whole = report['coverage']['ratio'] == 1
    for row, event in zip(rows, document['events']):
        state = states.get(event['pfn'])
        if int(row[1], 16) != event['pfn'] or (state and row[2] != state):
            wrong.append(f'{row} is not {event}')
        if not state and whole and row[2] not in ('unmarked', 'hugetlb'):
            wrong.append(f'{row}: its page is not poisoned')
        if row[3] != (event['result'] or '-'):
            wrong.append(f'{row}: the result is {event["result"]}')
    if len(rows) != len(document['events']):
        wrong.append(f'{len(rows)} rows')
    cases.report(f'{name} events, {len(rows)} lines', wrong)


def sample(cases, directory, vmcore):
    report = hwp.Run('check', '--json', vmcore).json() or {}
    if 'folios' not in report:
        cases.report(directory.name, [report.get('error', 'no report')])
        return
    for test in (folios, ranges, singles, events):
        test(cases, directory.name, vmcore, report)
    mapcounts(cases, directory, vmcore, report)


def by_address(cases):
    """A physical address is taken for its page, which the report says; a pfn comes first."""
    vmcore = next((hwp.vmcore_of(d) for d in hwp.samples() if d.name == '7.3-cloud'), None)
    for number, pfn, given in (('0x5c11', 0x5c11, 'pfn'), ('23569', 0x5c11, 'pfn'),
                               ('0x5c11abc', 0x5c11, 'physical'), ('0x1000', 0x1000, 'pfn')):
        run = hwp.Run('folio', '--json', number, vmcore)
        subject = run.json()['subject']
        text = hwp.Run('folio', number, vmcore).out.decode()
        wrong = [] if (subject['pfn'], subject['given']) == (pfn, given) else [str(subject)[:200]]
        if ('is a physical address' in text) != (given == 'physical'):
            wrong.append(text[:300])
        cases.report(f'folio {number}', wrong)
    for number in '0xfffffffffffff000', hex(1 << 50):
        run = hwp.Run('folio', number, vmcore)
        cases.report(f'folio {number}', [] if run.status == 2 and
                     f'{number} has no struct page' in run.err else [repr(run.err)])


def main():
    cases = hwp.Cases()
    by_address(cases)
    cases.report('samples', [] if hwp.samples() else [f'no sample in {hwp.SAMPLES}'])
    for directory in hwp.samples():
        with tempfile.TemporaryDirectory() as work:
            sample(cases, directory, base.elf_of(directory, work))
    help_is_true(cases)
    cases.exit()


def help_is_true(cases):
    """What the help shows as output is the output for a sample."""
    vmcore = next((hwp.vmcore_of(d) for d in hwp.samples() if d.name == '7.3-cloud'), None)
    for command, line, arguments in (('events', r' +(TIME|\d)', ()),
                                     ('folio', ' +(Folio|Kind|Sum|Outcome) ', ('0x5c11',))):
        if not vmcore:
            cases.skip(f'the example of help {command}', 'no sample')
            continue
        lines = hwp.Run(command, *arguments, vmcore).out.decode().splitlines()
        shown = [x.strip() for x in hwp.Run('help', command).out.decode().splitlines()
                 if re.match(line, x)]
        missing = [x for x in shown if x not in [y.strip() for y in lines]]
        cases.report(f'the example of help {command}', missing if shown else ['no example'])


if __name__ == '__main__':
    main()
