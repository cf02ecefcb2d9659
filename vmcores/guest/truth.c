// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ground truth: what the kernel's own interfaces say, as a tar stream to
 * the host.  Pages on a per-CPU list look like pages on no list there, so the
 * last word is said after the capture, when draining the lists does no harm.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BUF_SIZE (8UL << 20)
#define TEXT_SIZE (2UL << 20)

static int out_fd = -1;
static char *buf, *text, *klog;
static size_t text_len;

static void put(const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		size_t chunk = size < 65536 ? size : 65536;
		ssize_t n = write(out_fd, at, chunk);

		if (n <= 0)
			return;
		at += n;
		size -= n;
	}
}

void truth_open(const char *path)
{
	out_fd = open(path, O_WRONLY | O_CLOEXEC);
	if (out_fd < 0)
		say("cannot open %s", path);
	/* Touched now: writing the truth must not allocate what leaked. */
	buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	text = malloc(TEXT_SIZE);
	klog = calloc(1, TEXT_SIZE);
	memset(text, 0, TEXT_SIZE);
	memset(klog, 0, TEXT_SIZE);
}

/* One member of a tar archive. */
void truth_section(const char *name, const void *data, size_t size)
{
	static const char zeros[512];
	char head[512] = { 0 };
	unsigned int sum = 0;

	snprintf(head, 100, "%s", name);
	strcpy(head + 100, "0000644");
	strcpy(head + 108, "0000000");
	strcpy(head + 116, "0000000");
	snprintf(head + 124, 12, "%011lo", size);
	strcpy(head + 136, "00000000000");
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	put(head, sizeof(head));
	put(data, size);
	put(zeros, (512 - size % 512) % 512);
}

static size_t slurp(const char *path, size_t max)
{
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	while (len < max && (n = read(fd, buf + len, max - len)) > 0)
		len += n;
	close(fd);
	return len;
}

void truth_file(const char *name, const char *path)
{
	size_t max = BUF_SIZE;

	if (!strncmp(name, "kpage", 5) && max_pfn() * 8 < max)
		max = max_pfn() * 8;
	truth_section(name, buf, slurp(path, max));
}

/* What there is no more room for is left out. */
void line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_len += vsnprintf(text + text_len, TEXT_SIZE - text_len, fmt, ap);
	va_end(ap);
	if (text_len >= TEXT_SIZE)
		text_len = TEXT_SIZE - 1;
}

/* "PATH: VALUE" for every plain file of a directory. */
static void line_dir(const char *dir)
{
	char path[600], value[128];
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		ssize_t n;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, value, sizeof(value) - 1);
		if (fd >= 0)
			close(fd);
		if (n > 0)
			line("%s: %.*s%s", path, (int)n, value, value[n - 1] == '\n' ? "" : "\n");
	}
	if (d)
		closedir(d);
}

static void line_dirs(const char *parent, const char *prefix, const char *below)
{
	struct dirent *entry;
	DIR *d = opendir(parent);
	char path[600];

	while (d && (entry = readdir(d))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", parent, entry->d_name, below);
		line_dir(path);
	}
	if (d)
		closedir(d);
}

static void sysfs_section(void)
{
	text_len = 0;
	line_dirs("/sys/kernel/mm/hugepages", "hugepages-", "");
	line_dirs("/sys/devices/system/node", "node", "/memory_failure");
	line_dirs("/sys/devices/system/node", "node", "/hugepages/hugepages-2048kB");
	line_dirs("/sys/devices/system/memory", "memory", "");
	line_dir("/sys/devices/system/memory");
	line_dir("/sys/kernel/mm/transparent_hugepage");
	truth_section("sysfs.txt", text, text_len);
}

void truth_memory(void)
{
	static const char *const files[][2] = {
		{ "cmdline.txt", "/proc/cmdline" },
		{ "version.txt", "/proc/version" },
		{ "iomem.txt", "/proc/iomem" },
		{ "cpuinfo.txt", "/proc/cpuinfo" },
		{ "buddyinfo.txt", "/proc/buddyinfo" },
		{ "pagetypeinfo.txt", "/proc/pagetypeinfo" },
		{ "meminfo.txt", "/proc/meminfo" },
		{ "vmstat.txt", "/proc/vmstat" },
		{ "zoneinfo.txt", "/proc/zoneinfo" },
		{ "kpagecount.bin", "/proc/kpagecount" },
		{ "kpageflags.bin", "/proc/kpageflags" },
	};
	int len = klogctl(3, klog, TEXT_SIZE - 1);

	truth_section("dmesg.txt", klog, len > 0 ? len : 0);
	sysfs_section();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		truth_file(files[i][0], files[i][1]);
	for (int i = 0; i < nr_poisons; i++) {
		poisons[i].kpf = kpf(poisons[i].pfn);
		poisons[i].mapcount = kpc(poisons[i].pfn);
	}
	for (int i = 0; i < nr_extents; i++)
		kpf_range(extents[i].base, 1ULL << extents[i].order, extents[i].kpf);
	watch_look();
}

/* The virtual machine stops here, and goes on when the host has its dump. */
void truth_freeze(void)
{
	freeze();
	truth_after();
}

void truth_after(void)
{
	for (int i = 0; i < nr_poisons; i++)
		poisons[i].kpf_after = kpf(poisons[i].pfn);
}

static void line_folio(const struct poison *p)
{
	uint64_t base = p->pfn, nr = 1;
	const char *comma = "";

	while (base && (kpf(base) & KPF(COMPOUND_TAIL)))
		base--;
	while (kpf(base + nr) & KPF(COMPOUND_TAIL))
		nr++;
	line(" order=%d head=%#llx folio_poisons=", __builtin_ctzll(nr), (unsigned long long)base);
	for (int i = 0; i < nr_poisons; i++)
		if (poisons[i].pfn >= base && poisons[i].pfn < base + nr) {
			line("%s%#llx", comma, (unsigned long long)poisons[i].pfn);
			comma = ",";
		}
}

/* What /proc says of the process that holds the page, and of the file it maps. */
static void line_owner(const struct poison *p)
{
	char path[64], words[512];
	unsigned long long inode;
	FILE *f;
	int at;

	snprintf(path, sizeof(path), "/proc/%d/comm", p->owner);
	f = fopen(path, "re");
	if (f && fgets(words, sizeof(words), f))
		line(" comm=\"%.*s\"", (int)strcspn(words, "\n"), words);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/maps", p->owner);
	f = p->path ? fopen(path, "re") : NULL;
	while (f && fgets(words, sizeof(words), f)) {
		if (sscanf(words, "%*s %*s %*s %*s %llu %n", &inode, &at) != 1 ||
		    strncmp(words + at, p->path, strlen(p->path)))
			continue;
		line(" inode=%llu path=\"%.*s\"", inode, (int)strcspn(words + at, "\n"),
		     words + at);
		break;
	}
	if (f)
		fclose(f);
}

static void line_poison(const struct poison *p)
{
	line("poison pfn=%#llx scenario=%s state=%s nid=%d zone=%s", (unsigned long long)p->pfn,
	     p->scenario, state_of(p), nid_of(p->pfn), zone_of(p->pfn));
	if (p->kpf & (KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL)))
		line_folio(p);
	if (p->pattern)
		line(" pattern=%#llx", (unsigned long long)p->pattern);
	if (p->owner)
		line_owner(p);
	line(" hit=%#llx/%u owner=%d mapcount=%llu kpf=%#llx/%#llx/%#llx log=\"%s\"\n",
	     (unsigned long long)p->base, p->order, p->owner, (unsigned long long)p->mapcount,
	     (unsigned long long)p->kpf, (unsigned long long)p->kpf_after,
	     (unsigned long long)p->kpf_drained, last_action(p->pfn));
}

/*
 * Every page of a freed folio: poisoned; or healthy and in buddy or on a per-CPU
 * list at the capture, in some use again, on no list and in no use /proc shows.
 */
static void line_extent(const struct extent *e)
{
	const uint64_t free_mask = ~(KPF(BUDDY) | KPF(HWPOISON) | (~0ULL << 33));
	uint64_t buddy = 0, pcp = 0, used = 0, nowhere = 0, bad = 0;
	const char *comma = "";

	line("folio base=%#llx order=%u kind=%s scenario=%s poisons=", (unsigned long long)e->base,
	     e->order, e->kind, e->scenario);
	for (int i = 0; i < nr_poisons; i++)
		if (poisons[i].pfn >= e->base && poisons[i].pfn < e->base + (1ULL << e->order)) {
			line("%s%#llx", comma, (unsigned long long)poisons[i].pfn);
			comma = ",";
		}
	for (uint64_t i = 0; i < 1ULL << e->order; i++) {
		uint64_t drained = kpf(e->base + i);

		if (e->kpf[i] & KPF(HWPOISON))
			bad++;
		else if (e->kpf[i] & KPF(BUDDY))
			buddy++;
		else if (e->kpf[i] & free_mask)
			used++;
		/* Drained, or handed out or poisoned since: it was on a list. */
		else if (drained & (free_mask | KPF(BUDDY) | KPF(HWPOISON)))
			pcp++;
		else
			nowhere++;
	}
	line(" nr_poisoned=%llu nr_buddy=%llu nr_pcp=%llu nr_used=%llu nr_nowhere=%llu\n",
	     (unsigned long long)bad, (unsigned long long)buddy, (unsigned long long)pcp,
	     (unsigned long long)used, (unsigned long long)nowhere);
}

/*
 * The record of PFN that /sys/kernel/debug/page_owner shows: of allocated pages, at
 * the first page of the allocation.  A read begins at the file's position.
 */
static bool page_owner_at(int fd, uint64_t pfn, unsigned int order)
{
	static char record[4096];
	uint64_t head = pfn & ~((1ULL << order) - 1);
	unsigned int recorded;
	unsigned long long at, ts;
	const char *by, *end;
	int pid, tgid;
	ssize_t n = pread(fd, record, sizeof(record) - 1, head);

	if (n <= 0)
		return false;
	record[n] = 0;
	by = strstr(record, ", pid ");
	end = strchr(record, '\n');
	if (!by || !end || sscanf(record, "Page allocated via order %u,", &recorded) != 1 ||
	    sscanf(end, "\nPFN %llx", &at) != 1 || recorded != order || at != head ||
	    sscanf(by, ", pid %d, tgid %d (", &pid, &tgid) != 2)
		return false;
	/* A name may hold anything: it ends at the last ")" of the line. */
	by = strchr(by, '(') + 1;
	while (*end != ')')
		end--;
	if (sscanf(end, "), ts %llu ns", &ts) != 1)
		return false;
	line("page_owner pfn=%#llx order=%u pid=%d tgid=%d comm=\"%.*s\" ts=%llu\n",
	     (unsigned long long)pfn, order, pid, tgid, (int)(end - by), by, ts);
	return true;
}

/* With page_owner=on: who allocated each poisoned page that is allocated. */
static void line_page_owners(void)
{
	int fd = open("/sys/kernel/debug/page_owner", O_RDONLY | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < nr_poisons; i++)
		for (unsigned int order = 0; order <= 10; order++)
			if (page_owner_at(fd, poisons[i].pfn, order))
				break;
	if (fd >= 0)
		close(fd);
}

static bool before_raw_lists(void)
{
	struct utsname uts;

	return !uname(&uts) && atoi(uts.release) < 6;
}

static bool noted(uint64_t pfn, uint64_t flags)
{
	for (int i = 0; i < nr_poisons; i++) {
		const struct poison *p = &poisons[i];

		if (p->pfn == pfn)
			return true;
		/* /proc shows the flag of a HugeTLB head on all of its pages. */
		if ((flags & KPF(HUGE)) && pfn >= p->base && pfn < p->base + (1ULL << p->order))
			return true;
		/* Up to 5.19 the flag stays on the head when a HugeTLB page is freed. */
		if (pfn == p->base && strstr(p->scenario, "hugetlb") && before_raw_lists())
			return true;
	}
	return false;
}

/*
 * Every zone's lists are drained by an error somewhere in that zone, which is noted where a dump
 * will have it.
 */
static void drain_all(bool is_noted)
{
	static const uint64_t edges[] = { 0x10, 0x1000, 0x100000, UINT64_MAX };
	enum { BLOCK = 0x8000 };
	static uint64_t words[BLOCK];
	uint64_t block = BLOCK;

	for (uint64_t low = 0x10; low < max_pfn(); low = (low | (block - 1)) + 1) {
		uint64_t high = (low | (block - 1)) + 1, pfn;

		for (int i = 0; i < 3; i++)
			if (low < edges[i] && high > edges[i])
				high = edges[i];
		/* At once: where memory lies far apart there are millions of pfns without a page. */
		kpf_range(low, high - low, words);
		for (pfn = low; pfn < high && pfn < max_pfn(); pfn++)
			if ((words[pfn - low] & KPF(BUDDY)) &&
			    (kpf(pfn) & (KPF(BUDDY) | KPF(HWPOISON))) == KPF(BUDDY))
				break;
		if (pfn < high && pfn < max_pfn() && corrupt_pfn(pfn) && is_noted)
			note("drain", pfn, "taken-off", pfn, 0, 0);
	}
	for (int i = 0; i < nr_poisons; i++)
		poisons[i].kpf_drained = kpf(poisons[i].pfn);
}

/* Where the memory is captured by the kernel's own end, nothing can be said after that. */
void truth_drain(void)
{
	drain_all(true);
	watch_look();
}

void truth_final(const char *scenarios, bool is_drained)
{
	uint64_t *after = kpf_snapshot();
	struct utsname uts;

	/* At once: whatever allocates before it could take blocks off the lists. */
	if (!is_drained) {
		drain_all(false);
		watch_drained();
	}
	uname(&uts);
	state_text(klog);
	text_len = 0;
	line("kernel release=%s page_size=%lu\nscenarios %s\n", uts.release, PAGE_SIZE, scenarios);
	for (int i = 0; i < nr_poisons; i++)
		if (!poisons[i].is_healed)
			line_poison(&poisons[i]);
	for (int i = 0; i < nr_extents; i++)
		line_extent(&extents[i]);
	line_page_owners();
	watch_extents();
	history_lines();
	secret_lines();
	for (uint64_t pfn = 0; pfn < max_pfn(); pfn++)
		if ((after[pfn] & KPF(HWPOISON)) && !(after[pfn] & KPF(NOPAGE)) &&
		    !noted(pfn, after[pfn]))
			line("unnoted pfn=%#llx kpf=%#llx\n", (unsigned long long)pfn,
			     (unsigned long long)after[pfn]);
	truth_section("truth.txt", text, text_len);
	if (!access("/dmidecode.txt", R_OK))
		truth_file("dmidecode.txt", "/dmidecode.txt");
}

void truth_close(void)
{
	static const char end[1024];

	put(end, sizeof(end));
	close(out_fd);
}
