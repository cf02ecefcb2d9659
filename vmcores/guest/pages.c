// SPDX-License-Identifier: GPL-2.0-or-later
/* Order-0 pages: free, per-CPU, anonymous, file. */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void run_free(const char *name)
{
	uint64_t base = find_free_run(1024, 0x1000, max_pfn());

	if (base == NO_PFN || !corrupt_pfn(base + 13)) {
		say("%s: no free block of order 10", name);
		return;
	}
	note(name, base + 13, "taken-off", base, 10, 0);
}

enum { NR_SMALL = 16384 };

/* Small pages with a hole beside each, which compaction brings together. */
static uint64_t scattered_child(void *arg)
{
	char *va = mmap(NULL, NR_SMALL * PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (va == MAP_FAILED)
		return NO_PFN;
	for (size_t i = 0; i < NR_SMALL; i++)
		va[i * PAGE_SIZE] = 1;
	for (size_t i = 0; i < NR_SMALL; i += 2)
		madvise(va + i * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);
	return va_pfn(0, va + PAGE_SIZE);
}

bool scatter_pages(void)
{
	return child_start(scattered_child, NULL).value != NO_PFN;
}

void compact_memory(void)
{
	say("compact_memory: %d", write_file("/proc/sys/vm/compact_memory", "1"));
	watch_look();
}

/*
 * Compaction takes free pages without the allocator's check of them: the highest first, but for
 * blocks that are whole.
 */
static void run_free_compacted(const char *name)
{
	int nr = 0;

	if (!scatter_pages())
		return;
	for (uint64_t pfn = max_pfn() - 2; pfn > 0x1000 && nr < 4; pfn--)
		if ((kpf(pfn) & KPF(BUDDY)) && (kpf(pfn - 1) & KPF(ANON)) &&
		    (kpf(pfn + 1) & KPF(ANON)) && corrupt_pfn(pfn)) {
			note(name, pfn, kpf(pfn) & KPF(BUDDY) ? "reused" : "taken-off", pfn, 0, 0);
			nr++;
		}
	compact_memory();
}

/* A free page in each 32 MiB of memory, as far as one is free. */
static void run_spread(const char *name)
{
	const uint64_t step = (32UL << 20) / PAGE_SIZE;

	for (uint64_t low = step; low < max_pfn(); low += step) {
		uint64_t base = find_free_run(64, low, low + step);

		if (base != NO_PFN && corrupt_pfn(base + 7))
			note(name, base + 7, "taken-off", base, 6, 0);
	}
}

/* The same block twice: the second page is in what the first one left of it. */
static void run_free_two(const char *name)
{
	uint64_t base = find_free_run(512, 0x1000, max_pfn());

	if (base == NO_PFN)
		return;
	if (corrupt_pfn(base))
		note(name, base, "taken-off", base, 9, 0);
	if (corrupt_pfn(base + 511))
		note(name, base + 511, "taken-off", base, 9, 0);
}

static void run_pcp(const char *name)
{
	uint64_t pfn;
	char *va;

	for (int i = 0; i < 20; i++) {
		/* More than fit in the batches that delay a page's last put. */
		va = mmap(NULL, 64 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
		memset(va, 1, 64 * PAGE_SIZE);
		pfn = va_pfn(0, va + 20 * PAGE_SIZE);
		munmap(va, 64 * PAGE_SIZE);
		if (pfn == NO_PFN || (kpf(pfn) & KPF(BUDDY)) || !is_free_pfn(pfn))
			continue;
		if (corrupt_pfn(pfn)) {
			/* Up to 5.13 nobody drains the list, and the kernel takes the page for
			 * its own: it is handed out next. */
			note(name, pfn, corrupt_result() ? "pcp|buddy" : "taken-off", pfn, 0, 0);
			return;
		}
	}
	say("%s: no page found on a per-CPU list", name);
}

static uint64_t anon_child(void *arg)
{
	char *va = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	uint64_t pfn;

	(void)arg;
	memset(va, 0x5a, 8 * PAGE_SIZE);
	pfn = va_pfn(0, va + 3 * PAGE_SIZE);
	return madvise_poison(va + 3 * PAGE_SIZE) ? pfn : NO_PFN;
}

static void run_anon(const char *name)
{
	struct child child = child_start(anon_child, NULL);

	note(name, child.value, "isolated", child.value, 0, 0);
}

static void run_anon_exit(const char *name)
{
	struct child child = child_start(anon_child, NULL);

	note(name, child.value, "isolated", child.value, 0, 0);
	child_end(&child);
}

/* A pin keeps the page referenced: unmapped, but never let go by its pipe. */
static uint64_t anon_pinned_child(void *arg)
{
	char *va = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	uint64_t pfn;

	(void)arg;
	*va = 1;
	pfn = va_pfn(0, va);
	if (pin_page(va) < 0 || !madvise_poison(va))
		return NO_PFN;
	return pfn;
}

static void run_anon_pinned_exit(const char *name)
{
	struct child child = child_start(anon_pinned_child, NULL);

	note(name, child.value, "isolated", child.value, 0, 0);
	child_end(&child);
}

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

static uint64_t soft_child(void *arg)
{
	char *va = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	uint64_t pfn;

	(void)arg;
	memset(va, 1, 4 * PAGE_SIZE);
	pfn = va_pfn(0, va + PAGE_SIZE);
	history_error(pfn, "soft-offline");
	return madvise(va + PAGE_SIZE, PAGE_SIZE, MADV_SOFT_OFFLINE) ? NO_PFN : pfn;
}

/* Soft offlining flags the old page too, once its data has moved. */
static void run_soft(const char *name)
{
	uint64_t pfn;
	char text[32];

	if (!strcmp(name, "soft-offline")) {
		struct child child = child_start(soft_child, NULL);

		note(name, child.value, "isolated", child.value, 0, 0);
		return;
	}
	pfn = find_free_run(64, 0x1000, max_pfn()) + 31;
	history_error(pfn, "soft-offline");
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)pfn * PAGE_SIZE);
	write_file("/sys/devices/system/memory/soft_offline_page", text);
	if (kpf(pfn) & KPF(HWPOISON))
		note(name, pfn, "taken-off", pfn, 0, 0);
}

static void run_unpoison(const char *name)
{
	uint64_t base = find_free_run(512, 0x1000, max_pfn());
	char text[32];
	int ret;

	if (base == NO_PFN || !corrupt_pfn(base + 100))
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)base + 100);
	ret = write_file("/sys/kernel/debug/hwpoison/unpoison-pfn", text);
	say("%s: pfn %#llx: %d", name, (unsigned long long)base + 100, ret);
	if (kpf(base + 100) & KPF(HWPOISON))
		note(name, base + 100, "taken-off", base, 9, 0);
}

static void run_none(const char *name)
{
	(void)name;
}

/* A block with a page that cannot be moved would go on being offlined until a signal. */
static int change_block(const char *path, const char *to)
{
	int ret;

	alarm(10);
	ret = write_file(path, to);
	alarm(0);
	return ret;
}

/* The last memory block that can go offline, with an error in it. */
static void run_offline(const char *name)
{
	uint64_t nr = (128UL << 20) / PAGE_SIZE, pfn;
	char path[96];
	int ret;

	for (uint64_t base = (max_pfn() - 1) & ~(nr - 1); base; base -= nr) {
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state",
			 (unsigned long long)(base / nr));
		pfn = find_free_run(64, base, base + nr);
		if (pfn == NO_PFN)
			continue;
		ret = change_block(path, "offline");
		say("%s: %s: %d", name, path, ret);
		if (ret)
			continue;
		write_file(path, "online");
		if (!corrupt_pfn(pfn + 5))
			return;
		ret = change_block(path, "offline");
		say("%s: %s: %d", name, path, ret);
		note(name, pfn + 5, ret ? "taken-off" : "offline", pfn + 5, 0, 0);
		return;
	}
}

struct file_case {
	const char *name, *path;
	bool clean, unlink;
};

static const struct file_case file_cases[] = {
	{ "file-clean", "/mnt/disk/clean", true, false },
	{ "file-dirty", "/mnt/disk/dirty", false, false },
	{ "file-tmpfs", "/mnt/tmp/file", false, false },
	{ "file-unlinked", "/mnt/tmp/unlinked", false, true },
	{ "file-ramfs", "/mnt/ram/file", false, false },
	{ "file-pmem", "/mnt/pmem/file", false, false },
};

struct file_result {
	uint64_t pfn;
	bool cached;
};

static bool write_pages(int fd, int nr)
{
	char page[PAGE_SIZE];

	memset(page, 0xa5, sizeof(page));
	for (int i = 0; i < nr; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return false;
	return true;
}

/* Bit 62 of the answer: the page is still in the cache afterwards. */
static uint64_t file_child(void *arg)
{
	const struct file_case *c = arg;
	int fd = open(c->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unsigned char resident[8] = { 0 };
	uint64_t pfn;
	volatile char *va;

	if (fd < 0 || !write_pages(fd, 8) || (c->clean && fsync(fd)) ||
	    (c->unlink && unlink(c->path)))
		return NO_PFN;
	va = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (va == MAP_FAILED)
		return NO_PFN;
	if (c->clean)
		(void)va[2 * PAGE_SIZE];
	else
		va[2 * PAGE_SIZE] = 1;
	pfn = va_pfn(0, (char *)va + 2 * PAGE_SIZE);
	if (pfn == NO_PFN || !madvise_poison((char *)va + 2 * PAGE_SIZE))
		return NO_PFN;
	/* A mapping of its own: the first one has a hwpoison entry, "resident" for ever. */
	va = mmap(NULL, 8 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (mincore((char *)va, 8 * PAGE_SIZE, resident) == 0 && (resident[2] & 1))
		pfn |= 1ULL << 62;
	return pfn;
}

static void run_file(const char *name)
{
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		struct child child;
		uint64_t pfn;

		if (strcmp(file_cases[i].name, name))
			continue;
		child = child_start(file_child, (void *)&file_cases[i]);
		if (child.value == NO_PFN) {
			say("%s: could not be set up", name);
			return;
		}
		pfn = child.value & ~(1ULL << 62);
		note(name, pfn, child.value != pfn ? "in-use" : "isolated", pfn, 0, child.pid)
			->path = file_cases[i].path;
	}
}

const struct scenario page_scenarios[] = {
	{ "free", "a page inside a free order-10 block: taken off", run_free },
	{ "spread", "a free page in each 32 MiB: taken off", run_spread },
	{ "free-two", "first and last page of a free order-9 range: taken off", run_free_two },
	{ "free-compacted", "a page of a free block, then memory is compacted: taken off",
	  run_free_compacted },
	{ "pcp", "a page just freed to a per-CPU list: drained, taken off", run_pcp },
	{ "anon", "a mapped anonymous page: unmapped and isolated", run_anon },
	{ "anon-exit", "the same, and the process has exited", run_anon_exit },
	{ "anon-pinned-exit", "a pinned anonymous page, released afterwards",
	  run_anon_pinned_exit },
	{ "file-clean", "a clean ext4 page: truncated and isolated", run_file },
	{ "file-dirty", "a dirty ext4 page: truncated and isolated", run_file },
	{ "file-tmpfs", "a tmpfs page: stays in the page cache", run_file },
	{ "file-unlinked", "the same of a file without a name", run_file },
	{ "file-ramfs", "a ramfs page: cannot be truncated", run_file },
	{ "file-pmem", "a page of persistent memory that a file has (DAX)", run_file },
	{ "soft-offline", "an anonymous page, soft-offlined: moved, old page isolated", run_soft },
	{ "soft-offline-free", "a free page, soft-offlined: taken off", run_soft },
	{ "unpoison", "a free page, poisoned and unpoisoned: healthy again", run_unpoison },
	{ "offline", "a page taken off, then its memory block goes offline", run_offline },
	{ "none", "nothing: a healthy machine", run_none },
	{ NULL, NULL, NULL },
};
