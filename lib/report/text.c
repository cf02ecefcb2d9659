// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "report/common.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH 40
/* Prose is hard to read in longer lines than this. */
#define MAX_WIDTH 100
#define LABEL_WIDTH 10

void hwp_text_init(struct hwp_text *text, FILE *out, const struct hwp_report_style *style)
{
	unsigned int width = style->width ? style->width : DEFAULT_WIDTH;

	*text = (struct hwp_text){
		.out = out,
		.style = style,
		.width = width < MIN_WIDTH ? MIN_WIDTH :
			 width > MAX_WIDTH ? MAX_WIDTH :
					     width,
	};
}

struct hwp_error *hwp_text_finish(struct hwp_text *text)
{
	return text->failed ? hwp_error_no_memory() : hwp_report_flush(text->out);
}

void hwp_text_color(struct hwp_text *text, const char *sequence)
{
	if (text->style->color)
		fputs(sequence, text->out);
}

static bool is_shown_as_is(const struct hwp_report_style *style, unsigned char c)
{
	return c >= 0x80 ? style->utf8 : c >= 0x20 && c != 0x7f;
}

unsigned int hwp_text_columns(const struct hwp_report_style *style, const char *s, size_t len)
{
	unsigned int columns = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		/* A byte that continues a UTF-8 sequence takes no column. */
		columns += !is_shown_as_is(style, c) ? 4 : (c & 0xc0) != 0x80;
	}
	return columns;
}

void hwp_text_put(struct hwp_text *text, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (is_shown_as_is(text->style, c))
			putc(c, text->out);
		else
			fprintf(text->out, "\\x%02x", c);
	}
}

void hwp_text_wrap(struct hwp_text *text, unsigned int column, unsigned int indent, const char *s)
{
	bool at_start = true;

	if (text->sink) {
		text->sink->paragraph(text->sink->arg, s);
		return;
	}
	while (*(s += strspn(s, " "))) {
		size_t len = strcspn(s, " ");
		unsigned int columns = hwp_text_columns(text->style, s, len);

		if (!at_start && column + 1 + columns > text->width) {
			fprintf(text->out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!at_start) {
			putc(' ', text->out);
			column++;
		}
		hwp_text_put(text, s, len);
		column += columns;
		at_start = false;
		s += len;
	}
	putc('\n', text->out);
}

void hwp_text_heading(struct hwp_text *text, const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (r < 0) {
		s = NULL;
		text->failed = true;
		return;
	}
	if (text->sink) {
		text->sink->heading(text->sink->arg, s);
		return;
	}
	putc('\n', text->out);
	hwp_text_color(text, HWP_COLOR_HEADING);
	fputs(s, text->out);
	hwp_text_color(text, HWP_COLOR_END);
	putc('\n', text->out);
}

void hwp_text_field(struct hwp_text *text, const char *label, const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (r < 0) {
		s = NULL;
		text->failed = true;
		return;
	}
	if (text->sink) {
		text->sink->field(text->sink->arg, label, s);
		return;
	}
	fprintf(text->out, "%-*s", LABEL_WIDTH, label);
	hwp_text_wrap(text, LABEL_WIDTH, LABEL_WIDTH, s);
}

static void put_switches(struct hwp_text *text, const struct hwp_kernel_facts *k)
{
	hwp_text_field(text, "Switches",
		       "init_on_alloc=%s init_on_free=%s check_pages=%s page_poisoning=%s "
		       "debug_pagealloc=%s kasan=%s page_owner=%s hugetlb_vmemmap_optimized=%s",
		       hwp_switch_name(k->init_on_alloc), hwp_switch_name(k->init_on_free),
		       hwp_switch_name(k->check_pages), hwp_switch_name(k->page_poisoning),
		       hwp_switch_name(k->debug_pagealloc), hwp_switch_name(k->kasan),
		       hwp_switch_name(k->page_owner),
		       hwp_switch_name(k->hugetlb_vmemmap_optimized));
}

static void put_coverage(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_coverage *c = &f->coverage;
	uint64_t tenths;

	if (!c->nr_pages) {
		hwp_text_field(text, "Coverage",
			       f->sweep == HWP_SWEEP_QUICK ?
				       "no struct page read: no memory block counts poison" :
				       "no struct page was found");
		return;
	}
	if (c->nr_read == c->nr_pages) {
		hwp_text_field(text, "Coverage", "all %" PRIu64 " struct pages read", c->nr_pages);
		return;
	}
	/* Rounded down: only all of them is 100 %. */
	tenths = (uint64_t)((unsigned __int128)c->nr_read * 1000 / c->nr_pages);
	hwp_text_field(text, "Coverage",
		       "%" PRIu64 " of %" PRIu64 " struct pages read (%" PRIu64 ".%" PRIu64
		       " %%); %" PRIu64 " not in the dump (%" PRIu64
		       " of them zero-filled), %" PRIu64 " not readable",
		       c->nr_read, c->nr_pages, tenths / 10, tenths % 10, c->nr_excluded,
		       c->nr_zero, c->nr_faulted);
}

/** Do the folios that were freed agree with what the symbols show? */
static const char *behaviour(const struct hwp_kernel_facts *k)
{
	bool held = k->fix_seen == HWP_FIX_SEEN_HELD;

	if (k->fix_seen == HWP_FIX_SEEN_NOTHING || k->fix == HWP_FIX_UNKNOWN || k->fix_is_inferred)
		return "";
	if (k->fix == HWP_FIX_PRESENT)
		return held ? "; the folios it freed confirm that" :
			      "; the folios it freed contradict that";
	return held ? "" : "; the folios it freed confirm that";
}

void hwp_text_head(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_kernel_facts *k = &f->kernel;

	if (f->live && f->path)
		hwp_text_field(text, "Target", "%s (%s), %u passes", f->path, f->format,
			       f->nr_passes);
	else if (f->live)
		hwp_text_field(text, "Target", "the running kernel (%s), %u passes", f->format,
			       f->nr_passes);
	else
		hwp_text_field(text, "Target", "%s (%s)", f->path, f->format);
	if (f->damage[0])
		hwp_text_field(text, "", "%s: %s", f->zero_filled ? "zero-filled" : "damaged",
			       f->damage);
	if (f->vmcoreinfo_found)
		hwp_text_field(text, "", "it carries no VMCOREINFO: that was found in its memory");
	if (f->memmap_excluded)
		hwp_text_field(
			text, "",
			"makedumpfile -e left out the struct pages of pages that it left out");
	if (k->has_memory_failure)
		hwp_text_field(text, "Kernel", "%s; fix: %s (%s)%s", k->release,
			       hwp_fix_name(k->fix),
			       *k->fix_evidence ? k->fix_evidence : "no evidence", behaviour(k));
	else
		hwp_text_field(text, "Kernel", "%s, built without CONFIG_MEMORY_FAILURE",
			       k->release);
	put_switches(text, k);
	put_coverage(text, f);
}

void hwp_text_troubles(struct hwp_text *text, const struct hwp_findings *f)
{
	if (!f->troubles.nr)
		return;
	hwp_text_heading(text, "Troubles");
	for (size_t i = 0; i < f->troubles.nr; i++) {
		const struct hwp_trouble *trouble = &f->troubles.data[i];
		const char *kind = trouble->kind == HWP_TROUBLE_HOLE ? "hole" : "contradiction";

		fprintf(text->out, "  %-13s  ", kind);
		hwp_text_wrap(text, 17, 17, trouble->text);
	}
}
