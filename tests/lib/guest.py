# SPDX-License-Identifier: GPL-2.0-or-later
"""A small guest in QEMU with the program inside, that runs a shell script as root."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import hwp

LAB = pathlib.Path(os.environ.get('HWP_LAB', hwp.TOP / 'build' / 'lab'))
QEMU = os.environ.get('QEMU', 'qemu-system-x86_64')
ARM64_TOOLS = ('qemu-system-aarch64', 'aarch64-linux-gnu-gcc')
INIT = '''#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t debugfs none /sys/kernel/debug
while read module; do insmod /modules/$module; done </modules/order
until [ -c /dev/OUT ]; do usleep 10000; done
sh /script >/dev/OUT 2>&1 </dev/null
poweroff -f
'''


def is_arm64(kernel):
    return 'arm64' in kernel


def missing(kernel):
    """Why there can be no such guest, or None; fetches the kernel if it is not here."""
    for tool in *(ARM64_TOOLS if is_arm64(kernel) else (QEMU, 'busybox')), 'cpio':
        if not shutil.which(tool):
            return f'no {tool}; `sh tests/setup.sh test` installs it'
    if not (LAB / 'kernels' / kernel / 'release').exists():
        done = subprocess.run([hwp.TOP / 'vmcores/kernels.sh', kernel], text=True,
                              capture_output=True, check=False)
        if done.returncode:
            return done.stderr.strip()
    if is_arm64(kernel) and not (LAB / 'busybox-arm64/bin/busybox').exists():
        done = subprocess.run([hwp.TOP / 'vmcores/kernels.sh', 'unpack', 'bookworm', 'busybox-static',
                               LAB / 'busybox-arm64', 'arm64'], text=True, capture_output=True,
                              check=False)
        if done.returncode:
            return done.stderr.strip()
    return None


def _libraries(program):
    out = subprocess.run(['ldd', program], text=True, capture_output=True, check=False).stdout
    return re.findall(r'/[^ ]*', out)


class Guest:
    """Boots at once; in a `with`, for it is ended with that. hwpoison, if it is wanted, is in /bin
    there, and other programs of this system in /programs."""

    def __init__(self, kernel, script, *options, programs=(), has_hwpoison=True):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.out = self.work / 'out'
        root, folder = self.work / 'root', LAB / 'kernels' / kernel
        (root / 'bin').mkdir(parents=True)
        for name in 'proc', 'sys', 'dev', 'tmp':
            (root / name).mkdir()
        self._copy_programs(root, kernel, programs, has_hwpoison)
        shutil.copytree(folder / 'modules', root / 'modules')
        (root / 'init').write_text(INIT.replace('OUT', 'vport0p1' if is_arm64(kernel) else 'ttyS1'))
        (root / 'init').chmod(0o755)
        (root / 'script').write_text(script)
        subprocess.run('find . | cpio -o -H newc -R 0:0 --quiet >../initrd', shell=True, cwd=root,
                       check=True)
        self.process = subprocess.Popen(
            [*self._machine(kernel), '-accel', os.environ.get('HWP_ACCEL', 'tcg,thread=single'),
             '-m', '512M', '-display', 'none', '-no-reboot', '-device', 'vmcoreinfo',
             '-kernel', str(folder / 'vmlinuz'), '-initrd', str(self.work / 'initrd'),
             # On a busy machine ticks come late, and the kernel takes its timer for broken.
             '-append', f'console={"ttyAMA0" if is_arm64(kernel) else "ttyS0"} loglevel=4 '
             'panic=-1 no_timer_check transparent_hugepage=never', *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _machine(self, kernel):
        """QEMU, and where console and script write to."""
        console = ['-serial', f'file:{self.work / "console"}']
        if is_arm64(kernel):
            return ['qemu-system-aarch64', '-machine', 'virt,gic-version=3',
                    '-cpu', 'max,pauth-impdef=on', '-nic', 'none', *console, '-device', 'virtio-serial-pci',
                    '-chardev', f'file,id=out,path={self.out}', '-device', 'virtserialport,chardev=out']
        return [QEMU, '-cpu', 'max', *console, '-serial', f'file:{self.out}']

    @staticmethod
    def _copy_programs(root, kernel, programs, has_hwpoison):
        (root / 'programs').mkdir()
        if is_arm64(kernel):
            # These are static.
            for program in programs:
                shutil.copy(program, root / 'programs')
            done = subprocess.run([hwp.TOP / 'vmcores/cross.sh', root], text=True, check=True,
                                  stdout=subprocess.PIPE)
            shutil.copy(done.stdout.strip(), root / 'bin')
            shutil.copy(LAB / 'busybox-arm64/bin/busybox', root / 'bin')
            return
        shutil.copy(shutil.which('busybox'), root / 'bin')
        paths = [shutil.which(program) for program in programs]
        for path in paths:
            shutil.copy(path, root / 'programs')
        if has_hwpoison:
            shutil.copy(hwp.PROGRAM, root / 'bin')
            paths.append(hwp.PROGRAM)
        for library in {lib for path in paths for lib in _libraries(path)}:
            (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, root / library[1:])

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


class Qmp:
    """Just enough of QEMU's protocol for two commands."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile('r')
        self.lines.readline()
        self.run('qmp_capabilities')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def run(self, command, **arguments):
        self.socket.sendall(json.dumps({'execute': command, 'arguments': arguments}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            if 'return' in answer or 'error' in answer:
                return answer
