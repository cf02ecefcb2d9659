#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A dump is read by a child without rights: its death is one line and status 2."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

HERE = pathlib.Path(__file__).resolve().parent
DUMP = hwp.vmcore_of(hwp.SAMPLES / '7.3-cloud')
LIMIT = 120


def build(work):
    library = work / 'die.so'
    subprocess.run([*os.environ.get('CC', 'cc').split(), '-shared', '-fPIC', '-O1', '-o', library,
                    HERE / 'die.c', '-ldl'], check=True)
    return library


class Lab:
    def __init__(self, work):
        self.work = work
        self.library = build(work)

    def environment(self, **more):
        return {**os.environ, 'LD_PRELOAD': str(self.library), **more}

    def run(self, *arguments, cpu=None, **environment):
        def bound():
            if cpu:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))

        return subprocess.run([hwp.PROGRAM, *map(str, arguments)], env=self.environment(**environment),
                              capture_output=True, text=True, timeout=LIMIT, check=False,
                              stdin=subprocess.DEVNULL, preexec_fn=bound)

    def start(self, **environment):
        return subprocess.Popen([hwp.PROGRAM, 'check', DUMP], env=self.environment(**environment),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)


def same_answer(cases):
    for command in (('check', '--json'), ('check',), ('list',), ('freelist',), ('layout',),
                    ('events',)):
        outs = []
        for confine in ('yes', 'no'):
            done = subprocess.run([hwp.PROGRAM, *command, DUMP], capture_output=True, check=False,
                                  env={**os.environ, 'HWPOISON_CONFINE': confine}, timeout=LIMIT)
            outs.append((done.returncode, done.stdout, done.stderr))
        cases.report(f'{" ".join(command)}: the same answer', [] if outs[0] == outs[1] else
                   [f'{[(o[0], len(o[1]), o[2][:80]) for o in outs]}'])


def one_line(done, *words):
    lines = done.stderr.splitlines()
    wrong = []
    if done.returncode != 2:
        wrong.append(f'exit status {done.returncode}')
    if len(lines) != 1 or not lines[0].startswith(f'hwpoison: {DUMP}: '):
        wrong.append(f'stderr {done.stderr[:300]!r}')
    wrong += [f'no {word!r} in {done.stderr[:300]!r}' for word in words if word not in done.stderr]
    return wrong


def deaths(cases, lab):
    for how, words in {'segv': ('signal 11',), 'bus': ('signal 7',), 'abort': ('signal 6',),
                       'killed': ('SIGKILL',), 'exec': ('SIGSYS',)}.items():
        for at in ('HWP_DIE', 'HWP_DIE_AT_END'):
            done = lab.run('check', DUMP, **{at: how})
            wrong = one_line(done, *words)
            if done.stdout:
                wrong.append(f'a report of {len(done.stdout)} bytes')
            cases.report(f'{how}{" at the end" if "END" in at else ""}', wrong)
    done = lab.run('check', '--json', DUMP, HWP_DIE='segv')
    cases.report('segv with --json', one_line(done) +
               ([] if '"hwpoison.error/1"' in done.stdout else [f'no JSON: {done.stdout[:200]!r}']))
    done = lab.run('check', DUMP, cpu=2, HWP_DIE='spin')
    cases.report('too much time', one_line(done, 'more than 2 s of processor time') +
               ([f'{len(done.stdout)} bytes'] if done.stdout else []))


def metrics(cases, lab):
    """Who died has no metrics: up is 0, in the file and on standard output."""
    path = lab.work / 'x.prom'
    done = lab.run('metrics', '-o', path, DUMP)
    good = path.read_text() if path.exists() else ''
    cases.report('metrics -o', [] if done.returncode == 1 and 'hwpoison_up 1' in good and
               not done.stdout else [f'exit status {done.returncode}, {done.stderr}, {good[:200]!r}'])
    done = lab.run('metrics', '-o', path, DUMP, HWP_DIE='segv')
    cases.report('metrics -o, dead', one_line(done) +
               ([] if 'hwpoison_up 0' in path.read_text() else ['not down']))
    done = lab.run('metrics', DUMP, HWP_DIE='segv')
    cases.report('metrics, dead', one_line(done) +
               ([] if 'hwpoison_up 0' in done.stdout else [f'{done.stdout[:200]!r}']))
    left = [p.name for p in lab.work.iterdir() if p.name.startswith('x.prom.')]
    cases.report('no temporary file is left', left)


def child_of(process):
    path = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children')
    for _ in range(600):
        children = path.read_text().split()
        for child in children:
            status = pathlib.Path(f'/proc/{child}/status').read_text()
            if '\nState:\tT' in status:
                return int(child), dict(line.split(':', 1) for line in status.splitlines())
        time.sleep(0.1)
    return None, None


def is_gone(pid):
    for _ in range(100):
        try:
            if pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] == 'Z':
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def rights(cases, lab):
    process = lab.start(HWP_DIE='stop')
    child, status = child_of(process)
    if not child:
        cases.report('the child has no rights', ['no child stopped'])
        process.kill()
        return
    wrong = [f'{name}:{status[name]}' for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')
             if int(status[name], 16)]
    wrong += [f'{name}:{status[name]}' for name, value in (('NoNewPrivs', '1'), ('Seccomp', '2'))
              if status[name].strip() != value]
    cases.report('the child has no rights', wrong)
    limits = pathlib.Path(f'/proc/{child}/limits').read_text()
    bounds = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    size = DUMP.stat().st_size
    wrong = [f'{name}: {bounds[name]}' for name, most in (('Max address space', 16 << 30),
                                                          ('Max data size', (2 << 30) + 2 * size),
                                                          ('Max cpu time', 60 + (size >> 20)),
                                                          ('Max core file size', 0))
             if bounds[name] == 'unlimited' or int(bounds[name]) > most]
    cases.report('the child has a budget', wrong)
    process.kill()
    cases.report('the child dies with its parent', [] if is_gone(child) else ['it lives'])
    process.communicate()
    process = lab.start(HWP_DIE='stop')
    child, _ = child_of(process)
    os.killpg(process.pid, signal.SIGCONT)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT)
    cases.report('Ctrl-C ends both', [] if process.returncode == -signal.SIGINT and is_gone(child) and
               not out and not err else [f'status {process.returncode}, {out[:80]!r}, {err[:80]!r}'])


def filtered(cases, lab):
    done = lab.run('check', DUMP, HWP_DIE='try')
    lines = [line for line in done.stdout.splitlines()[:11]]
    wrong = [line for line in lines if not line.endswith(('refused', 'allowed'))]
    if len([line for line in lines if line.endswith('refused')]) != 10:
        wrong.append(f'{lines}')
    cases.report('the filter refuses what reads nothing', wrong)


def memory(cases, lab):
    began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = lab.run('check', DUMP, HWP_DIE='memory')
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    cases.report('allocations end at the budget', [] if done.returncode == 2 and not done.stdout and
               max(used, began) < 1 << 20 else
               [f'exit status {done.returncode}, {done.stderr[:200]}, {used} KiB'])


def foreign_file(cases, lab):
    """Root reads another user's file, and the child does so without root's rights."""
    if os.geteuid() != 0:
        return
    path = lab.work / 'foreign'
    shutil.copyfile(DUMP, path)
    os.chown(path, 65534, 65534)
    path.chmod(0o600)
    done = lab.run('check', path)
    cases.report("another user's file", [] if done.returncode == 1 and done.stdout else
               [f'exit status {done.returncode}: {done.stderr}'])


def main():
    cases = hwp.Cases()
    if os.environ.get('SAN'):
        cases.skip('confinement', f'built with SAN={os.environ["SAN"]}')
        cases.exit()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        lab = Lab(work)
        same_answer(cases)
        deaths(cases, lab)
        metrics(cases, lab)
        rights(cases, lab)
        filtered(cases, lab)
        memory(cases, lab)
        foreign_file(cases, lab)
    cases.exit()


if __name__ == '__main__':
    main()
