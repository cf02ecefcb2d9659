#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The columns of list, and which pages it shows: against JSON, and on a terminal of 80 columns."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

TOP = hwp.TOP


def columns_of_help():
    text = hwp.Run('help', 'list').out.decode()
    return re.findall(r'^  ([A-Z]+)  +\S', text[text.index('COLUMNS'):text.index('EXAMPLES')], re.M)


def columns_of_source():
    return re.findall(r'^\t\{ \{ "([A-Z]+)", ', (TOP / 'lib/report/columns.c').read_text(), re.M)


def cells(page, zone_of):
    """What each column has to show, by the page's JSON."""
    owner = page['owner'] or {}
    block = page.get('order')
    return {'PFN': hex(page['pfn']), 'PHYSICAL': page['phys'], 'STATE': page['state'],
            'CLASS': page['class'], 'NODE': str(page['nid']), 'ZONE': page['zone'],
            'ORDER': '-' if block is None else str(block),
            'HEAD': '-' if block is None else hex(page['head_pfn']),
            'PID': str(owner['pid']) if owner.get('pid') is not None else '-',
            'COMM': owner.get('comm') or '-',
            'CPU': '-' if page.get('cpu') is None else str(page['cpu'])}


def rows(run):
    return [line.split() for line in run.out.decode().splitlines()]


def shown(vmcore, document):
    """Every column that JSON has as well shows the same."""
    wrong = []
    for name in cells(document['poisoned'][0], None):
        run = hwp.Run('list', '-n', '-o', f'pfn,{name.lower()}', vmcore)
        want = [[cells(p, None)['PFN'], cells(p, None)[name]][:1 if name == 'PFN' else 2]
                for p in document['poisoned']]
        if rows(run) != want:
            wrong.append(f'{name}: {rows(run)[:3]} is not {want[:3]}')
        if run.status != hwp.STATUS[document['verdict']]:
            wrong.append(f'{name}: exit status {run.status}')
    return wrong


def chosen(vmcore, document):
    """--state, --sort and --limit, in text and in JSON alike."""
    wrong = []
    states = sorted({p['state'] for p in document['poisoned']})
    for wanted, sort, limit in ((states[:1], None, None), (states[:2], 'physical', 2),
                                (states, 'state', 5), (states[-1:], 'NODE', None)):
        args = ['--state', ','.join(wanted), *(['--sort', sort] if sort else []),
                *(['--limit', str(limit)] if limit else []), vmcore]
        part = hwp.Run('list', '--json', *args).json()
        pages = [p for p in document['poisoned'] if p['state'] in wanted]
        if part['selection']['nr_selected'] != len(pages) or part['summary'] != document['summary']:
            wrong.append(f'{args}: {part["selection"]}')
        if len(part['poisoned']) != min(len(pages), limit or len(pages)):
            wrong.append(f'{args}: {len(part["poisoned"])} pages')
        if not all(p in pages for p in part['poisoned']):
            wrong.append(f'{args}: other pages')
        if not limit and sorted(p['pfn'] for p in part['poisoned']) != [p['pfn'] for p in pages]:
            wrong.append(f'{args}: not all pages')
        if rows(hwp.Run('list', '-n', '-o', 'pfn', *args)) != [[hex(p['pfn'])]
                                                             for p in part['poisoned']]:
            wrong.append(f'{args}: text and JSON differ')
    return wrong


def errors(vmcore):
    """One line, exit status 2, and what may have been meant."""
    wrong = []
    for args, words in ((['-o', 'physcal'], "'PHYSICAL'"), (['-o', 'PFN,,NODE'], 'unknown column'),
                        (['-o', ''], 'unknown column'), (['-o', '+'], 'unknown column'),
                        (['--sort', 'STATES'], "'STATE'"), (['-x', 'size'], 'help list'),
                        (['--state', 'budy'], "'buddy'"), (['--state', 'leaked'], 'help states'),
                        (['--state', ''], 'unknown state'), (['--limit', '0'], '--limit'),
                        (['--limit', '-1'], '--limit'), (['-o', 'pfn', '-o', 'node'], 'twice')):
        for json in ([], ['--json']):
            run = hwp.Run('list', *args, *json, vmcore)
            if run.status != 2 or run.err.count('\n') != 1 or words not in run.err:
                wrong.append(f'{args}: {run.status} {run.err!r}')
            if bool(json) != bool(run.json() and run.json().get('schema') == 'hwpoison.error/1'):
                wrong.append(f'{args}: {run.out[:80]!r}')
    return wrong


def narrow(directory):
    """On 80 columns no line is longer, PHYSICAL is in each table, and states have a legend."""
    wrong, vmcore = [], hwp.vmcore_of(directory)
    for args in (['check'], ['list'], ['list', '-o', '+module,time,result,file,memblock'],
                 ['freelist'], ['events'], ['layout']):
        text = subprocess.run([hwp.PROGRAM, *args, vmcore], capture_output=True,
                              env={**os.environ, 'COLUMNS': '80'}).stdout.decode()
        wrong += [f'{args}: {x}' for x in text.splitlines() if len(x) > 80]
        heads = [x for x in text.splitlines() if x.startswith('PFN ')]
        if args[0] in ('check', 'list') and (not heads or
                                             not all('PHYSICAL' in x for x in heads)):
            wrong.append(f'{args}: no PHYSICAL: {heads}')
        if args in (['check'], ['list']):
            pages = hwp.Run('list', '--json', vmcore).json()['poisoned']
            wrong += [f'{args}: no legend for {x}' for x in {p['state'] for p in pages}
                      if not re.search(rf'^{x} +[a-z]+: ', text, re.M)]
    return wrong


def main():
    cases = hwp.Cases()
    cases.report('help names each column', [] if columns_of_help() == columns_of_source() != [] else
                 [f'{columns_of_help()} {columns_of_source()}'])
    for directory in hwp.samples():
        vmcore = hwp.vmcore_of(directory)
        document = hwp.Run('list', '--json', vmcore).json()
        if directory.name in ('7.3-cloud', '6.12-cloud'):
            cases.report(f'columns of {directory.name}', shown(vmcore, document))
            cases.report(f'part of {directory.name}', chosen(vmcore, document))
        cases.report(f'80 columns of {directory.name}', narrow(directory))
    if hwp.samples():
        cases.report('errors', errors(hwp.vmcore_of(TOP / 'vmcores/samples/7.3-cloud')))
    cases.exit()


if __name__ == '__main__':
    main()
