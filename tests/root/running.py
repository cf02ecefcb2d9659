#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A root of hosts.sh in a guest: what this Debian's crash and drgn say of the kernel that runs,
with the extension and the module that were built and installed there, is what the program that was
built there says, and what was injected.

usage: running.py SUITE ROOT     ROOT has the installed program, without what is mounted below it
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import guest
import hwp
import peers
from live_hosts import POISON, injected, same, sections

#: Each Debian's own kernel, or the nearest that the lab has.
KERNELS = {'bookworm': '6.1-amd64', 'trixie': '6.12-cloud', 'forky': '7.3-cloud'}
LIMIT = 900
#: A guest's disk without what is mounted in the root, and what no host reads.
MOUNTED = ('proc', 'sys', 'dev', 'vmlinux', 'dumps', 'tmp', 'hwpoison', 'setup')
LEFT_OUT = ('usr/include', 'usr/lib/gcc', 'usr/libexec/gcc', 'usr/share/doc',
            'usr/share/locale', 'usr/share/man', 'var/cache', 'var/lib/apt')

SCRIPT = '''
mkdir -p /disk
mount -t ext4 /dev/vda /disk
''' + POISON + '''
for name in proc sys dev; do mount -o bind /$name /disk/$name; done
run() { chroot /disk /usr/bin/env -i HOME=/tmp TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

cat >/disk/tmp/ask.py <<'EOF'
import json, sys, drgn
sys.path.insert(0, '/usr/lib/hwpoison/drgn')
import hwpoison
prog = drgn.Program()
prog.set_kernel()
prog.load_debug_info(['/tmp/vmlinux'])
print('=== drgn-version')
print(drgn.__version__)
print('=== drgn')
print(json.dumps(hwpoison.report(prog)))
print('=== drgn-folio', flush=True)
print(hwpoison.folio(prog, int(sys.argv[1])).pfn)
EOF
cat >/disk/tmp/commands <<'EOF'
extend hwpoison.so
hwpoison check -j > /tmp/report
hwpoison folio HUGE
hwpoison nonsense
extend -u hwpoison.so
q
EOF
sed -i "s/HUGE/$(printf %x $huge)/" /disk/tmp/commands

section program run hwpoison check --json --quiet
section drgns run python3 /tmp/ask.py $huge
section crash-version run crash --version
section crash run sh -c 'crash --no_modules -s /tmp/vmlinux </tmp/commands'
# 8.0.2 knows no task of bookworm's later 6.1, and dies of that before it has a prompt.
[ -e /disk/tmp/report ] ||
	section crash-minimal run sh -c 'crash --minimal -s /tmp/vmlinux </tmp/commands'
section crash-report cat /disk/tmp/report
'''


def disk(root, vmlinux, work):
    """An ext4 image of the root. Its files are linked, not copied, until they are in it."""
    stage = work / 'stage'
    stage.mkdir()
    parts = [path for path in root.iterdir() if path.name not in MOUNTED]
    subprocess.run(['cp', '-al', *parts, stage], check=True)
    for name in LEFT_OUT:
        shutil.rmtree(stage / name, ignore_errors=True)
    for name in 'proc', 'sys', 'dev', 'tmp':
        (stage / name).mkdir()
    shutil.copy(vmlinux, stage / 'tmp' / 'vmlinux')
    used = int(subprocess.run(['du', '-sk', stage], capture_output=True, text=True,
                              check=True).stdout.split()[0])
    image = work / 'image'
    subprocess.run(['mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-d', stage, image,
                    f'{used * 11 // 10 + 65536}k'], stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(stage)
    return image


def manners(text):
    return [f'no {word!r}: {text[-600:]!r}' for word in
            ('shared object loaded', 'order 9', "unknown command 'nonsense'",
             'shared object unloaded') if word not in text]


def judge(suite, parts):
    version = re.search(r'^crash \d.*', parts.get('crash-version', ''), re.M)
    crash, text = version[0] if version else 'crash', parts.get('crash', '')
    if 'crash-minimal' in parts:
        print(f'# {suite}: {crash} does not come up: {text.strip()[-100:]!r}')
        crash, text = f'{crash} --minimal', parts['crash-minimal']
    drgn = 'drgn ' + parts.get('drgn-version', '').strip()
    yield f'{suite}, running: injected', injected(parts)
    yield f'{suite}, running: {drgn}', same(parts, 'drgn', 'btf')
    yield f'{suite}, running: {drgn}, folio', \
        [] if parts.get('drgn-folio', '').strip().isdigit() else [parts.get('drgns', '')[-300:]]
    yield f'{suite}, running: {crash}', same(parts, 'crash-report', 'btf')
    yield f'{suite}, running: {crash}, manners', manners(text)


def main():
    suite, root = sys.argv[1], pathlib.Path(sys.argv[2])
    kernel = KERNELS[suite]
    why = guest.missing(kernel)
    if not why:
        release = (guest.LAB / 'kernels' / kernel / 'release').read_text().strip()
        vmlinux, why = peers.small_vmlinux(release)
    cases = hwp.Cases()
    if why:
        cases.report(f'{suite}, running', [why])
        cases.exit()
    # Beside the root: links go no further than its file system.
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        options = ['-m', '2G', '-drive',
                   f'file={disk(root, vmlinux, pathlib.Path(name))},format=raw,if=virtio']
        with guest.Guest(kernel, SCRIPT, *options, has_hwpoison=False) as vm:
            text = vm.wait(LIMIT) or f'no end: {vm.text()[-300:]} {vm.console()}'
    for line in [x for x in text.splitlines() if x.startswith('--- ')]:
        print(f'# {suite}: {line[4:]}')
    for case, complaints in judge(suite, sections(text)):
        cases.report(case, complaints)
    cases.exit()


main()
