#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 400
"""Everything that --json prints is what the JSON Schema describes."""
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp

SCHEMA = pathlib.Path(hwp.PROGRAM).with_name('hwpoison.report.1.schema.json')
ON_DUMPS = ('check', 'list', 'freelist', 'layout')


def once(pairs):
    """An object whose keys are all different, which json.loads does not ask for."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError('a key stands twice')
    return found


def complaints(validator, run, name):
    """What the schema says of a document, and whether it is the document asked for."""
    try:
        document = json.loads(run.out.decode('utf-8'), object_pairs_hook=once)
    except ValueError as error:
        return [f'exit status {run.status}, no JSON: {error}']
    wrong = [] if document.get('schema') == name else [f'schema is {document.get("schema")}']
    for error in validator.iter_errors(document):
        wrong.append(f'{"/".join(map(str, error.absolute_path))}: {error.message[:200]}')
    return wrong


def forbids(validator, document):
    """The schema is strict: a report with a word too much, or one short, is none."""
    wrong = []
    for path in (('verdict',), ('coverage', 'ratio'), ('poisoned', 0, 'state'),
                 ('checks', 0, 'result'), ('log', 'state'),
                 ('events', 0, 'caller_pid')):
        copy = json.loads(json.dumps(document))
        parent = copy
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        if validator.is_valid(copy):
            wrong.append(f'a report without {path} is valid')
        parent[path[-1]] = 'nonsense'
        if validator.is_valid(copy):
            wrong.append(f'a report with {path} "nonsense" is valid')
    return wrong


def manual(document):
    """The man page lists each state with its class, and each verdict."""
    page = pathlib.Path(hwp.PROGRAM).with_name('hwpoison.8').read_text().replace('\\-', '-')
    wrong = [f'no state {state}' for state in document['summary']['by_state']
             if not re.search(rf'^\.BR {state} " \([a-z]+\)"$', page, re.MULTILINE)]
    wrong += [f'{page_of["state"]} is not of class {page_of["class"]}'
              for page_of in document['poisoned']
              if f'.BR {page_of["state"]} " ({page_of["class"]})"\n' not in page]
    if f'\n.B {document["verdict"]}\n' not in page:
        wrong.append(f'no verdict {document["verdict"]}')
    return wrong


def sources(schema):
    """Each provider of symbols or types, of a host too, is a source that `layout` may name."""
    names, listed = set(), set()
    for path in (*hwp.TOP.glob('lib/**/*.c'), *hwp.TOP.glob('ext/**/*.c')):
        text = path.read_text()
        defined = dict(re.findall(r'^#define (\w+) ("[^"]+")$', text, re.M))
        for ops in re.findall(r'^static const struct hwp_provider_ops \w+ = \{(.*?)^\};', text,
                              re.M | re.S):
            if re.search(r'\.(symbols|member) =', ops):
                name = re.search(r'\.name = (.*),', ops)[1]
                names.add(defined.get(name, name).strip('"'))

    def find(node):
        if isinstance(node, dict):
            source = node.get('properties', {}).get('source', {}).get('enum', [])
            listed.update(source if 'vmcoreinfo' in source else [])
            node = [*node.values()]
        for part in node if isinstance(node, list) else []:
            find(part)

    find(schema)
    missing = sorted(names - listed)
    return [f'not in the schema: {missing}'] if missing or len(names) < 2 else []


def main():
    cases = hwp.Cases()
    try:
        import jsonschema
    except ImportError:
        print('no python3-jsonschema; `sh tests/setup.sh test` installs it')
        sys.exit(77)
    schema = json.loads(SCHEMA.read_text())
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)

    cases.report('sources', sources(schema))
    cases.report('samples', [] if hwp.all_samples() else [f'no sample in {hwp.SAMPLES}'])
    for directory in hwp.all_samples():
        for command in ON_DUMPS:
            run = hwp.Run(command, '--json', hwp.vmcore_of(directory))
            wrong = complaints(validator, run, 'hwpoison.report/1')
            if command == 'check' and not wrong:
                wrong = forbids(validator, run.json()) + manual(run.json())
            cases.report(f'{directory.name} {command}', wrong)
    cases.report('version', complaints(validator, hwp.Run('version', '--json'),
                                       'hwpoison.version/1'))
    cases.report('help', complaints(validator, hwp.Run('help', '--json'), 'hwpoison.help/1'))
    for word in [(), ('leaked',), ('counted-again',)]:
        cases.report(f'explain {word}', complaints(
            validator, hwp.Run('explain', '--json', *word), 'hwpoison.explain/1'))
    errors(validator, cases)
    cases.exit()


def errors(validator, cases):
    """An error is a document as well, and a line on stderr that says the same."""
    with tempfile.TemporaryDirectory() as work:
        text = pathlib.Path(work) / 'text "quoted"\\ \u20ac \n line'
        text.write_text('not a dump\n')
        bytes_name = (work + '/\udcff\udcfe').encode('utf-8', 'surrogateescape')
        for name, arguments in {
                'no file': ('check', '--json', work + '/nothing'),
                'no dump': ('check', '--json', text),
                'no UTF-8': ('check', '--json', bytes_name.decode('utf-8', 'surrogateescape')),
                'bad option': ('check', '--json', '--nonsense'),
                'no command': ('nonsense', '--json')}.items():
            run = hwp.Run(*arguments)
            wrong = complaints(validator, run, 'hwpoison.error/1')
            if run.status != 2:
                wrong.append(f'exit status {run.status}')
            if len(re.findall('\n', run.err)) != 1:
                wrong.append(f'not one line on stderr: {run.err!r}')
            cases.report(f'error: {name}', wrong)
        # The kernel that runs the tests: a report, or why there can be none. It is read at
        # idle priority, which on a busy machine takes long.
        run = hwp.Run('check', '--json', limit=240)
        is_report = (run.json() or {}).get('schema') == 'hwpoison.report/1'
        cases.report('the running kernel', complaints(
            validator, run, 'hwpoison.report/1' if is_report else 'hwpoison.error/1'))


if __name__ == '__main__':
    main()
