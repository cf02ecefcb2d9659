// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/page_owner.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"
#include "layout/page.h"

/* mm/page_ext.c: PAGE_EXT_INVALID, in mem_section.page_ext. */
#define PAGE_EXT_INVALID UINT64_C(1)
/* A page_ext, or a record in it, of more bytes than this is nonsense. */
#define MAX_RECORD 256
#define MAX_PAGE_EXT 4096
/* last_migrate_reason of a page that never was, where the kernel has no MR_NEVER. */
#define NEVER_MIGRATED (-1)
#define TASK_COMM_LEN 16

struct page_owner_layout {
	uint64_t inited, ops, page_ext_size;
	/** A page's page_ext: its flags, and the bits of enum page_ext_flags in them. */
	uint32_t ext_flags, owner_bit, allocated_bit;
	/** Where page_owner_ops says at which offset of it struct page_owner begins. */
	uint32_t ops_offset;
	/** SPARSEMEM: in struct mem_section. FLATMEM: in struct pglist_data. */
	uint32_t section_page_ext, node_page_ext, node_start_pfn;
	/** struct page_owner. */
	uint32_t size, order, last_migrate_reason, gfp_mask, handle, free_handle, ts_nsec,
		free_ts_nsec, comm, pid, tgid, free_pid, free_tgid;
	/** enum migrate_reason: of a page that never was. */
	uint32_t never_migrated;
};

#define MEMBER(field) \
	HWP_OFFSET(struct page_owner_layout, field, "page_owner." #field, .optional = true)

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct page_owner_layout, inited, "page_owner_inited"),
	HWP_SYMBOL(struct page_owner_layout, ops, "page_owner_ops"),
	HWP_SYMBOL(struct page_owner_layout, page_ext_size, "page_ext_size"),
	HWP_OFFSET(struct page_owner_layout, ext_flags, "page_ext.flags"),
	HWP_OFFSET(struct page_owner_layout, ops_offset, "page_ext_operations.offset"),
	HWP_VALUE(struct page_owner_layout, owner_bit, "page_ext_flags:PAGE_EXT_OWNER"),
	/* Linux kernel commit 37389167a281 ("mm, page_owner: keep owner info when freeing the
	 * page") (in v5.4): before, a freed page had no record. */
	HWP_VALUE(struct page_owner_layout, allocated_bit,
		  "page_ext_flags:PAGE_EXT_OWNER_ALLOCATED page_ext_flags:PAGE_EXT_OWNER"),
	MEMBER(order),
	MEMBER(last_migrate_reason),
	MEMBER(gfp_mask),
	MEMBER(handle),
	MEMBER(free_handle),
	/* ts_nsec and pid came with v5.11, free_ts_nsec with v5.13. */
	MEMBER(ts_nsec),
	MEMBER(free_ts_nsec),
	MEMBER(pid),
	/* comm and tgid came with v5.18. */
	MEMBER(comm),
	MEMBER(tgid),
	/* free_pid and free_tgid came with v6.9. */
	MEMBER(free_pid),
	MEMBER(free_tgid),
	/* In v7.3; before, the kernel wrote -1. */
	HWP_VALUE(struct page_owner_layout, never_migrated, "migrate_reason:MR_NEVER",
		  .optional = true),
};

static bool decide(struct hwp_resolver *r, void *own)
{
	struct page_owner_layout *at = own;
	struct hwp_member m;

	if (at->owner_bit >= 64 || at->allocated_bit >= 64 ||
	    !hwp_resolve_member(r, "page_owner", &m) || m.size > MAX_RECORD)
		return false;
	at->size = (uint32_t)m.size;
	hwp_resolve_note(r, "page_owner", m.size, hwp_target_type_provider(r->target));
	/* A kernel has one of the two memory models. */
	at->section_page_ext = hwp_resolve_offset(r, "mem_section.page_ext");
	at->node_page_ext = hwp_resolve_offset(r, "pglist_data.node_page_ext");
	at->node_start_pfn = hwp_resolve_offset(r, "pglist_data.node_start_pfn");
	return true;
}

const struct hwp_needs hwp_page_owner_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.size = sizeof(struct page_owner_layout),
	.decide = decide,
};

struct reader {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	const struct page_owner_layout *at;
	const struct hwp_zones *zones;
	/** page_ext_size and page_owner_ops.offset. */
	uint64_t ext_size, offset;
};

static struct hwp_error *read_sizes(struct reader *r)
{
	const struct page_owner_layout *at = r->at;
	struct hwp_error *err;

	if (!at)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"page_owner: its layout is not understood");
	err = hwp_target_read_u64(r->target, at->page_ext_size, &r->ext_size);
	if (!err)
		err = hwp_target_read_u64(r->target, at->ops + at->ops_offset, &r->offset);
	if (!err && (r->ext_size > MAX_PAGE_EXT || r->offset > r->ext_size ||
		     r->ext_size - r->offset < at->size || at->ext_flags + 8 > r->ext_size))
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "page_ext_size %" PRIu64 " and offset %" PRIu64
				       " of page_owner are nonsense",
				       r->ext_size, r->offset);
	return err;
}

/** FLATMEM: an array for each node, that begins where its first block of the highest order does. */
static struct hwp_error *find_in_node(struct reader *r, uint64_t pfn, int nid, uint64_t *ret)
{
	const struct page_owner_layout *at = r->at;
	uint64_t base, start_pfn;
	struct hwp_error *err;

	*ret = 0;
	if (at->node_page_ext == HWP_ABSENT || at->node_start_pfn == HWP_ABSENT)
		return NULL;
	for (size_t i = 0; i < r->zones->nodes.nr; i++) {
		uint64_t node = r->zones->nodes.data[i].address;

		if (r->zones->nodes.data[i].nid != nid)
			continue;
		err = hwp_target_read_u64(r->target, node + at->node_page_ext, &base);
		if (!err)
			err = hwp_target_read_u64(r->target, node + at->node_start_pfn, &start_pfn);
		if (err)
			return err;
		start_pfn = hwp_align_down(start_pfn, r->layout->nr_orders - 1);
		if (base && pfn >= start_pfn)
			*ret = base + r->ext_size * (pfn - start_pfn);
		return NULL;
	}
	return NULL;
}

/** The address of the page's page_ext; 0: it has none. */
static struct hwp_error *find_page_ext(struct reader *r, uint64_t pfn, int nid, uint64_t *ret)
{
	const struct page_owner_layout *at = r->at;
	uint64_t section, base;
	struct hwp_error *err;

	if (!hwp_memmap_pages_per_section(r->layout))
		return find_in_node(r, pfn, nid, ret);
	*ret = 0;
	if (at->section_page_ext == HWP_ABSENT)
		return NULL;
	err = hwp_memmap_section_address(r->target, r->layout, pfn, &section);
	if (!err)
		err = hwp_target_read_u64(r->target, section + at->section_page_ext, &base);
	/* The section's first pfn is not 0, and the pointer is biased by it. */
	if (!err && base && !(base & PAGE_EXT_INVALID))
		*ret = base + r->ext_size * pfn;
	return err;
}

/** A member of @p size bytes at @p offset lies in the record. */
static bool has(const struct page_owner_layout *at, uint32_t offset, uint32_t size)
{
	return offset != HWP_ABSENT && at->size >= size && offset <= at->size - size;
}

static int get_pid(const struct page_owner_layout *at, const char *record, uint32_t offset)
{
	return has(at, offset, 4) ? (int)hwp_u32(record + offset) : -1;
}

static uint64_t get_time(const struct page_owner_layout *at, const char *record, uint32_t offset)
{
	return has(at, offset, 8) ? hwp_u64(record + offset) : 0;
}

static uint32_t get_u32(const struct page_owner_layout *at, const char *record, uint32_t offset)
{
	return has(at, offset, 4) ? hwp_u32(record + offset) : 0;
}

static bool was_migrated(const struct page_owner_layout *at, const char *record)
{
	int16_t reason;

	if (!has(at, at->last_migrate_reason, 2))
		return false;
	reason = (int16_t)hwp_u16(record + at->last_migrate_reason);
	return reason != NEVER_MIGRATED &&
	       (at->never_migrated == HWP_ABSENT || reason != (int16_t)at->never_migrated);
}

static void decode(const struct page_owner_layout *at, uint64_t flags, const char *record,
		   struct hwp_page_owner *ret)
{
	uint32_t comm = at->comm;

	ret->found = true;
	ret->allocated = hwp_flag_set(flags, at->allocated_bit);
	ret->migrated = was_migrated(at, record);
	ret->order = has(at, at->order, 2) ? hwp_u16(record + at->order) : -1;
	ret->gfp_mask = get_u32(at, record, at->gfp_mask);
	ret->handle = get_u32(at, record, at->handle);
	ret->free_handle = get_u32(at, record, at->free_handle);
	ret->pid = get_pid(at, record, at->pid);
	ret->tgid = get_pid(at, record, at->tgid);
	ret->free_pid = get_pid(at, record, at->free_pid);
	ret->free_tgid = get_pid(at, record, at->free_tgid);
	ret->alloc_ns = get_time(at, record, at->ts_nsec);
	ret->free_ns = get_time(at, record, at->free_ts_nsec);
	if (has(at, comm, TASK_COMM_LEN)) {
		memcpy(ret->comm, record + comm, TASK_COMM_LEN);
		ret->comm[TASK_COMM_LEN - 1] = '\0';
	}
}

static bool is_pid(int pid)
{
	/* -1: the record has none. include/linux/threads.h, PID_MAX_LIMIT */
	return pid >= -1 && pid <= 4 * 1024 * 1024;
}

/**
 * Can a kernel have written this? What accuses a page of having been handed out must not be
 * whatever was in memory that is no table of records, or was overwritten.
 */
static bool is_record(const struct hwp_page_owner *o, uint64_t flags)
{
	/* Bits of enum page_ext_flags, of which there are less than ten. */
	const uint64_t max_flags = UINT64_C(1) << 32;
	/* 1 TiB, and 36 years. */
	const int max_order = 28;
	const uint64_t max_ns = UINT64_C(1) << 60;

	return flags < max_flags && o->order <= max_order && o->alloc_ns < max_ns &&
	       o->free_ns < max_ns && is_pid(o->pid) && is_pid(o->tgid) && is_pid(o->free_pid) &&
	       is_pid(o->free_tgid);
}

static struct hwp_error *read_record(struct reader *r, uint64_t pfn, int nid,
				     struct hwp_page_owner *ret)
{
	const struct page_owner_layout *at = r->at;
	struct hwp_page_owner decoded = {};
	char record[MAX_RECORD];
	uint64_t ext, flags;
	struct hwp_error *err;

	err = find_page_ext(r, pfn, nid, &ext);
	if (err || !ext)
		return err;
	err = hwp_target_read_u64(r->target, ext + at->ext_flags, &flags);
	if (err || !hwp_flag_set(flags, at->owner_bit))
		return err;
	err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL, ext + r->offset, record, at->size,
			      NULL);
	if (err)
		return err;
	decode(at, flags, record, &decoded);
	if (!is_record(&decoded, flags))
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the record of page_owner is nonsense");
	*ret = decoded;
	return NULL;
}

void hwp_page_owner_read(struct hwp_target *target, const struct hwp_layout *l,
			 const struct hwp_zones *zones, struct hwp_poisoned *p)
{
	struct reader r = { .target = target,
			    .layout = l,
			    .at = hwp_layout_of(l, &hwp_page_owner_needs),
			    .zones = zones };
	struct hwp_page_owner head = {};
	_cleanup_error_ struct hwp_error *err = read_sizes(&r);
	int nid = p->zone >= 0 ? zones->zones.data[p->zone].nid : -1;

	if (!err)
		err = read_record(&r, p->pfn, nid, &p->page_owner);
	/* Only the head's record shows that a folio was migrated. */
	if (!err && p->page_owner.found && p->folio.kind != HWP_FOLIO_NONE &&
	    p->folio.head_pfn != p->pfn) {
		err = read_record(&r, p->folio.head_pfn, nid, &head);
		p->page_owner.migrated |= head.migrated;
	}
	p->page_owner.unreadable = err != NULL;
}
