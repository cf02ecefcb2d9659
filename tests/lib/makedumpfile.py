# SPDX-License-Identifier: GPL-2.0-or-later
"""What makedumpfile leaves of a dump of the lab."""
import shutil
import struct
import subprocess

import base


def is_here():
    return shutil.which('makedumpfile') is not None


def shrink(elf, target, level):
    """Write what makedumpfile keeps of an ELF dump at a dump level, as a kdump in lzo.

    It looks for the program headers behind the ELF header; QEMU writes others in between.
    """
    with open(elf, 'rb') as file:
        head = bytearray(file.read(64))
        at, = struct.unpack_from('<Q', head, 32)
        count, = struct.unpack_from('<H', head, 56)
        file.seek(at)
        programs = file.read(56 * count)
    struct.pack_into('<QQ', head, 32, 64, 0)
    struct.pack_into('<HH', head, 60, 0, 0)
    with base.patched(elf) as patch:
        patch.write(0, bytes(head) + programs)
        done = subprocess.run(['makedumpfile', '-l', '-d', str(level), str(elf), str(target)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
    if done.returncode:
        raise RuntimeError(f'makedumpfile: {done.stdout.strip().splitlines()[-1:]}')
