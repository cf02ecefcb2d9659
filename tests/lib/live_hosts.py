# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts on a running kernel: a guest poisons pages of its own, and what each host reports there
is compared with what the program does, and with what was injected."""
import json
import re

#: Poisons a reserved page, a free one, and two of a HugeTLB page. section NAME COMMAND... marks what
#: a command prints.
POISON = '''
mkdir -p /huge
export HOME=/tmp TERM=dumb
flags() {
	dd if=/proc/kpageflags bs=8 skip=$1 count=1 2>/dev/null | hexdump -v -n 4 -e '1/4 "%08x"'
}
bit() { echo $((0x$(flags $1) >> $2 & 1)); }
poison() { echo $1 >/sys/kernel/debug/hwpoison/corrupt-pfn 2>/dev/null; echo "poisoned $1"; }
section() {
	name=$1
	shift
	echo "=== $name"
	"$@" 2>&1
	echo "--- $name: $? after $(cut -d ' ' -f 1 /proc/uptime) s"
}

echo 1 >/proc/sys/vm/nr_hugepages
mount -t hugetlbfs none /huge
fallocate -l 2M /huge/file
free=$((0x10000))
while [ $(bit $free 10) = 0 ]; do free=$((free + 256)); done
# KPF_HUGE is bit 17; a line for every 512 pages, its first word of the first page.
huge=$(hexdump -v -e '1024/4 "%08x " "\\n"' /proc/kpageflags | cut -c 1-8 |
	awk 'substr($0, 4, 1) ~ /[2367abef]/ { print (NR - 1) * 512; exit }')
for pfn in 1 $free $((huge + 5)) $((huge + 9)); do poison $pfn; done
'''


def sections(text):
    """{name: what was printed, its end line apart}; what came first is ''."""
    parts = re.split(r'^=== (\S+)\n', text, flags=re.M)
    return dict(zip(['', *parts[1::2]], [re.sub(r'^--- .*\n', '', part, flags=re.M)
                                         for part in parts[::2]]))


def of(report):
    """What two looks at a running kernel must agree on."""
    document = json.loads(report)
    keys = 'state', 'class', 'nid', 'zone', 'head_pfn', 'order', 'persistence'
    return {'verdict': document['verdict'], 'live': document['target']['live'],
            'path': document['target']['path'],
            'release': document['kernel']['release'],
            'counted': document['kernel']['num_poisoned_pages'],
            'poisoned': {p['pfn']: [p[key] for key in keys] for p in document['poisoned']},
            'folios': [(f['head_pfn'], f['order'], f['kind'], f['poisoned_pfns'], f['outcome'])
                       for f in document['folios']],
            'checks': {c['name']: c['result'] for c in document['checks']},
            'nr_pages': document['coverage']['nr_pages']}


def same(parts, name, types, wanted='program'):
    """The report of that section is the program's; memory came through the gate."""
    try:
        want, mine = of(parts[wanted]), of(parts.get(name, ''))
        providers = json.loads(parts[name])['tool']['providers']
    except (ValueError, KeyError):
        return [f'no report: {parts.get(name, "")[:300]!r}']
    wrong = [f'{key}: {mine[key]} for {want[key]}' for key in want if mine[key] != want[key]]
    if providers != {'memory': 'kcore', 'types': types}:
        wrong.append(f'providers are {providers}')
    return wrong


def injected(parts):
    """The program finds what was injected, and nothing else."""
    pfns = {int(pfn) for pfn in re.findall(r'^poisoned (\d+)$', parts[''], re.M)}
    try:
        states = {p['pfn']: p['state'] for p in json.loads(parts['program'])['poisoned']}
    except (KeyError, ValueError):
        return [f'no report: {parts.get("program", parts[""])[:500]}']
    wrong = [] if len(pfns) == 4 and states.keys() == pfns else [f'{states} of {pfns}']
    if sorted(states.values()) != ['hugetlb', 'hugetlb', 'reserved', 'taken-off']:
        wrong.append(f'{states}')
    return wrong
