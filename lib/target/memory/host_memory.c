// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/host_memory.h"

#include <inttypes.h>

#include "target/providers.h"

void hwp_host_memory_deinit(struct hwp_host_memory *memory)
{
	hwp_provider_deinit(&memory->own);
}

struct hwp_error *hwp_host_memory_open_own(struct hwp_host_memory *memory, const char *path,
					   const char *vmcoreinfo_path,
					   struct hwp_provider *sweep_ret,
					   struct hwp_file_facts *facts)
{
	struct hwp_provider own = {}, sweep = {};
	struct hwp_file_facts found = {};
	struct hwp_error *err;

	err = hwp_dump_open(path, vmcoreinfo_path, &own, &found);
	if (!err && own.ops->clone) {
		err = own.ops->clone(own.arg, &sweep.arg);
		sweep.ops = err ? NULL : own.ops;
	}
	if (err) {
		hwp_provider_deinit(&own);
		if (err->code == HWP_ERROR_NO_MEMORY)
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

	*nr_read_ret = size;
	if (memory->read(memory->arg, space, address, buf, size))
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
