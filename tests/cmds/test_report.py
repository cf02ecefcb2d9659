#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`report`: one page that holds what `check --json` holds, is well-formed, and loads nothing."""
import hashlib
import html.parser
import pathlib
import re
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

CASES = hwp.Cases()
VOID = ('meta',)


class Page(html.parser.HTMLParser):
    """Elements that do not match, and all that would be loaded or run."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.words, self.tables = [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += [f'not closed: {self.open}'] if self.open else []
        self.text = ' '.join(' '.join(self.words).split())

    def handle_starttag(self, tag, attrs):
        if tag in ('script', 'link', 'img', 'iframe', 'object', 'base', 'form', 'a'):
            self.wrong.append(f'<{tag}>')
        self.wrong += [f'{name} of <{tag}>' for name, _ in attrs
                       if name in ('src', 'href', 'srcset') or name.startswith('on')]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f'</{tag}>')

    def handle_data(self, data):
        if self.open and self.open[-1] == 'style':
            self.wrong += [f'{word} in the style' for word in ('url(', '@import') if word in data]
        else:
            self.words.append(data)


def check_sample(directory, where):
    dump = hwp.vmcore_of(directory)
    path = where / f'{directory.name}.html'
    run = hwp.Run('report', '-o', path, dump)
    report = hwp.Run('check', '--json', dump)
    page = Page(path.read_text(encoding='utf-8'))
    document = report.json()
    complaints = page.wrong
    if run.out or run.err or run.status != report.status:
        complaints.append(f'status {run.status}, not {report.status}: {run.err}')
    for poisoned in document['poisoned']:
        row = f'0x{poisoned["pfn"]:x} {poisoned["phys"]} '
        complaints += [] if row in page.text else [f'no page {row}']
        complaints += [f'no sentence {sentence!r}' for sentence in poisoned['evidence']
                       if ' '.join(sentence.split()) not in page.text]
    complaints += [f'no check {check["name"]}' for check in document['checks']
                   if f'{check["result"]} {check["name"]}' not in page.text]
    complaints += [f'no line {event["text"]!r}' for event in document['events']
                   if 'text' in event and ' '.join(event['text'].split()) not in page.text]
    if document['kernel']['release'] not in page.text:
        complaints.append('no release')
    CASES.report(directory.name, complaints)


def check_ways(where):
    """To a file and to standard output, the same; what cannot be written, and what is no dump."""
    dump = hwp.vmcore_of(hwp.SAMPLES / '6.12-cloud')
    path = where / 'page.html'
    path.write_text('before')
    path.chmod(0o600)
    hwp.Run('report', '--output', path, dump)
    printed = hwp.Run('report', dump)
    same = [re.sub(r'(Command|Written)</span><span>[^<]*', '', text)
            for text in (path.read_text(), printed.out.decode())]
    CASES.report('to a file and to standard output', [] if same[0] == same[1] else ['not the same'])
    CASES.report('a file that all may read',
                 [] if stat.S_IMODE(path.stat().st_mode) == 0o644 else [oct(path.stat().st_mode)])
    run = hwp.Run('report', '-o', where / 'absent' / 'page.html', dump)
    CASES.report('a directory that is not there',
                 [] if run.status == 2 and run.err.count('\n') == 1 else [run.err])
    (where / 'text').write_text('hello')
    path.write_text('before')
    run = hwp.Run('report', '-o', path, where / 'text')
    CASES.report('no dump: the file stays', [] if run.status == 2 and not run.out and
                 path.read_text() == 'before' else [run.err])
    run = hwp.Run('report', '--json', dump)
    CASES.report('no JSON', [] if run.status == 2 and '--json' in run.err else [run.err])


def check_command(where):
    """The command line can be pasted into a shell."""
    dump = where / "a dump's <name>"
    dump.symlink_to(hwp.vmcore_of(hwp.SAMPLES / 'fix-good'))
    page = Page(hwp.Run('report', '--threads=1', dump).out.decode())
    command = re.search(r"hwpoison report --threads=1 .*?name>'", page.text)
    words = command and subprocess.run(['sh', '-c', f'printf "%s\\n" {command.group()}'],
                                       stdout=subprocess.PIPE, text=True, check=True).stdout
    CASES.report('the command line', page.wrong if words and words.splitlines() ==
                 ['hwpoison', 'report', '--threads=1', str(dump)] else [page.text[:400]])


def variables(style):
    """The colours of a :root{}, by name."""
    root = re.search(r':root\{([^}]*)\}', style)
    return dict(re.findall(r'--([a-z-]+):(#[0-9a-f]+)', root.group(1))) if root else {}


def contrast(one, other):
    """WCAG 2.1's contrast ratio of two colours, #rgb or #rrggbb."""
    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else ''.join(2 * c for c in colour[1:])
        parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def check_colours():
    """By day, by night and on paper text can be read: 4.5 or more on whatever is behind it."""
    page = hwp.Run('report', hwp.vmcore_of(hwp.SAMPLES / 'fix-1')).out.decode()
    style = re.search(r'<style>(.*?)</style>', page, re.S).group(1)
    day, night, paper = re.split(r'@media (?:screen and \(prefers-color-scheme:dark\)|print)', style)
    light = variables(day)
    used = set(re.findall(r'[{;]color:var\(--([a-z-]+)\)', style))
    behind = set(re.findall(r'background:var\(--([a-z-]+)\)', style))
    unknown = set(re.findall(r'var\(--([a-z-]+)\)', style)) - set(light)
    wrong = [f'no --{name}' for name in unknown]
    if not {'text', 'dim', 'bad', 'warn', 'good', 'info'} <= used or not {'back', 'soft'} <= behind:
        wrong.append(f'{used} on {behind}')
    for name, media in (('day', {}), ('night', variables(night)), ('paper', variables(paper))):
        colours = light | media
        wrong += [f'{name}: {fore} on {back}: {contrast(colours[fore], colours[back]):.2f}'
                  for fore in used for back in behind if contrast(colours[fore], colours[back]) < 4.5]
    # Classes are written by one file and coloured by another.
    missing = set(re.findall(r'class="(m-[a-z]+)"', page)) - set(re.findall(r'\.(m-[a-z]+)\{', style))
    CASES.report('colours', wrong + [f'no colour for {name}' for name in missing])


def check_digest(where):
    """The file's SHA-256 as Python computes it, and only on request; no file, none."""
    dump = hwp.vmcore_of(hwp.SAMPLES / '6.12-cloud')
    data = dump.read_bytes()
    words = f'Size {len(data)} bytes'
    with_digest = f'{words} SHA-256 {hashlib.sha256(data).hexdigest()} Written'
    pages = [Page(hwp.Run('report', *options, dump).out.decode()).text
             for options in (['--sha256'], [])]
    CASES.report('SHA-256', [page[:600] for page, wanted in zip(pages, (with_digest, f'{words} Written'))
                             if wanted not in page])
    for name, *options in (('running kernel', '-k'), ('guest', '--qemu', where / 'qmp')):
        run = hwp.Run('report', '--sha256', *options)
        CASES.report(f'SHA-256 of a {name}', [] if run.status == 2 and not run.out and
                     '--sha256 is for a dump' in run.err else [run.err])


def main():
    with tempfile.TemporaryDirectory() as work:
        where = pathlib.Path(work)
        for directory in hwp.samples():
            check_sample(directory, where)
        check_ways(where)
        check_command(where)
        check_digest(where)
        check_colours()
    CASES.exit()


main()
