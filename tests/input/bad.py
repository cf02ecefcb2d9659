# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold of every run on bad input, whatever is bad."""
import itertools
import json
import os
import signal

import hwp

#: One case of so many is tried: make check has a minute.
SHARE = int(os.environ.get('HWP_SHARE', 1))
_cases = itertools.count()
SECONDS = 10
# Address space: the file is mapped, and a thread has a stack.
MEMORY = 3 << 30
COMMANDS = ('check', 'list', 'freelist')


def is_tried():
    """To be asked once for each case."""
    return next(_cases) % SHARE == 0


def run(*arguments, **options):
    return hwp.Run(*arguments, limit=SECONDS, memory=MEMORY, **options)


def survives(done):
    """It ends by itself, in time, with a status of its own."""
    if done.status is None:
        return [done.err]
    if done.status < 0:
        return [f'killed by {signal.Signals(-done.status).name}']
    if done.status not in (0, 1, 2):
        return [f'exit status {done.status}: {done.err.strip()[:200]}']
    # The child that analyses is not this process.
    if 'the analysis died' in done.err or 'the analysis was killed' in done.err:
        return [done.err.strip()[:200]]
    return []


def finds_vmcoreinfo(path, before):
    """Without the note VMCOREINFO is found in memory, and the answer is that of @before."""
    done = run('check', path, '--json')
    wrong = survives(done)
    if wrong:
        return wrong
    report = json.loads(done.out)
    where = report.get('target', {}).get('vmcoreinfo')
    wrong = [] if where == 'memory' else [f'VMCOREINFO from {where}']
    return wrong + [f'{key} differs' for key in ('verdict', 'poisoned', 'folios', 'checks')
                    if report.get(key) != before[key]]


def refuses(path):
    """An error: exit status 2, one line on stderr, nothing else, from every command."""
    wrong = []
    for command in (*COMMANDS, 'layout'):
        done = run(command, path)
        found = survives(done)
        lines = done.err.splitlines()
        if not found and (done.status != 2 or done.out or len(lines) != 1 or
                          not lines[0].startswith('hwpoison: ') or len(lines[0]) < 20):
            found = [f'exit status {done.status}, {len(done.out)} bytes on stdout, '
                     f'stderr {done.err[:300]!r}']
        wrong += [f'{command}: {what}' for what in found]
    return wrong


class Memory:
    """Runs on a dump whose memory is partly nonsense, and what may come of them."""

    def __init__(self, path):
        self.path = path
        done = run('check', '--json', path)
        self.before = done.json()
        if done.status != 0:
            raise ValueError(f'the base dump is not calm: {done.err or self.before["verdict"]}')

    def check(self):
        """The run, and what is wrong with it in any case: a calm verdict stands only if
        everything was read and nothing is reported that was not reported before."""
        done = run('check', '--json', self.path)
        wrong = survives(done)
        if wrong:
            return done, None, wrong
        report = done.json()
        if not report or 'verdict' not in report:
            if done.status != 2 or len(done.err.splitlines()) != 1:
                wrong.append(f'exit status {done.status}, no report, stderr {done.err[:300]!r}')
            return done, None, wrong
        if hwp.STATUS[report['verdict']] != done.status:
            wrong.append(f'exit status {done.status} with verdict {report["verdict"]}')
        if done.status == 0:
            wrong += self.calm(report)
        wrong += [f'freelist: {what}' for what in survives(run('freelist', self.path))]
        return done, report, wrong

    def calm(self, report):
        coverage = report['coverage']
        if coverage['nr_read'] != coverage['nr_pages']:
            return [f'{report["verdict"]} over a hole: {coverage}']
        states = {p['pfn']: p['state'] for p in report['poisoned']}
        known = {p['pfn']: p['state'] for p in self.before['poisoned']}
        if states != known:
            other = sorted(states.items() ^ known.items())
            return [f'{report["verdict"]} with other pages: {other[:6]}']
        return []

    def any_end(self):
        """Whatever it finds, it does not lie."""
        return self.check()[2]

    def incomplete(self):
        """Something needed cannot be read: exit status 2."""
        done, report, wrong = self.check()
        if not wrong and done.status != 2:
            wrong = [f'exit status {done.status}, verdict {report and report["verdict"]}']
        return wrong

    def not_calm(self):
        """What is read contradicts itself or cannot be read to the end."""
        done, report, wrong = self.check()
        if not wrong and (done.status == 0 or report and report['verdict'] == 'leaked'):
            wrong = [f'exit status {done.status}, verdict {report and report["verdict"]}']
        return wrong

    def noticed(self):
        """Whatever it is taken for, it is not passed over."""
        done, _, wrong = self.check()
        return wrong or ([] if done.status else ['exit status 0'])
