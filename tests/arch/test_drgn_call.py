#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ctypes structure of drgn's plugin is struct hwp_drgn_call: each field where C has it."""
import ctypes
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import types

TOP = pathlib.Path(__file__).resolve().parents[2]
HEADER = TOP / 'ext/drgn/plugin.h'
sys.path.append(str(TOP / 'tests/lib'))
import hwp

sys.dont_write_bytecode = True


def load_module():
    """The part of the package that calls C, without drgn, of which it needs nothing to load."""
    sys.modules['drgn'] = types.ModuleType('drgn')
    spec = importlib.util.spec_from_file_location('session',
                                                  TOP / 'ext/drgn/hwpoison/_session.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fields_of_header():
    """Name and number of parameters (None: not a function) of each field, in order."""
    body = re.search(r'struct hwp_drgn_call \{(.*?)\n\};', HEADER.read_text(), re.S)[1]
    body = re.sub(r'/\*.*?\*/', '', body, flags=re.S)
    fields = []
    for declaration in filter(None, map(str.strip, body.split(';'))):
        function = re.fullmatch(r'int \(\*(\w+)\)\((.*)\)', declaration, re.S)
        if function:
            fields.append((function[1], function[2].count(',') + 1))
        else:
            fields += [(name, None) for name in
                       re.findall(r'(\w+)\s*(?:,|$)', declaration)]
    return fields


def fields_of_module(call):
    return [(name, len(type_._argtypes_) if hasattr(type_, '_argtypes_') else None)
            for name, type_ in call._fields_]


def numbers_of_c(names, flags):
    """sizeof and offsetof as the compiler has them, and the flags."""
    lines = [f'N(offsetof(struct hwp_drgn_call, {n})) N(sizeof(((struct hwp_drgn_call *)0)->{n}))'
             for n in names]
    with tempfile.TemporaryDirectory() as where:
        source = pathlib.Path(where, 'call.c')
        source.write_text('#include <stdio.h>\n#include "ext/drgn/plugin.h"\n'
                          '#define N(x) printf("%zu\\n", (size_t)(x));\n'
                          'int main(void) { N(sizeof(struct hwp_drgn_call))\n' +
                          '\n'.join(lines + [f'N({flag})' for flag in flags]) + '\n}\n')
        program = pathlib.Path(where, 'call')
        subprocess.run(['cc', '-I', TOP, source, '-o', program], check=True)
        out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return [int(line) for line in out.split()]


def main():
    cases = hwp.Cases()
    module = load_module()
    call = module._Call
    header, ours = fields_of_header(), fields_of_module(call)
    cases.report('fields and parameters', [] if header == ours and len(ours) > 8 else
                 [f'{HEADER.name}: {header}', f'module: {ours}'])
    names = [name for name, _ in ours]
    flags = ('HWP_DRGN_IS_LIVE', 'HWP_DRGN_HAS_COLORS', 'HWP_DRGN_NO_COLOR', 'HWP_DRGN_UTF8',
             'HWP_DRGN_CORE_IS_GIVEN', 'HWP_DRGN_LIKE_CRASH')
    expected = [ctypes.sizeof(call)]
    for name in names:
        expected += [getattr(call, name).offset, getattr(call, name).size]
    expected += [module._IS_LIVE, module._HAS_COLORS, module._NO_COLOR, module._UTF8,
                 module._CORE_IS_GIVEN, module._LIKE_CRASH]
    found = numbers_of_c(names, flags)
    cases.report('sizes, offsets and flags', [] if found == expected else
                 [f'{HEADER.name}: {found}', f'module: {expected}'])
    cases.exit()


if __name__ == '__main__':
    main()
