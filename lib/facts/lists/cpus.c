// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/cpus.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"

/* The largest CONFIG_NR_CPUS of any architecture. */
#define MAX_CPUS 8192

struct cpus_layout {
	/** CONFIG_SMP; else 0. */
	uint64_t per_cpu_offset;
	uint64_t nr_cpu_ids, possible_mask, online_mask;
	uint32_t mask_size;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct cpus_layout, per_cpu_offset, "__per_cpu_offset", .optional = true),
	/* Linux kernel commit 6f9c07be9d02 ("lib/cpumask: add FORCE_NR_CPUS config option")
	 * (in v6.1) can make it a constant. */
	HWP_SYMBOL(struct cpus_layout, nr_cpu_ids, "nr_cpu_ids", .optional = true),
	HWP_SYMBOL(struct cpus_layout, possible_mask, "__cpu_possible_mask", .optional = true),
	HWP_SYMBOL(struct cpus_layout, online_mask, "__cpu_online_mask", .optional = true),
	HWP_SIZE(struct cpus_layout, mask_size, "cpumask", .optional = true),
};

const struct hwp_needs hwp_cpus_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", NULL },
	.size = sizeof(struct cpus_layout),
};

struct finder {
	struct hwp_target *target;
	const struct cpus_layout *at;
	struct hwp_findings *findings;
	/** By nr_cpu_ids, 0 when that is not known, and the CPUs that may have lists. */
	uint32_t nr_cpu_ids;
	bool knows_possible;
	uint8_t wanted[MAX_CPUS / 8];
};

static struct hwp_error *record(bool kept)
{
	return kept ? NULL : hwp_error_no_memory();
}

/** Record @p err as a hole; the rest goes on. */
static struct hwp_error *tolerate(struct finder *s, struct hwp_error *err, const char *what)
{
	return hwp_findings_tolerate(s->findings, err, HWP_HOLE_PCP_LIST, what);
}

static struct hwp_error *read_nr_cpu_ids(struct finder *s)
{
	uint32_t nr = 0;
	struct hwp_error *err;

	if (!s->at->nr_cpu_ids)
		return NULL;
	err = hwp_target_read_u32(s->target, s->at->nr_cpu_ids, &nr);
	if (!err && (nr == 0 || nr > MAX_CPUS))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "it is %" PRIu32, nr);
	if (err)
		return tolerate(s, err, "per-CPU lists: nr_cpu_ids");
	s->nr_cpu_ids = nr;
	return NULL;
}

/** Bytes of a mask that can matter; 0 when they are not known. */
static size_t mask_size(const struct finder *s)
{
	if (s->at->mask_size != HWP_ABSENT && s->at->mask_size <= MAX_CPUS / 8)
		return s->at->mask_size;
	return ((size_t)s->nr_cpu_ids + 63) / 64 * 8;
}

static struct hwp_error *read_mask(struct finder *s, uint64_t address, uint8_t *mask)
{
	memset(mask, 0, MAX_CPUS / 8);
	return hwp_target_read(s->target, HWP_KERNEL_VIRTUAL, address, mask, mask_size(s), NULL);
}

static uint32_t end_of(const uint8_t *mask)
{
	for (uint32_t cpu = MAX_CPUS; cpu > 0; cpu--) {
		if (hwp_test_bit(mask, cpu - 1))
			return cpu;
	}
	return 0;
}

/** By the mask; without it every CPU below nr_cpu_ids, though some may not be possible. */
static struct hwp_error *find_possible(struct finder *s)
{
	struct hwp_error *err = NULL;
	uint32_t end;

	if (s->at->possible_mask && mask_size(s)) {
		err = read_mask(s, s->at->possible_mask, s->wanted);
		end = end_of(s->wanted);
		s->knows_possible = !err && end;
		/* The last possible CPU is nr_cpu_ids - 1: setup_nr_cpu_ids(). */
		if (!err && s->nr_cpu_ids && end != s->nr_cpu_ids)
			err = hwp_error_create(HWP_ERROR_BAD_DATA,
					       "it gives %" PRIu32 " CPUs, nr_cpu_ids %" PRIu32,
					       end, s->nr_cpu_ids);
		err = tolerate(s, err, "per-CPU lists: cpu_possible_mask");
	}
	if (!s->knows_possible && !s->nr_cpu_ids)
		return err ? err :
			     record(hwp_findings_hole(
				     s->findings, HWP_HOLE_PCP_LIST,
				     "per-CPU lists: the number of CPUs is not known"));
	for (uint32_t cpu = 0; cpu < s->nr_cpu_ids && !s->knows_possible; cpu++)
		s->wanted[cpu / 8] |= (uint8_t)(1u << cpu % 8);
	return err;
}

/** A CPU that is online is possible. */
static struct hwp_error *add_online(struct finder *s)
{
	uint8_t online[MAX_CPUS / 8];
	struct hwp_error *err;

	if (!s->knows_possible || !s->at->online_mask)
		return NULL;
	err = read_mask(s, s->at->online_mask, online);
	/* It only confirms the other mask. */
	if (err) {
		hwp_error_destroy(err);
		return NULL;
	}
	for (uint32_t cpu = 0; cpu < MAX_CPUS && !err; cpu++) {
		if (!hwp_test_bit(online, cpu) || hwp_test_bit(s->wanted, cpu))
			continue;
		s->wanted[cpu / 8] |= (uint8_t)(1u << cpu % 8);
		err = record(hwp_findings_hole(s->findings, HWP_HOLE_PCP_LIST,
					       "per-CPU lists: CPU %" PRIu32
					       " is online, but not in cpu_possible_mask",
					       cpu));
	}
	return err;
}

static const struct hwp_cpu *cpu_with(const struct hwp_cpus *cpus, uint64_t offset)
{
	for (size_t i = 0; i < cpus->cpus.nr; i++) {
		if (cpus->cpus.data[i].offset == offset)
			return &cpus->cpus.data[i];
	}
	return NULL;
}

/**
 * Each CPU has an area of its own. Those that are not possible share what
 * __per_cpu_offset was initialised with.
 */
static struct hwp_error *add_cpu(struct finder *s, uint32_t number, uint64_t offset,
				 struct hwp_cpus *ret)
{
	const struct hwp_cpu *other = cpu_with(ret, offset);

	if (!other)
		return record(hwp_vec_push(&ret->cpus, ((struct hwp_cpu){ number, offset })));
	if (!s->knows_possible)
		return NULL;
	return record(hwp_findings_hole(s->findings, HWP_HOLE_PCP_LIST,
					"per-CPU lists: CPUs %" PRIu32 " and %" PRIu32
					" have the same __per_cpu_offset",
					other->number, number));
}

static struct hwp_error *add_cpus(struct finder *s, struct hwp_cpus *ret)
{
	uint32_t end = end_of(s->wanted);
	_cleanup_free_ uint64_t *offsets = calloc(end + 1, sizeof(*offsets));
	struct hwp_error *err;

	if (!offsets)
		return hwp_error_no_memory();
	err = hwp_target_read(s->target, HWP_KERNEL_VIRTUAL, s->at->per_cpu_offset, offsets,
			      end * sizeof(*offsets), NULL);
	if (err)
		return tolerate(s, err, "per-CPU lists: __per_cpu_offset");
	for (uint32_t cpu = 0; cpu < end && !err; cpu++) {
		if (hwp_test_bit(s->wanted, cpu))
			err = add_cpu(s, cpu, offsets[cpu], ret);
	}
	return err;
}

struct hwp_error *hwp_cpus_find(struct hwp_target *target, const struct hwp_layout *layout,
				struct hwp_findings *findings, struct hwp_cpus *ret)
{
	struct finder s = { .target = target,
			    .at = hwp_layout_of(layout, &hwp_cpus_needs),
			    .findings = findings };
	struct hwp_error *err;

	/* CONFIG_SMP=n: one CPU, no offset. */
	if (!s.at->per_cpu_offset)
		return record(hwp_vec_push(&ret->cpus, ((struct hwp_cpu){ 0, 0 })));
	err = read_nr_cpu_ids(&s);
	if (!err)
		err = find_possible(&s);
	if (!err)
		err = add_online(&s);
	return err ? err : add_cpus(&s, ret);
}
