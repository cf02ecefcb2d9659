// SPDX-License-Identifier: GPL-2.0-or-later
/* Transparent huge pages: split, pinned, leaked, dropped, handed out again. */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct thp_case {
	bool pin;
	int nr;
	int at[8];
	const char *file;
};

static const struct thp_case split_one = { false, 1, { 5 }, NULL },
			     pinned_ends = { true, 2, { 0, THP_PAGES - 1 }, NULL },
			     leak_two = { true, 2, { 5, 130 }, NULL },
			     leak_four = { true, 4, { 17, 18, 19, 300 }, NULL },
			     leak_one = { true, 1, { 256 }, NULL },
			     shmem = { true, 2, { 33, 34 }, "/mnt/hugetmp/pinned" },
			     shmem_leak = { true, 3, { 66, 67, 68 }, "/mnt/hugetmp/leaked" };

char *thp_va;
static int thp_pin_fd = -1;

uint64_t thp_split_mine(void)
{
	char text[96];
	int ret;

	snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", getpid(), (long)thp_va,
		 (long)(thp_va + THP_SIZE));
	ret = write_file("/sys/kernel/debug/split_huge_pages", text);
	say("split_huge_pages %s: %d", text, ret);
	return kpf(va_pfn(0, thp_va + 77 * PAGE_SIZE)) & KPF(THP) ? 0 : 1;
}

/* 'u': let go of the pin; 's': ask the kernel to split the folio now. */
static uint64_t thp_command(char command)
{
	if (command == 'u') {
		close(thp_pin_fd);
		thp_pin_fd = -1;
		return 1;
	}
	return command == 's' ? thp_split_mine() : 0;
}

static void *map_shmem(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char *raw, *va;

	if (fd < 0 || ftruncate(fd, THP_SIZE))
		return NULL;
	raw = mmap(NULL, 2 * THP_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	va = (char *)(((uintptr_t)raw + THP_SIZE - 1) & ~(THP_SIZE - 1));
	va = mmap(va, THP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
	if (va == MAP_FAILED)
		return NULL;
	memset(va, 1, THP_SIZE);
	return kpf(va_pfn(0, va)) & KPF(COMPOUND_HEAD) ? va : NULL;
}

static uint64_t thp_child(void *arg)
{
	const struct thp_case *c = arg;
	uint64_t base;

	thp_va = c->file ? map_shmem(c->file) : map_clean_thp();
	if (!thp_va)
		return NO_PFN;
	base = va_pfn(0, thp_va);
	if (c->pin) {
		thp_pin_fd = pin_page(thp_va + 200 * PAGE_SIZE);
		if (thp_pin_fd < 0)
			return NO_PFN;
	}
	for (int i = 0; i < c->nr; i++)
		if (!corrupt_pfn(base + c->at[i]))
			return NO_PFN;
	return base;
}

static struct child thp_start(const char *name, const struct thp_case *c, const char *wish)
{
	struct child child;

	child_command = thp_command;
	child = child_start(thp_child, (void *)c);
	if (child.value == NO_PFN) {
		say("%s: no huge page, or it was not poisoned", name);
		return child;
	}
	for (int i = 0; i < c->nr; i++)
		note(name, child.value + c->at[i], wish, child.value, THP_ORDER, child.pid)
			->path = c->file;
	return child;
}

/* Poisoned while pinned, then freed whole: the block goes to a free list. */
static uint64_t leak(const char *name, const struct thp_case *c)
{
	struct child child = thp_start(name, c, "pcp|buddy");

	if (child.value == NO_PFN)
		return NO_PFN;
	child_end(&child);
	nap_ms(20);
	restate(child.value, THP_ORDER, name, "pcp|buddy", 0);
	return child.value;
}

/* With three bad pages, as the histories begin. */
uint64_t thp_leak(const char *name)
{
	static const struct thp_case three = { true, 3, { 17, 33, 500 }, NULL };

	return leak(name, &three);
}

/* Memory failure drains all per-CPU lists of the zone of the page it handles. */
void drain_near(uint64_t base)
{
	for (uint64_t step = 1024; step < max_pfn(); step++) {
		uint64_t pfn = base + step;

		if (pfn >= max_pfn() || !(kpf(pfn) & KPF(BUDDY)))
			pfn = base > step ? base - step : base;
		if ((kpf(pfn) & (KPF(BUDDY) | KPF(HWPOISON))) != KPF(BUDDY))
			continue;
		if (corrupt_pfn(pfn)) {
			note("drain", pfn, "taken-off", pfn, 0, 0);
			return;
		}
	}
}

struct hunt {
	uint64_t base, bad;
};

/* Allocate huge pages until the block is touched; keep only the one that hit. */
static uint64_t hunt_child(void *arg)
{
	const struct hunt *hunt = arg;
	uint64_t before = kpf(hunt->bad), pfn = NO_PFN;
	long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");
	int i, max;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	max = (kib - 48 * 1024) / 2048;
	/* A per-CPU list is a stack, and a page lost from it shows no change. */
	if (!(before & KPF(BUDDY)) && max > 4)
		max = 4;
	for (i = 0; i < max; i++) {
		thp_va = map_thp(1);
		if (!thp_va)
			break;
		pfn = va_pfn(0, thp_va);
		if (pfn == hunt->base)
			break;
		pfn = NO_PFN;
		if (kpf(hunt->bad) == before)
			continue;
		/* Off the buddy list: thrown away, or on a per-CPU list and soon ours. */
		before = kpf(hunt->bad);
		max = i + 8;
	}
	if (pfn == hunt->base)
		history_took("thp", thp_va, THP_PAGES);
	say("hunt for %#llx: %d huge pages, %s", (unsigned long long)hunt->base, i,
	    pfn == hunt->base ? "handed out" : "not seen");
	return pfn;
}

static bool lost(uint64_t base)
{
	uint64_t used = ~(KPF(HWPOISON) | (~0ULL << 33));

	return all_kpf(base, THP_PAGES, used, 0);
}

/* After a hunt, say what became of the block. */
struct child hunt(const char *name, uint64_t base, uint64_t bad)
{
	struct hunt arg = { base, bad };
	struct child child = child_start(hunt_child, &arg);

	if (child.value == base) {
		thp_va = NULL;
		restate(base, THP_ORDER, name, "reused", child.pid);
		return child;
	}
	child_end(&child);
	child.pid = 0;
	if (lost(base))
		restate(base, THP_ORDER, name, "dropped", 0);
	return child;
}

static void run_split(const char *name)
{
	thp_start(name, &split_one, "isolated");
}

static void run_pinned(const char *name)
{
	thp_start(name, &pinned_ends, "large-folio");
}

static void run_leak_pcp(const char *name)
{
	struct release release = { .fd = -1, .order = THP_ORDER, .scenario = name };

	/* Room on the per-CPU list, so that the block stays there. */
	write_file("/proc/sys/vm/percpu_pagelist_high_fraction", "8");
	release.child = thp_start(name, &leak_two, "large-folio");
	release.base = release.child.value;
	if (release.base != NO_PFN)
		release_last(&release);
}

static void run_shmem(const char *name)
{
	thp_start(name, &shmem, "large-folio");
}

static void run_shmem_leak(const char *name)
{
	struct child child = thp_start(name, &shmem_leak, "large-folio");

	if (child.value == NO_PFN)
		return;
	child_end(&child);
	unlink(shmem_leak.file);
	restate(child.value, THP_ORDER, name, "pcp|buddy", 0);
	drain_near(child.value);
}

/* A folio of order 4 is freed straight to buddy: pcp lists take orders 0-3 and that of a THP. */
#define MTHP_ORDER 4
#define MTHP_SIZE (PAGE_SIZE << MTHP_ORDER)

static uint64_t mthp_child(void *arg)
{
	char *raw = mmap(NULL, THP_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *va = (char *)(((uintptr_t)raw + MTHP_SIZE - 1) & ~(MTHP_SIZE - 1));
	uint64_t base;

	(void)arg;
	madvise(raw, THP_SIZE - PAGE_SIZE, MADV_HUGEPAGE);
	memset(va, 1, MTHP_SIZE);
	base = va_pfn(0, va);
	if (!(kpf(base) & KPF(COMPOUND_HEAD)) || pin_page(va) < 0 || !corrupt_pfn(base + 1) ||
	    !corrupt_pfn(base + 14))
		return NO_PFN;
	return base;
}

static char *beside_va;
static int beside_fd;

/* A folio with errors whose buddy is in use, too: freed, it stays a block of its own. */
static uint64_t beside_child(void *arg)
{
	char *raw = mmap(NULL, THP_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *va = (char *)(((uintptr_t)raw + MTHP_SIZE - 1) & ~(MTHP_SIZE - 1));
	uint64_t base, next;

	(void)arg;
	madvise(raw, THP_SIZE - PAGE_SIZE, MADV_HUGEPAGE);
	memset(va, 1, 16 * MTHP_SIZE);
	for (int i = 0; i < 15; i++, va += MTHP_SIZE) {
		base = va_pfn(0, va);
		next = va_pfn(0, va + MTHP_SIZE);
		if ((kpf(base) & KPF(COMPOUND_HEAD)) && (base ^ next) == 1 << MTHP_ORDER)
			break;
	}
	beside_va = va;
	beside_fd = pin_page(va);
	if (!(kpf(base) & KPF(COMPOUND_HEAD)) || beside_fd < 0 || !corrupt_pfn(base + 1) ||
	    !corrupt_pfn(base + 14))
		return NO_PFN;
	return base;
}

static uint64_t beside_command(char command)
{
	(void)command;
	close(beside_fd);
	return madvise(beside_va, MTHP_SIZE, MADV_DONTNEED) == 0;
}

static void run_mthp_compacted(const char *name)
{
	struct child child;
	char path[96];

	scatter_pages();
	snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/hugepages-%lukB/enabled",
		 MTHP_SIZE / 1024);
	write_file(path, "madvise");
	child_command = beside_command;
	child = child_start(beside_child, NULL);
	write_file(path, "never");
	if (child.value == NO_PFN) {
		say("%s: no folio of %lu KiB", name, MTHP_SIZE / 1024);
		return;
	}
	note(name, child.value + 1, "reused|in-use", child.value, MTHP_ORDER, 0);
	note(name, child.value + 14, "reused|in-use", child.value, MTHP_ORDER, 0);
	child_ask(&child, 'f');
	nap_ms(100);
	watch_look();
	compact_memory();
}

static void run_mthp(const char *name)
{
	struct release release = { .fd = -1, .order = MTHP_ORDER, .scenario = name };
	struct child child;
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/hugepages-%lukB/enabled",
		 MTHP_SIZE / 1024);
	write_file(path, "madvise");
	child = child_start(mthp_child, NULL);
	write_file(path, "never");
	if (child.value == NO_PFN) {
		say("%s: no folio of %lu KiB", name, MTHP_SIZE / 1024);
		return;
	}
	note(name, child.value + 1, "large-folio", child.value, MTHP_ORDER, child.pid);
	note(name, child.value + 14, "large-folio", child.value, MTHP_ORDER, child.pid);
	release.child = child;
	release.base = child.value;
	if (strcmp(name, "mthp-pinned"))
		release_last(&release);
}

static void run_leak_buddy(const char *name)
{
	uint64_t base = leak(name, &leak_four);

	if (base != NO_PFN)
		drain_near(base);
}

static void run_again(const char *name)
{
	uint64_t base = leak(name, &leak_two);

	if (base != NO_PFN)
		hunt(name, base, base + 5);
}

static void run_again_buddy(const char *name)
{
	uint64_t base = leak(name, &leak_two);

	if (base == NO_PFN)
		return;
	drain_near(base);
	hunt(name, base, base + 5);
}

static void run_again_split(const char *name)
{
	uint64_t base = leak(name, &leak_two);
	struct child child;

	if (base == NO_PFN)
		return;
	child = hunt(name, base, base + 5);
	if (child.pid)
		child_ask(&child, 's');
}

static void run_again_exit(const char *name)
{
	uint64_t base = leak(name, &leak_two);
	struct child child;

	if (base == NO_PFN)
		return;
	child = hunt(name, base, base + 5);
	if (!child.pid)
		return;
	child_ask(&child, 's');
	child_end(&child);
	restate(base, THP_ORDER, name, "isolated", 0);
}

static void run_late_split(const char *name)
{
	struct child child = thp_start(name, &leak_one, "in-use|isolated");

	if (child.value == NO_PFN)
		return;
	child_ask(&child, 'u');
	child_ask(&child, 's');
}

static void run_late_split_exit(const char *name)
{
	struct child child = thp_start(name, &leak_one, "isolated");

	if (child.value == NO_PFN)
		return;
	child_ask(&child, 'u');
	child_ask(&child, 's');
	child_end(&child);
	restate(child.value, THP_ORDER, name, "isolated", 0);
}

const struct scenario thp_scenarios[] = {
	{ "thp-split", "a THP that can be split: only the bad page is isolated", run_split },
	{ "thp-pinned", "a pinned THP, split failed, still mapped", run_pinned },
	{ "thp-late-split", "the same, unpinned and split afterwards", run_late_split },
	{ "thp-late-split-exit", "the same, and the process has exited", run_late_split_exit },
	{ "thp-again", "leaked to a per-CPU list, then huge pages are allocated", run_again },
	{ "thp-again-buddy", "leaked to buddy, then huge pages are allocated", run_again_buddy },
	{ "thp-again-split", "handed out again as a THP, which is then split", run_again_split },
	{ "thp-again-exit", "the same, and the second process has exited", run_again_exit },
	{ "shmem-thp", "a pinned tmpfs THP, split failed, still in the cache", run_shmem },
	{ "shmem-thp-leak", "the same, then the process exits and the file is unlinked",
	  run_shmem_leak },
	{ "mthp-pinned", "a pinned anonymous folio of 16 pages, split failed", run_mthp },
	{ "mthp-compacted", "the same, freed while its buddy is in use; then memory is compacted",
	  run_mthp_compacted },
	{ "mthp-leak", "the same, and the process has exited", run_mthp },
	{ "thp-leak-buddy", "leaked, per-CPU lists drained to buddy", run_leak_buddy },
	{ "thp-leak-pcp", "leaked to a per-CPU list", run_leak_pcp },
	{ NULL, NULL, NULL },
};
