// SPDX-License-Identifier: GPL-2.0-or-later
/* pvpanic stops the virtual machine: a port on x86_64, a PCI device elsewhere. */
#define _GNU_SOURCE
#include "guest.h"

#define PANICKED 1

#ifdef __x86_64__

#include <sys/io.h>

void freeze(void)
{
	if (ioperm(0x505, 1, 1))
		say("ioperm failed");
	else
		outb(PANICKED, 0x505);
}

#else

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"

/* The number at the beginning of a file. */
static uint64_t number(const char *dir, const char *file)
{
	unsigned long long value;
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", dir, file);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llx", &value) != 1)
		value = 0;
	if (f)
		fclose(f);
	return value;
}

/* Debian's kernels for arm64 have no driver of it. Its two bytes are anywhere in a page. */
static volatile uint8_t *open_device(const char *dir)
{
	uint64_t offset = number(dir, "resource") % PAGE_SIZE;
	char path[320];
	char *va;
	int fd;

	snprintf(path, sizeof(path), DEVICES "/%s/enable", dir);
	write_file(path, "1");
	snprintf(path, sizeof(path), DEVICES "/%s/resource0", dir);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	va = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return va == MAP_FAILED ? NULL : (uint8_t *)va + offset;
}

void freeze(void)
{
	volatile uint8_t *events = NULL;
	DIR *dir = opendir(DEVICES);
	const struct dirent *entry;

	while (dir && !events && (entry = readdir(dir)))
		if (number(entry->d_name, "vendor") == 0x1b36 &&
		    number(entry->d_name, "device") == 0x0011)
			events = open_device(entry->d_name);
	if (dir)
		closedir(dir);
	if (events)
		*events = PANICKED;
	else
		say("no pvpanic");
}

#endif
