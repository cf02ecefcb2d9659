#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""`--rasdaemon`: rows made of the guest's own log come back beside the lines they are of, what is
not in the log is reported as such, and the database is left as it was."""
import datetime
import hashlib
import os
import pathlib
import re
import sqlite3
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import blocks
import hwp

VALIDATOR = blocks.validator()
ACTION = re.compile(r'\[ *(\d+)\.(\d+)\].*Memory [Ff]ailure: 0x([0-9a-f]+): recovery action for '
                    r'(.+): (\w+)$')
# As ras-record.c makes it of the fields of memory_failure_event.
TABLE = ('CREATE TABLE IF NOT EXISTS memory_failure_event (id INTEGER PRIMARY KEY, timestamp TEXT, '
         'pfn TEXT, page_type TEXT, action_result TEXT)')
INSERT = 'INSERT INTO memory_failure_event VALUES (NULL, ?, ?, ?, ?)'
BOOT = datetime.datetime(2026, 3, 29, 0, 59, 58, tzinfo=datetime.timezone.utc)


def stamp(seconds, zone_minutes=0):
    """As strftime("%Y-%m-%d %H:%M:%S %z") gives it in a zone."""
    zone = datetime.timezone(datetime.timedelta(minutes=zone_minutes))
    return (BOOT + datetime.timedelta(seconds=seconds)).astimezone(zone).strftime(
        '%Y-%m-%d %H:%M:%S %z')


def actions(directory):
    """(seconds, pfn, type, result) of each recovery action, by the guest's own dmesg."""
    found = (ACTION.search(line) for line in (directory / 'dmesg.txt').read_text().splitlines())
    return [(int(m[1]) + int(m[2]) / 1e6, int(m[3], 16), m[4], m[5]) for m in found if m]


def database(path, rows, table=TABLE):
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(table)
    connection.executemany(INSERT, rows)
    connection.commit()
    connection.close()
    return path


def kept_rows(log):
    """Rows, and what each is: a line of the log (its number), or the name of a boot."""
    _, pfn, kind, result = log[0]
    rows = [((stamp(-86400, 60), hex(pfn), kind, result), 'earlier'),
            ((stamp(-3600), '0xfee1', 'huge page', 'Recovered'), 'earlier')]
    for number, (seconds, pfn, kind, result) in enumerate(log):
        if number == 1:
            # rasdaemon was not running yet.
            continue
        # Times an hour apart on the clock: summer time began meanwhile. Words by another number.
        rows.append(((stamp(seconds + 1, 60 if number < 3 else 120), hex(pfn),
                      'different compound page after locking', result), number))
    rows += [((stamp(log[0][0]), '0xfee2', 'unsplit thp', 'Failed'), 'this'),
             ((stamp(log[0][0]), hex(log[0][1]), 'unsplit thp', 'Nonsense'), 'this'),
             ((stamp(9e5), hex(log[0][1]), log[0][2], log[0][3]), 'unknown'),
             (('no time', hex(log[0][1]), log[0][2], log[0][3]), 'unknown')]
    return rows


def joined(directory, work):
    log = actions(directory)
    rows = kept_rows(log)
    path = database(work / 'ras?#% mc.db', [row for row, _ in rows])
    vmcore, wrong = hwp.vmcore_of(directory), []
    report = hwp.Run('events', '--json', '--rasdaemon', path, vmcore).json()
    if VALIDATOR:
        wrong += [e.message[:200] for e in VALIDATOR.iter_errors(report)]
    of_log = [e for e in report['events'] if e['source'] == 'log' and e['kind'] == 'action']
    expected = {number: row_id for row_id, (_, number) in enumerate(rows, 1)
                if isinstance(number, int)}
    for number, (event, line) in enumerate(zip(of_log, log, strict=True)):
        row = event['rasdaemon']
        if (row and row['id']) != expected.get(number):
            wrong.append(f'line {number} goes with {row}, not with row {expected.get(number)}')
        if (event['page_type'], event['result'], event['pfn']) != (line[2], line[3], line[1]):
            wrong.append(f'line {number} is {event}')
        if row and (row['timestamp'], row['boot']) != (rows[row['id'] - 1][0][0], 'this'):
            wrong.append(f'row {row}')
    alone = {e['rasdaemon']['id']: e for e in report['events'] if e['source'] == 'rasdaemon'}
    for row_id, (row, boot) in enumerate(rows, 1):
        if not isinstance(boot, str):
            continue
        event = alone.pop(row_id, None)
        found = event and (event['rasdaemon']['timestamp'], hex(event['pfn']), event['page_type'],
                           event['result'])
        if found != row or event['rasdaemon']['boot'] != boot:
            wrong.append(f'row {row_id} of {boot} boot: {event}')
    wrong += [f'more than the rows: {event}' for event in alone.values()]
    text = hwp.Run('events', '--rasdaemon', path, vmcore).out.decode()
    nr_alone = sum(isinstance(boot, str) for _, boot in rows)
    if f'{len(rows)} rows, {nr_alone} of them not in the log' not in text or '0xfee1' not in text:
        wrong.append('the text does not say so')
    return wrong


def changes_nothing_else(directory, path):
    """Events are joined; states, checks and the verdict do not rest on them. That its types differ is
    an issue of rasdaemon's."""
    vmcore = hwp.vmcore_of(directory)
    plain = hwp.Run('check', '--json', vmcore)
    joined_run = hwp.Run('check', '--json', '--rasdaemon', path, vmcore)
    a, b = plain.json(), joined_run.json()
    a.pop('events'), b.pop('events')
    issues = [issue for issue in b['known_issues'] if issue not in a['known_issues']]
    b['known_issues'] = [issue for issue in b['known_issues'] if issue not in issues]
    if [issue['name'] for issue in issues] != ['rasdaemon-types']:
        return [f'known issues: {issues}']
    return [] if a == b and plain.status == joined_run.status else ['the report is another']


def picture(directory):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in directory.iterdir()}


def untouched(vmcore, work):
    """Neither the database nor what lies beside it changes, with any journal; what is in a
    write-ahead log is read."""
    wrong = []
    for mode in 'delete', 'wal':
        for is_open in False, True:
            folder = work / f'{mode}-{is_open}'
            folder.mkdir()
            connection = sqlite3.connect(folder / 'ras.db')
            connection.execute(f'PRAGMA journal_mode={mode}')
            connection.execute(TABLE)
            connection.execute(INSERT, (stamp(1), '0xfee1', 'huge page', 'Failed'))
            connection.commit()
            if not is_open:
                connection.close()
            before = picture(folder)
            folder.chmod(0o555)
            run = hwp.Run('events', '--json', '--rasdaemon', folder / 'ras.db', vmcore)
            folder.chmod(0o755)
            if picture(folder) != before:
                wrong.append(f'{mode}, open {is_open}: {sorted(before)} are {os.listdir(folder)}')
            if not run.json() or not any(e['pfn'] == 0xfee1 for e in run.json()['events']):
                wrong.append(f'{mode}, open {is_open}: {run.err or "the row is missing"}')
            connection.close()
    return wrong


def many_rows():
    return [(stamp(i), hex(i), 'unsplit thp', 'Failed') for i in range(2000)]


def other_tables(vmcore, work):
    """Rows of the other tables, as ras-record.c makes them; and one that makes no sense."""
    path = database(work / 'ras-all.db', [(stamp(1), 'all', 'x', 'Failed'),
                                          (stamp(2), '0xfee1', 'unsplit thp', 'Failed')])
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT, err_count INTEGER,'
                       ' err_type TEXT, err_msg TEXT, label TEXT, mc INTEGER, top_layer INTEGER,'
                       ' middle_layer INTEGER, lower_layer INTEGER, address INTEGER, grain INTEGER,'
                       ' syndrome INTEGER, driver_detail TEXT)')
    connection.execute('CREATE TABLE mce_record (id INTEGER PRIMARY KEY, timestamp TEXT, status INTEGER,'
                       ' addr INTEGER, error_msg TEXT)')
    connection.execute('CREATE TABLE extlog_event (id INTEGER PRIMARY KEY, timestamp TEXT, etype INTEGER,'
                       ' severity INTEGER, address INTEGER, fru_text TEXT)')
    for row in ((1, 'Corrected', 0x12345040, 'DIMM_A1'), (2, 'Uncorrected', 0x12346040, 'DIMM_B1'),
                (3, 'Corrected', 0, 'DIMM_C1')):
        connection.execute('INSERT INTO mc_event VALUES (?, ?, 1, ?, "memory read error", ?, 0, 0, 0, 0,'
                           ' ?, 6, 0, "")', (row[0], stamp(3), row[1], row[3], row[2]))
    for row in ((1, 0xbd000000000000c0, 0x12347000), (2, 0x9c000000000000c0, 0x12348000),
                (3, 0xb200000000000e0f, 0x13000)):
        connection.execute('INSERT INTO mce_record VALUES (?, ?, ?, ?, "scrub")',
                           (row[0], stamp(4), row[1] - (1 << 64), row[2]))
    connection.execute('INSERT INTO extlog_event VALUES (1, ?, 0, 2, ?, "DIMM_D1")',
                       (stamp(5), 0x12349000))
    connection.commit()
    connection.close()
    run = hwp.Run('events', '--json', '--rasdaemon', path, vmcore)
    report = run.json()
    wrong = [e.message[:200] for e in VALIDATOR.iter_errors(report)] if VALIDATOR else []
    rows = {(e['pfn'], e['kind'], e['module'], e['rasdaemon']['table'])
            for e in report['events'] if e['source'] == 'rasdaemon'}
    expected = {(0xfee1, 'action', None, 'memory_failure_event'),
                (0x12345, 'corrected', 'DIMM_A1', 'mc_event'),
                (0x12346, 'hardware', 'DIMM_B1', 'mc_event'),
                (0x12347, 'machine-check', None, 'mce_record'),
                (0x12348, 'corrected', None, 'mce_record'),
                (0x12349, 'hardware', 'DIMM_D1', 'extlog_event')}
    if rows != expected:
        wrong.append(f'{sorted(map(str, rows ^ expected))}')
    counts = report['rasdaemon']
    if (counts['nr_rows'], counts['nr_bad_rows']) != (6, 1) or "'all' is no pfn" not in counts['bad_row']:
        wrong.append(f'{counts}')
    text = hwp.Run('events', '--rasdaemon', path, vmcore).out.decode()
    if '1 more make no sense (memory_failure_event' not in text or 'DIMM_A1' not in text:
        wrong.append(text[:400])
    return wrong


def refused(vmcore, path, word):
    before = picture(path.parent)
    run = hwp.Run('events', '--rasdaemon', path, vmcore)
    wrong = [] if run.status == 2 and not run.out else [f'status {run.status}']
    if run.err.count('\n') != 1 or word not in run.err or str(path) not in run.err:
        wrong.append(f'it says {run.err!r}')
    if run.cpu_seconds > 20:
        wrong.append(f'{run.cpu_seconds:.1f} s of processors')
    return wrong + ([] if picture(path.parent) == before else ['files changed'])


def bad_databases(cases, vmcore, work):
    folder = work / 'bad'
    folder.mkdir()

    def case(name, word, make):
        path = folder / 'ras.db'
        for old in folder.iterdir():
            old.unlink()
        make(path)
        cases.report(f'refused: {name}', refused(vmcore, path, word))

    def cut(path):
        data = database(path, many_rows()).read_bytes()
        path.write_bytes(data[:len(data) // 2])

    def scribble(path):
        data = bytearray(database(path, many_rows()).read_bytes())
        data[8192:] = b'\xa5' * (len(data) - 8192)
        path.write_bytes(data)

    def without_log(path):
        connection = sqlite3.connect(path)
        connection.execute('PRAGMA journal_mode=wal')
        connection.execute(TABLE)
        connection.commit()
        data, log = path.read_bytes(), pathlib.Path(f'{path}-wal').read_bytes()
        connection.close()
        path.write_bytes(data)
        pathlib.Path(f'{path}-wal').write_bytes(log)

    def endless(path):
        connection = sqlite3.connect(path)
        connection.execute(
            'CREATE VIEW memory_failure_event AS WITH RECURSIVE t(id, timestamp, pfn, page_type, '
            'action_result) AS (SELECT 1, "", "0x1", "", "" UNION ALL SELECT id + 1, timestamp, '
            'pfn, page_type, action_result FROM t) SELECT * FROM t')
        connection.commit()
        connection.close()

    case('no file', 'No such file', lambda path: None)
    case('a text', 'not a database', lambda path: path.write_text('rasdaemon\n' * 1000))
    case('an empty file', 'none of the tables', lambda path: path.write_bytes(b''))
    case('another table', 'none of the tables', lambda path:
         sqlite3.connect(path).execute('CREATE TABLE mc_event (id)').connection.close())
    case('a column less', 'none of the tables', lambda path: sqlite3.connect(path).execute(
        TABLE.replace('pfn TEXT', 'page TEXT')).connection.close())
    case('a cut database', 'malformed', cut)
    case('a scribbled database', 'malformed', scribble)
    case('a log without its index', 'write-ahead log', without_log)
    case('a view without end', 'no end', endless)


def main():
    cases, work = hwp.Cases(), pathlib.Path(tempfile.mkdtemp())
    for directory in hwp.samples():
        cases.report(f'joined: {directory.name}', joined(directory, work))
        cases.report(f'nothing else: {directory.name}',
                     changes_nothing_else(directory, work / 'ras?#% mc.db'))
    vmcore = base.elf_of(hwp.samples()[0], work)
    cases.report('the database is left alone', untouched(vmcore, work))
    cases.report('rows of other tables', other_tables(vmcore, work))
    bad_databases(cases, vmcore, work)
    cases.exit()


if __name__ == '__main__':
    main()
