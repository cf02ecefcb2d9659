#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1500
"""drgn's libdrgn under the program, and the plugin inside drgn 0.3.0, 0.0.31 and 0.0.22:
the same answer as without them, driven as a user drives drgn."""
import ctypes.util
import json
import os
import pathlib
import pty
import select
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import host_drgn
import hwp
import peers

KDUMP_UTSNAME = 12
UTS_LENGTH = 65
PROMPT = b'>>> '
#: Of forky, trixie and bookworm.
CHECK = ['check', '--json']
#: All is asked of this sample, of the others what may differ between kernels.
FIRST = '7.3-cloud'
DRGNS = host_drgn.DRGN3, host_drgn.DRGN31, host_drgn.DRGN0


def kdump_with_utsname(sample, to):
    """libkdumpfile believes the machine's name only in a full utsname, as makedumpfile writes."""
    data = bytearray(sample.read_bytes())
    for field, text in ((1, b'(none)'), (3, b'#1 SMP')):
        at = KDUMP_UTSNAME + field * UTS_LENGTH
        data[at:at + UTS_LENGTH] = text.ljust(UTS_LENGTH, b'\0')
    to.write_bytes(data)
    return to


def bare(text, path=False):
    """A report without what names the providers, and the path when that is another."""
    document = json.loads(text)
    del document['tool']['providers']
    if path:
        for key in ('path', 'format'):
            del document['target'][key]
    return document


def differences(run, plain, path=False, types='btf'):
    status, out, err = run
    if status != plain.status:
        return [f'exit status {status}, not {plain.status}: {err.decode()[-300:]}']
    mine, theirs = bare(out, path), bare(plain.out, path)
    wrong = [f'{key} differs' for key in theirs if mine.get(key) != theirs[key]]
    providers = json.loads(out)['tool']['providers']
    if providers != {'memory': 'drgn', 'types': types}:
        wrong.append(f'the providers are {providers}')
    return wrong


class Shell:
    """drgn on a terminal, without colours."""

    def __init__(self, *words):
        env = {**os.environ, 'PYTHONPATH': str(host_drgn.PLUGIN_PATH), 'TERM': 'dumb',
               'PYTHON_BASIC_REPL': '1', 'PAGER': 'cat', 'COLUMNS': '200',
               'HOME': tempfile.gettempdir()}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(str(words[0]), [str(word) for word in words], env)
        self.banner = self.read()

    def read(self, seconds=90):
        text, end = b'', time.monotonic() + seconds
        while not text.endswith(PROMPT) and time.monotonic() < end:
            if not select.select([self.fd], [], [], 1)[0]:
                continue
            try:
                text += os.read(self.fd, 65536)
            except OSError:
                break
        return text.decode(errors='replace').replace('\r', '')

    def ask(self, line):
        os.write(self.fd, line.encode() + b'\n')
        return self.read()

    def close(self):
        os.write(self.fd, b'\x04')
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def interactive(cases, path, vmlinux, work):
    shell = Shell(host_drgn.DRGN3 / 'drgn', '-c', path, '-s', vmlinux)
    rows = hwp.words(hwp.Run('list', path).out.decode())
    said = shell.ask('%hwpoison list')
    # Where a page is may go on in the next line.
    lines = [line.split()[:7] for line in hwp.words(said)]
    missing = [row for row in rows if row.startswith('0x') and row.split()[:7] not in lines]
    cases.report('shell: list', [f'no row {row}' for row in missing])
    said = shell.ask('%hwpoison')
    cases.report('shell: no word is check', [] if 'LEAKED' in said else [said[:400]])
    said = shell.ask("%hwpoison list | grep -c '^0x'")
    nr = sum(row.startswith('0x') for row in rows)
    cases.report('shell: pipe', [] if f'\n{nr}\n' in said else [said])
    said = shell.ask('%hwpoison list | head -n 1')
    cases.report('shell: a pipe that ends early',
                 [] if rows[0].split()[0] in said and 'rror' not in said else [said])
    to = work / 'list.txt'
    shell.ask(f'%hwpoison list > {to}')
    # The legend of states is as wide as this terminal.
    same = ' '.join(hwp.words(to.read_text())).split() == ' '.join(rows).split()
    cases.report('shell: redirection', [] if same else ['differs'])
    for name, line, wanted in (
            ('wrong command', '%hwpoison nonsense', "unknown command 'nonsense'"),
            ('options first', '%hwpoison -q list', 'PHYSICAL'),
            ('options before no command', '%hwpoison -q nonsense', "unknown command 'nonsense'"),
            ('wrong option', '%hwpoison check --nonsense', "has no option '--nonsense'"),
            ('unknown pfn', '%hwpoison folio 0xffffffffff', 'has no struct page'),
            ('a target', '%hwpoison check vmcore', 'drgn'),
            ('help', '%hwpoison help folio', 'hwpoison folio [OPTIONS] PFN\n'),
            ('dict', 'import hwpoison; print(hwpoison.report(prog)["verdict"])', 'leaked'),
            ('default program', 'print(hwpoison.report()["verdict"])', 'leaked'),
            ('no report', 'hwpoison.report(prog, "folio", "0xffffffffff")', 'Error: '),
            ('arithmetic', '%hwpoison decompose --base 0x200 --order 4 --poison 0x20d',
             '0x200/3 0x208/2 0x20c/0')):
        said = shell.ask(line)
        wrong = [] if wanted in said else [said[-300:]]
        if name in ('wrong command', 'wrong option', 'unknown pfn', 'a target',
                    'options before no command') and \
                (said.count('hwpoison: ') != 1 or 'Traceback' in said):
            wrong.append(f'not one line: {said}')
        cases.report(f'shell: {name}', wrong)
    shell.close()


#: Symbols and types are drgn's, where otherwise the kernel's own are taken.
DRGN_NAMES = {'HWPOISON_HOST_NAMES': '1'}
INTERRUPT = host_drgn.OPEN + '''
import os, signal, time
import hwpoison
from hwpoison import _session
find = _session._find_member
def press(*words):
    _session._find_member = find
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.5)
    return find(*words)
_session._find_member = press
try:
    hwpoison.run(prog, ['check'])
except KeyboardInterrupt:
    print('pressed')
print(hwpoison.report(prog)['verdict'])
'''


def interrupt(path, vmlinux):
    run = host_drgn.Plugin.script(INTERRUPT, path, vmlinux, env=DRGN_NAMES)
    return [] if (run.out, run.err) == (b'pressed\nleaked\n', b'hwpoison: interrupted\n') else \
        [f'{run.status}: {run.out!r} {run.err.decode()[-300:]}']


#: What a script that was written against the documentation asks for.
OBJECTS = host_drgn.OPEN + '''
import json
import hwpoison
from drgn.helpers.linux.mm import page_to_pfn, pfn_to_virt
def virtual(pfn):
    try:
        return pfn_to_virt(prog, pfn).value_()
    except (LookupError, ValueError, drgn.FaultError):
        return None
def read(value):
    try:
        return value()
    except drgn.FaultError:
        return None
def place(p):
    """What the process and its VMA say of where they are, by drgn: None where it is not known."""
    mm = p.owner and read(lambda: p.owner.mm.value_())
    start, end, first, vm_mm = (p.vma and read(lambda: p.vma.member_(name).value_())
                                for name in ('vm_start', 'vm_end', 'vm_pgoff', 'vm_mm'))
    return [mm and mm == p.mm.value_(), vm_mm and vm_mm == p.mm.value_(),
            start and start <= p.user_address < end]
found = list(hwpoison.for_each_poisoned_page(prog))
check = hwpoison.check(prog)
folios = [hwpoison.folio(f.page) if f.page else hwpoison.folio(prog, f.pfn)
          for f in check.folios]
singles = [hwpoison.poisoned_page(p.page) if p.page else hwpoison.poisoned_page(prog, p.pfn)
           for p in found[:3]]
# An integer of the program's is a pfn, as drgn's own helpers return one.
as_object = hwpoison.poisoned_page(prog, drgn.Object(prog, prog.int_type('unsigned long', 8, False),
                                                     found[0].pfn))
outside = next(pfn for pfn in range(2, 1 << 20) if pfn not in {p.pfn for p in found} and
               not any(f.pfn <= pfn < f.pfn + (1 << f.order) for f in check.folios))
class Writer:
    text = ''
    def write(self, text):
        Writer.text += text
import gc, weakref
writer = Writer()
alive = weakref.ref(writer)
gc.disable()
status = hwpoison.run(prog, 'list --json', out=writer)
del writer
# A report is not kept until the next collection.
assert alive() is None
gc.enable()
assert hwpoison.Error.__module__ == 'hwpoison'
# What a shell prints of an answer is not the report.
assert 'document' not in repr(check) and repr(found[0].state) in repr(check), repr(check)[:300]
try:
    hwpoison.report('x')
except TypeError:
    pass
for wrong in prog, '12':
    try:
        hwpoison.folio(wrong)
        raise AssertionError(f'folio takes {wrong!r}')
    except TypeError:
        pass
def fail(*words):
    raise MemoryError('a test')
from hwpoison import _session
answers, _session._vmcoreinfo_text = _session._vmcoreinfo_text, fail
try:
    hwpoison.report(prog)
    error = None
except MemoryError as e:
    error = str(e)
_session._vmcoreinfo_text = answers
print(json.dumps({
    'pfns': [p.pfn for p in found], 'states': [p.state for p in found],
    'by_page': [page_to_pfn(p.page).value_() if p.page else None for p in found],
    'struct_pages': [p.page.value_() if p.page else None for p in found],
    'virtual': [virtual(p.pfn) for p in found],
    'owners': [p.owner and read(lambda: p.owner.comm.string_().decode()) for p in found],
    'places': [place(p) for p in found],
    'verdict': check.verdict, 'checks': {c.name: c.result for c in check.checks},
    'folios': [(f.pfn, f.order, f.outcome) for f in check.folios],
    'asked': [(f.pfn, f.order, f.outcome) if f else None for f in folios],
    'none': hwpoison.folio(prog, outside) is None and
            hwpoison.poisoned_page(prog, outside) is None,
    'singles': [(p.pfn, p.state) for p in [*singles, as_object]],
    'status': status, 'list': json.loads(Writer.text)['verdict'], 'error': error,
    'version': hwpoison.__version__}))
'''
#: A name that is not the open file's is refused; without one the file is found.
OTHER_CORE = host_drgn.OPEN + '''
import hwpoison
for core in sys.argv[3:]:
    try:
        hwpoison.report(prog, core=core)
    except hwpoison.Error as error:
        print(error)
print(hwpoison.report(prog)['verdict'])
'''
#: The name that drgn opened it by is another dump's now.
RENAMED = host_drgn.OPEN + '''
import os, shutil
import hwpoison
os.rename(sys.argv[1], sys.argv[1] + '.old')
shutil.copy(sys.argv[3], sys.argv[1])
sys.exit(hwpoison.run(prog, ['check', '--json']))
'''
NO_SYMBOLS = '''
import sys
import drgn, hwpoison
prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
prog.set_core_dump(sys.argv[1])
sys.exit(hwpoison.run(prog, ['check', '--json'], core=sys.argv[1]))
'''
NO_KERNEL = '''
import os, drgn, hwpoison
prog = drgn.Program()
prog.set_pid(os.getpid())
try:
    hwpoison.report(prog)
except hwpoison.Error as error:
    print(error)
'''


def errors(cases, path):
    """One line each, and exit status 2."""
    empty = {'HWPOISON_LIBDRGN': '/nonexistent/libdrgn.so'}
    old = next((host_drgn.DRGN0 / 'usr/lib/python3/dist-packages').glob('_drgn.cpython-*.so'))
    program = ['check', '--provider', 'drgn', path]
    for name, run, wanted in (
            ('no libdrgn', host_drgn.Run([hwp.PROGRAM, *program], env=empty), 'libdrgn'),
            ('0.0.22 under the program',
             host_drgn.Run([hwp.PROGRAM, *program], env={'HWPOISON_LIBDRGN': str(old)}),
             # Where its libpython is not installed that is said.
             'hides its C API' if ctypes.util.find_library('python3.11') else 'libpython3'),
            ('no vmlinux', host_drgn.Run([host_drgn.DRGN3 / 'run', hwp.PROGRAM, *program]), '-s'),
            ('a vmlinux that is not there', host_drgn.Run(
                [host_drgn.DRGN3 / 'run', hwp.PROGRAM, *program, '-s', '/nonexistent']),
             '/nonexistent: cannot open: No such file'),
            ('no vmlinux in drgn, and asked for its types',
             host_drgn.Plugin.script(NO_SYMBOLS, path, env=DRGN_NAMES), 'no debug symbols')):
        err = run.err.decode()
        wrong = [] if run.status == 2 else [f'exit status {run.status}']
        if wanted not in err or err.count('\n') != 1 or not err.startswith('hwpoison: '):
            wrong.append(f'stderr: {err!r}')
        cases.report(f'error: {name}', wrong)
    run = host_drgn.Plugin.script(NO_KERNEL)
    cases.report('error: no kernel', [] if b'not a Linux kernel' in run.out else [repr(run.err)])


def no_vmlinux(cases, name, path, plain):
    """What the dump itself has is enough, as it is for the program."""
    for drgn in DRGNS:
        run = host_drgn.Plugin.script(NO_SYMBOLS, path, python=drgn)
        cases.report(f'{name}: {drgn.name}, no vmlinux', differences(run, plain))


def old_drgn(cases, name, path, vmlinux, plain):
    for case, core in (('core', str(path)), ('no core', None)):
        text = host_drgn.OPEN + \
            f'import hwpoison\nsys.exit(hwpoison.run(prog, sys.argv[3:], core={core!r}))\n'
        run = host_drgn.Plugin.script(text, path, vmlinux, 'check', '--json',
                                      python=host_drgn.DRGN0, env=DRGN_NAMES)
        cases.report(f'{name}: drgn 0.0.22, {case}',
                     differences(run, plain, path=not core, types='drgn'))


def objects(cases, drgn, name, path, vmlinux, plain):
    """Python's answers are the report's, and its objects are those pages and processes."""
    report = plain.json()
    run = host_drgn.Plugin.script(OBJECTS, path, vmlinux, python=drgn)
    try:
        found = json.loads(run.out)
    except ValueError:
        cases.report(f'{name}: {drgn.name}, objects', [run.err.decode()[-300:]])
        return
    pfns = [p['pfn'] for p in report['poisoned']]
    folios = [[f['head_pfn'], f['order'], f['outcome']] for f in report['folios']]
    comms = [(p['owner'] or {}).get('comm') for p in report['poisoned']]
    wanted = {'pfns': pfns, 'states': [p['state'] for p in report['poisoned']],
              'verdict': report['verdict'], 'folios': folios, 'asked': folios, 'none': True,
              'singles': [[p['pfn'], p['state']] for p in
                          [*report['poisoned'][:3], report['poisoned'][0]]],
              'checks': {c['name']: c['result'] for c in report['checks']},
              'status': plain.status, 'list': report['verdict'], 'error': 'a test',
              'version': report['tool']['version']}
    wrong = [f'{key}: {found[key]} for {wanted[key]}' for key in wanted
             if found[key] != wanted[key]]
    # drgn 0.0.22 does not read memory of an excerpt by itself.
    wrong += [f'page {p} is {q}' for p, q in zip(pfns, found['by_page'])
              if q != p and (q is not None or drgn is not host_drgn.DRGN0)]
    for row, page, virtual in zip(report['poisoned'], found['struct_pages'], found['virtual']):
        wrong += [f'{row["pfn"]}: {row[key]}, and drgn has {address:#x}' for key, address in
                  (('struct_page_address', page), ('direct_map_address', virtual))
                  if address and row[key] != hex(address)]
    if drgn is not host_drgn.DRGN0 and not any(found['struct_pages']):
        wrong.append('drgn knows no address')
    wrong += [f'owner {q} for {p}' for p, q in zip(comms, found['owners']) if q and q != p]
    wrong += [f'{p:#x}: mm, mm of the VMA, address: {place}'
              for p, place in zip(pfns, found['places']) if False in place]
    if drgn is not host_drgn.DRGN0 and not any(all(place) for place in found['places']):
        wrong.append('no page has a place that drgn knows')
    cases.report(f'{name}: {drgn.name}, objects', wrong)


#: Seconds of processor time that the first call takes, in all threads.
FIRST_CALL = NO_SYMBOLS.replace('sys.exit(', 'before = time.process_time()\n') \
    .replace("core=sys.argv[1]))", "out=io.StringIO())\nprint(time.process_time() - before)") \
    .replace('import sys', 'import io, sys, time')


def first_call(cases, path):
    """It takes at most twice the processor time of the program, the best of three of each."""
    def program():
        before = os.times()
        hwp.Run('check', '--json', path)
        after = os.times()
        return (after.children_user + after.children_system -
                before.children_user - before.children_system)

    theirs = min(program() for _ in range(3))
    for drgn in DRGNS:
        ours = min(float(host_drgn.Plugin.script(FIRST_CALL, path, python=drgn).out)
                   for _ in range(3))
        print(f'# first call in {drgn.name}: {ours:.3f} s, in the program {theirs:.3f} s')
        cases.report(f'{drgn.name}: first call', [] if ours <= 2 * theirs else
                     [f'{ours:.3f} s of processor time, and {theirs:.3f} s in the program'])


def crash_mode(cases, path, vmlinux):
    """%crash hwpoison: pfns are hexadecimal there, and the command returns its exit status."""
    text = host_drgn.OPEN + '''
from drgn.commands import CommandArgumentError, run_command
import hwpoison
pfn = format(hwpoison.check(prog).poisoned[0].pfn, 'x')
print(run_command(prog, f'crash hwpoison folio {pfn}'))
print(run_command(prog, f'hwpoison folio 0x{pfn}'))
for line in 'crash help hwpoison', 'crash hwpoison | head -n 1':
    print(run_command(prog, line))
try:
    run_command(prog, 'hwpoison nonsense')
except CommandArgumentError as error:
    print('argument error:', error)
'''
    run = host_drgn.Plugin.script(text, path, vmlinux, env={'PAGER': 'cat'})
    out = run.out.decode()
    wrong = [f'{run.err.decode()[-300:]}'] if run.status else []
    results = out.count('Result(status=1)')
    if results < 3:
        wrong.append(f'{results} results: {out[-300:]}')
    for word in 'PFN', '--json', 'argument error: ', 'LEAKED':
        if word not in out:
            wrong.append(f'no {word}: {out}')
    cases.report('crash mode', wrong)


def names_of_core(cases, path, plain, work):
    """The file is the one that drgn has open, by no other name."""
    other = next(hwp.vmcore_of(d) for d in hwp.samples() if d.name == 'fix-good')
    for python in DRGNS:
        name = python.name
        run = host_drgn.Plugin.script(OTHER_CORE, path, '', other, '/nonexistent', python=python)
        lines = run.out.decode().splitlines()
        cases.report(f'{name}: a core that is not open', [] if len(lines) == 3 and
                     'this is not the dump that drgn has open' in lines[0] and
                     lines[1].startswith('/nonexistent: ') and lines[2] == 'leaked' else
                     [f'{lines} {run.err.decode()[-300:]}'])
        copy = work / f'renamed-{name}'
        copy.write_bytes(pathlib.Path(path).read_bytes())
        run = host_drgn.Plugin.script(RENAMED, copy, '', other, python=python)
        cases.report(f'{name}: renamed', differences(run, plain, path=True))


def by_its_names(cases, name, path, vmlinux, plain):
    """With its own types and symbols. 0.0.31 does not say which file it has open."""
    for drgn in host_drgn.DRGN3, host_drgn.DRGN31:
        cases.report(f'{name}: {drgn.name}, plugin with its own names', differences(
            host_drgn.Plugin.run(path, vmlinux, CHECK, DRGN_NAMES, drgn), plain,
            path=drgn is host_drgn.DRGN31, types='drgn'))


def program_and_plugin(cases, name, path, vmlinux, plain):
    """What does not depend on the kernel."""
    for drgn in host_drgn.DRGN3, host_drgn.DRGN31:
        cases.report(f'{name}: {drgn.name}, program', differences(
            host_drgn.Program.run(path, vmlinux, CHECK, drgn), plain, types='drgn'))
        cases.report(f'{name}: {drgn.name}, plugin', differences(
            host_drgn.Plugin.run(path, vmlinux, CHECK, drgn=drgn), plain,
            path=drgn is host_drgn.DRGN31))
    cases.report(f'{name}: memory by drgn alone', differences(
        host_drgn.Plugin.run(path, vmlinux, CHECK, {'HWPOISON_READMEM': '1'}), plain, path=True))


def sample(cases, directory, work):
    path = hwp.vmcore_of(directory)
    plain = hwp.Run('check', '--json', path)
    vmlinux, why = peers.vmlinux(plain.json()['kernel']['release'], path)
    if why:
        print(f'skip {directory.name}: {why}', flush=True)
        return
    named = kdump_with_utsname(path, work / 'vmcore')
    named_plain = hwp.Run('check', '--json', named)
    is_first = directory.name == FIRST
    by_its_names(cases, directory.name, path, vmlinux, plain)
    old_drgn(cases, directory.name, named, vmlinux, named_plain)
    no_vmlinux(cases, directory.name, named, named_plain)
    for drgn in DRGNS if is_first else DRGNS[:1]:
        objects(cases, drgn, directory.name, named, vmlinux, named_plain)
    if is_first:
        program_and_plugin(cases, directory.name, path, vmlinux, plain)
        interactive(cases, named, vmlinux, work)
        cases.report('interrupt', interrupt(path, vmlinux))
        errors(cases, path)
        first_call(cases, path)
        crash_mode(cases, named, vmlinux)
        names_of_core(cases, named, named_plain, work)


def arm64(cases):
    """Pages of 64 KiB. Nothing is asked of a vmlinux, which no suite has of this kernel."""
    path = hwp.vmcore_of(hwp.TOP / 'vmcores' / 'samples' / 'arm64-64k')
    plain = hwp.Run('check', '--json', path)

    def by(drgn, how, env=None):
        run = host_drgn.Plugin.run(path, None, CHECK, env, drgn, host_drgn.OPEN_ARM64)
        cases.report(f'arm64-64k: {drgn.name}, {how}', differences(run, plain, path=True))

    for drgn in DRGNS:
        by(drgn, 'plugin')
    # drgn 0.0.22 does not read memory of an excerpt by itself.
    for drgn in host_drgn.DRGN3, host_drgn.DRGN31:
        by(drgn, 'memory by drgn alone', {'HWPOISON_READMEM': '1'})


def main():
    why = host_drgn.missing()
    if why:
        print(why)
        sys.exit(77)
    cases = hwp.Cases()
    for directory in hwp.samples():
        with tempfile.TemporaryDirectory() as work:
            sample(cases, directory, pathlib.Path(work))
    arm64(cases)
    cases.exit()


if __name__ == '__main__':
    main()
