#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dimms.py DIR: write SMBIOS structures for QEMU's -smbios file=, and print the names of the files.

Five memory devices (type 17) of an array that QEMU makes (type 16), one of them an empty slot, and
where their addresses are (type 20): two alone, two that share a range row by row, and 64 MiB of
384 that no structure has but the array's own (QEMU's type 19).
"""
import pathlib
import struct
import sys

ARRAY, ARRAY_ADDRESS, MIB = 0x1000, 0x1300, 1 << 20
#: handle, locator, bank, MiB
DEVICES = ((0x1100, 'DIMM_A1', 'P0 CHANNEL A', 128), (0x1101, 'DIMM_A2 ', 'P0 CHANNEL A', 64),
           (0x1102, 'DIMM_B1', 'P0 CHANNEL B', 64), (0x1103, 'DIMM_B2', 'P0 CHANNEL B', 64),
           (0x1104, 'DIMM_C1', 'P0 CHANNEL C', 0))
#: device, first and last MiB, position and depth of the interleave
RANGES = ((0x1100, 0, 128, 0, 0), (0x1101, 128, 256, 1, 1), (0x1102, 128, 256, 2, 1),
          (0x1103, 256, 320, 0, 0))


def memory_device(handle, locator, bank, size):
    fields = struct.pack('<HHHHHBBBBBHHBBBBBIH', ARRAY, 0xfffe, 64, 64, size, 9, 0, 1, 2, 0x1a, 0x80,
                         2933, 0, 0, 0, 0, 1, 0, 2933)
    return struct.pack('<BBH', 17, 4 + len(fields), handle) + fields + \
        f'{locator}\0{bank}\0\0'.encode()


def device_address(number, device, first, end, position, depth):
    fields = struct.pack('<IIHHBBB', first * MIB >> 10, (end * MIB >> 10) - 1, device, ARRAY_ADDRESS,
                         1, position, depth)
    return struct.pack('<BBH', 20, 4 + len(fields), 0x1400 + number) + fields + b'\0\0'


def main():
    directory = pathlib.Path(sys.argv[1])
    structures = [memory_device(*row) for row in DEVICES]
    structures += [device_address(i, *row) for i, row in enumerate(RANGES)]
    for i, structure in enumerate(structures):
        path = directory / f'smbios.{i}'
        path.write_bytes(structure)
        print(path)


if __name__ == '__main__':
    main()
