#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""`hwpoison watch`: in a guest that poisons and unpoisons pages meanwhile, against the guest's own
/proc/kpageflags; and what it does not take. What changes are is tested in unit/changes.c."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import guest
import hwp

VALIDATOR = blocks.validator()
# What one look finds is compared on each kernel by real/test_lab.py.
KERNEL = '7.3-cloud'
ARM64 = '6.12-arm64'
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
# A leak that is gone: a THP is freed with a bad page in it, and then the mark is taken away.
LEAK = '''
mkdir -p /var/lib
state=/var/lib/hwpoison/leaks
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
echo "boot $(cat /proc/sys/kernel/random/boot_id)"
watch --json -o /tmp/x.prom
says verdict
/programs/leak_thp | tee /tmp/bad
bad=$(sed 's/bad //' /tmp/bad)
says leaked-since-boot
echo $bad >$inject/unpoison-pfn
says '"now": null'
sleep 3
end TERM
sed 's/^/metrics /' /tmp/x.prom
cp -p $state /tmp/kept
sed 's/^/state /' $state; ls -l $state | cut -c 1-10 | sed 's/^/mode /'
now() {
	hwpoison metrics "$@" 2>&1 | sed -n "s/^hwpoison_leaked_since_boot //p; s/^hwpoison: /line /p"
}
echo "again" $(now)
echo "none" $(now --state-file=)
hwpoison check | sed -n 's/^Leaked  */check /p'
sed "s/^boot .*/boot 00000000-0000-0000-0000-000000000000/" /tmp/kept >/tmp/other
chmod 600 /tmp/other
echo "other" $(now --state-file=/tmp/other)
chmod 666 $state; echo "writable" $(now)
rm $state; ln -s /tmp/kept $state; echo "link" $(now)
rm $state; echo "damaged" >$state; echo "damaged" $(now)
echo "mine" >/tmp/mine; echo "mine" $(now --state-file=/tmp/mine); sed 's/^/left /' /tmp/mine
mkfifo /tmp/fifo; echo "fifo" $(now --state-file=/tmp/fifo)
echo "nowhere" $(now --state-file=/nowhere/leaks)
echo "quiet" $(now --quiet --state=/tmp/mine)
# What is contained now, and was seen in free memory: another page has the mark.
small=$(/programs/leak_thp small | sed 's/bad //')
sed "s/^leak 0x[0-9a-f]* /leak $(printf 0x%x $small) /" /tmp/kept >/tmp/before
chmod 600 /tmp/before
hwpoison check --state-file=/tmp/before >/tmp/out; echo "before $? $(head -n 1 /tmp/out)"
mkdir /srv; mount -t tmpfs none /srv
/programs/leak_thp file /srv/db >/dev/null
hwpoison list --state-file= | sed -n 's/.*its data is lost: /lost /p'
cp /tmp/before /tmp/copy; chmod 600 /tmp/copy
/programs/leak_thp >/dev/null; echo "both" $(now --state-file=/tmp/copy)
grep -c '^leak ' /tmp/copy | sed 's/^/leaks /'
'''


def of(text, word):
    return [line[len(word) + 1:] for line in text.splitlines() if line.startswith(f'{word} ')]


def verdicts(changes):
    """Each follows from the one before. What a look in between makes of a page on its way
    is not asked here; the last one is of a guest at rest."""
    chain = [None, *(now for _, now in changes)]
    wrong = [] if [before for before, _ in changes] == chain[:-1] else \
        [f'verdicts {changes}']
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
    reported = [(c['pfn'], c['before'], c['now']) for c in changes if c['kind'] == 'page']
    expected = [(free, None, 'taken-off'), (free, 'taken-off', None), (RESERVED, None, 'reserved')]
    if reported != expected:
        wrong.append(f'reported {reported}')
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


def state_is_right(text):
    """The file holds the page that leaked and went, and only root reads it."""
    bad, boot = int(of(text, 'bad')[0]), of(text, 'boot')[0]
    lines = of(text, 'state')
    if lines[:3] != ['hwpoison leaks since boot 1', f'boot {boot}', 'more 0'] or \
            lines[4:] != ['end'] or not re.fullmatch(rf'leak {bad:#x} free \d+ \d+', lines[3]):
        return [f'the file is {lines}']
    return [] if of(text, 'mode') == ['-rw-------'] else [f'its mode is {of(text, "mode")}']


def watch_is_right(text):
    bad, wrong = int(of(text, 'bad')[0]), []
    changes = [json.loads(line) for line in of(text, 'out') if line.startswith('{')]
    for change in changes:
        if VALIDATOR:
            wrong += [e.message[:200] for e in VALIDATOR.iter_errors(change)]
    leaks = [(c['nr_before'], c['nr_now']) for c in changes if c['kind'] == 'leaked-since-boot']
    if leaks != [(0, 1)]:
        wrong.append(f'leaks since boot: {leaks}')
    pages = [(c['pfn'], c['now']) for c in changes if c['kind'] == 'page']
    if not {s for p, s in pages if p == bad} & {'buddy', 'pcp'} or pages[-1] != (bad, None):
        wrong.append(f'pages: {pages}')
    # It is not marked any more, and is counted still.
    metrics = of(text, 'metrics')
    for line in 'hwpoison_leaked_pages 0', 'hwpoison_leaked_since_boot 1':
        if line not in metrics:
            wrong.append(f'metrics without {line}')
    return wrong


def leaked(folder, kernel=KERNEL):
    """A leak that is gone is in the file, in the metrics, and in what check says; a file that is
    no record costs a line."""
    program = folder / 'leak_thp'
    compiler = 'aarch64-linux-gnu-gcc' if guest.is_arm64(kernel) else 'gcc'
    subprocess.run([compiler, '-static', '-O1', '-o', program, hwp.TOP / 'tests/lib/leak_thp.c'],
                   check=True)
    script = SCRIPT.split('watch --json')[0] + LEAK
    script = script.replace('{{', '{').replace('}}', '}')
    if guest.is_arm64(kernel):
        # Its memory begins at 1 GiB.
        script = script.replace('0x10000', '0x50000')
    with guest.Guest(kernel, script, programs=[str(program)]) as vm:
        text, console = vm.wait(240), vm.console()
    if text is None:
        return [f'no end; {console[-300:]!r}']
    if not of(text, 'bad') or not of(text, 'state'):
        return [f'the guest did otherwise: {text[:900]!r}']
    wrong = state_is_right(text) + watch_is_right(text)
    expected = {
        'again': '1', 'none': '0', 'other': '0',
        'writable': '.*line .* can be written by others, and is not believed.* 0',
        'link': 'line /var/lib/hwpoison/leaks: Too many levels of symbolic links 0',
        'damaged': 'line /var/lib/hwpoison/leaks holds no record of leaks: .* 0',
        'mine': 'line /tmp/mine holds no record of leaks: .* 0', 'left': 'mine',
        'fifo': 'line /tmp/fifo is not a regular file 0', 'nowhere': '0', 'quiet': '0',
        'check': '1 page since boot, as earlier checks saw; the first at',
        'before': '1 LEAKED BEFORE: 1 poisoned page was in free memory since its error, and is no',
        'both': '2', 'leaks': '2', 'lost': 'of the file /srv/db at offset 0x3000',
    }
    for word, pattern in expected.items():
        if not re.fullmatch(pattern, ' '.join(of(text, word))):
            wrong.append(f'{word}: {of(text, word)}')
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
            ('a range', ['--range', '1-2'], 'no option'),
            ('two states', ['--state-file', 'a', '--state-file', 'b'], 'given twice')):
        cases.report(f'refused: {name}', refused(args, word))
    for command in 'check', 'metrics':
        run = hwp.Run(command, '--state-file', 'x', vmcore)
        cases.report(f'refused: {command} of a vmcore with a state', [] if run.status == 2 and
                     '--state-file is for the running kernel' in run.err else [f'{run.status} {run.err}'])
    why = guest.missing(KERNEL)
    if why:
        cases.skip('watched', why)
    else:
        with tempfile.TemporaryDirectory() as folder:
            cases.report('leaked', leaked(pathlib.Path(folder)))
        cases.report('watched', watched())
    why = guest.missing(ARM64)
    if why:
        cases.skip('leaked, on arm64', why)
    else:
        with tempfile.TemporaryDirectory() as folder:
            cases.report('leaked, on arm64', leaked(pathlib.Path(folder), ARM64))
    cases.exit()


if __name__ == '__main__':
    main()
