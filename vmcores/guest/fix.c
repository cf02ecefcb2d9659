// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folios that are poisoned and then freed whole, for a kernel that frees only
 * the healthy ranges of such a folio.  All are freed when all errors are in,
 * since each error drains the per-CPU lists that small blocks go to.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define POOL_2M "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
#define POOL_1G "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
#define HUGE_1G (30 << 26)

enum kind { THP, HUGE_2M, GIGA };

struct fix_case {
	const char *name;
	enum kind kind;
	int nr;
	int at[8];
	int healthy; /* instead: all pages but this one, if not 0 */
};

static const struct fix_case cases[] = {
	{ "fix-thp-1", THP, 1, { 13 }, 0 },
	{ "fix-thp-2", THP, 2, { 5, 130 }, 0 },
	{ "fix-thp-8", THP, 8, { 3, 64, 65, 128, 200, 301, 400, 510 }, 0 },
	{ "fix-thp-edges", THP, 2, { 0, 511 }, 0 },
	{ "fix-thp-adjacent", THP, 4, { 255, 256, 257, 258 }, 0 },
	{ "fix-thp-all-but-one", THP, 0, { 0 }, 77 },
	{ "fix-hugetlb-1", HUGE_2M, 1, { 13 }, 0 },
	{ "fix-hugetlb-2", HUGE_2M, 2, { 0, 511 }, 0 },
	{ "fix-hugetlb-8", HUGE_2M, 8, { 7, 8, 9, 63, 64, 255, 400, 510 }, 0 },
	{ "fix-giga-8",
	  GIGA,
	  8,
	  { 0x100, 0x1ff, 0x200, 0x1234, 0x8000, 0x20000, 0x20001, 0x3ffff },
	  0 },
	{ "fix-giga-0", GIGA, 0, { 0 }, 0 },
	{ NULL, THP, 0, { 0 }, 0 },
};

struct extent extents[MAX_EXTENTS];
int nr_extents;

static const struct fix_case *find_case(const char *name)
{
	const struct fix_case *c = cases;

	while (strcmp(c->name, name))
		c++;
	return c;
}

static unsigned int order_of(const struct fix_case *c)
{
	return c->kind == GIGA ? 18 : 9;
}

static int nr_of(const struct fix_case *c)
{
	return c->healthy ? THP_PAGES - 1 : c->nr;
}

static int offset_of(const struct fix_case *c, int i)
{
	return c->healthy ? i + (i >= c->healthy) : c->at[i];
}

/* What the bad page holds from before its error on: nothing may write to it again. */
static uint64_t pattern_of(uint64_t pfn)
{
	return 0x4857500000000000ULL | pfn;
}

static void fill(char *page, uint64_t pfn)
{
	uint64_t word = pattern_of(pfn);

	for (size_t at = 0; at < PAGE_SIZE; at += sizeof(word))
		memcpy(page + at, &word, sizeof(word));
}

static uint64_t fix_child(void *arg)
{
	const struct fix_case *c = arg;
	size_t size = PAGE_SIZE << order_of(c);
	char *va = c->kind == THP ? map_clean_thp() : map_huge(size, c->kind == GIGA ? HUGE_1G : 0);
	uint64_t base = va ? va_pfn(0, va) : NO_PFN;

	if (base == NO_PFN)
		return NO_PFN;
	for (int i = 0; i < nr_of(c); i++)
		fill(va + offset_of(c, i) * PAGE_SIZE, base + offset_of(c, i));
	/* A pinned THP cannot be split, a pinned HugeTLB page not dissolved. */
	if (pin_page(va) < 0)
		return NO_PFN;
	for (int i = 0; i < nr_of(c); i++)
		if (!corrupt_pfn(base + offset_of(c, i)) && c->kind == THP)
			return NO_PFN;
	return base;
}

static void pool_grow(const char *pool)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", read_long(pool) + 1);
	write_file(pool, text);
}

/* Pages in use stay until they are released themselves. */
static void pools_empty(void)
{
	nap_ms(20);
	write_file(POOL_2M, "0");
	write_file(POOL_1G, "0");
	nap_ms(50);
}

static void extent_note(const char *scenario, const char *kind, uint64_t base, unsigned int order)
{
	uint64_t nr = 1ULL << order;
	uint64_t *kpf = mmap(NULL, nr * sizeof(*kpf), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (kpf == MAP_FAILED || nr_extents == MAX_EXTENTS)
		return;
	extents[nr_extents++] = (struct extent){
		.scenario = scenario, .kind = kind, .base = base, .order = order, .kpf = kpf
	};
}

static void run_fix(const char *name)
{
	const struct fix_case *c = find_case(name);
	struct release release = { .fd = -1,
				   .order = order_of(c),
				   .scenario = name,
				   .then = c->kind == THP ? NULL : pools_empty };

	/* Room on the per-CPU lists, so that small blocks stay there. */
	write_file("/proc/sys/vm/percpu_pagelist_high_fraction", "8");
	if (c->kind != THP && read_long(c->kind == GIGA ? POOL_1G : POOL_2M) < 1)
		pool_grow(c->kind == GIGA ? POOL_1G : POOL_2M);
	child_command = NULL;
	release.child = child_start(fix_child, (void *)c);
	release.base = release.child.value;
	if (release.base == NO_PFN) {
		say("%s: no huge page, or it was not poisoned", name);
		return;
	}
	for (int i = 0; i < nr_of(c); i++) {
		uint64_t pfn = release.base + offset_of(c, i);

		note(name, pfn, "in-use", release.base, order_of(c), release.child.pid)
			->pattern = pattern_of(pfn);
	}
	extent_note(name, c->kind == THP ? "thp" : "hugetlb", release.base, order_of(c));
	release_last(&release);
}

/* A free page of the pool: memory failure dissolves it, and finds its page isolated. */
static uint64_t peek_child(void *arg)
{
	char *va = map_huge(THP_SIZE, 0);

	(void)arg;
	return va ? va_pfn(0, va) : NO_PFN;
}

static void run_fix_dissolve(const char *name)
{
	struct child child;

	pool_grow(POOL_2M);
	child_command = NULL;
	child = child_start(peek_child, NULL);
	child_end(&child);
	nap_ms(20);
	if (child.value == NO_PFN || !corrupt_pfn(child.value + 9))
		return;
	note(name, child.value + 9, "isolated", child.value, 9, 0);
	extent_note(name, "hugetlb", child.value, 9);
}

/*
 * How long freeing takes, for a kernel that says so (vmcores/fix/measure.patch):
 * every page of the pool freed without poison, then again with eight pages each.
 */
static void run_fix_time(const char *name)
{
	const struct fix_case *c = find_case("fix-giga-8");
	struct child children[16];
	char text[32];
	long nr = read_long(POOL_1G);
	int n;

	snprintf(text, sizeof(text), "%ld", nr);
	say("%s: %ld pages without poison", name, nr);
	pools_empty();
	write_file(POOL_1G, text);
	say("%s: %ld pages with eight", name, read_long(POOL_1G));
	child_command = NULL;
	for (n = 0; n < nr && n < 16; n++) {
		children[n] = child_start(fix_child, (void *)c);
		if (children[n].value == NO_PFN)
			break;
		for (int i = 0; i < c->nr; i++)
			note(name, children[n].value + c->at[i], "isolated", children[n].value, 18,
			     0);
	}
	while (n--)
		child_end(&children[n]);
	pools_empty();
}

const struct scenario fix_scenarios[] = {
	{ "fix-thp-1", "a THP with one bad page, freed", run_fix },
	{ "fix-thp-2", "with two", run_fix },
	{ "fix-thp-8", "with eight", run_fix },
	{ "fix-thp-edges", "with its first and its last page bad", run_fix },
	{ "fix-thp-adjacent", "with four bad pages in a row", run_fix },
	{ "fix-thp-all-but-one", "with one healthy page", run_fix },
	{ "fix-hugetlb-1", "a 2 MiB HugeTLB page with one raw error, freed", run_fix },
	{ "fix-hugetlb-2", "with two, its first and its last page", run_fix },
	{ "fix-hugetlb-8", "with eight", run_fix },
	{ "fix-giga-8", "a 1 GiB HugeTLB page with eight raw errors, freed", run_fix },
	{ "fix-giga-0", "the same without an error", run_fix },
	{ "fix-hugetlb-dissolve", "a free HugeTLB page, dissolved by memory failure",
	  run_fix_dissolve },
	{ "fix-giga-time", "the pool's 1 GiB pages freed with no and with eight errors",
	  run_fix_time },
	{ NULL, NULL, NULL },
};
