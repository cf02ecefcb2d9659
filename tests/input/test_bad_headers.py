#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""A dump's headers with one field wrong, and files that crashed other readers: no signal,
and where there is no answer one line and exit status 2. By both readers."""
import os
import pathlib
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import bad
import base
import hwp
import kdump

# struct disk_dump_header and kdump_sub_header: makedumpfile's diskdump_mod.h.
HEADER = {'header_version': (8, 4), 'machine': (272, 8), 'tv_sec': (408, 8), 'tv_usec': (416, 8),
          'status': (424, 4), 'block_size': (428, 4), 'sub_hdr_size': (432, 4),
          'bitmap_blocks': (436, 4), 'max_mapnr': (440, 4), 'total_ram_blocks': (444, 4),
          'device_blocks': (448, 4), 'written_blocks': (452, 4), 'current_cpu': (456, 4),
          'nr_cpus': (460, 4)}
SUB_HEADER = {'phys_base': (0, 8), 'dump_level': (8, 4), 'split': (12, 4), 'start_pfn': (16, 8),
              'end_pfn': (24, 8), 'offset_vmcoreinfo': (32, 8), 'size_vmcoreinfo': (40, 8),
              'offset_note': (48, 8), 'size_note': (56, 8), 'offset_eraseinfo': (64, 8),
              'size_eraseinfo': (72, 8), 'start_pfn_64': (80, 8), 'end_pfn_64': (88, 8),
              'max_mapnr_64': (96, 8)}
# Elf64_Ehdr and Elf64_Phdr.
EHDR = {'e_type': (16, 2), 'e_machine': (18, 2), 'e_version': (20, 4), 'e_entry': (24, 8),
        'e_phoff': (32, 8), 'e_shoff': (40, 8), 'e_flags': (48, 4), 'e_ehsize': (52, 2),
        'e_phentsize': (54, 2), 'e_phnum': (56, 2), 'e_shentsize': (58, 2), 'e_shnum': (60, 2),
        'e_shstrndx': (62, 2)}
PHDR = {'p_type': (0, 4), 'p_flags': (4, 4), 'p_offset': (8, 8), 'p_vaddr': (16, 8),
        'p_paddr': (24, 8), 'p_filesz': (32, 8), 'p_memsz': (40, 8), 'p_align': (48, 8)}
PHDR_SIZE = 56


def values(size):
    """0, 1, the largest signed and unsigned."""
    bits = 8 * size
    return (0, 1, (1 << bits - 1) - 1, (1 << bits) - 1)


def kdump_fields():
    for name, (at, size) in HEADER.items():
        yield name, at, size
    for name, (at, size) in SUB_HEADER.items():
        yield name, kdump.PAGE + at, size


def elf_fields(nr_segments):
    for name, (at, size) in EHDR.items():
        yield name, at, size
    for i in range(nr_segments):
        for name, (at, size) in PHDR.items():
            yield f'segment {i} {name}', 64 + i * PHDR_SIZE + at, size


def ends_well(path, reader):
    """What is wrong with a run on a file that may be answered or not."""
    os.environ['HWPOISON_READER'] = reader
    done = bad.run('check', '--json', path)
    wrong = bad.survives(done)
    if 'died of' in done.err:
        wrong.append(done.err)
    if wrong or (done.json() and 'verdict' in done.json()):
        return wrong
    if done.status != 2 or len(done.err.splitlines()) != 1:
        return [f'exit status {done.status}, no report, stderr {done.err[:300]!r}']
    return []


def one_field_wrong(cases, path, fields, reader):
    """Each field in turn, in the same file."""
    with base.patched(path) as patch:
        for name, at, size in fields:
            if not bad.is_tried():
                continue
            wrong = []
            for value in values(size):
                patch.write(at, value.to_bytes(size, 'little'))
                wrong += [f'{value:#x}: {what}' for what in ends_well(path, reader)]
                patch.undo()
            cases.report(f'{path.name}, {name}, {reader or "our reader"}', wrong)


def small_files(cases, work):
    """Files of a few bytes that were the end of other readers."""
    file = work / 'small'
    lkcd = b'\xa8\x19\x01sa\x8f#\xed' + b'\1\0\0\0' * 20000
    for name, data in (('DISKDUMP alone', b'DISKDUMP'), ('LKCD, big endian', lkcd),
                       ('KDUMP alone', b'KDUMP   '), ('ELF alone', b'\x7fELF')):
        file.write_bytes(data)
        cases.report(name, bad.refuses(file))


def names_beyond_the_end(cases, work):
    """Section names that begin in the last page and run over the end of the file."""
    head, _, _ = kdump.elf_headers([(0, 1)], kdump.elf_notes(b'OSRELEASE=6.1\n'))
    data = bytearray(head.ljust(8192, b'\0'))
    struct.pack_into('<Q', data, 40, 4096)
    struct.pack_into('<HHH', data, 58, 64, 2, 1)
    struct.pack_into('<IIQQQQ', data, 4096 + 64, 1, 3, 0, 0, 8100, 1 << 20)
    file = work / 'names'
    file.write_bytes(data)
    for reader in ('', 'libkdumpfile'):
        cases.report(f'section names beyond the end, {reader or "our reader"}',
                     ends_well(file, reader))


def line_with_dot(cases, path):
    """A line of VMCOREINFO that begins with '.'; our own reader does not mind."""
    dump = kdump.Kdump(path)
    offset, = struct.unpack_from('<Q', dump.data, kdump.PAGE + 32)
    line = dump.vmcoreinfo.index(b'\n') + 1
    with base.patched(path) as patch:
        patch.write(offset + line, b'.')
        os.environ['HWPOISON_READER'] = ''
        done = bad.run('check', path)
        cases.report("VMCOREINFO, a line that begins with '.'",
                     [] if done.status == 1 else [f'exit status {done.status}: {done.err}'])
        cases.report("the same, libkdumpfile", ends_well(path, 'libkdumpfile'))


def main():
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        small_files(cases, work)
        names_beyond_the_end(cases, work)
        sample = sorted((hwp.TOP / 'vmcores/samples').glob('fix-1/vmcore.kdump'))
        packed, elf = work / 'kdump', work / 'elf'
        shutil.copyfile(sample[0], packed)
        kdump.to_elf(packed, elf)
        for reader in ('', 'libkdumpfile'):
            one_field_wrong(cases, packed, kdump_fields(), reader)
            one_field_wrong(cases, elf, elf_fields(3), reader)
        line_with_dot(cases, packed)
    cases.exit()


if __name__ == '__main__':
    main()
