# SPDX-License-Identifier: GPL-2.0-or-later
"""A small guest in QEMU with the program inside, that runs a shell script as root."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import hwp

LAB = pathlib.Path(os.environ.get('HWP_LAB', hwp.TOP / 'build' / 'lab'))
QEMU = os.environ.get('QEMU', 'qemu-system-x86_64')
INIT = '''#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t debugfs none /sys/kernel/debug
while read module; do insmod /modules/$module; done </modules/order
sh /script >/dev/ttyS1 2>&1 </dev/null
poweroff -f
'''


def missing(kernel):
    """Why there can be no such guest, or None; fetches the kernel if it is not here."""
    for tool in QEMU, 'busybox', 'cpio':
        if not shutil.which(tool):
            return f'no {tool}; `sh tests/setup.sh test` installs it'
    if not (LAB / 'kernels' / kernel / 'release').exists():
        done = subprocess.run([hwp.TOP / 'vmcores/kernels.sh', kernel], text=True,
                              capture_output=True, check=False)
        if done.returncode:
            return done.stderr.strip()
    return None


def _libraries(program):
    out = subprocess.run(['ldd', program], text=True, capture_output=True, check=False).stdout
    return re.findall(r'/[^ ]*', out)


class Guest:
    """Boots at once; in a `with`, for it is ended with that. Programs of this system are in
    /programs there."""

    def __init__(self, kernel, script, *options, programs=()):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.out = self.work / 'out'
        root, folder = self.work / 'root', LAB / 'kernels' / kernel
        (root / 'bin').mkdir(parents=True)
        for name in 'proc', 'sys', 'dev', 'tmp':
            (root / name).mkdir()
        shutil.copy(shutil.which('busybox'), root / 'bin')
        shutil.copy(hwp.PROGRAM, root / 'bin')
        shutil.copytree(folder / 'modules', root / 'modules')
        (root / 'programs').mkdir()
        for program in programs:
            shutil.copy(shutil.which(program), root / 'programs')
        for library in {lib for program in (hwp.PROGRAM, *map(shutil.which, programs))
                        for lib in _libraries(program)}:
            (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, root / library[1:])
        (root / 'init').write_text(INIT)
        (root / 'init').chmod(0o755)
        (root / 'script').write_text(script)
        subprocess.run('find . | cpio -o -H newc -R 0:0 --quiet >../initrd', shell=True, cwd=root,
                       check=True)
        self.process = subprocess.Popen(
            [QEMU, '-accel', os.environ.get('HWP_ACCEL', 'tcg,thread=single'), '-m', '512M',
             '-cpu', 'max', '-display', 'none', '-no-reboot', '-device', 'vmcoreinfo',
             '-kernel', str(folder / 'vmlinuz'), '-initrd', str(self.work / 'initrd'),
             # On a busy machine ticks come late, and the kernel takes its timer for broken.
             '-append', 'console=ttyS0 loglevel=4 panic=-1 no_timer_check '
             'transparent_hugepage=never',
             '-serial', f'file:{self.work / "console"}', '-serial', f'file:{self.out}', *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self, seconds=120):
        """What the script printed; None when it did not come to its end."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return self.text()

    def text(self):
        return self.out.read_text(errors='replace').replace('\r\n', '\n') if self.out.exists() \
            else ''

    def console(self):
        """The end of the kernel's own console, for complaints."""
        path = self.work / 'console'
        return path.read_text(errors='replace')[-2000:] if path.exists() else ''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.work, ignore_errors=True)
