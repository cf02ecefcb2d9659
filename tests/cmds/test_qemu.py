#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
"""`--qemu`: a running guest says what its dump says; and one line where that cannot be asked.

The libdrgn that speaks QMP is the one that $HWPOISON_LIBDRGN names: libdrgn.so.0 as drgn's
libdrgn/configure --with-json-c builds it. Debian's does not, and says so here.
"""
import contextlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import guest
import host_drgn
import hwp
import peers

KERNEL = '7.3-cloud'
SCRIPT = '''
for pfn in 1 0x4321 0x5000; do echo $pfn >/sys/kernel/debug/hwpoison/corrupt-pfn; done
echo ready
while [ -e /script ]; do sleep 1; done
'''
STATES = {1: 'reserved', 0x4321: 'taken-off', 0x5000: 'taken-off'}
LAB = hwp.TOP / 'vmcores' / 'lab.sh'
LOOK = '''#!/bin/sh
HWPOISON_LIBDRGN={library} {program} check --json --qemu "$1" >"$2/look.json" 2>"$2/look.err"
exit 0
'''
# What says how it was looked at, and is not of the kernel.
PROVENANCE = ('target', 'tool')


def by_library(path, *args, command='check'):
    return host_drgn.Run([hwp.PROGRAM, command, *args], env={'HWPOISON_LIBDRGN': str(path)})


def by_debian(*args):
    return host_drgn.Run([host_drgn.DRGN3 / 'run', hwp.PROGRAM, 'check', *args])


def refused(run, *words):
    """One line with these words, and exit status 2."""
    err = run.err.decode()
    wrong = [] if run.status == 2 and err.count('\n') == 1 else [f'status {run.status}: {err!r}']
    return wrong + [f'no {word!r} in {err!r}' for word in words if word not in err]


def usage(cases, work):
    sock = ('--qemu', work / 'none')
    for name, args, word in (
            ('a target', (*sock, 'vmcore'), 'two targets'),
            ('--core', (*sock, '--core', 'vmcore'), 'two targets'),
            ('--kernel', (*sock, '--kernel'), 'two targets'),
            ('--qemu', (*sock, *sock), 'given twice'),
            ('--vmcoreinfo', (*sock, '--vmcoreinfo', 'text'), '--vmcoreinfo'),
            ('--provider drgn', (*sock, '--provider', 'drgn'), 'bypass the gate')):
        cases.report(f'refused with {name}', refused(by_library('/none', *args), word))
    cases.report('refused by watch', refused(by_library('/none', *sock, command='watch'), 'guest'))
    run = by_library('/none', *sock, '--json')
    cases.report('no libdrgn', refused(run, 'libdrgn', '0.2.0', 'json-c') + (
        [] if json.loads(run.out)['schema'] == 'hwpoison.error/1' else ['no error as JSON']))


def too_old(work, path):
    """A copy where the function has another name, of the same hash: the library finds it."""
    old = work / 'libdrgn.so.0'
    old.write_bytes(pathlib.Path(path).read_bytes().replace(b'set_qemu_qmp_fd', b'set_qemu_qnO_fd'))
    return refused(by_library(old, '--qemu', work / 'none'), 'older than 0.2.0',
                   'dump-guest-memory')


@contextlib.contextmanager
def machine(work):
    """A QEMU with no system in it: its QMP socket, and that of its monitor for people."""
    sockets = work / 'machine.qmp', work / 'machine.monitor'
    options = [word for kind, path in zip(('-qmp', '-monitor'), sockets)
               for word in (kind, f'unix:{path},server=on,wait=off')]
    with subprocess.Popen([guest.QEMU, '-S', '-m', '16', '-nodefaults', '-display', 'none',
                           *options], stdin=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 60
            while not all(path.exists() for path in sockets) and time.monotonic() < end:
                time.sleep(0.1)
            yield sockets
        finally:
            process.kill()


def sockets(cases, work, look):
    """What is no QMP socket, or is one that does not serve us."""
    plain = work / 'plain'
    plain.write_text('')
    for name, path, word in (('no socket', work / 'none', 'No such file'),
                             ('a file', plain, 'cannot connect'),
                             ('a long path', f'{work}/{"x" * 200}', 'at most 107 characters')):
        cases.report(name, refused(look('--qemu', path), str(path)[:60], word))
    with machine(work) as (qmp, monitor):
        cases.report('a monitor for people',
                     refused(look('--qemu', monitor), 'does not speak QMP'))
        with guest.Qmp(qmp):
            cases.report('somebody else is connected',
                         refused(look('--qemu', qmp), 'serves one client at a time'))
        if look is by_debian:
            cases.report('Debian\'s drgn', refused(look('--qemu', qmp), 'without json-c',
                                                   'HWPOISON_LIBDRGN', 'dump-guest-memory'))
        else:
            cases.report('no VMCOREINFO', refused(look('--qemu', qmp), '-device vmcoreinfo'))


def compare(live, dump):
    """What differs between two reports that is not said to."""
    for page in live.get('poisoned', []):
        if page.pop('persistence') != 'persistent':
            return [f'{page["pfn"]:#x} is not persistent']
    wrong = [] if live['target'].get('live') else ['it is not said to be live']
    if live['tool']['providers'] != {'memory': 'drgn', 'types': 'btf'}:
        wrong.append(f'by {live["tool"]["providers"]}')
    return wrong + [f'{key}: {live.get(key)!r:.300}, of the dump {dump.get(key)!r:.300}'
                    for key in {**live, **dump}
                    if key not in PROVENANCE and live.get(key) != dump.get(key)]


def scenarios(work, kernel, path):
    """A lab guest that stands still, with all that can be: its report is that of its dump."""
    script, out = work / 'look', work / kernel
    script.write_text(LOOK.format(library=shlex.quote(str(path)),
                                  program=shlex.quote(hwp.PROGRAM)))
    script.chmod(0o755)
    done = subprocess.run([LAB, 'run', '--kernel', kernel, '--kaslr', '--mem', '512M', '--timeout',
                           '180', '--scenarios', peers.SCENARIOS, '--formats', 'elf', '--out', out],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env={**os.environ, 'HWP_LOOK': str(script)})
    if done.returncode:
        return [done.stderr]
    err = (out / 'look.err').read_text()
    if err:
        return [err]
    dump = hwp.Run('check', '--json', out / 'vmcore.elf').json()
    wrong = compare(json.loads((out / 'look.json').read_text()), dump)
    return wrong if dump['verdict'] == 'leaked' else wrong + [f'the dump is {dump["verdict"]}']


def running(cases, work, path):
    """A guest that runs: a look at it, then what the error lines advise, a dump by QMP."""
    sock, dump = work / 'qmp', work / 'dump'
    with guest.Guest(KERNEL, SCRIPT, '-qmp', f'unix:{sock},server=on,wait=off') as vm:
        end = time.monotonic() + 120
        while 'ready' not in vm.text() and time.monotonic() < end:
            time.sleep(0.2)
        if 'ready' not in vm.text():
            cases.report('a running guest', [f'it did not start: {vm.console()[-300:]!r}'])
            return
        runs = {name: by_library(path, '--json', '--qemu', sock, *args) for name, args in (
            ('full', ()), ('quick', ('--quick', '--passes', '3')))} if path else {}
        text = path and by_library(path, '--qemu', sock).out.decode()
        with guest.Qmp(sock) as qmp:
            answer = qmp.run('dump-guest-memory', paging=False, protocol=f'file:{dump}')
        run = hwp.Run('check', '--json', dump)
    report = run.json() or {}
    states = {p['pfn']: p['state'] for p in report.get('poisoned', [])}
    cases.report('a dump by QMP', [str(answer['error'])] if 'error' in answer else
                 [] if report.get('verdict') == 'at-risk' and states == STATES else
                 [f'{report.get("verdict")}, {states}: {run.err}'])
    for name, run in runs.items():
        live = json.loads(run.out or '{}')
        target = {key: live.get('target', {}).get(key) for key in ('path', 'live', 'sweep')}
        states = {p['pfn']: p['state'] for p in live.get('poisoned', [])}
        cases.report(f'a running guest, {name}',
                     [] if (run.status, states) == (0, STATES) and
                     target == {'path': str(sock), 'live': True, 'sweep': name} else
                     [f'{run.status}: {target}, {states}: {run.err.decode()}'])
    if path:
        wanted = f'{sock} (running QEMU guest), '
        cases.report('a running guest, as text',
                     [] if wanted in ' '.join(text.split()) else [text[:600]])


def main():
    cases, path = hwp.Cases(), os.environ.get('HWPOISON_LIBDRGN')
    debian = host_drgn.missing()
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        usage(cases, work)
        if path:
            cases.report('an old libdrgn', too_old(work, path))
            sockets(cases, work, lambda *args: by_library(path, *args))
        if debian:
            cases.skip('Debian\'s drgn', debian)
        else:
            sockets(cases, work, by_debian)
        why = guest.missing(KERNEL)
        if why:
            cases.skip('a dump by QMP', why)
        else:
            running(cases, work, path)
        if not path:
            cases.skip('a running guest', 'the libdrgn here was built without json-c; '
                                          'HWPOISON_LIBDRGN=FILE names one with it')
        for kernel in peers.KERNELS if path else ():
            why = guest.missing(kernel)
            if why:
                cases.skip(f'{kernel}, all scenarios', why)
            else:
                cases.report(f'{kernel}, all scenarios', scenarios(work, kernel, path))
    cases.exit()


if __name__ == '__main__':
    main()
