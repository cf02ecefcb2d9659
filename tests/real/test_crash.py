#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1200
"""crash with the extension, driven as a user does: typed, piped, redirected, interrupted.

crash 8.0.2 on 6.1, crash 9.0.2 on 6.12 and 7.3, on full dumps of kernels booted here.
"""
import json
import os
import pathlib
import pty
import re
import select
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import host_crash
import hwp
import peers

PAIRS = (('6.1-amd64', 8), ('6.12-cloud', 9), ('7.3-cloud', 9))
TMP = pathlib.Path(os.environ.get('TMPDIR', '/tmp'))


class Pair:
    """A crash, and a dump with its vmlinux."""

    def __init__(self, kernel, version):
        self.name = f'crash{version}-{kernel}'
        self.crash, self.why = host_crash.find(version)
        if self.why:
            return
        directory, self.why = peers.dump(kernel)
        if self.why:
            return
        self.vmcore = directory / 'vmcore.elf'
        self.vmlinux, self.why = peers.vmlinux(peers.release(directory))

    def session(self, *commands, **more):
        return host_crash.Session(self.crash, self.vmlinux, self.vmcore, commands, **more)


def own(pair, *args):
    return hwp.Run(*args, pair.vmcore)


def without_provenance(text):
    document = json.loads(text)
    document.pop('tool', None)
    for row in document.get('layout', []):
        row.pop('source', None)
    return document


def same_reports(pair):
    """Every command's JSON, and text, is the program's own; with readmem() alone too."""
    pfn = hex(own(pair, 'check', '--json').json()['poisoned'][0]['pfn'])
    asked = [('check', '-j'), ('list', '-j'), ('freelist', '-j'), ('events', '-j'),
             ('layout', '-j'), ('folio', '-j', pfn), ('check',), ('list',)]
    for env in ({}, {'HWPOISON_READMEM': '1'}):
        places = [TMP / f'{pair.name}-{i}' for i in range(len(asked))]
        session = pair.session(*(f'hwpoison {" ".join(a)} > {p}' for a, p in zip(asked, places)),
                               env=env)
        for args, place in zip(asked, places):
            text = place.read_text() if place.exists() else ''
            ours = own(pair, *args).out.decode()
            try:
                if '-j' in args:
                    mine, theirs = without_provenance(ours), without_provenance(text)
                    if env:
                        for document in (mine, theirs):
                            document.get('target', {}).pop('format', None)
                    equal = mine == theirs
                else:
                    drop = re.compile(r'providers|Providers|Target')
                    equal = [line for line in ours.splitlines() if not drop.search(line)] == \
                        [line for line in text.splitlines() if not drop.search(line)] or bool(env)
            except ValueError:
                equal = False
            if not equal:
                yield f'{args} {env}: differs from the program; crash said: {session.out[-300:]}'


def manners(pair):
    """Pipes, wrong arguments, help; the session goes on after each."""
    session = pair.session(
        'hwpoison list | grep -c 0x', 'echo after-pipe', 'hwpoison list | head -1',
        'hwpoison nonsense', 'hwpoison folio', 'hwpoison folio zz', 'hwpoison check --frobnicate',
        'hwpoison check /etc/passwd', 'hwpoison watch', 'hwpoison help folio',
        'hwpoison decompose --base 200 --order 4 --poison 20d', 'help hwpoison',
        'hwpoison folio 0xfffffffffffff', 'hwpoison version', 'echo the-end')
    everything = session.out + session.err
    for wanted in (r"unknown command 'nonsense'", r"'folio' needs a pfn", r'no option',
                   r'the target is what crash has open', r"'watch' is for the program",
                   r'Usage: hwpoison folio \[OPTIONS\] PFN\n', r'15 healthy \+ 1 poisoned = 16',
                   r'NAME\n  hwpoison - ', r'SYNOPSIS\n  hwpoison \[command\]', r'EXAMPLES',
                   r'there is no memory', r'^PFN +PHYSICAL'):
        if not re.search(wanted, everything, re.M):
            yield f'no {wanted!r} in what was printed'
    if session.status != 0:
        yield f'crash ended with {session.status}'


def true_examples(pair):
    """What `help hwpoison` shows under a prompt is what the command prints."""
    text = pair.session('help hwpoison').out
    shown = re.search(r'crash> (hwpoison decompose.*)\n((?:    .*\n)+?)    \.\.\.', text)
    if not shown:
        yield 'help shows no decompose'
        return
    printed = pair.session(shown.group(1)).out
    for line in shown.group(2).splitlines():
        if line.strip() not in printed:
            yield f'help says {line.strip()!r}, which is not printed'


def loading(pair):
    """Loaded and unloaded again and again; and not on top of itself."""
    again = [c for _ in range(5) for c in (f'extend -u {host_crash.EXTENSION}',
                                           f'extend {host_crash.EXTENSION}', 'hwpoison list')]
    session = pair.session(*again, f'extend -u {host_crash.EXTENSION}', 'hwpoison list')
    if session.out.count('shared object unloaded') != 6:
        yield f'unloaded {session.out.count("shared object unloaded")} times of 6'
    if len(re.findall(r'^PFN +PHYSICAL', session.out, re.M)) != 5:
        yield 'not every load gave a list'
    if 'command not found' not in session.out + session.err:
        yield 'the command is there after unloading'


def no_growth(pair):
    """The memory of crash stays what it is over a hundred runs."""
    place = TMP / f'{pair.name}-rss'
    ask = f'!grep VmRSS /proc/$PPID/status >> {place}'
    runs = ['hwpoison check -j > /dev/null'] * 50
    pair.session('hwpoison check -j > /dev/null', *runs[:10], ask, *runs, ask)
    sizes = [int(line.split()[1]) for line in place.read_text().splitlines()] \
        if place.exists() else []
    if len(sizes) != 2:
        yield f'{len(sizes)} measurements'
    elif sizes[1] - sizes[0] > 4096:
        yield f'grew by {sizes[1] - sizes[0]} KiB in 50 runs'


def minimal(pair):
    session = pair.session('hwpoison check', 'hwpoison decompose --base 0 --order 1 --poison 0',
                           options=['--minimal'])
    everything = session.out + session.err
    if 'crash --minimal has no types' not in everything:
        yield f'no word of --minimal: {everything[-300:]!r}'
    if '1 healthy + 1 poisoned = 2' not in everything:
        yield 'decompose does not work'


def zero_excluded(pair):
    """Never clean, and said why."""
    text, session = host_crash.run(pair.crash, pair.vmlinux, pair.vmcore, 'check -j',
                                   options=['--zero_excluded'])
    if 'zero_excluded' not in text:
        yield f'no word of --zero_excluded; {session.out[-200:]}'
    elif json.loads(text)['verdict'] == 'clean':
        yield 'clean'


class Terminal:
    """crash on a terminal of its own."""

    def __init__(self, pair, env=None):
        modules = ['--no_modules'] if 'crash9' in pair.crash else []
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({'HOME': '/nonexistent', 'TERM': 'dumb', **(env or {})})
            os.execv(pair.crash, [pair.crash, *modules, '-s', str(pair.vmlinux),
                                  str(pair.vmcore)])
        self.text = ''

    def wait_for(self, pattern, limit=60):
        """Read until PATTERN stands in what came since the last call."""
        end = time.monotonic() + limit
        seen = ''
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    seen += os.read(self.fd, 65536).decode(errors='replace')
                except OSError:
                    break
            if re.search(pattern, seen):
                self.text += seen
                return True
        self.text += seen
        return False

    def type(self, line):
        os.write(self.fd, line.encode() + b'\n')

    def close(self):
        self.type('q')
        self.wait_for('never', 3)
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def interrupted(pair):
    """Ctrl-C at any moment of a run ends it, or comes too late; the session goes on."""
    terminal = Terminal(pair, env={'HWPOISON_READMEM': '1'})
    try:
        if not terminal.wait_for('crash> ?$'):
            yield f'no prompt: {terminal.text[-300:]!r}'
            return
        terminal.type('set scroll off')
        terminal.wait_for('crash> ?$')
        terminal.type(f'extend {host_crash.EXTENSION}')
        terminal.wait_for('(?s)loaded.*crash> ?$')
        hits = 0
        for i in range(12):
            terminal.type('hwpoison check')
            time.sleep(0.02 + 0.1 * i)
            os.write(terminal.fd, b'\x03')
            if not terminal.wait_for('crash> ?$', 30):
                yield f'no prompt after Ctrl-C {i}: {terminal.text[-300:]!r}'
                return
            hits += 'interrupted' in terminal.text
            terminal.text = ''
            terminal.wait_for('crash> ?$', 0.3)
        if not hits:
            yield 'no run was interrupted in 12 tries'
        terminal.type('hwpoison list')
        if not terminal.wait_for('(?s)PFN +PHYSICAL.*crash> ?$'):
            yield f'no list after that: {terminal.text[-300:]!r}'
    finally:
        terminal.close()


def main():
    cases = hwp.Cases()
    for kernel, version in PAIRS:
        pair = Pair(kernel, version)
        if pair.why:
            cases.skip(pair.name, pair.why)
            continue
        checks = [same_reports, manners, minimal, zero_excluded, interrupted]
        if version == 8 or kernel == '7.3-cloud':
            checks += [true_examples, loading, no_growth]
        for check in checks:
            cases.tell(f'{pair.name}/{check.__name__}', list(check(pair)))
    cases.exit()


main()
