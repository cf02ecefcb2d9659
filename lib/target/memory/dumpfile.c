// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A dump file is checked before libkdumpfile opens it: what is nonsense, what is
 * truncated, and flattened files, which libkdumpfile reads only from 0.5.3 on.
 */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "base/vec.h"
#include "target/memory/frontdoor.h"
#include "target/providers.h"

/* makedumpfile's flattened format: a header page, then records. */
#define FLAT_HEADER_SIZE 4096
#define FLAT_END INT64_C(-1)

/* One note for each CPU, and VMCOREINFO. */
#define MAX_NOTES (UINT64_C(16) << 20)

struct flat_record {
	uint64_t offset_be, size_be;
};

static struct hwp_error *pread_exactly(int fd, void *buf, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hwp_error_os(errno, "cannot read the file");
		if (n == 0)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the file is cut off at byte %jd",
						(intmax_t)offset + (intmax_t)done);
		done += (size_t)n;
	}
	return NULL;
}

static struct hwp_error *copy_range(int in, off_t from, int out, off_t to, uint64_t size)
{
	static const size_t step = 1 << 20;
	_cleanup_free_ char *buf = malloc(step);
	struct hwp_error *err;

	if (!buf)
		return hwp_error_no_memory();
	while (size) {
		size_t n = size < step ? size : step;
		ssize_t written;

		err = pread_exactly(in, buf, n, from);
		if (err)
			return err;
		written = pwrite(out, buf, n, to);
		if (written != (ssize_t)n)
			return hwp_error_os(written < 0 ? errno : ENOSPC,
					    "cannot write the rearranged copy");
		from += (off_t)n;
		to += (off_t)n;
		size -= n;
	}
	return NULL;
}

/** Rearrange the flattened dump @p in into @p out. BAD_DATA when it is cut off. */
static struct hwp_error *unflatten(int in, int out)
{
	off_t at = FLAT_HEADER_SIZE;

	for (;;) {
		struct flat_record record;
		int64_t offset, size;
		struct hwp_error *err = pread_exactly(in, &record, sizeof(record), at);

		if (err)
			return err;
		offset = (int64_t)be64toh(record.offset_be);
		size = (int64_t)be64toh(record.size_be);
		if (offset == FLAT_END && size == FLAT_END)
			return NULL;
		if (offset < 0 || size < 0 || size > INT64_MAX - offset ||
		    size > INT64_MAX - at - (off_t)sizeof(record))
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"flattened record at byte %jd is nonsense",
						(intmax_t)at);
		at += (off_t)sizeof(record);
		err = copy_range(in, at, out, offset, (uint64_t)size);
		if (err)
			return err;
		at += size;
	}
}

static struct hwp_error *replace_flattened(int *fd, struct hwp_file_facts *facts)
{
	const char *dir = secure_getenv("TMPDIR");
	_cleanup_close_ int out = -1;
	struct hwp_error *err;

	if (!dir || !*dir)
		dir = "/var/tmp";
	out = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (out < 0)
		return hwp_error_os(errno,
				    "a flattened dump needs space for a rearranged copy in %s "
				    "(set TMPDIR, or run makedumpfile -R)",
				    dir);
	err = unflatten(*fd, out);
	if (hwp_error_catch(&err, HWP_ERROR_BAD_DATA))
		snprintf(facts->damage, sizeof(facts->damage),
			 "the flattened file is cut off or damaged");
	if (err)
		return err;
	snprintf(facts->format, sizeof(facts->format), "flattened ");
	close(*fd);
	*fd = out;
	out = -1;
	return NULL;
}

struct hwp_error *hwp_vmcoreinfo_check(const char *text, size_t len)
{
	static const char key[] = "PAGESIZE=";
	const char *at = memmem(text, len, key, sizeof(key) - 1);
	uint64_t page_size = 0;

	if (!at)
		return NULL;
	for (at += sizeof(key) - 1; at < text + len && *at >= '0' && *at <= '9'; at++)
		page_size = page_size * 10 + (uint64_t)(*at - '0');
	if (hwp_is_page_size(page_size))
		return NULL;
	return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense: PAGESIZE=%" PRIu64,
				page_size);
}

/** "QEMU" names the notes that dump-guest-memory adds, one for each CPU. */
static struct hwp_error *read_notes(int fd, const Elf64_Phdr *phdr, bool *from_qemu)
{
	size_t size = phdr->p_filesz < MAX_NOTES ? phdr->p_filesz : MAX_NOTES, at = 0;
	_cleanup_free_ char *buf = calloc(1, size + 1);
	struct hwp_error *err;

	if (!buf)
		return hwp_error_no_memory();
	err = pread_exactly(fd, buf, size, (off_t)phdr->p_offset);
	while (!err && at + sizeof(Elf64_Nhdr) <= size) {
		uint64_t name_size, desc, next;
		Elf64_Nhdr header;

		memcpy(&header, buf + at, sizeof(header));
		at += sizeof(header);
		name_size = (header.n_namesz + 3ULL) & ~3ULL;
		desc = at + name_size;
		next = desc + ((header.n_descsz + 3ULL) & ~3ULL);
		if (next > size)
			break;
		if (header.n_namesz == 5 && memcmp(buf + at, "QEMU", 5) == 0)
			*from_qemu = true;
		if (header.n_namesz == 11 && memcmp(buf + at, "VMCOREINFO", 11) == 0)
			err = hwp_vmcoreinfo_check(buf + desc, header.n_descsz);
		at = next;
	}
	return err;
}

typedef HWP_VEC(Elf64_Phdr) phdr_vec;

static void phdr_vec_deinit(phdr_vec *phdrs)
{
	hwp_vec_deinit(phdrs);
}

static struct hwp_error *read_phdrs(int fd, const Elf64_Ehdr *ehdr, phdr_vec *ret)
{
	uint64_t nr = ehdr->e_phnum;
	struct hwp_error *err;
	Elf64_Shdr section;

	if (nr == PN_XNUM) {
		err = pread_exactly(fd, &section, sizeof(section), (off_t)ehdr->e_shoff);
		if (err)
			return err;
		nr = section.sh_info;
	}
	if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || nr > 1 << 20)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the ELF program headers are nonsense");
	ret->data = calloc(nr ? nr : 1, sizeof(Elf64_Phdr));
	if (!ret->data)
		return hwp_error_no_memory();
	ret->nr = nr;
	return pread_exactly(fd, ret->data, nr * sizeof(Elf64_Phdr), (off_t)ehdr->e_phoff);
}

/*
 * dump-guest-memory -p writes one PT_LOAD for each run of virtual addresses.
 * Where guest RAM changes from one backend to the next (two nodes) it cuts
 * p_filesz short, though the rest follows in the file: libkdumpfile takes it
 * for missing, or for zeros. Elsewhere no segment of QEMU's is cut.
 */
static struct hwp_error *check_segments(int fd, uint64_t file_size, const phdr_vec *phdrs,
					struct hwp_file_facts *facts)
{
	bool from_qemu = false, is_cut = false;
	struct hwp_error *err = NULL;
	uint64_t end = 0;

	for (size_t i = 0; i < phdrs->nr; i++) {
		const Elf64_Phdr *p = &phdrs->data[i];

		if (p->p_type == PT_NOTE)
			err = read_notes(fd, p, &from_qemu);
		if (err)
			return err;
		if (p->p_type != PT_LOAD)
			continue;
		if (p->p_filesz < p->p_memsz)
			is_cut = true;
		if (p->p_filesz > UINT64_MAX - p->p_offset)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the ELF program headers are nonsense");
		if (p->p_filesz && p->p_offset + p->p_filesz > end)
			end = p->p_offset + p->p_filesz;
	}
	if (from_qemu && is_cut)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"a paging dump of a guest with two memory backends, which "
					"libkdumpfile misreads: take it again by dump-guest-memory "
					"without -p");
	if (end > file_size)
		snprintf(facts->damage, sizeof(facts->damage),
			 "the file is cut off: %" PRIu64 " of %" PRIu64 " bytes are there",
			 file_size, end);
	return NULL;
}

static struct hwp_error *check_elf(int fd, uint64_t file_size, struct hwp_file_facts *facts)
{
	_cleanup_(phdr_vec_deinit) phdr_vec phdrs = {};
	struct hwp_error *err;
	Elf64_Ehdr ehdr;

	err = pread_exactly(fd, &ehdr, sizeof(ehdr), 0);
	if (err)
		return err;
	err = read_phdrs(fd, &ehdr, &phdrs);
	return err ? err : check_segments(fd, file_size, &phdrs, facts);
}

/* Headers of makedumpfile's kdump format: the fields that say how long the file is. */
#define KDUMP_HEADER_SIZE 464
#define KDUMP_BLOCK_SIZE 428
#define KDUMP_SUB_HEADER_BLOCKS 432
#define KDUMP_BITMAP_BLOCKS 436
#define KDUMP_SUB_VMCOREINFO 32
#define KDUMP_DESC_SIZE 24
/* The end of the page data follows from the descriptors; of a large dump, from the last ones. */
#define MAX_DESC_BYTES (UINT64_C(64) << 20)

struct kdump_parts {
	uint64_t bitmap, bitmap_size, descs, nr_descs;
};

static struct hwp_error *count_bits(int fd, uint64_t offset, uint64_t size, uint64_t *ret)
{
	uint64_t words[4096];
	struct hwp_error *err = NULL;

	*ret = 0;
	while (size && !err) {
		size_t n = size < sizeof(words) ? size : sizeof(words);

		memset(words, 0, sizeof(words));
		err = pread_exactly(fd, words, n, (off_t)offset);
		for (size_t i = 0; i < HWP_ARRAY_SIZE(words) && !err; i++)
			*ret += (uint64_t)__builtin_popcountll(words[i]);
		offset += n;
		size -= n;
	}
	return err;
}

/** Where the parts of the file are, by its header; BAD_DATA when they cannot be there. */
static struct hwp_error *find_parts(int fd, uint64_t file_size, struct kdump_parts *ret)
{
	unsigned char header[KDUMP_HEADER_SIZE];
	uint64_t block, sub_blocks, bitmap_blocks;
	struct hwp_error *err = pread_exactly(fd, header, sizeof(header), 0);

	if (err)
		return err;
	block = hwp_u32(header + KDUMP_BLOCK_SIZE);
	sub_blocks = hwp_u32(header + KDUMP_SUB_HEADER_BLOCKS);
	bitmap_blocks = hwp_u32(header + KDUMP_BITMAP_BLOCKS);
	if (!hwp_is_page_size(block) || sub_blocks > 65536 || bitmap_blocks == 0 ||
	    bitmap_blocks % 2)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the kdump header is nonsense");
	ret->bitmap = (1 + sub_blocks + bitmap_blocks / 2) * block;
	ret->bitmap_size = bitmap_blocks / 2 * block;
	ret->descs = ret->bitmap + ret->bitmap_size;
	if (ret->descs > file_size)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the file is cut off: %" PRIu64 " bytes are there, its "
					"headers alone take %" PRIu64,
					file_size, ret->descs);
	err = count_bits(fd, ret->bitmap, ret->bitmap_size, &ret->nr_descs);
	if (!err && ret->nr_descs > (file_size - ret->descs) / KDUMP_DESC_SIZE)
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "the file is cut off within its table of pages");
	return err;
}

/** The end of the page data: descriptors of equal pages share their data. */
static struct hwp_error *end_of_pages(int fd, const struct kdump_parts *parts, uint64_t *ret)
{
	uint64_t max = MAX_DESC_BYTES / KDUMP_DESC_SIZE;
	uint64_t first = parts->nr_descs > max ? parts->nr_descs - max : 0;
	char descs[1024 * KDUMP_DESC_SIZE];
	struct hwp_error *err = NULL;

	*ret = 0;
	for (uint64_t i = first; i < parts->nr_descs && !err; i += 1024) {
		uint64_t nr = parts->nr_descs - i < 1024 ? parts->nr_descs - i : 1024;

		err = pread_exactly(fd, descs, nr * KDUMP_DESC_SIZE,
				    (off_t)(parts->descs + i * KDUMP_DESC_SIZE));
		for (uint64_t d = 0; d < nr && !err; d++) {
			const char *desc = descs + d * KDUMP_DESC_SIZE;
			uint64_t end;

			if (!__builtin_add_overflow(hwp_u64(desc), hwp_u32(desc + 8), &end) &&
			    end > *ret)
				*ret = end;
		}
	}
	return err;
}

/** VMCOREINFO of a kdump file: the sub-header has its offset and size. */
static struct hwp_error *check_kdump_vmcoreinfo(int fd, uint64_t file_size)
{
	unsigned char header[KDUMP_HEADER_SIZE], where[16];
	_cleanup_free_ char *text = NULL;
	struct hwp_error *err;
	uint64_t offset, size;

	err = pread_exactly(fd, header, sizeof(header), 0);
	if (!err)
		err = pread_exactly(fd, where, sizeof(where),
				    (off_t)hwp_u32(header + KDUMP_BLOCK_SIZE) +
					    KDUMP_SUB_VMCOREINFO);
	if (err)
		return err;
	offset = hwp_u64(where);
	size = hwp_u64(where + 8);
	if (size == 0 || size > 1 << 20 || offset > file_size || size > file_size - offset)
		return NULL;
	text = malloc(size);
	if (!text)
		return hwp_error_no_memory();
	err = pread_exactly(fd, text, size, (off_t)offset);
	return err ? err : hwp_vmcoreinfo_check(text, size);
}

/* libkdumpfile maps what the header promises: a file that is shorter must not reach it. */
static struct hwp_error *check_kdump(int fd, uint64_t file_size, struct hwp_file_facts *facts)
{
	struct kdump_parts parts;
	struct hwp_error *err;
	uint64_t end;

	err = find_parts(fd, file_size, &parts);
	if (!err)
		err = check_kdump_vmcoreinfo(fd, file_size);
	if (!err)
		err = end_of_pages(fd, &parts, &end);
	if (!err && end > file_size && !facts->damage[0])
		snprintf(facts->damage, sizeof(facts->damage),
			 "the file is cut off: %" PRIu64 " of %" PRIu64 " bytes are there",
			 file_size, end);
	return err;
}

struct hwp_error *hwp_dumpfile_prepare(const char *path, int *fd, struct hwp_file_facts *facts)
{
	enum hwp_file_form form;
	struct hwp_error *err;
	struct stat st;

	err = hwp_front_door(path, *fd, &form);
	if (err)
		return err;
	if (form == HWP_FILE_FLATTENED) {
		err = replace_flattened(fd, facts);
		if (!err)
			err = hwp_front_door_inside(*fd, &form);
		if (err && facts->damage[0])
			err = hwp_error_prefix(err, "%s", facts->damage);
	}
	if (!err && fstat(*fd, &st) < 0)
		err = hwp_error_os(errno, "cannot look at the file");
	if (!err && form == HWP_FILE_ELF)
		err = check_elf(*fd, (uint64_t)st.st_size, facts);
	else if (!err)
		err = check_kdump(*fd, (uint64_t)st.st_size, facts);
	return hwp_error_prefix(err, "%s", path);
}
