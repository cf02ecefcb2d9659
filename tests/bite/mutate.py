#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Do the fast tests bite? Change one token of lib/ at a time and see whether they notice.

usage: mutate.py [--seed N] [--number N] [--tests WORD] [PATH...]

Each change is made in a copy of the tree, in a file below PATH (default: lib), at a place
drawn by the seed: && for ||, == for !=, < for <=, + for -, true for false, 0 for 1, one
arm of a conditional for the other, or a negation dropped. One that does not compile does
not count. What no test notices is printed with its line: whether it changes behaviour at
all is for the reader to say (a bound that nothing reaches, an order of equals).
"""
import argparse
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
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


def run(tree, *command):
    return subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def try_one(tree, path, place, tests):
    """'killed', 'alive' or 'no-build' of one change, undone afterwards."""
    original = path.read_text()
    start, end, replacement = place
    path.write_text(original[:start] + replacement + original[end:])
    try:
        if run(tree, 'make', '-s', '-j2', 'all', 'unit-programs').returncode:
            return 'no-build'
        for word in tests:
            if run(tree, 'tests/run.sh', word).returncode:
                return 'killed'
        return 'alive'
    finally:
        path.write_text(original)


def copy_of_tree(directory):
    tree = pathlib.Path(directory) / 'tree'
    listed = run(TOP, 'git', 'ls-files', '-z').stdout.split('\0')
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
    parser.add_argument('--tests', nargs='+', default=['unit/', 'facts/'],
                        help='words for tests/run.sh')
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
        if run(tree, 'make', '-s', '-j2', 'all', 'unit-programs').returncode:
            sys.exit('mutate.py: the tree does not build')
        for word in options.tests:
            if run(tree, 'tests/run.sh', word).returncode:
                sys.exit(f'mutate.py: tests/run.sh {word} fails before any change')
        for path, place in candidates:
            if counts['killed'] + counts['alive'] == options.number:
                break
            fate = try_one(tree, path, place, options.tests)
            counts[fate] += 1
            text = path.read_text()
            line = text.count('\n', 0, place[0]) + 1
            if fate != 'no-build':
                print(f'{fate}: {path.relative_to(tree)}:{line}: {text[place[0]:place[1]]} -> '
                      f'{place[2] or "nothing"}: {text.splitlines()[line - 1].strip()}', flush=True)
    tried = counts['killed'] + counts['alive']
    print(f'{tried} changes that compile: {counts["killed"]} noticed, {counts["alive"]} not '
          f'(seed {options.seed})')


if __name__ == '__main__':
    main()
