# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guest said of the history of its pages: whether it agrees with itself."""

# Where the guest sees a page, and the states that may mean.
PLACES = {'buddy': {'buddy'}, 'pcp': {'pcp', 'buddy'}, 'offline': {'offline'},
          'reserved': {'reserved'}, 'slab': {'slab', 'reused'}, 'pgtable': {'pgtable', 'reused'},
          'hugetlb': {'hugetlb', 'reused'}, 'folio': {'large-folio', 'kernel', 'reused'},
          'mapped': {'in-use', 'reused'}}


def compare(truth):
    """What the guest says of a page's history agrees with where it says that the page is, and
    what it says of a folio with what it says of the pages."""
    wrong = []
    if not truth.fates:
        return wrong
    for poison in truth.poisons:
        fate, steps = truth.fates.get(poison['pfn']), truth.histories.get(poison['pfn'], [])
        who = f'{poison["pfn"]:#x} ({poison["scenario"]})'
        if not fate or not steps:
            wrong.append(f'{who} has no history')
            continue
        if not any(step['step'] == 'error' for step in steps):
            wrong.append(f'{who}: no error in its history')
        if fate['was_handed_out'] == 'yes' and fate['was_free'] != 'yes':
            wrong.append(f'{who}: handed out, and never free')
        if not PLACES.get(fate['place'], set(poison['states'])) & set(poison['states']):
            wrong.append(f'{who}: at {fate["place"]}, and {poison["state"]}')
    for extent in truth.extents:
        fates = [truth.fates[pfn] for pfn in extent['poisons']]
        was_free = 'yes' in (fate['was_free'] for fate in fates)
        if set(extent['outcomes']) <= ({'held', 'split'} if was_free else
                                       {'leaked', 'leaked-before'}):
            wrong.append(f'extent at {extent["base"]:#x}: {extent["outcome"]}, '
                         f'in free memory: {was_free}')
    return wrong


def _takers(truth, pfn):
    """{pid: comm} of the processes that were handed the page, by their own word."""
    return {int(step['by']): step['comm'] for step in truth.histories.get(pfn, [])
            if step['step'] == 'taken'}


def _processes(victims):
    return {(v['pid'], v['comm']) for v in victims if v['kind'] == 'process' and v['pid'] is not None}


def compare_past(truth, report):
    """What a report says of the past of each page: nothing that the guest did not see happen.
    Not to know is right, but of a page that somebody has now."""
    wrong = []
    for page in report['poisoned']:
        fate = truth.fates.get(page['pfn'])
        if not fate:
            continue
        who = f'{page["pfn"]:#x} ({fate["scenario"]}, {page["state"]})'
        for question in ('was_free', 'was_handed_out'):
            if page[question] != 'unknown' and 'unknown' != fate[question] != page[question]:
                wrong.append(f'{who}: {question} is {page[question]}, truly {fate[question]}')
        takers = _takers(truth, page['pfn'])
        for pid, comm in _processes(page['victims']):
            if takers and takers.get(pid) != comm:
                wrong.append(f'{who}: handed out to {comm}[{pid}], truly to {takers}')
    return wrong


def unprovable(truth, pfn, page):
    """A state that is reported of a page of a history, and that is not wrong: nothing in memory
    shows more. A page of a page cache that has huge pages, or of the swap cache, may have been there
    before its huge page was split; and behind a page that the kernel has, one without a reference may be the rest of its block."""
    fate = truth.fates.get(pfn)
    if not fate or not fate['scenario'].startswith('hist-'):
        return []
    if fate['scenario'] in ('hist-tmpfs', 'hist-thp-swap') and page['was_handed_out'] == 'unknown':
        return ['in-use']
    if fate['place'] == 'none' and page['order']:
        return ['kernel']
    return []


def _agrees(truth, extent, folio):
    fates = [truth.fates[pfn] for pfn in extent['poisons']]
    # Nothing is claimed, or what the guest saw, or that the pages are apart, since when ever.
    if folio['outcome'] in ('unknown', *extent['outcomes']):
        return True
    if folio['outcome'] == 'split':
        return folio['was_free'] == 'unknown' and all(
            fate['place'] not in ('buddy', 'pcp', 'folio', 'hugetlb') for fate in fates)
    # Thrown away with its healthy pages by an allocation that met it on a free list, which
    # /proc/kpageflags need not have shown: it does not know per-CPU lists. Of a few pages
    # the guest cannot say whether they are lost.
    return folio['outcome'] == 'leaked' and extent['outcome'] in ('lost', 'unknown') and all(
        fate['was_free'] != 'no' for fate in fates)


def compare_outcomes(truth, report):
    """What became of each folio that was freed with bad pages in it."""
    wrong = []
    for extent in truth.extents:
        for folio in report['folios']:
            if ((extent['base'], extent['order']) == (folio['head_pfn'], folio['order']) and
                    folio['outcome'] not in ('would-leak', 'would-hold') and
                    not _agrees(truth, extent, folio)):
                wrong.append(f'extent at {extent["base"]:#x} ({extent["freed"]}): '
                             f'{folio["outcome"]}, truly {extent["outcome"]}')
    return wrong
