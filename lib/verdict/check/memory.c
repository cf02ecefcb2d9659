// SPDX-License-Identifier: GPL-2.0-or-later
/** Can the kernel still touch a poisoned page, and did anything write to it? */
#include <inttypes.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

/** x86 unmaps a page after a machine check; injection, APEI and arm64 leave the map alone. */
static bool should_be_unmapped(const struct hwp_poisoned *p)
{
	return p->has_machine_check && hwp_state_class(p->state) == HWP_CLASS_CONTAINED;
}

HWP_CHECK_FUNCTION(hwp_check_poison_unmapped)
{
	uint64_t nr_mapped = 0, nr_unmapped = 0, nr_checked = 0, nr_unknown = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		nr_mapped += p->direct_map == HWP_DIRECT_MAP_PRESENT;
		nr_unmapped += p->direct_map == HWP_DIRECT_MAP_ABSENT;
		if (f->kernel.keeps_poison_mapped || !should_be_unmapped(p))
			continue;
		nr_checked++;
		nr_unknown += p->direct_map == HWP_DIRECT_MAP_UNKNOWN;
		if (p->direct_map != HWP_DIRECT_MAP_PRESENT)
			continue;
		hwp_check_at(r, p->pfn);
		return hwp_check_answer(r, HWP_FAIL,
					"pfn 0x%" PRIx64 " was found by a machine check "
					"and is contained, but it is still in the direct "
					"map",
					p->pfn);
	}
	hwp_check_number(r, "nr_mapped", (int64_t)nr_mapped);
	hwp_check_number(r, "nr_unmapped", (int64_t)nr_unmapped);
	hwp_check_number(r, "nr_unknown", (int64_t)nr_unknown);
	hwp_check_answer(r, HWP_PASS,
			 "poisoned pages in the direct map: %" PRIu64 ", out of it: %" PRIu64,
			 nr_mapped, nr_unmapped);
	if (f->kernel.keeps_poison_mapped) {
		hwp_check_add(r, "; arm64 leaves poisoned pages where they are mapped");
		return HWP_SKIP;
	}
	if (!nr_checked)
		hwp_check_add(r, "; only a machine check unmaps one, and the log has none for a "
				 "contained page");
	if (nr_unknown)
		hwp_check_add(r,
			      "; whether %" PRIu64 " page%s with a machine check %s mapped could "
			      "not be read",
			      nr_unknown, hwp_plural(nr_unknown), nr_unknown == 1 ? "is" : "are");
	return !nr_checked ? HWP_SKIP : nr_unknown ? HWP_INCONCLUSIVE : HWP_PASS;
}

/** Was the page given back to the allocator, or withheld by it? */
static bool was_freed(const struct hwp_poisoned *p)
{
	return p->state == HWP_STATE_BUDDY || p->state == HWP_STATE_PCP ||
	       p->state == HWP_STATE_DROPPED ||
	       (p->state == HWP_STATE_ISOLATED && p->page.refcount == 0);
}

static enum hwp_result skip_unwritten(const struct hwp_kernel_facts *k, struct hwp_check_result *r)
{
	bool unknown = k->page_poisoning == HWP_SWITCH_UNKNOWN ||
		       k->init_on_free == HWP_SWITCH_UNKNOWN;

	return hwp_check_answer(r, HWP_SKIP,
				unknown ? "whether page_poison or init_on_free is on is unknown" :
					  "page_poison and init_on_free are off: nothing writes to "
					  "freed pages");
}

HWP_CHECK_FUNCTION(hwp_check_poison_unwritten)
{
	uint64_t nr_zero = 0, nr_looked = 0;

	if (f->kernel.page_poisoning != HWP_ON && f->kernel.init_on_free != HWP_ON)
		return skip_unwritten(&f->kernel, r);
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (!was_freed(p) || p->contents == HWP_CONTENTS_UNKNOWN)
			continue;
		nr_looked++;
		nr_zero += p->contents == HWP_CONTENTS_ZERO;
		if (p->contents != HWP_CONTENTS_PAGE_POISON)
			continue;
		hwp_check_at(r, p->pfn);
		return hwp_check_answer(r, HWP_FAIL,
					"pfn 0x%" PRIx64 " is filled with 0xaa: page_poison "
					"wrote to it when it was freed",
					p->pfn);
	}
	hwp_check_number(r, "nr_zero", (int64_t)nr_zero);
	hwp_check_number(r, "nr_looked", (int64_t)nr_looked);
	if (nr_zero && f->kernel.init_on_free == HWP_ON)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"%" PRIu64 " freed poisoned page%s all zeros, as "
					"init_on_free leaves a page",
					nr_zero, nr_zero == 1 ? " is" : "s are");
	if (!nr_looked)
		return hwp_check_answer(r, HWP_SKIP,
					"the contents of no freed poisoned page are known");
	return hwp_check_answer(
		r, HWP_PASS,
		nr_looked == 1 ?
			"the %" PRIu64 " freed poisoned page in the dump was not written to" :
			"none of the %" PRIu64 " freed poisoned pages in the dump was written to",
		nr_looked);
}
