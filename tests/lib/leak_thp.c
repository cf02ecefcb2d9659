// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Poisons a page of a transparent huge page that a pipe pins, so that it cannot be split, and
 * frees it: a kernel without the fix frees it whole, the bad page with it. With the
 * argument "small" it is an ordinary page, which the kernel withholds; with "file PATH" the
 * fourth page of that file, which is dirty. Prints that page's pfn, before the error.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE_SIZE 4096UL
#define THP_SIZE (2UL << 20)
#define BAD (17 * PAGE_SIZE)

static void ignore(int sig)
{
	(void)sig;
}

static uint64_t pfn_of(const char *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, 8, (off_t)((uintptr_t)p / PAGE_SIZE * 8)) != 8)
		return 0;
	close(fd);
	return entry & ((UINT64_C(1) << 55) - 1);
}

static int poison_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	char *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, 8 * PAGE_SIZE) == 0)
		p = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror(path);
		return 1;
	}
	memset(p, 1, 8 * PAGE_SIZE);
	printf("bad %" PRIu64 "\n", pfn_of(p + 3 * PAGE_SIZE));
	fflush(stdout);
	madvise(p + 3 * PAGE_SIZE, PAGE_SIZE, MADV_HWPOISON);
	return 0;
}

int main(int argc, char **argv)
{
	char *map = mmap(NULL, 2 * THP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *p = (char *)(((uintptr_t)map + THP_SIZE - 1) & ~(THP_SIZE - 1));
	struct iovec iov = { p, PAGE_SIZE };
	int fds[2];

	signal(SIGBUS, ignore);
	if (argc == 3)
		return poison_file(argv[2]);
	if (map == MAP_FAILED || madvise(p, THP_SIZE, argc > 1 ? MADV_NOHUGEPAGE : MADV_HUGEPAGE)) {
		perror("a huge page");
		return 1;
	}
	memset(p, 1, THP_SIZE);
	printf("bad %" PRIu64 "\n", pfn_of(p + BAD));
	fflush(stdout);
	if (argc == 1 && (pipe(fds) || vmsplice(fds[1], &iov, 1, 0) < 0)) {
		perror("a pipe");
		return 1;
	}
	madvise(p + BAD, PAGE_SIZE, MADV_HWPOISON);
	munmap(map, 2 * THP_SIZE);
	return 0;
}
