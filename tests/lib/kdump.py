# SPDX-License-Identifier: GPL-2.0-or-later
"""The same kdump file in other forms: un-flattened, and with its pages packed otherwise."""
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
