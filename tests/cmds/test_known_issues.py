#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Known issues are recognised in logs as kernels wrote them, which the CVEs and commits quote."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import blocks
import hwp

VALIDATOR = blocks.validator()
#: (what is expected, lines): those that count of each report, with another one between.
LOGS = {
    # CVE-2025-39883, of a 6.10.0-rc1.
    'unpoison-uninitialised': '''\
page dumped because: VM_BUG_ON_PAGE(PagePoisoned(page))
kernel BUG at include/linux/page-flags.h:616!
Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
CPU: 3 PID: 720 Comm: bash Not tainted 6.10.0-rc1-00195-g148743902568 #40
RIP: 0010:unpoison_memory+0x2f3/0x590
 simple_attr_write_xsigned.constprop.0.isra.0+0xb3/0x110
Kernel panic - not syncing: Fatal exception''',
    # CVE-2024-26987, of a 6.8.0.
    'vmemmap-deadlock': '''\
WARNING: possible circular locking dependency detected
6.8.0-11409-gf6cef5f8c37f #1 Not tainted
bash/46904 is trying to acquire lock:
ffffffffabe68910 (cpu_hotplug_lock){++++}-{0:0}, at: static_key_slow_dec+0x16/0x60
ffffffffabf92ea8 (pcp_batch_high_lock){+.+.}-{3:3}, at: zone_pcp_disable+0x16/0x40''',
    # CVE-2024-36028, of a 6.9.0-rc3.
    'subpool-lock': '''\
DEBUG_LOCKS_WARN_ON(1)
WARNING: CPU: 8 PID: 1011 at kernel/locking/lockdep.c:232 __lock_acquire+0xccb/0x1ca0
 _raw_spin_lock_irqsave+0x3a/0x60
 hugepage_subpool_put_pages.part.0+0xe/0xc0
 free_huge_folio+0x253/0x3f0
 dissolve_free_huge_page+0x147/0x210
 __page_handle_poison+0x9/0x70
Kernel panic - not syncing: kernel: panic_on_warn set ...''',
    # Linux kernel commit 3ba5eebc40a9, of a 3.11.0-rc6.
    'unpoison-bad-state': '''\
Injecting memory failure for page 0x19d0 at 0xb77d2000
MCE 0x19d0: non LRU page recovery: Ignored
MCE: Software-unpoisoned page 0x19d0
BUG: Bad page state in process bash  pfn:019d0''',
    # Linux kernel commit 274fe92de2c4, of a 6.15-rc.
    'tail-mapping': '''\
BUG: Bad page state in process kworker/0:3  pfn:10ac40
page does not match folio
page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x10ac40
page dumped because: corrupted mapping in tail page''',
    # Linux kernel commit 47af12bae17f: machine checks without end.
    'repeated-reports': '\n'.join(
        ['Memory failure: 0x5c11: recovery action for dirty LRU page: Recovered'] +
        ['mce: Uncorrected hardware memory error in user-access at 5c11080',
         'Memory failure: 0x5c11: already hardware poisoned'] * 12),
    # A kernel that has none of them.
    None: '''\
Memory failure: 0x5c11: recovery action for dirty LRU page: Recovered
WARNING: possible circular locking dependency detected
ffffffffabe68910 (cpu_hotplug_lock){++++}-{0:0}, at: static_key_slow_dec+0x16/0x60
page dumped because: nonzero mapcount
Kernel panic - not syncing: sysrq triggered crash''',
}


def known_issues(path):
    """Their names by JSON and by text, and what is wrong with the two."""
    run, text = hwp.Run('events', '--json', '--log', path), hwp.Run('events', '--log', path)
    report = run.json() or {}
    wrong = [e.message[:200] for e in VALIDATOR.iter_errors(report)] if VALIDATOR and report else []
    names = [issue['name'] for issue in report.get('known_issues', [{'name': run.err}])]
    shown = [x.split()[1].rstrip(':') for x in text.out.decode().splitlines()
             if x.startswith('Issue ')]
    return names, wrong + ([] if shown == names else [f'shown are {shown}, in JSON {names}'])


def check_sample(cases, directory):
    """Where a kernel put bad pages on its free lists, by its own words, that is named; and nothing else is."""
    report = hwp.Run('check', '--json', hwp.vmcore_of(directory)).json()
    names = [issue['name'] for issue in report['known_issues']]
    truth = (directory / 'truth.txt').read_text()
    freed_whole = not directory.name.startswith('fix-') and ' state=buddy ' in truth
    wanted = ['freed-whole'] if freed_whole else []
    cases.report(directory.name, [] if names == wanted else [f'{names}, not {wanted}'])


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / 'vmcore-dmesg.txt'
        for name, lines in LOGS.items():
            path.write_text('[    0.000000] Linux version 6.9.0\n' + ''.join(
                f'[  100.{i:06}] {x}\n' for i, x in enumerate(lines.splitlines())))
            names, wrong = known_issues(path)
            if names != ([name] if name else []):
                wrong.append(f'it is {names}')
            cases.report(name or 'none', wrong)
    for directory in hwp.samples():
        check_sample(cases, directory)
    cases.exit()


if __name__ == '__main__':
    main()
