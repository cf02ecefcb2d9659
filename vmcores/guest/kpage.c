// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int flags_fd = -1, count_fd = -1, cgroup_fd = -1;
static uint64_t nr_pfns;
static uint64_t *snapshots[2];

/* The end of the last "System RAM" range; /proc/kpageflags may go further. */
static uint64_t iomem_end(void)
{
	unsigned long long start, end;
	uint64_t top = 0;
	char line[256];
	FILE *f = fopen("/proc/iomem", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "System RAM") && sscanf(line, "%llx-%llx", &start, &end) == 2)
			top = (end + 1) / PAGE_SIZE;
	if (f)
		fclose(f);
	return top;
}

void kpage_open(void)
{
	flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	count_fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	cgroup_fd = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC);
	nr_pfns = iomem_end();
	/* Now, for later it would be free memory that a scenario has just looked at. */
	for (int i = 0; i < 2; i++)
		snapshots[i] = mmap(NULL, nr_pfns * sizeof(uint64_t), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

uint64_t max_pfn(void)
{
	return nr_pfns;
}

static uint64_t read_word(int fd, uint64_t pfn)
{
	uint64_t word;

	if (pread(fd, &word, sizeof(word), pfn * sizeof(word)) != sizeof(word))
		return KPF(NOPAGE);
	return word;
}

uint64_t kpf(uint64_t pfn)
{
	return read_word(flags_fd, pfn);
}

uint64_t kpc(uint64_t pfn)
{
	return read_word(count_fd, pfn);
}

/* The inode of the memory cgroup that the page is charged to, 0 for none. */
uint64_t kpage_cgroup(uint64_t pfn)
{
	uint64_t word = 0;

	if (cgroup_fd < 0 || pread(cgroup_fd, &word, sizeof(word), pfn * sizeof(word)) < 0)
		return 0;
	return word;
}

uint64_t va_pfn(pid_t pid, const void *va)
{
	uint64_t word = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid ? pid : getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NO_PFN;
	if (pread(fd, &word, sizeof(word), (uintptr_t)va / PAGE_SIZE * 8) != 8)
		word = 0;
	close(fd);
	/* present, and not a swap entry */
	if (!(word >> 63 & 1) || (word >> 62 & 1))
		return NO_PFN;
	return word & ((1ULL << 55) - 1);
}

/* Free as far as /proc shows: in buddy, or with no sign of any use. */
bool is_free_pfn(uint64_t pfn)
{
	uint64_t used = ~(KPF(BUDDY) | KPF(HWPOISON) | (~0ULL << 33));

	return !(kpf(pfn) & used) && kpc(pfn) == 0;
}

bool all_kpf(uint64_t base, uint64_t nr, uint64_t mask, uint64_t want)
{
	for (uint64_t i = 0; i < nr; i++)
		if ((kpf(base + i) & mask) != want)
			return false;
	return true;
}

/* A run of NR free pages aligned to NR in [low, high), the highest there is. */
uint64_t find_free_run(uint64_t nr, uint64_t low, uint64_t high)
{
	uint64_t base;

	if (high > nr_pfns)
		high = nr_pfns;
	for (base = (high - nr) & ~(nr - 1); base >= low && base > nr; base -= nr)
		if ((kpf(base) & KPF(BUDDY)) &&
		    all_kpf(base, nr, KPF(BUDDY) | KPF(HWPOISON), KPF(BUDDY)))
			return base;
	return NO_PFN;
}

/* The words of NR pages at once; those that cannot be read are KPF_NOPAGE. */
void kpf_range(uint64_t base, uint64_t nr, uint64_t *to)
{
	size_t size = nr * sizeof(*to), done = 0;

	while (done < size) {
		ssize_t n = pread(flags_fd, (char *)to + done, size - done,
				  base * sizeof(*to) + done);

		if (n <= 0)
			break;
		done += n;
	}
	for (size_t i = done / 8; i < nr; i++)
		to[i] = KPF(NOPAGE);
}

/* The words of all pages, as they are now and as they were at the call before. */
uint64_t *kpf_snapshot(void)
{
	static int turn;

	turn = !turn;
	kpf_range(0, nr_pfns, snapshots[turn]);
	return snapshots[turn];
}
