#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`hwpoison help WORD`: every check that a report names is explained, other words are refused."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp


def words(text):
    return ' '.join(text.split())


def manual(statements):
    """The man page's list of the checks, from their table, is that of the program."""
    page = pathlib.Path(hwp.PROGRAM).with_name('hwpoison.8').read_text().replace('\\-', '-')
    section = page.partition('.SH CHECKS\n')[2].partition('\n.SH ')[0]
    listed = dict(x.split('\n', 1) for x in section.split('.TP\n.B ')[1:])
    listed = {k: v.strip() for k, v in listed.items()}
    wanted = {k: v[0].upper() + v[1:] + '.' for k, v in statements.items()}
    return [] if listed == wanted else [f'{k}: {listed.get(k)!r}, not {wanted.get(k)!r}'
                                        for k in {**listed, **wanted}
                                        if listed.get(k) != wanted.get(k)]


def lists(report):
    """`help states` and `help verdicts` have the words of the report, and classes and statuses."""
    states = {x.split()[0]: x.split()[1] for x in
              hwp.Run('help', 'states').out.decode().splitlines() if re.match('  [a-z]', x)}
    verdicts = {x.split()[0]: x.split()[1] for x in
                hwp.Run('help', 'verdicts').out.decode().splitlines() if re.match('  [a-z]', x)}
    wrong = [] if list(states) == list(report['summary']['by_state']) else [str(states)]
    wrong += [f'{p["state"]}: {p["class"]}' for p in report['poisoned']
              if states.get(p['state']) != p['class']]
    if verdicts.get(report['verdict']) != '1' or verdicts.get('clean') != '0':
        wrong.append(str(verdicts))
    return wrong


def plain(roff):
    """What a reader of the manual page sees of a part of it, on one line."""
    text = re.sub(r'^\.[A-Z]+ ?', '', roff.replace('\\-', '-').replace('\\(aq', "'"), flags=re.M)
    return words(re.sub(r'\\f[BIR]|\\&', '', text).replace('"', ''))


def commands(document):
    """The man page has each command twice, the second time with its help; crash's help has it."""
    page = pathlib.Path(hwp.PROGRAM).with_name('hwpoison.8').read_text()
    synopsis = page.partition('.SH SYNOPSIS\n')[2].partition('\n.SH ')[0].split('.br\n')
    section = page.partition('.SH COMMANDS\n')[2].partition('\n.SH ')[0]
    listed = dict(x.split('\n', 1) for x in ('\n' + section).split('\n.TP\n.B ')[1:])
    wrong = []
    crash = pathlib.Path(hwp.PROGRAM).with_name('ext') / 'crash' / 'crash_commands.h'
    for command in document['commands']:
        name = command['name']
        if f'hwpoison {name} {command["usage"]}'.strip() not in [plain(x) for x in synopsis]:
            wrong.append(f'{name} is not in the synopsis')
        shown = hwp.Run('help', name).out.decode()
        text = shown.split('\n\n', 1)[1].partition('\n\nEXAMPLES\n')[0]
        if not plain(listed.get(name, '')).startswith(words(text.replace('"', ''))):
            wrong.append(f'{name}: the man page has {listed.get(name)!r}, not {text!r}')
        line = f'{name:>12}  {command["summary"][0].lower()}{command["summary"][1:]}.'
        # Only the program watches, and writes dumps.
        if crash.exists() and (line in crash.read_text()) != (name not in ('watch', 'excerpt')):
            wrong.append(f'{name}, in the help of crash: {crash.read_text()}')
    return wrong


def options(document):
    """Each option that a command explains is in the man page: its names, argument and help."""
    page = pathlib.Path(hwp.PROGRAM).with_name('hwpoison.8').read_text()
    section = page.partition('.SH OPTIONS\n')[2].partition('\n.SH ')[0]
    listed = {}
    for part in section.split('.TP\n.BR ')[1:]:
        head, text = part.split('\n', 1)
        parts = re.findall(r'"([^"]*)"|(\S+)', head)
        listed[plain(''.join(x or y for x, y in parts))] = plain(text)
    wrong, seen = [], set()
    for name in (x['name'] for x in document['commands']):
        for line in hwp.Run('help', name).out.decode().partition('\nOPTIONS\n')[2].splitlines():
            head, text = re.match(r' *(.*?)  +(.*)', line).groups()
            seen.add(head)
            found = re.sub(r'^For ([^:]*): ', '', listed.get(head, '')).lower()
            if not found.startswith(text.lower() + '.'):
                wrong.append(f'{head}: {text!r}, and {listed.get(head)!r} in the man page')
            takers = re.match(r'For ([^:]*): ', listed.get(head, ''))
            if takers and name not in re.split(', | and ', takers[1]):
                wrong.append(f'{head} is for {takers[1]}, but {name} takes it')
            if len(line) > 80:
                wrong.append(f'longer than a line: {line!r}')
    return wrong + [f'{x} is of no command' for x in listed if x not in seen]


def main():
    cases = hwp.Cases()
    samples = hwp.samples()
    if not samples:
        cases.skip('the checks of a report', 'no sample')
        return cases.exit()
    report = hwp.Run('check', '--json', hwp.vmcore_of(samples[0])).json()
    listing = hwp.Run('help', 'checks')
    lines = listing.out.decode().splitlines()
    named = [x.split()[0] for x in lines if x.startswith('  ') and x[2] != ' ']
    wanted = [x['name'] for x in report['checks']]
    cases.report('help checks', [] if listing.status == 0 and named == wanted
               else [f'{listing.status} {named} {wanted}'])
    document = hwp.Run('help', '--json').json()
    cases.report('help --json', [] if [x['name'] for x in document['checks']] == wanted
               else [str(document['checks'])])
    cases.report('the man page', manual({x['name']: x['statement'] for x in document['checks']}))
    cases.report('help states and verdicts', lists(report))
    cases.report('every command is in the man page and in the help of crash', commands(document))
    cases.report('every option is in the man page', options(document))
    for check in report['checks']:
        done, wrong = hwp.Run('help', check['name']), []
        text = done.out.decode()
        first = words(text.split('\n\n', 1)[0])
        statement = first.removeprefix(check['name'] + ': ').rstrip('.')
        if done.status or done.err:
            wrong.append(f'exit status {done.status}: {done.err}')
        if not statement or words(f'{check["name"]} {statement}') not in words(listing.out.decode()):
            wrong.append(f'the list has another statement than {first!r}')
        # What the report says is among the results that are explained.
        if f'\n  {check["result"]} ' not in text:
            wrong.append(f'{check["result"]} is not explained: {text}')
        cases.report(f'help {check["name"]}', wrong)
    for word in ('nonsense', 'poison-not', 'poison-not-reused ', 'CHECKS', ''):
        done = hwp.Run('help', word)
        right = (done.status == 2 and not done.out and done.err.count('\n') == 1 and
                 repr(word) in done.err and "'hwpoison help checks'" in done.err and
                 "'hwpoison help'" in done.err)
        error = hwp.Run('help', '--json', word).json() or {}
        cases.report(f'help {word!r}', [] if right and error.get('schema') == 'hwpoison.error/1'
                   else [f'{done.status} {done.err!r} {error}'])
    return cases.exit()


if __name__ == '__main__':
    main()
