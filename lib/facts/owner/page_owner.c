// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/page_owner.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/page.h"

/* mm/page_ext.c: PAGE_EXT_INVALID, in mem_section.page_ext. */
#define PAGE_EXT_INVALID UINT64_C(1)
/* A page_ext, or a record in it, of more bytes than this is nonsense. */
#define MAX_RECORD 256
#define MAX_PAGE_EXT 4096
/* include/linux/migrate_mode.h: MR_NEVER */
#define MR_NEVER (-1)
#define TASK_COMM_LEN 16

struct reader {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	const struct hwp_zones *zones;
	/** page_ext_size and page_owner_ops.offset. */
	uint64_t ext_size, offset;
};

static struct hwp_error *read_sizes(struct reader *r)
{
	const struct hwp_layout *l = r->layout;
	struct hwp_error *err;

	if (!l->symbol.page_ext_size || l->page_owner.ops_offset == HWP_ABSENT ||
	    l->page_owner.ext_flags == HWP_ABSENT || l->page_owner.owner_bit >= 64 ||
	    l->page_owner.allocated_bit >= 64 || l->page_owner.size > MAX_RECORD)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"page_owner: its layout is not understood");
	err = hwp_target_read_u64(r->target, l->symbol.page_ext_size, &r->ext_size);
	if (!err)
		err = hwp_target_read_u64(
			r->target, l->symbol.page_owner_ops + l->page_owner.ops_offset, &r->offset);
	if (!err && (r->ext_size > MAX_PAGE_EXT || r->offset > r->ext_size ||
		     r->ext_size - r->offset < l->page_owner.size ||
		     l->page_owner.ext_flags + 8 > r->ext_size))
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "page_ext_size %" PRIu64 " and offset %" PRIu64
				       " of page_owner are nonsense",
				       r->ext_size, r->offset);
	return err;
}

/** FLATMEM: an array for each node, that begins where its first block of the highest order does. */
static struct hwp_error *find_in_node(struct reader *r, uint64_t pfn, int nid, uint64_t *ret)
{
	const struct hwp_layout *l = r->layout;
	uint64_t base, start_pfn;
	struct hwp_error *err;

	*ret = 0;
	if (l->page_owner.node_page_ext == HWP_ABSENT || l->page_owner.node_start_pfn == HWP_ABSENT)
		return NULL;
	for (size_t i = 0; i < r->zones->nodes.nr; i++) {
		uint64_t node = r->zones->nodes.data[i].address;

		if (r->zones->nodes.data[i].nid != nid)
			continue;
		err = hwp_target_read_u64(r->target, node + l->page_owner.node_page_ext, &base);
		if (!err)
			err = hwp_target_read_u64(r->target, node + l->page_owner.node_start_pfn,
						  &start_pfn);
		if (err)
			return err;
		start_pfn = hwp_align_down(start_pfn, l->nr_orders - 1);
		if (base && pfn >= start_pfn)
			*ret = base + r->ext_size * (pfn - start_pfn);
		return NULL;
	}
	return NULL;
}

/** The address of the page's page_ext; 0: it has none. */
static struct hwp_error *find_page_ext(struct reader *r, uint64_t pfn, int nid, uint64_t *ret)
{
	const struct hwp_layout *l = r->layout;
	uint64_t section, base;
	struct hwp_error *err;

	if (l->memory_model == HWP_FLATMEM)
		return find_in_node(r, pfn, nid, ret);
	*ret = 0;
	if (l->section.page_ext == HWP_ABSENT)
		return NULL;
	err = hwp_memmap_section_address(r->target, l, pfn, &section);
	if (!err)
		err = hwp_target_read_u64(r->target, section + l->section.page_ext, &base);
	/* The section's first pfn is not 0, and the pointer is biased by it. */
	if (!err && base && !(base & PAGE_EXT_INVALID))
		*ret = base + r->ext_size * pfn;
	return err;
}

/** A member of @p size bytes at @p offset lies in the record. */
static bool has(const struct hwp_layout *l, uint32_t offset, uint32_t size)
{
	return offset != HWP_ABSENT && l->page_owner.size >= size &&
	       offset <= l->page_owner.size - size;
}

static int get_pid(const struct hwp_layout *l, const char *record, uint32_t offset)
{
	return has(l, offset, 4) ? (int)hwp_u32(record + offset) : -1;
}

static uint64_t get_time(const struct hwp_layout *l, const char *record, uint32_t offset)
{
	return has(l, offset, 8) ? hwp_u64(record + offset) : 0;
}

static uint32_t get_u32(const struct hwp_layout *l, const char *record, uint32_t offset)
{
	return has(l, offset, 4) ? hwp_u32(record + offset) : 0;
}

static void decode(const struct hwp_layout *l, uint64_t flags, const char *record,
		   struct hwp_page_owner *ret)
{
	uint32_t reason = l->page_owner.last_migrate_reason, comm = l->page_owner.comm;

	ret->found = true;
	ret->allocated = hwp_flag_set(flags, l->page_owner.allocated_bit);
	ret->migrated = has(l, reason, 2) && (int16_t)hwp_u16(record + reason) != MR_NEVER;
	ret->order = has(l, l->page_owner.order, 2) ? hwp_u16(record + l->page_owner.order) : -1;
	ret->gfp_mask = get_u32(l, record, l->page_owner.gfp_mask);
	ret->handle = get_u32(l, record, l->page_owner.handle);
	ret->free_handle = get_u32(l, record, l->page_owner.free_handle);
	ret->pid = get_pid(l, record, l->page_owner.pid);
	ret->tgid = get_pid(l, record, l->page_owner.tgid);
	ret->free_pid = get_pid(l, record, l->page_owner.free_pid);
	ret->free_tgid = get_pid(l, record, l->page_owner.free_tgid);
	ret->alloc_ns = get_time(l, record, l->page_owner.ts_nsec);
	ret->free_ns = get_time(l, record, l->page_owner.free_ts_nsec);
	if (has(l, comm, TASK_COMM_LEN)) {
		memcpy(ret->comm, record + comm, TASK_COMM_LEN);
		ret->comm[TASK_COMM_LEN - 1] = '\0';
	}
}

static struct hwp_error *read_record(struct reader *r, uint64_t pfn, int nid,
				     struct hwp_page_owner *ret)
{
	const struct hwp_layout *l = r->layout;
	char record[MAX_RECORD];
	uint64_t ext, flags;
	struct hwp_error *err;

	err = find_page_ext(r, pfn, nid, &ext);
	if (err || !ext)
		return err;
	err = hwp_target_read_u64(r->target, ext + l->page_owner.ext_flags, &flags);
	if (err || !hwp_flag_set(flags, l->page_owner.owner_bit))
		return err;
	err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL, ext + r->offset, record,
			      l->page_owner.size, NULL);
	if (!err)
		decode(l, flags, record, ret);
	return err;
}

void hwp_page_owner_read(struct hwp_target *target, const struct hwp_layout *l,
			 const struct hwp_zones *zones, struct hwp_poisoned *p)
{
	struct reader r = { .target = target, .layout = l, .zones = zones };
	struct hwp_page_owner head = {};
	_cleanup_error_ struct hwp_error *err = read_sizes(&r);
	int nid = p->zone >= 0 ? zones->zones.data[p->zone].nid : -1;

	if (!err)
		err = read_record(&r, p->pfn, nid, &p->page_owner);
	/* Of a folio that was migrated the head's record alone says so. */
	if (!err && p->page_owner.found && p->folio.kind != HWP_FOLIO_NONE &&
	    p->folio.head_pfn != p->pfn) {
		err = read_record(&r, p->folio.head_pfn, nid, &head);
		p->page_owner.migrated |= head.migrated;
	}
	p->page_owner.unreadable = err != NULL;
}
