// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/gate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/pagetable.h"
#include "target/vmcoreinfo.h"

#define MAX_STRUCT_PAGE 512
/* So much of the memmap is read at once: no page is smaller. */
#define LINE_SHIFT HWP_MIN_PAGE_SHIFT
#define LINE_SIZE (UINT64_C(1) << LINE_SHIFT)

/*
 * A page of the memmap has its struct page in another page of the memmap, 64 times nearer to
 * the start: this many steps lead to a page that holds its own.
 */
#define MAX_DEPTH 10

/* How many pages are remembered as healthy, until the next refresh. */
#define NR_HEALTHY 8192

/** What kind of mapping an address belongs to: it decides what the page must be. */
enum place {
	PLACE_IMAGE,
	PLACE_MEMMAP,
	PLACE_DIRECT_MAP,
	/** vmalloc and other mappings of single pages. */
	PLACE_MAPPED,
	/** A physical address: callers read page tables so. */
	PLACE_PHYSICAL,
};

struct hwp_gate {
	struct hwp_gate_memory memory;
	struct hwp_page_rule rule;
	bool has_rule;
	/** From VMCOREINFO: struct page's size, the offset of flags, the mask of PG_hwpoison. */
	uint64_t page_size, flags_offset, hwpoison, memmap_end;
	/**
	 * /proc/kcore shows a page table in a poisoned page as zeros (fs/proc/kcore.c),
	 * and a walk ends there.
	 */
	struct hwp_page_tables tables;
	/** What the last walk for the memmap found: [start, end) is physically contiguous. */
	uint64_t leaf_start, leaf_end, leaf_physical;
	/** pfn + 1 of pages without PG_hwpoison, indexed by the pfn's low bits. */
	uint64_t healthy[NR_HEALTHY];
};

void hwp_gate_destroy(struct hwp_gate *gate)
{
	free(gate);
}

void hwp_gate_set_rule(struct hwp_gate *gate, const struct hwp_page_rule *rule)
{
	gate->rule = *rule;
	gate->has_rule = true;
}

const struct hwp_page_rule *hwp_gate_rule(const struct hwp_gate *gate)
{
	return gate->has_rule ? &gate->rule : NULL;
}

static struct hwp_error *learn(struct hwp_gate *g)
{
	const char *text = g->memory.vmcoreinfo;
	uint64_t bit, physmem_bits = 46;
	struct hwp_error *err;

	err = hwp_vmcoreinfo_number(text, "SIZE(page)", &g->page_size);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "OFFSET(page.flags)", &g->flags_offset);
	if (!err)
		err = hwp_page_tables_learn(&g->tables, text);
	if (err)
		return err;
	if (g->page_size < 32 || g->page_size > MAX_STRUCT_PAGE ||
	    g->flags_offset > g->page_size - 8)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	hwp_error_destroy(hwp_vmcoreinfo_number(text, "NUMBER(MAX_PHYSMEM_BITS)", &physmem_bits));
	/* A kernel without CONFIG_MEMORY_FAILURE cannot poison pages. */
	err = hwp_vmcoreinfo_number(text, "NUMBER(PG_hwpoison)", &bit);
	g->hwpoison = err || bit > 63 ? 0 : UINT64_C(1) << bit;
	hwp_error_destroy(err);
	physmem_bits = physmem_bits < 36 || physmem_bits > 52 ? 46 : physmem_bits;
	/* arm64's memmap ends where the last address is long before that of the last pfn. */
	if (__builtin_add_overflow(g->memory.vmemmap,
				   (UINT64_C(1) << (physmem_bits - g->tables.page_shift)) *
					   g->page_size,
				   &g->memmap_end))
		g->memmap_end = UINT64_MAX;
	return NULL;
}

struct hwp_error *hwp_gate_create(const struct hwp_gate_memory *memory, struct hwp_gate **ret)
{
	struct hwp_gate *g = calloc(1, sizeof(*g));
	struct hwp_error *err;

	if (!g)
		return hwp_error_no_memory();
	g->memory = *memory;
	g->tables.arg = memory->arg;
	g->tables.read_physical = memory->read_physical;
	err = learn(g);
	g->memory.vmcoreinfo = NULL;
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		err = hwp_error_create(HWP_ERROR_UNSUPPORTED,
				       "a running kernel can be read on x86_64 and arm64 only");
	if (err) {
		free(g);
		return err;
	}
	*ret = g;
	return NULL;
}

static struct hwp_error *translate_memmap(struct hwp_gate *g, uint64_t address, uint64_t *ret)
{
	struct hwp_error *err;
	unsigned int shift;

	if (address < g->leaf_start || address >= g->leaf_end) {
		err = hwp_page_tables_walk(&g->tables, address, &shift, ret);
		if (err)
			return err;
		g->leaf_start = hwp_align_down(address, shift);
		g->leaf_end = g->leaf_start + (UINT64_C(1) << shift);
		g->leaf_physical = *ret - (address - g->leaf_start);
	}
	*ret = g->leaf_physical + (address - g->leaf_start);
	return NULL;
}

static uint64_t page_of(const struct hwp_gate *g, uint64_t address)
{
	return address >> g->tables.page_shift;
}

static size_t left_in_page(const struct hwp_gate *g, uint64_t address)
{
	size_t size = (size_t)1 << g->tables.page_shift;

	return size - (address & (size - 1));
}

static bool is_healthy(const struct hwp_gate *g, uint64_t pfn)
{
	return g->healthy[pfn % NR_HEALTHY] == pfn + 1;
}

/** Remember the pages without PG_hwpoison that one line of the memmap describes. */
static void note_healthy(struct hwp_gate *g, uint64_t line_address, const char *line)
{
	uint64_t offset = line_address - g->memory.vmemmap;
	uint64_t first = (offset + g->page_size - 1) / g->page_size;
	uint64_t end = (offset + LINE_SIZE) / g->page_size;

	for (uint64_t pfn = first; pfn < end; pfn++) {
		const char *page = line + (pfn * g->page_size - offset);

		if (!(hwp_u64(page + g->flags_offset) & g->hwpoison))
			g->healthy[pfn % NR_HEALTHY] = pfn + 1;
	}
}

static struct hwp_error *memmap_physical(struct hwp_gate *g, uint64_t address, unsigned int depth,
					 uint64_t *ret);

/** EXCLUDED if PG_hwpoison is set in the struct page of @p pfn. */
static struct hwp_error *need_healthy(struct hwp_gate *g, uint64_t pfn, uint64_t for_address,
				      unsigned int depth)
{
	uint64_t address = g->memory.vmemmap + pfn * g->page_size, physical, flags;
	char line[LINE_SIZE];
	struct hwp_error *err;

	if (is_healthy(g, pfn))
		return NULL;
	/* Such a page holds its own struct page: nothing else shows whether it is poisoned. */
	if (page_of(g, address) == page_of(g, for_address) || depth >= MAX_DEPTH)
		err = translate_memmap(g, address, &physical);
	else
		err = memmap_physical(g, address, depth + 1, &physical);
	if (err)
		return err;
	err = g->memory.read_physical(g->memory.arg, hwp_align_down(physical, LINE_SHIFT), line,
				      sizeof(line));
	if (err)
		return err;
	note_healthy(g, hwp_align_down(address, LINE_SHIFT), line);
	if (is_healthy(g, pfn))
		return NULL;
	/* The struct page straddles two pages, or has the flag. */
	err = g->memory.read_physical(g->memory.arg, physical + g->flags_offset, &flags,
				      sizeof(flags));
	if (!err && flags & g->hwpoison)
		err = hwp_error_at(HWP_ERROR_EXCLUDED, for_address,
				   "pfn 0x%" PRIx64 " is poisoned: it is not read", pfn);
	return err;
}

/** The physical address of the memmap's @p address, if its page is healthy. */
static struct hwp_error *memmap_physical(struct hwp_gate *g, uint64_t address, unsigned int depth,
					 uint64_t *ret)
{
	struct hwp_error *err = translate_memmap(g, address, ret);

	return err ? err : need_healthy(g, page_of(g, *ret), address, depth);
}

static struct hwp_error *read_struct_page(struct hwp_gate *g, uint64_t address, char *buf)
{
	size_t done = 0;

	while (done < g->page_size) {
		size_t part = left_in_page(g, address + done);
		struct hwp_error *err;
		uint64_t physical;

		part = part < g->page_size - done ? part : g->page_size - done;
		err = memmap_physical(g, address + done, 0, &physical);
		if (!err)
			err = g->memory.read_physical(g->memory.arg, physical, buf + done, part);
		if (err)
			return err;
		done += part;
	}
	return NULL;
}

/** What the page is, by its own and its head's struct page, according to the rule. */
static struct hwp_error *ask(struct hwp_gate *g, uint64_t pfn, enum hwp_live_kind *ret)
{
	uint64_t address = g->memory.vmemmap + pfn * g->page_size, head_address;
	char page[MAX_STRUCT_PAGE], head[MAX_STRUCT_PAGE];
	struct hwp_error *err;

	err = read_struct_page(g, address, page);
	if (err)
		return err;
	head_address = g->rule.head(g->rule.arg, page, address);
	if (!head_address) {
		*ret = g->rule.kind(g->rule.arg, page, page);
		return NULL;
	}
	if (head_address < g->memory.vmemmap || head_address >= g->memmap_end)
		return hwp_error_at(HWP_ERROR_EXCLUDED, address,
				    "pfn 0x%" PRIx64 " names a head outside the memmap", pfn);
	err = read_struct_page(g, head_address, head);
	if (!err)
		*ret = g->rule.kind(g->rule.arg, page, head);
	return err;
}

static bool may_read(enum hwp_live_kind kind, enum place place)
{
	if (kind == HWP_LIVE_METADATA)
		return true;
	/* An unmarked page is the kernel's own if the kernel mapped it on purpose. */
	return kind == HWP_LIVE_KERNEL && (place == PLACE_MAPPED || place == PLACE_PHYSICAL);
}

static struct hwp_error *check_page(struct hwp_gate *g, uint64_t physical, uint64_t address,
				    enum place place)
{
	uint64_t pfn = page_of(g, physical);
	enum hwp_live_kind kind;
	struct hwp_error *err;

	if (!g->has_rule && place == PLACE_IMAGE)
		return need_healthy(g, pfn, 0, 0);
	if (!g->has_rule)
		return hwp_error_at(HWP_ERROR_EXCLUDED, address,
				    "0x%" PRIx64 " is not read before the layout is known",
				    address);
	err = ask(g, pfn, &kind);
	if (err || may_read(kind, place))
		return err;
	return hwp_error_at(
		HWP_ERROR_EXCLUDED, address, "pfn 0x%" PRIx64 " %s: it is not read", pfn,
		kind == HWP_LIVE_POISONED ? "is poisoned" : "is not the kernel's own data");
}

static enum place place_of(const struct hwp_gate *g, enum hwp_space space, uint64_t address)
{
	const struct hwp_gate_memory *m = &g->memory;

	if (space == HWP_PHYSICAL)
		return PLACE_PHYSICAL;
	if (address >= m->image_start && address < m->image_end)
		return PLACE_IMAGE;
	if (address >= m->vmemmap && address < g->memmap_end)
		return PLACE_MEMMAP;
	if (address >= m->direct_map && address - m->direct_map < m->ram_end)
		return PLACE_DIRECT_MAP;
	return PLACE_MAPPED;
}

/** The physical address of @p address, if its page may be read. */
static struct hwp_error *pass(struct hwp_gate *g, enum place place, uint64_t address, uint64_t *ret)
{
	struct hwp_error *err = NULL;
	unsigned int shift;

	switch (place) {
	case PLACE_MEMMAP:
		return memmap_physical(g, address, 0, ret);
	case PLACE_IMAGE:
		*ret = address - g->memory.image_start + g->memory.image_physical;
		break;
	case PLACE_DIRECT_MAP:
		*ret = address - g->memory.direct_map;
		break;
	case PLACE_PHYSICAL:
		*ret = address;
		break;
	case PLACE_MAPPED:
		err = hwp_page_tables_walk(&g->tables, address, &shift, ret);
		break;
	}
	return err ? err : check_page(g, *ret, address, place);
}

/** The bytes from @p address on that are physically contiguous and may be read. */
static struct hwp_error *find_run(struct hwp_gate *g, enum hwp_space space, uint64_t address,
				  size_t size, uint64_t *physical_ret, size_t *len_ret)
{
	enum place place = place_of(g, space, address);
	size_t len = left_in_page(g, address);
	uint64_t next;
	struct hwp_error *err = pass(g, place, address, physical_ret);

	if (err)
		return err;
	while (len < size && place_of(g, space, address + len) == place) {
		err = pass(g, place, address + len, &next);
		if (err || next != *physical_ret + len)
			break;
		len += left_in_page(g, address + len);
	}
	hwp_error_destroy(err);
	*len_ret = len < size ? len : size;
	return NULL;
}

/* What was reallocated or poisoned while it was read is discarded. */
static struct hwp_error *check_again(struct hwp_gate *g, enum hwp_space space, uint64_t address,
				     uint64_t physical, size_t len)
{
	enum place place = place_of(g, space, address);
	struct hwp_error *err = NULL;

	for (size_t done = 0; done < len && !err; done += left_in_page(g, address + done)) {
		if (place == PLACE_MEMMAP || place == PLACE_IMAGE)
			break;
		err = check_page(g, physical + done, address + done, place);
	}
	return err;
}

struct hwp_error *hwp_gate_read(struct hwp_gate *g, enum hwp_space space, uint64_t address,
				void *buf, size_t size, size_t *nr_read_ret)
{
	struct hwp_error *err = NULL;
	size_t done = 0;

	while (done < size && !err) {
		uint64_t physical;
		size_t len;

		err = find_run(g, space, address + done, size - done, &physical, &len);
		if (!err)
			err = g->memory.read_physical(g->memory.arg, physical, (char *)buf + done,
						      len);
		if (!err)
			err = check_again(g, space, address + done, physical, len);
		done += err ? 0 : len;
	}
	*nr_read_ret = done;
	return hwp_error_prefix(err, "%s address 0x%" PRIx64,
				space == HWP_PHYSICAL ? "physical" : "kernel", address + done);
}
