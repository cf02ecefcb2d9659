// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A dump's memory as another program reads it, next to our own reader of the
 * same file: that one tells why the other could not read, and sweeps in
 * parallel. A running kernel is read through the gate alone (running.h).
 */
#ifndef HWP_TARGET_MEMORY_HOST_MEMORY_H
#define HWP_TARGET_MEMORY_HOST_MEMORY_H

#include "target/target.h"

struct hwp_host_memory {
	/** For messages: "drgn". */
	const char *name;
	/** Read all of it or say no; for one thread at a time. */
	bool (*read)(void *arg, enum hwp_space space, uint64_t address, void *buf, size_t size);
	void *arg;
	/** ops NULL when we cannot open what the host has open. */
	struct hwp_provider own;
};

/**
 * Open our own reader of @p path into @p memory, a clone of it for the sweep into
 * @p sweep_ret, and what it found out about the file into @p facts. That we cannot is
 * no error: then nothing is changed. Error: NO_MEMORY.
 */
struct hwp_error *hwp_host_memory_open_own(struct hwp_host_memory *memory, const char *path,
					   const char *vmcoreinfo_path,
					   struct hwp_provider *sweep_ret,
					   struct hwp_file_facts *facts);

/** As hwp_provider_ops.read: by the host, and what that refuses by our own reader. */
struct hwp_error *hwp_host_memory_read(struct hwp_host_memory *memory, enum hwp_space space,
				       uint64_t address, void *buf, size_t size,
				       size_t *nr_read_ret);

void hwp_host_memory_deinit(struct hwp_host_memory *memory);

#endif /* HWP_TARGET_MEMORY_HOST_MEMORY_H */
