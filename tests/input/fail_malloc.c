// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Preloaded: allocation number $HWP_FAIL_AT of the child that reads a dump, or with
 * $HWP_IN_PARENT of its parent, fails, and with $HWP_FAIL_ON all after it. With $HWP_COUNT their
 * number follows the child's report.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t parent;
static unsigned long fail_at;
static int in_parent, goes_on, counts;
static atomic_ulong nr;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

__attribute__((__constructor__)) static void begin(void)
{
	const char *at = getenv("HWP_FAIL_AT");

	parent = getpid();
	fail_at = at ? strtoul(at, NULL, 10) : 0;
	in_parent = getenv("HWP_IN_PARENT") != NULL;
	goes_on = getenv("HWP_FAIL_ON") != NULL;
	counts = getenv("HWP_COUNT") != NULL;
}

static int fails(void)
{
	unsigned long n;

	if (!parent || (getpid() == parent) != in_parent)
		return 0;
	n = ++nr;
	if (!fail_at || (goes_on ? n < fail_at : n != fail_at))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	*p = fails() ? NULL : __libc_memalign(alignment, size);
	return *p ? 0 : ENOMEM;
}

void _exit(int status)
{
	char line[64];

	if (counts && getpid() != parent) {
		snprintf(line, sizeof(line), "allocations %lu\n", (unsigned long)nr);
		if (write(STDOUT_FILENO, line, strlen(line)) < 0)
			status = 99;
	}
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}
