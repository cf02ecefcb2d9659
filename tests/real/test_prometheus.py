#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""Metrics and alert rules in Debian's own promtool, prometheus and prometheus-node-exporter, on
loopback: what is scraped, queried and alerted is what `check --json` says."""
import contextlib
import functools
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import base
import hwp
import peers

PEER = peers.PEERS / 'prometheus'
TOOLS = PEER / 'usr' / 'bin'
RULES = hwp.TOP / 'ext' / 'prometheus' / 'hwpoison.rules.yml'
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CONFIG = '''
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [ {rules} ]
scrape_configs:
  - job_name: node
    static_configs: [ {{ targets: [ "127.0.0.1:{node}" ] }} ]
  - job_name: openmetrics
    static_configs: [ {{ targets: [ "127.0.0.1:{openmetrics}" ] }} ]
'''


def promtool(*args, stdin=None):
    """What promtool complains about."""
    done = subprocess.run([TOOLS / 'promtool', *map(str, args)], input=stdin, text=True,
                          capture_output=True, check=False)
    return [] if done.returncode == 0 and not done.stderr else [done.stdout + done.stderr]


def openmetrics(text):
    """Prometheus' own Python client reads it as OpenMetrics."""
    program = ('import sys; from prometheus_client.openmetrics.parser import '
               'text_string_to_metric_families as parse; print(len(list(parse(sys.stdin.read()))))')
    done = subprocess.run([sys.executable, '-c', program], input=text, text=True,
                          capture_output=True, check=False,
                          env={'PYTHONPATH': str(PEER / 'usr/lib/python3/dist-packages')})
    if done.returncode:
        return done.stderr.splitlines()[-1:]
    return [] if int(done.stdout) == text.count('# TYPE') else [f'{done.stdout} families']


def formats(vmcore):
    text = hwp.Run('metrics', vmcore).out.decode()
    return promtool('check', 'metrics', stdin=text) + openmetrics(text)


def rules(work):
    shutil.copy(RULES, work)
    shutil.copy(hwp.TOP / 'tests/real/prometheus_rules.yml', work)
    wrong = promtool('check', 'rules', RULES)
    wrong += promtool('test', 'rules', work / 'prometheus_rules.yml')
    # Does the test see anything?
    broken = RULES.read_text().replace('since_boot[6h]) > 0', 'pages[6h]) > 0')
    (work / RULES.name).write_text(broken)
    if not promtool('test', 'rules', work / 'prometheus_rules.yml'):
        wrong.append('the unit tests pass with a broken rule')
    return wrong


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def get(port, path, **query):
    url = f'http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(query)}'
    with NO_PROXY.open(url, timeout=10) as answer:
        return answer.read().decode()


def wait_for(condition, seconds=40):
    """What the condition returns once it is true, or at last."""
    end = time.monotonic() + seconds
    while True:
        try:
            answer = condition()
        except (urllib.error.URLError, OSError):
            answer = None
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.3)


class Server(http.server.SimpleHTTPRequestHandler):
    """The file itself, called OpenMetrics, so that prometheus takes its other parser."""

    def do_GET(self):
        data = (pathlib.Path(self.directory) / 'hwpoison.prom').read_bytes()
        self.send_response(200)
        self.send_header('Content-Type', 'application/openmetrics-text; version=1.0.0')
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class Prometheus:
    def __init__(self, work, stack):
        self.file = work / 'textfile' / 'hwpoison.prom'
        self.file.parent.mkdir()
        self.port, self.node = free_port(), free_port()
        server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(Server, directory=self.file.parent))
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (work / 'prometheus.yml').write_text(CONFIG.format(
            rules=RULES, node=self.node, openmetrics=server.server_port))
        self.start(stack, work, 'prometheus-node-exporter', '--collector.disable-defaults',
                   '--collector.textfile', f'--collector.textfile.directory={self.file.parent}',
                   f'--web.listen-address=127.0.0.1:{self.node}')
        self.start(stack, work, 'prometheus', f'--config.file={work / "prometheus.yml"}',
                   f'--storage.tsdb.path={work / "tsdb"}',
                   f'--web.listen-address=127.0.0.1:{self.port}')

    @staticmethod
    def start(stack, work, name, *args):
        log = stack.enter_context(open(work / f'{name}.log', 'w', encoding='utf8'))
        process = subprocess.Popen([TOOLS / name, *args], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, cwd=work, env=dict(os.environ, GOMAXPROCS='1'))
        stack.callback(process.wait)
        stack.callback(process.kill)

    def query(self, expression):
        """{labels: value} of an instant query."""
        answer = json.loads(get(self.port, '/api/v1/query', query=expression))
        return {tuple(sorted((k, v) for k, v in row['metric'].items() if k != 'instance')):
                float(row['value'][1]) for row in answer['data']['result']}

    def firing(self):
        alerts = json.loads(get(self.port, '/api/v1/alerts'))['data']['alerts']
        return {(a['labels']['alertname'], a['labels']['job']) for a in alerts
                if a['state'] == 'firing'}

    def run(self, *args):
        """Metrics to the file; returns when both jobs have scraped a later state."""
        done = hwp.Run('metrics', '-o', self.file, *args)
        stamp = next(line.split()[1] for line in self.file.read_text().splitlines()
                     if line.startswith('hwpoison_last_run_timestamp'))
        wait_for(lambda: list(self.query('hwpoison_last_run_timestamp_seconds').values())
                 == [float(stamp)] * 2)
        return done


def scraped(prometheus, vmcore):
    """Every number arrives by both ways, and the alerts that follow from the verdict fire."""
    wrong = []
    report = hwp.Run('check', '--json', vmcore).json()
    prometheus.run(vmcore)
    error = get(prometheus.node, '/metrics')
    if 'node_textfile_scrape_error 0' not in error:
        wrong.append('node_exporter could not read the file')
    for job in 'node', 'openmetrics':
        by_state = prometheus.query(f'sum by (state) (hwpoison_poisoned_pages{{job="{job}"}})')
        expected = {(('state', s),): sum(p['state'] == s for p in report['poisoned'])
                    for s in hwp.CLASSES}
        if by_state != expected:
            wrong.append(f'{job}: {by_state}')
        verdict = prometheus.query(f'hwpoison_verdict{{job="{job}"}} == 1')
        if [dict(x)['verdict'] for x in verdict] != [report['verdict']]:
            wrong.append(f'{job}: {verdict}')
        lost = prometheus.query(f'sum(hwpoison_healthy_lost_bytes{{job="{job}"}})')
        if lost != {(): report['summary']['nr_healthy_lost'] * 4096}:
            wrong.append(f'{job}: {lost}')
    alert = {'leaked': 'HwpoisonLeak', 'leaked-before': 'HwpoisonLeak', 'at-risk': 'HwpoisonAtRisk'}.get(report['verdict'])
    expected = {(alert, 'node'), (alert, 'openmetrics')} if alert else set()
    firing = wait_for(lambda: prometheus.firing() if prometheus.firing() == expected else None, 15)
    if firing != expected and prometheus.firing() != expected:
        wrong.append(f'firing are {prometheus.firing()}, expected {expected}')
    return wrong


def failing(prometheus, work):
    """The check fails: its numbers are gone, and a leak that was known is still alerted."""
    run, wrong = prometheus.run(work / 'no-vmcore'), []
    if run.status != 2:
        wrong.append(f'status {run.status}')
    if list(prometheus.query('hwpoison_up').values()) != [0, 0]:
        wrong.append('hwpoison_up is not 0')
    if prometheus.query('hwpoison_leaked_pages'):
        wrong.append('stale leaks')
    if ('HwpoisonLeak', 'node') not in prometheus.firing():
        wrong.append('the leak is forgotten')
    return wrong


def targets(work):
    """A dump for each verdict that is no trouble; the one at risk is a leaked one made calm."""
    found = {}
    for directory in hwp.samples():
        vmcore = hwp.vmcore_of(directory)
        found.setdefault(hwp.Run('check', '--json', vmcore).json()['verdict'], vmcore)
    base.make_calm(base.find('6.1'), work / 'calm')
    return {'at-risk': work / 'calm', 'clean': found.get('clean'), 'leaked': found.get('leaked')}


def main():
    unpack = subprocess.run([hwp.TOP / 'tests/peers/prometheus.sh'], text=True,
                            capture_output=True, check=False)
    if unpack.returncode:
        print(f'no prometheus: {unpack.stderr.strip()}')
        sys.exit(77)
    cases, work = hwp.Cases(), pathlib.Path(tempfile.mkdtemp())
    for directory in hwp.samples():
        cases.report(f'formats {directory.name}', formats(hwp.vmcore_of(directory)))
    cases.report('formats of a failed run', formats(work / 'no-vmcore'))
    cases.report('alert rules', rules(work))
    with contextlib.ExitStack() as stack:
        prometheus = Prometheus(work, stack)
        cases.report('prometheus starts', [] if wait_for(
            lambda: 'Ready' in get(prometheus.port, '/-/ready')) else ['it does not'])
        for verdict, vmcore in targets(work).items():
            if vmcore:
                cases.report(f'scraped: {verdict}', scraped(prometheus, vmcore))
            else:
                cases.skip(f'scraped: {verdict}', 'no sample has this verdict')
        cases.report('scraped: a failed run', failing(prometheus, work))
    cases.exit()


if __name__ == '__main__':
    main()
