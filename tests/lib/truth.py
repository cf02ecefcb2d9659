# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guest's own kernel said about its pages, and how a report agrees with it.

Every function that compares returns a list of sentences, one for each
disagreement. Nothing is compared with what the program said earlier.
"""
import array
import collections
import gzip
import lzma
import re
import shlex
import subprocess

import history
import hwp

# Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h).
KPF = {name: 1 << bit for name, bit in {
    'MMAP': 11, 'SLAB': 7, 'BUDDY': 10, 'HEAD': 15, 'TAIL': 16, 'HUGE': 17, 'HWPOISON': 19,
    'NOPAGE': 20, 'THP': 22, 'OFFLINE': 23, 'PGTABLE': 26, 'RESERVED': 32}.items()}

MAX_PAGE_ORDER = 10

# /proc/buddyinfo and its like were read a moment before the capture, and reading
# and sending them allocates: pages move between buddy and the per-CPU lists.
DRIFT_PAGES = 8192
DRIFT_BLOCKS = 96

# These checks fail because of where poison is, and only then.
LEAK_CHECKS = {'poison-not-in-buddy': 'buddy', 'poison-not-on-pcp': 'pcp',
               'poison-not-reused': 'reused', 'healthy-not-lost': 'dropped'}


def _unpacked(path, tail):
    if tail == '.gz':
        return gzip.open(path).read()
    if tail == '.xz':
        return lzma.open(path).read()
    if tail == '.zst':
        return subprocess.run(['zstd', '-qdc', path], check=True, capture_output=True).stdout
    return path.read_bytes()


class Truth:
    """The files that the guest left beside its dump."""

    def __init__(self, directory):
        self.directory = directory
        self.poisons = [self._poison(line) for line in self.lines('truth.txt')
                        if line.startswith('poison ')]
        self.page_owners = {p['pfn']: p for p in (
            self._poison(line) for line in self.lines('truth.txt')
            if line.startswith('page_owner '))}
        # What happened to each page, by the guest: its steps, what they come to, and what
        # became of each folio that was freed. Truths of before the guest said so have none.
        self.histories, self.fates = {}, {}
        for line in self.lines('truth.txt'):
            if line.startswith('history '):
                step = self._poison(line)
                self.histories.setdefault(step['pfn'], []).append(step)
            elif line.startswith('fate '):
                fate = self._poison(line)
                self.fates[fate['pfn']] = fate
        self.extents = [self._extent(line) for line in self.lines('truth.txt')
                        if line.startswith('extent ')]
        sizes = re.findall(r'^kernel .*\bpage_size=(\d+)', '\n'.join(self.lines('truth.txt')), re.M)
        self.page_size = int(sizes[0]) if sizes else 4096

    def read(self, name):
        """A file's bytes, compressed or not; None if there is none."""
        for tail in ('', '.zst', '.gz', '.xz'):
            path = self.directory / (name + tail)
            if path.exists():
                return _unpacked(path, tail)
        return None

    def lines(self, name):
        data = self.read(name)
        return data.decode().splitlines() if data else []

    @staticmethod
    def _poison(line):
        fields = dict(word.split('=', 1) for word in shlex.split(line)[1:])
        return {**fields, 'pfn': int(fields['pfn'], 16),
                'states': fields.get('state', '').split('|')}

    @staticmethod
    def _extent(line):
        fields = dict(word.split('=', 1) for word in shlex.split(line)[1:])
        return {**fields, 'base': int(fields['base'], 16), 'order': int(fields['order']),
                'poisons': [int(pfn, 16) for pfn in fields['poisons'].split(',')],
                'outcomes': fields['outcome'].split('|')}

    def settle(self, on_list):
        """Where pages were at the instant of the capture, {pfn: 'buddy' or 'pcp'}, by another
        reader of the same memory. The guest looks a moment before and a moment after it,
        and what is free may move between. One block of a dump may have: it is reported which."""
        moved = {}
        for poison in self.poisons:
            found = on_list.get(poison['pfn'])
            if not found and 'order' not in poison and self.threw_away(poison):
                poison['state'], poison['states'] = 'dropped', ['dropped']
                continue
            if found and found not in poison['states']:
                poison['states'] = [found]
            elif not found and set(poison['states']) <= {'buddy', 'pcp'}:
                poison['states'] = ['isolated', 'dropped']
            else:
                continue
            poison['state'] = '|'.join(poison['states'])
            moved.setdefault(poison['hit'], []).append(
                f'{poison["pfn"]:#x} ({poison["scenario"]}) moved: {found} at the capture')
        return [line for lines in moved.values() for line in lines], len(moved) <= 1

    def has_crashed(self):
        """Whether the dump was made by its kdump kernel: else the machine stood still for it."""
        return self.read('kdump.txt') is not None

    def has_fix(self):
        """Whether the kernel has the fix: none of Debian's has; the lab says so of its own."""
        return any(line.startswith('kernel release=') and '-fix-' in line
                   for line in self.lines('truth.txt'))

    def outcomes(self):
        """{base: outcome} of the folios that were freed with bad pages in them, by the guest; where
        it did not say so yet, by what the lab read in the whole dump (verify.txt)."""
        if self.extents or not self.read('verify.txt'):
            return {extent['base']: extent['outcome'] for extent in self.extents}
        outcomes, base = {}, None
        for line in self.lines('verify.txt'):
            folio = re.match(r'  \S+ (0x[0-9a-f]+)/\d+: \d+ bad;', line)
            if folio:
                base = int(folio[1], 16)
                outcomes[base] = 'held'
            elif 'WRONG: bad page' in line and ' is in ' in line:
                outcomes[base] = 'leaked'
            elif 'healthy pages lost' in line and outcomes[base] == 'held':
                outcomes[base] = 'lost'
        return outcomes

    def written(self):
        """Whether a bad page was written to after its error: the lab reads its contents."""
        return any(line.startswith('written ') for line in self.lines('truth.txt'))

    def threw_away(self, poison):
        """Whether the kernel threw a folio of this size away, which it freed with copies of the
        head's struct page in it: Debian's 6.12.117 does with HVO, and says so."""
        _, order = poison.get('hit', '0/0').split('/')
        return (poison['scenario'].startswith('hugetlb') and order != '0' and
                any('BUG: Bad page state' in line for line in self.lines('dmesg.txt')))

    def head_copies(self):
        """pfns that kpageflags shows as heads inside such a folio, where no head can be."""
        flags, copies = self.page_flags(), set()
        for poison in self.poisons:
            if not self.threw_away(poison) or 'order' in poison:
                continue
            base, order = (int(word, 0) for word in poison['hit'].split('/'))
            copies |= {pfn for pfn in range(base + 64, base + (1 << order), 64)
                       if flags[pfn] & KPF['HEAD']}
        return copies - {p['pfn'] for p in self.poisons}

    def keeps_no_raw_list(self):
        """Whether the kernel has nothing but the flag of a HugeTLB page's head, up to 5.19."""
        return any(line.startswith('kernel release=5.') for line in self.lines('truth.txt'))

    def flags_left_on_heads(self):
        """{head: [bad pages]} of HugeTLB pages that such a kernel freed: the flag stays there."""
        left = {}
        for poison in self.poisons:
            if (self.keeps_no_raw_list() and poison['scenario'].startswith('hugetlb-leak') and
                    'order' not in poison):
                left.setdefault(int(poison['hit'].split('/')[0], 16), []).append(poison['pfn'])
        return left

    def page_flags(self):
        """/proc/kpageflags, a word for each pfn."""
        data = self.read('kpageflags.bin')
        return array.array('Q', data) if data else None

    def page_counts(self):
        """/proc/kpagecount, a word for each pfn."""
        data = self.read('kpagecount.bin')
        return array.array('Q', data) if data else None

    def buddy(self):
        """{(nid, zone): [blocks by order]}"""
        rows = (re.match(r'Node (\d+), zone\s+(\S+)\s+(.*)', line)
                for line in self.lines('buddyinfo.txt'))
        return {(int(m[1]), m[2]): [int(n) for n in m[3].split()] for m in rows if m}

    def buddy_by_type(self):
        """{(nid, zone, migratetype): [blocks by order]}"""
        rows = (re.match(r'Node\s+(\d+), zone\s+(\S+), type\s+(\S+)\s+([\d ]+)$', line)
                for line in self.lines('pagetypeinfo.txt'))
        return {(int(m[1]), m[2], m[3].lower()): [int(n) for n in m[4].split()]
                for m in rows if m}

    def zones(self):
        """{(nid, zone): {word: number}} of what /proc/zoneinfo says of whole zones."""
        zones, words = {}, {}
        for line in self.lines('zoneinfo.txt'):
            m = re.match(r'Node (\d+), zone\s+(\S+)', line)
            if m:
                words = zones[int(m[1]), m[2]] = {}
            m = re.match(r'\s+(spanned|present|managed|start_pfn:?)\s+(\d+)$', line)
            if m:
                words[m[1].rstrip(':')] = int(m[2])
        return {k: v for k, v in zones.items() if v.get('spanned')}

    def hardware_corrupted(self):
        """The kernel's num_poisoned_pages, or None if it does not count."""
        for line in self.lines('meminfo.txt'):
            if line.startswith('HardwareCorrupted:'):
                return int(line.split()[1]) * 1024 // self.page_size
        return None

    def node_totals(self):
        """{nid: errors handled}, where the kernel counts them by node."""
        rows = (re.search(r'/node(\d+)/memory_failure/total: (\d+)', line)
                for line in self.lines('sysfs.txt'))
        return {int(m[1]): int(m[2]) for m in rows if m}


def compare_each_page(truth, report):
    """{pfn: disagreements} of each poisoned page of the truth and of the report."""
    pages = {p['pfn']: p for p in report['poisoned']}
    each = {pfn: [f'{pfn:#x} is listed ({page["state"]}) and was never poisoned']
            for pfn, page in sorted(pages.items())}
    for poison in truth.poisons:
        page = pages.get(poison['pfn'])
        if page and page['state'] in history.unprovable(truth, poison['pfn'], page):
            each[poison['pfn']] = []
            continue
        each[poison['pfn']] = _compare_page(poison, page, truth.page_size) if page else [
            f'{poison["pfn"]:#x} is missing, truly {poison["state"]} ({poison["scenario"]})']
    return each


def compare_pages(truth, report):
    """Every poisoned page in its true state, at its true place, and no other page."""
    wrong = [what for found in compare_each_page(truth, report).values() for what in found]
    if len({p['pfn'] for p in report['poisoned']}) != len(report['poisoned']):
        wrong.append('a page is listed twice')
    return wrong


def _compare_page(poison, page, page_size):
    who = f'{poison["pfn"]:#x} ({poison["scenario"]})'
    wrong = []

    def want(key, value):
        if page[key] != value:
            wrong.append(f'{who}: {key} is {page[key]}, truly {value}')

    if page['state'] not in poison['states']:
        wrong.append(f'{who}: state is {page["state"]}, truly {poison["state"]}')
    want('phys', hex(page['pfn'] * page_size))
    want('class', hwp.CLASSES[page['state']])
    if page['state'] != 'offline':
        want('nid', int(poison['nid']))
        want('zone', poison['zone'])
    if 'order' in poison:
        want('order', int(poison['order']))
        want('head_pfn', int(poison['head'], 16))
    elif page['state'] in ('buddy', 'pcp', 'large-folio', 'hugetlb'):
        wrong += _outside_block(who, page)
    if page['state'] == 'dropped' and poison['state'] == 'dropped':
        base, order = poison['hit'].split('/')
        want('head_pfn', int(base, 16))
        want('order', int(order))
    if (page['state'] == 'pcp') != (page['cpu'] is not None):
        wrong.append(f'{who}: cpu is {page["cpu"]} in state {page["state"]}')
    return wrong


def _outside_block(who, page):
    head, order = page['head_pfn'], page['order']
    if head is None or order is None:
        return [f'{who}: no block']
    if head % (1 << order) or not head <= page['pfn'] < head + (1 << order):
        return [f'{who}: not in the block at {head:#x}, order {order}']
    return []


def compare_page_owners(truth, report):
    """What /sys/kernel/debug/page_owner said of the poisoned pages that are allocated: all of
    it, and of no other page. What was handed out after its error is reused for certain."""
    wrong = []
    for page in report['poisoned']:
        record, kernels = page['page_owner'], truth.page_owners.get(page['pfn'])
        who, reuse = f'{page["pfn"]:#x}', page['reuse']
        if (record or {}).get('allocated', False) != (kernels is not None):
            # A block that the check threw away as it was freed is shown as well.
            wrong.append(f'{who}: {record}, the kernel said {kernels}')
        if not kernels or not record:
            continue
        mine = [str(record[key]) for key in ('order', 'pid', 'tgid', 'comm', 'alloc_ns')]
        if mine != [kernels[key] for key in ('order', 'pid', 'tgid', 'comm', 'ts')]:
            wrong.append(f'{who}: {record}, the kernel said {kernels}')
        event = report['events'][page['event']] if page['event'] is not None else None
        later = event and event['kind'] == 'action' and int(kernels['ts']) > event['time_ns']
        if reuse and (reuse['confidence'] == 'certain') != bool(later):
            wrong.append(f'{who}: {reuse}, allocated at {kernels["ts"]}, {event}')
        if later and page['state'] not in ('reused', 'buddy', 'pcp', 'dropped', 'isolated'):
            wrong.append(f'{who}: {page["state"]}, though handed out after {event}')
    return wrong


# In these states a page is somebody's.
OWNED = ('in-use', 'large-folio', 'hugetlb', 'reused')


def compare_owners(truth, report):
    """The process and the file that a page is of are those of which the guest's /proc names."""
    wrong, pages = [], {p['pfn']: p for p in report['poisoned']}
    for poison in truth.poisons:
        page = pages.get(poison['pfn'])
        if not page:
            continue
        owner, pid = page['owner'], int(poison['owner'])
        if page['state'] not in OWNED:
            same = owner is None
        elif poison['scenario'] == 'hugetlb-file' and truth.keeps_no_raw_list():
            # me_huge_page() takes it out of the file, whose pages the guest still maps.
            same = owner is None
        elif pid:
            same = owner is not None and _is_owner(poison, owner)
        else:
            continue
        if not same:
            wrong.append(f'{poison["pfn"]:#x} ({poison["scenario"]}, {page["state"]}): owner is '
                         f'{owner}, truly {poison.get("comm")}[{pid}] {poison.get("path")}')
    return wrong


def _is_owner(poison, owner):
    if owner['pid'] != int(poison['owner']) or owner['comm'] != poison.get('comm', owner['comm']):
        return False
    # What was noted before the guest knew of paths.
    if 'comm' not in poison:
        return True
    file = owner['file']
    if file is None or 'path' not in poison:
        return file is None and 'path' not in poison
    path = file['path'] + (' (deleted)' if file['deleted'] else '')
    return (path, file['inode'], file['mounted'], owner['nr_mappers']) == (
        poison['path'], int(poison['inode']), True, 1)


def compare_folios(truth, report):
    """Folios that the truth names hold exactly the poison that it names."""
    wrong = []
    folios = {f['head_pfn']: f for f in report['folios']}
    for poison in truth.poisons:
        # A slab is compound as well, and no folio of a user.
        if not {'large-folio', 'hugetlb'} & set(poison['states']) or 'head' not in poison:
            continue
        head = int(poison['head'], 16)
        pfns = sorted(int(p, 16) for p in poison['folio_poisons'].split(','))
        folio = folios.get(head)
        if not folio:
            wrong.append(f'no folio at {head:#x}')
        elif sorted(folio['poisoned_pfns']) != pfns:
            wrong.append(f'folio at {head:#x}: poison {folio["poisoned_pfns"]}, truly {pfns}')
        elif (folio['kind'] == 'hugetlb') != ('hugetlb' in poison['states']):
            wrong.append(f'folio at {head:#x}: kind {folio["kind"]}, truly {poison["state"]}')
    return sorted(set(wrong))


def compare_extents(truth, report):
    """A HugeTLB page that is gone was as large as is said, or as is said that it may have been."""
    wrong, poisons = [], {p['pfn']: p for p in truth.poisons}
    for folio in report['folios']:
        for poison in (poisons[pfn] for pfn in folio['poisoned_pfns'] if pfn in poisons):
            if folio['known_by'] != 'log' or not poison['scenario'].startswith(('huge', 'giga')):
                continue
            base, order = (int(word, 0) for word in poison['hit'].split('/'))
            if (not folio['order'] <= order <= folio['max_order'] or
                    folio['head_pfn'] >> order << order != base):
                wrong.append(f'extent at {folio["head_pfn"]:#x}, order {folio["order"]} to '
                             f'{folio["max_order"]}: truly {poison["hit"]}')
    return wrong


def decomposed(base, order, poisoned):
    """The healthy blocks of a folio: runs without poison, cut greedily from the start."""
    blocks, pfn, end = [], base, base + (1 << order)
    while pfn < end:
        if pfn in poisoned:
            pfn += 1
            continue
        size = 1 << MAX_PAGE_ORDER
        while pfn % size or pfn + size > end or any(pfn <= p < pfn + size for p in poisoned):
            size >>= 1
        blocks.append({'pfn': pfn, 'order': size.bit_length() - 1})
        pfn += size
    return blocks


def compare_ranges(report):
    """Healthy ranges are exact, and what is observed accounts for every page of a folio."""
    wrong = []
    for folio in report['folios']:
        who = f'folio at {folio["head_pfn"]:#x}, order {folio["order"]}'
        base, pages = folio['head_pfn'], 1 << folio['order']
        poisoned = set(folio['poisoned_pfns'])
        if folio['expected'] != decomposed(base, folio['order'], poisoned):
            wrong.append(f'{who}: expected {folio["expected"]}')
        if folio['nr_healthy'] != pages - len(poisoned):
            wrong.append(f'{who}: {folio["nr_healthy"]} healthy, {len(poisoned)} poisoned')
        lost, at = 0, base
        for row in folio['observed']:
            if row['pfn'] != at:
                wrong.append(f'{who}: {row} follows {at:#x}')
            at = row['pfn'] + row['nr_pages']
            hit = poisoned & set(range(row['pfn'], at))
            if hit and (not row['poisoned'] or len(hit) != row['nr_pages']):
                wrong.append(f'{who}: {row} holds poison')
            lost += row['nr_pages'] if row['state'] == 'lost' and not hit else 0
        if at != base + pages:
            wrong.append(f'{who}: observed to {at:#x}')
        if lost != folio['nr_healthy_lost']:
            wrong.append(f'{who}: {folio["nr_healthy_lost"]} healthy lost, {lost} observed')
    return wrong


def _state(poison, page):
    """The page's true state: where the guest leaves a choice, the one that was reported."""
    return page['state'] if page and page['state'] in poison['states'] else poison['states'][0]


def expected_verdicts(truth, report):
    """What may be said of the dump as a whole. It follows from what the guest knows of each
    page, now and before, and of each freed folio, and from what the lab read in the dump."""
    pages = {p['pfn']: p for p in report['poisoned']}
    want = hwp.expected_verdict([_state(p, pages.get(p['pfn'])) for p in truth.poisons],
                                truth.has_fix())
    if want == 'leaked':
        return {want}
    fates = [truth.fates[p['pfn']] for p in truth.poisons if p['pfn'] in truth.fates]
    # That a page was free may not be provable, but it is no all-clear.
    if 'yes' in (fate['was_free'] for fate in fates):
        return {'leaked-before', 'at-risk'}
    if truth.written() or 'lost' in truth.outcomes().values():
        return {'inconsistent'}
    # A huge page was freed by a kernel without the fix, or split: nothing may be left that shows
    # which, though the guest saw it.
    if want == 'clean' and not truth.has_fix() and any(
            poison.get('log', '').endswith(('thp: Failed', 'huge page: Failed',
                                            'thp: Ignored', 'huge page: Ignored'))
            for poison in truth.poisons):
        return {'clean', 'at-risk'}
    return {want}


def expected_fix_seen(truth):
    """What the freed folios show of the fix, by what became of them."""
    outcomes = set(truth.outcomes().values())
    if outcomes & {'leaked', 'leaked-before', 'lost'}:
        return 'not-held'
    return 'held' if 'held' in outcomes else 'nothing'


def compare_fix(truth, report):
    """Whether the kernel has the fix is known to who built it."""
    fix, seen, wrong = report['kernel']['fix'], report['kernel']['fix_seen'], []
    if (fix == 'present') != truth.has_fix():
        wrong.append(f'the fix is {fix}')
    if truth.has_fix() and seen != expected_fix_seen(truth):
        wrong.append(f'freed folios {seen}, truly {truth.outcomes()}')
    if not truth.has_fix() and seen == 'held':
        wrong.append('freed folios held, on a kernel without the fix')
    return wrong


def compare_verdict(truth, report, status):
    """The verdict, the exit status and the checks are those of what is true."""
    states = [p['state'] for p in report['poisoned']]
    want, verdict = expected_verdicts(truth, report), report['verdict']
    lost = 'lost' in truth.outcomes().values()
    wrong = compare_fix(truth, report)
    if verdict not in want:
        wrong.append(f'verdict {verdict}, truly {" or ".join(sorted(want))}')
    if status != hwp.STATUS[verdict]:
        wrong.append(f'exit status {status} with verdict {verdict}')
    for check in report['checks']:
        fails = check['result'] == 'fail'
        # Ranges are those of a known folio; poison in free memory may be of none.
        if check['name'] == 'ranges-held' and 'leaked' in want:
            continue
        if check['name'] == 'poison-unwritten' and truth.written():
            fails = not fails
        if check['name'] == 'healthy-not-lost' and lost:
            fails = not fails or 'dropped' in states
        if fails != (LEAK_CHECKS.get(check['name']) in states):
            wrong.append(f'check {check["name"]}: {check["result"]} ({check["detail"]})')
    coverage = report['coverage']
    if coverage['nr_read'] != coverage['nr_pages'] or not coverage['nr_pages']:
        wrong.append(f'coverage {coverage}')
    return wrong


def compare_counters(truth, report):
    wrong = []
    counted = truth.hardware_corrupted()
    if counted is not None and report['kernel']['num_poisoned_pages'] != counted:
        wrong.append(f'num_poisoned_pages {report["kernel"]["num_poisoned_pages"]}, '
                     f'/proc/meminfo says {counted}')
    for node in report['summary'].get('nodes') or []:
        total = truth.node_totals().get(node['nid'])
        if node['mf_total'] not in (None, total):
            wrong.append(f'node {node["nid"]}: mf_total {node["mf_total"]}, sysfs says {total}')
    return wrong


def compare_page_flags(truth, report):
    """What /proc/kpageflags shows of every pfn and what is said of the poisoned ones."""
    flags = truth.page_flags()
    if flags is None:
        return ['no kpageflags.bin']
    listed = {p['pfn']: p for p in report['poisoned']}
    folios = {f['head_pfn']: f for f in report['folios']}
    wrong, huge_head, copies = [], None, truth.head_copies()
    if report['summary']['nr_aliased'] < len(copies):
        wrong.append(f'{len(copies)} copies of heads, {report["summary"]["nr_aliased"]} known')
    left = truth.flags_left_on_heads()
    copies |= left.keys() - listed.keys()
    moved = {pfn: head for head, pfns in left.items() for pfn in pfns}
    for pfn, word in enumerate(flags):
        if pfn in copies:
            continue
        if word & KPF['HEAD']:
            huge_head = pfn if word & KPF['HUGE'] else None
        if word & KPF['HWPOISON'] and not word & KPF['NOPAGE']:
            # The flag of a HugeTLB head is shown on all its pages.
            found = huge_head in folios if word & KPF['HUGE'] else pfn in listed
            if not found:
                wrong.append(f'{pfn:#x} is marked in kpageflags and not listed')
    later = {p['pfn']: [int(w, 16) for w in p['kpf'].split('/')[:2]] for p in truth.poisons}
    for pfn, page in listed.items():
        # The guest keeps the first 8 MiB of the file. Pages of an offline block and of
        # ZONE_DEVICE are not shown, and a page may have moved since the file was read.
        if (pfn < len(flags) and page['state'] not in ('offline', 'device') and
                later.get(pfn) == [flags[pfn]] * 2):
            wrong += _compare_flags(pfn, page, flags, moved.get(pfn, pfn))
    return wrong


def _compare_flags(pfn, page, flags, marked_pfn):
    word, wrong = flags[pfn], []
    marked = flags[page['head_pfn'] if page['state'] == 'hugetlb' else marked_pfn]
    if not marked & KPF['HWPOISON']:
        wrong.append(f'{pfn:#x}: listed, not marked in kpageflags')
    for bit, state in (('SLAB', 'slab'), ('PGTABLE', 'pgtable'), ('HUGE', 'hugetlb'),
                       ('RESERVED', 'reserved'), ('BUDDY', 'buddy')):
        # An owner of a block that was free before is proof of another use.
        if word & KPF[bit] and page['state'] not in (state, 'reused'):
            wrong.append(f'{pfn:#x}: {page["state"]}, kpageflags show {bit}')
        # 6.1 shows HUGE on all subpages too, unless their vmemmap is shared.
        if page['state'] == state and not word & KPF[bit] and bit not in ('HUGE', 'BUDDY'):
            wrong.append(f'{pfn:#x}: {state}, kpageflags do not show {bit}')
    return wrong


def compare_free(truth, document):
    """Free blocks by node, zone and order against /proc/buddyinfo, and by migratetype
    against /proc/pagetypeinfo: exactly where nothing allocates, else nearly."""
    free = document['freelist']
    wrong = []
    zones = {(z['nid'], z['zone']): z for z in free['zones']}
    for key, words in truth.zones().items():
        zone = zones.get(key)
        if not zone:
            wrong.append(f'no zone {key}')
            continue
        span = (zone['start_pfn'], zone['end_pfn'] - zone['start_pfn'])
        # Where ZONE_DEVICE begins is not said.
        if span != (words.get('start_pfn', span[0]), words['spanned']) or zone['managed'] != words['managed']:
            wrong.append(f'zone {key}: {zone}, /proc/zoneinfo says {words}')
    wrong += [f'zone {key} is not in /proc/zoneinfo' for key in zones.keys() - truth.zones()]
    found = _areas(free['areas'], 'nr_walked')
    counted = {k: v for k, v in truth.buddy().items() if k in zones}
    wrong += compare_counts(found, counted)
    lists = [x for x in free['lists'] if x['container'] == 'free_area']
    found = _areas(lists, 'nr_blocks', 'migratetype')
    counted = {k: v for k, v in truth.buddy_by_type().items() if k[:2] in zones}
    wrong += compare_counts(found, counted)
    for area in free['areas']:
        if not area['complete'] or area['nr_free'] != area['nr_walked']:
            wrong.append(f'area {area}')
    return wrong


def _areas(rows, count, *more):
    """{(nid, zone, ...): [blocks by order]}"""
    areas = {}
    for row in rows:
        key = (row['nid'], row['zone'], *[row[m].lower() for m in more])
        orders = areas.setdefault(key, [])
        assert row['order'] == len(orders)
        orders.append(row[count])
    return areas


def compare_counts(found, counted):
    """Blocks by order, {key: [counts]}, against what the kernel said a moment before."""
    wrong = [f'free blocks of {key} are not reported' for key in counted.keys() - found.keys()]
    sizes = collections.Counter()
    for key, counts in counted.items():
        sizes[key[:2]] += sum(a << i for i, a in enumerate(counts))
    for key, counts in counted.items():
        mine = found.get(key, counts)
        if len(mine) != len(counts):
            wrong.append(f'{key}: {len(mine)} orders, truly {len(counts)}')
            continue
        drift = abs(sum((a - b) << i for i, (a, b) in enumerate(zip(mine, counts))))
        # Single pages, of which a process frees thousands, move by the batch.
        blocks = max(abs(a - b) for a, b in zip(mine[1:], counts[1:]))
        # x86_64's first 16 MiB; arm64's is all memory below 4 GiB.
        quiet = key[1] == 'DMA' and sizes[key[:2]] < 4096
        if (quiet and mine != counts or drift > DRIFT_PAGES or
                blocks > DRIFT_BLOCKS):
            wrong.append(f'{key}: free blocks by order {mine}, the kernel said {counts}')
    return wrong


def _log_is_ahead(truth, log):
    """Seconds that the log's clock is ahead of the monotonic one, by an error that both have. In an
    emulated arm64 it is some: until the kernel counts by the processor's counter, it loses ticks."""
    for pfn, steps in truth.histories.items():
        line = re.search(rf'\[ *(\d+\.\d+)\].*Injecting memory failure at pfn {pfn:#x}$', log, re.M)
        errors = [step for step in steps if step.get('via') == 'corrupt-pfn']
        if line and errors:
            return float(line[1]) - float(errors[0]['at'])
    return 0


def compare_machine(truth, report):
    """The kernel's build, its clock when it set that, its memory; and it had not crashed."""
    machine, wrong = report['identity'], []
    version = truth.read('version.txt')
    if version and not version.decode().strip().endswith(machine['build'] or '-'):
        wrong.append(f"build {machine['build']}")
    log = (truth.read('dmesg.txt') or b'').decode(errors='replace')
    clock = re.search(r'\[ *(\d+\.\d+)\].* setting system clock to \S+ UTC \((\d+)\)', log)
    for event in report['events'] if clock else []:
        start = int(clock[2]) - float(clock[1]) + _log_is_ahead(truth, log)
        if abs(event['time'] - start - event['time_ns'] / 1e9) > 2:
            wrong.append(f"event {event['seq']} at {event['time']}")
    memory = re.search(r'MemTotal: +(\d+) kB', (truth.read('meminfo.txt') or b'').decode())
    # MemTotal is without what is reserved for a kdump kernel.
    reserved = re.search(r'crashkernel=(\d+)M', (truth.read('cmdline.txt') or b'').decode())
    reserved = int(reserved[1]) << 20 if reserved else 0
    if memory and not (int(memory[1]) * 1024 <= machine['memory_bytes'] <
                       int(memory[1]) * 1400 + reserved):
        wrong.append(f"memory {machine['memory_bytes']} of {memory[1]} kB")
    return wrong + _compare_cause(truth, report['cause'])


def _compare_cause(truth, cause):
    """A machine that stood still had not crashed; one that made its own dump died by sysrq, soon after
    its last error."""
    said = cause['conclusion'], cause['confidence']
    if truth.has_crashed():
        right = said[0] in ('no-sign', 'memory-error-near') and cause['panic']['text'] == 'sysrq triggered crash'
    else:
        right = said == ('no-crash', 'certain')
    return [] if right else [f"cause {said} {cause['panic']}"]


def compare(directory, vmcore, on_list=None):
    """{name of a comparison: disagreements} for one dump and its ground truth."""
    truth = Truth(directory)
    moved, few = truth.settle(on_list) if on_list is not None else ([], True)
    run = hwp.Run('check', '--json', vmcore)
    report = run.json()
    document = hwp.Run('freelist', '--json', vmcore).json()
    if not report or 'poisoned' not in report or not document or 'freelist' not in document:
        return {'runs': [f'exit status {run.status}: {run.err.strip()}']}
    results = {
        'truth': ([] if few else moved) + history.compare(truth),
        'pages': compare_pages(truth, report),
        'owners': compare_owners(truth, report),
        'folios': compare_folios(truth, report),
        'extents': compare_extents(truth, report),
        'page_owner': compare_page_owners(truth, report),
        'ranges': compare_ranges(report),
        'verdict': compare_verdict(truth, report, run.status),
        'history': history.compare_past(truth, report) + history.compare_outcomes(truth, report),
        'counters': compare_counters(truth, report),
        'machine': compare_machine(truth, report),
    }
    if truth.read('kpageflags.bin'):
        results['kpageflags'] = compare_page_flags(truth, report)
    if truth.read('buddyinfo.txt'):
        results['freelist'] = compare_free(truth, document)
    return results
