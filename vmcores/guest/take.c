// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Children that allocate until the bad pages of a block that is free are theirs: as small
 * anonymous pages, page tables, buffers of pipes, page cache.  Each is in a memory cgroup
 * of its own, by which /proc/kpagecgroup shows what no mapping does.  What they need not
 * keep they give back.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUPS "/mnt/cgroup"
/* After the last bad page has left buddy: what the per-CPU lists may hold. */
#define PATIENCE 2048
/* What is left free while bad pages are looked for, and when the search is given up. */
#define ENOUGH_KIB (48 * 1024)
#define SHORT_KIB (5 * 1024)
#define PIPE_PAGES 256
#define MAX_PIPES 128

/* Without memory cgroups (CONFIG_MEMCG) nothing is charged, and the rest goes on. */
static void own_cgroup(const char *name)
{
	char path[128], pid[16];

	mkdir(CGROUPS, 0755);
	mount("cgroup", CGROUPS, "cgroup2", 0, NULL);
	write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	snprintf(path, sizeof(path), CGROUPS "/%s", name);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), CGROUPS "/%s/cgroup.procs", name);
	snprintf(pid, sizeof(pid), "%d", getpid());
	if (write_file(path, pid))
		say("%s: no memory cgroup", name);
}

static long mem_free_kib(void)
{
	char text[128];
	long kib = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(text, sizeof(text), f))
		if (sscanf(text, "MemFree: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* Huge pages, until little is free. */
uint64_t take_most(void *arg)
{
	uint64_t nr = 0;

	while (mem_free_kib() > ENOUGH_KIB && map_clean_thp())
		nr++;
	say("%llu huge pages fill the memory", (unsigned long long)nr);
	return arg ? 0 : nr;
}

/* How long to go on: until all are taken, or none is in buddy and PATIENCE has run out. */
struct hunger {
	const struct take *take;
	bool taken[8];
	int nr_taken, patience;
	long nr_pages;
};

static bool is_hungry(struct hunger *h, int nr_pages)
{
	bool any = false;

	for (int i = 0; i < h->take->nr; i++)
		any |= kpf(h->take->pfns[i]) & KPF(BUDDY);
	h->patience = any ? PATIENCE : h->patience - nr_pages;
	h->nr_pages += nr_pages;
	if (h->nr_taken == h->take->nr || h->patience <= 0)
		return false;
	return h->nr_pages % 128 || mem_free_kib() > SHORT_KIB;
}

static struct hunger hunger_of(const struct take *take)
{
	return (struct hunger){ .take = take, .patience = PATIENCE };
}

static void sated(const struct hunger *h)
{
	say("%s: %d of %d bad pages taken, of %ld", h->take->name, h->nr_taken, h->take->nr,
	    h->nr_pages);
}

/* Which of the bad pages these page table entries map; the offset of each is kept mapped. */
static void find_in(struct hunger *h, char *va, uint64_t *keep)
{
	for (int n = 0; n < 512; n++) {
		uint64_t pfn = va_pfn(0, va + n * PAGE_SIZE);

		for (int i = 0; i < h->take->nr; i++) {
			if (pfn != h->take->pfns[i] || h->taken[i])
				continue;
			h->taken[i] = true;
			h->nr_taken++;
			history_took_page(pfn, "anon", (uintptr_t)va + n * PAGE_SIZE, NULL, 0);
			*keep = (uintptr_t)va / THP_SIZE;
		}
	}
}

/* Small anonymous pages, 2 MiB at a time; those 2 MiB that hold a bad page are kept. */
uint64_t take_small(void *arg)
{
	const size_t size = 1UL << 30;
	struct hunger h = hunger_of(arg);
	uint64_t kept[8], nr_kept = 0;
	char *raw, *va, *at;

	own_cgroup(h.take->name);
	raw = mmap(NULL, size + THP_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	va = (char *)(((uintptr_t)raw + THP_SIZE - 1) & ~(THP_SIZE - 1));
	madvise(va, size, MADV_NOHUGEPAGE);
	for (at = va; at < va + size; at += THP_SIZE) {
		uint64_t keep = 0;

		memset(at, 0x5c, THP_SIZE);
		find_in(&h, at, &keep);
		if (keep && nr_kept < 8)
			kept[nr_kept++] = keep;
		if (!is_hungry(&h, 512))
			break;
	}
	for (char *give = va; give <= at && give < va + size; give += THP_SIZE) {
		bool keep = false;

		for (uint64_t i = 0; i < nr_kept; i++)
			keep |= kept[i] == (uintptr_t)give / THP_SIZE;
		if (!keep)
			madvise(give, THP_SIZE, MADV_DONTNEED);
	}
	sated(&h);
	return h.nr_taken;
}

/* What /proc shows of a bad page that was free and now has this child's mark on it. */
static int notice(struct hunger *h, enum place want, const char *as, const char *path,
		  uint64_t offset)
{
	int nr = 0;

	for (int i = 0; i < h->take->nr; i++) {
		if (h->taken[i] || place_of(h->take->pfns[i]) != want)
			continue;
		h->taken[i] = true;
		h->nr_taken++;
		nr++;
		history_took_page(h->take->pfns[i], as, 0, path, offset);
	}
	return nr;
}

/* One page of page table for each 2 MiB that is touched. */
uint64_t take_tables(void *arg)
{
	const size_t size = 256UL << 30;
	struct hunger h = hunger_of(arg);
	char *va = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	own_cgroup(h.take->name);
	madvise(va, size, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < size; at += THP_SIZE) {
		/* The zero page: only tables are allocated. */
		(void)*(volatile char *)(va + at);
		notice(&h, PLACE_PGTABLE, "pgtable", NULL, 0);
		if (!is_hungry(&h, 1))
			break;
	}
	sated(&h);
	return h.nr_taken;
}

/* Pipes of a MiB, page by page; a page of a pipe is charged and has no other mark. */
uint64_t take_pipes(void *arg)
{
	struct hunger h = hunger_of(arg);
	int useless[2 * MAX_PIPES], nr_useless = 0;
	char page[PAGE_SIZE];
	bool hungry = true;

	own_cgroup(h.take->name);
	memset(page, 0x5b, sizeof(page));
	while (hungry && nr_useless < 2 * MAX_PIPES) {
		int fds[2], nr = 0;

		if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) ||
		    fcntl(fds[1], F_SETPIPE_SZ, PIPE_PAGES * PAGE_SIZE) < 0)
			break;
		for (int i = 0; hungry && i < PIPE_PAGES; i++) {
			if (write(fds[1], page, sizeof(page)) != sizeof(page))
				break;
			nr += notice(&h, PLACE_CHARGED, "pipe", NULL, 0);
			hungry = is_hungry(&h, 1);
		}
		if (nr)
			continue;
		useless[nr_useless++] = fds[0];
		useless[nr_useless++] = fds[1];
	}
	/* Only now: their pages would be the next ones to be handed out. */
	while (nr_useless)
		close(useless[--nr_useless]);
	sated(&h);
	return h.nr_taken;
}

static void path_of(char *path, size_t size, const char *directory, const char *name)
{
	snprintf(path, size, "%s/%s", directory, name);
}

/* A file, page by page, until the bad pages are in its page cache. */
static uint64_t take_cache(const struct take *take, const char *directory)
{
	struct hunger h = hunger_of(take);
	char page[PAGE_SIZE], path[64];
	bool hungry = true;
	int fd;

	own_cgroup(take->name);
	memset(page, 0x5d, sizeof(page));
	path_of(path, sizeof(path), directory, take->name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (uint64_t offset = 0; fd >= 0 && hungry; offset += PAGE_SIZE) {
		ssize_t n = pwrite(fd, page, sizeof(page), offset);

		/* tmpfs takes a bad page into the cache, and then will not write on it. */
		if (n != sizeof(page) && errno != EIO)
			break;
		notice(&h, PLACE_CHARGED, "file", path, offset);
		hungry = is_hungry(&h, 1);
	}
	sated(&h);
	return h.nr_taken;
}

uint64_t take_ramfs(void *arg)
{
	return take_cache(arg, "/mnt/ram");
}

uint64_t take_tmpfs(void *arg)
{
	return take_cache(arg, "/mnt/tmp");
}

/* The files of a scenario, if it made any. */
void take_delete(const char *name)
{
	char path[64];

	path_of(path, sizeof(path), "/mnt/ram", name);
	unlink(path);
	path_of(path, sizeof(path), "/mnt/tmp", name);
	unlink(path);
}
