// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/map.h"

#include <inttypes.h>
#include <string.h>

#include "report/common.h"

/* Cells of a line; cells of a folio, unless they were larger than a pageblock; lines. */
#define MAX_COLUMNS 64
#define LOG2_CELLS 8
#define MAX_LINES 8
#define PAGEBLOCK_ORDER 9

static const struct {
	const char *utf8, *ascii, *color, *label;
} glyphs[HWP_NR_MAP_STATES] = {
	[HWP_MAP_NOTHING] = { " ", " ", NULL, NULL },
	[HWP_MAP_HEALTHY] = { "\u2591", "-", HWP_COLOR_GOOD, NULL },
	[HWP_MAP_HEALTHY_NEXT] = { "\u2592", "=", HWP_COLOR_GOOD, NULL },
	[HWP_MAP_ALLOCATED] = { "\u2593", "a", NULL, "allocated" },
	[HWP_MAP_PCP] = { "\u2592", "c", HWP_COLOR_GOOD, "per-CPU list" },
	[HWP_MAP_BUDDY] = { "\u2591", ".", HWP_COLOR_GOOD, "buddy" },
	[HWP_MAP_IN_FLIGHT] = { "\u2593", "f", NULL, "in flight" },
	[HWP_MAP_OFFLINE] = { "\u2591", "_", NULL, "offline" },
	[HWP_MAP_CONTAINED] = { "\u2584", "o", HWP_COLOR_WARN, "contained" },
	[HWP_MAP_UNREADABLE] = { "?", "?", HWP_COLOR_WARN, "unreadable" },
	[HWP_MAP_LOST] = { "\u259a", "!", HWP_COLOR_BAD, "lost" },
	[HWP_MAP_POISONED] = { "\u2588", "X", HWP_COLOR_BAD, "poisoned" },
};

uint64_t hwp_map_nr_cells(const struct hwp_map *map)
{
	return UINT64_C(1) << (map->order - map->cell_order);
}

struct hwp_error *hwp_map_init(struct hwp_map *map, uint64_t base_pfn, unsigned int order)
{
	unsigned int cell_order = order > LOG2_CELLS ? order - LOG2_CELLS : 0;
	struct hwp_map m = {
		.base_pfn = base_pfn,
		.order = order,
		.cell_order = cell_order < PAGEBLOCK_ORDER ? cell_order : PAGEBLOCK_ORDER,
	};

	m.cells = calloc(hwp_map_nr_cells(&m), sizeof(*m.cells));
	if (!m.cells)
		return hwp_error_no_memory();
	*map = m;
	return NULL;
}

void hwp_map_deinit(struct hwp_map *map)
{
	free(map->cells);
	map->cells = NULL;
}

void hwp_map_set(struct hwp_map *map, uint64_t pfn, uint64_t nr_pages, enum hwp_map_state state)
{
	uint64_t nr = UINT64_C(1) << map->order, start, end;

	if (pfn < map->base_pfn || pfn - map->base_pfn >= nr || !nr_pages)
		return;
	start = pfn - map->base_pfn;
	end = nr_pages < nr - start ? start + nr_pages : nr;
	for (uint64_t i = start >> map->cell_order; i <= (end - 1) >> map->cell_order; i++) {
		if (state > map->cells[i])
			map->cells[i] = (uint8_t)state;
	}
}

void hwp_map_set_blocks(struct hwp_map *map, const struct hwp_healthy_block *blocks, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		hwp_map_set(map, blocks[i].pfn, UINT64_C(1) << blocks[i].order,
			    i % 2 ? HWP_MAP_HEALTHY_NEXT : HWP_MAP_HEALTHY);
}

const char *hwp_map_label(enum hwp_map_state state)
{
	return glyphs[state].label;
}

static enum hwp_map_state state_of(const struct hwp_run *run)
{
	static const enum hwp_map_state states[] = {
		[HWP_RUN_BUDDY] = HWP_MAP_BUDDY,	 [HWP_RUN_PCP] = HWP_MAP_PCP,
		[HWP_RUN_ALLOCATED] = HWP_MAP_ALLOCATED, [HWP_RUN_CONTAINED] = HWP_MAP_CONTAINED,
		[HWP_RUN_IN_FLIGHT] = HWP_MAP_IN_FLIGHT, [HWP_RUN_OFFLINE] = HWP_MAP_OFFLINE,
		[HWP_RUN_LOST] = HWP_MAP_LOST,		 [HWP_RUN_UNREADABLE] = HWP_MAP_UNREADABLE,
	};

	return run->is_poisoned && run->state != HWP_RUN_CONTAINED ? HWP_MAP_POISONED :
								     states[run->state];
}

struct hwp_error *hwp_map_expected(struct hwp_map *map, const struct hwp_findings *f,
				   const struct hwp_folio *folio)
{
	struct hwp_error *err = hwp_map_init(map, folio->head_pfn, (unsigned int)folio->order);

	if (err)
		return err;
	hwp_map_set_blocks(map, hwp_report_expected(f, folio), folio->nr_expected);
	for (size_t i = 0; i < folio->nr_poisoned; i++)
		hwp_map_set(map, f->poisoned.data[folio->first_poisoned + i].pfn, 1,
			    HWP_MAP_POISONED);
	return NULL;
}

struct hwp_error *hwp_map_observed(struct hwp_map *map, const struct hwp_findings *f,
				   const struct hwp_folio *folio)
{
	struct hwp_error *err = hwp_map_init(map, folio->head_pfn, (unsigned int)folio->order);

	for (size_t i = 0; i < folio->nr_runs && !err; i++) {
		const struct hwp_run *run = &f->runs.data[folio->first_run + i];

		hwp_map_set(map, run->pfn, run->nr_pages, state_of(run));
	}
	return err;
}

static const char *glyph(const struct hwp_text *text, enum hwp_map_state state)
{
	return text->style->utf8 ? glyphs[state].utf8 : glyphs[state].ascii;
}

static void put_cells(struct hwp_text *text, const uint8_t *cells, size_t nr)
{
	const char *color = NULL;

	for (size_t i = 0; i < nr; i++) {
		if (glyphs[cells[i]].color != color) {
			if (color)
				hwp_text_color(text, HWP_COLOR_END);
			color = glyphs[cells[i]].color;
			if (color)
				hwp_text_color(text, color);
		}
		fputs(glyph(text, cells[i]), text->out);
	}
	if (color)
		hwp_text_color(text, HWP_COLOR_END);
}

/** An item of the legend, on a new line when it does not fit. */
static void put_label(struct hwp_text *text, const uint8_t *cells, size_t nr, const char *label,
		      unsigned int *column)
{
	unsigned int columns = 3 + (unsigned int)(nr + strlen(label));

	if (*column && *column + columns > text->width) {
		putc('\n', text->out);
		*column = 0;
	}
	*column += columns;
	fputs("  ", text->out);
	put_cells(text, cells, nr);
	fprintf(text->out, " %s", label);
}

static void put_legend(struct hwp_text *text, const struct hwp_map *map)
{
	static const uint8_t healthy[] = { HWP_MAP_HEALTHY, HWP_MAP_HEALTHY_NEXT };
	uint64_t nr = UINT64_C(1) << map->cell_order, seen = 0;
	unsigned int column = 0;
	char sentence[80];

	for (uint64_t i = 0; i < hwp_map_nr_cells(map); i++)
		seen |= UINT64_C(1) << map->cells[i];
	snprintf(sentence, sizeof(sentence), "A cell is %" PRIu64 " page%s%s:", nr, hwp_plural(nr),
		 nr == 1 ? "" : ", and shows the worst of them");
	hwp_text_paragraph(text, sentence);
	for (unsigned int s = HWP_NR_MAP_STATES; s-- > 0;) {
		const uint8_t cell = (uint8_t)s;

		if (seen >> s & 1 && glyphs[s].label)
			put_label(text, &cell, 1, glyphs[s].label, &column);
	}
	if (seen & (1 << HWP_MAP_HEALTHY | 1 << HWP_MAP_HEALTHY_NEXT))
		put_label(text, healthy, 2, "healthy blocks, alternating", &column);
	putc('\n', text->out);
}

static size_t columns_for(const struct hwp_text *text, int address_width)
{
	size_t columns = MAX_COLUMNS;

	while (columns > 8 && (unsigned int)address_width + 2 + columns > text->width)
		columns /= 2;
	return columns;
}

void hwp_map_draw(struct hwp_text *text, const struct hwp_map *map)
{
	int width = snprintf(NULL, 0, "0x%" PRIx64,
			     map->base_pfn + (UINT64_C(1) << map->order) - 1);
	uint64_t nr = hwp_map_nr_cells(map), nr_alike = 0;
	size_t columns = columns_for(text, width);

	if (columns > nr)
		columns = nr;
	for (uint64_t i = 0; i < nr; i += columns) {
		const uint8_t *line = map->cells + i;

		/* In a long map a line equal to those before and after it is left out. */
		if (nr > MAX_LINES * columns && i && i + 2 * columns <= nr &&
		    memcmp(line, line - columns, columns) == 0 &&
		    memcmp(line, line + columns, columns) == 0) {
			nr_alike++;
			continue;
		}
		if (nr_alike)
			fprintf(text->out, "%*s  (%" PRIu64 " more line%s like these)\n", width,
				"...", nr_alike, hwp_plural(nr_alike));
		nr_alike = 0;
		fprintf(text->out, "0x%-*" PRIx64 "  ", width - 2,
			map->base_pfn + (i << map->cell_order));
		put_cells(text, line, columns);
		putc('\n', text->out);
	}
	put_legend(text, map);
}
