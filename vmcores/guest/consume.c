// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that waits for a machine check, at a page of its own whose address it says: held by a
 * process, read by one, read by the kernel for one, or while the kernel does something else.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

/* So much at once that a CPU is seldom found elsewhere. */
#define NR_PAGES 256
#define POLL "/sys/devices/system/machinecheck/machinecheck0/check_interval"
/* So many corrected errors take a page out of use. */
#define CEC_THRESHOLD "/sys/kernel/debug/ras/cec/action_threshold"

static char *buffer;

static void hold_page(void)
{
	for (;;)
		pause();
}

static void read_page(void)
{
	volatile const char *page = buffer;

	for (;;)
		(void)page[64];
}

/* copy_from_user() of it, which can fail; to a huge page, that is filled at once. */
static void write_page(void)
{
	int fd = open("/mnt/hugetmp/consume", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	while (pwrite(fd, buffer, NR_PAGES * PAGE_SIZE, 0) > 0)
		;
	say("the write failed");
	hold_page();
}

static void stay_in_kernel(void)
{
	while (getrandom(buffer, NR_PAGES * PAGE_SIZE, 0) > 0)
		;
}

static const struct mode {
	const char *name;
	void (*run)(void);
	/* Once a page is bad, the kernel dies of something else. */
	bool dies;
} modes[] = {
	{ "hold", hold_page, false },	   { "cec", hold_page, false },
	{ "hold-sysrq", hold_page, true }, { "read", read_page, false },
	{ "write", write_page, false },	   { "kernel", stay_in_kernel, false },
};

static void say_address(uint64_t pfn)
{
	FILE *console = fopen("/dev/console", "we");

	if (!console)
		return;
	fprintf(console, "hwp-lab: waits at %#llx\n", (unsigned long long)pfn * PAGE_SIZE);
	fclose(console);
}

static uint64_t consumer(void *arg)
{
	const struct mode *mode = arg;

	prctl(PR_SET_NAME, "consumer");
	buffer = mmap(NULL, NR_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(buffer, 1, NR_PAGES * PAGE_SIZE);
	child_answer(va_pfn(0, buffer));
	mode->run();
	return 0;
}

void consume(const char *name)
{
	const struct mode *mode = modes;
	struct child child;
	long seconds = 0;

	while (strcmp(mode->name, name))
		if (++mode == modes + sizeof(modes) / sizeof(modes[0]))
			return;
	write_file(POLL, "1");
	if (!strcmp(name, "cec"))
		write_file(CEC_THRESHOLD, "2");
	pin_cpu(0);
	child = child_start(consumer, (void *)mode);
	pin_cpu(1);
	for (;;) {
		say_address(child.value);
		nap_ms(1000);
		seconds = kpf(child.value) & KPF(HWPOISON) ? seconds + 1 : 0;
		if (mode->dies && seconds == 3)
			write_file("/proc/sysrq-trigger", "c");
	}
}
