// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * grow SAMPLE.elf OUT.elf OPTION...: a larger machine, made of a real dump. Memory from 4 GiB on
 * is added in the node's zone Normal: page tables, mem_section, struct pages (copies of the
 * sample's, so that they pack as real ones do), free lists. Only what describes the memory is
 * stored, so a dump of 12 TiB is a small file; pack makes a kdump file of it.
 *
 *   --gib N          memory that is added (default 1)
 *   --blocks N       free blocks, each followed by as many pages in use
 *   --order K        their order (default 0)
 *   --random         they stand on their list in random order, as on a machine that has run
 *   --among N        so many of the pages that follow a block are poisoned
 *   --poison N       poisoned pages before the folios, every fourth page
 *   --folios N       large folios, one bad page in each
 *   --folio-order K  their order (default 2)
 *   --holes N        so many memory sections first, each before one that is offline
 *   --shared         one 2 MiB page of struct pages stands for all that nothing above needs
 */
#include <elf.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layout/page.h"
#include "memmap/memmap.h"
#include "memmap/zones.h"
#include "readers.h"
#include "target/memory/dumpfile.h"
#include "target/memory/mem_section.h"
#include "target/memory/pagetable.h"
#include "target/vmcoreinfo.h"

#define PAGE UINT64_C(4096)
#define LARGE (UINT64_C(1) << 21)
#define HUGE (UINT64_C(1) << 30)
#define FIRST_PHYSICAL (UINT64_C(4) << 30)
#define FIRST_PFN (FIRST_PHYSICAL / PAGE)
#define PAGES_PER_GIB (HUGE / PAGE)
#define HEADERS (UINT64_C(1) << 20)
#define ZONE_NORMAL 2
#define MOVABLE 1
#define MAGIC_HWPOISON UINT64_C(0x48575053)
/* arch/x86/include/asm/pgtable_types.h: present, writable, accessed, dirty; and large, no code. */
#define TABLE_BITS UINT64_C(0x63)
#define LARGE_BITS UINT64_C(0x80000000000001e3)
#define ADDRESS_BITS UINT64_C(0x000ffffffffff000)

struct wishes {
	uint64_t gib, nr_blocks, order, nr_among, nr_poison, nr_folios, folio_order, nr_holes;
	int random, shared;
};

struct run {
	uint64_t start, end, offset;
};

struct machine {
	const struct wishes *wishes;
	struct hwp_target *sample;
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	struct hwp_zones *zones;
	struct hwp_page_tables tables;
	unsigned char *file;
	uint64_t size;
	struct run runs[4096];
	size_t nr_runs;
	/** What describes the new memory is taken from here on. */
	uint64_t next_physical;
	uint64_t page_offset, pages_per_section;
	/** Struct pages of the sample in use, to copy. */
	HWP_VEC(const unsigned char *) in_use;
	const unsigned char *buddy, *follower, *compound;
	uint64_t normal, vmemmap;
	/** The pfns that have struct pages of their own: from first_pfn on. */
	uint64_t first_pfn, nr_own, next_pfn;
	uint64_t memmap_physical;
	uint64_t nr_poisoned, nr_free;
};

static void die(const char *what, struct hwp_error *err)
{
	fprintf(stderr, "grow: %s%s%s\n", what, err ? ": " : "", err ? err->message : "");
	exit(2);
}

static unsigned char *at_physical(const struct machine *m, uint64_t physical)
{
	for (size_t i = 0; i < m->nr_runs; i++) {
		if (physical >= m->runs[i].start && physical < m->runs[i].end)
			return m->file + m->runs[i].offset + (physical - m->runs[i].start);
	}
	die("the sample does not hold what has to change", NULL);
	return NULL;
}

static void put_u64(void *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint64_t take(struct machine *m, uint64_t size)
{
	uint64_t physical = m->next_physical;

	m->next_physical += size;
	return physical;
}

/** The entry of the tables for @p address at @p level; tables that are missing are made. */
static unsigned char *entry_at(struct machine *m, uint64_t address, unsigned int level)
{
	uint64_t table = m->tables.top_table;

	for (unsigned int l = m->tables.nr_levels;; l--) {
		unsigned char *entry = at_physical(m, table) + 8 * (address >> (3 + 9 * l) & 511);

		if (l == level)
			return entry;
		if (!(hwp_u64(entry) & 1))
			put_u64(entry, take(m, PAGE) | TABLE_BITS);
		table = hwp_u64(entry) & ADDRESS_BITS;
	}
}

static struct hwp_error *read_table(void *arg, uint64_t physical, void *buf, size_t size)
{
	memcpy(buf, at_physical(arg, physical), size);
	return NULL;
}

static unsigned char *at_address(struct machine *m, uint64_t address)
{
	unsigned int shift;
	uint64_t physical;
	struct hwp_error *err;

	m->tables.arg = m;
	m->tables.read_physical = read_table;
	err = hwp_page_tables_walk(&m->tables, address, &shift, &physical);
	if (err)
		die("what has to change is not mapped", err);
	return at_physical(m, physical);
}

static uint64_t symbol(struct machine *m, const char *name)
{
	struct hwp_symbol sym = { .name = name };
	struct hwp_error *err = hwp_target_symbols(m->sample, &sym, 1);

	if (err || !sym.found)
		die(name, err);
	return sym.address;
}

static struct hwp_member member(struct machine *m, const char *type, const char *name)
{
	struct hwp_member found;
	struct hwp_error *err = hwp_target_member(m->sample, type, name, &found);

	if (err)
		die(name, err);
	return found;
}

static uint64_t offset_of(struct machine *m, const char *type, const char *name)
{
	return member(m, type, name).offset;
}

static void open_sample(struct machine *m, const char *path)
{
	const struct hwp_target_options options = { .core_path = path };
	struct hwp_page_reader *reader;
	struct hwp_error *err = hwp_target_open(&options, &m->sample);

	if (!err)
		err = hwp_layout_create(m->sample, hwp_readers, &m->layout);
	if (!err)
		err = hwp_memmap_create(m->sample, m->layout, &m->memmap);
	if (!err)
		err = hwp_page_reader_create(m->sample, m->memmap, &reader);
	if (!err)
		err = hwp_zones_create(m->sample, m->layout, reader, &m->zones);
	if (err)
		die(path, err);
	if (m->memmap->ranges.data[m->memmap->ranges.nr - 1].end_pfn > FIRST_PFN ||
	    !m->memmap->is_contiguous || !m->zones->flags_hold_zone)
		die("the sample has to be a machine of less than 4 GiB", NULL);
	m->pages_per_section = hwp_memmap_pages_per_section(m->layout);
	m->vmemmap = m->memmap->ranges.data[0].base;
}

static void put_headers(struct machine *m)
{
	const char *text = hwp_target_vmcoreinfo_text(m->sample);
	const Elf64_Nhdr note = { sizeof("VMCOREINFO"), (uint32_t)strlen(text), 0 };
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)m->file;
	Elf64_Phdr *phdr = (Elf64_Phdr *)(ehdr + 1);
	uint64_t at = HEADERS / 2;

	*ehdr = (Elf64_Ehdr){ .e_ident = ELFMAG,
			      .e_type = ET_CORE,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_phoff = sizeof(*ehdr),
			      .e_ehsize = sizeof(*ehdr),
			      .e_phentsize = sizeof(*phdr),
			      .e_phnum = (uint16_t)(m->nr_runs + 1) };
	ehdr->e_ident[EI_CLASS] = ELFCLASS64;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_ident[EI_VERSION] = EV_CURRENT;
	memcpy(m->file + at, &note, sizeof(note));
	memcpy(m->file + at + sizeof(note), "VMCOREINFO", sizeof("VMCOREINFO"));
	memcpy(m->file + at + sizeof(note) + 12, text, strlen(text));
	phdr[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
				.p_offset = at,
				.p_filesz = (sizeof(note) + 12 + strlen(text) + 3) / 4 * 4 };
	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->runs[i];

		phdr[1 + i] = (Elf64_Phdr){ .p_type = PT_LOAD,
					    .p_flags = PF_R,
					    .p_offset = r->offset,
					    .p_paddr = r->start,
					    .p_filesz = r->end - r->start,
					    .p_memsz = r->end - r->start };
	}
}

/** Pages of the new memory that need struct pages of their own. */
static uint64_t count_own(const struct machine *m)
{
	const struct wishes *w = m->wishes;
	uint64_t all = w->gib * PAGES_PER_GIB - 2 * w->nr_holes * m->pages_per_section;
	uint64_t nr = 4 * w->nr_poison + (w->nr_folios << w->folio_order) +
		      (2 * w->nr_blocks << w->order) + 2 * (UINT64_C(1) << 10);

	if (2 * w->nr_holes * m->pages_per_section > w->gib * PAGES_PER_GIB || nr > all)
		die("--gib is too small for all that", NULL);
	/* One more section is what is shared. */
	nr = (nr / m->pages_per_section + 2) * m->pages_per_section;
	return w->shared && nr < all ? nr : all;
}

/** The file, as large as it has to be, the sample's memory copied into it. */
static void make_file(struct machine *m, const char *sample, const char *path)
{
	uint64_t sections = m->wishes->gib * PAGES_PER_GIB / m->pages_per_section, tables;
	struct hwp_file_facts facts = {};
	static struct hwp_dumpfile dump;
	struct hwp_error *err = hwp_dumpfile_open(sample, open(sample, O_RDONLY), &dump, &facts);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint64_t at = HEADERS, described, end;

	if (err || dump.is_kdump || dump.elf.runs.nr + 3 > HWP_ARRAY_SIZE(m->runs))
		die("SAMPLE has to be an ELF file", err);
	m->nr_own = count_own(m);
	described = m->nr_own * m->layout->page.size;
	tables = (sections * 2 / 512 + sections / 64 + 64) * PAGE;
	for (size_t i = 0; i < dump.elf.runs.nr; i++) {
		const struct hwp_elf_run *r = &dump.elf.runs.data[i];

		m->runs[m->nr_runs++] = (struct run){ r->start, r->end, at };
		at += (r->end - r->start + PAGE - 1) / PAGE * PAGE;
	}
	m->runs[m->nr_runs++] = (struct run){ FIRST_PHYSICAL, FIRST_PHYSICAL + described + tables,
					      at };
	at += described + tables;
	/* The last page shows how large the machine is. */
	end = FIRST_PHYSICAL + m->wishes->gib * HUGE;
	m->runs[m->nr_runs++] = (struct run){ end - PAGE, end, at };
	m->size = at + PAGE;
	if (fd < 0 || ftruncate(fd, (off_t)m->size) < 0)
		die(path, NULL);
	m->file = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m->file == MAP_FAILED)
		die("cannot map the file", NULL);
	for (size_t i = 0; i < dump.elf.runs.nr; i++) {
		const struct hwp_elf_run *r = &dump.elf.runs.data[i];

		err = hwp_rawfile_read(&dump.file, r->offset, m->file + m->runs[i].offset,
				       r->end - r->start);
		if (err)
			die("cannot read SAMPLE", err);
	}
	m->memmap_physical = FIRST_PHYSICAL;
	m->next_physical = FIRST_PHYSICAL + described;
}

static void find_tables(struct machine *m)
{
	struct hwp_error *err;

	err = hwp_page_tables_learn(&m->tables, hwp_target_vmcoreinfo_text(m->sample));
	if (err)
		die("page tables", err);
	m->page_offset = hwp_u64(at_address(m, symbol(m, "page_offset_base")));
}

/** Struct pages of the sample to make others of. */
static void find_models(struct machine *m)
{
	const struct hwp_layout *l = m->layout;
	uint64_t end = m->memmap->ranges.data[m->memmap->ranges.nr - 1].end_pfn;

	for (uint64_t pfn = 0x1000; pfn < end; pfn++) {
		const unsigned char *page, *next;
		uint64_t flags;

		if (!hwp_memmap_find(m->memmap, pfn))
			continue;
		page = at_address(m, m->vmemmap + pfn * l->page.size);
		next = page + l->page.size;
		flags = hwp_page_flags(l, page);
		if (hwp_page_is_missing(l, page) || hwp_flag_set(flags, l->flag.hwpoison))
			continue;
		if (hwp_page_is_buddy(l, page) && hwp_page_private(l, page) && pfn % 32 == 0) {
			m->buddy = page;
			m->follower = next;
		} else if (pfn % 4 == 0 && hwp_flag_set(flags, l->flag.head) &&
			   hwp_page_type(l, page) == HWP_TYPE_NONE &&
			   !hwp_flag_set(flags, l->flag.slab) && page[l->folio.order] >= 2) {
			m->compound = page;
		} else if (hwp_page_refcount(l, page) > 0 && !hwp_page_is_tail(l, page) &&
			   !hwp_flag_set(flags, l->flag.head) &&
			   !hwp_flag_set(flags, l->flag.reserved) &&
			   hwp_page_type(l, page) == HWP_TYPE_NONE &&
			   !hwp_vec_push(&m->in_use, page)) {
			die("out of memory", NULL);
		}
	}
	if (!m->buddy || !m->compound || m->in_use.nr < 64)
		die("the sample has no pages to copy", NULL);
}

/** Map the struct pages of all new memory. */
static void map_memmap(struct machine *m)
{
	const struct wishes *w = m->wishes;
	uint64_t size = m->layout->page.size, nr = w->gib * PAGES_PER_GIB;
	uint64_t first = m->vmemmap + FIRST_PFN * size, own = m->vmemmap + m->first_pfn * size;
	uint64_t own_size = m->nr_own * size;

	for (uint64_t at = first; at < first + nr * size; at += LARGE) {
		uint64_t physical = m->memmap_physical + own_size - LARGE;

		if (at >= own && at - own < own_size)
			physical = m->memmap_physical + (at - own);
		put_u64(entry_at(m, at, 2), physical | LARGE_BITS);
	}
	/* mem_section's new pages are read through the direct map. */
	for (uint64_t at = FIRST_PHYSICAL; at < m->runs[m->nr_runs - 2].end; at += HUGE)
		put_u64(entry_at(m, m->page_offset + at, 3), at | LARGE_BITS);
}

/** A section that is present, online and early: its entry is the same for all of them. */
static const unsigned char *model_section(struct machine *m)
{
	uint64_t pfn = m->memmap->ranges.data[m->memmap->ranges.nr - 1].end_pfn - 1, address;
	struct hwp_error *err;

	err = hwp_memmap_section_address(m->sample, m->layout, pfn, &address);
	if (err)
		die("mem_section", err);
	return at_address(m, address);
}

static void add_sections(struct machine *m)
{
	uint64_t size = member(m, "mem_section", "").size, per_root = PAGE / size;
	uint64_t map_at = offset_of(m, "mem_section", "section_mem_map"), roots;
	uint64_t first = FIRST_PFN / m->pages_per_section;
	uint64_t nr = m->wishes->gib * PAGES_PER_GIB / m->pages_per_section;
	const unsigned char *model = model_section(m);
	struct hwp_error *err;

	err = hwp_target_vmcoreinfo_number(m->sample, "SYMBOL(mem_section)", &roots);
	if (err)
		die("mem_section", err);
	for (uint64_t i = first; i < first + nr; i++) {
		unsigned char *root = at_address(m, roots + i / per_root * 8), *section;

		if (!hwp_u64(root))
			put_u64(root, m->page_offset + take(m, PAGE));
		section = at_address(m, hwp_u64(root)) + i % per_root * size;
		memcpy(section, model, size);
		if (i - first < 2 * m->wishes->nr_holes && (i - first) % 2)
			put_u64(section + map_at,
				hwp_u64(section + map_at) & ~(uint64_t)HWP_SECTION_IS_ONLINE);
	}
}

static unsigned char *page_of(struct machine *m, uint64_t pfn)
{
	return at_physical(m, m->memmap_physical + (pfn - m->first_pfn) * m->layout->page.size);
}

static uint64_t address_of(const struct machine *m, uint64_t pfn)
{
	return m->vmemmap + pfn * m->layout->page.size;
}

/** @p pfn gets a copy of @p model, in zone Normal of node 0. */
static unsigned char *copy_page(struct machine *m, uint64_t pfn, const unsigned char *model)
{
	const struct hwp_layout *l = m->layout;
	unsigned char *page = page_of(m, pfn);
	uint64_t flags;

	memcpy(page, model, l->page.size);
	flags = hwp_page_flags(l, page);
	flags &= ~(UINT64_C(1) << l->flag.hwpoison);
	flags &= ~(((UINT64_C(1) << l->field.zone_width) - 1) << l->field.zone_shift);
	if (l->field.node_width)
		flags &= ~(((UINT64_C(1) << l->field.node_width) - 1) << l->field.node_shift);
	put_u64(page + l->page.flags, flags | (uint64_t)ZONE_NORMAL << l->field.zone_shift);
	return page;
}

static void poison(struct machine *m, unsigned char *page)
{
	const struct hwp_layout *l = m->layout;

	put_u64(page + l->page.flags, hwp_page_flags(l, page) | UINT64_C(1) << l->flag.hwpoison);
	m->nr_poisoned++;
}

/** Taken off the free lists: soft offlined, or free when it was hit. */
static void add_taken_off(struct machine *m, uint64_t pfn)
{
	const struct hwp_layout *l = m->layout;
	unsigned char *page = copy_page(m, pfn, m->follower);
	const uint32_t one = 1;

	put_u64(page + l->page.private, MAGIC_HWPOISON);
	memcpy(page + l->page.refcount, &one, sizeof(one));
	poison(m, page);
}

static void add_folio(struct machine *m, uint64_t head, uint64_t bad)
{
	const struct hwp_layout *l = m->layout;
	uint64_t order = m->wishes->folio_order, nr = UINT64_C(1) << order;
	bool is_mask = l->page.compound_scheme == HWP_COMPOUND_INFO_MASK;
	uint64_t word = is_mask ? (-((uint64_t)l->page.size << order)) | 1 :
				  address_of(m, head) | 1;
	unsigned char *page;

	for (uint64_t i = 0; i < nr; i++) {
		page = copy_page(m, head + i, m->compound + (i < 3 ? i : 3) * l->page.size);
		if (i)
			put_u64(page + l->page.compound, word);
		if (i == bad % nr)
			poison(m, page);
	}
	page = page_of(m, head);
	page[l->folio.order] = (unsigned char)order;
	if (l->flag.has_hwpoisoned != HWP_ABSENT && l->folio.flags_1 != HWP_ABSENT)
		put_u64(page + l->folio.flags_1,
			hwp_u64(page + l->folio.flags_1) | UINT64_C(1) << l->flag.has_hwpoisoned);
}

static void shuffle(uint64_t *pfns, uint64_t nr)
{
	uint64_t state = 88172645463325252u;

	for (uint64_t i = nr; i > 1; i--) {
		uint64_t other, swap;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		other = state % i;
		swap = pfns[i - 1];
		pfns[i - 1] = pfns[other];
		pfns[other] = swap;
	}
}

/** Chain @p pfns on the list at @p head. */
static void chain(struct machine *m, uint64_t head, const uint64_t *pfns, uint64_t nr)
{
	const struct hwp_layout *l = m->layout;
	uint64_t before = head;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t here = address_of(m, pfns[i]) + l->page.lru;
		uint64_t after = i + 1 < nr ? address_of(m, pfns[i + 1]) + l->page.lru : head;
		unsigned char *page = page_of(m, pfns[i]);

		put_u64(page + l->page.lru, after);
		put_u64(page + l->page.lru + 8, before);
		before = here;
	}
	put_u64(at_address(m, head), nr ? address_of(m, pfns[0]) + l->page.lru : head);
	put_u64(at_address(m, head + 8), before);
}

static void add_blocks(struct machine *m, uint64_t list)
{
	const struct hwp_layout *l = m->layout;
	const struct wishes *w = m->wishes;
	uint64_t nr = UINT64_C(1) << w->order, among = 0;
	uint64_t *heads = malloc((w->nr_blocks + 1) * sizeof(*heads));

	if (!heads)
		die("out of memory", NULL);
	for (uint64_t i = 0; i < w->nr_blocks; i++, m->next_pfn += 2 * nr) {
		unsigned char *head = copy_page(m, m->next_pfn, m->buddy);

		put_u64(head + l->page.private, w->order);
		for (uint64_t n = 1; n < nr; n++)
			copy_page(m, m->next_pfn + n, m->follower);
		heads[i] = m->next_pfn;
		if (w->nr_among && i * w->nr_among / w->nr_blocks >= among) {
			add_taken_off(m, m->next_pfn + nr);
			among++;
		}
	}
	m->nr_free = w->nr_blocks << w->order;
	if (w->random)
		shuffle(heads, w->nr_blocks);
	chain(m, list, heads, w->nr_blocks);
	free(heads);
}

static void fill_memmap(struct machine *m)
{
	const struct wishes *w = m->wishes;

	for (uint64_t i = 0; i < m->nr_own; i++)
		copy_page(m, m->first_pfn + i, m->in_use.data[i % m->in_use.nr]);
	m->next_pfn = m->first_pfn;
	for (uint64_t i = 0; i < w->nr_poison; i++, m->next_pfn += 4)
		add_taken_off(m, m->next_pfn);
	m->next_pfn = (m->next_pfn + 1023) / 1024 * 1024;
	for (uint64_t i = 0; i < w->nr_folios; i++, m->next_pfn += UINT64_C(1) << w->folio_order)
		add_folio(m, m->next_pfn, i);
	m->next_pfn = (m->next_pfn + 1023) / 1024 * 1024;
}

static void put_in_zone(struct machine *m, const char *name, uint64_t value)
{
	put_u64(at_address(m, m->normal + offset_of(m, "zone", name)), value);
}

static void add_zone(struct machine *m)
{
	const struct wishes *w = m->wishes;
	uint64_t node = m->zones->nodes.data[0].address, nr = w->gib * PAGES_PER_GIB;
	uint64_t online = nr - w->nr_holes * m->pages_per_section;
	struct hwp_member area = member(m, "zone", "free_area");
	struct hwp_member lists = member(m, "free_area", "free_list"), unaccepted;
	struct hwp_error *err;
	uint64_t area_size = area.size / area.nr_elements, list, start;

	m->normal = node + offset_of(m, "pglist_data", "node_zones") +
		    ZONE_NORMAL * member(m, "zone", "").size;
	if (hwp_u64(at_address(m, m->normal + offset_of(m, "zone", "spanned_pages"))))
		die("the sample has a zone Normal already", NULL);
	put_in_zone(m, "zone_start_pfn", FIRST_PFN);
	put_in_zone(m, "spanned_pages", nr);
	put_in_zone(m, "present_pages", online);
	put_in_zone(m, "managed_pages", online);
	for (uint64_t order = 0; order < area.nr_elements; order++) {
		for (uint64_t mt = 0; mt < lists.nr_elements; mt++) {
			list = m->normal + area.offset + order * area_size + lists.offset + 16 * mt;
			chain(m, list, NULL, 0);
		}
	}
	err = hwp_target_member(m->sample, "zone", "unaccepted_pages", &unaccepted);
	if (!err)
		chain(m, m->normal + unaccepted.offset, NULL, 0);
	hwp_error_destroy(err);
	start = m->normal + area.offset + w->order * area_size;
	add_blocks(m, start + lists.offset + (uint64_t)16 * MOVABLE);
	put_u64(at_address(m, start + offset_of(m, "free_area", "nr_free")), w->nr_blocks);
	/* NR_FREE_PAGES is the first. */
	put_in_zone(m, "vm_stat", m->nr_free);
	start = hwp_u64(at_address(m, node + offset_of(m, "pglist_data", "node_start_pfn")));
	put_u64(at_address(m, node + offset_of(m, "pglist_data", "node_spanned_pages")),
		FIRST_PFN + nr - start);
}

static void count(struct machine *m)
{
	unsigned char *poisoned = at_address(m, symbol(m, "num_poisoned_pages"));

	put_u64(poisoned, hwp_u64(poisoned) + m->nr_poisoned);
	put_u64(at_address(m, symbol(m, "max_pfn")), FIRST_PFN + m->wishes->gib * PAGES_PER_GIB);
}

static uint64_t *number_of(struct wishes *w, int option)
{
	switch (option) {
	case 'g':
		return &w->gib;
	case 'b':
		return &w->nr_blocks;
	case 'o':
		return &w->order;
	case 'a':
		return &w->nr_among;
	case 'p':
		return &w->nr_poison;
	case 'f':
		return &w->nr_folios;
	case 'k':
		return &w->folio_order;
	case 'h':
		return &w->nr_holes;
	}
	die("unknown option", NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct machine m;
	struct wishes w = { .gib = 1, .folio_order = 2 };
	const struct option options[] = { { "gib", 1, NULL, 'g' },
					  { "blocks", 1, NULL, 'b' },
					  { "order", 1, NULL, 'o' },
					  { "among", 1, NULL, 'a' },
					  { "poison", 1, NULL, 'p' },
					  { "folios", 1, NULL, 'f' },
					  { "folio-order", 1, NULL, 'k' },
					  { "holes", 1, NULL, 'h' },
					  { "random", 0, &w.random, 1 },
					  { "shared", 0, &w.shared, 1 },
					  {} };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option)
			*number_of(&w, option) = strtoull(optarg, NULL, 0);
	}
	if (argc != optind + 2 || w.order > 10 || w.folio_order > 10 || w.folio_order < 2)
		die("usage: grow SAMPLE.elf OUT.elf OPTION...", NULL);
	m.wishes = &w;
	open_sample(&m, argv[optind]);
	m.first_pfn = FIRST_PFN + 2 * w.nr_holes * m.pages_per_section;
	make_file(&m, argv[optind], argv[optind + 1]);
	find_tables(&m);
	find_models(&m);
	map_memmap(&m);
	add_sections(&m);
	fill_memmap(&m);
	add_zone(&m);
	count(&m);
	put_headers(&m);
	if (m.next_physical > m.runs[m.nr_runs - 2].end || msync(m.file, m.size, MS_SYNC) < 0)
		die("cannot write all of it", NULL);
	return 0;
}
