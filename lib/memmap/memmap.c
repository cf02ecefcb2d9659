// SPDX-License-Identifier: GPL-2.0-or-later
#include "memmap/memmap.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "target/target.h"

/* SUBSECTION_SHIFT is 21 on every architecture: include/linux/mmzone.h. */
#define SUBSECTION_SHIFT 21
#define MAX_ROOTS (UINT64_C(1) << 22)
#define SECTION_MARKED_PRESENT UINT64_C(1)
#define SECTION_HAS_MEM_MAP UINT64_C(2)

struct walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	uint64_t pages_per_section;
};

void hwp_memmap_destroy(struct hwp_memmap *memmap)
{
	if (!memmap)
		return;
	hwp_vec_deinit(&memmap->ranges);
	free(memmap);
}

static void memmap_destroyp(struct hwp_memmap **memmap)
{
	hwp_memmap_destroy(*memmap);
}

static struct hwp_error *add_range(struct hwp_memmap *m, uint64_t start_pfn, uint64_t end_pfn,
				   uint64_t base, bool online)
{
	struct hwp_pfn_range *last = m->ranges.nr ? &m->ranges.data[m->ranges.nr - 1] : NULL;

	if (last && last->base != base)
		m->is_contiguous = false;
	if (online)
		m->nr_pages += end_pfn - start_pfn;
	if (last && last->end_pfn == start_pfn && last->base == base && last->online == online) {
		last->end_pfn = end_pfn;
		return NULL;
	}
	if (!hwp_vec_push(&m->ranges, ((struct hwp_pfn_range){ start_pfn, end_pfn, base, online })))
		return hwp_error_no_memory();
	return NULL;
}

/** Hot-added sections have struct pages by subsections of 2 MiB only. */
static struct hwp_error *add_subsections(struct walk *w, uint64_t usage, uint64_t start_pfn,
					 uint64_t base, bool online)
{
	uint64_t per_subsection = UINT64_C(1) << (SUBSECTION_SHIFT - w->layout->page_shift);
	uint64_t nr = w->pages_per_section / per_subsection;
	uint8_t bitmap[(UINT64_C(1) << (40 - SUBSECTION_SHIFT)) / 8];
	size_t size = (size_t)(nr + 7) / 8;
	struct hwp_error *err;

	if (!nr || size > sizeof(bitmap))
		return hwp_error_create(HWP_ERROR_BAD_DATA, "a section of %" PRIu64 " pages",
					w->pages_per_section);
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL,
			      usage + w->layout->section.subsection_map, bitmap, size, NULL);
	for (uint64_t i = 0; i < nr && !err; i++) {
		uint64_t pfn = start_pfn + i * per_subsection;

		if (hwp_test_bit(bitmap, i))
			err = add_range(w->memmap, pfn, pfn + per_subsection, base, online);
	}
	return err;
}

static struct hwp_error *add_section(struct walk *w, uint64_t number, const char *section)
{
	const struct hwp_layout *l = w->layout;
	uint64_t map = hwp_u64(section + l->section.section_mem_map);
	uint64_t base = map & ~l->section.flag_mask, usage = 0;
	uint64_t start_pfn = number * w->pages_per_section;
	bool online = map >> l->section.online_bit & 1;

	if (!(map & SECTION_MARKED_PRESENT) || !(map & SECTION_HAS_MEM_MAP))
		return NULL;
	if (l->section.usage != HWP_ABSENT && l->section.subsection_map != HWP_ABSENT)
		usage = hwp_u64(section + l->section.usage);
	if (usage && !(map >> l->section.early_bit & 1))
		return hwp_error_prefix(add_subsections(w, usage, start_pfn, base, online),
					"memory section %" PRIu64, number);
	return add_range(w->memmap, start_pfn, start_pfn + w->pages_per_section, base, online);
}

static struct hwp_error *add_root(struct walk *w, uint64_t address, uint64_t first, uint64_t nr)
{
	_cleanup_free_ char *sections = malloc(nr * w->layout->section.size);
	struct hwp_error *err;

	if (!sections)
		return hwp_error_no_memory();
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, address, sections,
			      nr * w->layout->section.size, NULL);
	for (uint64_t i = 0; i < nr && !err; i++)
		err = add_section(w, first + i, sections + i * w->layout->section.size);
	return err;
}

/**
 * SPARSEMEM_EXTREME keeps an array of pointers to roots, a page of sections
 * each; otherwise the sections themselves are the array.
 */
static struct hwp_error *find_roots(struct hwp_target *target, const struct hwp_layout *l,
				    uint64_t *nr_roots_ret, uint64_t *per_root_ret,
				    bool *is_flat_ret)
{
	uint64_t per_root = (UINT64_C(1) << l->page_shift) / l->section.size, nr_roots;
	uint64_t nr_sections = UINT64_C(1)
			       << (l->section.max_physmem_bits - l->section.section_size_bits);
	struct hwp_error *err;

	err = hwp_target_vmcoreinfo_number(target, "LENGTH(mem_section)", &nr_roots);
	if (err)
		return err;
	if (nr_roots == 0 || nr_roots > MAX_ROOTS || per_root == 0)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "LENGTH(mem_section) is %" PRIu64,
					nr_roots);
	*nr_roots_ret = nr_roots;
	*per_root_ret = per_root;
	*is_flat_ret = nr_roots == nr_sections && per_root > 1;
	return NULL;
}

static struct hwp_error *walk_sections(struct walk *w)
{
	const struct hwp_layout *l = w->layout;
	_cleanup_free_ uint64_t *roots = NULL;
	uint64_t nr_roots, per_root;
	struct hwp_error *err;
	bool is_flat;

	err = find_roots(w->target, l, &nr_roots, &per_root, &is_flat);
	if (err)
		return err;
	if (is_flat)
		return add_root(w, l->symbol.mem_section, 0, nr_roots);
	roots = malloc(nr_roots * sizeof(*roots));
	if (!roots)
		return hwp_error_no_memory();
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, l->symbol.mem_section, roots,
			      nr_roots * sizeof(*roots), NULL);
	for (uint64_t i = 0; i < nr_roots && !err; i++) {
		if (roots[i])
			err = add_root(w, roots[i], i * per_root, per_root);
	}
	return err;
}

struct hwp_error *hwp_memmap_section_address(struct hwp_target *target, const struct hwp_layout *l,
					     uint64_t pfn, uint64_t *ret)
{
	uint64_t number = pfn >> (l->section.section_size_bits - l->page_shift);
	uint64_t nr_roots, per_root, root = l->symbol.mem_section, index = number;
	struct hwp_error *err;
	bool is_flat;

	err = find_roots(target, l, &nr_roots, &per_root, &is_flat);
	if (err)
		return err;
	if (number >= (is_flat ? nr_roots : nr_roots * per_root))
		return hwp_error_create(HWP_ERROR_LOOKUP, "pfn 0x%" PRIx64 " is in no section",
					pfn);
	if (!is_flat) {
		index = number % per_root;
		err = hwp_target_read_u64(target, root + number / per_root * 8, &root);
	}
	if (!err && !root)
		err = hwp_error_create(HWP_ERROR_LOOKUP, "pfn 0x%" PRIx64 " is in no section", pfn);
	*ret = root + index * l->section.size;
	return err;
}

static struct hwp_error *add_flat(struct walk *w)
{
	uint64_t base, max_pfn;
	struct hwp_error *err;

	if (!w->layout->symbol.max_pfn)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the kernel has no symbol max_pfn");
	err = hwp_target_read_u64(w->target, w->layout->symbol.mem_map, &base);
	if (!err)
		err = hwp_target_read_u64(w->target, w->layout->symbol.max_pfn, &max_pfn);
	return err ? err : add_range(w->memmap, 0, max_pfn, base, true);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct hwp_pfn_range *x = a, *y = b;

	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

/** Where memory is that the running kernel uses, when its own table cannot be read. */
static struct hwp_error *add_ram(struct walk *w)
{
	unsigned int shift = w->layout->page_shift;
	struct hwp_error *err = NULL;
	struct hwp_ram ram;

	for (size_t i = 0; !err && hwp_target_ram(w->target, i, &ram); i++)
		err = add_range(w->memmap, ram.start >> shift, ram.end >> shift, ram.vmemmap, true);
	if (!err && w->memmap->ranges.nr)
		qsort(w->memmap->ranges.data, w->memmap->ranges.nr,
		      sizeof(w->memmap->ranges.data[0]), compare_ranges);
	return err;
}

struct hwp_error *hwp_memmap_create(struct hwp_target *target, const struct hwp_layout *layout,
				    struct hwp_memmap **ret)
{
	_cleanup_(memmap_destroyp) struct hwp_memmap *m = calloc(1, sizeof(*m));
	struct walk w = { .target = target, .layout = layout, .memmap = m };
	struct hwp_error *err;
	struct hwp_ram ram;

	if (!m)
		return hwp_error_no_memory();
	m->layout = layout;
	m->is_contiguous = true;
	if (layout->memory_model == HWP_SPARSEMEM) {
		w.pages_per_section = UINT64_C(1)
				      << (layout->section.section_size_bits - layout->page_shift);
		err = walk_sections(&w);
		if (hwp_target_ram(target, 0, &ram) && hwp_error_catch(&err, HWP_ERROR_EXCLUDED)) {
			m->ranges.nr = 0;
			m->nr_pages = 0;
			m->is_contiguous = true;
			err = add_ram(&w);
		}
	} else {
		err = add_flat(&w);
	}
	if (!err && m->nr_pages == 0)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "no page has a struct page");
	if (err)
		return hwp_error_prefix(err, "memmap");
	*ret = no_cleanup_ptr(m);
	return NULL;
}

const struct hwp_pfn_range *hwp_memmap_find(const struct hwp_memmap *memmap, uint64_t pfn)
{
	size_t low = 0, high = memmap->ranges.nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct hwp_pfn_range *r = &memmap->ranges.data[mid];

		if (pfn < r->start_pfn)
			high = mid;
		else if (pfn >= r->end_pfn)
			low = mid + 1;
		else
			return r;
	}
	return NULL;
}

bool hwp_memmap_page_address(const struct hwp_memmap *memmap, uint64_t pfn, uint64_t *ret)
{
	const struct hwp_pfn_range *r = hwp_memmap_find(memmap, pfn);

	if (!r)
		return false;
	*ret = r->base + pfn * memmap->layout->page.size;
	return true;
}

bool hwp_memmap_pfn_of(const struct hwp_memmap *memmap, uint64_t address, uint64_t *ret)
{
	uint64_t size = memmap->layout->page.size;

	for (size_t i = 0; i < memmap->ranges.nr; i++) {
		const struct hwp_pfn_range *r = &memmap->ranges.data[i];
		uint64_t offset = address - r->base, pfn = offset / size;

		if (offset % size == 0 && pfn >= r->start_pfn && pfn < r->end_pfn) {
			*ret = pfn;
			return true;
		}
		if (memmap->is_contiguous && (offset % size || pfn < r->start_pfn))
			return false;
	}
	return false;
}

/* A power of two of lines; a line never crosses a page of the target. */
#define NR_LINES 64
#define LINE_SIZE 4096u

struct hwp_page_reader {
	struct hwp_target *target;
	const struct hwp_memmap *memmap;
	/** Aligned address of each line; 1 for none. */
	uint64_t tags[NR_LINES];
	char lines[NR_LINES][LINE_SIZE];
	/** A struct page that straddles lines is read here. */
	char straddling[512];
};

struct hwp_error *hwp_page_reader_create(struct hwp_target *target, const struct hwp_memmap *memmap,
					 struct hwp_page_reader **ret)
{
	struct hwp_page_reader *reader;

	if (memmap->layout->page.size > sizeof(reader->straddling))
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "struct page has %" PRIu32 " bytes",
					memmap->layout->page.size);
	reader = malloc(sizeof(*reader));
	if (!reader)
		return hwp_error_no_memory();
	reader->target = target;
	reader->memmap = memmap;
	hwp_page_reader_forget(reader);
	*ret = reader;
	return NULL;
}

void hwp_page_reader_forget(struct hwp_page_reader *reader)
{
	for (size_t i = 0; i < NR_LINES; i++)
		reader->tags[i] = 1;
}

void hwp_page_reader_destroy(struct hwp_page_reader *reader)
{
	free(reader);
}

const struct hwp_memmap *hwp_page_reader_memmap(const struct hwp_page_reader *reader)
{
	return reader->memmap;
}

struct hwp_error *hwp_page_read(struct hwp_page_reader *reader, uint64_t pfn, const void **page_ret)
{
	uint32_t size = reader->memmap->layout->page.size;
	uint64_t address, tag;
	struct hwp_error *err;
	size_t line;

	if (!hwp_memmap_page_address(reader->memmap, pfn, &address))
		return hwp_error_create(HWP_ERROR_LOOKUP, "pfn 0x%" PRIx64 " has no struct page",
					pfn);
	tag = address & ~(uint64_t)(LINE_SIZE - 1);
	if (address - tag + size > LINE_SIZE) {
		err = hwp_target_read(reader->target, HWP_KERNEL_VIRTUAL, address,
				      reader->straddling, size, NULL);
		*page_ret = reader->straddling;
		return err;
	}
	line = tag / LINE_SIZE % NR_LINES;
	if (reader->tags[line] != tag) {
		reader->tags[line] = 1;
		err = hwp_target_read(reader->target, HWP_KERNEL_VIRTUAL, tag, reader->lines[line],
				      LINE_SIZE, NULL);
		if (err)
			return hwp_error_prefix(err, "struct page of pfn 0x%" PRIx64, pfn);
		reader->tags[line] = tag;
	}
	*page_ret = reader->lines[line] + (address - tag);
	return NULL;
}
