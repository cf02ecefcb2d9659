#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 180
"""`--qemu`: one line that says what to do instead; and that works on a running guest."""
import json
import pathlib
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import guest
import hwp

KERNEL = '7.3-cloud'
SCRIPT = '''
echo 1 >/sys/kernel/debug/hwpoison/corrupt-pfn
echo ready
while [ -e /script ]; do sleep 1; done
'''


def refused(args):
    run = hwp.Run('check', *args, '--qemu', '/tmp/none.sock')
    wrong = [] if run.status == 2 and run.err.count('\n') == 1 else [f'status {run.status}']
    for word in 'dump-guest-memory', 'libdrgn', 'json-c':
        if word not in run.err:
            wrong.append(f'no {word} in {run.err!r}')
    if args and (run.json() or {}).get('schema') != 'hwpoison.error/1':
        wrong.append('no error as JSON')
    return wrong


class Qmp:
    """Just enough of QEMU's protocol for two commands."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile('r')
        self.lines.readline()
        self.run('qmp_capabilities')

    def run(self, command, **arguments):
        self.socket.sendall(json.dumps({'execute': command, 'arguments': arguments}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            if 'return' in answer or 'error' in answer:
                return answer


def advised(work):
    """What the line says: a dump by QMP while the guest runs, then `check`."""
    sock, dump = work / 'qmp', work / 'dump'
    with guest.Guest(KERNEL, SCRIPT, '-qmp', f'unix:{sock},server=on,wait=off') as vm:
        end = time.monotonic() + 60
        while 'ready' not in vm.text() and time.monotonic() < end:
            time.sleep(0.2)
        if 'ready' not in vm.text():
            return [f'the guest did not start: {vm.console()[-300:]!r}']
        answer = Qmp(sock).run('dump-guest-memory', paging=False, protocol=f'file:{dump}')
        if 'error' in answer:
            return [str(answer)]
        run = hwp.Run('check', '--json', dump)
    report = run.json() or {}
    told = [(p['pfn'], p['state']) for p in report.get('poisoned', [])]
    if report.get('verdict') != 'at-risk' or told != [(1, 'reserved')]:
        return [f'{report.get("verdict")}, {told}: {run.err}']
    return []


def main():
    cases = hwp.Cases()
    cases.tell('refused', refused([]))
    cases.tell('refused as JSON', refused(['--json']))
    why = guest.missing(KERNEL)
    if why:
        cases.skip('what it advises', why)
    else:
        with tempfile.TemporaryDirectory() as work:
            cases.tell('what it advises', advised(pathlib.Path(work)))
    cases.exit()


if __name__ == '__main__':
    main()
