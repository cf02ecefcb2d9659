// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The gate: every byte of a running kernel's memory that we see came
 * through here. An address is translated to its page, by the kernel's own page
 * tables; before a page is read its struct page is, and says whether it may
 * be: it must be the kernel's own data, and not poisoned.
 *
 * Until the rule is set, only pages of the kernel's image are read that do not
 * bear PG_hwpoison. What the gate itself reads without asking are page tables
 * and struct pages, by which it asks.
 */
#ifndef HWP_TARGET_MEMORY_GATE_H
#define HWP_TARGET_MEMORY_GATE_H

#include "target/target.h"

/** What stands behind a gate: kcore.c, a guest (guest.c), or a test's own memory. */
struct hwp_gate_memory {
	void *arg;
	/** The kernel's direct map: physical memory as it is. Errors: FAULT, OS. */
	struct hwp_error *(*read_physical)(void *arg, uint64_t physical, void *buf, size_t size);
	/** The kernel's image: [start, end), and its physical address. */
	uint64_t image_start, image_end, image_physical;
	/** Physical address 0 in the direct map, which ends before ram_end. */
	uint64_t direct_map, ram_end;
	/** Address of the struct page of pfn 0. */
	uint64_t vmemmap;
	/** VMCOREINFO's text, borrowed. */
	const char *vmcoreinfo;
};

struct hwp_gate;

/**
 * UNSUPPORTED where VMCOREINFO does not tell what the gate must know: it walks
 * the page tables of x86_64. What @p memory->arg points to is borrowed.
 */
struct hwp_error *hwp_gate_create(const struct hwp_gate_memory *memory, struct hwp_gate **ret);

/** NULL is fine. */
void hwp_gate_destroy(struct hwp_gate *gate);

void hwp_gate_set_rule(struct hwp_gate *gate, const struct hwp_page_rule *rule);

/** The rule in force, or NULL; borrowed. */
const struct hwp_page_rule *hwp_gate_rule(const struct hwp_gate *gate);

/**
 * As hwp_target_read(). A page that may not be read is EXCLUDED; what is not
 * mapped, or no memory, is FAULT. One thread at a time.
 */
struct hwp_error *hwp_gate_read(struct hwp_gate *gate, enum hwp_space space, uint64_t address,
				void *buf, size_t size, size_t *nr_read_ret);

#endif /* HWP_TARGET_MEMORY_GATE_H */
