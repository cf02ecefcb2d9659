// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/columns.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/bits.h"
#include "base/clock.h"
#include "report/common.h"
#include "report/text.h"

static void say(struct hwp_cell *cell, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

static void say(struct hwp_cell *cell, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cell->text, sizeof(cell->text), fmt, ap);
	va_end(ap);
}

static void count(struct hwp_cell *cell, uint64_t number)
{
	cell->has_number = true;
	cell->number = number;
}

static void put_pfn(struct hwp_cell *cell, const struct hwp_findings *f,
		    const struct hwp_poisoned *page)
{
	(void)f;
	say(cell, "0x%" PRIx64, page->pfn);
	count(cell, page->pfn);
}

static void put_physical(struct hwp_cell *cell, const struct hwp_findings *f,
			 const struct hwp_poisoned *page)
{
	say(cell, "0x%" PRIx64, page->pfn << f->page_shift);
	count(cell, page->pfn);
}

static void put_number(struct hwp_cell *cell, int64_t number)
{
	if (number < 0)
		return;
	say(cell, "%" PRId64, number);
	count(cell, (uint64_t)number);
}

static void put_node(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, page->zone);

	put_number(cell, zone ? zone->nid : -1);
}

static void put_zone(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, page->zone);

	if (zone)
		say(cell, "%s", zone->name);
}

/** Sorted as the words are: worst first. */
static void put_state(struct hwp_cell *cell, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	(void)f;
	say(cell, "%s", hwp_state_name(page->state));
	count(cell, page->state);
	cell->color = hwp_class_color(hwp_state_class(page->state));
}

static void put_class(struct hwp_cell *cell, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	enum hwp_class class = hwp_state_class(page->state);

	(void)f;
	say(cell, "%s", hwp_class_name(class));
	count(cell, class);
	cell->color = hwp_class_color(class);
}

/** What holds the page. */
static void put_block(struct hwp_cell *cell, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	(void)f;
	if (page->order < 0)
		return;
	say(cell, "0x%" PRIx64 "/%d", page->head_pfn, page->order);
	count(cell, page->head_pfn);
}

static void put_place(struct hwp_cell *cell, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	char buf[HWP_PLACE_SIZE];

	say(cell, "%s", hwp_page_place(f, page, buf, sizeof(buf)));
}

static void put_address(struct hwp_cell *cell, uint64_t address)
{
	if (!address)
		return;
	say(cell, "0x%" PRIx64, address);
	count(cell, address);
}

static void put_struct_page(struct hwp_cell *cell, const struct hwp_findings *f,
			    const struct hwp_poisoned *page)
{
	(void)f;
	put_address(cell, page->struct_page_address);
}

static void put_direct_map(struct hwp_cell *cell, const struct hwp_findings *f,
			   const struct hwp_poisoned *page)
{
	(void)f;
	put_address(cell, page->direct_map_address);
}

static void put_head(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	(void)f;
	if (page->order < 0)
		return;
	say(cell, "0x%" PRIx64, page->head_pfn);
	count(cell, page->head_pfn);
}

static void put_order(struct hwp_cell *cell, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	(void)f;
	put_number(cell, page->order);
}

static void put_migratetype(struct hwp_cell *cell, const struct hwp_findings *f,
			    const struct hwp_poisoned *page)
{
	const char *name = hwp_findings_migratetype(f, page->migratetype);

	if (name)
		say(cell, "%s", name);
}

static void put_cpu(struct hwp_cell *cell, const struct hwp_findings *f,
		    const struct hwp_poisoned *page)
{
	(void)f;
	put_number(cell, page->cpu);
}

static void put_pid(struct hwp_cell *cell, const struct hwp_findings *f,
		    const struct hwp_poisoned *page)
{
	(void)f;
	put_number(cell, page->owner.found ? page->owner.pid : -1);
}

static void put_comm(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	(void)f;
	if (page->owner.found)
		say(cell, "%s", page->owner.comm);
}

static void put_task(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	(void)f;
	put_address(cell, page->owner.task);
}

static void put_mm(struct hwp_cell *cell, const struct hwp_findings *f,
		   const struct hwp_poisoned *page)
{
	(void)f;
	put_address(cell, page->owner.mm);
}

static void put_vma(struct hwp_cell *cell, const struct hwp_findings *f,
		    const struct hwp_poisoned *page)
{
	(void)f;
	put_address(cell, page->owner.vma);
}

static void put_user_address(struct hwp_cell *cell, const struct hwp_findings *f,
			     const struct hwp_poisoned *page)
{
	(void)f;
	put_address(cell, page->owner.user_address);
}

static void put_file(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	const struct hwp_file *file = page->owner.has_file ? &f->files.data[page->owner.file] :
							     NULL;

	if (file && *file->path)
		say(cell, "%s%s", file->path, file->is_deleted ? " (deleted)" : "");
}

static void put_offset(struct hwp_cell *cell, const struct hwp_findings *f,
		       const struct hwp_poisoned *page)
{
	(void)f;
	if (!page->owner.has_offset)
		return;
	say(cell, "0x%" PRIx64, page->owner.offset);
	count(cell, page->owner.offset);
}

static void put_memblock(struct hwp_cell *cell, const struct hwp_findings *f,
			 const struct hwp_poisoned *page)
{
	for (size_t i = 0; i < f->counters.blocks.nr; i++) {
		const struct hwp_memory_block_count *block = &f->counters.blocks.data[i];

		if (page->pfn >= block->start_pfn && page->pfn < block->end_pfn)
			put_number(cell, (int64_t)block->id);
	}
}

static void put_module(struct hwp_cell *cell, const struct hwp_findings *f,
		       const struct hwp_poisoned *page)
{
	(void)f;
	if (page->module[0])
		say(cell, "%s", page->module);
}

static const struct hwp_event *event_of(const struct hwp_findings *f,
					const struct hwp_poisoned *page)
{
	return page->event < 0 ? NULL : &f->events.data[page->event];
}

static void put_time(struct hwp_cell *cell, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	const struct hwp_event *event = event_of(f, page);

	if (!event)
		return;
	say(cell, HWP_PRI_SECONDS, HWP_SECONDS(event->time_ns));
	count(cell, event->time_ns);
}

static void put_result(struct hwp_cell *cell, const struct hwp_findings *f,
		       const struct hwp_poisoned *page)
{
	const struct hwp_event *event = event_of(f, page);

	if (event && event->result[0])
		say(cell, "%s", event->result);
}

/* From left to right; commands.c has the meaning of each in list's help. */
const struct hwp_page_column hwp_page_columns[] = {
	{ { "PFN", false }, put_pfn },
	{ { "PHYSICAL", false }, put_physical },
	{ { "NODE", true }, put_node },
	{ { "ZONE", false }, put_zone },
	{ { "STATE", false }, put_state },
	{ { "BLOCK", false }, put_block },
	{ { "WHERE", false }, put_place },
	{ { "STRUCT_PAGE", false }, put_struct_page },
	{ { "DIRECT_MAP", false }, put_direct_map },
	{ { "CLASS", false }, put_class },
	{ { "HEAD", false }, put_head },
	{ { "ORDER", true }, put_order },
	{ { "MIGRATETYPE", false }, put_migratetype },
	{ { "CPU", true }, put_cpu },
	{ { "PID", true }, put_pid },
	{ { "COMM", false }, put_comm },
	{ { "TASK", false }, put_task },
	{ { "MM", false }, put_mm },
	{ { "VMA", false }, put_vma },
	{ { "USER_ADDR", false }, put_user_address },
	{ { "FILE", false }, put_file },
	{ { "OFFSET", false }, put_offset },
	{ { "MEMBLOCK", true }, put_memblock },
	{ { "MODULE", false }, put_module },
	{ { "TIME", true }, put_time },
	{ { "RESULT", false }, put_result },
};

const size_t hwp_nr_page_columns = HWP_ARRAY_SIZE(hwp_page_columns);

/* What a row of a host's table needs, but for the longest pfns and places. */
#define HOST_ROW_WIDTH 120

static const struct hwp_page_column *const plain[] = {
	&hwp_page_columns[HWP_COLUMN_PFN],   &hwp_page_columns[HWP_COLUMN_PHYSICAL],
	&hwp_page_columns[HWP_COLUMN_NODE],  &hwp_page_columns[HWP_COLUMN_ZONE],
	&hwp_page_columns[HWP_COLUMN_STATE], &hwp_page_columns[HWP_COLUMN_BLOCK],
	&hwp_page_columns[HWP_COLUMN_WHERE], &hwp_page_columns[HWP_COLUMN_STRUCT_PAGE],
};

/* What may be long is last: if it does not fit, it goes below its row alone. */
static const struct hwp_page_column *const host_narrow[] = {
	&hwp_page_columns[HWP_COLUMN_PFN],   &hwp_page_columns[HWP_COLUMN_STRUCT_PAGE],
	&hwp_page_columns[HWP_COLUMN_NODE],  &hwp_page_columns[HWP_COLUMN_ZONE],
	&hwp_page_columns[HWP_COLUMN_STATE], &hwp_page_columns[HWP_COLUMN_BLOCK],
	&hwp_page_columns[HWP_COLUMN_WHERE],
};

struct hwp_column_list hwp_plain_columns(const struct hwp_report_style *style)
{
	if (!style->addresses)
		return (struct hwp_column_list){ plain, HWP_COLUMN_WHERE + 1 };
	if (style->width && style->width < HOST_ROW_WIDTH)
		return (struct hwp_column_list){ host_narrow, HWP_ARRAY_SIZE(host_narrow) };
	return (struct hwp_column_list){ plain, HWP_ARRAY_SIZE(plain) };
}

const struct hwp_page_column *hwp_page_column_find(const char *name, size_t len)
{
	for (size_t i = 0; i < hwp_nr_page_columns; i++) {
		const char *other = hwp_page_columns[i].column.name;

		if (strncasecmp(name, other, len) == 0 && !other[len])
			return &hwp_page_columns[i];
	}
	return NULL;
}

void hwp_page_cell(const struct hwp_page_column *column, const struct hwp_findings *f,
		   const struct hwp_poisoned *page, struct hwp_cell *ret)
{
	ret->has_number = false;
	ret->number = 0;
	ret->color = NULL;
	say(ret, "-");
	column->put(ret, f, page);
}
