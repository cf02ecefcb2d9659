// SPDX-License-Identifier: GPL-2.0-or-later
/** A row for each member of the model, and the writer that follows the rows. */
#include "model/facts.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/json.h"

/* TYPE, defined before each table, is the struct whose members the rows describe. */
#define SIZE(member) sizeof(((TYPE *)NULL)->member)
#define ROW(member, kind_, ...)                                                               \
	{                                                                                     \
		.name = #member, .kind = kind_, .offset = offsetof(TYPE, member), __VA_ARGS__ \
	}
#define SCALAR(member, kind) ROW(member, kind, .size = SIZE(member))
#define BOOL(member) SCALAR(member, HWP_FACT_BOOL)
#define INT(member) SCALAR(member, HWP_FACT_INT)
#define UINT(member) SCALAR(member, HWP_FACT_UINT)
#define HEX(member) SCALAR(member, HWP_FACT_HEX)
#define TEXT(member) SCALAR(member, HWP_FACT_TEXT)
#define STRING(member) SCALAR(member, HWP_FACT_STRING)
#define DERIVED(member) SCALAR(member, HWP_FACT_DERIVED)
#define WORD(member, list) ROW(member, HWP_FACT_WORD, .size = SIZE(member), .words = &(list))
#define STRUCT(member, t) ROW(member, HWP_FACT_STRUCT, .size = SIZE(member), .table = &t##_table)
#define VECTOR(member, t) \
	ROW(member, HWP_FACT_VECTOR, .size = SIZE(member.data[0]), .table = &t##_table)
#define NUMBERS(member) ROW(member, HWP_FACT_VECTOR, .size = SIZE(member.data[0]))
#define ARRAY(member, kind) \
	ROW(member, kind, .size = SIZE(member[0]), .nr = SIZE(member) / SIZE(member[0]))
#define TABLE(name)                                                                           \
	static const struct hwp_fact_table name##_table = { #name, sizeof(TYPE), name##_rows, \
							    HWP_ARRAY_SIZE(name##_rows) }

// clang-format off: one row a line

/* No report shows these by name, so they are no words of the contract. */
static const struct hwp_word page_type_rows[] = {
	[HWP_TYPE_BUDDY] = { "buddy", NULL },
	[HWP_TYPE_OFFLINE] = { "offline", NULL },
	[HWP_TYPE_TABLE] = { "table", NULL },
	[HWP_TYPE_GUARD] = { "guard", NULL },
	[HWP_TYPE_HUGETLB] = { "hugetlb", NULL },
	[HWP_TYPE_SLAB] = { "slab", NULL },
	[HWP_TYPE_ZSMALLOC] = { "zsmalloc", NULL },
	[HWP_TYPE_UNACCEPTED] = { "unaccepted", NULL },
	[HWP_TYPE_LARGE_KMALLOC] = { "large-kmalloc", NULL },
	[HWP_TYPE_NONE] = { "none", NULL },
};
static const struct hwp_words page_types = { page_type_rows, HWP_ARRAY_SIZE(page_type_rows) };
static const struct hwp_word page_kind_rows[] = {
	[HWP_PAGE_BUDDY] = { "buddy", NULL },
	[HWP_PAGE_OFFLINE] = { "offline", NULL },
	[HWP_PAGE_TABLE] = { "table", NULL },
	[HWP_PAGE_GUARD] = { "guard", NULL },
	[HWP_PAGE_HUGETLB] = { "hugetlb", NULL },
	[HWP_PAGE_SLAB] = { "slab", NULL },
	[HWP_PAGE_ZSMALLOC] = { "zsmalloc", NULL },
	[HWP_PAGE_UNACCEPTED] = { "unaccepted", NULL },
	[HWP_PAGE_LARGE_KMALLOC] = { "large-kmalloc", NULL },
	[HWP_PAGE_RESERVED] = { "reserved", NULL },
	[HWP_PAGE_TAKEN_OFF] = { "taken-off", NULL },
	[HWP_PAGE_ANON] = { "anon", NULL },
	[HWP_PAGE_ANON_LEFT] = { "anon-left", NULL },
	[HWP_PAGE_FILE] = { "file", NULL },
	[HWP_PAGE_FILE_UNMARKED] = { "file-unmarked", NULL },
	[HWP_PAGE_USER] = { "user", NULL },
	[HWP_PAGE_MOVABLE] = { "movable", NULL },
	[HWP_PAGE_USER_LEFT] = { "user-left", NULL },
	[HWP_PAGE_UNMARKED] = { "unmarked", NULL },
};
static const struct hwp_words page_kinds = { page_kind_rows, HWP_ARRAY_SIZE(page_kind_rows) };

#define TYPE struct hwp_block
static const struct hwp_fact hwp_block_rows[] = {
	UINT(head_pfn), WORD(container, hwp_containers), INT(order), INT(migratetype), INT(cpu),
	INT(zone),
};
TABLE(hwp_block);
#undef TYPE

#define TYPE struct hwp_page_words
static const struct hwp_fact hwp_page_words_rows[] = {
	HEX(flags),    HEX(word_1),    HEX(word_2),   HEX(mapping),   HEX(index),
	HEX(private),  HEX(type_word), INT(refcount), INT(nr_mapped), WORD(type, page_types),
	BOOL(is_tail),
};
TABLE(hwp_page_words);
#undef TYPE

#define TYPE struct hwp_mapcounts
static const struct hwp_fact hwp_mapcounts_rows[] = {
	BOOL(has_entire), BOOL(has_large), BOOL(has_nr_pages),
	INT(entire),	  INT(large),	   INT(nr_pages),
};
TABLE(hwp_mapcounts);
#undef TYPE

#define TYPE struct hwp_folio_facts
static const struct hwp_fact hwp_folio_facts_rows[] = {
	WORD(kind, hwp_folio_kinds),
	UINT(head_pfn),
	INT(order),
	STRUCT(head, hwp_page_words),
	STRUCT(mapped, hwp_mapcounts),
	HEX(head_bits),
	BOOL(has_hwpoisoned),
	BOOL(can_have_hwpoisoned),
	BOOL(in_pool),
	BOOL(vmemmap_optimized),
	BOOL(raw_unreliable),
	BOOL(raw_list_readable),
	BOOL(raw_list_broken),
	BOOL(is_stale_copy),
	BOOL(being_freed),
	UINT(nr_raw),
};
TABLE(hwp_folio_facts);
#undef TYPE

#define TYPE struct hwp_file
static const struct hwp_fact hwp_file_rows[] = {
	UINT(inode),
	TEXT(filesystem),
	TEXT(device),
	TEXT(path),
	BOOL(is_mounted),
	BOOL(is_deleted),
	WORD(large_folios, hwp_answers),
	WORD(io_error, hwp_answers),
};
TABLE(hwp_file);
#undef TYPE

#define TYPE struct hwp_owner
static const struct hwp_fact hwp_owner_rows[] = {
	BOOL(found),
	INT(pid),
	TEXT(comm),
	HEX(task),
	HEX(mm),
	HEX(vma),
	HEX(user_address),
	BOOL(allocated_it),
	BOOL(has_start),
	UINT(start_ns),
	BOOL(has_file),
	UINT(file),
	BOOL(has_offset),
	HEX(offset),
	BOOL(unreadable),
	UINT(nr_mappers),
	BOOL(saw_all_mappers),
};
TABLE(hwp_owner);
#undef TYPE

#define TYPE struct hwp_page_owner
static const struct hwp_fact hwp_page_owner_rows[] = {
	BOOL(found),   BOOL(unreadable), BOOL(allocated),   BOOL(migrated), INT(order),
	HEX(gfp_mask), UINT(handle),	 UINT(free_handle), INT(pid),	    INT(tgid),
	INT(free_pid), INT(free_tgid),	 TEXT(comm),	    UINT(alloc_ns), UINT(free_ns),
};
TABLE(hwp_page_owner);
#undef TYPE

#define TYPE struct hwp_poisoned
static const struct hwp_fact hwp_poisoned_rows[] = {
	UINT(pfn),
	INT(zone),
	BOOL(was_read),
	BOOL(is_shown),
	WORD(shown, page_kinds),
	BOOL(is_raw),
	BOOL(raw_page_unknown),
	BOOL(is_named_by_log),
	UINT(named_head_pfn),
	BOOL(section_offline),
	BOOL(zone_is_device),
	STRUCT(page, hwp_page_words),
	HEX(bits),
	STRUCT(folio, hwp_folio_facts),
	STRUCT(by_page, hwp_block),
	STRUCT(by_list, hwp_block),
	BOOL(is_stranded),
	UINT(stranded_pfn),
	INT(stranded_order),
	UINT(nr_stranded_healthy),
	BOOL(stranded_has_head),
	BOOL(stranded_is_refused),
	BOOL(has_holder),
	UINT(holder_pfn),
	INT(holder_order),
	STRUCT(owner, hwp_owner),
	STRUCT(page_owner, hwp_page_owner),
	HEX(struct_page_address),
	HEX(direct_map_address),
	WORD(direct_map, hwp_direct_maps),
	WORD(contents, hwp_contents_words),
	TEXT(module),
	WORD(module_source, hwp_module_sources),
	BOOL(has_machine_check),
	INT(event),
	UINT(nr_passes),
	BOOL(unconfirmed),
	DERIVED(folio_is_in_log),
	WORD(state, hwp_states),
	UINT(head_pfn),
	INT(order),
	INT(migratetype),
	INT(cpu),
	DERIVED(was_free),
	DERIVED(was_handed_out),
	DERIVED(past_proof),
	DERIVED(later_event),
	DERIVED(past_confidence),
	DERIVED(first_step),
	DERIVED(nr_steps),
	DERIVED(first_victim),
	DERIVED(nr_victims),
};
TABLE(hwp_poisoned);
#undef TYPE

#define TYPE struct hwp_event
static const struct hwp_fact hwp_event_rows[] = {
	UINT(seq),
	UINT(time_ns),
	BOOL(has_pfn),
	UINT(pfn),
	WORD(kind, hwp_event_kinds),
	TEXT(page_type),
	TEXT(result),
	TEXT(label),
	HEX(status),
	UINT(record),
	TEXT(comm),
	INT(pid),
	HEX(virtual_address),
	INT(caller_pid),
	INT(caller_cpu),
	BOOL(has_start),
	UINT(start_ns),
	INT(parent_pid),
	TEXT(text),
	INT(rasdaemon),
};
TABLE(hwp_event);
#undef TYPE

#define TYPE struct hwp_leak
static const struct hwp_fact hwp_leak_rows[] = {
	UINT(pfn),	    BOOL(seen_free),   BOOL(seen_in_use), BOOL(seen_dropped),
	INT(first_seconds), INT(last_seconds), INT(pid),	  TEXT(comm),
};
TABLE(hwp_leak);
#undef TYPE

#define TYPE struct hwp_leak_record
static const struct hwp_fact hwp_leak_record_rows[] = {
	TEXT(boot_id),
	VECTOR(leaks, hwp_leak),
	UINT(nr_more),
};
TABLE(hwp_leak_record);
#undef TYPE

#define TYPE struct hwp_log_facts
static const struct hwp_fact hwp_log_facts_rows[] = {
	WORD(state, hwp_log_states), TEXT(why), UINT(first_seq), UINT(first_ns), UINT(nr_lost),
	UINT(nr_user_lines),
};
TABLE(hwp_log_facts);
#undef TYPE

#define TYPE struct hwp_machine_facts
static const struct hwp_fact hwp_machine_facts_rows[] = {
	TEXT(host),
	TEXT(version),
	TEXT(arch),
	TEXT(boot_id),
	BOOL(has_clock),
	INT(unix_seconds),
	INT(log_start_unix_ns),
	UINT(uptime_seconds),
	UINT(nr_cpus),
	UINT(physical_bits),
	BOOL(has_taint),
	HEX(taint),
	BOOL(has_panic_cpu),
	INT(panic_cpu),
};
TABLE(hwp_machine_facts);
#undef TYPE

#define TYPE struct hwp_crash_facts
static const struct hwp_fact hwp_crash_facts_rows[] = {
	BOOL(has_panic),    UINT(seq),	UINT(time_ns),
	TEXT(panic),	    TEXT(oops), BOOL(has_fault_address),
	HEX(fault_address), TEXT(rip),	INT(cpu),
	INT(pid),	    TEXT(comm), UINT(task_ns),
};
TABLE(hwp_crash_facts);
#undef TYPE

#define TYPE struct hwp_record_store
static const struct hwp_fact hwp_record_store_rows[] = { WORD(state, hwp_store_states), TEXT(why) };
TABLE(hwp_record_store);
#undef TYPE

#define TYPE struct hwp_hardware_record
static const struct hwp_fact hwp_hardware_record_rows[] = {
	WORD(source, hwp_record_sources),
	WORD(kind, hwp_event_kinds),
	BOOL(is_waiting),
	BOOL(has_pfn),
	UINT(pfn),
	HEX(status),
	HEX(misc),
	INT(cpu),
	INT(bank),
	INT(unix_seconds),
	DERIVED(in_log),
};
TABLE(hwp_hardware_record);
#undef TYPE

#define TYPE struct hwp_corrected_page
static const struct hwp_fact hwp_corrected_page_rows[] = { UINT(pfn), UINT(nr_errors) };
TABLE(hwp_corrected_page);
#undef TYPE

#define TYPE struct hwp_cec_facts
static const struct hwp_fact hwp_cec_facts_rows[] = {
	STRUCT(store, hwp_record_store),
	UINT(nr_errors),
	UINT(nr_offlined),
	VECTOR(pages, hwp_corrected_page),
};
TABLE(hwp_cec_facts);
#undef TYPE

#define TYPE struct hwp_hardware_facts
static const struct hwp_fact hwp_hardware_facts_rows[] = {
	STRUCT(mce_pool, hwp_record_store),
	STRUCT(ghes, hwp_record_store),
	STRUCT(cec, hwp_cec_facts),
	VECTOR(records, hwp_hardware_record),
};
TABLE(hwp_hardware_facts);
#undef TYPE

#define TYPE struct hwp_rasdaemon_row
static const struct hwp_fact hwp_rasdaemon_row_rows[] = {
	TEXT(table),
	WORD(kind, hwp_event_kinds),
	INT(id),
	UINT(pfn),
	TEXT(module),
	TEXT(text),
	BOOL(has_time),
	INT(unix_seconds),
	TEXT(timestamp),
	TEXT(page_type),
	TEXT(result),
	INT(event),
	WORD(boot, hwp_boots),
};
TABLE(hwp_rasdaemon_row);
#undef TYPE

#define TYPE struct hwp_observed_run
static const struct hwp_fact hwp_observed_run_rows[] = {
	UINT(pfn),
	UINT(nr_pages),
	WORD(what, hwp_observations),
	WORD(container, hwp_containers),
	INT(order),
	INT(cpu),
	BOOL(is_poisoned),
};
TABLE(hwp_observed_run);
#undef TYPE

#define TYPE struct hwp_run
static const struct hwp_fact hwp_run_rows[] = {
	UINT(pfn),  UINT(nr_pages), WORD(state, hwp_run_states),
	INT(order), INT(cpu),	    BOOL(is_poisoned),
};
TABLE(hwp_run);
#undef TYPE

#define TYPE struct hwp_healthy_block
static const struct hwp_fact hwp_healthy_block_rows[] = {
	UINT(pfn),
	UINT(order),
};
TABLE(hwp_healthy_block);
#undef TYPE

#define TYPE struct hwp_extent_orders
static const struct hwp_fact hwp_extent_orders_rows[] = {
	ARRAY(orders, HWP_FACT_UINT),
	UINT(nr),
};
TABLE(hwp_extent_orders);
#undef TYPE

#define TYPE struct hwp_folio
static const struct hwp_fact hwp_folio_rows[] = {
	UINT(head_pfn),
	INT(order),
	INT(max_order),
	BOOL(order_is_guess),
	WORD(kind, hwp_extent_kinds),
	WORD(source, hwp_extent_sources),
	UINT(first_poisoned),
	UINT(nr_poisoned),
	UINT(first_expected),
	UINT(nr_expected),
	UINT(first_run),
	UINT(nr_runs),
	UINT(nr_healthy),
	UINT(nr_healthy_lost),
	WORD(outcome, hwp_outcomes),
	DERIVED(was_free),
	DERIVED(was_handed_out),
	DERIVED(first_step),
	DERIVED(nr_steps),
	DERIVED(first_victim),
	DERIVED(nr_victims),
};
TABLE(hwp_folio);
#undef TYPE

#define TYPE struct hwp_use
static const struct hwp_fact hwp_use_rows[] = {
	UINT(pfn),	UINT(nr_pages), WORD(kind, hwp_use_kinds),
	UINT(head_pfn), INT(order),	STRUCT(owner, hwp_owner),
};
TABLE(hwp_use);
#undef TYPE

#define TYPE struct hwp_range
static const struct hwp_fact hwp_range_rows[] = {
	BOOL(given),
	UINT(pfn),
	INT(order),
};
TABLE(hwp_range);
#undef TYPE

#define TYPE struct hwp_subject
static const struct hwp_fact hwp_subject_rows[] = {
	BOOL(asked),
	WORD(given, hwp_givens),
	UINT(number),
	STRUCT(page, hwp_poisoned),
};
TABLE(hwp_subject);
#undef TYPE

#define TYPE struct hwp_zone_facts
static const struct hwp_fact hwp_zone_facts_rows[] = {
	INT(nid),
	TEXT(name),
	UINT(start_pfn),
	UINT(end_pfn),
	UINT(present_pages),
	UINT(managed_pages),
	UINT(nr_buddy_pages),
	UINT(nr_pcp_pages),
	BOOL(lists_cut),
	BOOL(has_nr_free_pages),
	INT(nr_free_pages),
	BOOL(was_locked),
	BOOL(lock_unknown),
	UINT(nr_outside),
	UINT(nr_foreign),
	UINT(first_outside),
	UINT(first_foreign),
};
TABLE(hwp_zone_facts);
#undef TYPE

#define TYPE struct hwp_node_span
static const struct hwp_fact hwp_node_span_rows[] = {
	INT(nid),
	UINT(start_pfn),
	UINT(end_pfn),
};
TABLE(hwp_node_span);
#undef TYPE

#define TYPE struct hwp_pageblock_facts
static const struct hwp_fact hwp_pageblock_facts_rows[] = {
	BOOL(is_known),	 TEXT(why),	     INT(order),      UINT(nr_compared),
	UINT(nr_unread), UINT(nr_elsewhere), UINT(nr_unsure), STRUCT(first, hwp_block),
	INT(first_type),
};
TABLE(hwp_pageblock_facts);
#undef TYPE

#define TYPE struct hwp_list_stat
static const struct hwp_fact hwp_list_stat_rows[] = {
	INT(zone),	   WORD(container, hwp_containers),
	INT(order),	   INT(migratetype),
	INT(cpu),	   UINT(nr_blocks),
	UINT(nr_poisoned), BOOL(was_cut),
};
TABLE(hwp_list_stat);
#undef TYPE

#define TYPE struct hwp_area_stat
static const struct hwp_fact hwp_area_stat_rows[] = {
	INT(zone), INT(order), UINT(nr_free), UINT(nr_walked), BOOL(was_cut), BOOL(moved),
};
TABLE(hwp_area_stat);
#undef TYPE

#define TYPE struct hwp_trouble
static const struct hwp_fact hwp_trouble_rows[] = {
	WORD(kind, hwp_trouble_kinds), WORD(hole, hwp_holes), BOOL(has_pfn), UINT(pfn), TEXT(text),
};
TABLE(hwp_trouble);
#undef TYPE

#define TYPE struct hwp_coverage
static const struct hwp_fact hwp_coverage_rows[] = {
	UINT(nr_pages),	  UINT(nr_read), UINT(nr_excluded),
	UINT(nr_faulted), UINT(nr_zero), UINT(nr_uninitialised),
};
TABLE(hwp_coverage);
#undef TYPE

#define TYPE struct hwp_memmap_hole
static const struct hwp_fact hwp_memmap_hole_rows[] = {
	UINT(start_pfn),      UINT(end_pfn),	HEX(address),
	BOOL(has_memmap_pfn), UINT(memmap_pfn), BOOL(is_poisoned),
};
TABLE(hwp_memmap_hole);
#undef TYPE

#define TYPE struct hwp_kernel_facts
static const struct hwp_fact hwp_kernel_facts_rows[] = {
	TEXT(release),
	BOOL(has_memory_failure),
	WORD(fix, hwp_fixes),
	TEXT(fix_evidence),
	WORD(fix_seen, hwp_fixes_seen),
	BOOL(fix_is_inferred),
	BOOL(frees_gigantic_whole),
	BOOL(keeps_poison_mapped),
	WORD(init_on_alloc, hwp_switches),
	WORD(init_on_free, hwp_switches),
	WORD(check_pages, hwp_switches),
	WORD(page_poisoning, hwp_switches),
	WORD(debug_pagealloc, hwp_switches),
	WORD(hugetlb_vmemmap_optimized, hwp_switches),
	WORD(page_owner, hwp_switches),
	WORD(kasan, hwp_switches),
	BOOL(clocks_differ),
	BOOL(check_pages_is_switch),
	BOOL(small_thps),
	WORD(found_bad_pages, hwp_answers),
};
TABLE(hwp_kernel_facts);
#undef TYPE

#define TYPE struct hwp_memory_block_count
static const struct hwp_fact hwp_memory_block_count_rows[] = {
	UINT(id),      UINT(start_pfn),	 UINT(end_pfn),	 BOOL(unread),
	BOOL(offline), INT(nr_hwpoison), UINT(nr_found),
};
TABLE(hwp_memory_block_count);
#undef TYPE

#define TYPE struct hwp_node_count
static const struct hwp_fact hwp_node_count_rows[] = {
	INT(nid),    BOOL(has_total), INT(total),     BOOL(has_results), INT(ignored),
	INT(failed), INT(delayed),    INT(recovered), UINT(nr_found),
};
TABLE(hwp_node_count);
#undef TYPE

#define TYPE struct hwp_counters
static const struct hwp_fact hwp_counters_rows[] = {
	BOOL(has_num_poisoned_pages),
	INT(num_poisoned_pages),
	BOOL(has_memory_blocks),
	BOOL(lacks_memory_blocks),
	VECTOR(blocks, hwp_memory_block_count),
	VECTOR(nodes, hwp_node_count),
	UINT(nr_dax_actions),
	NUMBERS(pending_pfns),
	BOOL(mf_running),
};
TABLE(hwp_counters);
#undef TYPE

#define TYPE struct hwp_complaint
static const struct hwp_fact hwp_complaint_rows[] = { UINT(time_ns), UINT(nr), TEXT(text) };
TABLE(hwp_complaint);
#undef TYPE

#define TYPE struct hwp_findings
static const struct hwp_fact hwp_findings_rows[] = {
	STRING(path),
	BOOL(is_log),
	BOOL(live),
	WORD(sweep, hwp_sweeps),
	UINT(nr_passes),
	UINT(nr_transient),
	TEXT(format),
	TEXT(damage),
	BOOL(zero_filled),
	BOOL(vmcoreinfo_found),
	BOOL(memmap_excluded),
	TEXT(memory_provider),
	TEXT(type_provider),
	UINT(page_shift),
	UINT(max_order),
	UINT(pmd_order),
	ARRAY(migratetype_names, HWP_FACT_TEXT),
	STRUCT(kernel, hwp_kernel_facts),
	STRUCT(coverage, hwp_coverage),
	VECTOR(memmap_holes, hwp_memmap_hole),
	VECTOR(zones, hwp_zone_facts),
	VECTOR(node_spans, hwp_node_span),
	BOOL(flags_hold_zone),
	VECTOR(poisoned, hwp_poisoned),
	VECTOR(blocks, hwp_block),
	VECTOR(lists, hwp_list_stat),
	VECTOR(areas, hwp_area_stat),
	STRUCT(pageblocks, hwp_pageblock_facts),
	VECTOR(troubles, hwp_trouble),
	VECTOR(events, hwp_event),
	VECTOR(remarks, hwp_event),
	NUMBERS(bad_state_pfns),
	VECTOR(complaints, hwp_complaint),
	VECTOR(files, hwp_file),
	VECTOR(folios, hwp_folio),
	VECTOR(observed, hwp_observed_run),
	VECTOR(expected, hwp_healthy_block),
	VECTOR(runs, hwp_run),
	DERIVED(steps),
	DERIVED(step_texts),
	DERIVED(victims),
	STRUCT(hugetlb, hwp_extent_orders),
	STRUCT(range, hwp_range),
	STRUCT(subject, hwp_subject),
	VECTOR(unmarked, hwp_poisoned),
	VECTOR(uses, hwp_use),
	STRUCT(log, hwp_log_facts),
	STRUCT(machine, hwp_machine_facts),
	STRUCT(crash, hwp_crash_facts),
	STRUCT(hardware, hwp_hardware_facts),
	DERIVED(cause),
	VECTOR(rasdaemon, hwp_rasdaemon_row),
	BOOL(has_rasdaemon),
	UINT(nr_bad_rows),
	TEXT(bad_row),
	BOOL(has_boot_time),
	INT(boot_unix_seconds),
	STRUCT(since_boot, hwp_leak_record),
	STRUCT(counters, hwp_counters),
	UINT(nr_buddy_pages_in_memmap),
	UINT(nr_followers_in_use),
	UINT(first_follower_in_use),
	UINT(nr_aliased),
	BOOL(too_many),
	DERIVED(summary),
	DERIVED(checks),
	DERIVED(known_issues),
	DERIVED(verdict),
	DERIVED(times),
};
const struct hwp_fact_table hwp_facts = { "hwp_findings", sizeof(TYPE), hwp_findings_rows,
					  HWP_ARRAY_SIZE(hwp_findings_rows) };
#undef TYPE

// clang-format on

/** The number of @p size bytes at @p p, with its sign where @p kind has one. */
static uint64_t number_at(enum hwp_fact_kind kind, size_t size, const void *p)
{
	uint64_t value = 0;

	/* Little-endian, like every target: the low bytes come first. */
	memcpy(&value, p, size);
	if (kind == HWP_FACT_INT && size < sizeof(value) && value >> (size * 8 - 1))
		value |= ~UINT64_C(0) << size * 8;
	return value;
}

static bool is_zero(const struct hwp_fact *fact, const void *p);

static bool is_zero_struct(const struct hwp_fact_table *table, const void *p)
{
	for (size_t i = 0; i < table->nr; i++)
		if (!is_zero(&table->rows[i], (const char *)p + table->rows[i].offset))
			return false;
	return true;
}

static bool is_zero(const struct hwp_fact *fact, const void *p)
{
	hwp_any_vec vec;

	switch (fact->kind) {
	case HWP_FACT_DERIVED:
		return true;
	case HWP_FACT_STRUCT:
		return is_zero_struct(fact->table, p);
	case HWP_FACT_VECTOR:
		memcpy(&vec, p, sizeof(vec));
		return vec.nr == 0;
	case HWP_FACT_TEXT:
		for (size_t i = 0; i < (fact->nr ? fact->nr : 1); i++)
			if (((const char *)p)[i * fact->size])
				return false;
		return true;
	case HWP_FACT_BOOL:
	case HWP_FACT_INT:
	case HWP_FACT_UINT:
	case HWP_FACT_HEX:
	case HWP_FACT_STRING:
	case HWP_FACT_WORD:
		for (size_t i = 0; i < fact->size * (fact->nr ? fact->nr : 1); i++)
			if (((const char *)p)[i])
				return false;
		return true;
	}
	return true;
}

static void put_struct(struct hwp_json *json, const struct hwp_fact_table *table, const void *p);

/** One element; @p key is NULL in an array. */
static void put_element(struct hwp_json *json, const char *key, const struct hwp_fact *fact,
			const void *p)
{
	char *const *string = p;

	switch (fact->kind) {
	case HWP_FACT_DERIVED:
		break;
	case HWP_FACT_BOOL:
		hwp_json_bool(json, key, *(const bool *)p);
		break;
	case HWP_FACT_INT:
		hwp_json_i64(json, key, (int64_t)number_at(fact->kind, fact->size, p));
		break;
	case HWP_FACT_UINT:
		hwp_json_u64(json, key, number_at(fact->kind, fact->size, p));
		break;
	case HWP_FACT_HEX:
		hwp_json_hex(json, key, number_at(fact->kind, fact->size, p));
		break;
	case HWP_FACT_TEXT:
		hwp_json_string(json, key, p);
		break;
	case HWP_FACT_STRING:
		hwp_json_string(json, key, *string);
		break;
	case HWP_FACT_WORD:
		hwp_json_string(json, key,
				fact->words->words[number_at(fact->kind, fact->size, p)].name);
		break;
	case HWP_FACT_STRUCT:
	case HWP_FACT_VECTOR:
		hwp_json_row_object(json, key);
		put_struct(json, fact->table, p);
		hwp_json_end(json);
		break;
	}
}

static void put_vector(struct hwp_json *json, const struct hwp_fact *fact, const void *p)
{
	/* Elements of a vector without a table are numbers. */
	const struct hwp_fact number = { .kind = HWP_FACT_UINT, .size = fact->size };
	hwp_any_vec vec;

	memcpy(&vec, p, sizeof(vec));
	hwp_json_array(json, fact->name);
	for (size_t i = 0; i < vec.nr; i++)
		put_element(json, NULL, fact->table ? fact : &number,
			    (const char *)vec.data + i * fact->size);
	hwp_json_end(json);
}

static void put_struct(struct hwp_json *json, const struct hwp_fact_table *table, const void *p)
{
	for (size_t i = 0; i < table->nr; i++) {
		const struct hwp_fact *fact = &table->rows[i];
		const char *member = (const char *)p + fact->offset;

		if (is_zero(fact, member))
			continue;
		if (fact->kind == HWP_FACT_VECTOR) {
			put_vector(json, fact, member);
		} else if (!fact->nr) {
			put_element(json, fact->name, fact, member);
		} else {
			hwp_json_row_array(json, fact->name);
			for (size_t j = 0; j < fact->nr; j++)
				put_element(json, NULL, fact, member + j * fact->size);
			hwp_json_end(json);
		}
	}
}

struct hwp_error *hwp_facts_write(FILE *out, const struct hwp_findings *f)
{
	struct hwp_json json = { .out = out };

	hwp_json_object(&json, NULL);
	hwp_json_string(&json, "schema", HWP_FACTS_SCHEMA);
	put_struct(&json, &hwp_facts, f);
	hwp_json_end(&json);
	hwp_json_finish(&json);
	errno = 0;
	if (fflush(out) || ferror(out))
		return hwp_error_os(errno ? errno : EIO, "cannot write the facts");
	return NULL;
}
