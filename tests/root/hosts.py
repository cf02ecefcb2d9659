#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside a root of hosts.sh: what this Debian's crash and drgn say of the samples and of the lab's
dumps, with the extension and the module that were built and installed here, is what the program
says of them."""
import json
import pathlib
import platform
import re
import subprocess
import sys

SUITE = sys.argv[1]
TOP = pathlib.Path(__file__).resolve().parents[2]
IS_ARM64 = platform.machine() == 'aarch64'
#: No suite has the vmlinux of the last.
SAMPLES = ('arm64-64k',) if IS_ARM64 else ('6.1-amd64', '6.12-cloud', '7.3-cloud')
DUMPS = pathlib.Path('/dumps')
OPEN = '''
import sys, json, drgn
sys.path.insert(0, '/usr/lib/hwpoison/drgn')
import hwpoison
prog = drgn.Program(drgn.Platform(getattr(drgn.Architecture, sys.argv[1])))
prog.set_core_dump(sys.argv[2])
try:
    prog.load_debug_info(sys.argv[3:])
except drgn.MissingDebugInfoError:
    pass
sys.exit(hwpoison.run(prog, ['check', '--json']))
'''
failures = []


def report(name, wrong):
    print(f'{"not ok" if wrong else "ok"} {SUITE}: {name}{": " if wrong else ""}{wrong or ""}',
          flush=True)
    failures.extend([name] if wrong else [])


def run(*words, stdin='', env=()):
    done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True,
                          text=True, errors='replace', timeout=600, check=False,
                          env={'PATH': '/usr/bin:/bin', 'HOME': '/nonexistent', **dict(env)})
    return done.stdout, done.stderr


def bare(text):
    document = json.loads(text)
    names = document.pop('tool')['providers']
    for key in 'path', 'format':
        document['target'].pop(key)
    return document, (names['memory'], names['types'])


def differs(text, said, plain, names):
    try:
        mine, mine_names = bare(text)
    except ValueError:
        return f'no report: {said[-300:]!r}'
    theirs = bare(plain)[0]
    wrong = [key for key in theirs if theirs[key] != mine.get(key)]
    if mine_names != names:
        wrong.append(f'by {mine_names}')
    return ', '.join(wrong)


def by_drgn(dump, vmlinux, plain):
    arch = 'AARCH64' if IS_ARM64 else 'X86_64'
    ask_drgn(dump, f'{dump.parent.name}, without a vmlinux', [], plain, arch=arch)
    if IS_ARM64:
        return
    for how, words, env, types in (
            ('with its vmlinux', [vmlinux], (), 'btf'),
            ('its own names', [vmlinux], [('HWPOISON_HOST_NAMES', '1')], 'drgn')):
        ask_drgn(dump, f'{dump.parent.name}, {how}', words, plain, types, env)


def ask_drgn(dump, name, words, plain, types='btf', env=(), arch='X86_64'):
    out, err = run('python3', '-c', OPEN, arch, dump, *words, env=env)
    report(f'drgn {version_of_drgn()}, {name}', differs(out, err, plain, ('drgn', types)))


def version_of_drgn():
    return run('python3', '-c', 'import drgn; print(drgn.__version__)')[0].strip()


def by_crash(dump, vmlinux, plain, *options):
    """Whether it can open this dump. An excerpt is too little for a crash that looks around."""
    place = pathlib.Path('/tmp/report')
    place.unlink(missing_ok=True)
    out, err = run('crash', *options, '-s', vmlinux, dump,
                   stdin=f'extend hwpoison.so\nhwpoison -j > {place}\nq\n')
    version = re.search(r'^crash (\S+)', run('crash', '--version')[0], re.M)[1]
    name = ', '.join([f'crash {version}', dump.parent.name, *options])
    if 'extend' not in out + err and 'shared object loaded' not in out + err:
        print(f'# {SUITE}: {name}: crash does not open it: {(out + err).strip()[-100:]!r}')
        return False
    text = place.read_text() if place.exists() else ''
    report(name, differs(text, out + err, plain, ('crash', 'btf')))
    return True


def of_lab(dump):
    """A full dump: KASLR, two nodes, 5-level page tables or arm64, as its row has
    them. Whether crash opens it."""
    plain, err = run('/usr/bin/hwpoison', 'check', '--json', dump)
    release = (dump.parent / 'version.txt').read_text().split()[2]
    report(f'program, {dump.parent.name}', '' if plain else err)
    is_arm = 'arm64' in dump.parent.name
    ask_drgn(dump, dump.parent.name, [], plain, arch='AARCH64' if is_arm else 'X86_64')
    vmlinux = pathlib.Path('/vmlinux') / release / 'vmlinux'
    if is_arm != IS_ARM64:
        return False
    if not vmlinux.exists():
        print(f'# {SUITE}: {dump.parent.name}: crash has no vmlinux of {release}')
        return False
    if is_arm:
        return by_crash(dump, vmlinux, plain, '--minimal')
    by_crash(dump, vmlinux, plain)
    # crash 9.0.2 reads the modules of 7.3 by members that they do not have.
    return by_crash(dump, vmlinux, plain, '--no_modules')


def main():
    nr_opened = 0
    for sample in SAMPLES:
        dump = TOP / 'vmcores/samples' / sample / 'vmcore.kdump'
        release = (dump.parent / 'version.txt').read_text().split()[2]
        vmlinux = pathlib.Path('/vmlinux') / release / 'vmlinux'
        plain, err = run('/usr/bin/hwpoison', 'check', '--json', dump)
        report(f'program, {sample}', '' if plain else err)
        by_drgn(dump, vmlinux, plain)
        if not IS_ARM64:
            nr_opened += by_crash(dump, vmlinux, plain, '--minimal')
    nr_of_lab = 0
    for dump in sorted(DUMPS.glob('*arm64*/vmcore.elf' if IS_ARM64 else '*/vmcore.elf')):
        # That of a kernel that died has no version beside it.
        if (dump.parent / 'version.txt').exists():
            nr_of_lab += of_lab(dump)
    report('crash opens one', '' if (nr_of_lab if IS_ARM64 else nr_opened) else 'none')
    sys.exit(bool(failures))


main()
