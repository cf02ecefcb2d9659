#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory modules by SMBIOS tables: those of QEMU, which the samples have."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp


def main():
    cases = hwp.Cases()
    for directory in hwp.samples():
        # QEMU gives a machine of this size one module; the kernels with the fix have no CONFIG_DMI.
        report = hwp.Run('check', '--json', hwp.vmcore_of(directory)).json()
        names = {json.dumps(p['module']) for p in report['poisoned']}
        wanted = {'null'} if directory.name.startswith('fix') else {'{"name": "DIMM 0", "source": "smbios"}'}
        cases.report(directory.name, [] if names == wanted else [str(names)])
    cases.exit()


if __name__ == '__main__':
    main()
