// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/dumpfile.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "target/memory/frontdoor.h"
#include "target/memory/pagetable.h"
#include "target/vmcoreinfo.h"

/* makedumpfile's flattened format: a header page, then records. */
#define FLAT_HEADER_SIZE 4096
#define FLAT_END INT64_C(-1)

struct flat_record {
	uint64_t offset_be, size_be;
};

static struct hwp_error *copy_range(const struct hwp_rawfile *in, off_t from, int out, off_t to,
				    uint64_t size)
{
	static const size_t step = 1 << 20;
	_cleanup_free_ char *buf = malloc(step);
	struct hwp_error *err;

	if (!buf)
		return hwp_error_no_memory();
	while (size) {
		size_t n = size < step ? size : step;
		ssize_t written;

		err = hwp_rawfile_read(in, (uint64_t)from, buf, n);
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
static struct hwp_error *unflatten(const struct hwp_rawfile *in, int out)
{
	off_t at = FLAT_HEADER_SIZE;

	for (;;) {
		struct flat_record record;
		int64_t offset, size;
		struct hwp_error *err = hwp_rawfile_read(in, (uint64_t)at, &record, sizeof(record));

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

static struct hwp_error *replace_flattened(struct hwp_rawfile *file, struct hwp_file_facts *facts)
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
	err = unflatten(file, out);
	if (hwp_error_catch(&err, HWP_ERROR_BAD_DATA))
		snprintf(facts->damage, sizeof(facts->damage),
			 "the flattened file is cut off or damaged");
	if (err)
		return err;
	snprintf(facts->format, sizeof(facts->format), "flattened ");
	close(file->fd);
	file->fd = out;
	out = -1;
	return NULL;
}

static void deinit_one(struct hwp_dumpfile *dump)
{
	hwp_elfcore_deinit(&dump->elf);
	hwp_diskdump_deinit(&dump->kdump);
	if (dump->file.fd >= 0)
		close(dump->file.fd);
	dump->file.fd = -1;
}

void hwp_dumpfile_deinit(struct hwp_dumpfile *dump)
{
	while (dump->next) {
		struct hwp_dumpfile *part = dump->next;

		dump->next = part->next;
		deinit_one(part);
		free(part);
	}
	deinit_one(dump);
}

static struct hwp_error *measure(struct hwp_rawfile *file)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return hwp_error_os(errno, "cannot look at the file");
	file->size = (uint64_t)st.st_size;
	return NULL;
}

static struct hwp_error *read_flattened(struct hwp_rawfile *file, struct hwp_file_facts *facts,
					enum hwp_file_form *form)
{
	struct hwp_error *err = replace_flattened(file, facts);

	if (!err)
		err = hwp_front_door_inside(file->fd, form);
	if (!err)
		err = measure(file);
	return err && facts->damage[0] ? hwp_error_prefix(err, "%s", facts->damage) : err;
}

struct hwp_error *hwp_dumpfile_open(const char *path, int fd, struct hwp_dumpfile *ret,
				    struct hwp_file_facts *facts)
{
	enum hwp_file_form form;
	struct hwp_error *err;

	*ret = (struct hwp_dumpfile){ .file = { .fd = fd } };
	err = hwp_front_door(path, fd, &form);
	if (err)
		return err;
	err = measure(&ret->file);
	if (!err && form == HWP_FILE_FLATTENED)
		err = read_flattened(&ret->file, facts, &form);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	ret->is_kdump = form == HWP_FILE_KDUMP;
	err = ret->is_kdump ? hwp_diskdump_read(&ret->file, &ret->kdump, facts) :
			      hwp_elfcore_read(&ret->file, &ret->elf, facts);
	snprintf(facts->format + strlen(facts->format),
		 sizeof(facts->format) - strlen(facts->format), "%s",
		 ret->is_kdump ? "diskdump" : "elf");
	return hwp_error_prefix(err, "%s", path);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool overlap(const struct hwp_diskdump *a, const struct hwp_diskdump *b)
{
	return a->start_pfn < b->part_end_pfn && b->start_pfn < a->part_end_pfn;
}

struct hwp_error *hwp_dumpfile_join(struct hwp_dumpfile *dump, struct hwp_dumpfile *part)
{
	const struct hwp_diskdump *a = &dump->kdump, *b = &part->kdump;

	if (!dump->is_kdump || !part->is_kdump || !a->is_part || !b->is_part)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"several files are one target only if they are the parts "
					"of one dump, as makedumpfile --split writes them");
	if (a->end_pfn != b->end_pfn || a->page_shift != b->page_shift ||
	    strcmp(a->machine, b->machine) != 0 || !same_text(a->vmcoreinfo, b->vmcoreinfo))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"it is a part of another dump than the first file");
	for (const struct hwp_dumpfile *p = dump; p; p = p->next) {
		if (overlap(&p->kdump, b))
			return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
						"its pfns, 0x%" PRIx64 " to 0x%" PRIx64
						", are in another file that was given",
						b->start_pfn, b->part_end_pfn - 1);
	}
	part->next = dump->next;
	dump->next = part;
	return NULL;
}

const struct hwp_dumpfile *hwp_dumpfile_part(const struct hwp_dumpfile *dump, uint64_t pfn)
{
	for (const struct hwp_dumpfile *p = dump; p && dump->next; p = p->next) {
		if (pfn >= p->kdump.start_pfn && pfn < p->kdump.part_end_pfn)
			return p;
	}
	return dump;
}

/** The first pfn from @p pfn on that a part has, or the dump's end. */
static uint64_t next_stored(const struct hwp_dumpfile *dump, uint64_t pfn)
{
	uint64_t next = dump->kdump.end_pfn;

	for (const struct hwp_dumpfile *p = dump; p; p = p->next) {
		if (p->kdump.start_pfn >= pfn && p->kdump.start_pfn < next)
			next = p->kdump.start_pfn;
	}
	return next;
}

void hwp_dumpfile_note_missing(const struct hwp_dumpfile *dump, struct hwp_file_facts *facts)
{
	_cleanup_free_ char *text = NULL;
	uint64_t pfn = 0;
	size_t size;
	FILE *out;

	if (!dump->is_kdump || !dump->kdump.is_part || facts->damage[0])
		return;
	out = open_memstream(&text, &size);
	if (!out)
		return;
	while (pfn < dump->kdump.end_pfn) {
		const struct hwp_dumpfile *p = hwp_dumpfile_part(dump, pfn);
		uint64_t end = next_stored(dump, pfn);

		if (pfn >= p->kdump.start_pfn && pfn < p->kdump.part_end_pfn) {
			pfn = p->kdump.part_end_pfn;
			continue;
		}
		fprintf(out, "%s0x%" PRIx64 " to 0x%" PRIx64, ftell(out) ? ", " : "", pfn, end - 1);
		pfn = end;
	}
	fclose(out);
	if (text && text[0])
		snprintf(facts->damage, sizeof(facts->damage),
			 "makedumpfile --split wrote this dump in several files, and pfns %.120s "
			 "are in none that was given: give all of them, or join them with "
			 "makedumpfile --reassemble",
			 text);
}

/** QEMU's kdump of an arm64 guest has blocks of 64 KiB, whatever the kernel's pages are. */
uint64_t hwp_dumpfile_end_pfn(const struct hwp_dumpfile *dump, unsigned int page_shift)
{
	size_t nr = dump->elf.runs.nr;

	if (dump->is_kdump)
		return dump->kdump.end_pfn << dump->kdump.page_shift >> page_shift;
	return nr ? (dump->elf.runs.data[nr - 1].end >> page_shift) + 1 : 0;
}

const char *hwp_dumpfile_vmcoreinfo(const struct hwp_dumpfile *dump)
{
	return dump->is_kdump ? dump->kdump.vmcoreinfo : dump->elf.vmcoreinfo;
}

static const char *machine_of_headers(const struct hwp_dumpfile *dump)
{
	static const struct {
		unsigned int number;
		const char *machine;
	} machines[] = {
		{ EM_X86_64, "x86_64" },
		{ EM_AARCH64, "aarch64" },
		{ EM_PPC64, "ppc64" },
		{ EM_S390, "s390x" },
	};

	if (dump->is_kdump)
		return dump->kdump.machine[0] ? dump->kdump.machine : NULL;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(machines); i++) {
		if (dump->elf.machine == machines[i].number)
			return machines[i].machine;
	}
	return "an unknown machine";
}

struct hwp_error *hwp_dumpfile_machine(const struct hwp_dumpfile *dump, const char *text,
				       const char **ret)
{
	const char *named = machine_of_headers(dump), *noted = hwp_page_tables_machine(text);

	/* A 64-bit kernel is called i686 where a personality says so. */
	if (named && noted && strcmp(named, "i686") == 0)
		named = noted;
	if (named && noted && strcmp(named, noted) != 0)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"VMCOREINFO is of %s, the dump's header of %s", noted,
					named);
	*ret = named ? named : noted;
	return NULL;
}
