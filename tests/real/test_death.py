#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1500
"""Kernels that died, in the lab: what they died of, by their dump and by their console's text."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import hwp
import peers

VALIDATOR = blocks.validator()
# Name of the lab's row: conclusion, page, exit status.
DEATHS = {
    'sysrq': ('no-sign', None, 0),
    'hard': ('memory-error', 0x10000, 2),
    'hard-61': ('memory-error', 0x10000, 2),
    'fatal': ('memory-error', 0x10123, 2),
    'bus': ('no-sign', None, 0),
    'fatal-61': ('memory-error', 0x10123, 2),
}
# The same of errors at a page of the guest's own, which its console names. Those that it lived on
# with, and what their last line in the console says of the page.
AT_A_PAGE = {
    'cec': ('no-crash', 'already poisoned'),
    'cec-one': ('no-crash', None),
    'srao': ('no-crash', 'recovery action'),
    'srar': ('no-crash', 'recovery action'),
    'srar-copy': ('no-crash', 'recovery action'),
    'srao-sysrq': ('memory-error-near', 'recovery action'),
    'srar-kernel': ('memory-error', None),
}
# Lines of the console that name the page, and the kind of event that each is.
KINDS = (('recovery action for', 'action'), ('Sending SIGBUS to', 'sigbus'),
         ('hardware memory error in user-access at', 'machine-check'),
         ('Kernel accessed poison in user space at', 'machine-check'),
         ('RAS: Soft-offlining pfn:', 'soft-offline'), ('already poisoned', 'already-poisoned'))
UNCORRECTED = 1 << 61


def events_of(console):
    """(seconds, kind) of each line of the console that names a page."""
    bank = 0
    for line in console.splitlines():
        match = re.match(r'\[ *(\d+\.\d+)\] (.*)', line)
        if not match:
            continue
        seconds, text = float(match[1]), match[2]
        status = re.search(r'Bank \d+: ([0-9a-f]{16})', text)
        bank = int(status[1], 16) if status else bank
        for words, kind in KINDS:
            if words in text:
                yield seconds, kind
        if re.search(r'TSC [0-9a-f]+ ADDR ', text):
            yield seconds, 'hardware' if bank & UNCORRECTED else 'corrected'


def of_page(report, console, pfn, last):
    """What a report has of the page against the lines of its kernel."""
    want = [(round(seconds, 3), kind) for seconds, kind in events_of(console)]
    said = [(round(e['time_ns'] / 1e9, 3), e['kind']) for e in report['events']]
    wrong = []
    if [kind for _, kind in want] != [kind for _, kind in said] or any(
            abs(a - b) > 0.0011 for (a, _), (b, _) in zip(want, said)):
        wrong.append(f'events {said}, and the console has {want}')
    wrong += [f"event of pfn {e['pfn']:#x}" for e in report['events'] if e['pfn'] != pfn]
    if last is None:
        return wrong + (['a page is poisoned'] if report['poisoned'] else [])
    if [(p['pfn'], p['state']) for p in report['poisoned']] != [(pfn, 'isolated')]:
        return wrong + [f"poisoned {[(p['pfn'], p['state']) for p in report['poisoned']]}"]
    page = report['poisoned'][0]
    if page['was_free'] != 'no' or page['history'][-1]['step'] != 'contained':
        wrong.append(f"history {page['was_free']} {page['history']}")
    for comm, pid in re.findall(r'Sending SIGBUS to (\w+):(\d+)', console):
        if (comm, int(pid)) not in [(e['comm'], e['pid']) for e in report['events']]:
            wrong.append(f'no signal to {comm}:{pid}')
    return wrong if last in console else [*wrong, f'the console has no {last}']


def printed_records(console):
    """The machine checks that the kernel printed: (CPU, bank, status, address, misc, time)."""
    place = None
    for line in console.splitlines():
        match = re.search(r'CPU (\d+): Machine Check.* Bank (\d+): ([0-9a-f]{16})', line)
        if match:
            place = (int(match[1]), int(match[2]), int(match[3], 16))
        match = re.search(r'TSC [0-9a-f]+ (?:ADDR ([0-9a-f]+) )?(?:MISC ([0-9a-f]+) )?', line)
        if match and place:
            place += (int(match[1] or '0', 16), int(match[2] or '0', 16))
        match = re.search(r'PROCESSOR \S+ TIME (\d+) ', line)
        if match and place:
            yield (*place, int(match[1]))
            place = None


def records_of(report):
    return [(r['cpu'], r['bank'], int(r['status'], 16), int(r['phys'] or '0', 16),
             int(r['misc'] or '0', 16), r['time']) for r in report['hardware']['records']]


def compare_records(directory, report, pfn, is_fatal):
    """
    The pool of machine checks against what the kernel printed of them: all of it where it died of
    one, as mce_panic() frees none. A slot that was used again has its last record, so that of one
    that was printed is there; a driver may have taken it before it was.
    """
    console = (directory / 'console.txt').read_text(errors='replace')
    printed, found = list(printed_records(console)), records_of(report)
    wrong = [] if [s['state'] for s in report['hardware']['stores']][:1] == ['read'] else [
        f"stores {report['hardware']['stores']}"]
    if is_fatal:
        waiting = [r for r in report['hardware']['records'] if not r['handed_on']]
        if not printed or [r['in_log'] for r in waiting] != ['yes'] * len(printed):
            wrong.append(f'{len(printed)} records were printed, and {waiting} wait')
        wrong += without_log(directory, pfn) if pfn else []
    elif [r for r in report['hardware']['records'] if not r['handed_on']]:
        wrong.append(f'a record waits: {found}')
    if not printed and (pfn, 9) not in {(r[3] >> 12, r[1]) for r in found}:
        wrong.append(f'the error was at {pfn:#x}, found {found}')
    if printed and printed[-1] not in found:
        wrong.append(f'printed {printed}, found {found}')
    return wrong


def compare_corrected(directory, report, pfn):
    """
    The kernel's count of corrected errors against its console: one line for each that it found by
    polling, and one for each time that there were two, of which it takes the page out of use.
    """
    console = (directory / 'console.txt').read_text(errors='replace')
    counted = report['hardware']['corrected']
    nr_offlined = console.count('Soft-offlining pfn')
    if counted['state'] != 'read' or counted['nr_offlined'] != nr_offlined:
        return [f'corrected {counted}, and {nr_offlined} times taken out of use']
    if not directory.name.startswith('cec'):
        return []
    nr_found = console.count('Machine check events logged')
    pages = [(pfn, 1)] if nr_found > 2 * nr_offlined else []
    if counted['nr_errors'] != nr_found or pages != [(p['pfn'], p['nr_errors'])
                                                     for p in counted['pages']]:
        return [f'corrected {counted}, and the console has {nr_found}']
    return []


def without_log(directory, pfn):
    """What is known of its death when no line of the log is."""
    replay = pathlib.Path(hwp.PROGRAM).with_name('replay')
    saved = subprocess.run([replay, 'save', directory / 'vmcore.elf'], capture_output=True,
                           text=True, check=True)
    facts = json.loads(saved.stdout)
    for key in ('events', 'remarks', 'crash', 'complaints'):
        facts.pop(key, None)
    facts['crash'] = {'cpu': -1, 'pid': -1}
    facts['log'] = {'state': 'unreadable', 'why': 'it is left out here'}
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        json.dump(facts, file)
        file.flush()
        text = subprocess.run([replay, file.name], capture_output=True, text=True,
                              check=True).stdout
    cause = json.loads(re.search(r'^== check --json: 2\n(.*?)^== ', text, re.M | re.S)[1])['cause']
    if (cause['conclusion'], cause['confidence'], cause['pfn']) != ('memory-error', 'strong', pfn):
        return [f'without its log: {cause}']
    return [] if cause['record'] is not None else ['without its log no record is named']


def compare_page(directory, conclusion, last):
    """An error at the page that the guest waited at."""
    console = (directory / 'console.txt').read_text(errors='replace')
    pfn = int(re.search(r'hwp-lab: waits at (0x[0-9a-f]+)', console)[1], 16) >> 12
    report = hwp.Run('check', '--json', directory / 'vmcore.elf').json()
    wrong = of_page(report, console, pfn, last)
    wrong += compare_records(directory, report, pfn, conclusion == 'memory-error')
    wrong += compare_corrected(directory, report, pfn)
    return wrong + compare(directory, conclusion, None if conclusion == 'no-crash' else pfn,
                           2 if conclusion == 'memory-error' else 0)


def compare(directory, conclusion, pfn, status):
    run = hwp.Run('check', '--json', directory / 'vmcore.elf')
    report = run.json()
    wrong = [] if run.status == status else [f'exit status {run.status}']
    if VALIDATOR:
        wrong += [e.message[:200] for e in VALIDATOR.iter_errors(report)]
    cause, console = report['cause'], (directory / 'console.txt').read_text(errors='replace')
    if (cause['conclusion'], cause['pfn']) != (conclusion, pfn):
        wrong.append(f"{cause['conclusion']} {cause['pfn']}: {cause['why']}")
    panic = re.search(r'\[ *(\d+\.\d+)\] Kernel panic - not syncing: (.*)', console)
    if not panic:
        return wrong if cause['panic'] is None else [*wrong, f"panic {cause['panic']}"]
    if 'Fatal machine check' in panic[2]:
        wrong += compare_records(directory, report, pfn, True)
    if cause['panic']['text'] != panic[2].strip():
        wrong.append(f"panic {cause['panic']['text']}")
    if abs(cause['panic']['time_ns'] / 1e9 - float(panic[1])) > 0.001:
        wrong.append(f"at {cause['panic']['time_ns']}")
    task = re.search(r'CPU: (\d+) UID: 0 PID: (\d+) Comm: (\S+)', console[panic.start():])
    if task and [str(cause['panic'][key]) for key in ('cpu', 'pid', 'comm')] != list(task.groups()):
        wrong.append(f"in {cause['panic']}")
    text = hwp.Run('events', '--json', '--log', directory / 'console.txt').json()
    if text['cause']['conclusion'] != conclusion or text['cause']['pfn'] != pfn:
        wrong.append(f"by its console {text['cause']}")
    return wrong


def row_of(name):
    """The dump of a row, made now; (directory, None), or (None, why not)."""
    done = subprocess.run([hwp.TOP / 'vmcores' / 'lab.sh', 'death', name], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ['lab.sh failed'])[-1:]
    return peers.LAB / 'dumps' / name, None


def main():
    cases = hwp.Cases()
    wanted = sys.argv[1:]
    for table, function in ((DEATHS, compare), (AT_A_PAGE, compare_page)):
        for name, expected in table.items():
            if wanted and name not in wanted:
                continue
            directory, why = row_of(name)
            cases.report(name, why or function(directory, *expected))
    cases.exit()


if __name__ == '__main__':
    main()
