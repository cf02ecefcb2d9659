// SPDX-License-Identifier: GPL-2.0-or-later
#include "memmap/memmap.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"
#include "target/memory/mem_section.h"
#include "target/target.h"

/* SUBSECTION_SHIFT is 21 on every architecture: include/linux/mmzone.h. */
#define SUBSECTION_SHIFT 21
/* A section of more than 1 TiB is nonsense. */
#define MAX_SECTION_BITS 40
#define MAX_ROOTS (UINT64_C(1) << 22)
/*
 * What is in memory must not make us walk or keep more than a machine can have whose dump this
 * is. Device memory has struct pages and is in no dump: 16 times the RAM have been sold. Holes
 * between subsections come from devices too, a few for each.
 */
#define MEMMAP_PER_DUMP 64
#define MAX_RANGES ((size_t)1 << 18)

/** Where the memmap is: in sections (SPARSEMEM), or in one array (FLATMEM). */
struct sections {
	/** SPARSEMEM; else 0. */
	uint64_t mem_section;
	uint32_t size, section_mem_map, usage, subsection_map;
	uint32_t size_bits, max_physmem_bits, map_last_bit;
	/** FLATMEM: addresses of the variables. */
	uint64_t mem_map, max_pfn;
};

#define IN_SECTION(bytes) HWP_INSIDE(struct sections, size, bytes)

/* A kernel has one of the two memory models, so each row can be missing. */
static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct sections, mem_map, "mem_map", .optional = true),
	HWP_SYMBOL(struct sections, max_pfn, "max_pfn", .optional = true),
	HWP_SIZE(struct sections, size, "mem_section", .optional = true),
	HWP_OFFSET(struct sections, section_mem_map, "mem_section.section_mem_map",
		   .optional = true, IN_SECTION(8)),
	/* Linux kernel commit f1eca35a0dc7 ("mm/sparsemem: introduce struct mem_section_usage")
	 * (in v5.3). */
	HWP_OFFSET(struct sections, usage, "mem_section.usage", .optional = true, IN_SECTION(8)),
	HWP_OFFSET(struct sections, subsection_map, "mem_section_usage.subsection_map",
		   .optional = true),
	HWP_VALUE(struct sections, size_bits, "NUMBER(SECTION_SIZE_BITS)", .optional = true),
	HWP_VALUE(struct sections, max_physmem_bits, "NUMBER(MAX_PHYSMEM_BITS)", .optional = true),
	/* Linux kernel commit ed7802dd48f7 ("mm: memory_hotplug: enumerate all supported section
	 * flags") (in v6.0). */
	HWP_VALUE(struct sections, map_last_bit, ":SECTION_MAP_LAST_BIT", .optional = true),
};

static void check_sections(struct hwp_resolver *r, const struct sections *s)
{
	if (s->size == HWP_ABSENT || !s->size || s->section_mem_map == HWP_ABSENT)
		hwp_resolve_missing(r, "mem_section.section_mem_map");
	if (s->size_bits == HWP_ABSENT)
		hwp_resolve_missing(r, "NUMBER(SECTION_SIZE_BITS)");
	else if (s->size_bits <= r->layout->page_shift || s->size_bits > MAX_SECTION_BITS)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "NUMBER(SECTION_SIZE_BITS) is %" PRIu32,
						     s->size_bits));
	if (s->max_physmem_bits == HWP_ABSENT)
		hwp_resolve_missing(r, "NUMBER(MAX_PHYSMEM_BITS)");
	else if (s->max_physmem_bits > 52 ||
		 (s->size_bits != HWP_ABSENT && s->max_physmem_bits < s->size_bits))
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "NUMBER(MAX_PHYSMEM_BITS) is %" PRIu32,
						     s->max_physmem_bits));
}

static bool decide(struct hwp_resolver *r, void *own)
{
	struct sections *s = own;

	/* With SPARSEMEM_EXTREME this is the pointer's value, not its address. */
	if (hwp_resolve_number(r, "SYMBOL(mem_section)", &s->mem_section))
		check_sections(r, s);
	else if (!s->mem_map)
		hwp_resolve_missing(r, "SYMBOL(mem_section) or mem_map");
	return true;
}

const struct hwp_needs hwp_memmap_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", NULL },
	.size = sizeof(struct sections),
	.required = true,
	.decide = decide,
};

static const struct sections *sections_of(const struct hwp_layout *layout)
{
	return hwp_layout_of(layout, &hwp_memmap_needs);
}

uint64_t hwp_memmap_pages_per_section(const struct hwp_layout *layout)
{
	const struct sections *s = sections_of(layout);

	return s->mem_section ? UINT64_C(1) << (s->size_bits - layout->page_shift) : 0;
}

struct walk {
	struct hwp_target *target;
	const struct sections *sections;
	unsigned int page_shift;
	struct hwp_memmap *memmap;
	uint64_t pages_per_section;
	/** Pages in all ranges, and the most that can be. */
	uint64_t nr_pages, max_pages;
};

void hwp_memmap_destroy(struct hwp_memmap *memmap)
{
	if (!memmap)
		return;
	hwp_vec_deinit(&memmap->ranges);
	hwp_vec_deinit(&memmap->spans);
	free(memmap);
}

static void memmap_destroyp(struct hwp_memmap **memmap)
{
	hwp_memmap_destroy(*memmap);
}

static struct hwp_error *over_budget(const struct walk *w)
{
	if (w->nr_pages > w->max_pages)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"nonsense: struct pages for more than %" PRIu64
					" pages, %d times what the dump has room for",
					w->max_pages, MEMMAP_PER_DUMP);
	return hwp_error_create(HWP_ERROR_BAD_DATA,
				"nonsense: struct pages in more than %zu separate ranges",
				MAX_RANGES);
}

static struct hwp_error *add_range(struct walk *w, uint64_t start_pfn, uint64_t end_pfn,
				   uint64_t base, bool online)
{
	struct hwp_memmap *m = w->memmap;
	struct hwp_pfn_range *last = m->ranges.nr ? &m->ranges.data[m->ranges.nr - 1] : NULL;

	w->nr_pages += end_pfn - start_pfn;
	if (w->nr_pages > w->max_pages || m->ranges.nr >= MAX_RANGES)
		return over_budget(w);
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
	uint64_t per_subsection = UINT64_C(1) << (SUBSECTION_SHIFT - w->page_shift);
	uint64_t nr = w->pages_per_section / per_subsection;
	uint8_t bitmap[(UINT64_C(1) << (MAX_SECTION_BITS - SUBSECTION_SHIFT)) / 8];
	size_t size = (size_t)(nr + 7) / 8;
	struct hwp_error *err;

	if (!nr || size > sizeof(bitmap))
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"a memory section has %" PRIu64 " pages",
					w->pages_per_section);
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, usage + w->sections->subsection_map,
			      bitmap, size, NULL);
	for (uint64_t i = 0; i < nr && !err; i++) {
		uint64_t pfn = start_pfn + i * per_subsection;

		if (hwp_test_bit(bitmap, i))
			err = add_range(w, pfn, pfn + per_subsection, base, online);
	}
	return err;
}

/** Flags of section_mem_map fit below the page-aligned pointer. */
static uint64_t map_of(const struct sections *s, uint64_t section_mem_map)
{
	unsigned int nr_bits = s->map_last_bit < 12 ? s->map_last_bit : 12;

	return section_mem_map >> nr_bits << nr_bits;
}

static struct hwp_error *add_section(struct walk *w, uint64_t number, const char *section)
{
	const struct sections *s = w->sections;
	uint64_t map = hwp_u64(section + s->section_mem_map), usage = 0;
	uint64_t start_pfn = number * w->pages_per_section;
	bool online = map & HWP_SECTION_IS_ONLINE;

	if (!(map & HWP_SECTION_MARKED_PRESENT) || !(map & HWP_SECTION_HAS_MEM_MAP))
		return NULL;
	if (s->usage != HWP_ABSENT && s->subsection_map != HWP_ABSENT)
		usage = hwp_u64(section + s->usage);
	if (usage && !(map & HWP_SECTION_IS_EARLY))
		return hwp_error_prefix(add_subsections(w, usage, start_pfn, map_of(s, map),
							online),
					"memory section %" PRIu64, number);
	return add_range(w, start_pfn, start_pfn + w->pages_per_section, map_of(s, map), online);
}

/*
 * A page of mem_section that is not in a dump costs what it describes, not the answer:
 * makedumpfile -d 1 leaves out pages of zeros, and most of mem_section is zero.
 */
static bool is_hole(struct walk *w, struct hwp_error **err, uint64_t address, uint64_t nr_sections)
{
	if (hwp_target_is_live(w->target) || !hwp_error_catch(err, HWP_ERROR_EXCLUDED))
		return false;
	if (!w->memmap->nr_missing_sections)
		w->memmap->missing_address = address;
	w->memmap->nr_missing_sections += nr_sections;
	return true;
}

static struct hwp_error *add_root(struct walk *w, uint64_t address, uint64_t first, uint64_t nr)
{
	_cleanup_free_ char *sections = malloc(nr * w->sections->size);
	struct hwp_error *err;

	if (!sections)
		return hwp_error_no_memory();
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, address, sections,
			      nr * w->sections->size, NULL);
	if (is_hole(w, &err, address, nr))
		return NULL;
	for (uint64_t i = 0; i < nr && !err; i++)
		err = add_section(w, first + i, sections + i * w->sections->size);
	return err;
}

/** How the sections are found: per_root is 0 where mem_section is the array itself. */
struct roots {
	uint64_t nr, per_root;
};

/**
 * With SPARSEMEM_EXTREME mem_section is an array of pointers to roots, a page of
 * sections each; otherwise it is the array of sections.
 */
static struct hwp_error *find_roots(struct hwp_target *target, const struct hwp_layout *l,
				    struct roots *ret)
{
	const struct sections *s = sections_of(l);
	uint64_t nr_sections = UINT64_C(1) << (s->max_physmem_bits - s->size_bits);
	struct hwp_error *err;

	ret->per_root = (UINT64_C(1) << l->page_shift) / s->size;
	err = hwp_target_vmcoreinfo_number(target, "LENGTH(mem_section)", &ret->nr);
	if (err)
		return err;
	if (ret->nr == 0 || ret->nr > MAX_ROOTS || ret->per_root == 0)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "LENGTH(mem_section) is %" PRIu64,
					ret->nr);
	if (ret->nr == nr_sections && ret->per_root > 1)
		ret->per_root = 0;
	return NULL;
}

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/** Each root has a page of its own: without this few pages make sections without end. */
static struct hwp_error *check_roots(const uint64_t *addresses, uint64_t nr)
{
	_cleanup_free_ uint64_t *sorted = malloc(nr * sizeof(*sorted));
	size_t nr_there = 0;

	if (!sorted)
		return hwp_error_no_memory();
	/* There are few, and places for 131,072. */
	for (uint64_t i = 0; i < nr; i++) {
		if (addresses[i])
			sorted[nr_there++] = addresses[i];
	}
	qsort(sorted, nr_there, sizeof(*sorted), compare_addresses);
	for (size_t i = 1; i < nr_there; i++)
		if (sorted[i] == sorted[i - 1])
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"nonsense: mem_section has 0x%" PRIx64 " twice",
						sorted[i]);
	return NULL;
}

/** The addresses of the roots, page by page; 0 where there is none, or it is not known. */
static struct hwp_error *read_roots(struct walk *w, const struct roots *roots, uint64_t *addresses)
{
	uint64_t start = w->sections->mem_section, page_size = UINT64_C(1) << w->page_shift;
	uint64_t size = roots->nr * sizeof(*addresses);
	struct hwp_error *err = NULL;

	memset(addresses, 0, size);
	for (uint64_t done = 0, n; done < size && !err; done += n) {
		n = page_size - (start + done) % page_size;
		n = n < size - done ? n : size - done;
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, start + done,
				      (char *)addresses + done, n, NULL);
		if (is_hole(w, &err, start + done, n / sizeof(*addresses) * roots->per_root))
			memset((char *)addresses + done, 0, n);
	}
	return err;
}

static struct hwp_error *walk_sections(struct walk *w)
{
	_cleanup_free_ uint64_t *addresses = NULL;
	struct roots roots;
	struct hwp_error *err;

	err = find_roots(w->target, w->memmap->layout, &roots);
	if (err)
		return err;
	if (!roots.per_root)
		return add_root(w, w->sections->mem_section, 0, roots.nr);
	addresses = malloc(roots.nr * sizeof(*addresses));
	if (!addresses)
		return hwp_error_no_memory();
	err = read_roots(w, &roots, addresses);
	if (!err)
		err = check_roots(addresses, roots.nr);
	for (uint64_t i = 0; i < roots.nr && !err; i++) {
		if (addresses[i])
			err = add_root(w, addresses[i], i * roots.per_root, roots.per_root);
	}
	return err;
}

struct hwp_error *hwp_memmap_section_address(struct hwp_target *target, const struct hwp_layout *l,
					     uint64_t pfn, uint64_t *ret)
{
	const struct sections *s = sections_of(l);
	uint64_t index = pfn / hwp_memmap_pages_per_section(l), root = s->mem_section;
	struct roots roots;
	struct hwp_error *err;

	err = find_roots(target, l, &roots);
	if (err)
		return err;
	if (index >= (roots.per_root ? roots.nr * roots.per_root : roots.nr))
		return hwp_error_create(HWP_ERROR_LOOKUP, "pfn 0x%" PRIx64 " is in no section",
					pfn);
	if (roots.per_root) {
		err = hwp_target_read_u64(target, root + index / roots.per_root * 8, &root);
		index %= roots.per_root;
	}
	if (!err && !root)
		err = hwp_error_create(HWP_ERROR_LOOKUP, "pfn 0x%" PRIx64 " is in no section", pfn);
	*ret = root + index * s->size;
	return err;
}

static struct hwp_error *add_flat(struct walk *w)
{
	const struct sections *s = w->sections;
	uint64_t base, max_pfn;
	struct hwp_error *err;

	if (!s->max_pfn)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the kernel has no symbol max_pfn");
	err = hwp_target_read_u64(w->target, s->mem_map, &base);
	if (!err)
		err = hwp_target_read_u64(w->target, s->max_pfn, &max_pfn);
	return err ? err : add_range(w, 0, max_pfn, base, true);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct hwp_pfn_range *x = a, *y = b;

	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

/** For a running kernel whose own table cannot be read: the memory that it uses. */
static struct hwp_error *add_ram(struct walk *w)
{
	unsigned int shift = w->page_shift;
	struct hwp_error *err = NULL;
	struct hwp_ram ram;

	for (size_t i = 0; !err && hwp_target_ram(w->target, i, &ram); i++)
		err = add_range(w, ram.start >> shift, ram.end >> shift, ram.vmemmap, true);
	if (!err && w->memmap->ranges.nr)
		qsort(w->memmap->ranges.data, w->memmap->ranges.nr,
		      sizeof(w->memmap->ranges.data[0]), compare_ranges);
	return err;
}

static uint64_t max_pages(const struct hwp_target *target)
{
	uint64_t end_pfn = hwp_target_end_pfn(target);

	return end_pfn && end_pfn < UINT64_MAX / MEMMAP_PER_DUMP ? end_pfn * MEMMAP_PER_DUMP :
								   UINT64_MAX;
}

static int compare_spans(const void *a, const void *b)
{
	const struct hwp_map_span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/** A list leads from address to address: each is looked up, so not along all ranges. */
static struct hwp_error *index_addresses(struct hwp_memmap *m)
{
	uint64_t size = m->layout->page.size, max_end = 0;

	if (m->is_contiguous)
		return NULL;
	for (size_t i = 0; i < m->ranges.nr; i++) {
		const struct hwp_pfn_range *r = &m->ranges.data[i];
		struct hwp_map_span span = { .start = r->base + r->start_pfn * size,
					     .end = r->base + r->end_pfn * size,
					     .range = i };

		/* Nonsense that wraps around. */
		if (span.end < span.start)
			span.end = UINT64_MAX;
		if (!hwp_vec_push(&m->spans, span))
			return hwp_error_no_memory();
	}
	qsort(m->spans.data, m->spans.nr, sizeof(*m->spans.data), compare_spans);
	for (size_t i = 0; i < m->spans.nr; i++) {
		max_end = m->spans.data[i].end > max_end ? m->spans.data[i].end : max_end;
		m->spans.data[i].max_end = max_end;
	}
	return NULL;
}

struct hwp_error *hwp_memmap_create(struct hwp_target *target, const struct hwp_layout *layout,
				    struct hwp_memmap **ret)
{
	_cleanup_(memmap_destroyp) struct hwp_memmap *m = calloc(1, sizeof(*m));
	struct walk w = { .target = target,
			  .sections = sections_of(layout),
			  .page_shift = layout->page_shift,
			  .pages_per_section = hwp_memmap_pages_per_section(layout),
			  .max_pages = max_pages(target),
			  .memmap = m };
	struct hwp_error *err;
	struct hwp_ram ram;

	if (!m)
		return hwp_error_no_memory();
	m->layout = layout;
	m->is_contiguous = true;
	if (w.pages_per_section) {
		err = walk_sections(&w);
		if (hwp_target_ram(target, 0, &ram) && hwp_error_catch(&err, HWP_ERROR_EXCLUDED)) {
			m->ranges.nr = 0;
			m->nr_pages = w.nr_pages = 0;
			m->is_contiguous = true;
			err = add_ram(&w);
		}
	} else {
		err = add_flat(&w);
	}
	if (!err && m->nr_pages == 0 && m->nr_missing_sections)
		err = hwp_error_at(HWP_ERROR_EXCLUDED, m->missing_address,
				   "mem_section at 0x%" PRIx64 " is not in the dump",
				   m->missing_address);
	else if (!err && m->nr_pages == 0)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "no page has a struct page");
	if (!err)
		err = index_addresses(m);
	if (err)
		return hwp_error_prefix(err, "memmap");
	*ret = no_cleanup_ptr(m);
	return NULL;
}

const struct hwp_pfn_range *hwp_memmap_find(const struct hwp_memmap *memmap, uint64_t pfn)
{
	size_t i = hwp_vec_lower_bound(&memmap->ranges, r, r->end_pfn <= pfn);

	return i < memmap->ranges.nr && memmap->ranges.data[i].start_pfn <= pfn ?
		       &memmap->ranges.data[i] :
		       NULL;
}

bool hwp_memmap_page_address(const struct hwp_memmap *memmap, uint64_t pfn, uint64_t *ret)
{
	const struct hwp_pfn_range *r = hwp_memmap_find(memmap, pfn);

	if (!r)
		return false;
	*ret = r->base + pfn * memmap->layout->page.size;
	return true;
}

/** Is a struct page of @p r at exactly @p address? */
static bool is_in_range(const struct hwp_memmap *memmap, const struct hwp_pfn_range *r,
			uint64_t address, uint64_t *ret)
{
	uint64_t size = memmap->layout->page.size, offset = address - r->base;

	*ret = offset / size;
	return offset % size == 0 && *ret >= r->start_pfn && *ret < r->end_pfn;
}

bool hwp_memmap_pfn_of(const struct hwp_memmap *memmap, uint64_t address, uint64_t *ret)
{
	const struct hwp_pfn_range *r;
	size_t first = SIZE_MAX, i;
	uint64_t pfn;

	if (memmap->is_contiguous) {
		r = hwp_memmap_find(memmap, (address - memmap->ranges.data[0].base) /
						    memmap->layout->page.size);
		return r && is_in_range(memmap, r, address, ret);
	}
	/* Spans overlap only where memory is nonsense; the lowest pfn is the answer then. */
	i = hwp_vec_lower_bound(&memmap->spans, s, s->start <= address);
	while (i-- > 0 && memmap->spans.data[i].max_end > address) {
		size_t range = memmap->spans.data[i].range;

		if (range < first &&
		    is_in_range(memmap, &memmap->ranges.data[range], address, &pfn)) {
			first = range;
			*ret = pfn;
		}
	}
	return first != SIZE_MAX;
}
