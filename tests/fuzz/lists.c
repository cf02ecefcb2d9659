// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "../unit/machine.h"
#include "facts/pages/collect.h"
#include "verdict/check.h"
#include "verdict/classify.h"

/** One word put over the machine: where, and of which kind. */
struct fuzz_op {
	uint8_t where, kind;
	uint16_t place;
	uint32_t value;
};

/* Links, small numbers and flags: what a hostile word would be. */
static uint64_t fuzz_op_value(const struct fuzz_op *op)
{
	switch (op->kind & 7) {
	case 0:
		return machine_lru(MACHINE_START + op->value % (MACHINE_PAGES + 8));
	case 1:
		return machine_lru(MACHINE_START + op->value % MACHINE_PAGES) - 7;
	case 2:
		return machine_area_list(op->value % 11, op->value >> 8 & 7);
	case 3:
		return machine_pcp_list(op->value & 1, op->value >> 8 & 15);
	case 4:
		return op->value;
	case 5:
		return UINT64_C(1) << (op->value & 63) | MACHINE_FLAGS;
	case 6:
		return MACHINE_PERCPU + 0x400 + op->value % 0x400;
	default:
		return -((uint64_t)64 << (op->value & 31)) | 1;
	}
}

static void fuzz_op_apply(struct machine *m, const struct fuzz_op *op)
{
	static const uint8_t offsets[] = { 0, 8, 16, 24, 40, 48, 52, 56 };
	static const uint8_t sizes[] = { 8, 8, 8, 8, 8, 4, 4, 8 };
	uint64_t value = fuzz_op_value(op);
	char *page = m->map[op->place % MACHINE_PAGES];

	switch (op->where >> 4 & 3) {
	case 0:
	case 1:
		synth_put(page, offsets[op->where & 7], value, sizes[op->where & 7]);
		break;
	case 2:
		synth_put(m->zone, op->place % (ZONE_SIZE - 7), value, 8);
		break;
	case 3:
		synth_put(m->percpu, op->place % (sizeof(m->percpu) - 7), value, 8);
		break;
	}
	/* Poison near by, so that the paths after the walks have work. */
	if (op->where & 0x80 && m->poisoned.nr < 64)
		machine_poison(m, MACHINE_START + op->place % MACHINE_PAGES);
}

static void fuzz_heard(void *arg, const char *sentence)
{
	size_t *total = arg;

	*total += strlen(sentence);
}

static int fuzz_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/** Everything from flagged pfns to the verdict. */
static void fuzz_analyse(struct machine *m)
{
	struct hwp_collector c;
	struct hwp_list_walk walk;
	hwp_pfn_vec flagged = {};
	struct hwp_findings *f;
	struct hwp_error *err;
	size_t total = 0;

	machine_open(m);
	f = m->findings;
	f->kernel.has_memory_failure = true;
	c = (struct hwp_collector){ m->target, &m->layout, m->reader, &m->zones, f };
	if (m->poisoned.nr)
		qsort(m->poisoned.data, m->poisoned.nr, 8, fuzz_compare);
	for (size_t i = 0; i < m->poisoned.nr; i++) {
		if ((!i || m->poisoned.data[i] != m->poisoned.data[i - 1]) &&
		    !hwp_vec_push(&flagged, m->poisoned.data[i]))
			abort();
	}
	err = hwp_collect_pages(&c, &flagged);
	walk = (struct hwp_list_walk){ .target = m->target,
				       .layout = &m->layout,
				       .reader = m->reader,
				       .zones = &m->zones,
				       .findings = f,
				       .poisoned_pfns = flagged.data,
				       .nr_poisoned = flagged.nr };
	if (!err)
		err = hwp_walk_free_lists(&walk);
	if (!err)
		err = hwp_collect_places(&c);
	if (!err)
		err = hwp_classify(f);
	if (!err)
		err = hwp_check_run(f);
	for (size_t i = 0; i < f->poisoned.nr; i++)
		hwp_evidence(f, &f->poisoned.data[i], fuzz_heard, &total);
	hwp_error_destroy(err);
	hwp_vec_deinit(&flagged);
}

static void fuzz_lists(const uint8_t *data, size_t size)
{
	void (*const kernels[])(struct hwp_layout *) = { kernel_73, kernel_612, kernel_61 };
	struct machine *m;
	uint8_t kernel;

	fuzz_take(&data, &size, &kernel, 1);
	m = machine_create(kernels[kernel % 3]);
	for (unsigned int i = 0; i < 6; i++) {
		machine_free(m, 0x1400 + 16 * i, i & 3, 1);
		machine_free_pcp(m, 0x1600 + 16 * i, 0, i & 1, i % 3);
	}
	machine_clear(m, 0x1800, 9);
	while (size >= sizeof(struct fuzz_op)) {
		struct fuzz_op op;

		fuzz_take(&data, &size, &op, sizeof(op));
		fuzz_op_apply(m, &op);
	}
	fuzz_analyse(m);
	machine_destroy(m);
}
FUZZ_TARGET(fuzz_lists)
