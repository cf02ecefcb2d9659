#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""same.py: a planted difference is reported, whatever it is, and other words are not."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

SAME = hwp.TOP / 'tests' / 'same.py'
# A program that knows a report and a layout by heart.
PROGRAM = '''#!/bin/sh
case $1 in
layout) cat {0}.layout ;;
*) cat {0}.check ;;
esac
exit {1}
'''
MAKEFILE = '''%/hwpoison:
	mkdir -p $(@D) && cp program $@
'''


def run(*words, same=SAME):
    done = subprocess.run([same, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def executable(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def program_that_says(path, check, layout, status):
    path.with_suffix('.check').write_text(json.dumps(check))
    path.with_suffix('.layout').write_text(json.dumps(layout))
    return executable(path, PROGRAM.format(path, status))


def reports():
    """What the program says of a sample, some of it."""
    dump = hwp.vmcore_of(hwp.SAMPLES / '7.3-cloud')
    check, layout = (hwp.Run(command, '--json', dump).json() for command in ('check', 'layout'))
    del check['poisoned'][2:], check['folios'][1:]
    return check, layout


def plant(check, layout, edit):
    """Copies of the two with a change, which is a line of Python."""
    copies = json.loads(json.dumps([check, layout]))
    exec(edit, {'check': copies[0], 'page': copies[0]['poisoned'][0], 'layout': copies[1]})
    return copies


def planted(cases, work, dump):
    check, layout = reports()
    base = program_that_says(work / 'base', check, layout, 1)
    for name, edit, status, wanted in (
            ('nothing', '', 0, ' 0 differences, 0 sentences'),
            ('other words', 'page["evidence"][0] = "Other words."', 0, '+ Other words.'),
            ('a sentence more', 'page["evidence"].append("One more.")', 1,
             '.poisoned[0].evidence has '),
            ('another state', 'page["state"] = "planted"', 1, ".poisoned[0].state is 'planted'"),
            ('a number as text', 'page["pfn"] = str(page["pfn"])', 1, '.poisoned[0].pfn is '),
            ('a page less', 'del check["poisoned"][0]', 1, '.poisoned has 1 elements, had 2'),
            ('a new key', 'check["planted"] = 1', 1, '.planted is new'),
            ('a key gone', 'del check["verdict"]', 1, '.verdict is gone'),
            ('a row of the layout', 'layout["layout"][0]["value"] = "0x1"', 1, ': layout: .layout.'),
            ('a row less', 'del layout["layout"][0]', 1, ' is gone'),
            ('the order of the layout', 'layout["layout"].reverse()', 0, ' 0 differences')):
        program = program_that_says(work / 'planted', *plant(check, layout, edit), 1)
        said, text = run('-v', base, program, dump, same=work / 'tests' / 'same.py')
        cases.report(f'planted: {name}', [] if said == status and wanted in text else
                     [f'exit status {said}: {text[-600:]}'])
    program = program_that_says(work / 'planted', check, layout, 0)
    said, text = run(base, program, dump, same=work / 'tests' / 'same.py')
    cases.report('planted: another exit status', [] if said == 1 and 'exit status 0, was 1' in text
                 else [f'exit status {said}: {text[-600:]}'])


def revisions(cases, work, dump):
    """A small repository whose first revision says something else."""
    git = ['git', '-C', work, '-c', 'user.name=a', '-c', 'user.email=a@example.org']
    (work / 'Makefile').write_text(MAKEFILE)
    for verdict in 'old', 'new':
        executable(work / 'program', f'#!/bin/sh\necho \'{{"verdict": "{verdict}"}}\'\n')
        for command in (['init', '-q'], ['add', 'Makefile', 'program'],
                        ['commit', '-qm', verdict]):
            subprocess.run([*git, *command], check=True)
    same = work / 'tests' / 'same.py'
    for base, status, wanted in (('HEAD', 0, '0 differences'),
                                 ('HEAD^', 1, ".verdict is 'new', was 'old'"),
                                 ('nonsense', 2, "'nonsense' is no program and no revision")):
        said, text = run(base, work / 'program', dump, same=same)
        cases.report(f'revision {base}', [] if said == status and wanted in text else
                     [f'exit status {said}: {text[-600:]}'])
    trees = subprocess.run([*git, 'worktree', 'list'], capture_output=True, text=True, check=True)
    cases.report('no worktree is left', [] if trees.stdout.count('\n') == 1 else [trees.stdout])


def main():
    cases = hwp.Cases()
    # The test may run inside a git command.
    for name in [name for name in os.environ if name.startswith('GIT_')]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / 'tests').mkdir()
        shutil.copy(SAME, work / 'tests')
        dump = work / 'dump'
        planted(cases, work, dump)
        revisions(cases, work, dump)
        said, text = run(hwp.PROGRAM, hwp.PROGRAM, same=work / 'tests' / 'same.py')
        cases.report('nothing to compare',
                     [] if said == 2 and 'neither a sample' in text else [text])
    cases.exit()


if __name__ == '__main__':
    main()
