#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the README files say is there: links, files, the example's rows, the states, the scenarios."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

TOP = hwp.TOP
# A path in backticks is a file of the tree if it begins with one of its folders.
PATH = re.compile(r'`((?:lib|cmds|ext|tests|vmcores)/[A-Za-z0-9_./-]*|Makefile)`')
LINK = re.compile(r'\]\(([^)#:]+)?(#[^)]+)?\)')
MAX_WORDS = 900


def pages():
    names = subprocess.run(['git', 'ls-files', '*.md'], cwd=TOP, capture_output=True, text=True)
    found = names.stdout.split() or [str(p.relative_to(TOP)) for p in TOP.glob('[!b]*/**/*.md')]
    return sorted({*found, 'README.md', 'HACKING.md'})


def anchors(path):
    return {re.sub(r'[^a-z0-9 -]', '', x.lower()).replace(' ', '-')
            for x in re.findall(r'^#+ (.*)$', path.read_text(), re.MULTILINE)}


def dangling(page):
    path, wrong = TOP / page, []
    text = path.read_text()
    for target, anchor in LINK.findall(text):
        file = path.parent / target if target else path
        if not file.exists():
            wrong.append(f'no file {target}')
        elif anchor and anchor[1:] not in anchors(file):
            wrong.append(f'no heading {target}{anchor}')
    return wrong + [f'no file {x}' for x in PATH.findall(text)
                    if not (TOP / x).exists() and not any(TOP.glob(f'{x}*'))]


def example(text):
    """Each line of the report that README shows is one of its sample's report."""
    block = re.search(r'^```\n\$ hwpoison check vmcore\n(.*?)^```', text, re.M | re.S)[1]
    run = hwp.Run('check', hwp.vmcore_of(TOP / 'vmcores/samples/7.3-cloud'))
    lines = {' '.join(x.split()) for x in run.out.decode().splitlines()}
    shown = [' '.join(x.split()) for x in block.splitlines()]
    end = shown.index('$ echo $?')
    wrong = [x for x in shown[:end] if x != '…' and x not in lines]
    return wrong + ([] if shown[end + 1] == str(run.status) else [f'exit status {run.status}'])


def states(text):
    rows = re.findall(r'^\| `([a-z-]+)` \| ([a-z]+) \|', text, re.MULTILINE)
    listed = re.findall(r'^  ([a-z-]+) +([a-z]+)  ', hwp.Run('help', 'states').out.decode(),
                        re.MULTILINE)
    return [] if rows == listed else [f'{rows} {listed}']


def verdicts(text):
    rows = re.findall(r'^\| `([a-z-]+)` \| ([0-2]) \|', text, re.MULTILINE)
    listed = re.findall(r'^  ([a-z-]+) +([0-2])  ', hwp.Run('help', 'verdicts').out.decode(),
                        re.MULTILINE)
    return [] if rows == listed else [f'{rows} {listed}']


def scenarios_of_guest():
    """What the lab's guest can do, by its own word; None where it cannot be built."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(['vmcores/lab.sh', 'scenarios'], cwd=TOP, capture_output=True, text=True,
                              env={**os.environ, 'HWP_LAB': directory}, check=False)
    return None if done.returncode else [x.split()[0] for x in done.stdout.splitlines()]


def scenarios(known):
    """Each scenario has its row in a README; `-tail` stands for another end of the name before it."""
    described = set()
    for page in ('vmcores/README.md', 'vmcores/fix/README.md'):
        for line in (TOP / page).read_text().splitlines():
            words = re.findall(r'`([a-z0-9-]+)`', line)
            starts = [w.rsplit('-', n)[0] for w in words if w[0] != '-' for n in range(w.count('-') + 1)]
            described |= {*words} | {s + w for s in starts for w in words if w[0] == '-'}
    return [f'no row: {x}' for x in known if x.removesuffix('-gone') not in described]


def dumps(text):
    """How many dumps `make test` makes."""
    nr = sum('|' in x and x[0] != '#' for x in (TOP / 'vmcores/matrix').read_text().splitlines())
    return [f'{x} of {nr}' for x in re.findall(r'([0-9]+) (?:dumps|guests)', text) if int(x) != nr]


def matrices(known):
    """The guest skips what it does not know: a name that is misspelt would be no error."""
    wrong = []
    for file in ('matrix', 'matrix.more', 'matrix.history', 'matrix.kdump', 'matrix.kernels',
                 'fix/matrix', 'samples.list'):
        lines = (TOP / 'vmcores' / file).read_text().splitlines()
        for row in [x.split('|') for x in lines if not x.startswith('#') and '|' in x]:
            wrong += [f'{file}: {row[0].strip()}: {x}' for x in row[2].replace(' ', '').split(',')
                      if x not in known and not re.fullmatch('(cpu|node)[0-9]', x)]
    return wrong


def main():
    cases = hwp.Cases()
    readme = (TOP / 'README.md').read_text()
    report = (TOP / 'lib/report/README.md').read_text()
    for page in pages():
        cases.report(f'{page}: links and files', dangling(page))
    cases.report('README.md: the report', example(readme))
    nr_words = len(readme.split())
    cases.report('README.md: one screen', [] if nr_words < MAX_WORDS else [f'{nr_words} words'])
    cases.report('lib/report/README.md: states', states(report))
    cases.report('lib/report/README.md: verdicts', verdicts(report))
    cases.report('tests/README.md: dumps', dumps((TOP / 'tests/README.md').read_text()))
    known = scenarios_of_guest()
    if known is None:
        cases.report('vmcores: scenarios', ['vmcores/lab.sh scenarios does not run'])
    else:
        cases.report('vmcores/README.md: scenarios', scenarios(known))
        cases.report('vmcores: the scenarios of each matrix', matrices(known))
    return cases.exit()


if __name__ == '__main__':
    sys.exit(main())
