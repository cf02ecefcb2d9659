#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""`hwpoison diff`: reports of a guest whose pages are poisoned, leak and lose their marks meanwhile;
reports of the samples; and files that are no reports."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import guest
import hwp

VALIDATOR = blocks.validator()
KERNEL = '7.3-cloud'
SCRIPT = '''
inject=/sys/kernel/debug/hwpoison
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
n=0
look() { hwpoison check --json --state-file= >/tmp/$1.json; echo "look $1 $?"; }
compare() { hwpoison diff --json /tmp/$1.json /tmp/$2.json >/tmp/d; echo "diff $1 $2 $?"; tr -d '\\n' </tmp/d; echo; }
look start
bad=$(/programs/leak_thp | sed 's/bad //'); echo "bad $bad"
look leaked
echo $bad >$inject/unpoison-pfn
look unmarked
compare start start
compare start leaked
compare leaked unmarked
compare leaked start
hwpoison diff /tmp/start.json /tmp/leaked.json | sed 's/^/text /'
'''


def of_guest(text):
    """The diffs that the guest made: {(old, new): (status, document)}; and the bad pfn."""
    found, bad, lines = {}, None, iter(text.splitlines())
    for line in lines:
        if line.startswith('bad '):
            bad = int(line.split()[1], 0)
        if line.startswith('diff '):
            _, old, new, status = line.split()
            found[old, new] = int(status), json.loads(next(lines))
    return found, bad


def in_guest(cases):
    why = guest.missing(KERNEL)
    if why:
        return cases.report('a guest', [why])
    with tempfile.TemporaryDirectory() as work:
        program = pathlib.Path(work) / 'leak_thp'
        subprocess.run(['cc', '-static', '-O1', '-o', program,
                        hwp.TOP / 'tests/lib/leak_thp.c'], check=True)
        with guest.Guest(KERNEL, SCRIPT, programs=(str(program),)) as machine:
            text = machine.wait(300) or ''
            console = machine.console()
    try:
        found, bad = of_guest(text)
    except (ValueError, StopIteration):
        found, bad = {}, None
    if len(found) != 4 or bad is None:
        return cases.report('a guest', [text[-400:] + console[-400:]])
    wanted = {('start', 'start'): (0, 'same', None), ('start', 'leaked'): (1, 'worse', 'worse'),
              ('leaked', 'unmarked'): (2, 'unknown', 'unknown'),
              ('leaked', 'start'): (2, 'unknown', 'unknown')}
    for pair, (status, result, change) in wanted.items():
        got, document = found[pair]
        changes = {p['pfn']: p['change'] for p in document['pages']}
        wrong = [] if (got, document['result'], changes.get(bad)) == (status, result, change) else \
            [f'exit status {got}, {document["result"]}, {changes}']
        if document['same_boot'] != 'yes' or document['backwards'] != (pair == ('leaked', 'start')):
            wrong.append(f'boot {document["same_boot"]}, backwards {document["backwards"]}')
        if VALIDATOR:
            wrong += [e.message[:200] for e in VALIDATOR.iter_errors(document)]
        cases.report(' and '.join(pair), wrong)
    shown = [x[5:] for x in text.splitlines() if x.startswith('text ')]
    named = [x for x in shown if x.startswith(f'{bad:#x} ') and ' worse ' in x]
    cases.report('as text', [] if shown[0].startswith('WORSE: ') and named and
                 max(map(len, shown)) <= 80 else shown)


def of_samples(cases, work):
    """A report against itself, and against others, forced and not."""
    paths = {}
    for directory in hwp.samples():
        paths[directory.name] = work / f'{directory.name}.json'
        paths[directory.name].write_bytes(hwp.Run('check', '--json', hwp.vmcore_of(directory)).out)
    for name, path in paths.items():
        run = hwp.Run('diff', path, path)
        # Of what was not read nothing can be said, not even that it is the same.
        verdict = json.loads(path.read_text())['verdict']
        wanted = 2 if verdict == 'incomplete' else 0
        cases.report(f'{name} and itself', [] if run.status == wanted and not run.err
                     else [f'exit status {run.status} {run.err}'])
    (_, one), (_, other) = list(paths.items())[:2]
    run = hwp.Run('diff', one, other)
    cases.report('two machines', [] if run.status == 2 and not run.out and run.err.count('\n') == 1
                 and '--force' in run.err else [f'{run.status} {run.err}'])
    run = hwp.Run('diff', '--force', '--json', one, other)
    pages = {p['pfn'] for path in (one, other) for p in json.loads(path.read_text())['poisoned']}
    document = run.json() or {'pages': []}
    wrong = [] if {p['pfn'] for p in document['pages']} <= pages and document['pages'] else ['pages']
    if VALIDATOR:
        wrong += [e.message[:200] for e in VALIDATOR.iter_errors(document)]
    cases.report('two machines by force', wrong + ([] if document.get('same_boot') == 'no' else ['boot']))
    return one


def complaints(run):
    """One line, and exit status 2, or a difference."""
    if run.status not in (0, 1, 2):
        return [f'exit status {run.status}: {run.err[-200:]}']
    lines = run.err.count('\n')
    return [] if lines == (0 if run.out else 1) else [f'{lines} lines: {run.err[-200:]}']


def hostile(cases, work, good):
    text = good.read_bytes()
    damaged, dice = work / 'damaged.json', random.Random(14)
    wrong = []
    for _ in range(60):
        damaged.write_bytes(text[:dice.randrange(len(text))])
        run = hwp.Run('diff', damaged, good)
        wrong += complaints(run) + ([] if run.status == 2 and not run.out else ['a cut report is read'])
    cases.report('cut off', wrong)
    wrong = []
    for _ in range(120):
        copy = bytearray(text)
        for _ in range(dice.randrange(1, 6)):
            copy[dice.randrange(len(copy))] = dice.randrange(256)
        damaged.write_bytes(copy)
        wrong += complaints(hwp.Run('diff', good, damaged))
    cases.report('bytes changed', wrong)
    for name, content in {'deep': b'[' * 1000000, 'empty': b'', 'zeros': bytes(4096), 'long': b'"' + b'x' * (1 << 24),
                          'numbers': b'{"schema": "hwpoison.report/1", "poisoned": [' + b'1e999,' * 9 + b'1]}',
                          'another schema': hwp.Run('help', '--json').out}.items():
        damaged.write_bytes(content)
        run = hwp.Run('diff', good, damaged, memory=1 << 30)
        cases.report(name, complaints(run) + ([] if run.status == 2 else [f'exit status {run.status}']))
    for name, path in {'a directory': work, 'nothing': work / 'nothing', 'a device': '/dev/zero'}.items():
        run = hwp.Run('diff', good, path)
        cases.report(name, complaints(run) + ([] if run.status == 2 else [f'exit status {run.status}']))


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as work:
        good = of_samples(cases, pathlib.Path(work))
        hostile(cases, pathlib.Path(work), good)
    in_guest(cases)
    cases.exit()


if __name__ == '__main__':
    main()
