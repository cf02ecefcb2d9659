# SPDX-License-Identifier: GPL-2.0-or-later
"""hwpoison inside drgn: where are the poisoned pages, and have any of them leaked?

In drgn's shell, for the program that is open (a vmcore or the running kernel):

    >>> %hwpoison
    >>> %hwpoison list | grep buddy
    >>> import hwpoison
    >>> hwpoison.report(prog)['verdict']

drgn loads the command through the entry point `hwpoison` in the group `drgn.plugins`. In a
drgn that does not support commands only the Python functions are available.
"""
import codecs
import contextlib
import ctypes
import io
import json
import os
import pathlib
import shutil
import signal
import sys
import threading

import drgn

__all__ = ('Error', 'report', 'run')

_LIBRARY = 'libhwpoison-drgn.so'
_IS_LIVE, _HAS_COLORS, _NO_COLOR, _UTF8, _CORE_IS_GIVEN = 1, 2, 4, 8, 16
_TROUBLE = 2

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


def _load():
    """The library is installed beside this file."""
    path = os.environ.get('HWPOISON_DRGN_LIBRARY')
    path = path or str(pathlib.Path(__file__).resolve().parent / _LIBRARY)
    try:
        # ctypes.CDLL releases the GIL during a call.
        return ctypes.CDLL(path).hwpoison_drgn_run
    except (OSError, AttributeError) as error:
        raise Error(f'{error}: run `make`, or name it in HWPOISON_DRGN_LIBRARY') from None


def _resolved(type_):
    while type_.kind == drgn.TypeKind.TYPEDEF:
        type_ = type_.type
    return type_


def _element(type_):
    """The type of an array's elements, and "[0]" for each dimension."""
    type_, indexes = _resolved(type_), ''
    while type_.kind == drgn.TypeKind.ARRAY:
        type_, indexes = _resolved(type_.type), indexes + '[0]'
    return type_, indexes


def _size(type_):
    try:
        return drgn.sizeof(type_)
    except TypeError:
        # A flexible array.
        return 0


def _find_member(prog, tag, path):
    """Offset, size and number of elements; those of the type itself if path is None."""
    try:
        top = prog.type(f'struct {tag}')
    except LookupError:
        top = prog.type(f'union {tag}')
    type_, designator = top, ''
    for name in path.split('.') if path else ():
        type_, indexes = _element(type_)
        designator += f'{indexes}.{name}' if designator else name
        type_ = type_.member(name).type
    offset = drgn.offsetof(top, designator) if path else 0
    real = _resolved(type_)
    is_array = path and real.kind == drgn.TypeKind.ARRAY
    return offset, _size(type_), (real.length or 0) if is_array else 0


def _find_enumerator(prog, tag, name):
    if tag is None:
        return prog.constant(name).value_()
    for enumerator in prog.type(f'enum {tag}').enumerators or ():
        if enumerator.name == name:
            return enumerator.value
    raise LookupError(name)


def _vmcoreinfo_text(prog):
    try:
        return prog['VMCOREINFO'].string_()
    except KeyError:
        # This drgn does not have it: read the kernel's own copy.
        data, size = prog['vmcoreinfo_data'], prog['vmcoreinfo_size']
        return prog.read(data.value_(), size.value_())


def _address(prog, name):
    address = prog.symbol(name).address
    if address >= 1 << 63:
        return address
    # An offset into the per-CPU areas, which does not move with the kernel. drgn 0.0.31 moves
    # the symbol all the same, and 0.3.0 does not. The variable is right in both.
    return prog.variable(name).address_


class _Session:
    """One call of the library, which calls back in the thread that runs it."""

    def __init__(self, prog, core, out, err):
        self.prog = prog
        self.is_given = core is not None
        core = _core_of(prog, core)
        self.streams = {1: out, 2: err}
        self.decoders = {number: codecs.getincrementaldecoder('utf-8')('replace')
                         for number in self.streams}
        self.broken = None
        self.interrupted = ctypes.c_int(0)
        self.call = _Call(
            version=ctypes.sizeof(_Call), flags=self._flags(),
            width=shutil.get_terminal_size((0, 0)).columns if out.isatty() else 0,
            core_path=os.fsencode(core) if core else None,
            interrupted=ctypes.pointer(self.interrupted), read=_Read(self._read),
            symbol=_Symbol(self._symbol), member=_Member(self._member),
            enumerator=_Enumerator(self._enumerator), vmcoreinfo=_Vmcoreinfo(self._vmcoreinfo),
            write=_Write(self._write))

    def _flags(self):
        out, flags = self.streams[1], 0
        if self.prog.flags & drgn.ProgramFlags.IS_LIVE:
            flags |= _IS_LIVE
        elif self.is_given:
            flags |= _CORE_IS_GIVEN
        if out.isatty() and os.environ.get('TERM', 'dumb') != 'dumb':
            flags |= _HAS_COLORS
        if os.environ.get('NO_COLOR'):
            flags |= _NO_COLOR
        encoding = getattr(out, 'encoding', None) or 'utf-8'
        if codecs.lookup(encoding).name == 'utf-8':
            flags |= _UTF8
        return flags

    def _read(self, address, is_physical, buf, size):
        # drgn raises FaultError for a page that is not in the dump, too.
        try:
            ctypes.memmove(buf, self.prog.read(address, size, bool(is_physical)), size)
        except Exception:
            return 1
        return 0

    def _symbol(self, name, address_ret):
        try:
            address_ret[0] = _address(self.prog, name.decode())
        except Exception:
            return 1
        return 0

    def _member(self, tag, path, ret):
        try:
            ret[0], ret[1], ret[2] = _find_member(self.prog, tag.decode(),
                                                  path.decode() if path else None)
        except Exception:
            return 1
        return 0

    def _enumerator(self, tag, name, ret):
        try:
            ret[0] = _find_enumerator(self.prog, tag.decode() if tag else None, name.decode())
        except Exception:
            return 1
        return 0

    def _vmcoreinfo(self, buf, size):
        try:
            text = _vmcoreinfo_text(self.prog)
        except Exception:
            return 1
        if len(text) >= size:
            return 1
        ctypes.memmove(buf, text, len(text))
        return 0

    def _write(self, number, data, size):
        if self.broken:
            return 0
        try:
            text = self.decoders[number].decode(ctypes.string_at(data, size))
            self.streams[number].write(text)
        except Exception as error:
            self.broken = error
        return 0

    @contextlib.contextmanager
    def _interruptible(self):
        """Ctrl-C interrupts the call, not the wait for it; KeyboardInterrupt is raised after it."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield
            return

        def press(number, frame):
            self.interrupted.value = 1

        signal.signal(signal.SIGINT, press)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if self.interrupted.value:
            raise KeyboardInterrupt

    def run(self, arguments):
        """Return the exit status. Python handles signals in the main thread, so work in another."""
        function = _load()
        words = [b'hwpoison', *(os.fsencode(str(word)) for word in arguments)]
        argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
        status, done = [_TROUBLE], threading.Event()

        def work():
            try:
                status[0] = function(ctypes.byref(self.call), len(words), argv)
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


def _default_program():
    try:
        return drgn.get_default_prog()
    except AttributeError:
        raise Error('this drgn has no default program: pass one') from None
    except Exception as error:
        raise Error(str(error)) from None


def _core_of(prog, core):
    if prog.flags & drgn.ProgramFlags.IS_LIVE:
        return None
    # drgn 0.3.0 has it, 0.0.31 does not: then the file is found among those that are open.
    return core or getattr(prog, 'core_dump_path', None)


def run(prog, arguments, *, core=None, out=None, err=None):
    """Run the command line *arguments*, a list of strings, as `hwpoison` in a shell does.

    An empty list means `check`. Output goes to *out* and *err*, by default sys.stdout and
    sys.stderr. *core* is the path of the vmcore, for reports: it must be the file that *prog* has
    open, which is found without it. Returns the exit status; raises Error if the library cannot
    be used.
    """
    if not prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL:
        raise Error('this program is not a Linux kernel: open a vmcore or the running kernel')
    session = _Session(prog, core, out or sys.stdout, err or sys.stderr)
    return session.run(list(arguments) or ['check'])


def report(prog=None, *arguments, core=None):
    """Return the report on a program as a dict: what `hwpoison check --json` prints.

    *prog* is the program, by default drgn's default program; *arguments* may give another
    command and its options, as in report(prog, 'list'). Raises Error if there is no report.
    """
    out, err = io.StringIO(), io.StringIO()
    run(prog or _default_program(), [*(arguments or ('check',)), '--json'], core=core, out=out,
        err=err)
    try:
        document = json.loads(out.getvalue())
    except ValueError:
        raise Error(err.getvalue().strip() or 'this command prints no JSON') from None
    if 'error' in document:
        raise Error(document['error'])
    return document


def _register():
    from drgn.commands import CommandError, custom_command, parse_shell_command

    @custom_command(
        name='hwpoison',
        description='find poisoned pages, and those that leaked into free memory',
        usage='**hwpoison** [*COMMAND*] [*OPTIONS*]',
        long_description='Run hwpoison on the program: `hwpoison help` lists its commands and '
        '`hwpoison help COMMAND` explains one. The default command is `check`.',
        parse=parse_shell_command,
        enabled=lambda prog: bool(prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL))
    def _cmd_hwpoison(prog, name, args, **kwargs):
        err = io.StringIO()
        try:
            status = run(prog, args, err=err)
        except Error as error:
            raise CommandError(f'hwpoison: {error}') from None
        if status == _TROUBLE and err.getvalue():
            raise CommandError(err.getvalue().strip())
        sys.stderr.write(err.getvalue())


try:
    _register()
except ImportError:
    # This drgn does not support commands; report() and run() work.
    pass


def drgn_prog_set(prog):
    """drgn calls this hook of a plugin; importing the module has done everything."""
