# SPDX-License-Identifier: GPL-2.0-or-later
"""The same kdump file in other forms: un-flattened, and with its pages packed otherwise."""
import ctypes
import struct
import zlib

PAGE = 4096
ZLIB, LZO, SNAPPY = 1, 2, 4
FLAT_HEAD = 4096


def flat_records(data):
    """(offset in the file that is meant, offset in this one, size) of each record."""
    if data[:12] != b'makedumpfile':
        raise ValueError('not a flattened file')
    at = FLAT_HEAD
    while True:
        offset, size = struct.unpack_from('>qq', data, at)
        if offset < 0:
            return
        yield offset, at + 16, size
        at += 16 + size


def unflatten(source, target):
    """Write a flattened file's records where they belong."""
    data = source.read_bytes()
    with open(target, 'wb') as file:
        for offset, at, size in flat_records(data):
            file.seek(offset)
            file.write(data[at:at + size])


def _snappy(page, prefix):
    """A literal, then the zeros behind it as copies of the byte before."""
    out = bytearray(b'\x80\x20')               # 4096 as a varint
    literal = page[:prefix + 1]                # the first zero is literal too
    out += b'\xf4' + struct.pack('<H', len(literal) - 1) + literal
    left = PAGE - len(literal)
    while left:
        n = min(left, 64)
        out += struct.pack('<BH', (n - 1) << 2 | 2, 1)
        left -= n
    return bytes(out)


def _long(n, bits):
    """LZO's lengths beyond what fits the instruction: zero bytes of 255 each."""
    n -= (1 << bits) - 1
    zeros, rest = divmod(n - 1, 255)
    return b'\0' * zeros + bytes([rest + 1])


def _lzo(page, prefix):
    """The same in LZO1X: a long literal, one long match at distance 1, the end mark."""
    literal = page[:prefix + 1]
    n = len(literal)
    out = (bytes([17 + n]) if n <= 238 else b'\0' + _long(n - 3, 4)) + literal
    left = PAGE - n
    n = left - 2
    out += (bytes([0x20 | n]) if n <= 31 else b'\x20' + _long(n, 5)) + b'\0\0'
    return out + b'\x11\0\0'


def _packed(page, method):
    """A page with a tail of zeros, packed; None if it has no such tail."""
    prefix = len(page.rstrip(b'\0'))
    if not 4 <= prefix <= PAGE - 256:
        return None
    packed = _lzo(page, prefix) if method == LZO else _snappy(page, prefix)
    return packed if len(packed) < PAGE else None


def repack(source, target, method):
    """Copy an un-flattened kdump file with its pages packed by another method."""
    data = source.read_bytes()
    status, block, sub, bitmaps = struct.unpack_from('<IIII', data, 424)
    bitmap = data[(1 + sub + bitmaps // 2) * block:(1 + sub + bitmaps) * block]
    table = (1 + sub + bitmaps) * block
    count = sum(bin(byte).count('1') for byte in bitmap)
    written, body, at = {}, [], table + 24 * count
    rows = bytearray()
    for i in range(count):
        offset, size, flags, more = struct.unpack_from('<qIIQ', data, table + 24 * i)
        if offset not in written:
            page = data[offset:offset + size]
            if flags & ZLIB:
                page = zlib.decompress(page)
            packed = _packed(page, method)
            stored = packed or page
            written[offset] = at, len(stored), method if packed else 0
            body.append(stored)
            at += len(stored)
        rows += struct.pack('<qIIQ', *written[offset], more)
    head = bytearray(data[:table])
    struct.pack_into('<I', head, 424, status & ~7 | method)
    with open(target, 'wb') as file:
        file.write(head + rows + b''.join(body))
    return sum(1 for _, _, flags in written.values() if flags)


class Kdump:
    """A kdump file's pages and VMCOREINFO, flattened or not."""

    ZSTD = 0x20

    def __init__(self, path):
        data = path.read_bytes()
        if data[:12] == b'makedumpfile':
            data = self._rearranged(data)
        if data[:8] != b'KDUMP   ':
            raise ValueError(f'{path} is no kdump file')
        self.data = data
        self.machine = data[12 + 4 * 65:12 + 5 * 65].rstrip(b'\0').decode()
        self.block, sub, bitmaps, self.max_pfn = struct.unpack_from('<IIII', data, 428)
        at = self.block
        self.phys_base, = struct.unpack_from('<Q', data, at)
        offset, size = struct.unpack_from('<QQ', data, at + 32)
        end, = struct.unpack_from('<Q', data, at + 96)
        self.max_pfn = end or self.max_pfn
        self.vmcoreinfo = data[offset:offset + size] if offset else b''
        half = bitmaps // 2 * self.block
        start = (1 + sub) * self.block
        self.ram = data[start:start + half]
        self.stored = data[start + half:start + 2 * half]
        self.table = start + 2 * half

    @staticmethod
    def _rearranged(data):
        records = list(flat_records(data))
        out = bytearray(max(offset + size for offset, _, size in records))
        for offset, at, size in records:
            out[offset:offset + size] = data[at:at + size]
        return bytes(out)

    @staticmethod
    def _bits(bitmap):
        return (8 * i + bit for i, byte in enumerate(bitmap) if byte
                for bit in range(8) if byte >> bit & 1)

    def ranges(self):
        """Runs of pfns that are memory, stored or not: [first, end)."""
        first = end = None
        for pfn in self._bits(self.ram):
            if pfn != end:
                if first is not None:
                    yield first, end
                first = pfn
            end = pfn + 1
        if first is not None:
            yield first, end

    def pages(self):
        """(pfn, the page's bytes) of every page that is stored."""
        unzstd = None
        for i, pfn in enumerate(self._bits(self.stored)):
            offset, size, flags, _ = struct.unpack_from('<qIIQ', self.data, self.table + 24 * i)
            page = self.data[offset:offset + size]
            if flags & ZLIB:
                page = zlib.decompress(page)
            elif flags & self.ZSTD:
                unzstd = unzstd or Zstd(self.block)
                page = unzstd(page)
            elif flags & (LZO | SNAPPY):
                raise ValueError('packed by lzo or snappy')
            yield pfn, page


class Zstd:
    """Unpack pages by the library that the program itself needs; Python 3.11 has none."""

    def __init__(self, size):
        self.call = ctypes.CDLL('libzstd.so.1').ZSTD_decompress
        self.call.restype = ctypes.c_size_t
        self.call.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
        self.size, self.page = size, ctypes.create_string_buffer(size)

    def __call__(self, packed):
        if self.call(self.page, self.size, packed, len(packed)) != self.size:
            raise ValueError('a page cannot be unpacked')
        return self.page.raw


def elf_notes(vmcoreinfo, name=b'VMCOREINFO\0\0'):
    """A note section that holds VMCOREINFO."""
    padded = vmcoreinfo + b'\0' * (-len(vmcoreinfo) % 4)
    return struct.pack('<III', 11, len(vmcoreinfo), 0) + name + padded


EM_X86_64, EM_AARCH64 = 62, 183


def elf_headers(ranges, notes, page=PAGE, machine=EM_X86_64):
    """The headers of an ELF core file; [(first pfn, end, offset in the file)]."""
    count = len(ranges) + 1
    offset = (64 + 56 * count + len(notes) + page - 1) // page * page
    head = b'\x7fELF\x02\x01\x01' + b'\0' * 9 + struct.pack(
        '<HHIQQQIHHHHHH', 4, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    rows = [struct.pack('<IIQQQQQQ', 4, 0, 64 + 56 * count, 0, 0, len(notes), len(notes), 0)]
    places = []
    for first, end in ranges:
        size = (end - first) * page
        rows.append(struct.pack('<IIQQQQQQ', 1, 7, offset, 0, first * page, size, size, 0))
        places.append((first, end, offset))
        offset += size
    return head + b''.join(rows) + notes, places, offset


def to_elf(source, target, exclude=lambda pfn: False):
    """Write a kdump file as a sparse ELF core file. What it does not store reads as
    zeros; pfns that @exclude names are in no segment at all."""
    dump = Kdump(source)
    ranges = []
    for first, end in dump.ranges():
        ranges += _without(first, end, exclude)
    head, places, size = elf_headers(ranges, elf_notes(dump.vmcoreinfo), dump.block,
                                      EM_AARCH64 if dump.machine == 'aarch64' else EM_X86_64)
    with open(target, 'wb') as file:
        file.write(head)
        file.truncate(size)
        at = 0
        for pfn, page in dump.pages():
            while at < len(places) and pfn >= places[at][1]:
                at += 1
            if at < len(places) and pfn >= places[at][0] and page.strip(b'\0'):
                file.seek(places[at][2] + (pfn - places[at][0]) * dump.block)
                file.write(page)


def _without(first, end, exclude):
    start = first
    for pfn in range(first, end):
        if exclude(pfn):
            if pfn > start:
                yield start, pfn
            start = pfn + 1
    if end > start:
        yield start, end


def rewrite(source, target, changed=None, dropped=()):
    """Copy a kdump file (not a flattened one) with other contents for some pages,
    and without those pages at all that are dropped."""
    dump, changed = Kdump(source), changed or {}
    data, rows, body = dump.data, [], []
    stored, where = bytearray(dump.stored), {}
    kept = sum(pfn not in dropped for pfn in Kdump._bits(dump.stored))
    at = dump.table + 24 * kept
    for i, pfn in enumerate(Kdump._bits(dump.stored)):
        if pfn in dropped:
            stored[pfn // 8] &= ~(1 << pfn % 8)
            continue
        offset, size, flags, more = struct.unpack_from('<qIIQ', data, dump.table + 24 * i)
        page, key = data[offset:offset + size], offset
        if pfn in changed:
            page, flags, key = changed[pfn], 0, ('changed', pfn)
        if key not in where:
            where[key] = at
            body.append(page)
            at += len(page)
        rows.append(struct.pack('<qIIQ', where[key], len(page), flags, more))
    head = bytearray(data[:dump.table])
    head[dump.table - len(stored):] = stored
    target.write_bytes(bytes(head) + b''.join(rows) + b''.join(body))


def flatten(source, target, step=1 << 20):
    """Write a file in makedumpfile's flattened form."""
    data = source.read_bytes()
    with open(target, 'wb') as file:
        file.write(struct.pack('>16sqq', b'makedumpfile', 1, 1).ljust(FLAT_HEAD, b'\0'))
        for at in range(0, len(data), step):
            piece = data[at:at + step]
            file.write(struct.pack('>qq', at, len(piece)) + piece)
        file.write(struct.pack('>qq', -1, -1))
