# SPDX-License-Identifier: GPL-2.0-or-later
"""Drive crash with the extension as a user does: commands on its standard input."""
import os
import pathlib
import shutil
import subprocess

import hwp
import peers

EXTENSION = pathlib.Path(hwp.PROGRAM).resolve().parent / 'hwpoison.so'


def find(version):
    """The crash of that major version: (path, None), or (None, why not)."""
    if not EXTENSION.exists():
        return None, 'the extension was not built: no crash/defs.h'
    if version == 8:
        path = shutil.which('crash')
        return (path, None) if path else (None, 'no crash; `sh tests/setup.sh test` installs it')
    return peers.fetch('crash.sh')


class Session:
    """What crash printed while it ran COMMANDS, the extension being loaded first."""

    def __init__(self, crash, vmlinux, vmcore, commands, options=(), env=None, limit=600):
        lines = [f'extend {EXTENSION}', *commands, 'q']
        options = [*options, *(['--no_modules'] if 'crash9' in crash else [])]
        done = subprocess.run([crash, *options, '-s', str(vmlinux), str(vmcore)],
                              input='\n'.join(lines) + '\n', capture_output=True, text=True,
                              errors='replace', timeout=limit, check=False,
                              env={**os.environ, 'HOME': '/nonexistent', **(env or {})})
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


def run(crash, vmlinux, vmcore, command, **more):
    """Output of one command, taken by crash's own redirection, and the session."""
    place = pathlib.Path(os.environ.get('TMPDIR', '/tmp')) / 'crash-output'
    place.unlink(missing_ok=True)
    session = Session(crash, vmlinux, vmcore, [f'hwpoison {command} > {place}'], **more)
    text = place.read_text() if place.exists() else ''
    place.unlink(missing_ok=True)
    return text, session
