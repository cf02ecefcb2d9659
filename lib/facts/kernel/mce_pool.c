// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/mce_pool.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/cleanup.h"
#include "facts/log/mfevent.h"
#include "layout/needs.h"
#include "model/machine_check.h"

/* The kernel makes one chunk, of 80 records or two for each CPU. */
#define MAX_CHUNKS 16
#define MAX_CHUNK_SIZE (UINT64_C(4) << 20)
#define MIN_ORDER 3
#define MAX_ORDER 12
/* arch/x86/include/asm/mce.h: MAX_NR_BANKS */
#define MAX_BANKS 64
#define MAX_CPUS 65536
/* The wall clock may have been set since. */
#define CLOCK_SLACK_SECONDS (24 * 60 * 60)

struct pool_layout {
	uint64_t mce_evt_pool;
	uint32_t chunks, min_alloc_order, next_chunk, start_addr, end_addr, bits;
	uint32_t slot_size, mce, status, misc, addr, time, bank, cpu, ipid;
};

#define OFFSET(field, names, ...) HWP_OFFSET(struct pool_layout, field, names, ##__VA_ARGS__)

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct pool_layout, mce_evt_pool, "mce_evt_pool"),
	OFFSET(chunks, "gen_pool.chunks"),
	OFFSET(min_alloc_order, "gen_pool.min_alloc_order"),
	OFFSET(next_chunk, "gen_pool_chunk.next_chunk"),
	OFFSET(start_addr, "gen_pool_chunk.start_addr"),
	OFFSET(end_addr, "gen_pool_chunk.end_addr"),
	OFFSET(bits, "gen_pool_chunk.bits"),
	HWP_SIZE(struct pool_layout, slot_size, "mce_evt_llist"),
	/* Linux kernel commit 750fd23926f1 ("x86/mce: Add wrapper for struct mce to export vendor
	 * specific info") (in v6.13). */
	OFFSET(mce, "mce_evt_llist.err.m mce_evt_llist.mce"),
	OFFSET(status, "mce.status"),
	OFFSET(misc, "mce.misc"),
	OFFSET(addr, "mce.addr"),
	OFFSET(time, "mce.time"),
	OFFSET(bank, "mce.bank"),
	OFFSET(cpu, "mce.extcpu"),
	OFFSET(ipid, "mce.ipid", .optional = true),
};

const struct hwp_needs hwp_mce_pool_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "arch/x86/kernel/cpu/mce/genpool.c", "lib/genalloc.c",
					  NULL },
	.size = sizeof(struct pool_layout),
};

struct pool_walk {
	struct hwp_target *target;
	const struct pool_layout *at;
	struct hwp_findings *findings;
	unsigned int order;
	uint64_t physical_mask;
	unsigned int page_shift;
};

struct chunk {
	uint64_t address, start, size;
};

/** Words of a record, before it is one. */
struct raw_record {
	uint64_t status, misc, addr, time, ipid;
	uint8_t bank;
	uint32_t cpu;
};

/** What shows whether there is a record: only then is more of the slot read. */
static struct hwp_error *read_key(const struct pool_walk *w, uint64_t mce, struct raw_record *r)
{
	struct hwp_error *err = hwp_target_read_u64(w->target, mce + w->at->status, &r->status);

	if (!err)
		err = hwp_target_read_u64(w->target, mce + w->at->time, &r->time);
	if (!err)
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, mce + w->at->bank, &r->bank,
				      sizeof(r->bank), NULL);
	return err;
}

static struct hwp_error *read_rest(const struct pool_walk *w, uint64_t mce, struct raw_record *r)
{
	struct hwp_error *err = hwp_target_read_u64(w->target, mce + w->at->misc, &r->misc);

	if (!err)
		err = hwp_target_read_u64(w->target, mce + w->at->addr, &r->addr);
	if (!err)
		err = hwp_target_read_u32(w->target, mce + w->at->cpu, &r->cpu);
	if (!err && w->at->ipid != HWP_ABSENT)
		err = hwp_target_read_u64(w->target, mce + w->at->ipid, &r->ipid);
	return err;
}

/**
 * Is it a record, in a slot that is free? The memory of the pool is not cleared first, and may hold
 * what its last user left there: a record's time is one at which the kernel ran.
 */
static bool is_plausible(const struct pool_walk *w, const struct raw_record *r)
{
	const struct hwp_machine_facts *m = &w->findings->machine;
	int64_t start = m->log_start_unix_ns / (int64_t)HWP_NS_PER_SECOND, seconds;

	if (!hwp_status_is_valid(r->status) || r->bank >= MAX_BANKS || r->time > INT64_MAX / 2 ||
	    !m->has_clock)
		return false;
	seconds = (int64_t)r->time;
	return seconds + CLOCK_SLACK_SECONDS >= start &&
	       seconds <= m->unix_seconds + CLOCK_SLACK_SECONDS;
}

static struct hwp_hardware_record record_of(const struct pool_walk *w, const struct raw_record *r,
					    bool is_waiting)
{
	struct hwp_hardware_record record = {
		.source = HWP_RECORD_MCE_POOL,
		.kind = hwp_status_is_corrected(r->status) ? HWP_EVENT_CORRECTED :
							     HWP_EVENT_HARDWARE,
		.is_waiting = is_waiting,
		.status = r->status,
		.misc = hwp_status_has_misc(r->status) ? r->misc : 0,
		.cpu = r->cpu < MAX_CPUS ? (int)r->cpu : -1,
		.bank = r->bank,
		.unix_seconds = r->time <= INT64_MAX / 2 ? (int64_t)r->time : 0,
	};

	/* Of errors that are not memory's the address may be anything. */
	if (hwp_status_has_address(r->status) && hwp_status_is_memory(r->status) &&
	    hwp_bank_has_physical(record.misc, r->ipid)) {
		record.has_pfn = true;
		record.pfn = (r->addr & w->physical_mask) >> w->page_shift;
	}
	return record;
}

static struct hwp_error *read_slot(struct pool_walk *w, uint64_t slot, bool is_allocated)
{
	uint64_t mce = slot + w->at->mce;
	struct raw_record raw = {};
	struct hwp_error *err = read_key(w, mce, &raw);

	if (err || !hwp_status_is_valid(raw.status) || (!is_allocated && !is_plausible(w, &raw)))
		return err;
	err = read_rest(w, mce, &raw);
	if (err)
		return err;
	return hwp_vec_push(&w->findings->hardware.records, record_of(w, &raw, is_allocated)) ?
		       NULL :
		       hwp_error_no_memory();
}

/**
 * All that is ever allocated from the pool is records, of as many bits of the map each: the first
 * that fit are taken, so a record begins at a multiple of them.
 */
static struct hwp_error *read_slots(struct pool_walk *w, const struct chunk *chunk)
{
	uint64_t nr_units = chunk->size >> w->order;
	uint64_t per_slot = ((uint64_t)w->at->slot_size + (UINT64_C(1) << w->order) - 1) >>
			    w->order;
	uint64_t nr_words = (nr_units + 63) / 64;
	_cleanup_free_ uint64_t *map = calloc(nr_words + 1, sizeof(*map));
	struct hwp_error *err;

	if (!map)
		return hwp_error_no_memory();
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, chunk->address + w->at->bits, map,
			      nr_words * sizeof(*map), NULL);
	for (uint64_t unit = 0; !err && unit + per_slot <= nr_units; unit += per_slot)
		err = read_slot(w, chunk->start + (unit << w->order),
				map[unit / 64] >> unit % 64 & 1);
	return err;
}

/** The chunk whose link in the list is at @p link, and where the next one's is. */
static struct hwp_error *read_chunk(struct pool_walk *w, uint64_t link, uint64_t *next)
{
	struct chunk chunk = { .address = link - w->at->next_chunk };
	uint64_t end = 0;
	struct hwp_error *err = hwp_target_read_u64(w->target, link, next);

	if (!err)
		err = hwp_target_read_u64(w->target, chunk.address + w->at->start_addr,
					  &chunk.start);
	/* The last byte. */
	if (!err)
		err = hwp_target_read_u64(w->target, chunk.address + w->at->end_addr, &end);
	if (err)
		return err;
	if (end < chunk.start || end - chunk.start >= MAX_CHUNK_SIZE)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "a chunk of the pool makes no sense");
	chunk.size = end - chunk.start + 1;
	return read_slots(w, &chunk);
}

static struct hwp_error *read_pool(struct pool_walk *w, uint64_t pool)
{
	uint64_t head = pool + w->at->chunks, link;
	uint32_t order = 0;
	struct hwp_error *err = hwp_target_read_u32(w->target, pool + w->at->min_alloc_order,
						    &order);

	if (!err && (order < MIN_ORDER || order > MAX_ORDER))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "min_alloc_order is %" PRIu32, order);
	w->order = order;
	if (!err)
		err = hwp_target_read_u64(w->target, head, &link);
	for (unsigned int i = 0; !err && link != head; i++) {
		if (i == MAX_CHUNKS)
			return hwp_error_create(HWP_ERROR_BAD_DATA, "the pool's list has no end");
		err = read_chunk(w, link, &link);
	}
	return err;
}

struct hwp_error *hwp_mce_pool_read(struct hwp_target *target, const struct hwp_layout *l,
				    struct hwp_findings *f)
{
	const struct pool_layout *at = hwp_layout_of(l, &hwp_mce_pool_needs);
	struct hwp_address_rule rule = hwp_addresses_of(f->machine.arch, l->page_shift);
	struct pool_walk w = { .target = target,
			       .at = at,
			       .findings = f,
			       .physical_mask = rule.physical_mask,
			       .page_shift = l->page_shift };
	struct hwp_error *err;
	uint64_t pool = 0;

	f->hardware.mce_pool.state = HWP_STORE_ABSENT;
	if (!at)
		return NULL;
	if (f->machine.physical_bits)
		w.physical_mask = (UINT64_C(1) << f->machine.physical_bits) - 1;
	err = hwp_target_read_u64(target, at->mce_evt_pool, &pool);
	if (!err && !pool)
		return NULL;
	if (!err)
		err = read_pool(&w, pool);
	return hwp_record_store_finish(&f->hardware.mce_pool, err);
}
