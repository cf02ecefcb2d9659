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
	len = fread(text, 1, MAX_VMCOREINFO - 1, f);
	if (ferror(f))
		return hwp_error_os(errno, "%s", path);
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

static struct hwp_error *open_request(int open_fd, const char *path, const char *vmcoreinfo_path,
				      struct request *r, struct hwp_file_facts *facts)
{
	struct hwp_error *err;
	const char *own;
	int fd;

	r->dump = malloc(sizeof(*r->dump));
	if (!r->dump)
		return hwp_error_no_memory();
	r->dump->file.fd = -1;
	/* Do not wait for the writer of a FIFO, which is refused. */
	fd = open_fd >= 0 ? fcntl(open_fd, F_DUPFD_CLOEXEC, 0) :
			    open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*r->dump = (struct hwp_dumpfile){ .file = { .fd = fd } };
	if (fd < 0)
		return hwp_error_os(errno, "%s", path);
	err = hwp_dumpfile_open(path, fd, r->dump, facts);
	if (err)
		return err;
	/* What is cut off is not counted. */
	if (!facts->damage[0])
		facts->end_pfn = hwp_dumpfile_end_pfn(r->dump);
	else
		note_growing(open_fd >= 0 ? open_fd : r->dump->file.fd, facts);
	own = hwp_dumpfile_vmcoreinfo(r->dump);
	if (vmcoreinfo_path) {
		err = read_text_file(vmcoreinfo_path, &r->given);
		if (!err && own)
			err = hwp_error_prefix(hwp_vmcoreinfo_same_kernel(r->given, own), "%s",
					       vmcoreinfo_path);
	} else if (!own) {
		err = hwp_error_prefix(hwp_vmcoreinfo_find_in_memory(r->dump, &r->given), "%s",
				       path);
		facts->vmcoreinfo_found = r->given;
	}
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

/** VMCOREINFO's PAGESIZE, or what the machine has. */
static unsigned int page_shift_of(const char *text)
{
	uint64_t size = 0;

	hwp_error_destroy(hwp_vmcoreinfo_number(text, "PAGESIZE", &size));
	return hwp_is_page_size(size) ? hwp_ilog2(size) : HWP_MIN_PAGE_SHIFT;
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
		if (!err)
			r->dump = NULL;
		if (!hwp_error_catch(&err, HWP_ERROR_UNSUPPORTED))
			return err;
	}
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

struct hwp_error *hwp_dump_open_fd(int fd, const char *path, const char *vmcoreinfo_path,
				   struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	_cleanup_(request_deinit) struct request r = {};
	struct hwp_error *err;

	err = open_request(fd, path, vmcoreinfo_path, &r, facts);
	if (err)
		return err;
	err = open_reader(&r, ret, facts);
	if (facts->damage[0])
		err = hwp_error_prefix(err, "%s", facts->damage);
	return hwp_error_prefix(err, "%s", path);
}

struct hwp_error *hwp_dump_open(const char *path, const char *vmcoreinfo_path,
				struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	return hwp_dump_open_fd(-1, path, vmcoreinfo_path, ret, facts);
}
