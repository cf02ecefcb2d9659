// SPDX-License-Identifier: GPL-2.0-or-later
/** The tables of what is looked up, and the engine that looks it up. */
#include "layout/layout.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/resolve.h"

/* No type that is read whole is larger. */
#define MAX_TYPE_SIZE (1u << 20)

enum { OPTIONAL, REQUIRED };
enum member_fact { OFFSET, SIZE, ELEMENTS };

/**
 * One number of the layout. @p names lists "type.member" alternatives, newest
 * kernel first; "type" alone is the type itself.
 */
struct member_row {
	const char *names;
	size_t where;
	enum member_fact fact;
	int need;
};

#define ROW(field, fact, need, names)                                 \
	{                                                             \
		names, offsetof(struct hwp_layout, field), fact, need \
	}

static const struct member_row member_rows[] = {
	ROW(page.size, SIZE, REQUIRED, "page"),
	ROW(page.flags, OFFSET, REQUIRED, "page.flags"),
	/* Linux kernel commit d50569612c29 ("mm: rename the 'compound_head' field in the 'struct
	 * page' to 'compound_info'") (in v7.1). */
	ROW(page.compound, OFFSET, REQUIRED, "page.compound_info page.compound_head"),
	ROW(page.lru, OFFSET, REQUIRED, "page.lru"),
	ROW(page.mapping, OFFSET, REQUIRED, "page.mapping"),
	ROW(page.index, OFFSET, OPTIONAL, "folio.index page.index"),
	ROW(page.private, OFFSET, REQUIRED, "page.private"),
	ROW(page.type, OFFSET, REQUIRED, "page._mapcount"),
	ROW(page.refcount, OFFSET, REQUIRED, "page._refcount"),
	ROW(folio.flags_1, OFFSET, OPTIONAL, "folio._flags_1"),
	/* _compound_mapcount in v6.2, page.compound_mapcount before. */
	ROW(folio.entire_mapcount, OFFSET, OPTIONAL,
	    "folio._entire_mapcount folio._compound_mapcount"),
	/* Linux kernel commit 05c5323b2a34 ("mm: track mapcount of large folios in single value")
	 * (in v6.10). */
	ROW(folio.large_mapcount, OFFSET, OPTIONAL, "folio._large_mapcount"),
	/* From v6.3 on. */
	ROW(folio.nr_pages_mapped, OFFSET, OPTIONAL, "folio._nr_pages_mapped"),
	ROW(raw_hwp_page.node, OFFSET, OPTIONAL, "raw_hwp_page.node"),
	ROW(raw_hwp_page.page, OFFSET, OPTIONAL, "raw_hwp_page.page"),

	ROW(zone.size, SIZE, REQUIRED, "zone"),
	ROW(zone.name, OFFSET, REQUIRED, "zone.name"),
	ROW(zone.start_pfn, OFFSET, REQUIRED, "zone.zone_start_pfn"),
	ROW(zone.spanned_pages, OFFSET, REQUIRED, "zone.spanned_pages"),
	ROW(zone.present_pages, OFFSET, REQUIRED, "zone.present_pages"),
	ROW(zone.managed_pages, OFFSET, OPTIONAL, "zone.managed_pages"),
	ROW(zone.free_area, OFFSET, REQUIRED, "zone.free_area"),
	/* Linux kernel commit 28f836b6777b ("mm/page_alloc: split per cpu page lists and zone
	 * stats") (in v5.14) made per_cpu_pageset of pageset. */
	ROW(zone.pageset, OFFSET, REQUIRED, "zone.per_cpu_pageset zone.pageset"),
	ROW(zone.trylock_free_pages, OFFSET, OPTIONAL, "zone.trylock_free_pages"),
	ROW(zone.unaccepted_pages, OFFSET, OPTIONAL, "zone.unaccepted_pages"),
	ROW(free_area.size, SIZE, REQUIRED, "free_area"),
	ROW(free_area.free_list, OFFSET, REQUIRED, "free_area.free_list"),
	ROW(free_area.nr_free, OFFSET, REQUIRED, "free_area.nr_free"),
	ROW(nr_orders, ELEMENTS, REQUIRED, "zone.free_area"),
	ROW(nr_migratetypes, ELEMENTS, REQUIRED, "free_area.free_list"),
	ROW(max_zones, ELEMENTS, REQUIRED, "pglist_data.node_zones"),
	ROW(pglist_data.node_zones, OFFSET, REQUIRED, "pglist_data.node_zones"),
	ROW(pglist_data.nr_zones, OFFSET, REQUIRED, "pglist_data.nr_zones"),
	ROW(pglist_data.node_id, OFFSET, REQUIRED, "pglist_data.node_id"),
	ROW(pglist_data.mf_total, OFFSET, OPTIONAL, "pglist_data.mf_stats.total"),
	ROW(per_cpu_pages.count, OFFSET, REQUIRED, "per_cpu_pages.count"),
	ROW(per_cpu_pages.lists, OFFSET, REQUIRED, "per_cpu_pages.lists"),
	ROW(per_cpu_pages.nr_lists, ELEMENTS, REQUIRED, "per_cpu_pages.lists"),

	ROW(section.size, SIZE, OPTIONAL, "mem_section"),
	ROW(section.section_mem_map, OFFSET, OPTIONAL, "mem_section.section_mem_map"),
	ROW(section.usage, OFFSET, OPTIONAL, "mem_section.usage"),
	ROW(section.subsection_map, OFFSET, OPTIONAL, "mem_section_usage.subsection_map"),

	ROW(hstate.size, SIZE, OPTIONAL, "hstate"),
	ROW(hstate.order, OFFSET, OPTIONAL, "hstate.order"),
	ROW(memory_block.nr_hwpoison, OFFSET, OPTIONAL, "memory_block.nr_hwpoison"),
	ROW(xarray.xa_head, OFFSET, OPTIONAL, "xarray.xa_head"),
	ROW(xarray.node_shift, OFFSET, OPTIONAL, "xa_node.shift"),
	ROW(xarray.node_slots, OFFSET, OPTIONAL, "xa_node.slots"),
	ROW(xarray.nr_slots, ELEMENTS, OPTIONAL, "xa_node.slots"),
	ROW(static_key_enabled, OFFSET, OPTIONAL, "static_key.enabled"),

	ROW(printk.ring, OFFSET, OPTIONAL, "printk_ringbuffer.desc_ring"),
	ROW(printk.text_ring, OFFSET, OPTIONAL, "printk_ringbuffer.text_data_ring"),
	ROW(printk.count_bits, OFFSET, OPTIONAL, "prb_desc_ring.count_bits"),
	ROW(printk.descs, OFFSET, OPTIONAL, "prb_desc_ring.descs"),
	ROW(printk.infos, OFFSET, OPTIONAL, "prb_desc_ring.infos"),
	ROW(printk.head_id, OFFSET, OPTIONAL, "prb_desc_ring.head_id"),
	ROW(printk.tail_id, OFFSET, OPTIONAL, "prb_desc_ring.tail_id"),
	ROW(printk.desc_size, SIZE, OPTIONAL, "prb_desc"),
	ROW(printk.state_var, OFFSET, OPTIONAL, "prb_desc.state_var"),
	ROW(printk.text_blk, OFFSET, OPTIONAL, "prb_desc.text_blk_lpos"),
	ROW(printk.lpos_begin, OFFSET, OPTIONAL, "prb_data_blk_lpos.begin"),
	ROW(printk.lpos_next, OFFSET, OPTIONAL, "prb_data_blk_lpos.next"),
	ROW(printk.info_size, SIZE, OPTIONAL, "printk_info"),
	ROW(printk.info_seq, OFFSET, OPTIONAL, "printk_info.seq"),
	ROW(printk.info_ts, OFFSET, OPTIONAL, "printk_info.ts_nsec"),
	ROW(printk.info_text_len, OFFSET, OPTIONAL, "printk_info.text_len"),
	ROW(printk.info_caller, OFFSET, OPTIONAL, "printk_info.caller_id"),
	ROW(printk.size_bits, OFFSET, OPTIONAL, "prb_data_ring.size_bits"),
	ROW(printk.data, OFFSET, OPTIONAL, "prb_data_ring.data"),

	ROW(rmap.root, OFFSET, OPTIONAL, "anon_vma.root"),
	ROW(rmap.rb_root, OFFSET, OPTIONAL, "anon_vma.rb_root"),
	ROW(rmap.chain_rb, OFFSET, OPTIONAL, "anon_vma_chain.rb"),
	ROW(rmap.chain_vma, OFFSET, OPTIONAL, "anon_vma_chain.vma"),
	ROW(rmap.rb_left, OFFSET, OPTIONAL, "rb_node.rb_left"),
	ROW(rmap.rb_right, OFFSET, OPTIONAL, "rb_node.rb_right"),
	ROW(rmap.vma_anon_vma, OFFSET, OPTIONAL, "vm_area_struct.anon_vma"),
	ROW(rmap.vma_mm, OFFSET, OPTIONAL, "vm_area_struct.vm_mm"),
	ROW(rmap.mm_owner, OFFSET, OPTIONAL, "mm_struct.owner"),
	ROW(rmap.task_group_leader, OFFSET, OPTIONAL, "task_struct.group_leader"),
	ROW(rmap.task_pid, OFFSET, OPTIONAL, "task_struct.tgid"),
	ROW(rmap.task_comm, OFFSET, OPTIONAL, "task_struct.comm"),
	ROW(rmap.task_start_time, OFFSET, OPTIONAL, "task_struct.start_time"),

	ROW(i_mmap.root, OFFSET, OPTIONAL, "address_space.i_mmap"),
	ROW(i_mmap.vma_rb, OFFSET, OPTIONAL, "vm_area_struct.shared.rb"),
	ROW(i_mmap.vma_subtree_last, OFFSET, OPTIONAL, "vm_area_struct.shared.rb_subtree_last"),
	ROW(i_mmap.vma_start, OFFSET, OPTIONAL, "vm_area_struct.vm_start"),
	ROW(i_mmap.vma_end, OFFSET, OPTIONAL, "vm_area_struct.vm_end"),
	ROW(i_mmap.vma_pgoff, OFFSET, OPTIONAL, "vm_area_struct.vm_pgoff"),
	ROW(file.host, OFFSET, OPTIONAL, "address_space.host"),
	ROW(file.i_data, OFFSET, OPTIONAL, "inode.i_data"),
	ROW(file.ino, OFFSET, OPTIONAL, "inode.i_ino"),
	ROW(file.nlink, OFFSET, OPTIONAL, "inode.i_nlink"),
	ROW(file.sb, OFFSET, OPTIONAL, "inode.i_sb"),
	ROW(file.aliases, OFFSET, OPTIONAL, "inode.i_dentry"),
	/* The union d_u has no name in v7.3. */
	ROW(file.alias, OFFSET, OPTIONAL, "dentry.d_alias dentry.d_u.d_alias"),
	ROW(file.parent, OFFSET, OPTIONAL, "dentry.d_parent"),
	ROW(file.name, OFFSET, OPTIONAL, "dentry.d_name.name"),
	ROW(file.hash, OFFSET, OPTIONAL, "dentry.d_hash.pprev"),
	ROW(file.sb_id, OFFSET, OPTIONAL, "super_block.s_id"),
	ROW(file.sb_type, OFFSET, OPTIONAL, "super_block.s_type"),
	ROW(file.type_name, OFFSET, OPTIONAL, "file_system_type.name"),
	ROW(mount.sb_mounts, OFFSET, OPTIONAL, "super_block.s_mounts"),
	ROW(mount.root, OFFSET, OPTIONAL, "mount.mnt.mnt_root"),
	ROW(mount.mountpoint, OFFSET, OPTIONAL, "mount.mnt_mountpoint"),
	ROW(mount.parent, OFFSET, OPTIONAL, "mount.mnt_parent"),
	ROW(mount.ns, OFFSET, OPTIONAL, "mount.mnt_ns"),
	ROW(mount.nsproxy_ns, OFFSET, OPTIONAL, "nsproxy.mnt_ns"),
	/* Linux kernel commit 09a1b33c080f ("preparations to taking MNT_WRITE_HOLD out of
	 * ->mnt_flags") (in v6.18) made a list of pointers of s_mounts. */
	ROW(mount_next_for_sb, OFFSET, OPTIONAL, "mount.mnt_next_for_sb"),
	ROW(mount_instance, OFFSET, OPTIONAL, "mount.mnt_instance"),

	ROW(mf_cpu.fifo_in, OFFSET, OPTIONAL, "memory_failure_cpu.fifo.kfifo.in"),
	ROW(mf_cpu.fifo_out, OFFSET, OPTIONAL, "memory_failure_cpu.fifo.kfifo.out"),
	ROW(mf_cpu.fifo_data, OFFSET, OPTIONAL, "memory_failure_cpu.fifo.buf"),
	ROW(mf_cpu.nr_entries, ELEMENTS, OPTIONAL, "memory_failure_cpu.fifo.buf"),
	ROW(mf_cpu.entry_size, SIZE, OPTIONAL, "memory_failure_entry"),
	ROW(mf_cpu.entry_pfn, OFFSET, OPTIONAL, "memory_failure_entry.pfn"),
};

/** Alternatives of a symbol, newest kernel first. */
static const struct {
	const char *names[2];
	size_t where;
} symbol_rows[] = {
#define SYM(field, ...)                                                    \
	{                                                                  \
		{ __VA_ARGS__ }, offsetof(struct hwp_layout, symbol.field) \
	}
	SYM(mem_map, "mem_map"),
	SYM(node_data, "node_data"),
	SYM(contig_page_data, "contig_page_data"),
	SYM(per_cpu_offset, "__per_cpu_offset"),
	SYM(nr_cpu_ids, "nr_cpu_ids"),
	SYM(cpu_possible_mask, "__cpu_possible_mask"),
	SYM(hstates, "hstates"),
	SYM(hugetlb_max_hstate, "hugetlb_max_hstate"),
	SYM(num_poisoned_pages, "num_poisoned_pages"),
	SYM(memory_blocks, "memory_blocks"),
	SYM(sections_per_block, "sections_per_block"),
	SYM(max_pfn, "max_pfn"),
	SYM(prb, "prb"),
	SYM(log_buf, "log_buf"),
	SYM(log_buf_len, "log_buf_len"),
	SYM(log_first_idx, "log_first_idx"),
	SYM(log_next_idx, "log_next_idx"),
	SYM(log_first_seq, "log_first_seq"),
	SYM(memory_failure_cpu, "memory_failure_cpu"),
	SYM(mf_mutex, "mf_mutex"),
	SYM(memory_failure, "memory_failure"),
	SYM(hpage_freelist, "hpage_freelist"),
	SYM(free_has_hwpoisoned, "free_has_hwpoisoned"),
	SYM(free_prepared_contig_range, "free_prepared_contig_range",
	    "__free_prepared_contig_range"),
	SYM(free_contig_range_common, "__free_contig_range_common"),
	SYM(split_large_buddy, "split_large_buddy"),
	SYM(init_on_free, "init_on_free"),
	SYM(init_on_alloc, "init_on_alloc"),
	SYM(page_poisoning, "_page_poisoning_enabled", "want_page_poisoning"),
	SYM(debug_pagealloc, "_debug_pagealloc_enabled"),
	SYM(check_pages, "check_pages_enabled"),
	SYM(hvo_key, "hugetlb_optimize_vmemmap_key"),
	SYM(hvo_bool, "vmemmap_optimize_enabled", "hugetlb_free_vmemmap_enabled"),
	SYM(page_owner_inited, "page_owner_inited"),
	SYM(kasan_flag, "kasan_flag_enabled"),
	SYM(kasan_report, "kasan_report"),
	SYM(page_owner_ops, "page_owner_ops"),
	SYM(page_ext_size, "page_ext_size"),
	SYM(gtod_offset, "__gtod_offset"),
	SYM(page_offset_base, "page_offset_base"),
	SYM(sched_clock_stable, "__sched_clock_stable"),
	SYM(init_nsproxy, "init_nsproxy"),
	/* Linux kernel commit fe19bd3dae3d ("mm, futex: fix shared futex pgoff on shmem huge
	 * page") (in v5.13) renamed it. */
	SYM(hugetlb_basepage_index, "hugetlb_basepage_index", "__basepage_index"),
#undef SYM
};

bool hwp_layout_note(struct hwp_resolver *r, const char *name, uint64_t value, const char *source)
{
	struct hwp_layout_row row = { .value = value, .source = source };

	snprintf(row.name, sizeof(row.name), "%s", name);
	return hwp_vec_push(&r->rows, row);
}

bool hwp_layout_missing(struct hwp_resolver *r, const char *name)
{
	char *joined;

	if (asprintf(&joined, "%s%s%s", r->missing ? r->missing : "", r->missing ? ", " : "",
		     name) < 0)
		return false;
	free(r->missing);
	r->missing = joined;
	return true;
}

bool hwp_layout_member(struct hwp_resolver *r, const char *path, struct hwp_member *ret)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	char type[64];
	size_t len = strcspn(path, ".");

	if (len >= sizeof(type))
		return false;
	memcpy(type, path, len);
	type[len] = '\0';
	err = hwp_target_member(r->target, type, path[len] ? path + len + 1 : NULL, ret);
	return !err;
}

static struct hwp_error *resolve_member(struct hwp_resolver *r, const struct member_row *row)
{
	uint32_t *where = (uint32_t *)((char *)r->layout + row->where);
	char name[64], label[80];

	*where = row->fact == ELEMENTS ? 0 : HWP_ABSENT;
	for (const char *s = row->names; *s;) {
		size_t len = strcspn(s, " ");
		struct hwp_member m;

		if (len < sizeof(name)) {
			memcpy(name, s, len);
			name[len] = '\0';
		}
		if (len < sizeof(name) && hwp_layout_member(r, name, &m)) {
			uint64_t value = row->fact == OFFSET ? m.offset :
					 row->fact == SIZE   ? m.size :
							       m.nr_elements;

			if (value >= HWP_ABSENT)
				return hwp_error_create(HWP_ERROR_BAD_DATA,
							"type of %s is nonsense", name);
			*where = (uint32_t)value;
			snprintf(label, sizeof(label),
				 row->fact == OFFSET ? "%s" :
				 row->fact == SIZE   ? "sizeof %s" :
						       "%s[]",
				 name);
			return hwp_layout_note(r, label, value,
					       hwp_target_type_provider(r->target)) ?
				       NULL :
				       hwp_error_no_memory();
		}
		s += len + (s[len] == ' ');
	}
	if (row->need == REQUIRED && !hwp_layout_missing(r, row->names))
		return hwp_error_no_memory();
	return hwp_layout_note(r, row->names, 0, "absent") ? NULL : hwp_error_no_memory();
}

static struct hwp_error *resolve_symbols(struct hwp_resolver *r)
{
	struct hwp_symbol syms[HWP_ARRAY_SIZE(symbol_rows) * 2];
	size_t nr = HWP_ARRAY_SIZE(symbol_rows);
	struct hwp_error *err;

	for (size_t i = 0; i < nr; i++) {
		const char *older = symbol_rows[i].names[1];

		syms[2 * i] = (struct hwp_symbol){ .name = symbol_rows[i].names[0] };
		syms[2 * i + 1] = (struct hwp_symbol){ .name = older ? older : "" };
	}
	err = hwp_target_symbols(r->target, syms, 2 * nr);
	if (err)
		return err;
	for (size_t i = 0; i < nr; i++) {
		uint64_t *where = (uint64_t *)((char *)r->layout + symbol_rows[i].where);
		const struct hwp_symbol *sym = syms[2 * i].found ? &syms[2 * i] : &syms[2 * i + 1];

		*where = sym->found ? sym->address : 0;
		if (!hwp_layout_note(r, symbol_rows[i].names[0], *where,
				     sym->found ? hwp_target_symbol_provider(r->target) : "absent"))
			return hwp_error_no_memory();
	}
	return NULL;
}

/** A member that is read out of a buffer of its whole type must lie inside it. */
static struct hwp_error *check_sizes(const struct hwp_layout *l)
{
	const struct {
		const char *type;
		uint32_t size, offset, bytes;
	} rows[] = {
		{ "page", l->page.size, l->page.flags, 8 },
		{ "page", l->page.size, l->page.compound, 8 },
		{ "page", l->page.size, l->page.lru, 16 },
		{ "page", l->page.size, l->page.mapping, 8 },
		{ "page", l->page.size, l->page.index, 8 },
		{ "page", l->page.size, l->page.private, 8 },
		{ "page", l->page.size, l->page.type, 4 },
		{ "page", l->page.size, l->page.refcount, 4 },
		{ "zone", l->zone.size, l->zone.name, 8 },
		{ "zone", l->zone.size, l->zone.start_pfn, 8 },
		{ "zone", l->zone.size, l->zone.spanned_pages, 8 },
		{ "zone", l->zone.size, l->zone.present_pages, 8 },
		{ "zone", l->zone.size, l->zone.managed_pages, 8 },
		{ "mem_section", l->section.size, l->section.section_mem_map, 8 },
		{ "mem_section", l->section.size, l->section.usage, 8 },
		{ "prb_desc", l->printk.desc_size, l->printk.state_var, 8 },
		{ "prb_desc", l->printk.desc_size, l->printk.text_blk, 16 },
		{ "prb_data_blk_lpos", 16, l->printk.lpos_begin, 8 },
		{ "prb_data_blk_lpos", 16, l->printk.lpos_next, 8 },
		{ "printk_info", l->printk.info_size, l->printk.info_seq, 8 },
		{ "printk_info", l->printk.info_size, l->printk.info_ts, 8 },
		{ "printk_info", l->printk.info_size, l->printk.info_text_len, 2 },
		{ "printk_log", l->printk_log.size, l->printk_log.ts_nsec, 8 },
		{ "printk_log", l->printk_log.size, l->printk_log.len, 2 },
		{ "printk_log", l->printk_log.size, l->printk_log.text_len, 2 },
	};

	if (l->zone.size > MAX_TYPE_SIZE || l->page.size > MAX_TYPE_SIZE)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "sizes of types are nonsense");
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		if (rows[i].offset == HWP_ABSENT || rows[i].size == HWP_ABSENT)
			continue;
		if (rows[i].size < rows[i].bytes || rows[i].offset > rows[i].size - rows[i].bytes)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the members of struct %s are nonsense",
						rows[i].type);
	}
	return NULL;
}

static void resolver_deinit(struct hwp_resolver *r)
{
	free(r->missing);
	hwp_vec_deinit(&r->rows);
	hwp_layout_destroy(r->layout);
}

void hwp_layout_destroy(struct hwp_layout *layout)
{
	if (!layout)
		return;
	free(layout->rows);
	free(layout);
}

struct hwp_error *hwp_layout_create(struct hwp_target *target, struct hwp_layout **ret)
{
	_cleanup_(resolver_deinit) struct hwp_resolver r = { .target = target };
	struct hwp_error *err = NULL;

	r.layout = calloc(1, sizeof(*r.layout));
	if (!r.layout)
		return hwp_error_no_memory();
	r.layout->page_shift = hwp_target_page_shift(target);
	/* A host's debugger may take a tenth of a second for each. */
	for (size_t i = 0; i < HWP_ARRAY_SIZE(member_rows) && !err; i++)
		err = hwp_target_is_interrupted(target) ?
			      hwp_error_create(HWP_ERROR_INTERRUPTED, "interrupted") :
			      resolve_member(&r, &member_rows[i]);
	if (!err)
		err = resolve_symbols(&r);
	if (!err)
		err = hwp_layout_variants(&r);
	if (err)
		return hwp_error_prefix(err, "layout");
	if (r.missing)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"this kernel's layout is not understood; missing: %s",
					r.missing);
	err = check_sizes(r.layout);
	if (err)
		return hwp_error_prefix(err, "layout");
	r.layout->rows = no_cleanup_ptr(r.rows.data);
	r.layout->nr_rows = r.rows.nr;
	*ret = no_cleanup_ptr(r.layout);
	return NULL;
}
