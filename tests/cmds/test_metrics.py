#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""`hwpoison metrics`: its numbers against `check --json`, and how its file is replaced."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import guest
import hwp

LINE = re.compile(r'(hwpoison_\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


def parse(text):
    """{name: {labels: value}}, and what is wrong with the text."""
    samples, typed, wrong = {}, {}, []
    lines = text.splitlines()
    if lines[-1:] != ['# EOF'] or not text.endswith('\n') or text.count('# EOF') != 1:
        wrong.append('does not end with # EOF')
    for line in lines[:-1]:
        comment = re.match(r'# (HELP|TYPE) (\w+) (.+)$', line)
        if comment:
            typed.setdefault(comment[2], []).append(comment[1])
            continue
        match = LINE.match(line)
        if not match:
            wrong.append(f'no sample: {line!r}')
            continue
        name, labels, value = match.groups()
        if typed.get(name) != ['HELP', 'TYPE'] or name != list(typed)[-1]:
            wrong.append(f'{name} is not with its HELP and TYPE')
        pairs = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or '')))
        if pairs in samples.setdefault(name, {}):
            wrong.append(f'twice: {line}')
        samples[name][pairs] = float(value)
        if '0x' in line:
            wrong.append(f'a pfn or an address: {line}')
    wrong += [f'{name} has no sample' for name in typed if name not in samples]
    return samples, wrong


def numbers(directory, samples):
    """What metrics say against what `check --json` says of the same dump."""
    report = hwp.Run('check', '--json', hwp.vmcore_of(directory)).json()
    nodes, wrong = set(), []
    pages = samples['hwpoison_poisoned_pages']
    for labels, value in pages.items():
        label = dict(labels)
        nodes.add(label['node'])
        expected = sum(p['state'] == label['state'] and str(p['nid']) == label['node']
                       for p in report['poisoned'])
        if value != expected or hwp.CLASSES[label['state']] != label['class']:
            wrong.append(f'{labels} is {value}, in the report {expected}')
    if len(pages) != len(nodes) * len(hwp.CLASSES):
        wrong.append('not every state of every node is there')
    if sum(pages.values()) != len(report['poisoned']):
        wrong.append('the pages are not all')
    leaked = sum(p['class'] in ('leaked', 'lost') for p in report['poisoned'])
    single = {
        'up': 1, 'leaked_pages': leaked, 'coverage_ratio': report['coverage']['ratio'],
        'leaked_since_boot': sum(p['class'] in ('leaked', 'lost') or p['was_free'] == 'yes'
                                 for p in report['poisoned']),
        'healthy_lost_bytes': report['summary']['nr_healthy_lost'] * 4096,
    }
    for name, expected in single.items():
        if samples[f'hwpoison_{name}'] != {(): expected}:
            wrong.append(f'{name} is {samples[f"hwpoison_{name}"]}, in the report {expected}')
    one_of = {'verdict': ('verdict', report['verdict'], hwp.STATUS),
              'kernel_fix': ('status', report['kernel']['fix'], ('absent', 'present', 'unknown'))}
    for name, (label, expected, words) in one_of.items():
        if samples[f'hwpoison_{name}'] != {((label, w),): w == expected for w in words}:
            wrong.append(f'{name} is not {expected}')
    release = samples['hwpoison_kernel_info']
    if release != {(('release', report['kernel']['release']),): 1}:
        wrong.append(f'kernel_info is {release}')
    return wrong


def sample(directory):
    before = time.time()
    run = hwp.Run('metrics', hwp.vmcore_of(directory))
    samples, wrong = parse(run.out.decode())
    if wrong:
        return wrong
    if run.status != hwp.Run('check', hwp.vmcore_of(directory)).status:
        wrong.append(f'status {run.status} is not that of check')
    ended = samples['hwpoison_last_run_timestamp_seconds'][()]
    duration = samples['hwpoison_last_run_duration_seconds'][()]
    if not before <= ended + 1e-5 and ended <= time.time() or not 0 < duration <= run.seconds:
        wrong.append(f'ended at {ended} after {duration} s')
    return wrong + numbers(directory, samples)


def failure(work):
    """A run that fails takes away what the run before said of pages."""
    file = work / 'failure.prom'
    good = hwp.Run('metrics', '-o', file, hwp.vmcore_of(hwp.samples()[0]))
    had = b'hwpoison_leaked_pages' in file.read_bytes()
    run = hwp.Run('metrics', '-o', file, work / 'no-vmcore')
    samples, wrong = parse(file.read_text())
    if not had or good.out or good.err:
        wrong.append(f'the good run: {good.err or good.out}')
    if run.status != 2 or run.err.count('\n') != 1 or 'no-vmcore' not in run.err:
        wrong.append(f'status {run.status}: {run.err!r}')
    if samples.get('hwpoison_up') != {(): 0}:
        wrong.append('hwpoison_up is not 0')
    names = {'up', 'last_run_timestamp_seconds', 'last_run_duration_seconds', 'build_info'}
    if set(samples) != {f'hwpoison_{name}' for name in names}:
        wrong.append(f'there are {sorted(samples)}')
    printed, more = parse(hwp.Run('metrics', work / 'no-vmcore').out.decode())
    if set(printed) != set(samples):
        more.append('standard output says otherwise')
    return wrong + more


def replaced(work, vmcore):
    """Readers always see a whole file; nothing is left beside it; its mode is 0644."""
    file, wrong = work / 'dir' / 'hwpoison.prom', []
    file.parent.mkdir()
    old = os.umask(0o077)
    hwp.Run('metrics', '-o', file, vmcore)
    done = threading.Event()

    def read():
        inodes = set()
        while not done.is_set():
            with open(file, encoding='utf8') as stream:
                inodes.add(os.fstat(stream.fileno()).st_ino)
                text = stream.read()
            if not text.endswith('\n# EOF\n') or 'hwpoison_up 1\n' not in text:
                wrong.append(f'a reader saw {len(text)} bytes that are not whole')
        if len(inodes) < 2:
            wrong.append('the file was never replaced')

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        hwp.Run('metrics', '-o', file, vmcore)
    done.set()
    reader.join()
    os.umask(old)
    if file.stat().st_mode & 0o7777 != 0o644:
        wrong.append(f'its mode is {file.stat().st_mode:o}')
    if os.listdir(file.parent) != [file.name]:
        wrong.append(f'there are {os.listdir(file.parent)}')
    return wrong


def bad_places(work, vmcore):
    """One line and status 2 where a file cannot be written; nothing is harmed."""
    wrong = []
    (work / 'folder').mkdir()
    for place in (work / 'folder', '/dev/null', work / 'none' / 'x.prom', '/proc/x.prom', ''):
        run = hwp.Run('metrics', '-o', place, vmcore)
        if run.status != 2 or run.err.count('\n') != 1 or run.out:
            wrong.append(f'{place}: status {run.status}: {run.err!r}')
    full = subprocess.run([hwp.PROGRAM, 'metrics', vmcore], stdout=open('/dev/full', 'w'),
                          capture_output=False, stderr=subprocess.PIPE, check=False)
    if full.returncode != 2 or full.stderr.count(b'\n') != 1:
        wrong.append(f'/dev/full: {full}')
    return wrong


def units(work):
    """systemd's own opinion about the installed units."""
    make = subprocess.run(['make', '-s', 'install', f'DESTDIR={work / "root"}', 'PREFIX=/usr',
                           f'O={os.environ.get("O", "build")}'], cwd=hwp.TOP, text=True,
                          capture_output=True, check=False)
    if make.returncode:
        return [make.stderr]
    units = work / 'root' / 'usr/lib/systemd/system'
    service = units / 'hwpoison-metrics.service'
    wrong = []
    if 'ExecStart=/usr/bin/hwpoison metrics' not in service.read_text():
        wrong.append('the service does not start what was installed')
    verify = subprocess.run(['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no',
                             f'--root={work / "root"}', service.name,
                             'hwpoison-metrics.timer'], text=True, capture_output=True, check=False)
    if verify.returncode or verify.stderr:
        wrong.append(f'verify: {verify.stderr}')
    security = subprocess.run(['systemd-analyze', 'security', '--no-pager', '--offline=true',
                               '--threshold=25', str(service)],
                              text=True, capture_output=True, check=False)
    if security.returncode:
        wrong.append(f'security: {(security.stdout or security.stderr).splitlines()[-1:]}')
    return wrong


def as_service(kernel):
    """With the service's capabilities alone it does its work, though kallsyms is shut; without
    any it says so, in the file too."""
    service = (hwp.TOP / 'ext/systemd/hwpoison-metrics.service').read_text()
    names = re.search(r'^CapabilityBoundingSet=(.+)$', service, re.M)[1].lower().split()
    kept = ','.join(f'+{name.removeprefix("cap_")}' for name in names)
    script = f'''
echo 1 >/sys/kernel/debug/hwpoison/corrupt-pfn
echo 2 >/proc/sys/kernel/kptr_restrict
/programs/setpriv --bounding-set=-all,{kept} hwpoison metrics
echo "status $?"
echo ===
/programs/setpriv --reuid=65534 --clear-groups --bounding-set=-all hwpoison metrics
echo "status $?"
'''
    with guest.Guest(kernel, script, programs=['setpriv']) as vm:
        text, console = vm.wait(), vm.console()
    if not text or '===' not in text:
        return [f'the guest: {text!r}; {console[-300:]!r}']
    service, nobody = text.split('===')
    wrong = []
    for line in ('hwpoison_up 1', 'hwpoison_verdict{verdict="at-risk"} 1', 'status 0',
                 'hwpoison_poisoned_pages{node="0",state="reserved",class="kernel"} 1'):
        if line not in service.splitlines():
            wrong.append(f'as the service: no {line}: {service[:300]}')
    lines = nobody.splitlines()
    if 'hwpoison_up 0' not in lines or 'status 2' not in lines or 'leaked' in nobody:
        wrong.append(f'as nobody: {nobody[:300]}')
    if sum(line.startswith('hwpoison: ') for line in lines) != 1:
        wrong.append(f'as nobody: {nobody[:300]}')
    return wrong


def journal(work):
    """A service's leak is a line of priority crit in the journal, which names itself by device and
    inode; without a directory for the metrics it goes on."""
    wrong = []
    leaked, good = (hwp.vmcore_of(hwp.SAMPLES / x) for x in ('7.3-cloud', 'fix-good'))
    nowhere, there = work / 'no-such' / 'hwpoison.prom', work / 'journal.prom'
    for vmcore, path, confine, to_journal, status, pattern in (
            (leaked, there, '', True, 1, r'<2>hwpoison: \S+: LEAKED: \d+ poisoned pages .*'),
            (leaked, there, '', False, 1, ''),
            (good, there, '', True, 0, ''),
            (leaked, nowhere, 'no', True, 1, r'<2>hwpoison: .* LEAKED: .*\n<5>hwpoison: no metrics are '
             r'written: .*/no-such\. Install prometheus-node-exporter.*'),
            (good, nowhere, 'no', True, 0, r'<5>hwpoison: no metrics .*'),
            (good, nowhere, 'no', False, 2, r'hwpoison: cannot create .*No such file or directory')):
        with tempfile.TemporaryFile() as err:
            at = os.fstat(err.fileno())
            stream = f'{at.st_dev}:{at.st_ino}' if to_journal else f'{at.st_dev}:{at.st_ino + 1}'
            done = subprocess.run([hwp.PROGRAM, 'metrics', '-o', path, vmcore], stderr=err, check=False,
                                  env={**os.environ, 'JOURNAL_STREAM': stream,
                                       'HWPOISON_CONFINE': confine})
            err.seek(0)
            text = err.read().decode()
        if done.returncode != status or not re.fullmatch(pattern, text.rstrip('\n')):
            wrong.append(f'{vmcore.parent.name} {path.name} {to_journal}: {done.returncode} {text!r}')
    return wrong


def trigger(work):
    """What rasdaemon runs starts the unit that is shipped, and waits for nothing."""
    (work / 'systemctl').write_text(f'#!/bin/sh\necho "$@" >{work}/asked\n')
    (work / 'systemctl').chmod(0o755)
    done = subprocess.run([hwp.TOP / 'ext/systemd/hwpoison-memory-failure'], check=False,
                          env={'PATH': f'{work}:/bin', 'PFN': '0x5c11', 'PAGE_TYPE': 'unsplit thp',
                               'ACTION_RESULT': 'Failed'})
    *words, unit = (work / 'asked').read_text().split()
    return [] if done.returncode == 0 and words == ['start', '--no-block'] and \
        (hwp.TOP / 'ext/systemd' / unit).exists() else [f'{done.returncode} {words} {unit}']


def main():
    cases = hwp.Cases()
    work = pathlib.Path(tempfile.mkdtemp())
    for directory in hwp.samples():
        cases.report(f'numbers {directory.name}', sample(directory))
    vmcore = base.elf_of(hwp.samples()[0], work)
    cases.report('a failed run', failure(work))
    cases.report('replaced in one step', replaced(work, vmcore))
    cases.report('bad places', bad_places(work, vmcore))
    cases.report('the journal', journal(work))
    cases.report("rasdaemon's trigger", trigger(work))
    for kernel in '6.1-amd64', '7.3-cloud':
        why = guest.missing(kernel) or (None if shutil.which('setpriv') else 'no setpriv')
        if why:
            cases.skip(f'as the service: {kernel}', why)
        else:
            cases.report(f'as the service: {kernel}', as_service(kernel))
    if shutil.which('systemd-analyze'):
        cases.report('systemd units', units(work))
    else:
        cases.skip('systemd units', 'no systemd-analyze')
    cases.exit()


if __name__ == '__main__':
    main()
