// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The memory of a running kernel: one provider, which reads through the gate
 * (gate.h) only. This system (running.c) and a QEMU guest (guest.c) differ only
 * in where the bytes come from and in how the kernel's mappings are found.
 */
#ifndef HWP_TARGET_MEMORY_LIVE_H
#define HWP_TARGET_MEMORY_LIVE_H

#include "target/memory/gate.h"
#include "target/target.h"

/** Where a running kernel's bytes come from. Only the gate calls read_physical. */
struct hwp_live_source {
	/** As hwp_gate_memory.read_physical. */
	struct hwp_error *(*read_physical)(void *arg, uint64_t physical, void *buf, size_t size);
	/**
	 * Find the kernel's mappings and its VMCOREINFO as they are now: fill in all
	 * of @p ret except arg and read_physical. The text is borrowed until the next call.
	 * Called when the memory is opened and at each refresh.
	 */
	struct hwp_error *(*find_mappings)(void *arg, struct hwp_gate_memory *ret);
	/** As hwp_target_ram(), without vmemmap. NULL: the ranges are not known. */
	bool (*ram)(void *arg, size_t index, struct hwp_ram *ret);
	/** A second handle for another thread. NULL: there is only one. */
	struct hwp_error *(*clone)(void *arg, void **ret);
	void (*destroy)(void *arg);
};

/**
 * Put the gate before @p source, whose @p arg is taken over, on failure too. The
 * result is the arg of a provider whose operations are the functions below.
 */
struct hwp_error *hwp_live_create(const struct hwp_live_source *source, void *arg, void **ret);

/** As the operations of struct hwp_provider_ops. */
struct hwp_error *hwp_live_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				size_t size, size_t *nr_read_ret);
struct hwp_error *hwp_live_vmcoreinfo(void *arg, char **text_ret);
/** The clone reads by the same page rule. */
struct hwp_error *hwp_live_clone(void *arg, void **ret);
void hwp_live_destroy(void *arg);

extern const struct hwp_live_ops hwp_live_ops;

#endif /* HWP_TARGET_MEMORY_LIVE_H */
