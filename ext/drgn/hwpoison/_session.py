# SPDX-License-Identifier: GPL-2.0-or-later
"""One call of libhwpoison-drgn.so, which calls back into drgn's public API."""
from __future__ import annotations

import codecs
import contextlib
import ctypes
import functools
import os
import pathlib
import shutil
import signal
import threading
from typing import Any, Callable, Iterator, Optional, Sequence, Tuple

import drgn

_LIBRARY = 'libhwpoison-drgn.so'
_IS_LIVE, _HAS_COLORS, _NO_COLOR, _UTF8, _CORE_IS_GIVEN, _LIKE_CRASH = 1, 2, 4, 8, 16, 32
#: The exit status when there is no complete answer.
TROUBLE = 2

_Read = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_void_p,
                         ctypes.c_size_t)
_Symbol = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint64))
_Member = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p,
                           ctypes.POINTER(ctypes.c_uint64))
_Enumerator = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p,
                               ctypes.POINTER(ctypes.c_int64))
_Vmcoreinfo = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)


class _Call(ctypes.Structure):
    """struct hwp_drgn_call, ext/drgn/plugin.h."""
    _fields_ = (('version', ctypes.c_uint32), ('flags', ctypes.c_uint32),
                ('width', ctypes.c_uint32),
                ('core_path', ctypes.c_char_p), ('interrupted', ctypes.POINTER(ctypes.c_int)),
                ('read', _Read), ('symbol', _Symbol), ('member', _Member),
                ('enumerator', _Enumerator), ('vmcoreinfo', _Vmcoreinfo), ('write', _Write))


class Error(Exception):
    """There is no report. The message is one line that says why."""


def _load() -> Callable[..., int]:
    """The library is installed beside this file."""
    path = os.environ.get('HWPOISON_DRGN_LIBRARY')
    path = path or str(pathlib.Path(__file__).resolve().parent / _LIBRARY)
    try:
        # ctypes.CDLL releases the GIL during a call.
        run: Callable[..., int] = ctypes.CDLL(path).hwpoison_drgn_run
        return run
    except (OSError, AttributeError) as error:
        raise Error(f'{error}: run `make`, or name it in HWPOISON_DRGN_LIBRARY') from None


def _has_members(type_: drgn.Type) -> bool:
    return type_.kind in (drgn.TypeKind.STRUCT, drgn.TypeKind.UNION, drgn.TypeKind.CLASS)


def resolved(type_: drgn.Type) -> drgn.Type:
    """The type itself, without its names by typedef."""
    while type_.kind == drgn.TypeKind.TYPEDEF:
        type_ = type_.type
    return type_


def _element(type_: drgn.Type) -> Tuple[drgn.Type, str]:
    """The type of an array's elements, and "[0]" for each dimension."""
    type_, indexes = resolved(type_), ''
    while type_.kind == drgn.TypeKind.ARRAY:
        type_, indexes = resolved(type_.type), indexes + '[0]'
    return type_, indexes


def _size(type_: drgn.Type) -> int:
    try:
        size: int = drgn.sizeof(type_)
        return size
    except TypeError:
        # A flexible array.
        return 0


def _find_member(prog: drgn.Program, tag: str, path: Optional[str]) -> Tuple[int, int, int]:
    """Offset, size and number of elements; those of the type itself if path is None."""
    try:
        top = prog.type(f'struct {tag}')
    except LookupError:
        top = prog.type(f'union {tag}')
    type_, designator = top, ''
    for name in path.split('.') if path else ():
        type_, indexes = _element(type_)
        if not _has_members(type_):
            raise LookupError(path)
        designator += f'{indexes}.{name}' if designator else name
        type_ = type_.member(name).type
    offset = drgn.offsetof(top, designator) if path else 0
    real = resolved(type_)
    is_array = path and real.kind == drgn.TypeKind.ARRAY
    return offset, _size(type_), (real.length or 0) if is_array else 0


def _find_enumerator(prog: drgn.Program, tag: Optional[str], name: str) -> int:
    if tag is None:
        value: int = prog.constant(name).value_()
        return value
    for enumerator in prog.type(f'enum {tag}').enumerators or ():
        if enumerator.name == name:
            value = enumerator.value
            return value
    raise LookupError(name)


def _vmcoreinfo_text(prog: drgn.Program) -> bytes:
    try:
        text: bytes = prog['VMCOREINFO'].string_()
    except KeyError:
        # This drgn does not have it: read the kernel's own copy.
        data, size = prog['vmcoreinfo_data'], prog['vmcoreinfo_size']
        text = prog.read(data.value_(), size.value_())
    return text


def _address(prog: drgn.Program, name: str) -> int:
    address: Optional[int] = prog.symbol(name).address
    if address is not None and address >= 1 << 63:
        return address
    # An offset into the per-CPU areas, which does not move with the kernel. drgn 0.0.31 moves
    # the symbol all the same, and 0.3.0 does not. The variable is right in both.
    address = prog.variable(name).address_
    if address is None:
        raise LookupError(name)
    return address


def _answers(function: Callable[..., None]) -> Callable[..., int]:
    """A callback for C: 0, or 1 where the program lacks what was asked for. What is neither is
    an error of the caller's, which ends the call and is raised when it is over."""
    @functools.wraps(function)
    def call(self: 'Session', *arguments: Any) -> int:
        try:
            function(self, *arguments)
        except (LookupError, drgn.FaultError):
            return 1
        except BaseException as error:
            # An error of libdrgn's that has no class, as for a page that cannot be unpacked.
            if type(error) is not Exception:
                self.broken = self.broken or error
                self.interrupted.value = 1
            return 1
        return 0
    return call


def _is_terminal(stream: Any) -> bool:
    """A notebook's stream need not have isatty()."""
    isatty = getattr(stream, 'isatty', None)
    return bool(isatty and isatty())


def core_of(prog: drgn.Program, core: Optional[str]) -> Optional[str]:
    if prog.flags & drgn.ProgramFlags.IS_LIVE:
        return None
    # drgn 0.3.0 has it, 0.0.31 does not: then the file is found among those that are open.
    return core or getattr(prog, 'core_dump_path', None)


class Session:
    """One call of the library, which calls back in the thread that runs it."""

    def __init__(self, prog: drgn.Program, core: Optional[str], out: Any, err: Any,
                 like_crash: bool = False) -> None:
        self.prog = prog
        self.is_given = core is not None
        self.like_crash = like_crash
        self.core = core_of(prog, core)
        self.streams = {1: out, 2: err}
        self.decoders = {number: codecs.getincrementaldecoder('utf-8')('replace')
                         for number in self.streams}
        self.broken: Optional[BaseException] = None
        self.interrupted = ctypes.c_int(0)

    def _callbacks(self) -> _Call:
        """What C calls. A member it would be a cycle, which keeps a report until the next gc."""
        out = self.streams[1]
        return _Call(
            version=ctypes.sizeof(_Call), flags=self._flags(),
            width=shutil.get_terminal_size((0, 0)).columns if _is_terminal(out) else 0,
            core_path=os.fsencode(self.core) if self.core else None,
            interrupted=ctypes.pointer(self.interrupted), read=_Read(self._read),
            symbol=_Symbol(self._symbol), member=_Member(self._member),
            enumerator=_Enumerator(self._enumerator), vmcoreinfo=_Vmcoreinfo(self._vmcoreinfo),
            write=_Write(self._write))

    def _flags(self) -> int:
        out, flags = self.streams[1], 0
        if self.prog.flags & drgn.ProgramFlags.IS_LIVE:
            flags |= _IS_LIVE
        elif self.is_given:
            flags |= _CORE_IS_GIVEN
        if self.like_crash:
            flags |= _LIKE_CRASH
        if _is_terminal(out) and os.environ.get('TERM', 'dumb') != 'dumb':
            flags |= _HAS_COLORS
        if os.environ.get('NO_COLOR'):
            flags |= _NO_COLOR
        encoding = getattr(out, 'encoding', None) or 'utf-8'
        if codecs.lookup(encoding).name == 'utf-8':
            flags |= _UTF8
        return flags

    @_answers
    def _read(self, address: int, is_physical: int, buf: int, size: int) -> None:
        # drgn raises FaultError for a page that is not in the dump, too.
        ctypes.memmove(buf, self.prog.read(address, size, bool(is_physical)), size)

    @_answers
    def _symbol(self, name: bytes, address_ret: Any) -> None:
        address_ret[0] = _address(self.prog, name.decode())

    @_answers
    def _member(self, tag: bytes, path: Optional[bytes], ret: Any) -> None:
        ret[0], ret[1], ret[2] = _find_member(self.prog, tag.decode(),
                                              path.decode() if path else None)

    @_answers
    def _enumerator(self, tag: Optional[bytes], name: bytes, ret: Any) -> None:
        ret[0] = _find_enumerator(self.prog, tag.decode() if tag else None, name.decode())

    @_answers
    def _vmcoreinfo(self, buf: int, size: int) -> None:
        text = _vmcoreinfo_text(self.prog)
        if len(text) >= size:
            raise LookupError('VMCOREINFO')
        ctypes.memmove(buf, text, len(text))

    @_answers
    def _write(self, number: int, data: int, size: int) -> None:
        if not self.broken:
            text = self.decoders[number].decode(ctypes.string_at(data, size))
            self.streams[number].write(text)

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C interrupts the call, not the wait for it; KeyboardInterrupt is raised after it."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield
            return

        def press(number: int, frame: Any) -> None:
            self.interrupted.value = 1

        signal.signal(signal.SIGINT, press)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if self.interrupted.value and not self.broken:
            raise KeyboardInterrupt

    def run(self, arguments: Sequence[str]) -> int:
        """Return the exit status. Python handles signals in the main thread, so work in another."""
        function, call = _load(), self._callbacks()
        words = [b'hwpoison', *(os.fsencode(str(word)) for word in arguments)]
        argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
        status, done = [TROUBLE], threading.Event()

        def work() -> None:
            try:
                status[0] = function(ctypes.byref(call), len(words), argv)
            finally:
                done.set()

        worker = threading.Thread(target=work, name='hwpoison')
        with self._interruptible():
            worker.start()
            # With a timeout: a signal that another thread receives does not end the wait.
            while not done.wait(0.1):
                pass
            worker.join()
        if self.broken:
            raise self.broken
        if status[0] < 0:
            raise Error(f'{_LIBRARY} does not belong to this version of the module')
        return status[0]
