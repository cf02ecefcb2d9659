// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that belong to the kernel: memory failure can only ignore them. */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/io_uring.h>

/* Low slabs come from boot and hold things that live for ever. */
static void run_slab(const char *name)
{
	const uint64_t mask = KPF(SLAB) | KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL) | KPF(HWPOISON);
	uint64_t want = KPF(SLAB), pfn, base, nr;

	if (!strcmp(name, "slab"))
		want |= KPF(COMPOUND_HEAD);
	if (!strcmp(name, "slab-tail"))
		want |= KPF(COMPOUND_TAIL);
	for (pfn = 0x1000; pfn < max_pfn(); pfn++)
		if ((kpf(pfn) & mask) == want)
			break;
	if (pfn == max_pfn() || !corrupt_pfn(pfn)) {
		say("%s: no slab page", name);
		return;
	}
	for (base = pfn; kpf(base) & KPF(COMPOUND_TAIL); base--)
		;
	for (nr = 1; kpf(base + nr) & KPF(COMPOUND_TAIL); nr++)
		;
	note(name, pfn, "slab", base, __builtin_ctzll(nr), 0);
}

static uint64_t tables_child(void *arg)
{
	char *va = mmap(NULL, 1UL << 30, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	madvise(va, 1UL << 30, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < 1UL << 30; at += 32 << 20)
		va[at] = 1;
	return 0;
}

static void run_pgtable(const char *name)
{
	uint64_t *before = kpf_snapshot(), *after, pfn;

	child_command = NULL;
	child_start(tables_child, NULL);
	after = kpf_snapshot();
	for (pfn = 0x1000; pfn < max_pfn(); pfn++)
		if (!(before[pfn] & KPF(PGTABLE)) && (after[pfn] & KPF(PGTABLE)) &&
		    (kpf(pfn) & KPF(PGTABLE)))
			break;
	if (pfn < max_pfn() && corrupt_pfn(pfn))
		note(name, pfn, "pgtable", pfn, 0, 0);
	else
		say("%s: no page table found", name);
}

static void run_reserved(const char *name)
{
	uint64_t pfn;

	for (pfn = max_pfn() - 1; pfn; pfn--)
		if ((kpf(pfn) & (KPF(RESERVED) | KPF(NOPAGE) | KPF(HWPOISON))) == KPF(RESERVED))
			break;
	if (pfn && corrupt_pfn(pfn))
		note(name, pfn, "reserved", pfn, 0, 0);
}

/*
 * The rings of io_uring are kernel pages that a mapping shows the frames of;
 * they stay allocated without it for as long as the descriptor is open.
 */
static uint64_t ring_open(unsigned int entries, size_t size, int *fd)
{
	struct io_uring_params params;
	uint64_t pfn;
	volatile char *va;

	memset(&params, 0, sizeof(params));
	*fd = syscall(__NR_io_uring_setup, entries, &params);
	if (*fd < 0) {
		say("io_uring_setup: %d", errno);
		return NO_PFN;
	}
	va = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *fd,
		  IORING_OFF_SQES);
	if (va == MAP_FAILED) {
		say("io_uring mmap: %d", errno);
		return NO_PFN;
	}
	(void)va[0];
	pfn = va_pfn(0, (char *)va);
	munmap((char *)va, size);
	return pfn;
}

static void run_ring_page(const char *name)
{
	int fd;
	uint64_t pfn = ring_open(4, PAGE_SIZE, &fd);

	if (pfn != NO_PFN && corrupt_pfn(pfn))
		note(name, pfn, "kernel", pfn, 0, 0);
}

/* 64 bytes an entry: of pages of 4 KiB, 1024 entries are an order-4 folio. */
static uint64_t ring_folio(const char *name, unsigned int order, int *fd)
{
	uint64_t nr = 1ULL << order,
		 base = ring_open((PAGE_SIZE / 64) << order, nr * PAGE_SIZE, fd);

	if (base == NO_PFN || !(kpf(base) & KPF(COMPOUND_HEAD))) {
		say("%s: the ring is not one folio", name);
		return NO_PFN;
	}
	if (!corrupt_pfn(base + nr / 2) || !corrupt_pfn(base + nr - 1))
		return NO_PFN;
	note(name, base + nr / 2, "kernel", base, order, 0);
	note(name, base + nr - 1, "kernel", base, order, 0);
	return base;
}

static void run_ring_folio(const char *name)
{
	int fd;

	ring_folio(name, 4, &fd);
}

static void run_ring_leak(const char *name)
{
	struct release release = { .order = 6, .scenario = name };

	if (!strcmp(name, "kernel-leak-pcp")) {
		release.order = 2;
		write_file("/proc/sys/vm/percpu_pagelist_high_fraction", "8");
	}
	release.base = ring_folio(name, release.order, &release.fd);
	if (release.base != NO_PFN)
		release_last(&release);
}

const struct scenario kernel_scenarios[] = {
	{ "slab", "the head page of a slab", run_slab },
	{ "slab-tail", "a tail page of a slab", run_slab },
	{ "slab-single", "a slab of one page", run_slab },
	{ "pgtable", "a user page-table page", run_pgtable },
	{ "reserved", "a reserved page", run_reserved },
	{ "kernel", "an order-0 page of an io_uring", run_ring_page },
	{ "kernel-folio", "two pages of an order-4 folio of an io_uring", run_ring_folio },
	{ "kernel-leak", "the same with an order-6 folio, then the io_uring is closed",
	  run_ring_leak },
	{ "kernel-leak-pcp", "an order-2 folio, closed: goes to a per-CPU list", run_ring_leak },
	{ NULL, NULL, NULL },
};
