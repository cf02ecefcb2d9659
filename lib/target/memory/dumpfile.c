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

void hwp_dumpfile_deinit(struct hwp_dumpfile *dump)
{
	hwp_elfcore_deinit(&dump->elf);
	hwp_diskdump_deinit(&dump->kdump);
	if (dump->file.fd >= 0)
		close(dump->file.fd);
	dump->file.fd = -1;
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

uint64_t hwp_dumpfile_end_pfn(const struct hwp_dumpfile *dump)
{
	size_t nr = dump->elf.runs.nr;

	if (dump->is_kdump)
		return dump->kdump.end_pfn;
	return nr ? (dump->elf.runs.data[nr - 1].end >> HWP_MIN_PAGE_SHIFT) + 1 : 0;
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
	const char *named = machine_of_headers(dump), *told = hwp_page_tables_machine(text);

	/* A 64-bit kernel is called i686 where a personality says so. */
	if (named && told && strcmp(named, "i686") == 0)
		named = told;
	if (named && told && strcmp(named, told) != 0)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"VMCOREINFO is of %s, the dump's header of %s", told,
					named);
	*ret = named ? named : told;
	return NULL;
}
