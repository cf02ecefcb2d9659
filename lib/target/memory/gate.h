// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The gate: every byte of a running kernel's memory that we see comes through
 * here. The kernel's own page tables translate an address to its page. Before a
 * page is read, its struct page is read, which says whether the page may be: it
 * must be the kernel's own data, and not poisoned.
 *
 * Until the rule is set, only pages of the kernel's image without PG_hwpoison are
 * read. What the gate itself reads to decide is not subject to the rule: pages of
 * the memmap are only checked for PG_hwpoison, page tables are read as they are.
 */
#ifndef HWP_TARGET_MEMORY_GATE_H
#define HWP_TARGET_MEMORY_GATE_H

#include "target/target.h"

/** The memory behind a gate: /proc/kcore (running.c), a guest (guest.c), or that of a test. */
struct hwp_gate_memory {
	void *arg;
	/** Read by physical address, unchecked. Errors: FAULT, OS. */
	struct hwp_error *(*read_physical)(void *arg, uint64_t physical, void *buf, size_t size);
	/** The kernel's image: [start, end), and the physical address of its start. */
	uint64_t image_start, image_end, image_physical;
	/** Where the direct map has physical address 0; RAM ends before ram_end. */
	uint64_t direct_map, ram_end;
	/** Address of the struct page of pfn 0. */
	uint64_t vmemmap;
	/** The VMCOREINFO text, needed by hwp_gate_create() only. */
	const char *vmcoreinfo;
};

struct hwp_gate;

/**
 * UNSUPPORTED if VMCOREINFO lacks what the gate must know: it walks the page
 * tables of x86_64 and arm64. What @p memory->arg points to is borrowed.
 */
struct hwp_error *hwp_gate_create(const struct hwp_gate_memory *memory, struct hwp_gate **ret);

/** NULL is fine. */
void hwp_gate_destroy(struct hwp_gate *gate);

void hwp_gate_set_rule(struct hwp_gate *gate, const struct hwp_page_rule *rule);

/** The rule in force, or NULL; borrowed. */
const struct hwp_page_rule *hwp_gate_rule(const struct hwp_gate *gate);

/**
 * As hwp_target_read(). A page that may not be read is EXCLUDED; an address that
 * is not mapped, or not memory, is FAULT. One thread at a time.
 */
struct hwp_error *hwp_gate_read(struct hwp_gate *gate, enum hwp_space space, uint64_t address,
				void *buf, size_t size, size_t *nr_read_ret);

#endif /* HWP_TARGET_MEMORY_GATE_H */
