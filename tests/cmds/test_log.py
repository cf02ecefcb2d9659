#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`events --log`: the text of a kernel's log says what the same log says in the dump's memory."""
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import hwp

VALIDATOR = blocks.validator()
KEYS = 'pfn', 'kind', 'page_type', 'result', 'comm', 'pid', 'text', 'module'


def said(events):
    return [tuple(e[key] for key in KEYS) for e in events]


def forms(text, work):
    """The log as dmesg -r has it, as dmesg has it, and as journalctl and syslog do."""
    raw = text.splitlines()
    plain = [re.sub(r'^<\d+>', '', x) for x in raw]
    kernel = [re.sub(r'^<\d+>', '', x) for x in raw if int(re.match(r'<(\d+)>', x)[1]) < 8]
    bare = [re.sub(r'^\[ *\d+\.\d+\](\[ *[TC]\d+\])? ', '', x) for x in kernel]
    kinds = {'dmesg -r': raw, 'dmesg': [x for x, y in zip(plain, raw) if int(re.match(r'<(\d+)>', y)[1]) < 8],
             'journalctl -o short-monotonic': [re.sub(r'\] ', '] db7 kernel: ', x, count=1) for x in kernel],
             'journalctl': ['Nov 25 15:59:02 db7 kernel: ' + x for x in bare],
             'rsyslog': ['2026-11-25T15:59:02.123456+01:00 db7 kernel: ' + x for x in kernel]}
    for name, lines in kinds.items():
        path = work / 'messages'
        path.write_text('\n'.join(lines) + '\n')
        yield name, path


def main():
    cases = hwp.Cases()
    for directory in hwp.all_samples():
        wanted = said(hwp.Run('events', '--json', hwp.vmcore_of(directory)).json()['events'])
        text = (directory / 'dmesg.txt').read_text(errors='replace')
        with tempfile.TemporaryDirectory() as work:
            for name, path in forms(text, pathlib.Path(work)):
                run = hwp.Run('events', '--json', '--log', path)
                report, wrong = run.json() or {}, []
                if said(report.get('events', [])) != wanted:
                    wrong.append(f"{len(report.get('events', []))} of {len(wanted)} events {run.err}")
                if run.status != 2 or report.get('verdict') != 'incomplete':
                    wrong.append(f'exit status {run.status}')
                known = {k: v for k, v in report.get('kernel', {}).items() if v in ('on', 'off', 'absent')}
                if known:
                    wrong.append(f'a log does not show {known}')
                if VALIDATOR and report:
                    wrong += [e.message[:200] for e in VALIDATOR.iter_errors(report)]
                cases.report(f'{directory.name}: {name}', wrong)
    cases.report('a target too', [] if hwp.Run('events', '--log', 'x', 'y').status == 2 else ['taken'])
    run = hwp.Run('events', '--log', hwp.TOP / 'README.md')
    cases.report('no log', [] if run.status == 2 and 'no line of it' in run.err else [run.err])
    cases.exit()


if __name__ == '__main__':
    main()
