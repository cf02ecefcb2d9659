#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1200
"""An excerpt gives the report of its dump, in hwpoison, drgn and crash, and has no page of a user."""
import json
import os
import pathlib
import stat
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import host_crash
import host_drgn
import hwp
import kdump
import peers

KERNEL = '7.3-cloud'
COMMANDS = (('check',), ('list',), ('events',), ('freelist',), ('layout',))
# Words of a report that need what a poisoned page holds.
NEEDS_CONTENTS = 'poison-unwritten'


def report(path, *command):
    """What is said of it, but for its name and form."""
    run = hwp.Run(*command, '--json', path)
    document = run.json() or {}
    document.get('target', {}).pop('path', None)
    document.get('target', {}).pop('format', None)
    return run.status, document


def without_contents(document):
    return {**document, 'checks': [x for x in document.get('checks', [])
                                   if x['name'] != NEEDS_CONTENTS]}


def same_reports(whole, excerpt, exact):
    wrong = []
    for command in COMMANDS:
        want, said = report(whole, *command), report(excerpt, *command)
        if not exact:
            want, said = ((x[0], without_contents(x[1])) for x in (want, said))
        if want != said or want[0] not in (0, 1):
            keys = [k for k in want[1] if want[1][k] != said[1].get(k)]
            wrong.append(f'{command}: {want[0]} {said[0]}, other {keys}')
    return wrong


def make(whole, where, *options):
    excerpt = where / 'excerpt'
    run = hwp.Run('excerpt', '-o', excerpt, *options, whole)
    return excerpt, [] if run.status == 0 and not run.err else [f'{run.status}: {run.err}']


def nothing_else(whole, excerpt):
    """Every byte is zero or as in the dump, and the sum says how many pages there are."""
    pages, wrong = dict(kdump.Kdump(whole).pages()), []
    for pfn, page in kdump.Kdump(excerpt).pages():
        there = pages.get(pfn)
        if there is None:
            wrong.append(f'pfn {pfn:#x} is not in the dump')
        elif there != page and any(a and a != b for a, b in zip(page, there)):
            wrong.append(f'pfn {pfn:#x} has other bytes')
    return wrong


def of_samples(cases, work):
    for directory in hwp.all_samples():
        whole = hwp.vmcore_of(directory)
        excerpt, wrong = make(whole, work)
        left_out = 'poisoned page' in hwp.Run('excerpt', '-o', excerpt, whole).out.decode()
        cases.report(f'{directory.name}: the same report',
                     wrong or same_reports(whole, excerpt, not left_out))
        cases.report(f'{directory.name}: nothing else', nothing_else(whole, excerpt))
        if left_out or directory.name == '7.3-cloud':
            excerpt, wrong = make(whole, work, '--poisoned')
            cases.report(f'{directory.name}: with what poisoned pages hold',
                         wrong or same_reports(whole, excerpt, True))
    excerpt, wrong = make(hwp.vmcore_of(hwp.SAMPLES / '6.1-amd64'), work, '--kernel-data')
    small, _ = make(excerpt, work / 'again')
    cases.report('all kernel data', wrong or same_reports(excerpt, small, True) + (
        [] if excerpt.stat().st_size > 1.5 * small.stat().st_size else ['it is not larger']))


def files(cases, work):
    """The rules of report -o: replaced whole or not at all, and never what is no file."""
    whole, wrong = hwp.vmcore_of(hwp.SAMPLES / 'fix-3'), []
    place = work / 'there'
    place.write_text('before')
    bad = work / 'bad'
    bad.write_bytes(whole.read_bytes()[:5000])
    for args, words in ((('-o', place, bad), 'bad'), (('-o', place), 'not of a running kernel'),
                        ((whole,), 'needs -o'), (('-o', work, whole), 'not a regular file'),
                        (('-o', '/dev/full', whole), 'not a regular file'),
                        (('-o', work / 'no' / 'where', whole), 'No such file'),
                        (('-o', place, '--json', whole), 'no option')):
        for confine in ('', 'no'):
            os.environ['HWPOISON_CONFINE'] = confine
            run = hwp.Run('excerpt', *args)
            if run.status != 2 or words not in run.err or run.err.count('\n') != 1:
                wrong.append(f'{args}: {run.status} {run.err!r}')
    if place.read_text() != 'before':
        wrong.append('a failure replaced the file')
    bytes_ = set()
    for confine in ('', 'no'):
        os.environ['HWPOISON_CONFINE'] = confine
        run = hwp.Run('excerpt', '-o', place, whole)
        bytes_.add(place.read_bytes())
        if run.status or stat.S_IMODE(place.stat().st_mode) != 0o600:
            wrong.append(f'{run.status}: {place.stat()}')
    del os.environ['HWPOISON_CONFINE']
    if len(bytes_) != 1:
        wrong.append('two excerpts of one dump differ')
    if sorted(x.name for x in work.iterdir()) != ['bad', 'there']:
        wrong.append(f'left behind: {sorted(work.iterdir())}')
    cases.report('the file', wrong)
    small = work / 'small'
    small.mkdir()
    done = subprocess.run(
        ['bash', '-c', f'mount -t tmpfs -o size=64k none {small} || exit 77; '
         f'{hwp.PROGRAM} excerpt -o {small}/x {whole}; echo $?; ls {small}; umount {small}'],
        capture_output=True, text=True, check=False)
    if done.returncode == 77:
        cases.skip('a full disk', 'nothing can be mounted here')
    else:
        cases.report('a full disk', [] if done.stdout == '2\n' and
                     'No space left on device' in done.stderr else [f'{done.stdout} {done.stderr}'])


def user_pages(directory):
    """Pages that /proc/kpageflags had as mapped, on an LRU list, of a HugeTLB folio or of a THP."""
    data = (directory / 'kpageflags.bin').read_bytes()
    words = struct.unpack(f'<{len(data) // 8}Q', data)
    # KPF_SLAB: there the word of the mapping is another's.
    return {pfn for pfn, word in enumerate(words) if word & 0x424820 and not word & 1 << 7}


def of_a_guest(cases, work):
    """A whole dump, with all pages of users and of the page cache: none is in its excerpt."""
    directory, why = peers.dump(KERNEL)
    if why:
        cases.report('a dump of the lab', [why])
        return
    whole, users = directory / 'vmcore.elf', user_pages(directory)
    excerpt, wrong = make(whole, work)
    wrong += same_reports(whole, excerpt, False)
    there = {pfn for pfn, page in kdump.Kdump(excerpt).pages() if page.strip(b'\0')}
    wrong += [f'pfn {pfn:#x} is a page of a user' for pfn in there & users]
    cases.report('a dump of the lab', wrong if users else ['no page of a user'])


def in_hosts(cases, work, kernel='7.3-cloud', version=9):
    """As far as an excerpt goes: the kernel's words and values, its log, and our own report."""
    whole = hwp.vmcore_of(hwp.SAMPLES / kernel)
    excerpt, _ = make(whole, work)
    vmlinux, why = peers.vmlinux((hwp.SAMPLES / kernel / 'version.txt').read_text().split()[2])
    crash, no_crash = host_crash.find(version)
    if why or no_crash or host_drgn.missing():
        cases.report('hosts', [f'{why} {no_crash} {host_drgn.missing()}'])
        return
    want = hwp.Run('check', '--json', whole).json()
    session = host_crash.Session(crash, vmlinux, excerpt, ['rd num_poisoned_pages', 'log',
                                                           'hwpoison check -j'], ['--minimal'])
    said = session.out[session.out.find('{'):session.out.rfind('}') + 1]
    wrong = [] if f'{want["kernel"]["num_poisoned_pages"]:016x}' in session.out else [session.out[:500]]
    wrong += [] if want['events'][0]['text'] in session.out.partition('{')[0] else ['no log']
    wrong += [] if json.loads(said or '{}').get('poisoned') == want['poisoned'] else ['another report']
    cases.report(f'crash {version} --minimal', wrong)
    script = work / 'script.py'
    script.write_text('from drgn.helpers.linux.printk import get_dmesg\n'
                      'print(prog["num_poisoned_pages"].counter.value_(),'
                      ' prog["init_uts_ns"].name.release.string_().decode())\n'
                      'print(get_dmesg(prog).decode())\n')
    done = subprocess.run([host_drgn.DRGN3 / 'drgn', '-q', '-c', excerpt, '-s', vmlinux, script],
                          capture_output=True, text=True, check=False)
    first, _, log = done.stdout.partition('\n')
    wrong = [] if first == f'{want["kernel"]["num_poisoned_pages"]} {want["kernel"]["release"]}' else \
        [first, done.stderr[-300:]]
    wrong += [x['text'] for x in want['events'] if x['source'] == 'log' and x['text'] not in log][:3]
    cases.report('drgn', wrong)


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        for part in ('again', 'files', 'guest', 'hosts'):
            (work / part).mkdir()
        of_samples(cases, work)
        files(cases, work / 'files')
        in_hosts(cases, work / 'hosts')
        of_a_guest(cases, work / 'guest')
    cases.exit()


if __name__ == '__main__':
    main()
