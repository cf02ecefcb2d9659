// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A load on every CPU while dumps are made: what is on its way to the allocator or from it
 * is where a dump of a busy machine finds it.  It begins when the truth has been written, and
 * goes on for as long as hwp.busy= says, in milliseconds of the guest.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CPUS 8

static pid_t children[MAX_CPUS];
static int nr_children;
static bool is_wanted;

/* Small anonymous pages, some of them shared with a child that ends. */
static void use_memory(unsigned int *seed)
{
	size_t size = ((size_t)rand_r(seed) % 512 + 1) * PAGE_SIZE;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	madvise(p, size, rand_r(seed) % 4 ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	for (size_t at = 0; at < size; at += PAGE_SIZE)
		p[at] = 1;
	if (rand_r(seed) % 8 == 0) {
		pid_t pid = fork();

		if (pid == 0) {
			memset(p, 2, size);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	munmap(p, size);
}

/* Page cache that is deleted, and the buffers of a pipe. */
static void use_files(int cpu, unsigned int *seed)
{
	static char data[64 * 1024];
	char path[64];
	int fds[2], fd;

	snprintf(path, sizeof(path), "/mnt/ram/busy-%d", cpu);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = rand_r(seed) % 32; fd >= 0 && i >= 0; i--)
		if (write(fd, data, sizeof(data)) < 0)
			break;
	close(fd);
	unlink(path);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	if (write(fds[1], data, sizeof(data)) < 0)
		say("no pipe");
	close(fds[0]);
	close(fds[1]);
}

static void be_busy(int cpu)
{
	unsigned int seed = cpu + 1;

	pin_cpu(cpu);
	for (;;) {
		use_memory(&seed);
		use_files(cpu, &seed);
	}
}

static void run_busy(const char *name)
{
	(void)name;
	is_wanted = true;
}

void busy_start(void)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);

	for (int cpu = 0; is_wanted && cpu < nr && cpu < MAX_CPUS; cpu++) {
		children[nr_children] = fork();
		if (children[nr_children] == 0)
			be_busy(cpu);
		nr_children++;
	}
	if (is_wanted)
		nap_ms(200);
}

static long busy_ms(void)
{
	char text[4096] = "";
	const char *at;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return 0;
	close(fd);
	at = strstr(text, "hwp.busy=");
	return at ? atol(at + strlen("hwp.busy=")) : 0;
}

/* The dumps are made meanwhile. */
void busy_end(void)
{
	if (!is_wanted)
		return;
	nap_ms(busy_ms());
	while (nr_children) {
		kill(children[--nr_children], SIGKILL);
		waitpid(children[nr_children], NULL, 0);
	}
}

const struct scenario busy_scenarios[] = {
	{ "busy", "every CPU allocates and frees while dumps are made", run_busy },
	{ NULL, NULL, NULL },
};
