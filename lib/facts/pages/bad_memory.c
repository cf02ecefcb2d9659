// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/bad_memory.h"

#include <string.h>

#include "base/bits.h"
#include "facts/pages/address.h"
#include "target/memory/pagetable.h"

/* mm/page_poison.c: PAGE_POISON */
#define PAGE_POISON_BYTE 0xaa

struct direct_map {
	struct hwp_page_tables tables;
	uint64_t start;
};

/** FAULT is left to addresses that are not mapped. */
static struct hwp_error *read_table(void *arg, uint64_t physical, void *buf, size_t size)
{
	struct hwp_error *err = hwp_target_read(arg, HWP_PHYSICAL, physical, buf, size, NULL);

	if (hwp_error_catch(&err, HWP_ERROR_FAULT))
		err = hwp_error_create(HWP_ERROR_EXCLUDED, "a page table cannot be read");
	return err;
}

static bool find_map(struct direct_map *map, struct hwp_target *target, const struct hwp_layout *l)
{
	_cleanup_error_ struct hwp_error *err = NULL;

	map->tables.arg = target;
	map->tables.read_physical = read_table;
	err = hwp_page_tables_learn(&map->tables, hwp_target_vmcoreinfo_text(target));
	return !err && hwp_direct_map_start(target, l, &map->start);
}

static enum hwp_direct_map look_up(const struct direct_map *map, uint64_t physical)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t found;
	unsigned int shift;

	err = hwp_page_tables_walk(&map->tables, map->start + physical, &shift, &found);
	return !err			    ? HWP_DIRECT_MAP_PRESENT :
	       err->code == HWP_ERROR_FAULT ? HWP_DIRECT_MAP_ABSENT :
					      HWP_DIRECT_MAP_UNKNOWN;
}

static enum hwp_contents read_contents(struct hwp_target *target, uint64_t physical)
{
	size_t size = (size_t)1 << hwp_target_page_shift(target);
	_cleanup_error_ struct hwp_error *err = NULL;
	_cleanup_free_ unsigned char *page = malloc(size);

	if (!page)
		return HWP_CONTENTS_UNKNOWN;
	err = hwp_target_read(target, HWP_PHYSICAL, physical, page, size, NULL);
	if (err)
		return HWP_CONTENTS_UNKNOWN;
	if (memcmp(page, page + 1, size - 1) != 0)
		return HWP_CONTENTS_OTHER;
	return page[0] == 0		   ? HWP_CONTENTS_ZERO :
	       page[0] == PAGE_POISON_BYTE ? HWP_CONTENTS_PAGE_POISON :
					     HWP_CONTENTS_OTHER;
}

/** Which page of memory is the memmap's there, and is it poisoned? */
static void locate(const struct direct_map *map, const struct hwp_layout *l,
		   const struct hwp_findings *f, struct hwp_memmap_hole *hole)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t physical;
	unsigned int shift;

	err = hwp_page_tables_walk(&map->tables, hole->address, &shift, &physical);
	if (err)
		return;
	hole->has_memmap_pfn = true;
	hole->memmap_pfn = physical >> l->page_shift;
	hole->is_poisoned = hwp_findings_poisoned_at(f, hole->memmap_pfn) != NULL;
}

void hwp_bad_memory_look(struct hwp_target *target, const struct hwp_layout *l,
			 struct hwp_findings *f)
{
	struct direct_map map = {};
	bool has_map = find_map(&map, target, l);
	/* A bad page of a running kernel must not be touched. */
	bool may_be_written = !hwp_target_is_live(target) && (f->kernel.page_poisoning == HWP_ON ||
							      f->kernel.init_on_free == HWP_ON);

	for (size_t i = 0; i < f->memmap_holes.nr && has_map; i++)
		locate(&map, l, f, &f->memmap_holes.data[i]);
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];
		uint64_t physical = p->pfn << l->page_shift;

		if (has_map)
			p->direct_map = look_up(&map, physical);
		if (may_be_written)
			p->contents = read_contents(target, physical);
	}
}
