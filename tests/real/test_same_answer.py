#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1200
"""Every provider and every host that can open a dump says the same of it.

The JSON of `check` is compared with the default provider's on full dumps of kernels booted here;
crash's by test_crash, and the samples by test_dwarf and test_drgn. What may differ says where it
comes from: `tool`, and the sentence by which kernel.fix is known.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import host_drgn
import hwp
import peers


class Target:
    """A dump, its vmlinux, and what the program says of it by default."""

    def __init__(self, name, vmcore):
        self.name, self.vmcore = name, vmcore
        self.release = peers.release(vmcore.parent)
        self.vmlinux, self.why = peers.vmlinux(self.release, vmcore)
        run = hwp.Run('check', '--json', vmcore)
        self.report = comparable(run.out)


def comparable(text):
    """A report without its provenance; None when it is no report."""
    try:
        report = json.loads(text)
    except ValueError:
        return None
    if report.pop('schema', None) != 'hwpoison.report/1':
        return None
    report.pop('tool')
    report['kernel'].pop('fix_evidence')
    return report


def by_dwarf(target):
    return hwp.Run('check', '--json', '--provider', 'dwarf', '-s', target.vmlinux,
                   target.vmcore).out, None


def by_drgn(host):
    """One of the two ways of drgn: our program over libdrgn, or drgn over our plugin."""
    def run(target):
        why = host_drgn.missing()
        if why:
            return None, why
        return host.run(target.vmcore, target.vmlinux, ['check', '--json'])[1], None
    return run


def compare(target, how):
    """(what is wrong, why it cannot be run)"""
    if target.report is None:
        return ['the default provider gives no report'], None
    if target.why:
        return [], target.why
    text, why = how(target)
    if why:
        return [], why
    report = comparable(text)
    if report is None:
        return [f'no report: {text[:300]!r}'], None
    return [f'{key}: {str(report.get(key))[:200]} for {str(target.report.get(key))[:200]}'
            for key in sorted(report.keys() | target.report.keys())
            if report.get(key) != target.report.get(key)], None


def targets():
    for kernel in peers.KERNELS:
        directory, why = peers.dump(kernel)
        if why:
            yield kernel, why
        else:
            yield Target(kernel, directory / 'vmcore.elf')


def main():
    cases = hwp.Cases()
    hosts = {'dwarf': by_dwarf, 'drgn program': by_drgn(host_drgn.Program),
             'drgn plugin': by_drgn(host_drgn.Plugin)}
    skipped = {}
    for target in targets():
        if isinstance(target, tuple):
            cases.skip(target[0], target[1])
            continue
        for name, how in hosts.items():
            wrong, why = compare(target, how)
            if why:
                skipped.setdefault((name, why), []).append(target.name)
            else:
                cases.report(f'{target.name}/{name}', wrong)
    for (name, why), names in skipped.items():
        cases.skip(f'{name} on {", ".join(names)}', why)
    cases.exit()


main()
