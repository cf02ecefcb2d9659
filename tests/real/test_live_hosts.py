#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1800
"""crash and drgn on the kernel that runs: in a guest with poisoned pages, what the extension,
the plugin and `--provider drgn` say is what the program says there, and what was injected.

One guest for all three, for emulation makes minutes of what takes seconds: how memory is read does
not depend on the kernel (test_lab reads each kernel live), and the hosts' symbols and types are
those that test_crash, test_drgn and test_same_answer compare on dumps of all three. A second disk
has the hosts and a small vmlinux.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import guest
import host_crash
import host_drgn
import hwp
import live
import peers
from live_hosts import POISON, injected, same, sections

KERNEL = '7.3-cloud'
MEMORY = '2G'
LIMIT = 900

SCRIPT = '''
mkdir -p /disk /mnt/tmp /usr/bin
mount -t ext4 -o ro /dev/vda /disk
# crash asks it for what /proc/version says.
ln -s /bin/busybox /usr/bin/strings
''' + POISON + '''
section program hwpoison check --json --quiet
section quick hwpoison check --json --quick --quiet
section layout hwpoison layout --json --quiet
'''

CRASH = '''
cat >/tmp/commands <<'EOF'
extend /disk/hwpoison.so
hwpoison check -j > /tmp/check
hwpoison layout -j > /tmp/layout
hwpoison check -j --quick > /tmp/quick
hwpoison list | grep -c "^0x.*taken-off"
hwpoison folio HUGE
hwpoison nonsense
hwpoison check -k
extend -u /disk/hwpoison.so
hwpoison list
q
EOF
sed -i "s/HUGE/$(printf %x $huge)/" /tmp/commands
section crash sh -c '/disk/crash9/crash --no_modules -s /disk/vmlinux </tmp/commands'
for report in check layout quick; do section crash-$report cat /tmp/$report; done
'''

PLUGIN = '''
cat >/tmp/ask.py <<'EOF'
import json, drgn, hwpoison
prog = drgn.Program()
prog.set_kernel()
prog.load_debug_info(['/disk/vmlinux'])
print('=== plugin')
print(json.dumps(hwpoison.report(prog)))
print('=== plugin-list', flush=True)
print(hwpoison.run(prog, ['list']))
print('=== plugin-quick')
print(json.dumps(hwpoison.report(prog, 'check', '--quick')))
EOF
PYTHONPATH=/disk/plugin LD_PRELOAD=/disk/reads.so section plugins /disk/drgn3/python /tmp/ask.py
section plugin-reads sh -c 'sort /mnt/tmp/reads.txt | uniq -c'
'''

PROGRAM = '''
LD_PRELOAD=/disk/reads.so section drgn /disk/drgn3/run /disk/hwpoison check --json --quiet \\
	--provider drgn -s /disk/vmlinux
section reads sh -c 'sort /mnt/tmp/reads.txt | uniq -c'
'''


def disk(work, vmlinux):
    """An ext4 image with all that the hosts need."""
    stage = work / 'disk'
    stage.mkdir()
    for tree in 'crash9', 'drgn3':
        shutil.copytree(peers.PEERS / tree, stage / tree, symlinks=True)
    shutil.copytree(host_drgn.PLUGIN_PATH, stage / 'plugin')
    shutil.copy(host_crash.EXTENSION, stage)
    shutil.copy(hwp.PROGRAM, stage)
    shutil.copy(vmlinux, stage / 'vmlinux')
    subprocess.run(['gcc', '-O2', '-shared', '-fPIC', '-o', stage / 'reads.so',
                    hwp.TOP / 'vmcores/trace/reads.c'], check=True)
    used = int(subprocess.run(['du', '-sk', stage], capture_output=True, text=True,
                              check=True).stdout.split()[0])
    image = work / 'image'
    mke2fs = shutil.which('mke2fs', path=f'{os.environ["PATH"]}:/sbin:/usr/sbin')
    subprocess.run([mke2fs, '-q', '-t', 'ext4', '-O', '^has_journal', '-d', stage, image,
                    f'{used * 11 // 10 + 32768}k'], stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(stage)
    return image


def same_layout(parts):
    """Each offset inside crash is the program's."""
    try:
        rows = [{row['name']: {**row, 'source': None} for row in json.loads(parts[name])['layout']}
                for name in ('layout', 'crash-layout')]
    except (KeyError, ValueError):
        return [f'no layout: {parts.get("crash-layout", "")[:300]}']
    return [f'{name}: {rows[1].get(name)} for {rows[0].get(name)}'
            for name in rows[0].keys() | rows[1].keys() if rows[0].get(name) != rows[1].get(name)]


def manners(parts):
    text = parts.get('crash', '')
    return [f'no {wanted!r}: {text[-600:]!r}' for wanted in
            (r'shared object loaded', r'^1$', r'order 9', r"unknown command 'nonsense'",
             r"'check' has no option '-k'", r'shared object unloaded',
             r'command not found: hwpoison') if not re.search(wanted, text, re.M)]


def reads(parts, name, work):
    """What was read is the kernel's own; drgn's own reads, when it opens a program, are in it.
    What is no page of RAM there are modules and the kernel's image."""
    rows = re.findall(r'^ *(\d+) (read .*\n)', parts.get(name, ''), re.M)
    (work / 'reads.txt').write_text(''.join(line * int(count) for count, line in rows))
    return live.compare_reads(work)


def judge(parts, work):
    yield 'injected', injected(parts)
    yield 'drgn program', same(parts, 'drgn', 'drgn')
    yield 'drgn program: reads', reads(parts, 'reads', work)
    yield 'drgn plugin', same(parts, 'plugin', 'btf')
    yield 'drgn plugin: --quick', same(parts, 'plugin-quick', 'btf', 'quick')
    yield 'drgn plugin: reads', reads(parts, 'plugin-reads', work)
    listed = parts.get('plugin-list', '')
    yield 'drgn plugin: list', [] if re.search(r'^PFN .*\n(.*\n)+0$', listed, re.M) else \
        [listed[:300]]
    yield 'crash 9.0.2', same(parts, 'crash-check', 'btf')
    yield 'crash 9.0.2: --quick', same(parts, 'crash-quick', 'btf', 'quick')
    yield 'crash 9.0.2: layout', same_layout(parts)
    yield 'crash 9.0.2: manners', manners(parts)


def look(work, vmlinux):
    """What the guest printed."""
    options = ['-m', MEMORY, '-drive',
               f'file={disk(work, vmlinux)},format=raw,if=virtio,readonly=on']
    with guest.Guest(KERNEL, SCRIPT + PROGRAM + PLUGIN + CRASH, *options) as vm:
        text, console = vm.wait(LIMIT), vm.console()
        return text or f'no end: {vm.text()[-300:]} {console}'


def find_vmlinux():
    """(path, None), or (None, why nothing can be tried here)."""
    why = host_drgn.missing() or host_crash.find(9)[1] or guest.missing(KERNEL)
    if why:
        return None, why
    return peers.small_vmlinux((guest.LAB / 'kernels' / KERNEL / 'release').read_text().strip())


def main():
    vmlinux, why = find_vmlinux()
    if why:
        print(why)
        sys.exit(77)
    cases = hwp.Cases()
    with tempfile.TemporaryDirectory() as work:
        text = look(pathlib.Path(work), vmlinux)
        for line in re.findall(r'^--- (.*)$', text, re.M):
            print(f'# {line}')
        for name, complaints in judge(sections(text), pathlib.Path(work)):
            cases.report(name, complaints)
    cases.exit()


main()
