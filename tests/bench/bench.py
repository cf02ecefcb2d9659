#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure `hwpoison check --json` on a dump of a 1 GiB guest beside `cat`, and on larger ones.

bench.py [DUMP.elf]     without one, a dump of the lab is taken, or made
bench.py --growth       only the larger machines, which grow makes of the sample of 7.3

Everything is warm. Two cores that others use as well are noisy, so runs
alternate and medians and ratios are printed. N=15 runs, N in the environment.
"""
import glob
import os
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import base
import hwp
import peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
O = os.environ.get("O", os.path.join(ROOT, "build"))
HWPOISON = os.path.join(O, "hwpoison")
STAGES = os.path.join(O, "bench", "stages")
LIMIT = os.path.join(O, "bench", "limit")
PACK = os.path.join(O, "bench", "pack")
GROW = os.path.join(O, "bench", "grow")
N = int(os.environ.get("N", "15"))


def die(text):
	sys.exit(f"bench.py: {text}")


def find_dump():
	pattern = os.path.join(ROOT, "build/lab/dumps/73-*/vmcore.elf")
	wanted = [p for p in sorted(glob.glob(pattern)) if os.path.getsize(p) > 1 << 30]
	preferred = [p for p in wanted if "/73-all/" in p]
	if wanted:
		return (preferred or wanted)[0]
	subprocess.run([os.path.join(ROOT, "vmcores/lab.sh"), "matrix", "73-all"], check=True)
	wanted = sorted(glob.glob(pattern))
	return wanted[0] if wanted else die("the lab made no dump")


def unflatten(source, path):
	"""Rearrange a flattened file, so that a plain kdump file can be measured."""
	if os.path.exists(path) and os.path.getmtime(path) >= os.path.getmtime(source):
		return
	with open(source, "rb") as flat, open(path + ".part", "wb") as out:
		flat.seek(4096)
		while True:
			offset, size = struct.unpack(">qq", flat.read(16))
			if offset < 0:
				break
			out.seek(offset)
			out.write(flat.read(size))
	os.rename(path + ".part", path)


def run(argv, output=os.devnull):
	"""Milliseconds, peak RSS in KiB, exit status."""
	actions = [(os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
	start = time.perf_counter()
	pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
	_, status, usage = os.wait4(pid, 0)
	ms = (time.perf_counter() - start) * 1000
	return ms, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def check(argv):
	result = run(argv)
	if result[2] not in (0, 1):
		die(f"exit status {result[2]} of {' '.join(argv)}")
	return result


def spread(values):
	return f"{statistics.median(values):8.1f} ms  ({min(values):.1f} … {max(values):.1f})"


def verdict(met):
	return "target met" if met else "target MISSED"


def beside_cat(dump):
	argv = [HWPOISON, "check", "--json", dump]
	run(["cat", dump])
	check(argv)
	cats, checks, rss = [], [], []
	for _ in range(N):
		cats.append(run(["cat", dump])[0])
		ms, kib, _ = check(argv)
		checks.append(ms)
		rss.append(kib)
	ratio = statistics.median(c / b for c, b in zip(checks, cats))
	median = statistics.median(checks)
	peak = max(rss) / 1024
	print(f"  cat DUMP >/dev/null   {spread(cats)}")
	print(f"  check --json          {spread(checks)}")
	print(f"  ratio                 {ratio:8.3f}     at most 0.25: {verdict(ratio <= 0.25)}")
	print(f"  ratio of the best     {min(checks) / min(cats):8.3f}     (what noise adds is least there)")
	print(f"  time                  {median:8.1f} ms  below 100:    {verdict(median < 100)}")
	print(f"  peak RSS              {peak:8.1f} MiB below 64:     {verdict(peak < 64)}")


def other_ways(dump):
	folder = os.path.dirname(dump)
	rows = [("elf, 1 thread", dump, "1"), ("elf, 2 threads", dump, "2")]
	flat = os.path.join(folder, "vmcore.flat")
	if os.path.exists(flat):
		plain = os.path.join(O, "bench", "vmcore.kdump")
		unflatten(flat, plain)
		rows += [("kdump, 1 thread", plain, "1"), ("kdump, 2 threads", plain, "2"),
			 ("kdump, flattened", flat, "1")]
	for name in ("zlib", "lzo", "snappy"):
		path = os.path.join(folder, "vmcore." + name)
		if os.path.exists(path):
			rows.append((name, path, "1"))
	times = {name: [] for name, _, _ in rows}
	rss = dict.fromkeys(times, 0)
	for i in range(N + 1):
		for name, path, threads in rows:
			ms, kib, _ = check([HWPOISON, "check", "--json", "--threads", threads, path])
			rss[name] = max(rss[name], kib)
			if i:
				times[name].append(ms)
	for name, values in times.items():
		print(f"  {name:21} {spread(values)}, {rss[name] / 1024:.1f} MiB")
	return rows


def stages(rows):
	table = {}
	for name, path, threads in rows:
		runs = []
		for _ in range(N):
			out = subprocess.run([STAGES, path, threads], check=True, capture_output=True,
					     text=True).stdout
			runs.append({k: int(v) / 1e6 for k, v in (line.split() for line in
								  out.splitlines())})
		table[name] = {k: statistics.median(r[k] for r in runs) for k in runs[0]}
	names = list(next(iter(table.values())))
	print(f"  {'ms, medians':21} " + " ".join(f"{n:>8}" for n in names))
	for name, row in table.items():
		print(f"  {name:21} " + " ".join(f"{row[n]:8.2f}" for n in names))


def packed(dump, method):
	"""The dump as a kdump file, made once."""
	path = os.path.join(O, "bench", "vmcore." + method)
	if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(dump):
		subprocess.run([PACK, dump, path, method], check=True)
	return path


def limits(dump):
	"""Processor time to look at every struct page, and what nobody can do without."""
	print(f"  {'ms of CPU, medians':21} {'limit':>8} {'reader':>8} {'ratio':>8} {'libkdumpfile':>13}")
	for name in ("elf", "zlib", "zstd", "lzo", "snappy"):
		path = dump if name == "elf" else packed(dump, name)
		found = {"limit": [], "reader": [], "libkdumpfile": []}
		for _ in range(max(3, N // 3)):
			for reader in ("", "libkdumpfile"):
				env = {**os.environ, "HWPOISON_READER": reader}
				out = subprocess.run([LIMIT, path], check=True, capture_output=True,
						     text=True, env=env).stdout
				ms = {k: int(v) / 1e6 for k, v in (line.split() for line in out.splitlines())
				      if k in ("limit", "reader")}
				found["limit"].append(ms["limit"])
				found[reader or "reader"].append(ms["reader"])
		row = {k: statistics.median(v) for k, v in found.items()}
		print(f"  {name:21} {row['limit']:8.2f} {row['reader']:8.2f} "
		      f"{row['reader'] / row['limit']:8.2f} {row['libkdumpfile']:13.2f}")


#: What machines are made: options of grow, and the methods that pack packs them by.
MACHINES = {
	"sample": ([], ()),
	"17 GiB": (["--gib", "17"], ("zlib", "lzo", "snappy", "zstd")),
	"65 GiB": (["--gib", "65"], ()),
	# In a kdump every page of the memmap is unpacked anew: half a minute for each TiB.
	"1 TiB": (["--gib", "1024", "--shared"], ("zlib",)),
	"12 TiB": (["--gib", "12288", "--shared"], ()),
	"10^6 blocks": (["--gib", "8", "--blocks", "1000000", "--random", "--poison", "100"], ("zlib",)),
	"folios": (["--gib", "8", "--poison", "200000", "--folios", "20000"], ()),
	"ranges": (["--gib", "2080", "--holes", "8000", "--shared", "--blocks", "100000", "--random"],
		   ()),
}


def machine(name, method=None):
	"""The dump of a machine, made once for each build of grow."""
	path = os.path.join(O, "bench", f"grown-{name.replace(' ', '-')}.elf")
	if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(GROW):
		sample = base.elf_of(hwp.SAMPLES / "7.3-cloud", os.path.join(O, "bench"))
		if name == "sample":
			return str(sample)
		subprocess.run([GROW, sample, path, *MACHINES[name][0]], check=True)
	if not method:
		return path
	to = path[:-3] + method
	if not os.path.exists(to) or os.path.getmtime(to) < os.path.getmtime(path):
		subprocess.run([PACK, path, to, method], check=True)
	return to


def used(argv):
	"""Seconds of processor time, of wall time, and peak MiB of a run and its children."""
	out = os.open(os.devnull, os.O_WRONLY)
	start = time.perf_counter()
	pid = os.posix_spawnp(argv[0], argv, os.environ,
			      file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
	os.close(out)
	_, status, usage = os.wait4(pid, 0)
	if os.waitstatus_to_exitcode(status) not in (0, 1):
		die(f"exit status {os.waitstatus_to_exitcode(status)} of {' '.join(argv)}")
	return (usage.ru_utime + usage.ru_stime, time.perf_counter() - start,
		usage.ru_maxrss / 1024)


def interleaved(commands):
	"""{name: medians of processor and wall seconds, most MiB}; N rounds, one run of each."""
	found = {name: [] for name in commands}
	for _ in range(max(3, N // 3)):
		for name, argv in commands.items():
			found[name].append(used(argv))
	return {name: (statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs),
		       max(r[2] for r in runs)) for name, runs in found.items()}


def row(name, seconds, aim, note=""):
	cpu, wall, mib = seconds
	print(f"  {name:27} {cpu:7.3f} {wall:7.3f} {mib:7.1f}  {aim:24} {note}")


def beside_drgn():
	"""The command of the drgn script, or None and why not."""
	vmlinux, why = peers.vmlinux("7.3.4+deb13-cloud-amd64")
	why = why or peers.fetch("drgn.sh")[1]
	script = os.path.join(ROOT, "tests/bench/drgn_walk.py")
	return ([str(peers.PEERS / "drgn3/python"), script, vmlinux], None) if not why else (None, why)


def growth():
	"""Larger machines: what grows, by how much, and beside what."""
	def argv(name, method=None, *options):
		return [HWPOISON, "check", *options, machine(name, method)]

	drgn, why = beside_drgn()
	commands = {
		"sample": argv("sample"),
		"65 GiB elf": argv("65 GiB", None, "--threads", "1"),
		"1 TiB elf": argv("1 TiB", None, "--threads", "1"),
		"12 TiB elf": argv("12 TiB", None, "--threads", "1"),
		"10^6 blocks, zlib": argv("10^6 blocks", "zlib"),
		"10^6 blocks, elf": argv("10^6 blocks"),
		"220,000 bad pages, folios": argv("folios"),
		"16,000 ranges": argv("ranges"),
		"1 TiB zlib": argv("1 TiB", "zlib"),
	}
	for method in MACHINES["17 GiB"][1]:
		commands[f"17 GiB {method}, 1 thread"] = argv("17 GiB", method, "--threads", "1")
		commands[f"17 GiB {method}, 2 threads"] = argv("17 GiB", method, "--threads", "2")
	if drgn:
		commands["drgn, 10^6 blocks, zlib"] = [*drgn, machine("10^6 blocks", "zlib")]
		commands["drgn, 65 GiB elf"] = [*drgn, machine("65 GiB")]
	got = interleaved(commands)
	print(f"  {'check':27} {'cpu s':>7} {'wall s':>7} {'MiB':>7}  aim")
	start = got["sample"][0]
	notes = {"65 GiB elf": ("0.5 ms/GiB", f"{(got['65 GiB elf'][0] - start) / 65e-3:.2f} ms/GiB"),
		 "1 TiB elf": ("linear", f"{(got['1 TiB elf'][0] - start) / 1.024:.2f} ms/GiB"),
		 "12 TiB elf": ("linear", f"{(got['12 TiB elf'][0] - start) / 12.288:.2f} ms/GiB"),
		 "1 TiB zlib": ("at most 64 MiB", ""),
		 "220,000 bad pages, folios": ("at most 0.3 s", ""),
		 "10^6 blocks, zlib": ("at most 192 MiB", "")}
	if drgn:
		ratio = got["drgn, 10^6 blocks, zlib"][0] / got["10^6 blocks, zlib"][0]
		notes["10^6 blocks, zlib"] = ("5 times drgn, 192 MiB", f"{ratio:.1f} times")
	for method in MACHINES["17 GiB"][1]:
		one, two = got[f"17 GiB {method}, 1 thread"], got[f"17 GiB {method}, 2 threads"]
		notes[f"17 GiB {method}, 2 threads"] = ("1.85 of 1 thread (wall)",
							f"{one[1] / two[1]:.2f}, processor time "
							f"{two[0] / one[0]:.2f} times")
	for name, seconds in got.items():
		row(name, seconds, *notes.get(name, ("", "")))
	if not drgn:
		print(f"  drgn was not measured: {why}")


def main():
	for program in (HWPOISON, STAGES, LIMIT, PACK, GROW):
		if not os.access(program, os.X_OK):
			die(f"{program} is missing: run `make bench`")
	if sys.argv[1:] == ["--growth"]:
		print(f"larger machines; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
		growth()
		return
	dump = sys.argv[1] if len(sys.argv) > 1 else find_dump()
	if not os.path.exists(dump):
		die(f"{dump}: no such file")
	print(f"{os.path.relpath(dump, ROOT)}, {os.path.getsize(dump) / (1 << 30):.2f} GiB; "
	      f"medians of {N} runs; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
	beside_cat(dump)
	print("other ways")
	rows = other_ways(dump)
	print("stages")
	stages(rows)
	print("the reader beside the limit")
	limits(dump)
	print("larger machines")
	growth()


main()
