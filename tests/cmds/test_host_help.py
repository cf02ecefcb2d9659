#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Help inside a host: only what can be typed there, in the form that its users know.

The library of drgn's plugin is asked, in both of its forms; no drgn is needed for that.
"""
import importlib.util
import io
import os
import pathlib
import re
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

sys.dont_write_bytecode = True
LIBRARY = pathlib.Path(hwp.PROGRAM).resolve().parent / 'drgn/hwpoison/libhwpoison-drgn.so'
IS_LIVE = 1
# What a host's user cannot type, or does not see.
NOT_IN_HOSTS = (r'vmcore\b(?!info)', r'\bjq\b', r'\$\?', r'--qemu', r'--log\b', r'--state-file', r'--core',
                r'--symbols', r'--provider', r'--vmcoreinfo', r'TARGET', r'(?i)exit status',
                r'promtool', r'\.timer', r'confined')
PROGRAM_ONLY = 'watch', 'excerpt'
FOR_RUNNING = '--quick', '--passes', '--max-cpu'


def load_session():
    """The part of the package that calls the library, with as much of a drgn as it needs."""
    drgn = types.ModuleType('drgn')
    drgn.ProgramFlags = types.SimpleNamespace(IS_LIVE=IS_LIVE)
    drgn.FaultError = OSError
    sys.modules['drgn'] = drgn
    os.environ['HWPOISON_DRGN_LIBRARY'] = str(LIBRARY)
    spec = importlib.util.spec_from_file_location(
        'session', hwp.TOP / 'ext/drgn/hwpoison/_session.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SESSION = load_session()


class Host:
    """drgn with a dump or the running kernel open."""

    def __init__(self, like_crash, live):
        self.like_crash = like_crash
        self.live = live
        self.name = f'{"crash" if like_crash else "drgn"}, {"live" if live else "a dump"}'
        self.prompt = '%crash> ' if like_crash else '>>> %'
        self.prog = types.SimpleNamespace(flags=IS_LIVE if live else 0, core_dump_path='/dump')

    def run(self, *words):
        out, err = io.StringIO(), io.StringIO()
        status = SESSION.Session(self.prog, None, out, err, self.like_crash).run(words)
        return status, out.getvalue(), err.getvalue()


def examples(host, text):
    """The command lines that are shown under EXAMPLES, and what is wrong with how."""
    part = text.partition('\nEXAMPLES\n')[2].partition('\nOPTIONS\n')[0]
    lines = re.findall(r'^ +(.*\bhwpoison .*)$', part, re.M)
    return part, [line for line in lines if not line.startswith(f'{host.prompt}hwpoison ')]


def options_are_taken(host, name, text):
    """Each option that is listed is one that the command has."""
    for option in re.findall(r'^  (?:-\w,|   ) (--[a-z-]+)', text, re.M):
        # Nothing is read: no host takes a target, nor the other commands another word.
        _, _, err = host.run(name, option, '--', 'x')
        if 'has no option' in err or 'for a running kernel' in err:
            yield f'{option} is listed: {err}'
    for option in FOR_RUNNING:
        if (option in text) != (host.live and '--threads' in text):
            yield f'{option} is {"" if option in text else "not "}listed'


def form(host, name, text):
    """crash's sections, in its order, or the program's."""
    wanted = ['NAME', 'SYNOPSIS', 'DESCRIPTION'] if host.like_crash else []
    sections = re.findall(r'^([A-Z][A-Z ]+)$', text, re.M)
    sections = [s for s in sections if s not in ('COLUMNS', 'EXAMPLES')]
    if sections != (wanted if host.like_crash else ['OPTIONS']):
        yield f'sections {sections}'
    if host.like_crash and not re.search(rf'^SYNOPSIS\n  hwpoison {name}( [^A-Z]*)?$', text, re.M):
        yield 'synopsis'
    if not host.like_crash and not text.startswith(f'Usage: hwpoison {name}'):
        yield 'no usage'
    yield from (f'{len(x)} columns: {x}' for x in text.splitlines() if len(x) > 80)


def of_command(host, name):
    status, text, err = host.run('help', name)
    wrong = [f'exit status {status}: {err}'] if status or err else []
    wrong += [f'{x} is in it' for x in NOT_IN_HOSTS if re.search(x, text)]
    part, strange = examples(host, text)
    wrong += [f'an example without the prompt: {x}' for x in strange]
    if name != 'metrics' and not part:
        wrong.append('no example')
    return wrong + list(form(host, name, text)) + list(options_are_taken(host, name, text))


def same_words(host, name):
    """What a command does is the program's text, but for what is the program's alone."""
    theirs = ' '.join(host.run('help', name)[1].split())
    program = hwp.Run('help', name).out.decode().partition('\n\nEXAMPLES\n')[0]
    paragraphs = [' '.join(x.split()) for x in program.split('\n\n')[2:]]
    kept = [x for x in paragraphs if x in theirs]
    return [] if kept and kept == paragraphs[:len(kept)] and len(paragraphs) - len(kept) < 2 else \
        [f'{len(kept)} of {len(paragraphs)} paragraphs: {theirs}']


def main():
    cases = hwp.Cases()
    names = [x['name'] for x in hwp.Run('help', '--json').json()['commands']]
    for host in (Host(c, live) for c in (False, True) for live in (False, True)):
        status, text, err = host.run('help')
        listed = re.findall(r'^  ([a-z]+) +[A-Z]', text, re.M)
        wrong = [x for x in NOT_IN_HOSTS if re.search(x, text)]
        cases.report(f'{host.name}: help', [f'{status} {err} {text}'] if status or err or wrong or
                     listed != [x for x in names if x not in PROGRAM_ONLY] else [])
        for name in listed:
            cases.report(f'{host.name}: help {name}', of_command(host, name) +
                         same_words(host, name))
        for name in PROGRAM_ONLY:
            status, text, err = host.run('help', name)
            cases.report(f'{host.name}: help {name}', [] if status == 2 and not text and
                         f"'{name}' is for the program hwpoison" in err else [f'{status} {err}'])
    cases.exit()


if __name__ == '__main__':
    main()
