// SPDX-License-Identifier: GPL-2.0-or-later
/** A machine of 4 MiB to stand behind the gate: page tables, a memmap, pages of each kind. */
#ifndef TESTS_GATE_MACHINE_H
#define TESTS_GATE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/memory/gate.h"

#define NR_PAGES 1024
#define PAGE UINT64_C(4096)
#define IMAGE UINT64_C(0xffffffff81000000)
#define DIRECT_MAP UINT64_C(0xffff888000000000)
#define MEMMAP UINT64_C(0xffffea0000000000)
#define VMALLOC UINT64_C(0xffffc90000000000)
#define PRESENT UINT64_C(0x63)
#define HWPOISON (UINT64_C(1) << 20)

/* pfns */
enum {
	IMAGE_PFN = 256,
	MEMMAP_PFN = 512,
	TABLES_PFN = 600,
	SLAB_PFN = 700,
	USER_PFN = 701,
	KERNEL_PFN = 702,
	BAD_SLAB_PFN = 703,
	TAIL_PFN = 704,
	BAD_IMAGE_PFN = IMAGE_PFN + 3,
};

/* As our rule understands it. */
struct fake_page {
	uint64_t flags, kind, head, rest[5];
};

struct machine {
	unsigned char *memory;
	unsigned int nr_reads[NR_PAGES];
	unsigned int next_table;
	struct hwp_gate *gate;
};

static uint64_t head_of(const void *arg, const void *page, uint64_t address)
{
	(void)arg;
	(void)address;
	return ((const struct fake_page *)page)->head;
}

static enum hwp_live_kind kind_of(const void *arg, const void *page, const void *head)
{
	(void)arg;
	if (((const struct fake_page *)page)->flags & HWPOISON)
		return HWP_LIVE_POISONED;
	return (enum hwp_live_kind)((const struct fake_page *)head)->kind;
}

static struct fake_page *page_of(struct machine *m, uint64_t pfn)
{
	return (struct fake_page *)(m->memory + MEMMAP_PFN * PAGE) + pfn;
}

static void map(struct machine *m, uint64_t address, uint64_t pfn)
{
	uint64_t table = IMAGE_PFN;

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t *entry = (uint64_t *)(m->memory + table * PAGE) + (address >> shift & 511);

		if (!*entry)
			*entry = (TABLES_PFN + m->next_table++) * PAGE | PRESENT;
		table = *entry / PAGE;
	}
	((uint64_t *)(m->memory + table * PAGE))[address >> 12 & 511] = pfn * PAGE | PRESENT;
}

/* But SYMBOL(vmemmap), which kernels have from v6.9 on. */
static const char machine_text[] = "OSRELEASE=gate\nSIZE(page)=64\nOFFSET(page.flags)=0\n"
				   "NUMBER(phys_base)=-15728640\nSYMBOL(_stext)=ffffffff81000000\n"
				   "SYMBOL(init_top_pgt)=ffffffff81000000\n"
				   "NUMBER(pgtable_l5_enabled)=0\nNUMBER(PG_hwpoison)=20\n"
				   "NUMBER(MAX_PHYSMEM_BITS)=46\n";

static const struct hwp_page_rule machine_rule = { .head = head_of, .kind = kind_of };

static struct machine *machine_create(void)
{
	struct machine *m = calloc(1, sizeof(*m));

	m->memory = calloc(NR_PAGES, PAGE);
	for (uint64_t i = 0; i < NR_PAGES * sizeof(struct fake_page) / PAGE; i++)
		map(m, MEMMAP + i * PAGE, MEMMAP_PFN + i);
	map(m, VMALLOC, KERNEL_PFN);
	map(m, VMALLOC + PAGE, USER_PFN);
	for (uint64_t pfn = 0; pfn < NR_PAGES; pfn++)
		page_of(m, pfn)->kind = HWP_LIVE_OTHER;
	for (uint64_t pfn = IMAGE_PFN; pfn < IMAGE_PFN + 16; pfn++)
		page_of(m, pfn)->kind = HWP_LIVE_METADATA;
	page_of(m, SLAB_PFN)->kind = page_of(m, BAD_SLAB_PFN)->kind = HWP_LIVE_METADATA;
	page_of(m, KERNEL_PFN)->kind = HWP_LIVE_KERNEL;
	page_of(m, TAIL_PFN)->head = MEMMAP + SLAB_PFN * sizeof(struct fake_page);
	page_of(m, BAD_SLAB_PFN)->flags = page_of(m, BAD_IMAGE_PFN)->flags = HWPOISON;
	return m;
}

static void machine_destroy(struct machine *m)
{
	free(m->memory);
	free(m);
}

#endif /* TESTS_GATE_MACHINE_H */
