#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does the program still give the answers that it gave?

    same.py [-v] BASE PROGRAM [DUMP...]

BASE is a program, or a revision that is built in a worktree of its own. Both programs
report on every sample and on each DUMP, and their JSON is compared: every difference is
printed, but for the sentences, which may be put into better words. -v prints those too.
The exit status is 0 if the answers are the same, 1 if one differs, 2 on trouble.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[1]
COMMANDS = ('check', 'list', 'events', 'freelist', 'layout')
SENTENCES = {'evidence', 'detail', 'fix_evidence', 'troubles', 'advice'}
# `folio` of some of the folios, and of some poisoned pages from the first on.
MAX_FOLIOS, MAX_PAGES, PAGE_STEP = 8, 60, 5


class Trouble(Exception):
    """Nothing can be compared."""


@contextlib.contextmanager
def program_of(base):
    """The path of a program, or of what a revision builds."""
    if os.access(base, os.X_OK) and os.path.isfile(base):
        yield str(pathlib.Path(base).resolve())
        return
    with tempfile.TemporaryDirectory() as work:
        tree = pathlib.Path(work) / 'tree'
        git = ['git', '-C', TOP, 'worktree']
        added = subprocess.run([*git, 'add', '--detach', tree, base], capture_output=True,
                               text=True, check=False)
        if added.returncode:
            raise Trouble(f"'{base}' is no program and no revision: {added.stderr.strip()}")
        try:
            built = subprocess.run(['make', '-s', '-j2', f'O={tree}/build',
                                    f'{tree}/build/hwpoison'], cwd=tree, capture_output=True,
                                   text=True, check=False)
            if built.returncode:
                raise Trouble(f'{base} does not build: {built.stderr.strip()[-500:]}')
            yield str(tree / 'build' / 'hwpoison')
        finally:
            subprocess.run([*git, 'remove', '--force', tree], check=False)


def ask(program, dump, command):
    """(exit status, document), the document being what was printed where it is no JSON."""
    done = subprocess.run([program, *command.split(), '--json', dump], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, {'no JSON': done.stdout.decode(errors='replace'),
                                 'stderr': done.stderr.decode(errors='replace')}


def by_name(document):
    """The rows of `layout` by their names: in which order they stand, and that one stands
    there twice, is no answer."""
    rows = document.get('layout')
    if not isinstance(rows, list):
        return document
    named = {}
    for row in rows:
        if row not in named.setdefault(row['name'], []):
            named[row['name']].append(row)
    return {**document, 'layout': named}


class Comparison:
    """The differences between two documents, and the sentences that differ."""

    def __init__(self, old, new):
        self.differences, self.sentences = [], []
        self.walk(old, new, '', False)

    def walk(self, old, new, path, in_sentence):
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old.keys() | new.keys()):
                if key not in old or key not in new:
                    self.differences.append(
                        f'{path}.{key} is {"new" if key in new else "gone"}')
                else:
                    self.walk(old[key], new[key], f'{path}.{key}',
                              in_sentence or key in SENTENCES)
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) != len(new):
                self.differences.append(f'{path} has {len(new)} elements, had {len(old)}')
            for i, (one, other) in enumerate(zip(old, new)):
                self.walk(one, other, f'{path}[{i}]', in_sentence)
        elif old != new or type(old) is not type(new):
            if in_sentence and isinstance(old, str) and isinstance(new, str):
                self.sentences.append((old, new))
            else:
                self.differences.append(f'{path} is {new!r}, was {old!r}')


def compare(base, program, dump, command):
    (old_status, old), (new_status, new) = (ask(p, dump, command) for p in (base, program))
    found = Comparison(by_name(old), by_name(new))
    if old_status != new_status:
        found.differences.insert(0, f'exit status {new_status}, was {old_status}')
    return found


def folios_of(report):
    """Commands that look at some of a report's folios and pages."""
    heads = {folio['head_pfn'] for folio in report.get('folios', [])[:MAX_FOLIOS]}
    pages = {page['pfn'] for page in report.get('poisoned', [])[:MAX_PAGES:PAGE_STEP]}
    return [f'folio {pfn}' for pfn in sorted(heads | pages)]


def questions(base, dumps):
    for dump in dumps:
        for command in (*COMMANDS, *folios_of(ask(base, dump, 'check')[1])):
            yield dump, command


def samples():
    for directory in sorted((TOP / 'vmcores' / 'samples').glob('*/')):
        yield from sorted(directory.glob('vmcore*'))[:1]


def main():
    parser = argparse.ArgumentParser(description='Compare the JSON of two programs.')
    parser.add_argument('-v', '--verbose', action='store_true', help='print sentences too')
    parser.add_argument('base', help='a program, or a revision')
    parser.add_argument('program')
    parser.add_argument('dump', nargs='*', help='beside the samples')
    options = parser.parse_args()
    dumps = [*samples(), *options.dump]
    if not dumps:
        raise Trouble('there is neither a sample nor a dump to compare')
    sentences, nr_differences = {}, 0
    with program_of(options.base) as base, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        asked = list(questions(base, dumps))
        found = pool.map(lambda q: compare(base, options.program, *q), asked)
        for (dump, command), result in zip(asked, found):
            for difference in result.differences:
                print(f'{dump}: {command}: {difference}', flush=True)
            nr_differences += len(result.differences)
            for pair in result.sentences:
                sentences[pair] = sentences.get(pair, 0) + 1
    if options.verbose:
        for (old, new), count in sentences.items():
            print(f'- {old}\n+ {new}    ({count})')
    print(f'{len(asked)} reports of {len(dumps)} dumps: {nr_differences} differences, '
          f'{len(sentences)} sentences in other words')
    return 1 if nr_differences else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Trouble as trouble:
        print(f'same.py: {trouble}', file=sys.stderr)
        sys.exit(2)
