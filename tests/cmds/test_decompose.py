#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`hwpoison decompose` against a few lines of Python, and what it says of nonsense."""
import os
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import hwp

SEED = int(os.environ.get('HWP_SEED', 20260621))


def run(base, order, poison, *more):
    return hwp.Run('decompose', '--base', base, '--order', order, '--poison', poison, *more)


def random_folios(cases):
    chance = random.Random(SEED)
    validator = blocks.validator()
    print(f'# HWP_SEED={SEED}', flush=True)
    for round_ in range(120):
        order = chance.randrange(13) if round_ % 10 else 18
        base, nr = chance.randrange(1 << 20) << order, 1 << order
        top = chance.choice((10, 10, 10, chance.randrange(14)))
        dense = chance.choice((1, 8, nr // 3 + 1)) if order < 13 else 8
        poison = sorted({base + chance.randrange(nr) for _ in range(dense)})
        chance.shuffle(words := [hex(p) if chance.random() < 0.5 else str(p) for p in poison])
        done = run(hex(base), order, ','.join(words), '--max-order', top, '--json')
        document, wrong = done.json(), []
        if done.status or not document:
            cases.report(f'round {round_}', [f'exit status {done.status}: {done.err}'])
            continue
        folio, = document['folios']
        wrong += [e.message[:200] for e in validator.iter_errors(document)] if validator else []
        if folio['poisoned_pfns'] != poison:
            wrong.append('other poisoned pages')
        if [(b['pfn'], b['order']) for b in folio['expected']] != \
                blocks.decompose(base, order, poison, top):
            wrong.append(f'other blocks: base {base:#x} order {order} poison {poison}')
        if folio['nr_healthy'] + len(poison) != nr:
            wrong.append('the sum is wrong')
        if wrong or round_ % 20 == 0:
            cases.report(f'round {round_}: order {order}, {len(poison)} poisoned', wrong)


def text(cases):
    """Sums, ranges and the map, as text of 80 columns."""
    done = run('0x200', 9, '0x20d,0x300-0x304')
    lines = done.out.decode().splitlines()
    wrong = []
    for line in ('Sum       507 healthy + 5 poisoned = 512 = 2^9',
                 '0x200  0x20d     13  0x200/3 0x208/2 0x20c/0'):
        if line not in lines:
            wrong.append(f'no line {line!r}')
    cells = ''.join(m[1] for m in (re.match(r'0x[0-9a-f]+  (\S{64})$', x) for x in lines) if m)
    if len(cells) != 256 or [i for i, c in enumerate(cells) if c == '\u2588'] != [6, 128, 129]:
        wrong.append(f'the map is wrong: {cells}')
    wrong += [f'over 80 columns: {x!r}' for x in lines if len(x) > 80]
    cases.report('text', wrong)
    whole = hwp.Run('decompose', '--base', '0x200', '--order', '9', '--json').json()
    folio = whole['folios'][0]
    cases.report('without poison', [] if folio['expected'] == [{'pfn': 0x200, 'order': 9}] and
                 not folio['poisoned_pfns'] else [f'{folio}'])
    os.environ['LC_ALL'], before = 'C', os.environ.get('LC_ALL', '')
    plain = run('0x200', 9, '0x20d')
    os.environ['LC_ALL'] = before
    cases.report('ASCII', [] if plain.out.isascii() and b'X' in plain.out else ['not ASCII'])
    colored = run('0x200', 9, '0x20d', '--color=always').out.decode()
    cases.report('colour', [] if re.sub('\033\\[[0-9;]*m', '', colored) ==
                 run('0x200', 9, '0x20d').out.decode() else ['colour changes the text'])
    twice = run('512', 9, '525,0x20d,525', '--json').json()['folios'][0]['poisoned_pfns']
    cases.report('a page named twice', [] if twice == [525] else [str(twice)])
    whole = run('0x200', 3, '0x200-0x208', '--json').json()['folios'][0]
    cases.report('no healthy page', [] if whole['expected'] == [] and whole['nr_healthy'] == 0
                 else [str(whole)])


def help_is_true(cases):
    """What the help shows as output is the output."""
    lines = hwp.Run('help', 'decompose').out.decode().splitlines()
    at = next(i for i, x in enumerate(lines) if '--order 4' in x)
    shown = [x.strip() for x in lines[at + 1:at + 10]]
    true = [x.strip() for x in run('0x200', 4, '0x20d').out.decode().splitlines()]
    cases.report('the example of the help', [] if true[:9] == shown else [f'{shown} {true}'])


def errors(cases):
    good = {'--base': '0x200', '--order': '9', '--poison': '0x20d'}
    for name, change in {
            'misaligned': {'--base': '0x201'}, 'no base': {'--base': None},
            'order 31': {'--order': '31'}, 'order -1': {'--order': '-1'},
            'order 2^64': {'--order': '18446744073709551616'}, 'order 9x': {'--order': '9x'},
            'no order': {'--order': None},
            'poison below': {'--poison': '0x1ff'}, 'poison above': {'--poison': '0x400'},
            'range beyond': {'--poison': '0x300-0x401'}, 'range of none': {'--poison': '0x300-0x300'},
            'range backwards': {'--poison': '0x304-0x300'}, 'no list': {'--poison': ''},
            'comma': {'--poison': '0x20d,'}, 'two commas': {'--poison': '0x20d,,0x20e'},
            'a word': {'--poison': 'all'}, 'a sign': {'--poison': '+0x20d'},
            'a space': {'--poison': ' 0x20d'}, 'bare 0x': {'--poison': '0x'},
            'hex without 0x': {'--poison': '20d'}, 'over 64 bits': {'--poison': '0x1' + '0' * 16},
            'base at the end': {'--base': '0xffffffffffffffff', '--order': '0'},
            'max order 31': {'--max-order': '31'}}.items():
        words = [w for k, v in {**good, **change}.items() if v is not None for w in (k, v)]
        done = hwp.Run('decompose', *words)
        wrong = [] if done.status == 2 else [f'exit status {done.status}']
        if done.out or done.err.count('\n') != 1 or not done.err.startswith('hwpoison: '):
            wrong.append(f'not one line: {done.out!r} {done.err!r}')
        error = hwp.Run('decompose', *words, '--json').json()
        if not error or error.get('schema') != 'hwpoison.error/1':
            wrong.append(f'no JSON: {error}')
        cases.report(f'error: {name}', wrong)
    for words in (['--base', '0', '--base', '0'], ['vmcore'], ['--threads', '2']):
        done = hwp.Run('decompose', *words)
        cases.report(f'error: {words}', [] if done.status == 2 and done.err.count('\n') == 1
                     else [done.err])


def main():
    cases = hwp.Cases()
    random_folios(cases)
    text(cases)
    help_is_true(cases)
    errors(cases)
    cases.exit()


if __name__ == '__main__':
    main()
