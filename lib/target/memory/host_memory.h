// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A dump's memory as another program reads it, with our own reader of the same file before or
 * beside it: that explains why a page cannot be read, and sweeps the memmap in parallel. A running
 * kernel is read through the gate only (running.h).
 */
#ifndef HWP_TARGET_MEMORY_HOST_MEMORY_H
#define HWP_TARGET_MEMORY_HOST_MEMORY_H

#include "target/target.h"

struct hwp_host_memory {
	/** For messages: "drgn". */
	const char *name;
	/** Read all @p size bytes or return false; one thread at a time. */
	bool (*read)(void *arg, enum hwp_space space, uint64_t address, void *buf, size_t size);
	void *arg;
	/** ops is NULL if we cannot open what the host has open. */
	struct hwp_provider own;
	/**
	 * The host is asked only for addresses that our own reader cannot translate. The reader of a
	 * session maps its file, and a file that is damaged or has shrunk ends the session then.
	 */
	bool own_first;
};

/**
 * Open our own reader of the dump that the host, which is this process, has open: into
 * @p memory, with a clone for the sweep in @p sweep_ret and what it learned about the file in
 * @p facts. @p path is the host's name for it, or NULL; the file is the one that is open, under
 * whatever name. If that is not known, or cannot be opened, nothing is changed and that is not
 * an error; but that its headers are not whole is one, BAD_DATA. @p is_given: the user named
 * @p path, and INVALID_ARGUMENT or OS says that it is not the file that is open.
 */
struct hwp_error *hwp_host_memory_open_own(struct hwp_host_memory *memory, const char *path,
					   bool is_given, struct hwp_provider *sweep_ret,
					   struct hwp_file_facts *facts);

/** As hwp_provider_ops.read: what one of the two cannot read is read by the other. */
struct hwp_error *hwp_host_memory_read(struct hwp_host_memory *memory, enum hwp_space space,
				       uint64_t address, void *buf, size_t size,
				       size_t *nr_read_ret);

void hwp_host_memory_deinit(struct hwp_host_memory *memory);

#endif /* HWP_TARGET_MEMORY_HOST_MEMORY_H */
