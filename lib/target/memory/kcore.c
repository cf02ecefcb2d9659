// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/kcore.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/vec.h"
#include "target/memory/notes.h"
#include "target/memory/privilege.h"
#include "target/memory/rawfile.h"

struct hwp_kcore {
	const char *path;
	int fd;
	HWP_VEC(struct hwp_kcore_segment) segments;
	char *vmcoreinfo;
};

void hwp_kcore_destroy(struct hwp_kcore *k)
{
	if (!k)
		return;
	if (k->fd >= 0)
		close(k->fd);
	hwp_vec_deinit(&k->segments);
	free(k->vmcoreinfo);
	free(k);
}

static void kcore_destroyp(struct hwp_kcore **k)
{
	hwp_kcore_destroy(*k);
}

static struct hwp_error *read_exactly(const struct hwp_kcore *k, void *buf, size_t size,
				      uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(k->fd, (char *)buf + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hwp_error_os(errno, "cannot read %s", k->path);
		if (n == 0)
			return hwp_error_create(HWP_ERROR_BAD_DATA, "%s ends early", k->path);
		done += (size_t)n;
	}
	return NULL;
}

/** Linux kernel commit 23c85094fe18 ("proc/kcore: add vmcoreinfo note to /proc/kcore") (in v4.19). */
static struct hwp_error *find_vmcoreinfo(struct hwp_kcore *k, const Elf64_Phdr *p)
{
	const struct hwp_rawfile file = { .fd = k->fd, .size = p->p_offset + p->p_filesz };
	struct hwp_notes notes = {};
	struct hwp_error *err = hwp_notes_read(&file, p->p_offset, p->p_filesz, &notes);

	if (notes.vmcoreinfo) {
		free(k->vmcoreinfo);
		k->vmcoreinfo = notes.vmcoreinfo;
	}
	return hwp_error_prefix(err, "%s", k->path);
}

static struct hwp_error *add_segment(struct hwp_kcore *k, const Elf64_Phdr *p)
{
	struct hwp_kcore_segment segment = {
		.start = p->p_vaddr,
		.end = p->p_vaddr + p->p_memsz,
		.file_offset = p->p_offset,
		.physical = p->p_paddr,
	};

	if (segment.end <= segment.start)
		return NULL;
	return hwp_vec_push(&k->segments, segment) ? NULL : hwp_error_no_memory();
}

/** Up to v4.18 p_paddr was 0 where it is -1 now; those kernels have no note and are refused. */
static struct hwp_error *read_headers(struct hwp_kcore *k)
{
	_cleanup_free_ Elf64_Phdr *phdrs = NULL;
	struct hwp_error *err;
	Elf64_Ehdr ehdr;

	err = read_exactly(k, &ehdr, sizeof(ehdr), 0);
	if (hwp_error_catch(&err, HWP_ERROR_BAD_DATA) ||
	    (!err && memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0))
		return hwp_error_create(
			HWP_ERROR_UNSUPPORTED,
			"%s is masked by another mount, as in a container: run hwpoison on the "
			"host, or give the container the host's /proc",
			k->path);
	if (err)
		return err;
	if (ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB ||
	    ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"%s is not that of a 64-bit little-endian kernel", k->path);
	phdrs = calloc(ehdr.e_phnum + 1, sizeof(*phdrs));
	if (!phdrs)
		return hwp_error_no_memory();
	err = read_exactly(k, phdrs, ehdr.e_phnum * sizeof(*phdrs), ehdr.e_phoff);
	for (size_t i = 0; i < ehdr.e_phnum && !err; i++) {
		if (phdrs[i].p_type == PT_NOTE)
			err = find_vmcoreinfo(k, &phdrs[i]);
		else if (phdrs[i].p_type == PT_LOAD)
			err = add_segment(k, &phdrs[i]);
	}
	return err;
}

struct hwp_error *hwp_kcore_open(const char *path, struct hwp_kcore **ret)
{
	_cleanup_(kcore_destroyp) struct hwp_kcore *k = calloc(1, sizeof(*k));
	struct hwp_error *err;

	if (!k)
		return hwp_error_no_memory();
	k->path = path;
	k->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (k->fd < 0)
		return hwp_privilege_explain(errno, path, HWP_CAP_SYS_RAWIO,
					     "the kernel has CONFIG_PROC_KCORE=n");
	err = read_headers(k);
	if (err)
		return err;
	*ret = no_cleanup_ptr(k);
	return NULL;
}

const struct hwp_kcore_segment *hwp_kcore_segments(const struct hwp_kcore *kcore, size_t *nr_ret)
{
	*nr_ret = kcore->segments.nr;
	return kcore->segments.data;
}

const char *hwp_kcore_vmcoreinfo(const struct hwp_kcore *kcore)
{
	return kcore->vmcoreinfo;
}

struct hwp_error *hwp_kcore_read(struct hwp_kcore *kcore, const struct hwp_kcore_segment *segment,
				 uint64_t address, void *buf, size_t size)
{
	if (address < segment->start || address > segment->end || size > segment->end - address)
		return hwp_error_at(HWP_ERROR_FAULT, address, "0x%" PRIx64 " is not in %s", address,
				    kcore->path);
	return read_exactly(kcore, buf, size, segment->file_offset + (address - segment->start));
}
