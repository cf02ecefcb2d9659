# SPDX-License-Identifier: GPL-2.0-or-later
"""``%hwpoison`` in drgn's shell, and ``hwpoison`` in drgn's crash mode."""
import dataclasses
import io
import sys
from typing import Any, Sequence

from drgn import Program
from drgn.commands import (CommandArgumentError, CommandError, CommandNamespace, argument,
                           DEFAULT_COMMAND_NAMESPACE, parse_shell_command)
from drgn.commands.linux import linux_kernel_custom_command

from . import run
from ._session import TROUBLE, Error

_EPILOG = '''
The target is what drgn has open. ``hwpoison help`` lists the commands, and
``hwpoison help COMMAND`` explains one.
'''


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command returns."""

    status: int
    """0 clean or at risk, 1 leaked or inconsistent, 2 incomplete."""


def _is_usage(message: str) -> bool:
    return message.endswith("; try 'hwpoison help'")


def _run(prog: Program, args: Sequence[str], like_crash: bool) -> Result:
    err = io.StringIO()
    try:
        status = run(prog, args, err=err, like_crash=like_crash)
    except Error as error:
        raise CommandError(f'hwpoison: {error}') from None
    message = err.getvalue().strip()
    if status == TROUBLE and message:
        raise (CommandArgumentError if _is_usage(message) else CommandError)(message)
    sys.stderr.write(err.getvalue())
    return Result(status)


def _register(namespace: CommandNamespace, like_crash: bool) -> None:
    numbers = 'hexadecimal, with or without 0x' if like_crash else 'hexadecimal after 0x'

    @linux_kernel_custom_command(
        name='hwpoison',
        description='find poisoned pages, and those that leaked into free memory',
        long_description='Find every page that a memory error poisoned, and show where it is '
        'now: contained, still in use, or leaked back into the page allocator.',
        arguments=(
            argument('command', metavar='COMMAND', nargs='?',
                     help='what to print; without it, ``check``'),
            argument('pfn', metavar='PFN', nargs='?', help=f'for ``folio``: {numbers}'),
            argument('-j', '--json', action='store_true', help='print JSON'),
            argument('-q', '--quiet', action='store_true', help='print no warnings'),
        ),
        epilog=_EPILOG, parse=parse_shell_command, namespace=namespace)
    def _hwpoison(prog: Program, name: str, args: Sequence[str], **kwargs: Any) -> Result:
        return _run(prog, args, like_crash)


_register(DEFAULT_COMMAND_NAMESPACE, False)
try:
    from drgn.commands._crash.common import CRASH_COMMAND_NAMESPACE
except ImportError:
    # This drgn has no crash mode.
    pass
else:
    _register(CRASH_COMMAND_NAMESPACE, True)
