#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several targets: a line each, whatever is wrong with one. And a disk that is full."""
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

ONE, TWO, GOOD = (hwp.vmcore_of(hwp.SAMPLES / x) for x in ('7.3-cloud', '6.1-amd64', 'fix-good'))


def headline(run):
    """The verdict as a report of its own has it, on one line."""
    return ' '.join(run.out.decode().partition('\n\n')[0].split())


def each(work):
    """A bad file, a directory, and a file that is not there, amid good ones, one of them twice."""
    bad, text = work / 'bad', work / 'with\nline'
    bad.write_bytes(ONE.read_bytes()[:100000])
    text.write_text('no dump')
    paths = [ONE, bad, work, TWO, work / 'absent', text, ONE]
    alone = [hwp.Run('check', '--json', x) for x in paths]
    run = hwp.Run('check', '--json', *paths)
    wrong = [] if run.status == 2 else [f'exit status {run.status}']
    lines = run.out.decode().splitlines()
    if [json.loads(x) for x in lines] != [x.json() for x in alone]:
        wrong.append(f'{len(lines)} lines: {[x[:200] for x in lines]}')
    if run.err.splitlines() != [y for x in alone for y in x.err.splitlines()]:
        wrong.append(run.err)
    plain = hwp.Run('check', *paths)
    want = [f'{x}: {headline(hwp.Run("check", x))}' for x in paths if hwp.Run('check', x).out]
    if plain.out.decode().splitlines() != want or plain.status != 2 or plain.err != run.err:
        wrong.append(f'{plain.status} {plain.out.decode()} is not {want}: {plain.err}')
    return wrong


def statuses():
    """The highest of all, whatever the order."""
    wrong = []
    for paths in ((ONE, GOOD), (GOOD, ONE), (GOOD, GOOD), (GOOD, '/nowhere', ONE)):
        want = max(hwp.Run('check', x).status for x in paths)
        run = hwp.Run(*paths) if paths[0] is GOOD else hwp.Run('check', *paths)
        if run.status != want:
            wrong.append(f'{run.status} is not {want}')
    for command in ('list', 'events', 'report', 'metrics'):
        run = hwp.Run(command, ONE, GOOD)
        if run.status != 2 or run.err.count('\n') != 1:
            wrong.append(f'{command}: {run.status} {run.err}')
    return wrong


def shell(script):
    return subprocess.run(['bash', '-c', script], capture_output=True, text=True, check=False)


def full():
    """The reason is the file system's: there is no room."""
    wrong, program, one = [], shlex.quote(hwp.PROGRAM), shlex.quote(str(ONE))
    words = 'No space left on device'
    for args in ('check', 'list', 'list --json', 'check --json', 'report', 'metrics', 'layout',
                 'folio 0x5c11', 'folio --json 0x5c11', 'freelist --json', f'check {one}',
                 f'check --json {one}'):
        for confine in ('', 'no'):
            run = shell(f'HWPOISON_CONFINE={confine} {program} {args} {one} >/dev/full')
            if run.returncode != 2 or words not in run.stderr or run.stderr.count('\n') > 2:
                wrong.append(f'{args}: {run.returncode} {run.stderr}')
    for args in ('help', 'help list', 'version', 'decompose --base 0 --order 4', 'check --help',
                 'decompose --json --base 0 --order 20 --poison 1,5,77'):
        run = shell(f'{program} {args} >/dev/full')
        if run.returncode != 2 or words not in run.stderr:
            wrong.append(f'{args}: {run.returncode} {run.stderr}')
    return wrong


def full_disk(work):
    """A file system of 16 KiB: the file that was there stays as it was."""
    wrong, program = [], shlex.quote(hwp.PROGRAM)
    for args, confine in (('report', ''), ('report', 'no'), ('metrics', '')):
        place = shlex.quote(str(work / 'small'))
        size = '16k' if args == 'report' else '4k'
        run = shell(f'mkdir -p {place}; mount -t tmpfs -o size={size} none {place} || exit 77; '
                    f'cd {place}; echo before >file; '
                    f'HWPOISON_CONFINE={confine} {program} {args} -o file {shlex.quote(str(ONE))}; '
                    'echo $?; ls; cat file; cd /; umount {}'.format(place))
        if run.returncode == 77:
            return None
        if run.stdout != '2\nfile\nbefore\n' or 'No space left on device' not in run.stderr:
            wrong.append(f'{args} {confine}: {run.stdout[:200]!r} {run.stderr!r}')
    return wrong


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        cases.report('a line each', each(work))
        cases.report('exit statuses', statuses())
        cases.report('a full device', full())
        wrong = full_disk(work)
        if wrong is None:
            cases.skip('a full disk', 'nothing can be mounted here')
        else:
            cases.report('a full disk', wrong)
    cases.exit()


if __name__ == '__main__':
    main()
