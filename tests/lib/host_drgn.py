# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn as a library under `hwpoison --provider drgn`, and as a host of the plugin."""
import os
import pathlib
import subprocess

import hwp
import peers

BUILD = pathlib.Path(hwp.PROGRAM).resolve().parent
DRGN3 = peers.PEERS / 'drgn3'
DRGN31 = peers.PEERS / 'drgn31'
DRGN0 = peers.PEERS / 'drgn0'
#: What PYTHONPATH names for `import hwpoison` and for drgn to find the plugin.
PLUGIN_PATH = BUILD / 'drgn'
TIMEOUT = 240


def missing():
    """None when all drgns are there, else why they are not."""
    if os.environ.get('SAN'):
        return 'a sanitizer and the loader of another suite do not go together'
    return peers.fetch('drgn.sh')[1]


class Run:
    """Exit status, stdout and stderr (bytes) of a command."""

    def __init__(self, command, stdin=None, env=None, cwd=None):
        done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True,
                              timeout=TIMEOUT, env={**os.environ, **(env or {})}, cwd=cwd)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __iter__(self):
        return iter((self.status, self.out, self.err))


class Program:
    """The program, with memory, symbols and types from libdrgn."""
    name = 'drgn program'

    @staticmethod
    def run(path, vmlinux_path, args, drgn=DRGN3):
        symbols = ['-s', vmlinux_path] if vmlinux_path else []
        return tuple(Run([drgn / 'run', hwp.PROGRAM, *args, '--provider', 'drgn', *symbols,
                          path]))


#: Opens the dump as `drgn -c` does; QEMU's kdump header and that of our excerpts before
#: they named a machine make it say which one.
OPEN = '''
import sys
import drgn
platform = drgn.Platform(drgn.Architecture.X86_64)
prog = drgn.Program(platform)
prog.set_core_dump(sys.argv[1])
try:
    prog.load_debug_info([sys.argv[2]] if sys.argv[2] else [])
except drgn.MissingDebugInfoError:
    pass
'''
OPEN_ARM64 = OPEN.replace('X86_64', 'AARCH64')


class Plugin:
    """%hwpoison in drgn."""
    name = 'drgn plugin'

    @staticmethod
    def script(text, *args, python=DRGN3, stdin=None, env=None):
        """Run Python text by a drgn's Python, with the plugin in reach."""
        return Run([python / 'python', '-c', text, *args], stdin=stdin,
                   env={'PYTHONPATH': str(PLUGIN_PATH), **(env or {})})

    @classmethod
    def run(cls, path, vmlinux_path, args, env=None, drgn=DRGN3, opens=OPEN):
        text = opens + 'import hwpoison\nsys.exit(hwpoison.run(prog, sys.argv[3:]))\n'
        return tuple(cls.script(text, path, vmlinux_path or '', *args, python=drgn, env=env))
