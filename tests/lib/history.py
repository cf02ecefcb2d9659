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
