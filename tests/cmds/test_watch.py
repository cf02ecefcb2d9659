#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""`hwpoison watch`: in a guest that poisons and unpoisons pages meanwhile, against the guest's own
/proc/kpageflags; and what it does not take. What changes are is tested in unit/changes.c."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import guest
import hwp

VALIDATOR = blocks.validator()
# What one look finds is compared on each kernel by real/test_lab.py.
KERNEL = '7.3-cloud'
# Which can only be ignored. The other is the head of a free block, and taken off its list.
RESERVED = 1
# /proc/kpageflags: KPF_BUDDY is 10, KPF_HWPOISON 19.
SCRIPT = '''
inject=/sys/kernel/debug/hwpoison
bit() {{ echo $((0x$(dd if=/proc/kpageflags bs=8 skip=$1 count=1 2>/dev/null |
	hexdump -v -n 4 -e '1/4 "%08x"') >> $2 & 1)); }}
flagged() {{ echo "flags $1 $(bit $1 19)"; }}
free=$((0x10000))
while [ $(bit $free 10) = 0 ]; do free=$((free + 256)); done
says() {{ i=0; until grep -q "$1" /tmp/out || [ $((i += 1)) -gt 300 ]; do usleep 100000; done; }}
watch() {{ hwpoison watch --interval 1 "$@" >/tmp/out 2>/tmp/err & pid=$!; }}
end() {{ kill -$1 $pid; wait $pid; echo "status $?"; sed 's/^/err /' /tmp/err; sed 's/^/out /' /tmp/out; }}

watch --json -o /tmp/x.prom
says verdict
echo $free >$inject/corrupt-pfn; flagged $free; says '"now": "taken-off"'
echo $free >$inject/unpoison-pfn; flagged $free; says '"before": "taken-off"'
echo {reserved} >$inject/corrupt-pfn; flagged {reserved}; says '"now": "reserved"'
sleep 4
end TERM
sed 's/^/metrics /' /tmp/x.prom; ls /tmp | sed 's/^/file /'
watch
says verdict
sleep 3
end INT
'''


def of(text, word):
    return [line[len(word) + 1:] for line in text.splitlines() if line.startswith(f'{word} ')]


def verdicts(told):
    """Each follows from the one before. What a look in between makes of a page on its way
    is not asked here; the last one is of a guest at rest."""
    chain = [None, *(now for _, now in told)]
    wrong = [] if [before for before, _ in told] == chain[:-1] else [f'verdicts {told}']
    return wrong + ([] if chain[-1] == 'at-risk' else [f'the last verdict is {chain[-1]}'])


def watched():
    with guest.Guest(KERNEL, SCRIPT.format(reserved=RESERVED)) as vm:
        text = vm.wait()
        console = vm.console()
    if text is None:
        return [f'no end; {console[-300:]!r}']
    wrong = []
    flags = [tuple(map(int, line.split())) for line in of(text, 'flags')]
    free = flags[0][0] if flags else None
    if flags != [(free, 1), (free, 0), (RESERVED, 1)]:
        return [f'the guest did otherwise: {text[:500]!r}']
    if of(text, 'status') != ['0', '0'] or of(text, 'err'):
        wrong.append(f'status {of(text, "status")}, {of(text, "err")}')
    out = of(text, 'out')
    changes = [json.loads(line) for line in out if line.startswith('{')]
    for change in changes:
        if VALIDATOR:
            wrong += [e.message[:200] for e in VALIDATOR.iter_errors(change)]
    told = [(c['pfn'], c['before'], c['now']) for c in changes if c['kind'] == 'page']
    expected = [(free, None, 'taken-off'), (free, 'taken-off', None), (RESERVED, None, 'reserved')]
    if told != expected:
        wrong.append(f'told {told}')
    wrong += verdicts([(c['before'], c['now']) for c in changes if c['kind'] == 'verdict'])
    lines = [re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  (.+)  (\S+) -> (\S+)', line)
             for line in out if not line.startswith('{')]
    if not all(lines) or lines[0].groups() != ('0x1  0x1000', '-', 'reserved'):
        return wrong + [f'the text is {out}']
    wrong += verdicts([(None if m[2] == '-' else m[2], m[3]) for m in lines[1:]])
    metrics = of(text, 'metrics')
    for line in ('hwpoison_up 1', 'hwpoison_verdict{verdict="at-risk"} 1', '# EOF',
                 'hwpoison_poisoned_pages{node="0",state="reserved",class="kernel"} 1'):
        if line not in metrics:
            wrong.append(f'metrics without {line}')
    if sorted(of(text, 'file')) != ['err', 'out', 'x.prom']:
        wrong.append(f'files {of(text, "file")}')
    return wrong


def refused(args, word):
    run = hwp.Run('watch', *args)
    if run.status != 2 or run.err.count('\n') != 1 or run.out or word not in run.err:
        return [f'status {run.status}: {run.err!r}, {run.out[:80]!r}']
    return []


def main():
    cases = hwp.Cases()
    vmcore = hwp.vmcore_of(hwp.samples()[0])
    for name, args, word in (
            ('a vmcore', [vmcore], 'is for the running kernel'),
            ('a vmcore by -c', ['-c', vmcore], 'is for the running kernel'),
            ('no interval', ['--interval', '0'], '--interval'),
            ('an interval of days', ['--interval', '86401'], '--interval'),
            ('an interval of words', ['--interval=soon'], '--interval'),
            ('a range', ['--range', '1-2'], 'no option')):
        cases.tell(f'refused: {name}', refused(args, word))
    why = guest.missing(KERNEL)
    if why:
        cases.skip('watched', why)
    else:
        cases.tell('watched', watched())
    cases.exit()


if __name__ == '__main__':
    main()
