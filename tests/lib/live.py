# SPDX-License-Identifier: GPL-2.0-or-later
"""What hwpoison said in the guest, a moment before its memory was dumped, against the dump
and against /proc/kpageflags; and what it read of that memory to say so."""
import json

import truth

# On the lists, and from one kind of list to the other: pages move by themselves.
FREE = ('buddy', 'pcp')
# The contents of these pages, and of those without any mark, are the kernel's own.
OWN = truth.KPF['SLAB'] | truth.KPF['PGTABLE'] | truth.KPF['RESERVED']
USERS = sum(1 << bit for bit in (5, 10, 11, 12, 13, 17, 18, 19, 22))
# The words by which a page is anonymous, mapped or swapped serve a slab for something else.
NOT_OF_SLAB = sum(1 << bit for bit in (11, 12, 13, 18))
MAX_RSS_KIB = 64 << 10
STATUS = {'clean': 0, 'at-risk': 0, 'leaked': 1, 'inconsistent': 1, 'incomplete': 2}
# Read without any mark: page tables, and with HVO the pages of the memmap itself.
MAX_UNMARKED = 0.1


def _words(directory, name):
    path = directory / f'{name}.run'
    return dict(word.split('=') for word in path.read_text().split()) if path.exists() else None


def _report(directory, name):
    try:
        return json.loads((directory / f'{name}.out').read_text())
    except ValueError:
        return {}


def was_run(directory):
    return (directory / 'live.run').exists()


def _states(report):
    return {p['pfn']: 'free' if p['state'] in FREE else p['state'] for p in report['poisoned']}


def _compare_states(name, want, report):
    said, wrong = _states(report), []
    for pfn in sorted(want.keys() | said.keys()):
        # What has leaked is taken into use any moment.
        if want.get(pfn) != said.get(pfn) and not (said.get(pfn) == 'free' and pfn in want):
            wrong.append(f'{name}: {pfn:#x} is {said.get(pfn)}, in the dump {want.get(pfn)}')
    return wrong


def _is_owner(one, other):
    """The same, but for the start of the process: the clocks that it is reckoned by drift."""
    if not one or not other:
        return one == other
    starts = [owner['start_ns'] or 0 for owner in (one, other)]
    return abs(starts[0] - starts[1]) < 1_000_000 and \
        {**one, 'start_ns': None} == {**other, 'start_ns': None}


def _compare_owners(name, dump, report):
    want = {p['pfn']: (p['state'], p['owner']) for p in dump['poisoned']}
    return [f'{name}: {p["pfn"]:#x} is of {p["owner"]}, in the dump of {want[p["pfn"]][1]}'
            for p in report['poisoned']
            if want.get(p['pfn'], ('', None))[0] == p['state'] and
            not _is_owner(want[p['pfn']][1], p['owner'])]


def compare_answer(directory, name, dump):
    """One run by /proc/kcore says what the dump says, within its memory."""
    report, words = _report(directory, name), _words(directory, name)
    if 'verdict' not in report:
        return [f'{name}: {(directory / (name + ".err")).read_text().strip()}']
    wrong = _compare_states(name, _states(dump), report) + _compare_owners(name, dump, report)
    if report['target'].get('live') is not True or report['target']['path'] is not None:
        wrong.append(f'{name}: target is {report["target"]}')
    if int(words['status']) != STATUS[report['verdict']]:
        wrong.append(f'{name}: {report["verdict"]}, exit status {words["status"]}')
    if (report['verdict'] == 'leaked') != (dump['verdict'] == 'leaked'):
        wrong.append(f'{name}: {report["verdict"]}, of the dump {dump["verdict"]}')
    if name != 'traced' and int(words['rss_kib']) > MAX_RSS_KIB:
        wrong.append(f'{name}: {words["rss_kib"]} KiB of memory')
    if any(p['persistence'] != 'persistent' for p in report['poisoned']):
        wrong.append(f'{name}: transient, though nothing changed')
    return wrong


def compare_fallback(directory, dump):
    """Without /proc/kcore: what is free is found, and nothing is called clean."""
    report = _report(directory, 'flags')
    if 'verdict' not in report:
        return [f'flags: {(directory / "flags.err").read_text().strip()}']
    want = {p['pfn']: p['state'] for p in dump['poisoned']}
    said = {p['pfn']: p['state'] for p in report['poisoned']}
    wrong = [f'flags: {pfn:#x} is {state}, in the dump {want.get(pfn)}'
             for pfn, state in said.items()
             if state not in ('unknown', 'hugetlb') and (state not in FREE or pfn not in want) and want.get(pfn) not in
             ((*FREE,) if state in FREE else ('reused', state) if state in
              ('in-use', 'large-folio') else (state,))]
    wrong += [f'flags: {pfn:#x} is missing' for pfn, state in want.items()
              if pfn not in said and state not in ('hugetlb', 'offline', 'device')]
    if dump['kernel']['has_memory_failure'] and report['verdict'] not in ('leaked', 'incomplete'):
        wrong.append(f'flags: {report["verdict"]}')
    return wrong


def compare_nobody(directory):
    words, err = _words(directory, 'nobody'), (directory / 'nobody.err').read_text()
    if words['status'] != '2' or err.count('\n') != 1 or 'CAP_SYS_RAWIO is missing' not in err:
        return [f'nobody: exit status {words["status"]}: {err.strip()}']
    return []


def compare_reads(directory):
    """Every page that was read is the kernel's own, and none is poisoned."""
    wrong, nr, unmarked = [], 0, 0
    for line in (directory / 'reads.txt').read_text().splitlines():
        kind, *words = line.split()
        if kind != 'read':
            wrong.append(f'reads: {line}')
            continue
        pfn, flags = (int(word, 16) for word in words)
        nr += 1
        unmarked += not flags & OWN
        users = USERS & ~NOT_OF_SLAB if flags & truth.KPF['SLAB'] else USERS
        if flags & users or flags & truth.KPF['NOPAGE']:
            wrong.append(f'reads: {pfn:#x} was read, its flags are {flags:#x}')
    if not nr:
        wrong.append('reads: none was seen')
    if unmarked > MAX_UNMARKED * nr:
        wrong.append(f'reads: {unmarked} of {nr} pages bore no mark')
    return wrong


def compare(directory, run):
    """A sentence for each disagreement of the live runs and the run on the dump."""
    wrong, dump = compare_nobody(directory) + compare_reads(directory), run.json()
    if not dump or 'verdict' not in dump:
        return wrong
    if dump['kernel']['has_memory_failure']:
        for name in ('live', 'quick', 'traced'):
            wrong += compare_answer(directory, name, dump)
    return wrong + compare_fallback(directory, dump)
