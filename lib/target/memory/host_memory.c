// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/host_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "target/memory/openfiles.h"
#include "target/providers.h"

void hwp_host_memory_deinit(struct hwp_host_memory *memory)
{
	hwp_provider_deinit(&memory->own);
}

/** The first of them; with the others, where these are parts of the same dump. */
static struct hwp_error *open_dumps(const struct hwp_open_dumps *open, struct hwp_provider *own,
				    struct hwp_file_facts *facts)
{
	struct hwp_target_options options = {
		.core_path = open->dumps[0].path,
		.core_fd = open->dumps[0].fd,
	};
	const char *paths[HWP_MAX_OPEN_DUMPS];
	int fds[HWP_MAX_OPEN_DUMPS];
	struct hwp_error *err;

	for (size_t i = 1; i < open->nr; i++) {
		paths[i - 1] = open->dumps[i].path;
		fds[i - 1] = open->dumps[i].fd;
	}
	options.part_paths = paths;
	options.part_fds = fds;
	options.nr_parts = open->nr - 1;
	err = hwp_dump_open_files(&options, own, facts);
	if (!err || err->code == HWP_ERROR_NO_MEMORY || open->nr == 1)
		return err;
	hwp_error_destroy(err);
	options.nr_parts = 0;
	*facts = (struct hwp_file_facts){};
	return hwp_dump_open_files(&options, own, facts);
}

/** Which file the host has open: none, if that cannot be known. */
static struct hwp_error *find_dumps(const char *host, const char *path, bool is_given,
				    struct hwp_open_dumps *ret)
{
	struct stat named;
	bool is_first;
	struct hwp_error *err = hwp_open_dumps(path, ret, &is_first);

	if (err)
		return err;
	if (is_given && !is_first)
		return access(path, F_OK) < 0 ?
			       hwp_error_os(errno, "%s", path) :
			       hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
						"%s: this is not the dump that %s has open", path,
						host);
	if (!ret->nr && path && stat(path, &named) == 0 && S_ISREG(named.st_mode) && !named.st_size)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s is empty now", path);
	if (!is_first && ret->nr > 1)
		ret->nr = 0;
	return NULL;
}

struct hwp_error *hwp_host_memory_open_own(struct hwp_host_memory *memory, const char *path,
					   bool is_given, struct hwp_provider *sweep_ret,
					   struct hwp_file_facts *facts)
{
	_cleanup_(hwp_open_dumps_deinit) struct hwp_open_dumps open = {};
	struct hwp_provider own = {}, sweep = {};
	struct hwp_file_facts found = {};
	struct hwp_error *err;

	err = find_dumps(memory->name, path, is_given, &open);
	if (err || !open.nr)
		return err;
	err = open_dumps(&open, &own, &found);
	if (!err && own.ops->clone) {
		err = own.ops->clone(own.arg, &sweep.arg);
		sweep.ops = err ? NULL : own.ops;
	}
	if (err) {
		hwp_provider_deinit(&own);
		/* The host maps its headers: where they are not whole any more, its next look is fatal. */
		if (err->code == HWP_ERROR_NO_MEMORY || err->code == HWP_ERROR_BAD_DATA)
			return err;
		hwp_error_destroy(err);
		return NULL;
	}
	memory->own = own;
	*sweep_ret = sweep;
	*facts = found;
	return NULL;
}

struct hwp_error *hwp_host_memory_read(struct hwp_host_memory *memory, enum hwp_space space,
				       uint64_t address, void *buf, size_t size,
				       size_t *nr_read_ret)
{
	/* A page is readable as a whole or not at all, and none is smaller. */
	const size_t page_size = (size_t)1 << HWP_MIN_PAGE_SHIFT;
	size_t done = 0, nr_read = 0;
	struct hwp_error *err;

	if (memory->own_first && memory->own.ops) {
		err = memory->own.ops->read(memory->own.arg, space, address, buf, size, &done);
		*nr_read_ret = done;
		if (!hwp_error_catch(&err, HWP_ERROR_FAULT))
			return err;
	}
	*nr_read_ret = size;
	if (memory->read(memory->arg, space, address + done, (char *)buf + done, size - done))
		return NULL;
	while (done < size) {
		size_t n = page_size - (address + done) % page_size;

		n = n < size - done ? n : size - done;
		if (!memory->read(memory->arg, space, address + done, (char *)buf + done, n))
			break;
		done += n;
	}
	*nr_read_ret = done;
	if (done == size)
		return NULL;
	address += done;
	if (!memory->own.ops)
		return hwp_error_at(HWP_ERROR_FAULT, address,
				    "%s cannot read %s address 0x%" PRIx64, memory->name,
				    space == HWP_PHYSICAL ? "physical" : "kernel", address);
	err = memory->own.ops->read(memory->own.arg, space, address, (char *)buf + done,
				    size - done, &nr_read);
	*nr_read_ret = done + nr_read;
	return err;
}
