#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1200
"""crash with the extension, driven as a user does: typed, piped, redirected, interrupted.

crash 8.0.2 on 6.1, crash 9.0.2 on 6.12 and 7.3, on full dumps of kernels booted here.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import host_crash
import hwp
import peers

PAIRS = (('6.1-amd64', 8), ('6.12-cloud', 9), ('7.3-cloud', 9))
TMP = pathlib.Path(os.environ.get('TMPDIR', '/tmp'))
# Symbols and types are crash's, where otherwise the kernel's own are taken.
CRASH_NAMES = {'HWPOISON_HOST_NAMES': '1'}
# A run that left its report behind, which is over 150 KiB, would be seen.
NR_RUNS, MAX_KIB_A_RUN = 20, 100


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
        self.small, _ = peers.small_vmlinux(peers.release(directory))

    def session(self, *commands, **more):
        """By the small vmlinux, with which crash starts in a tenth of the time."""
        return host_crash.Session(self.crash, self.small, self.vmcore, commands, **more)


def own(pair, *args):
    return hwp.Run(*args, pair.vmcore)


def without_provenance(text):
    document = json.loads(text)
    document.pop('tool', None)
    for row in document.get('layout', []):
        row.pop('source', None)
    return document


class Part:
    """Commands that one check types, and what it says when the session is over."""

    def __init__(self, commands, judge):
        self.commands, self.judge = commands, judge


def typed(pair, parts, **more):
    """One session: [(name, complaints)] of each part."""
    session = pair.session(*(c for _, part in parts for c in part.commands), limit=900, **more)
    for name, part in parts:
        yield name, list(part.judge(session))
    if session.status != 0:
        yield 'exit status', [f'crash ended with {session.status}']


def said(session):
    return (session.text if isinstance(session, Terminal) else session.out)[-300:]


def all_words(text):
    """Where lines are folded apart: rows with an address are not."""
    drop = re.compile(r'providers|Providers|Target')
    return ' '.join(line for line in hwp.words(text) if not drop.search(line)).split()


def same_reports(pair, readmem=False):
    """Every command's JSON, and text, is the program's own; with readmem() alone too."""
    pfn = hex(own(pair, 'check', '--json').json()['poisoned'][0]['pfn'])
    asked = [('check', '-j'), ('list', '-j'), ('freelist', '-j'), ('events', '-j'),
             ('layout', '-j'), ('folio', '-j', pfn), ('check',), ('list',)]
    places = [TMP / f'{pair.name}-{readmem}-{i}' for i in range(len(asked))]

    def judge(session):
        for args, place in zip(asked, places):
            text = place.read_text() if place.exists() else ''
            ours = own(pair, *args).out.decode()
            try:
                if '-j' in args:
                    mine, theirs = without_provenance(ours), without_provenance(text)
                    if readmem:
                        for document in (mine, theirs):
                            document.get('target', {}).pop('format', None)
                    equal = mine == theirs
                else:
                    equal = readmem or all_words(ours) == all_words(text)
            except ValueError:
                equal = False
            if not equal:
                yield f'{args}: differs from the program; crash said: {said(session)}'

    return Part([f'hwpoison {" ".join(a)} > {p}' for a, p in zip(asked, places)], judge)


def manners():
    """Pipes, wrong arguments, help, a full disk; the session goes on after each."""
    wanted = (r"unknown command 'nonsense'", r"'folio' needs a pfn, like 5c11, not", r'no option',
              r'the target is what crash has open', r"'watch' is for the program",
              r'^leaked \(verdict, exit status 1\)$', r"did you mean 'leaked'",
              r'SYNOPSIS\n  hwpoison folio \[options\] pfn\n', r'^Enter "help hwpoison" for details\.$', r'NAME\n  hwpoison - ',
              r'SYNOPSIS\n  hwpoison \[command\]', r'EXAMPLES', r'there is no memory',
              r'^PFN +PHYSICAL', r'^\{\n  "schema": "hwpoison.report/1",\nafter-json',
              r'cannot write the report: No space left on device', r'^the-end')

    def judge(session):
        everything = session.out + session.err
        for pattern in wanted:
            if not re.search(pattern, everything, re.M):
                yield f'no {pattern!r} in what was printed'
        if 'Broken pipe' in everything:
            yield 'it complains of a reader that has had enough'

    return Part(['hwpoison list | grep -c 0x', 'echo after-pipe', 'hwpoison list | head -1',
                 'hwpoison -j | head -2', 'echo after-json', 'hwpoison list > /dev/full',
                 'hwpoison check -j | true', 'hwpoison nonsense', 'hwpoison folio',
                 'hwpoison folio zz', 'hwpoison check --frobnicate', 'hwpoison check /etc/passwd',
                 'hwpoison explain leaked', 'hwpoison explain lekaed', 'hwpoison watch',
                 'hwpoison check --quick', 'hwpoison help folio',
                 'hwpoison folio 0xfffffffffffff', 'hwpoison version', 'echo the-end'], judge)


def addresses(pair):
    """kmem and vtop take the addresses that are shown, and find the same page."""
    rows = own(pair, 'check', '--json').json()['poisoned']
    rows = [rows[i] for i in (0, len(rows) // 2, -1)]
    listed = TMP / f'{pair.name}-listed'
    asked = [(row, command, row[key][2:]) for row in rows
             for command, key in (('kmem', 'struct_page_address'), ('vtop', 'direct_map_address'))]
    places = [TMP / f'{pair.name}-address-{i}' for i in range(len(asked))]

    def judge(session):
        text = listed.read_text() if listed.exists() else ''
        for row in rows:
            if not re.search(rf'^{row["pfn"]:#x} +{row["phys"]} .* {row["struct_page_address"]}$',
                             text, re.M):
                yield f'list does not show {row["struct_page_address"]}: {text[:300]}'
        for (row, command, address), place in zip(asked, places):
            answer = place.read_text() if place.exists() else ''
            # crash 9.0.2 does not know how 7.3 links a tail page to its head.
            if command == 'kmem' and 'page_first_page' in session.out + session.err:
                continue
            if not re.search(rf'\b{row["phys"][2:]}\b', answer):
                yield f'{command} {address}: {answer[:300]!r}; {said(session)}'

    return Part([f'hwpoison list > {listed}',
                 *(f'{command} {address} > {place}'
                   for (_, command, address), place in zip(asked, places))], judge)


def processes(pair):
    """vm takes the task that owns a page, and has its mm, and the VMA where the page's address is."""
    owners = [row['owner'] for row in own(pair, 'check', '--json').json()['poisoned']
              if row['owner'] and row['owner']['vma']]
    places = [TMP / f'{pair.name}-vm-{i}' for i in range(len(owners))]

    def judge(session):
        if not owners:
            yield 'no page has a VMA'
        for owner, place in zip(owners, places):
            text = place.read_text() if place.exists() else ''
            # crash 8.0.2 finds no tasks on 6.1: 'active task ... not found in PID hash'.
            if 'invalid task or pid' in text and 'not found in PID hash' in \
                    session.out + session.err:
                continue
            vma = re.search(rf'^ *{owner["vma"][2:]} +([0-9a-f]+) +([0-9a-f]+) ', text, re.M)
            if not re.search(rf'^PID: {owner["pid"]} .*"{owner["comm"]}"', text) or \
                    not re.search(rf'^{owner["mm"][2:]} ', text, re.M) or not vma or \
                    not int(vma[1], 16) <= int(owner['user_address'], 16) < int(vma[2], 16):
                yield f'{owner}: vm says {text[:300]!r}; {said(session)}'

    return Part([f'vm {owner["task"]} > {place}' for owner, place in zip(owners, places)], judge)


def radix():
    """crash's output radix is its own; what is decimal here stays so."""
    places = [TMP / f'radix-{base}' for base in (16, 10)]

    def judge(_):
        texts = [place.read_text() if place.exists() else '' for place in places]
        if not texts[0] or texts[0] != texts[1]:
            yield f'{texts[0][:200]!r} and {texts[1][:200]!r}'

    return Part([c for base, place in zip((16, 10), places)
                 for c in (f'set radix {base}', f'hwpoison list > {place}')], judge)


def like(match):
    """A pattern for any number, or for any space, where MATCH is one."""
    return r' +' if match[0].startswith('\\') else \
        r'0x[0-9a-f]+' if match[0].startswith('0x') else r'\d+'


def true_examples():
    """What `help hwpoison` shows under a prompt is what the command prints, but for numbers."""
    shown = ('hwpoison', 'hwpoison list | grep "buddy  "',
             'hwpoison decompose --base 200 --order 4 --poison 20d')
    commands = [c for command in shown for c in (f'echo example: {command[:20]}', command)]

    def judge(session):
        text = session.out.partition('begin-help')[2].partition('EXAMPLES')[2]
        examples = re.findall(r'^    crash> (hwpoison.*)\n((?:    .*\n)*)', text, re.M)
        if [command for command, _ in examples[:-1]] != list(shown):
            yield f'help shows {examples}'
            return
        printed = session.out.partition('example: ')[2]
        for command, lines in examples:
            for line in lines.splitlines():
                pattern = re.sub(r'0x[0-9a-f]+|\d+|(?:\\ )+', like, re.escape(line.strip()))
                if line.strip() != '...' and not re.search(f'^{pattern}', printed, re.M):
                    yield f'{command!r} does not print {line.strip()!r}'

    return Part(['echo begin-help', 'help hwpoison', *commands], judge)


def loading():
    """Loaded and unloaded again and again; and not on top of itself. Unloaded in the end."""
    again = [c for _ in range(5) for c in (f'extend -u {host_crash.EXTENSION}',
                                           f'extend {host_crash.EXTENSION}', 'hwpoison list')]

    def judge(session):
        text = session.out.partition('begin-loading')[2]
        if text.count('shared object unloaded') != 6:
            yield f'unloaded {text.count("shared object unloaded")} times of 6'
        if len(re.findall(r'^PFN +PHYSICAL', text, re.M)) != 5:
            yield 'not every load gave a list'
        if 'command not found' not in session.out + session.err:
            yield 'the command is there after unloading'

    return Part(['echo begin-loading', *again, f'extend -u {host_crash.EXTENSION}',
                 'hwpoison list'], judge)


def no_growth(pair):
    """A run leaves neither memory nor an open file behind."""
    sizes, files = TMP / f'{pair.name}-rss', TMP / f'{pair.name}-files'
    for place in sizes, files:
        place.unlink(missing_ok=True)
    ask = [f'!grep VmRSS /proc/$PPID/status >> {sizes}', f'!ls /proc/$PPID/fd | wc -l >> {files}']
    runs = ['hwpoison check -j > /dev/null'] * NR_RUNS

    def judge(_):
        kib = [int(line.split()[1]) for line in sizes.read_text().splitlines()] \
            if sizes.exists() else []
        if len(kib) != 2:
            yield f'{len(kib)} measurements'
        elif kib[1] - kib[0] > MAX_KIB_A_RUN * NR_RUNS:
            yield f'grew by {kib[1] - kib[0]} KiB in {NR_RUNS} runs'
        # One that ls sees may be closed by crash, which has just started it; a run that
        # left a file open would leave one each time.
        nr_open = [int(n) for n in files.read_text().split()] if files.exists() else [0, 0]
        if len(nr_open) != 2 or nr_open[1] - nr_open[0] > NR_RUNS // 4:
            yield f'open files: {nr_open}'

    return Part([*runs[:5], *ask, *runs, *ask], judge)


def minimal(pair):
    """The dump's own names are enough there; that crash has none is said where it is asked."""
    place = TMP / f'{pair.name}-minimal'
    session = pair.session(f'hwpoison check -j > {place}', options=['--minimal'])
    text = place.read_text() if place.exists() else ''
    if not text or without_provenance(text) != \
            without_provenance(own(pair, 'check', '-j').out.decode()):
        yield f'differs from the program; crash said: {said(session)}'
    session = pair.session('hwpoison check', 'hwpoison decompose --base 0 --order 1 --poison 0',
                           options=['--minimal'], env=CRASH_NAMES)
    everything = session.out + session.err
    if 'crash --minimal has no types' not in everything:
        yield f'no word of --minimal: {everything[-300:]!r}'
    if '1 healthy + 1 poisoned = 2' not in everything:
        yield 'decompose does not work'


def other_language(pair):
    """gdb's language is the user's; what gdb could not answer is asked again."""
    places = [TMP / f'{pair.name}-language-{i}' for i in range(3)]

    def judge(session):
        ours = without_provenance(own(pair, 'check', '-j').out.decode())
        texts = [place.read_text() if place.exists() else '' for place in places]
        if any(not text or without_provenance(text) != ours for text in texts):
            yield f'differs from the program; crash said: {said(session)}'
        if 'source language is "rust"' not in session.out:
            yield f'the language is not what the user chose: {said(session)}'

    return Part([f'hwpoison -j > {places[0]}', 'gdb set language rust',
                 f'hwpoison -j > {places[1]}', 'gdb show language', 'gdb set language c',
                 f'hwpoison -j > {places[2]}'], judge)


def zero_excluded(pair):
    """Our own reader does not read pages so. By crash's: never clean, and said why."""
    text, session = host_crash.run(pair.crash, pair.small, pair.vmcore, 'check -j',
                                   options=['--zero_excluded'])
    if without_provenance(text) != without_provenance(own(pair, 'check', '--json').out):
        yield f'another answer; {session.out[-200:]}'
    text, session = host_crash.run(pair.crash, pair.small, pair.vmcore, 'check -j',
                                   options=['--zero_excluded'], env={'HWPOISON_READMEM': '1'})
    if 'zero_excluded' not in text:
        yield f'no word of --zero_excluded; {session.out[-200:]}'
    elif json.loads(text)['verdict'] == 'clean':
        yield 'clean'
    text, _ = host_crash.run(pair.crash, pair.small, pair.vmcore, 'check',
                             options=['--zero_excluded'], env={'HWPOISON_READMEM': '1'})
    if 'damaged' in text or not re.search(r'^ +zero-filled: crash runs with --zero_excl', text, re.M):
        yield f'the dump is whole: {text[:600]!r}'


class Terminal:
    """crash on a terminal of its own, by the vmlinux as Debian has it."""

    def __init__(self, pair):
        modules = ['--no_modules'] if 'crash9' in pair.crash else []
        self.pid, self.fd = pty.fork()
        if self.pid:
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 12, 100, 0, 0))
        else:
            os.environ.update({'HOME': '/nonexistent', 'TERM': 'vt100', **CRASH_NAMES})
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

    def run(self, line):
        """Whether there is a prompt after it."""
        self.type(line)
        return self.wait_for('crash> ?$')

    def close(self):
        self.type('q')
        self.wait_for('never', 3)
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def ask_types(terminal):
    """Ctrl-C while gdb is asked for types, in the first run, ends it soon."""
    terminal.type('hwpoison check > /dev/null')
    time.sleep(0.2)
    began = time.monotonic()
    os.write(terminal.fd, b'\x03')
    if not terminal.wait_for('(?s)interrupted.*crash> ?$', 30):
        yield f'types: not interrupted: {terminal.text[-300:]!r}'
    elif time.monotonic() - began > 5:
        yield f'types: interrupted after {time.monotonic() - began:.1f} s'


def quit_pager(terminal):
    """A pager that is left after its first page."""
    terminal.run('set scroll on')
    terminal.type('hwpoison list')
    if not terminal.wait_for('(?i)-- ?more ?--'):
        yield f'pager: no page: {terminal.text[-300:]!r}'
    os.write(terminal.fd, b'q')
    if not terminal.wait_for('crash> ?$'):
        yield f'pager: no prompt: {terminal.text[-300:]!r}'


def interrupt(terminal):
    """Ctrl-C at any moment of a run ends it, or comes too late; the session goes on."""
    hits = 0
    for i in range(12):
        terminal.text = ''
        terminal.type('hwpoison check')
        time.sleep(0.02 + 0.03 * i)
        os.write(terminal.fd, b'\x03')
        if not terminal.wait_for('crash> ?$', 30):
            yield f'no prompt after Ctrl-C {i}: {terminal.text[-300:]!r}'
            return
        hits += 'interrupted' in terminal.text
        terminal.wait_for('crash> ?$', 0.3)
    if not hits:
        yield 'no run was interrupted in 12 tries'
    terminal.type('hwpoison list')
    if not terminal.wait_for('(?s)PFN +STRUCT_PAGE.*crash> ?$'):
        yield f'no list after that: {terminal.text[-300:]!r}'


def on_a_terminal(pair, reports):
    """(name, complaints): interrupted and left, and then each report is whole."""
    terminal = Terminal(pair)
    try:
        if not terminal.wait_for('crash> ?$', 180):
            yield 'prompt', [f'none: {terminal.text[-300:]!r}']
            return
        terminal.run('set scroll off')
        terminal.run(f'extend {host_crash.EXTENSION}')
        for trial in ask_types, interrupt, quit_pager:
            yield trial.__name__, list(trial(terminal))
        terminal.run('set scroll off')
        if not all(terminal.run(command) for command in reports.commands):
            yield 'prompt', [f'none after a report: {terminal.text[-300:]!r}']
        yield 'same_reports', list(reports.judge(terminal))
    finally:
        terminal.close()


def main():
    cases = hwp.Cases()
    for kernel, version in PAIRS:
        pair = Pair(kernel, version)
        if pair.why:
            cases.skip(pair.name, pair.why)
            continue
        for name, complaints in on_a_terminal(pair, same_reports(pair)):
            cases.report(f'{pair.name}/on a terminal: {name}', complaints)
        for name, complaints in typed(pair, [('addresses', addresses(pair)),
                                            ('processes', processes(pair))]):
            cases.report(f'{pair.name}/{name}', complaints)
        # The rest is of crash, not of the kernel: once for each crash.
        if kernel == '6.12-cloud':
            continue
        parts = [('manners', manners()), ('radix', radix()), ('true_examples', true_examples()),
                 ('no_growth', no_growth(pair)), ('loading', loading())]
        for name, complaints in typed(pair, parts):
            cases.report(f'{pair.name}/{name}', complaints)
        for name, complaints in typed(pair, [('by readmem', same_reports(pair, True))],
                                      env={'HWPOISON_READMEM': '1'}):
            cases.report(f'{pair.name}/{name}', complaints)
        for name, complaints in typed(pair, [('other_language', other_language(pair))],
                                      env=CRASH_NAMES):
            cases.report(f'{pair.name}/{name}', complaints)
        for check in minimal, zero_excluded:
            cases.report(f'{pair.name}/{check.__name__}', list(check(pair)))
    cases.exit()


main()
