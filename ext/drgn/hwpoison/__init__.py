# SPDX-License-Identifier: GPL-2.0-or-later
"""
hwpoison
--------

Where are the poisoned pages of this kernel, and have any of them leaked into free memory?

>>> import hwpoison
>>> hwpoison.check(prog).verdict
'leaked'
>>> for poisoned in hwpoison.for_each_poisoned_page(prog):
...     print(poisoned.page, poisoned.state, poisoned.evidence)

In drgn's shell ``%hwpoison`` prints the reports of the program of that name, and ``hwpoison``
does so in ``drgn-crash``. drgn loads these commands through the entry point ``hwpoison`` in the
group ``drgn.plugins``. In a drgn that does not support commands only the functions are there.
"""
import dataclasses
import io
import json
import operator
import shlex
import sys
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple, Union, overload

import drgn
from drgn import IntegerLike, Object, Program
from drgn.helpers.linux.mm import page_to_pfn, pfn_to_page

from ._session import Error, Session, resolved
from ._version import __version__

__all__ = ('Check', 'CheckResult', 'Error', 'Folio', 'PoisonedPage', 'check', 'folio',
           'for_each_poisoned_page', 'poisoned_page', 'report', 'run')

# Where a traceback says that it is.
Error.__module__ = __name__


@dataclasses.dataclass(frozen=True)
class PoisonedPage:
    """A page that a memory error poisoned."""

    page: Optional[Object]
    """``struct page *``; ``None`` where drgn has no debugging symbols."""
    pfn: int
    phys: int
    """Physical address in bytes."""
    nid: Optional[int]
    zone: Optional[str]
    state: str
    """Where it is now, such as ``"buddy"``: ``%hwpoison help states`` lists them."""
    state_class: str
    """``"leaked"``, ``"lost"``, ``"pending"``, ``"contained"``, ``"kernel"``, ``"other"`` or
    ``"unknown"``."""
    was_free: str
    """Was it in free memory since its error? ``"yes"``, ``"no"`` or ``"unknown"``."""
    evidence: Tuple[str, ...]
    """By what the state is known."""
    owner: Optional[Object]
    """``struct task_struct *`` of the process that uses it, if there is one, and if drgn has
    debugging symbols."""
    mm: Optional[Object]
    """``struct mm_struct *`` of that process."""
    vma: Optional[Object]
    """``struct vm_area_struct *`` of that process which has the page."""
    user_address: Optional[int]
    """The address that the page has in *vma*, whether it is mapped there now or not."""
    document: Dict[str, Any] = dataclasses.field(repr=False)
    """All that is known of it, as ``%hwpoison check --json`` prints it."""


@dataclasses.dataclass(frozen=True)
class Folio:
    """A folio with poisoned pages, or one that had them when it was freed."""

    page: Optional[Object]
    """``struct page *`` of its first page; ``None`` where drgn has no debugging symbols."""
    pfn: int
    """Of its first page."""
    order: int
    kind: str
    """``"hugetlb"``, ``"thp"``, ``"large"`` or ``"freed"``."""
    poisoned_pfns: Tuple[int, ...]
    expected: Tuple[Tuple[int, int], ...]
    """The healthy blocks that a kernel with the fix frees: (pfn, order)."""
    nr_healthy_lost: Optional[int]
    outcome: str
    document: Dict[str, Any] = dataclasses.field(repr=False)
    """All that is known of it, as ``%hwpoison check --json`` prints it."""


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """One check of the kernel's own records."""

    name: str
    result: str
    """``"pass"``, ``"fail"``, ``"skip"`` or ``"inconclusive"``."""
    detail: str


@dataclasses.dataclass(frozen=True)
class Check:
    """What :func:`check()` found."""

    verdict: str
    """``"leaked"``, ``"leaked-before"``, ``"inconsistent"``, ``"incomplete"``, ``"at-risk"`` or
    ``"clean"``."""
    poisoned: Tuple[PoisonedPage, ...]
    folios: Tuple[Folio, ...]
    checks: Tuple[CheckResult, ...]
    document: Dict[str, Any] = dataclasses.field(repr=False)
    """The whole report, as ``%hwpoison check --json`` prints it."""


def _default_program() -> Program:
    get = getattr(drgn, 'get_default_prog', None)
    if get is None:
        raise Error('this drgn has no default program: pass one')
    prog: Program = get()
    return prog


def _take_program(prog: Optional[Program]) -> Program:
    if prog is None:
        prog = _default_program()
    if not isinstance(prog, Program):
        raise TypeError(f'prog is a drgn.Program, not {type(prog).__name__}')
    if not prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL:
        raise Error('this program is not a Linux kernel: open a vmcore or the running kernel')
    return prog


def run(prog: Program, arguments: Union[str, Sequence[str]] = (), *, core: Optional[str] = None,
        out: Any = None, err: Any = None, like_crash: bool = False) -> int:
    """
    Run a command line as ``hwpoison`` in a shell does.

    :param arguments: The command and its options, as a string or split into words. Nothing means
        ``check``.
    :param core: Path of the vmcore, for reports. It must be the file that *prog* has open, which
        is found without it.
    :param out: Where the report is written, by default :data:`sys.stdout`. It only needs a
        ``write()`` method.
    :param err: Where errors and warnings are written, by default :data:`sys.stderr`.
    :param like_crash: As in crash: a number without ``0x`` is hexadecimal, and help has the form of
        crash's.
    :return: The exit status: 0 clean or at risk, 1 leaked or inconsistent, 2 incomplete or
        trouble.
    :raises Error: if *prog* is not a kernel or the library cannot be used
    """
    prog = _take_program(prog)
    words = shlex.split(arguments) if isinstance(arguments, str) else [str(w) for w in arguments]
    session = Session(prog, core, sys.stdout if out is None else out,
                      sys.stderr if err is None else err, like_crash)
    return session.run(words or ['check'])


def report(prog: Optional[Program] = None, *arguments: str,
           core: Optional[str] = None) -> Dict[str, Any]:
    """
    Get a report as the dictionary that ``--json`` prints.

    :param prog: Program, by default drgn's default program.
    :param arguments: Another command than ``check`` and its options, as in
        ``report(prog, "list")``.
    :param core: As for :func:`run()`.
    :raises Error: if there is no report
    """
    prog = _take_program(prog)
    out, err = io.StringIO(), io.StringIO()
    run(prog, [*(arguments or ('check',)), '--json'], core=core, out=out, err=err)
    try:
        document: Dict[str, Any] = json.loads(out.getvalue())
    except ValueError:
        raise Error(err.getvalue().strip() or 'this command prints no JSON') from None
    if 'error' in document:
        message = document['error']
        raise Error(f"'{arguments[0]}' prints no JSON: use run()"
                    if "has no option '--json'" in message else message)
    return document


def _page(prog: Program, pfn: int) -> Optional[Object]:
    try:
        page: Object = pfn_to_page(prog, pfn)
        return page
    except (LookupError, drgn.FaultError):
        return None


def _address(owner: Dict[str, Any], key: str) -> Optional[int]:
    """``None`` for what is not known."""
    value = owner[key]
    return None if value is None else int(value, 16)


def _object(prog: Program, tag: str, address: Optional[int]) -> Optional[Object]:
    """A pointer to a struct of that tag."""
    if address is None:
        return None
    try:
        return Object(prog, f'struct {tag} *', address)
    except LookupError:
        return None


def _poisoned_page(prog: Program, row: Dict[str, Any]) -> PoisonedPage:
    owner = row['owner'] or dict.fromkeys(('task', 'mm', 'vma', 'user_address'))
    return PoisonedPage(
        page=_page(prog, row['pfn']), pfn=row['pfn'], phys=int(row['phys'], 16), nid=row['nid'],
        zone=row['zone'], state=row['state'], state_class=row['class'], was_free=row['was_free'],
        evidence=tuple(row['evidence']),
        owner=_object(prog, 'task_struct', _address(owner, 'task')),
        mm=_object(prog, 'mm_struct', _address(owner, 'mm')),
        vma=_object(prog, 'vm_area_struct', _address(owner, 'vma')),
        user_address=_address(owner, 'user_address'), document=row)


def _folio(prog: Program, row: Dict[str, Any]) -> Folio:
    return Folio(
        page=_page(prog, row['head_pfn']), pfn=row['head_pfn'], order=row['order'],
        kind=row['kind'], poisoned_pfns=tuple(row['poisoned_pfns']),
        expected=tuple((block['pfn'], block['order']) for block in row['expected']),
        nr_healthy_lost=row['nr_healthy_lost'], outcome=row['outcome'], document=row)


def check(prog: Optional[Program] = None) -> Check:
    """
    Find every poisoned page, and check whether any has leaked into free memory.

    :param prog: Program, by default drgn's default program.
    :raises Error: if there is no report
    """
    prog = _take_program(prog)
    document = report(prog)
    return Check(
        verdict=document['verdict'],
        poisoned=tuple(_poisoned_page(prog, row) for row in document['poisoned']),
        folios=tuple(_folio(prog, row) for row in document['folios']),
        checks=tuple(CheckResult(row['name'], row['result'], row['detail'])
                     for row in document['checks']),
        document=document)


def for_each_poisoned_page(prog: Optional[Program] = None) -> Iterator[PoisonedPage]:
    """
    Iterate over every poisoned page, by ascending pfn.

    :param prog: Program, by default drgn's default program.
    :return: Iterator of :class:`PoisonedPage`.
    :raises Error: if there is no report
    """
    prog = _take_program(prog)
    for row in report(prog)['poisoned']:
        yield _poisoned_page(prog, row)


def _pfn_of(page: Union[Object, IntegerLike]) -> int:
    if isinstance(page, Object) and resolved(page.type_).kind == drgn.TypeKind.POINTER:
        page = page_to_pfn(drgn.cast('struct page *', page))
    return operator.index(page)


def _take_page(prog: Union[Program, Object],
               page: Optional[Union[Object, IntegerLike]]) -> Tuple[Program, int]:
    """As helpers of drgn's, which take an object alone: it knows its program."""
    if isinstance(prog, Object) and page is None:
        page, prog = prog, prog.prog_
    if not isinstance(prog, Program) or page is None:
        raise TypeError('pass an object, or a program and a page')
    return _take_program(prog), _pfn_of(page)


@overload
def poisoned_page(__page: Object) -> Optional[PoisonedPage]: ...


@overload
def poisoned_page(prog: Program, page: Union[Object, IntegerLike]) -> Optional[PoisonedPage]: ...


def poisoned_page(prog: Union[Program, Object],
                  page: Optional[Union[Object, IntegerLike]] = None) -> Optional[PoisonedPage]:
    """
    Get what is known of one page.

    :param prog: Program. It may be left out before an object, which knows its own.
    :param page: ``struct page *`` or a pfn.
    :return: ``None`` if it is not poisoned.
    :raises Error: if there is no such page
    """
    prog, pfn = _take_page(prog, page)
    for row in report(prog, 'folio', hex(pfn))['poisoned']:
        if row['pfn'] == pfn:
            return _poisoned_page(prog, row)
    return None


@overload
def folio(__page: Object) -> Optional[Folio]: ...


@overload
def folio(prog: Program, page: Union[Object, IntegerLike]) -> Optional[Folio]: ...


def folio(prog: Union[Program, Object],
          page: Optional[Union[Object, IntegerLike]] = None) -> Optional[Folio]:
    """
    Get the folio with poisoned pages that a page belongs to, or that it belonged to when that
    was freed.

    :param prog: Program. It may be left out before an object, which knows its own.
    :param page: ``struct page *``, ``struct folio *``, or a pfn.
    :return: ``None`` if it belongs to no folio with poisoned pages.
    :raises Error: if there is no such page
    """
    prog, pfn = _take_page(prog, page)
    for row in report(prog, 'folio', hex(pfn))['folios']:
        if row['head_pfn'] <= pfn < row['head_pfn'] + (1 << row['order']):
            return _folio(prog, row)
    return None


def drgn_prog_set(prog: Program) -> None:
    """drgn calls this hook of a plugin; importing the module has done everything."""


try:
    from . import _commands  # noqa: F401
except ImportError as error:
    # This drgn does not support commands; the functions work.
    if not (error.name or '').startswith('drgn'):
        raise
