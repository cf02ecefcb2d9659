// SPDX-License-Identifier: GPL-2.0-or-later
/** A dump file's memory: by our own reader, or else by libkdumpfile. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/bits.h"
#include "target/memory/dumpfile.h"
#include "target/memory/frontdoor.h"
#include "target/memory/kdump.h"
#include "target/memory/reader.h"
#include "target/memory/vmcoreinfo_find.h"
#include "target/providers.h"
#include "target/vmcoreinfo.h"

#define MAX_VMCOREINFO ((size_t)1 << 20)
/* A file that was written to so lately may still grow. */
#define GROWING_SECONDS 10

/** What both readers are given. */
struct request {
	struct hwp_dumpfile *dump;
	/** VMCOREINFO of a file, or found in the memory, in place of the dump's own; or NULL. */
	char *given;
	/** Where to record what is read, or NULL. */
	struct hwp_seen *seen;
};

static void request_deinit(struct request *r)
{
	if (r->dump)
		hwp_dumpfile_deinit(r->dump);
	free(r->dump);
	free(r->given);
}

static struct hwp_error *read_text_file(const char *path, char **ret)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *text = NULL;
	struct hwp_error *err;
	size_t len;

	err = hwp_open_regular(path, &f);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	text = malloc(MAX_VMCOREINFO);
	if (!text)
		return hwp_error_no_memory();
	len = fread(text, 1, MAX_VMCOREINFO, f);
	if (ferror(f))
		return hwp_error_os(errno, "%s", path);
	if (len == MAX_VMCOREINFO)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s: too large for a VMCOREINFO", path);
	text[len] = '\0';
	err = hwp_vmcoreinfo_check(text, len);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	*ret = no_cleanup_ptr(text);
	return NULL;
}

/** What is not all there may be on its way: a copy, or makedumpfile at work. */
static void note_growing(int fd, struct hwp_file_facts *facts)
{
	size_t len = strlen(facts->damage);
	struct stat st;

	if (fstat(fd, &st) == 0 && time(NULL) - st.st_mtime < GROWING_SECONDS)
		snprintf(facts->damage + len, sizeof(facts->damage) - len,
			 ", and was written to just now: is it still being copied?");
}

/** @p open_fd, borrowed, is @p path open already, or 0. */
static struct hwp_error *open_file(int open_fd, const char *path, struct hwp_dumpfile **ret,
				   struct hwp_file_facts *facts)
{
	struct hwp_dumpfile *dump = malloc(sizeof(*dump));
	struct hwp_error *err;
	int fd;

	if (!dump)
		return hwp_error_no_memory();
	/* Do not wait for the writer of a FIFO, which is refused. */
	fd = open_fd ? fcntl(open_fd, F_DUPFD_CLOEXEC, 0) :
		       open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*dump = (struct hwp_dumpfile){ .file = { .fd = fd } };
	*ret = dump;
	if (fd < 0)
		return hwp_error_os(errno, "%s", path);
	err = hwp_dumpfile_open(path, fd, dump, facts);
	if (!err && facts->damage[0])
		note_growing(dump->file.fd, facts);
	return err;
}

/** The other files of the same dump. What is wrong with one of them is wrong with the dump. */
static struct hwp_error *open_parts(const struct hwp_target_options *options, struct request *r,
				    struct hwp_file_facts *facts)
{
	for (size_t i = 0; i < options->nr_parts; i++) {
		struct hwp_file_facts part_facts = {};
		struct hwp_dumpfile *part = NULL;
		struct hwp_error *err = open_file(options->part_fds ? options->part_fds[i] : 0,
						  options->part_paths[i], &part, &part_facts);

		if (!err)
			err = hwp_error_prefix(hwp_dumpfile_join(r->dump, part), "%s",
					       options->part_paths[i]);
		if (err && part) {
			hwp_dumpfile_deinit(part);
			free(part);
		}
		if (err)
			return err;
		if (!facts->damage[0])
			memcpy(facts->damage, part_facts.damage, sizeof(facts->damage));
	}
	hwp_dumpfile_note_missing(r->dump, facts);
	return NULL;
}

/** VMCOREINFO's PAGESIZE, or what the machine has. */
static unsigned int page_shift_of(const char *text)
{
	uint64_t size = 0;

	hwp_error_destroy(hwp_vmcoreinfo_number(text, "PAGESIZE", &size));
	return hwp_is_page_size(size) ? hwp_ilog2(size) : HWP_MIN_PAGE_SHIFT;
}

static struct hwp_error *open_request(const struct hwp_target_options *options, struct request *r,
				      struct hwp_file_facts *facts)
{
	struct hwp_error *err;
	const char *own;

	err = open_file(options->core_fd, options->core_path, &r->dump, facts);
	if (!err)
		err = open_parts(options, r, facts);
	if (err)
		return err;
	own = hwp_dumpfile_vmcoreinfo(r->dump);
	if (options->vmcoreinfo_path) {
		err = read_text_file(options->vmcoreinfo_path, &r->given);
		if (!err && own)
			err = hwp_error_prefix(hwp_vmcoreinfo_same_kernel(r->given, own), "%s",
					       options->vmcoreinfo_path);
	} else if (!own) {
		err = hwp_error_prefix(hwp_vmcoreinfo_find_in_memory(r->dump, &r->given), "%s",
				       options->core_path);
		facts->vmcoreinfo_found = r->given;
	}
	/* What is cut off is not counted. */
	if (!facts->damage[0])
		facts->end_pfn = hwp_dumpfile_end_pfn(r->dump,
						      page_shift_of(r->given ? r->given : own));
	return err;
}

/** The environment asks for the other reader, so that the two can be compared. */
static struct hwp_error *choose_reader(bool *by_libkdumpfile)
{
	const char *wanted = secure_getenv("HWPOISON_READER");

	*by_libkdumpfile = wanted && strcmp(wanted, "libkdumpfile") == 0;
	if (!wanted || !*wanted || *by_libkdumpfile)
		return NULL;
	return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
				"HWPOISON_READER is '%s'; the only value is 'libkdumpfile'",
				wanted);
}

/** utsname.machine of the machines that libkdumpfile translates the addresses of. */
static bool is_64_bit(const char *machine)
{
	return strcmp(machine, "x86_64") == 0 || strcmp(machine, "aarch64") == 0;
}

static struct hwp_error *open_reader(struct request *r, struct hwp_provider *ret,
				     struct hwp_file_facts *facts)
{
	const char *text = r->given ? r->given : hwp_dumpfile_vmcoreinfo(r->dump);
	struct hwp_error *err = NULL;
	const char *machine = NULL;
	bool by_libkdumpfile;

	err = choose_reader(&by_libkdumpfile);
	if (!err)
		err = hwp_dumpfile_machine(r->dump, text, &machine);
	if (err)
		return err;
	machine = machine ? machine : "x86_64";
	if (!by_libkdumpfile && is_64_bit(machine)) {
		facts->page_shift = page_shift_of(text);
		err = hwp_reader_open(r->dump, text, ret);
		if (!err && r->seen)
			hwp_reader_record(ret, r->seen);
		if (!err)
			r->dump = NULL;
		if (!hwp_error_catch(&err, HWP_ERROR_UNSUPPORTED))
			return err;
	}
	if (r->seen)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"no excerpt is made of a dump that libkdumpfile reads: its "
					"VMCOREINFO does not say where the page tables are");
	if (r->dump->kdump.is_part)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"parts of a dump of %s, or by libkdumpfile, are not read: "
					"join them with makedumpfile --reassemble",
					machine);
	if (!is_64_bit(machine))
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"a dump of %s is not read: only 64-bit little-endian "
					"kernels are",
					machine);
	err = hwp_kdump_open(r->dump, machine, r->given, ret, facts);
	if (!err)
		r->dump = NULL;
	return err;
}

struct hwp_error *hwp_dump_open_files(const struct hwp_target_options *options,
				      struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	_cleanup_(request_deinit) struct request r = { .seen = options->seen };
	struct hwp_error *err;

	err = open_request(options, &r, facts);
	if (err)
		return err;
	err = open_reader(&r, ret, facts);
	if (facts->damage[0])
		err = hwp_error_prefix(err, "%s", facts->damage);
	return hwp_error_prefix(err, "%s", options->core_path);
}

struct hwp_error *hwp_dump_open(const char *path, const char *vmcoreinfo_path,
				struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	struct hwp_target_options options = { .core_path = path,
					      .vmcoreinfo_path = vmcoreinfo_path };

	return hwp_dump_open_files(&options, ret, facts);
}

bool hwp_may_be_part(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_part = fd < 0 || hwp_diskdump_is_part(fd);

	if (fd >= 0)
		close(fd);
	return is_part;
}
