// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into hwpoison in the guest: for every page of memory that it reads
 * by /proc/kcore, what /proc/kpageflags says of the page just before.
 *
 *   read PFN FLAGS     a page of RAM
 *   other ADDRESS      something of /proc/kcore that is no page of RAM
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The direct map is below. On arm64 the image is read by its own addresses where the direct map has no
 * alias of its data: its pages are asked about as well.
 */
#ifdef __aarch64__
#define IMAGE_MAP UINT64_MAX
#else
#define IMAGE_MAP 0xffffffff80000000ULL
#endif
#define LOG "/mnt/tmp/reads.txt"
#define MAX_PHDRS 512

static ssize_t (*real_pread)(int, void *, size_t, off_t);
static Elf64_Phdr phdrs[MAX_PHDRS];
static int nr_phdrs, flags_fd = -1;
static uint64_t headers_end, page_size;
static ino_t kcore_inode;
static FILE *trace;

__attribute__((constructor)) static void start(void)
{
	struct stat st;
	Elf64_Ehdr ehdr;
	int fd;

	real_pread = dlsym(RTLD_NEXT, "pread");
	page_size = sysconf(_SC_PAGESIZE);
	fd = open("/proc/kcore", O_RDONLY);
	if (fd < 0 || fstat(fd, &st) || real_pread(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		return;
	kcore_inode = st.st_ino;
	nr_phdrs = ehdr.e_phnum < MAX_PHDRS ? ehdr.e_phnum : MAX_PHDRS;
	if (real_pread(fd, phdrs, nr_phdrs * sizeof(phdrs[0]), ehdr.e_phoff) < 0)
		nr_phdrs = 0;
	close(fd);
	headers_end = UINT64_MAX;
	for (int i = 0; i < nr_phdrs; i++)
		if (phdrs[i].p_type == PT_LOAD && phdrs[i].p_offset < headers_end)
			headers_end = phdrs[i].p_offset;
	flags_fd = open("/proc/kpageflags", O_RDONLY);
	trace = fopen(LOG, "w");
}

static void note_page(uint64_t offset)
{
	uint64_t flags = 0;

	for (int i = 0; i < nr_phdrs; i++) {
		const Elf64_Phdr *p = &phdrs[i];
		uint64_t pfn;

		if (p->p_type != PT_LOAD || offset < p->p_offset ||
		    offset - p->p_offset >= p->p_memsz)
			continue;
		if (p->p_paddr == UINT64_MAX || p->p_vaddr >= IMAGE_MAP)
			break;
		pfn = (p->p_paddr + (offset - p->p_offset)) / page_size;
		if (real_pread(flags_fd, &flags, 8, pfn * 8) != 8)
			flags = 1ULL << 20;
		fprintf(trace, "read %llx %llx\n", (unsigned long long)pfn,
			(unsigned long long)flags);
		return;
	}
	fprintf(trace, "other %llx\n", (unsigned long long)offset);
}

static ssize_t traced(int fd, void *buf, size_t size, off_t offset)
{
	struct stat st;

	if (trace && (uint64_t)offset >= headers_end && !fstat(fd, &st) &&
	    st.st_ino == kcore_inode) {
		uint64_t first = offset & ~(page_size - 1);

		for (uint64_t at = first; at < (uint64_t)offset + size; at += page_size)
			note_page(at);
	}
	return real_pread(fd, buf, size, offset);
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	return traced(fd, buf, size, offset);
}

ssize_t pread64(int fd, void *buf, size_t size, off64_t offset)
{
	return traced(fd, buf, size, offset);
}
