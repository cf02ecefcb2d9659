#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 3000
"""Boot every kernel of the lab's matrix and compare what its dump is said to hold with
what the kernel said.

HWP_LAB_ROWS="73-all 61-wide" takes these lines of the matrix alone. A dump that the
lab wrote before is used again if it was made by the same recipe, of the same kernel,
and not before the lab's own sources. With CI=true a dump goes when it has been compared.
"""
import concurrent.futures
import fcntl
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'lib'))
import hwp
import kdump
import live
import makedumpfile
import oracle
import peers
import second
import truth

VMCORES = hwp.TOP / 'vmcores'
LAB = pathlib.Path(os.environ.get('HWP_LAB', hwp.TOP / 'build' / 'lab'))
# The lab boots up to three times.
LIMIT = 900
ARM64_TOOLS = ('qemu-system-aarch64', 'aarch64-linux-gnu-gcc')
TOOLS = (os.environ.get('QEMU', 'qemu-system-x86_64'), 'busybox', 'cpio', 'gcc', 'xz', 'zstd')
# "history" boots the rows of vmcores/matrix.history instead.
MATRIX = os.environ.get('HWP_LAB_MATRIX', 'matrix')
# This one is read as well as the kdump that most machines write; nothing in it is wrong.
BY_DEFAULT = '73-clean'
# This one is read in every form that a dump can have, and by several threads.
IN_ALL_FORMS = '73-wide'


class Skip(Exception):
    """Why a line of the matrix cannot be run here."""


class Row:
    """A line of the matrix: name, options, scenarios."""

    def __init__(self, line):
        name, options, scenarios = (part.strip() for part in line.split('|'))
        self.name = name
        self.options = [*shlex.split(options), '--scenarios', scenarios.replace(' ', '')]
        self.kernel = self.options[self.options.index('--kernel') + 1]
        self.directory = LAB / 'dumps' / name
        # Where a GiB has leaked, the program's own memory would be taken from it; and in a history
        # nobody but its own processes may be given what has leaked.
        # What compaction moves onto bad pages may be a library: who then starts dies of SIGBUS.
        self.looks_live = not any(word in name for word in ('giga', 'hist', 'compacted'))

    def is_fresh(self):
        """Whether the dump that is there is the one that the lab would write now."""
        recipe, release = self.directory / 'recipe', LAB / 'kernels' / self.kernel / 'release'
        if not (recipe.exists() and release.exists() and hwp.vmcore_of(self.directory)):
            return False
        command, kernel, *_ = recipe.read_text().split('\n')
        sources = [*VMCORES.glob('*.sh'), *(VMCORES / 'guest').iterdir(),
                   *(VMCORES / 'trace').iterdir()]
        return (shlex.split(command) == ['lab.sh', 'run', *self.options, '--out', 'DIR'] and
                kernel == 'kernel ' + release.read_text().strip() and
                recipe.stat().st_mtime >= max(p.stat().st_mtime for p in sources) and
                live.was_run(self.directory) == self.looks_live and
                recipe.stat().st_mtime >= os.stat(hwp.PROGRAM).st_mtime)

    def make(self):
        with peers.lock(self.name, fcntl.LOCK_EX):
            if not self.is_fresh():
                self.make_anew()

    def make_anew(self):
        done = _run([VMCORES / 'lab.sh', MATRIX, self.name],
                    HWP_PROGRAM=str(hwp.PROGRAM) if self.looks_live else '')
        if done.returncode:
            raise RuntimeError('the lab failed: ' + _last_line(done.stdout))

    def forget(self):
        """Have the next make() make the dump anew."""
        (self.directory / 'recipe').unlink(missing_ok=True)

    def drop(self):
        """Delete what is large; the truth stays."""
        for path in self.directory.glob('vmcore*'):
            path.unlink()


def _run(command, **environment):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
                          env={**os.environ, **environment}, check=False)


def _last_line(text):
    return (text.strip().splitlines() or ['it says nothing'])[-1]


def matrix():
    name = 'matrix' if MATRIX == 'matrix' else f'matrix.{MATRIX}'
    rows = [Row(line) for line in (VMCORES / name).read_text().splitlines()
            if line and not line.startswith('#')]
    wanted = os.environ.get('HWP_LAB_ROWS', '').split()
    unknown = set(wanted) - {row.name for row in rows}
    if unknown:
        sys.exit(f'not in the matrix: {" ".join(sorted(unknown))}')
    return [row for row in rows if not wanted or row.name in wanted]


def fetch_kernels(rows):
    """{kernel: why it cannot be had}"""
    missing = {}
    for name in sorted({row.kernel for row in rows}):
        done = _run([VMCORES / 'kernels.sh', name])
        if done.returncode:
            missing[name] = _last_line(done.stdout)
    return missing


def compare(row):
    """What disagrees about one dump: (with the oracle, with the guest's own words)."""
    directory = row.directory
    elf, exact, otherwise, on_list = directory / 'vmcore.elf', [], [], None
    if elf.exists():
        eye = oracle.Oracle(elf)
        on_list = second.on_list(eye)
        report = hwp.Run('check', '--json', elf).json()
        document = hwp.Run('freelist', '--json', elf).json()
        exact += second.compare_lists(eye, document) + second.compare_blocks(eye, report)
    if live.was_run(directory):
        otherwise += live.compare(directory, hwp.Run('check', '--json', hwp.vmcore_of(directory)))
    for path in sorted(directory.glob('vmcore*')):
        if 'paging' not in path.name:
            results = truth.compare(directory, path, on_list)
            otherwise += [f'{path.name}: {name}: {what}' for name, found in results.items()
                     for what in found]
    return exact, otherwise


def make_and_compare(row):
    """Make the dump and compare it, twice if need be.

    The guest reads its /proc before and after the capture, and what was on a
    per-CPU list then may have moved: a row on which the guest alone disagrees
    is made once more. The oracle reads the same dump and gets no second try.
    """
    row.make()
    exact, otherwise = compare(row)
    if otherwise and not exact:
        print(f'# {row.name} is made again: {otherwise[0]}', flush=True)
        row.forget()
        row.make()
        exact, otherwise = compare(row)
    return exact + otherwise


def _same_text(path, command, *options):
    """What is printed, but for the name and the format of the file."""
    run = hwp.Run(command, '--json', *options, path)
    report = run.json()
    if not report or 'target' not in report:
        return f'exit status {run.status}: {run.err.strip()}'
    text = run.out.decode()
    for key in ('path', 'format'):
        value = json.dumps(report['target'][key], ensure_ascii=False)
        text = text.replace(f'"{key}": {value}', f'"{key}": "-"', 1)
    return f'exit status {run.status}\n{text}'


def _other_forms(directory, work):
    """The dump as flattened kdump, rearranged, and with pages packed by lzo and snappy."""
    flat = directory / 'vmcore.flat'
    yield flat
    plain = work / 'vmcore.zlib'
    kdump.unflatten(flat, plain)
    yield plain
    for name, method in (('lzo', kdump.LZO), ('snappy', kdump.SNAPPY)):
        path = work / f'vmcore.{name}'
        if not kdump.repack(plain, path, method):
            raise RuntimeError(f'no page can be packed by {name}')
        yield path


def compare_forms(directory):
    """The same bytes whatever form the dump has."""
    wrong = []
    with tempfile.TemporaryDirectory() as work:
        for command in ('check', 'list', 'freelist'):
            want = _same_text(directory / 'vmcore.elf', command)
            for path in _other_forms(directory, pathlib.Path(work)):
                wrong += _differ(f'{command} of {path.name}', want, _same_text(path, command))
    return wrong + compare_paging(directory)


def compare_paging(directory):
    """A dump that QEMU made by walking page tables has the same memory."""
    path = directory / 'vmcore.paging.elf'
    if not path.exists():
        return []
    return _differ('paging dump', _same_text(directory / 'vmcore.elf', 'check'),
                   _same_text(path, 'check'))


def _differ(what, want, said):
    if said == want:
        return []
    for a, b in zip(want.split('\n'), said.split('\n')):
        if a != b:
            return [f'{what}: {b.strip()} where the ELF file gives {a.strip()}']
    return [f'{what}: not as long']


def compare_threads(directory):
    path = directory / 'vmcore.elf'
    one = hwp.Run('check', '--json', '--threads', '1', path)
    four = hwp.Run('check', '--json', '--threads', '4', path)
    if (one.status, one.out) != (four.status, four.out) or not one.out:
        return [f'exit status {one.status} and {four.status}, not the same bytes']
    return []


def compare_default_kdump(directory):
    """What "makedumpfile -l -d 31" leaves of a machine in order is in order, and what it left
    out is named, where it was looked for: the counts of memory blocks, which need not be there."""
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / 'vmcore'
        makedumpfile.shrink(directory / 'vmcore.elf', path, 31)
        run = hwp.Run('check', '--json', path)
    report = run.json()
    if not report or 'verdict' not in report:
        return [f'exit status {run.status}: {run.err.strip()}']
    wrong = [f'check {check["name"]}: {check["result"]} ({check["detail"]})'
             for check in report['checks'] if check['result'] not in ('pass', 'skip') and
             (check['name'], check['result']) != ('memory-blocks-accounted', 'inconclusive')]
    if (report['verdict'], run.status) != ('clean', 0):
        wrong.append(f'verdict {report["verdict"]}, exit status {run.status}')
    return wrong + [f'trouble: {trouble}' for trouble in report['troubles']
                    if 'is not in the dump' not in trouble['text']]


def run_row(row, missing):
    """[(case, disagreements)] for one line of the matrix."""
    lacking = [tool for tool in ARM64_TOOLS if 'arm64' in row.kernel and not shutil.which(tool)]
    if lacking:
        return [(row.name, Skip(f'no {lacking[0]}; `sh tests/setup.sh lab` installs it'))]
    try:
        if row.kernel in missing and not row.is_fresh():
            return [(row.name, Skip(missing[row.kernel]))]
        results = [(row.name, make_and_compare(row))]
        if row.name == IN_ALL_FORMS:
            results += [(f'{row.name} in all forms', compare_forms(row.directory)),
                        (f'{row.name} by threads', compare_threads(row.directory))]
        if row.name == BY_DEFAULT:
            name = f'{row.name} by makedumpfile -l -d 31'
            results += [(name, compare_default_kdump(row.directory) if makedumpfile.is_here() else
                         Skip('no makedumpfile; `sh tests/setup.sh test` installs it'))]
        # Other tests use some.
        if os.environ.get('CI') == 'true' and row.name not in peers.ROWS.values():
            row.drop()
        return results
    except (RuntimeError, OSError, LookupError, TypeError, ValueError, subprocess.TimeoutExpired,
            oracle.Wrong) as error:
        return [(row.name, [f'{type(error).__name__}: {error}'])]


def main():
    rows = matrix()
    cases = hwp.Cases()
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacking:
        for row in rows:
            cases.skip(row.name, f'no {lacking[0]}; `sh tests/setup.sh lab` installs it')
        cases.exit()
    missing = fetch_kernels(rows)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(lambda row: run_row(row, missing), rows):
            for name, wrong in results:
                if isinstance(wrong, Skip):
                    cases.skip(name, wrong)
                else:
                    cases.report(name, wrong)
    cases.exit()


if __name__ == '__main__':
    main()
