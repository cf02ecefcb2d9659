#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`hwpoison explain WORD`: every word that a report can have is explained, others are refused."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

SCHEMA = json.loads(pathlib.Path(hwp.PROGRAM).with_name('hwpoison.report.1.schema.json').read_text())
#: What a report has under these names: the lists of the schema, from the model's tables.
LISTS = {'state': ['state'], 'class of states': ['class'], 'verdict': ['verdict'],
         'outcome of a folio': ['folio', 'properties', 'outcome'],
         'event': ['event', 'properties', 'kind'],
         'cause of death': ['cause', 'properties', 'conclusion'],
         'check': ['help', 'properties', 'checks', 'items', 'properties', 'name'],
         'known issue': ['known_issue', 'properties', 'name']}


def of_schema(path):
    node = SCHEMA['$defs']
    for key in path:
        node = node[key]
    return set(node['enum'])


def words(text):
    return ' '.join(text.split())


def shown(explanation):
    """What the text of a word lacks of its JSON."""
    run = hwp.Run('explain', explanation['word'])
    text, wrong = words(run.out.decode()), []
    if run.status or run.err:
        wrong.append(f'exit status {run.status} {run.err}')
    for key in ('meaning', 'background', 'follows'):
        if explanation[key] and words(explanation[key]) not in text:
            wrong.append(f'{explanation["word"]} lacks its {key}')
    if explanation['kind'] != 'check':
        wrong += [f'{explanation["word"]} lacks {x}' for x in explanation['references']
                  if words(x) not in text]
    too_long = [x for x in run.out.decode().splitlines() if len(x) > 80 and ' ' in x[12:]]
    return wrong + [f'longer than a line: {x}' for x in too_long]


def main():
    cases = hwp.Cases()
    everything = (hwp.Run('explain', '--json').json() or {'explanations': []})['explanations']
    listing = hwp.Run('explain')
    lines = set(listing.out.decode().split())
    for kind, path in LISTS.items():
        found = {x['word'] for x in everything if x['kind'] == kind}
        wrong = of_schema(path) ^ found
        cases.report(f'each {kind}', [f'{sorted(wrong)}'] if wrong or not found else [])
    cases.report('the list', [x['word'] for x in everything if x['word'] not in lines])
    wrong = [x for explanation in everything for x in shown(explanation)]
    cases.report('all are shown', wrong)
    # A class has what follows, a known issue what to do.
    cases.report('what follows', [x['word'] for x in everything if not x['follows'] and x['kind'] in
                                  ('class of states', 'verdict', 'known issue', 'cause of death')])
    # A word that is several things, in any case, with a space for a hyphen.
    for word in ('leaked before', 'LEAKED-BEFORE', 'Leaked-Before'):
        one = hwp.Run('explain', word).out
        cases.report(word, [] if one and one == hwp.Run('explain', 'leaked-before').out
                     else ['is not leaked-before'])
    for wrong_word, meant in {'buddyy': 'buddy', 'recoverd': 'Recovered', 'lekaed': 'leaked',
                              'poison-acounted': 'poison-accounted'}.items():
        run = hwp.Run('explain', wrong_word)
        cases.report(wrong_word, [] if run.status == 2 and not run.out and run.err.count('\n') == 1
                     and f"did you mean '{meant}'?" in run.err else [run.err])
    for word in ('', 'x' * 5000, 'nonsense', '%s%n', '\x1b[31m'):
        run = hwp.Run('explain', word)
        ends = run.status == 2 and not run.out and run.err.count('\n') == 1 and '\x1b' not in run.err
        cases.report(f'{word[:20]!r}', [] if ends else [f'{run.status} {run.err[:200]!r}'])
    # A report names the command, and what it names is there.
    for directory in hwp.samples()[:1]:
        text = hwp.Run('check', hwp.vmcore_of(directory)).out.decode()
        named = re.findall(r"'hwpoison explain ([^']+)'", words(text))
        cases.report('a report names it', ([] if named else ['it does not']) +
                     [x for x in named if hwp.Run('explain', x).status])
    cases.exit()


if __name__ == '__main__':
    main()
