// SPDX-License-Identifier: GPL-2.0-or-later
/** The poisoned pages, one a row, and where in the machine they are. */
#include <inttypes.h>

#include "base/clock.h"
#include "report/common.h"
#include "report/html/html.h"

static const char *class_of(enum hwp_class class)
{
	switch (class) {
	case HWP_CLASS_LEAKED:
	case HWP_CLASS_LOST:
		return "k bad";
	case HWP_CLASS_UNKNOWN:
	case HWP_CLASS_KERNEL:
	case HWP_CLASS_PENDING:
		return "k warn";
	case HWP_CLASS_CONTAINED:
		return "k good";
	case HWP_CLASS_OTHER:
	case HWP_NR_CLASSES:
		break;
	}
	return "k";
}

static void put_evidence(void *arg, const char *sentence)
{
	fputs("<li>", arg);
	hwp_html_text(arg, sentence);
	fputs("</li>", arg);
}

static void put_steps(FILE *out, const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	if (!p->nr_steps)
		return;
	fputs("<p>History</p><ol>", out);
	for (size_t i = 0; i < p->nr_steps; i++) {
		const struct hwp_step *step = &f->steps.data[p->first_step + i];

		fputs("<li>", out);
		if (step->has_time)
			hwp_html_printf(out, HWP_PRI_SECONDS " s: ", HWP_SECONDS(step->time_ns));
		hwp_html_printf(out, "%s (%s, %s)", step->text, hwp_step_name(step->kind),
				hwp_confidence_name(step->confidence));
		fputs("</li>", out);
	}
	fputs("</ol>", out);
}

/** What a backup, or the application, must give again. */
static void put_file(FILE *out, const struct hwp_findings *f, const struct hwp_owner *owner)
{
	const struct hwp_file *file = &f->files.data[owner->file];

	if (!owner->has_offset)
		return;
	fputs("<li>", out);
	hwp_html_printf(out, "it begins at byte 0x%" PRIx64 " of %s%s(inode %" PRIu64 " of %s %s)",
			owner->offset, file->path, *file->path ? " " : "a file ", file->inode,
			file->filesystem, file->device);
	fputs("</li>", out);
}

static void put_page(FILE *out, const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, p->zone);
	char place[HWP_PLACE_SIZE];

	fputs("<tr>", out);
	hwp_html_cell(out, "k mono", "0x%" PRIx64, p->pfn);
	hwp_html_cell(out, "k mono", "0x%" PRIx64, p->pfn << f->page_shift);
	if (zone)
		hwp_html_cell(out, "n", "%d", zone->nid);
	else
		hwp_html_cell(out, "n", "-");
	hwp_html_cell(out, "k", "%s", zone ? zone->name : "-");
	hwp_html_cell(out, class_of(hwp_state_class(p->state)), "%s", hwp_state_name(p->state));
	if (p->order >= 0)
		hwp_html_cell(out, "k mono", "0x%" PRIx64 "/%d", p->head_pfn, p->order);
	else
		hwp_html_cell(out, "k", "-");
	hwp_html_cell(out, "t", "%s", hwp_page_place(f, p, place, sizeof(place)));
	hwp_html_cell(out, "k", "%s", hwp_answer_name(p->was_free));
	hwp_html_cell(out, "k", "%s", hwp_answer_name(p->was_handed_out));
	fputs("<td class=\"t\"><details><summary>why</summary><ul>", out);
	hwp_evidence(f, p, put_evidence, out);
	if (p->owner.has_file)
		put_file(out, f, &p->owner);
	fputs("</ul>", out);
	put_steps(out, f, p);
	fputs("</details></td></tr>\n", out);
}

static void put_legend(FILE *out, const struct hwp_findings *f)
{
	fputs("<details class=\"key\"><summary>What these states mean</summary><ul>\n", out);
	for (unsigned int i = 0; i < HWP_NR_STATES; i++) {
		if (!f->summary.nr_by_state[i])
			continue;
		fputs("<li>", out);
		hwp_html_printf(out, "%s (%s): %s", hwp_state_name(i),
				hwp_class_name(hwp_state_class(i)), hwp_states.words[i].meaning);
		fputs("</li>\n", out);
	}
	fputs("</ul></details>\n", out);
}

static void put_nodes(FILE *out, const struct hwp_findings *f)
{
	static const char *const heads[] = { "Node", "Bad pages found", "Counted by the kernel",
					     NULL };

	if (!f->counters.nodes.nr)
		return;
	hwp_html_table_begin(out, heads);
	for (size_t i = 0; i < f->counters.nodes.nr; i++) {
		const struct hwp_node_count *node = &f->counters.nodes.data[i];

		fputs("<tr>", out);
		hwp_html_cell(out, "n", "%d", node->nid);
		hwp_html_cell(out, "n", "%" PRIu64, node->nr_found);
		if (node->has_total)
			hwp_html_cell(out, "n", "%" PRId64, node->total);
		else
			hwp_html_cell(out, "n", "-");
		fputs("</tr>\n", out);
	}
	hwp_html_table_end(out);
}

static void put_blocks(FILE *out, const struct hwp_findings *f)
{
	static const char *const heads[] = { "Memory block", "Physical addresses",
					     "Bad pages found", "Counted by the kernel", NULL };

	hwp_html_table_begin(out, heads);
	for (size_t i = 0; i < f->counters.blocks.nr; i++) {
		const struct hwp_memory_block_count *block = &f->counters.blocks.data[i];

		if (!block->nr_found && !block->nr_hwpoison)
			continue;
		fputs("<tr>", out);
		hwp_html_cell(out, "k", "memory%" PRIu64, block->id);
		hwp_html_cell(out, "k mono", "0x%" PRIx64 " to 0x%" PRIx64,
			      block->start_pfn << f->page_shift,
			      (block->end_pfn << f->page_shift) - 1);
		hwp_html_cell(out, "n", "%" PRIu64, block->nr_found);
		if (block->unread)
			hwp_html_cell(out, "n", "not read");
		else
			hwp_html_cell(out, "n", "%" PRId64, block->nr_hwpoison);
		fputs("</tr>\n", out);
	}
	hwp_html_table_end(out);
}

void hwp_html_pages(FILE *out, const struct hwp_findings *f)
{
	static const char *const heads[] = {
		"Pfn",	 "Physical", "Node",	       "Zone",	   "State", "Block",
		"Where", "Was free", "Was handed out", "Evidence", NULL,
	};

	if (!f->poisoned.nr)
		return;
	fputs("<h2 id=\"pages\">Bad pages</h2>\n", out);
	hwp_html_table_begin(out, heads);
	for (size_t i = 0; i < f->poisoned.nr; i++)
		put_page(out, f, &f->poisoned.data[i]);
	hwp_html_table_end(out);
	fputs("<p class=\"paper\">Evidence and history of each page are in the file that this was "
	      "printed from: what is unfolded there is printed.</p>\n",
	      out);
	put_legend(out, f);
	if (!f->counters.nodes.nr && !f->counters.blocks.nr)
		return;
	fputs("<h2 id=\"where\">Where in the machine</h2>\n", out);
	put_nodes(out, f);
	if (f->counters.blocks.nr)
		put_blocks(out, f);
}
