// SPDX-License-Identifier: GPL-2.0-or-later
/** The numbers by which other tools name a page, on samples: by the kernel's own variables. */
#include "synth.h"

#include <cmocka.h>

#include "facts/pages/address.h"
#include "readers.h"

#define KIB_4 12

struct machine {
	struct hwp_target *target;
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	uint64_t vmemmap_base, page_offset_base, page_size;
};

static uint64_t variable(struct hwp_target *target, const char *name)
{
	struct hwp_symbol symbol = { .name = name };
	uint64_t value;

	assert_null(hwp_target_symbols(target, &symbol, 1));
	assert_true(symbol.found);
	assert_null(hwp_target_read_u64(target, symbol.address, &value));
	return value;
}

static void open_machine(const char *path, struct machine *m)
{
	const struct hwp_target_options options = { .core_path = path };
	struct hwp_member page;

	*m = (struct machine){};
	assert_null(hwp_target_open(&options, &m->target));
	assert_null(hwp_layout_create(m->target, hwp_readers, &m->layout));
	assert_null(hwp_memmap_create(m->target, m->layout, &m->memmap));
	assert_null(hwp_target_member(m->target, "page", NULL, &page));
	m->page_size = page.size;
	m->vmemmap_base = variable(m->target, "vmemmap_base");
	m->page_offset_base = variable(m->target, "page_offset_base");
}

static void close_machine(struct machine *m)
{
	hwp_memmap_destroy(m->memmap);
	hwp_layout_destroy(m->layout);
	hwp_target_destroy(m->target);
}

static void is_page(struct machine *m, uint64_t number, uint64_t pfn, enum hwp_given given)
{
	enum hwp_given found_given = (enum hwp_given)99;
	uint64_t found = UINT64_MAX;

	assert_true(
		hwp_page_of_number(m->target, m->layout, m->memmap, number, &found, &found_given));
	assert_int_equal(found, pfn);
	assert_int_equal(found_given, given);
}

static void is_none(struct machine *m, uint64_t number)
{
	enum hwp_given given;
	uint64_t pfn;

	assert_false(hwp_page_of_number(m->target, m->layout, m->memmap, number, &pfn, &given));
}

/** Of poisoned pages, and of the page asked about; one without a struct page has no address. */
static void are_noted(const struct machine *m, uint64_t end)
{
	struct hwp_poisoned pages[] = { { .pfn = 0x1000 }, { .pfn = end } };
	struct hwp_findings f = {
		.poisoned = { .data = pages, .nr = HWP_ARRAY_SIZE(pages) },
		.subject = { .asked = true, .page = { .pfn = 0x1001 } },
	};

	hwp_addresses_find(m->target, m->layout, m->memmap, &f);
	assert_int_equal(pages[0].struct_page_address, m->vmemmap_base + 0x1000 * m->page_size);
	assert_int_equal(pages[0].direct_map_address, m->page_offset_base + 0x1000000);
	assert_int_equal(pages[1].struct_page_address, 0);
	assert_int_equal(f.subject.page.struct_page_address,
			 m->vmemmap_base + 0x1001 * m->page_size);
	assert_int_equal(f.subject.page.direct_map_address, m->page_offset_base + 0x1001000);
}

static void numbers(void **state)
{
	static const char *const samples[] = {
		"vmcores/samples/6.1-amd64/vmcore.kdump",
		"vmcores/samples/6.12-cloud/vmcore.kdump",
		"vmcores/samples/7.3-cloud/vmcore.kdump",
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(samples); i++) {
		struct machine m;
		uint64_t end;

		open_machine(samples[i], &m);
		end = m.memmap->ranges.data[m.memmap->ranges.nr - 1].end_pfn;
		for (uint64_t pfn = 0x1000; pfn < end; pfn += 0x777) {
			if (!hwp_memmap_find(m.memmap, pfn))
				continue;
			is_page(&m, pfn, pfn, HWP_GIVEN_PFN);
			is_page(&m, m.vmemmap_base + pfn * m.page_size, pfn, HWP_GIVEN_STRUCT_PAGE);
			is_page(&m, m.page_offset_base + (pfn << KIB_4) + 0xabc, pfn,
				HWP_GIVEN_DIRECT_MAP);
			is_page(&m, (pfn << KIB_4) + 0xabc, pfn, HWP_GIVEN_PHYSICAL);
		}
		/* Beyond memory, within a struct page, below the direct map, and no address. */
		is_none(&m, end << KIB_4);
		is_none(&m, m.page_offset_base + (end << KIB_4));
		is_none(&m, m.vmemmap_base + end * m.page_size);
		is_none(&m, m.vmemmap_base + 0x1000 * m.page_size + 8);
		is_none(&m, m.page_offset_base - 1);
		is_none(&m, UINT64_MAX);
		is_none(&m, UINT64_C(1) << 62);
		are_noted(&m, end);
		close_machine(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(numbers) };

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
