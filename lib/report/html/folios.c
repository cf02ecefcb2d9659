// SPDX-License-Identifier: GPL-2.0-or-later
/** A map of every folio that holds or held poison: what should be, and what is. */
#include <inttypes.h>

#include "report/common.h"
#include "report/html/html.h"
#include "report/map.h"

/* Folios with maps; the table has them all. */
#define MAX_MAPS 64

static const struct {
	const char *class, *label;
} looks[HWP_NR_MAP_STATES] = {
	[HWP_MAP_NOTHING] = { "nothing", NULL },
	[HWP_MAP_HEALTHY] = { "healthy", "healthy block" },
	[HWP_MAP_HEALTHY_NEXT] = { "next", "the next healthy block" },
	[HWP_MAP_ALLOCATED] = { "allocated", "allocated" },
	[HWP_MAP_PCP] = { "pcp", "free, on a per-CPU list" },
	[HWP_MAP_BUDDY] = { "buddy", "free, on a zone's list" },
	[HWP_MAP_IN_FLIGHT] = { "flight", "on its way" },
	[HWP_MAP_OFFLINE] = { "offline", "offline" },
	[HWP_MAP_CONTAINED] = { "contained", "bad, and withheld" },
	[HWP_MAP_UNREADABLE] = { "unreadable", "could not be read" },
	[HWP_MAP_LOST] = { "lost", "healthy, and lost" },
	[HWP_MAP_POISONED] = { "poisoned", "bad, and not withheld" },
};

/** The states that it shows, a bit each. */
static uint32_t put_cells(FILE *out, const struct hwp_map *map, unsigned int y)
{
	uint64_t nr = hwp_map_nr_cells(map);
	uint32_t seen = 0;

	for (uint64_t i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && map->cells[end] == map->cells[i];)
			end++;
		fprintf(out,
			"<rect x=\"%" PRIu64 "\" y=\"%u\" width=\"%" PRIu64
			"\" height=\"9\" class=\"m-%s\"/>",
			i, y, end - i, looks[map->cells[i]].class);
		seen |= UINT32_C(1) << map->cells[i];
	}
	return seen;
}

static void put_caption(FILE *out, const struct hwp_findings *f, const struct hwp_folio *folio,
			const struct hwp_map *map)
{
	uint64_t nr = UINT64_C(1) << map->cell_order;

	fputs("<figcaption>", out);
	hwp_html_printf(out,
			"0x%" PRIx64 " to 0x%" PRIx64 " (physical 0x%" PRIx64 "), order %d%s, %s: "
			"%s. Above, what a kernel with the fix makes of it; below, what is there. "
			"A cell is %" PRIu64 " page%s%s.",
			folio->head_pfn, hwp_folio_end(folio) - 1, folio->head_pfn << f->page_shift,
			folio->order, folio->order_is_guess ? " (assumed)" : "",
			hwp_extent_kind_name(folio->kind),
			hwp_outcomes.words[folio->outcome].meaning, nr, hwp_plural(nr),
			nr == 1 ? "" : ", and shows the worst of them");
	fputs("</figcaption>\n", out);
}

static struct hwp_error *put_map(FILE *out, const struct hwp_findings *f,
				 const struct hwp_folio *folio, uint32_t *seen)
{
	_cleanup_(hwp_map_deinit) struct hwp_map expected = {}, observed = {};
	struct hwp_error *err = hwp_map_expected(&expected, f, folio);

	if (!err)
		err = hwp_map_observed(&observed, f, folio);
	if (err)
		return err;
	fputs("<figure>", out);
	put_caption(out, f, folio, &observed);
	fprintf(out,
		"<svg role=\"img\" viewBox=\"0 0 %" PRIu64 " 20\" preserveAspectRatio=\"none\" "
		"shape-rendering=\"crispEdges\"><title>",
		hwp_map_nr_cells(&observed));
	hwp_html_printf(out, "Folio 0x%" PRIx64 ": expected above, observed below",
			folio->head_pfn);
	fputs("</title>", out);
	*seen |= put_cells(out, &expected, 0);
	*seen |= put_cells(out, &observed, 11);
	fputs("</svg></figure>\n", out);
	return NULL;
}

static void put_legend(FILE *out, uint32_t seen)
{
	fputs("<div class=\"legend\">\n", out);
	for (unsigned int s = HWP_NR_MAP_STATES; s-- > 0;) {
		if (!(seen >> s & 1) || !looks[s].label)
			continue;
		fprintf(out,
			"<span><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect width=\"1\" "
			"height=\"1\" class=\"m-%s\"/></svg> ",
			looks[s].class);
		hwp_html_text(out, looks[s].label);
		fputs("</span>\n", out);
	}
	fputs("</div>\n", out);
}

static void put_row(FILE *out, const struct hwp_findings *f, const struct hwp_folio *folio)
{
	bool is_bad = folio->outcome == HWP_OUTCOME_LEAKED ||
		      folio->outcome == HWP_OUTCOME_LEAKED_BEFORE ||
		      folio->outcome == HWP_OUTCOME_LOST;

	fputs("<tr>", out);
	hwp_html_cell(out, "k mono", "0x%" PRIx64, folio->head_pfn);
	hwp_html_cell(out, "k mono", "0x%" PRIx64, folio->head_pfn << f->page_shift);
	hwp_html_cell(out, "n", "%d%s", folio->order,
		      folio->max_order > folio->order ? "+" :
		      folio->order_is_guess	      ? "?" :
							"");
	hwp_html_cell(out, "k", "%s", hwp_extent_kind_name(folio->kind));
	hwp_html_cell(out, "n", "%zu", folio->nr_poisoned);
	hwp_html_cell(out, "n", "%" PRIu64, folio->nr_healthy);
	hwp_html_cell(out, "n", "%" PRIu64, folio->nr_healthy_lost);
	hwp_html_cell(out, is_bad ? "k bad" : "k", "%s", hwp_outcome_name(folio->outcome));
	hwp_html_cell(out, "k", "%s", hwp_answer_name(folio->was_free));
	hwp_html_cell(out, "k", "%s", hwp_answer_name(folio->was_handed_out));
	fputs("</tr>\n", out);
}

struct hwp_error *hwp_html_folios(FILE *out, const struct hwp_findings *f)
{
	static const char *const heads[] = {
		"First pfn", "Physical", "Order",    "Kind",	       "Bad", "Healthy",
		"Lost",	     "Outcome",	 "Was free", "Was handed out", NULL,
	};
	struct hwp_error *err = NULL;
	uint32_t seen = 0;

	if (!f->folios.nr)
		return NULL;
	fputs("<h2 id=\"folios\">Huge pages that hold bad pages, or held them when they were "
	      "freed</h2>\n",
	      out);
	hwp_html_table_begin(out, heads);
	for (size_t i = 0; i < f->folios.nr; i++)
		put_row(out, f, &f->folios.data[i]);
	hwp_html_table_end(out);
	fputs("<p class=\"dim\">Numbers are pages. + may have been larger, ? its size is "
	      "assumed.</p>\n",
	      out);
	for (size_t i = 0; i < f->folios.nr && i < MAX_MAPS && !err; i++)
		err = put_map(out, f, &f->folios.data[i], &seen);
	if (!err)
		put_legend(out, seen);
	if (!err && f->folios.nr > MAX_MAPS)
		fprintf(out, "<p>%zu more folios are in the table alone.</p>\n",
			f->folios.nr - MAX_MAPS);
	return err;
}
