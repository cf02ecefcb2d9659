#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""What VMCOREINFO does not name is found by search: with it withheld, every sample has the same answer."""
import pathlib
import re
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import oracle

CASES = hwp.Cases()


def vmcoreinfo_of(vmcore):
    return re.search(rb'OSRELEASE=[\n\x20-\x7e]*', vmcore.read_bytes()).group().decode()


def without(text, word):
    return ''.join(line for line in text.splitlines(True) if word not in line)


def check_kallsyms(name, vmcore, where):
    """As of a kernel before v6.0."""
    path = where / 'vmcoreinfo'
    path.write_text(without(vmcoreinfo_of(vmcore), '(kallsyms_'))
    named = hwp.Run('check', '--json', vmcore)
    found = hwp.Run('check', '--json', '--vmcoreinfo', path, vmcore)
    CASES.report(f'{name}: kallsyms that VMCOREINFO does not name',
                 [] if found.out and found.out == named.out else [found.err or 'another answer'])


def without_note(vmcore, path):
    """The dump as QEMU writes it without -device vmcoreinfo: no note, no place of the text."""
    data = bytearray(vmcore.read_bytes())
    block, = struct.unpack_from('<I', data, 428)
    struct.pack_into('<QQ', data, block + 32, 0, 0)
    at = data.index(b'VMCOREINFO\0')
    size, = struct.unpack_from('<I', data, at - 8)
    data[at:at + 10] = b'SOMEBODY\0\0'
    data[at + 12:at + 12 + size] = bytes(size)
    assert b'OSRELEASE=' not in data
    path.write_bytes(data)


def check_note(name, vmcore, where):
    path = where / 'vmcore'
    without_note(vmcore, path)
    named = hwp.Run('check', '--json', vmcore).json()
    run = hwp.Run('check', '--json', path)
    complaints = [run.err] if run.status not in (0, 1) else []
    if not complaints:
        found = run.json()
        if found['target'].pop('vmcoreinfo', None) != 'memory':
            complaints.append('it does not say where VMCOREINFO was found')
        named.pop('target'), found.pop('target')
        complaints += [key for key in named if named[key] != found[key]]
    text = hwp.Run('check', path).out
    if b'it carries no VMCOREINFO: that was found in its memory' not in text:
        complaints.append('nor does the text')
    CASES.report(f'{name}: VMCOREINFO without a note', complaints)


def refuse(name, vmcore, vmcoreinfo, *words):
    run = hwp.Run('check', '--vmcoreinfo', vmcoreinfo, vmcore)
    CASES.report(name, [] if run.status == 2 and run.err.count('\n') == 1 and
                 all(word in run.err for word in words) else [f'{run.status}: {run.err}'])


def check_wrong_vmcoreinfo(where):
    """Of another kernel, by its build id; without one, by its release; and by what memory has."""
    mine, other = (hwp.SAMPLES / name for name in ('7.3-cloud', '6.12-cloud'))
    mine, other = hwp.vmcore_of(mine), hwp.vmcore_of(other)
    text = vmcoreinfo_of(other)
    release = text.partition('OSRELEASE=')[2].partition('\n')[0]
    build_id = text.partition('BUILD-ID=')[2].partition('\n')[0]
    path = where / 'vmcoreinfo'
    path.write_text(text)
    refuse('VMCOREINFO of another kernel', mine, path, 'another kernel', build_id)
    nameless = where / 'nameless'
    nameless.write_text(without(text, 'BUILD-ID'))
    refuse('and without a build id', mine, nameless, 'another kernel', release)
    without_note(mine, where / 'vmcore')
    refuse('and for a dump without a note', where / 'vmcore', path, release)
    moved = where / 'moved'
    own = vmcoreinfo_of(mine)
    address = int(own.partition('SYMBOL(init_uts_ns)=')[2].partition('\n')[0], 16)
    moved.write_text(own.replace(f'{address:x}', f'{address + 4096:x}'))
    refuse('the name of the kernel is elsewhere', where / 'vmcore', moved, 'not where it says')


def check_functions_only(where):
    """Kallsyms that name no data, as of a kernel without CONFIG_KALLSYMS_ALL: that is said, and
    which package has the vmlinux. Of these it is init_uts_ns that is looked for."""
    elf = base.elf_of(hwp.SAMPLES / '6.1-amd64', where)
    eye = oracle.Dump(elf)
    symbols, at = oracle.Kallsyms(eye), eye.symbol('kallsyms_names')
    for _ in range(symbols.index[b'init_uts_ns']):
        length = eye.number(at, 'B')
        at += 1 + length if length < 0x80 else 2 + (length & 0x7f | eye.number(at + 1, 'B') << 7)
    last = eye.offset(at + eye.number(at, 'B'))
    with base.patched(elf) as patch:
        patch.write(last, bytes([eye.map[last] ^ 1]))
        run = hwp.Run('check', elf)
    words = 'CONFIG_KALLSYMS_ALL', 'linux-image-', 'give it with -s FILE'
    CASES.report('kallsyms of functions only', [] if run.status == 2 and not run.out and
                 run.err.count('\n') == 1 and all(word in run.err for word in words) else
                 [f'{run.status}: {run.err}'])


def main():
    for directory in hwp.samples():
        with tempfile.TemporaryDirectory() as work:
            check_kallsyms(directory.name, hwp.vmcore_of(directory), pathlib.Path(work))
            check_note(directory.name, hwp.vmcore_of(directory), pathlib.Path(work))
    with tempfile.TemporaryDirectory() as work:
        check_wrong_vmcoreinfo(pathlib.Path(work))
        check_functions_only(work)
    CASES.exit()


if __name__ == '__main__':
    main()
