#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Do the fast tests bite? Change one token of lib/ at a time and see whether they notice.

usage: mutate.py [--seed N] [--number N] [PATH...]

Each change is made in a copy of the tree, in a file below PATH (default: lib), at a place
drawn by the seed: && for ||, == for !=, < for <=, + for -, true for false, 0 for 1, one
arm of a conditional for the other, or a negation dropped. One that does not compile does
not count. The tests below unit/ and facts/ run one after the other until one fails, first
those that include a header beside the changed file; then what else `make check` runs on dumps.
What no test notices is printed with its
line: whether it changes behaviour at all is for the reader to say (a bound that nothing reaches,
an order of equals).
"""
import argparse
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = 'build/libhwpoison.so'
CHANGES = (
    (r'&&', '||'), (r'\|\|', '&&'), (r'==', '!='), (r'!=', '=='),
    (r'(?<![<>-])<(?![<=])', '<='), (r'(?<![<>-])>(?![>=])', '>='), (r'<=', '<'), (r'>=', '>'),
    (r'(?<= )\+(?= )', '-'), (r'(?<= )-(?= )', '+'),
    (r'\btrue\b', 'false'), (r'\bfalse\b', 'true'),
    (r'(?<=[ (\[])1(?=[;,) ])', '0'), (r'(?<=[ (\[])0(?=[;,) ])', '1'),
    (r'(?<=[ (])!(?=[a-z(])', ''), (r'(?<= )\|=(?= )', '='), (r'\bcontinue;', 'break;'),
)


def blank_out(text):
    """The same length, with comments, strings and preprocessor lines made spaces."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*'
    return re.sub(pattern, lambda m: re.sub(r'[^\n]', ' ', m.group()), text,
                  flags=re.S | re.M)


def places(path):
    """(start, end, replacement) of every token of a function's body that can be changed."""
    text = blank_out(path.read_text())
    inside = [(m.start(), m.end()) for m in re.finditer(r'^\{.*?^\}', text, flags=re.S | re.M)]
    for pattern, replacement in CHANGES:
        for match in re.finditer(pattern, text):
            if any(start < match.start() < end for start, end in inside):
                yield match.start(), match.end(), replacement


def run(tree, *command, limit=None, output=subprocess.DEVNULL):
    """Whether it ended well, within the limit in seconds of a processor, on however busy a machine."""
    def confine():
        if limit:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    with tempfile.TemporaryDirectory() as directory:
        try:
            return not subprocess.run(command, cwd=tree, stdout=output,
                                      stderr=output, stdin=subprocess.DEVNULL,
                                      env={**os.environ, 'TMPDIR': directory, 'LC_ALL': 'C.UTF-8'},
                                      check=False, preexec_fn=confine,
                                      timeout=limit and 20 * limit).returncode
        except subprocess.TimeoutExpired:
            return False


def make(tree, *targets, output=subprocess.DEVNULL):
    # Without optimisation: tests say the same, and are built in a fifth of the time. And linked
    # once: what changes is the shared library that they run with.
    return run(tree, 'make', '-s', 'CFLAGS=-O0', 'SHARED=1', *targets, output=output)


def nearness(tree, path, test):
    """How close a unit test is to a file of lib/: 0 bears its name, 2 knows nothing of it."""
    if test.stem in (path.stem, f'{path.parent.name}_{path.stem}'):
        return 0
    return 1 if f'"{path.parent.relative_to(tree / "lib")}/' in test.read_text() else 2


def first_to_notice(tree, path):
    """The test that fails, now that the file is changed, or None. The nearest come first."""
    tests = sorted((tree / 'tests' / 'unit').glob('*.c'),
                   key=lambda test: (nearness(tree, path, test), test))
    for test in tests:
        if not run(tree, f'build/unit/{test.stem}', limit=60):
            return f'unit/{test.stem}'
    if not run(tree, 'tests/facts/test_replay.py', limit=300):
        return 'facts/'
    # -o: the programs are older than the library, and right all the same.
    log = tree / 'build' / 'check.log'
    with log.open('w') as output:
        if make(tree, '-o', LIBRARY, 'check', 'CHECK=$(CHECK_ON_DUMPS)', output=output):
            return None
    failed = re.search(r'^FAIL +(\S+)', log.read_text(errors='replace'), flags=re.M)
    return failed[1] if failed else 'make check'


def try_one(tree, path, place):
    """'killed', 'alive' or 'no-build' of one change, undone afterwards, and who noticed."""
    original = path.read_text()
    start, end, replacement = place
    path.write_text(original[:start] + replacement + original[end:])
    try:
        if not make(tree, LIBRARY):
            return 'no-build', None
        test = first_to_notice(tree, path)
        return ('killed' if test else 'alive'), test
    finally:
        path.write_text(original)


def copy_of_tree(directory):
    tree = pathlib.Path(directory) / 'tree'
    listed = subprocess.run(['git', 'ls-files', '-z'], cwd=TOP, stdout=subprocess.PIPE,
                            text=True, check=True).stdout.split('\0')
    for name in filter(None, listed):
        if not (TOP / name).exists():
            continue
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, tree / name, follow_symlinks=False)
    return tree


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--number', type=int, default=60)
    parser.add_argument('paths', nargs='*', default=['lib'])
    options = parser.parse_args()
    draw = random.Random(options.seed)
    counts = {'killed': 0, 'alive': 0, 'no-build': 0}
    with tempfile.TemporaryDirectory() as directory:
        tree = copy_of_tree(directory)
        files = sorted(f for p in options.paths for f in ([tree / p] if (tree / p).is_file()
                                                          else (tree / p).rglob('*.c')))
        candidates = [(f, p) for f in files for p in places(f)]
        draw.shuffle(candidates)
        if not make(tree, f'-j{os.cpu_count()}', 'all', 'unit-programs', 'build/excerpt'):
            sys.exit('mutate.py: the tree does not build')
        test = first_to_notice(tree, tree / 'lib/analyse.c')
        if test:
            sys.exit(f'mutate.py: {test} fails before any change')
        for path, place in candidates:
            if counts['killed'] + counts['alive'] == options.number:
                break
            fate, test = try_one(tree, path, place)
            counts[fate] += 1
            text = path.read_text()
            line = text.count('\n', 0, place[0]) + 1
            if fate != 'no-build':
                print(f'{fate}: {path.relative_to(tree)}:{line}: {text[place[0]:place[1]]} -> '
                      f'{place[2] or "nothing"}: {text.splitlines()[line - 1].strip()}'
                      f'{test and f" [{test}]" or ""}', flush=True)
    tried = counts['killed'] + counts['alive']
    print(f'{tried} changes that compile: {counts["killed"]} noticed, {counts["alive"]} not '
          f'(seed {options.seed})')


if __name__ == '__main__':
    main()
