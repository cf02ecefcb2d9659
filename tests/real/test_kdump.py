#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1500
"""Kernels that died with errors in their memory and entered their kdump kernel: what hwpoison said there
of /proc/vmcore, in which time and memory, and what makedumpfile left of it.

HWP_KDUMP_ROWS="61-kdump 612-kdump" takes these lines of vmcores/matrix.kdump; else it is the first.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import hwp
import oracle
import peers
import second
import truth

VALIDATOR = blocks.validator()
TOOLS = (os.environ.get('QEMU', 'qemu-system-x86_64'), 'busybox', 'cpio', 'gcc', 'xz', 'zstd',
         'makedumpfile')
# What Debian reserves for a kdump kernel is 128 MiB, of which kernel and initramfs take most.
MAX_KIB = 48 << 10
# In an emulated processor.
MAX_MS = 30_000


def matrix():
    lines = (hwp.TOP / 'vmcores' / 'matrix.kdump').read_text().splitlines()
    names = [line.split('|')[0].strip() for line in lines if line and line[0] != '#']
    wanted = os.environ.get('HWP_KDUMP_ROWS', names[0]).split()
    if set(wanted) - set(names):
        sys.exit(f'not in the matrix: {set(wanted) - set(names)}')
    return wanted


def measured(directory):
    """{run: {word: number}}"""
    rows = (line.split() for line in (directory / 'kdump.txt').read_text().splitlines())
    return {name: {key: int(value) for key, value in (word.split('=') for word in words)}
            for name, *words in rows}


def compare_costs(directory, runs):
    wrong = []
    for name in ('json', 'text'):
        run = runs[name]
        if run['status'] != 1:
            wrong.append(f'{name}: {run}: {(directory / (name + ".err")).read_text().strip()}')
        if run['peak_kib'] > MAX_KIB or run['ms'] > MAX_MS:
            wrong.append(f'{name}: {run}')
    if runs['makedumpfile']['status']:
        wrong.append(f'makedumpfile: {(directory / "makedumpfile.err").read_text().strip()[-200:]}')
    return wrong


def compare_words(directory):
    """What was said there is what is said here of the copy, but for its name."""
    here, wrong = directory / 'vmcore.elf', []
    for name, options in (('json', ['--json']), ('text', [])):
        said = (directory / f'{name}.out').read_text()
        want = hwp.Run('check', *options, here).out.decode().replace(str(here), '/proc/vmcore')
        for a, b in zip(want.split('\n'), said.split('\n')):
            if a != b:
                wrong.append(f'{name}: {b.strip()} where the copy gives {a.strip()}')
                break
    report = json.loads((directory / 'json.out').read_text())
    return wrong + [error.message[:200] for error in (VALIDATOR.iter_errors(report) if VALIDATOR else ())]


def compare_memory(directory):
    """The guest's truth, and the oracle, which reads the same memory."""
    here = directory / 'vmcore.elf'
    eye = oracle.Oracle(here)
    report, document = hwp.Run('check', '--json', here).json(), hwp.Run('freelist', '--json', here).json()
    wrong = second.compare_lists(eye, document) + second.compare_blocks(eye, report)
    results = truth.compare(directory, here, second.on_list(eye))
    return wrong + [f'{name}: {what}' for name, found in results.items() for what in found]


def _pages(report):
    return {page['pfn']: (page['state'], page['head_pfn'], page['order']) for page in report['poisoned']}


def compare_makedumpfile(directory):
    """makedumpfile -d 31 leaves all that decides."""
    run = hwp.Run('check', '--json', directory / 'vmcore.flat')
    report, said = run.json(), json.loads((directory / 'json.out').read_text())
    if not report or 'poisoned' not in report:
        return [f'exit status {run.status}: {run.err.strip()}']
    mine, theirs = _pages(report), _pages(said)
    wrong = [f'{pfn:#x}: {mine.get(pfn)}, in /proc/vmcore {theirs.get(pfn)}'
             for pfn in sorted(mine.keys() | theirs.keys()) if mine.get(pfn) != theirs.get(pfn)]
    if (report['verdict'], run.status) != (said['verdict'], 1):
        wrong.append(f'verdict {report["verdict"]}, exit status {run.status}')
    return wrong


def compare_without_memmap(directory):
    """makedumpfile -e leaves struct pages out: that is said, and nothing is called clean."""
    target = directory / 'vmcore.e'
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(['makedumpfile', '-e', '--work-dir', work, '-l', '-d', '31',
                               directory / 'vmcore.elf', target], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
    if done.returncode:
        return [f'makedumpfile: {done.stdout.strip()[-200:]}']
    run = hwp.Run('check', '--json', target)
    target.unlink()
    report = run.json()
    if not report or 'verdict' not in report:
        return [] if 'makedumpfile -e' in run.err and run.status == 2 else [run.err]
    coverage, wrong = report['coverage'], []
    if not report['target'].get('memmap_excluded'):
        wrong.append(f'target {report["target"]}')
    check = next(c for c in report['checks'] if c['name'] == 'memmap-covered')
    if coverage['nr_excluded'] and 'makedumpfile -e' not in check['detail']:
        wrong.append(f'{coverage}: {check}')
    if coverage['nr_excluded'] and report['verdict'] in ('clean', 'at-risk'):
        wrong.append(f'{coverage}: {report["verdict"]}')
    print(f'# -e: {coverage["nr_excluded"]} of {coverage["nr_pages"]} struct pages are left out')
    return wrong


def make(name):
    done = subprocess.run([hwp.TOP / 'vmcores' / 'lab.sh', 'kdump', name], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, 'HWP_PROGRAM': str(hwp.PROGRAM)})
    return (done.stderr.strip().splitlines() or ['lab.sh failed'])[-1] if done.returncode else None


def run_row(cases, name):
    directory = peers.LAB / 'dumps' / name
    why = make(name)
    if why:
        cases.report(name, [why])
        return
    runs = measured(directory)
    print(f'# {name}: ' + '; '.join(f'{run} {words["ms"]} ms, {words["peak_kib"]} KiB'
                                    for run, words in runs.items()), flush=True)
    cases.report(f'{name}: time and memory', compare_costs(directory, runs))
    cases.report(f'{name}: /proc/vmcore and its copy', compare_words(directory))
    cases.report(f'{name}: what the guest said', compare_memory(directory))
    cases.report(f'{name}: makedumpfile -d 31', compare_makedumpfile(directory))
    cases.report(f'{name}: makedumpfile -e', compare_without_memmap(directory))
    for path in directory.glob('vmcore*'):
        path.unlink()


def main():
    cases = hwp.Cases()
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    for name in matrix():
        if lacking:
            cases.skip(name, f'no {lacking[0]}; `sh tests/setup.sh test` installs it')
        else:
            run_row(cases, name)
    cases.exit()


if __name__ == '__main__':
    main()
