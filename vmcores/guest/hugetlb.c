// SPDX-License-Identifier: GPL-2.0-or-later
/* HugeTLB: in use, in the pool, file-backed, dissolved, leaked; 2 MiB and 1 GiB. */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POOL_2M "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define POOL_1G "/sys/kernel/mm/hugepages/hugepages-1048576kB/"
#define HUGE_2M (21 << 26)
#define HUGE_1G (30 << 26)
#define HUGE_1G_ORDER (30 - PAGE_SHIFT)
/* Where an error is made, in a page of 2 MiB or 1 GiB. */
#define AT_2M(at) ((at) & (HUGE_2M_PAGES - 1))
#define AT_1G(at) ((at) & ((1 << HUGE_1G_ORDER) - 1))

struct huge_case {
	bool is_giga, pin;
	const char *file;
	int nr;
	int at[8];
};

static const struct huge_case
	inuse = { false, true, NULL, 2, { AT_2M(5), AT_2M(130) } },
	pool = { false, true, NULL, 5, { 0, AT_2M(63), AT_2M(64), AT_2M(65), AT_2M(511) } },
	leak2m = { false, true, NULL, 3, { AT_2M(7), AT_2M(8), AT_2M(400) } },
	single = { false, false, NULL, 1, { AT_2M(9) } },
	file = { false, false, "/mnt/huge/file", 3, { 1, AT_2M(77), AT_2M(300) } },
	unlinked = { false, false, "/mnt/huge/unlinked", 2, { 2, 3 } },
	giga = { true, true, NULL, 4, { 0x100, 0x1234, AT_1G(0x20000), AT_1G(0x3ffff) } };

static const char *pool_of(const struct huge_case *c)
{
	return c->is_giga ? POOL_1G : POOL_2M;
}

static unsigned int order_of(const struct huge_case *c)
{
	return c->is_giga ? HUGE_1G_ORDER : HUGE_2M_ORDER;
}

static void pool_change(const struct huge_case *c, int by)
{
	char path[128], text[32];
	long nr;

	snprintf(path, sizeof(path), "%snr_hugepages", pool_of(c));
	nr = read_long(path);
	snprintf(text, sizeof(text), "%ld", nr + by);
	write_file(path, text);
	say("%s: %ld -> %ld", path, nr, read_long(path));
}

static void pool_ensure(const struct huge_case *c, int nr_free)
{
	char path[128];
	long nr;

	snprintf(path, sizeof(path), "%sfree_hugepages", pool_of(c));
	nr = read_long(path);
	if (nr < nr_free)
		pool_change(c, nr_free - nr);
}

static void *huge_map(const struct huge_case *c)
{
	size_t size = PAGE_SIZE << order_of(c);
	char *va;
	int fd;

	if (!c->file)
		return map_huge(size, c->is_giga ? HUGE_1G : HUGE_2M);
	fd = open(c->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, size))
		return NULL;
	va = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (va == MAP_FAILED)
		return NULL;
	va[0] = 1;
	return va;
}

static uint64_t huge_child(void *arg)
{
	const struct huge_case *c = arg;
	char *va = huge_map(c);
	uint64_t base;

	if (!va)
		return NO_PFN;
	base = va_pfn(0, va);
	if (base == NO_PFN || (c->pin && pin_page(va) < 0))
		return NO_PFN;
	for (int i = 0; i < c->nr; i++)
		corrupt_pfn(base + c->at[i]);
	if (c->file && strstr(c->file, "unlinked")) {
		unlink(c->file);
		munmap(va, PAGE_SIZE << order_of(c));
	}
	return base;
}

/* No poison: only finds out where a pool page lies, and gives it back. */
static uint64_t huge_peek(void *arg)
{
	char *va = huge_map(arg);

	return va ? va_pfn(0, va) : NO_PFN;
}

static struct child huge_start(const char *name, const struct huge_case *c, const char *wish)
{
	struct child child;

	child_command = NULL;
	pool_ensure(c, c->is_giga ? 1 : 3);
	child = child_start(huge_child, (void *)c);
	if (child.value == NO_PFN) {
		say("%s: no HugeTLB page", name);
		return child;
	}
	for (int i = 0; i < c->nr; i++)
		note(name, child.value + c->at[i], wish, child.value, order_of(c), child.pid)
			->path = c->file;
	return child;
}

static void run_inuse(const char *name)
{
	huge_start(name, &inuse, "hugetlb");
}

static void run_file(const char *name)
{
	huge_start(name, &file, "hugetlb");
}

static void run_unlinked(const char *name)
{
	struct child child = huge_start(name, &unlinked, "hugetlb");

	restate(child.value, HUGE_2M_ORDER, name, "hugetlb", 0);
}

static void run_dissolve(const char *name)
{
	huge_start(name, &single, "taken-off");
}

static void run_pool(const char *name)
{
	struct child child = huge_start(name, &pool, "hugetlb");

	if (child.value == NO_PFN)
		return;
	child_end(&child);
	restate(child.value, HUGE_2M_ORDER, name, "hugetlb", 0);
}

static void run_free(const char *name)
{
	struct child child;

	pool_ensure(&single, 3);
	child_command = NULL;
	child = child_start(huge_peek, (void *)&single);
	child_end(&child);
	nap_ms(20);
	if (child.value == NO_PFN)
		return;
	/* Up to 5.17 the head alone is marked, and nothing is done. */
	if (!corrupt_pfn(child.value + single.at[0]) && !(kpf(child.value) & KPF(HWPOISON)))
		return;
	note(name, child.value + single.at[0], "taken-off", child.value, HUGE_2M_ORDER, 0);
}

/* The page that was freed last is the first one that a smaller pool lets go. */
uint64_t hugetlb_leak(const char *name)
{
	struct child child = huge_start(name, &leak2m, "pcp|buddy");

	if (child.value == NO_PFN)
		return NO_PFN;
	child_end(&child);
	nap_ms(20);
	watch_look();
	pool_change(&leak2m, -1);
	watch_look();
	nap_ms(50);
	restate(child.value, HUGE_2M_ORDER, name, "pcp|buddy", 0);
	return child.value;
}

static void run_leak(const char *name)
{
	hugetlb_leak(name);
}

/* What left the pool is handed out as THPs. */
static void run_again(const char *name)
{
	uint64_t base = hugetlb_leak(name);

	if (base != NO_PFN)
		hunt(name, base, base + leak2m.at[0]);
}

static void shrink_pool(void)
{
	nap_ms(20);
	pool_change(&leak2m, -1);
	nap_ms(50);
}

/* As the last step, so that no later error drains the list. */
static void run_leak_last(const char *name)
{
	struct release release = {
		.fd = -1, .order = HUGE_2M_ORDER, .scenario = name, .then = shrink_pool
	};

	write_file("/proc/sys/vm/percpu_pagelist_high_fraction", "8");
	release.child = huge_start(name, &leak2m, "hugetlb");
	release.base = release.child.value;
	if (release.base != NO_PFN)
		release_last(&release);
}

static void run_giga(const char *name)
{
	huge_start(name, &giga, "hugetlb");
}

static void run_giga_pool(const char *name)
{
	struct child child = huge_start(name, &giga, "hugetlb");

	if (child.value == NO_PFN)
		return;
	child_end(&child);
	restate(child.value, HUGE_1G_ORDER, name, "hugetlb", 0);
}

/* The 1 GiB page at the lowest address, free or not: those of the boot are all free. */
static uint64_t first_giga(void)
{
	const uint64_t want = KPF(HUGE) | KPF(COMPOUND_HEAD);

	for (uint64_t pfn = 0; pfn < max_pfn(); pfn += 1ULL << HUGE_1G_ORDER)
		if ((kpf(pfn) & want) == want)
			return pfn;
	return NO_PFN;
}

/* A page of the pool is dissolved.  What becomes of it: lib/facts/pages/refused.h. */
static void run_giga_free(const char *name)
{
	uint64_t base = first_giga();

	if (base != NO_PFN && corrupt_pfn(base + 7))
		note(name, base + 7, "taken-off", base, HUGE_1G_ORDER, 0);
}

static void run_giga_leak(const char *name)
{
	struct child child = huge_start(name, &giga, "hugetlb");

	if (child.value == NO_PFN)
		return;
	child_end(&child);
	nap_ms(50);
	pool_change(&giga, -1);
	nap_ms(100);
	restate(child.value, HUGE_1G_ORDER, name, "pcp|buddy", 0);
}

const struct scenario hugetlb_scenarios[] = {
	{ "hugetlb-dissolve", "a mapped HugeTLB page: unmapped, dissolved, taken off",
	  run_dissolve },
	{ "hugetlb-free", "a free HugeTLB page of the pool: dissolved, taken off", run_free },
	{ "hugetlb-inuse", "a pinned HugeTLB page with two raw errors", run_inuse },
	{ "hugetlb-file", "a hugetlbfs file page with three raw errors", run_file },
	{ "hugetlb-unlinked", "the same with two, unmapped and unlinked", run_unlinked },
	{ "hugetlb-pool", "five raw errors, back in the free pool", run_pool },
	{ "hugetlb-leak", "three raw errors, then nr_hugepages is lowered", run_leak },
	{ "hugetlb-leak-last", "the same, with no error after it", run_leak_last },
	{ "hugetlb-again", "leaked from the pool, then THPs are allocated", run_again },
	{ "giga-inuse", "a pinned 1 GiB page with four raw errors", run_giga },
	{ "giga-pool", "the same, back in the free pool", run_giga_pool },
	{ "giga-free", "a free 1 GiB page of the pool: dissolved, taken off", run_giga_free },
	{ "giga-leak", "in use with four raw errors, freed, then nr_hugepages is lowered",
	  run_giga_leak },
	{ NULL, NULL, NULL },
};
