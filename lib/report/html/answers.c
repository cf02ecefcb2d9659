// SPDX-License-Identifier: GPL-2.0-or-later
/** The five questions that a customer asks, each with its answer, or why there is none. */
#include <inttypes.h>
#include <string.h>

#include "report/common.h"
#include "report/html/html.h"
#include "verdict/cause.h"
#include "verdict/history.h"
#include "verdict/lost_data.h"

/* Names in an answer; the table of pages has them all. */
#define MAX_NAMES 12

static void begin(FILE *out, const char *question)
{
	fputs("<h3>", out);
	hwp_html_text(out, question);
	fputs("</h3>\n", out);
}

static void answer_safety(FILE *out, const struct hwp_findings *f)
{
	static const char *const answers[HWP_NR_VERDICTS] = {
		[HWP_VERDICT_LEAKED] = "No. Bad memory is back in free memory or in use, or was "
				       "thrown away with healthy memory.",
		[HWP_VERDICT_LEAKED_BEFORE] =
			"Not without looking further: bad memory was in free memory or in use "
			"after its error. It is out of reach now, what used it meanwhile is not "
			"undone.",
		[HWP_VERDICT_INCONSISTENT] = "Not known: what memory records about itself is "
					     "contradictory.",
		[HWP_VERDICT_INCOMPLETE] = "Not known: something that is needed for an answer "
					   "could not be read.",
		[HWP_VERDICT_AT_RISK] = "For the time being, as far as can be seen: nothing is "
					"known to have leaked, but it can still, or its past is "
					"not known.",
		[HWP_VERDICT_CLEAN] = "As far as memory errors go, yes: nothing that was found "
				      "has leaked or can leak.",
	};

	begin(out, "Is it safe to go on?");
	hwp_html_paragraph(out, "%s", answers[f->verdict]);
	if (!f->live)
		hwp_html_paragraph(
			out, "This is about the machine as it was when this memory was "
			     "captured. After a reboot the marks of bad pages are gone, and the "
			     "bad memory is not.");
}

static uint64_t put_victims(FILE *out, const struct hwp_findings *f)
{
	uint64_t nr = 0;
	char name[640];

	for (size_t i = 0; i < f->victims.nr; i++) {
		const struct hwp_victim *v = &f->victims.data[i];

		if (!hwp_report_is_new_victim(f, i))
			continue;
		if (nr++ < MAX_NAMES)
			hwp_html_paragraph(out,
					   "%s %s bad memory after its error (confidence: %s).",
					   hwp_victim_words(f, v, name, sizeof(name)),
					   v->has_it_now ? "has" : "had",
					   hwp_confidence_name(v->confidence));
	}
	if (nr > MAX_NAMES)
		hwp_html_paragraph(out, "And %" PRIu64 " more, with the pages below.",
				   nr - MAX_NAMES);
	return nr;
}

static uint64_t put_lost(FILE *out, const struct hwp_findings *f)
{
	char words[sizeof(struct hwp_file) + 64];
	uint64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_lost_data lost = hwp_lost_data(f, &f->poisoned.data[i]);

		if (lost.kind == HWP_LOST_NOTHING)
			continue;
		if (nr++ < MAX_NAMES)
			hwp_html_paragraph(out, "Lost: %s.",
					   hwp_lost_data_words(&lost, words, sizeof(words)));
	}
	if (nr > MAX_NAMES)
		hwp_html_paragraph(out, "And %" PRIu64 " more pages.", nr - MAX_NAMES);
	return nr;
}

static void answer_data(FILE *out, const struct hwp_findings *f)
{
	uint64_t nr;

	begin(out, "What data may be bad?");
	nr = put_victims(out, f);
	nr += put_lost(out, f);
	if (!nr)
		hwp_html_paragraph(out,
				   "No process or file is known to have had bad memory after its "
				   "error.");
	if (f->summary.nr_past_unknown)
		hwp_html_paragraph(out,
				   "Whether %" PRIu64
				   " bad page%s in free memory or in use since cannot be "
				   "known from what was read.",
				   f->summary.nr_past_unknown,
				   f->summary.nr_past_unknown == 1 ? " was" : "s were");
	if (f->log.state != HWP_LOG_COMPLETE && f->poisoned.nr)
		hwp_html_paragraph(out,
				   "The kernel log is not all there (%s), so this may not be all.",
				   hwp_log_state_name(f->log.state));
}

/** Is page @p index the first that its module is named for? */
static bool is_new_module(const struct hwp_findings *f, size_t index)
{
	const char *module = f->poisoned.data[index].module;

	for (size_t i = 0; i < index; i++) {
		if (strcmp(f->poisoned.data[i].module, module) == 0)
			return false;
	}
	return *module;
}

static void answer_module(FILE *out, const struct hwp_findings *f)
{
	static const char *const namers[] = {
		[HWP_MODULE_LOG] = "the kernel log",
		[HWP_MODULE_RASDAEMON] = "rasdaemon",
		[HWP_MODULE_SMBIOS] = "the machine's firmware (SMBIOS)",
	};
	uint64_t nr = 0, nr_nameless = 0;

	begin(out, "Which memory module is it?");
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		nr_nameless += !*p->module;
		if (is_new_module(f, i) && nr++ < MAX_NAMES)
			hwp_html_paragraph(out, "%s, as %s names it for pfn 0x%" PRIx64 ".",
					   p->module, namers[p->module_source], p->pfn);
	}
	if (nr > MAX_NAMES)
		hwp_html_paragraph(out, "And %" PRIu64 " more.", nr - MAX_NAMES);
	if (!f->poisoned.nr)
		hwp_html_paragraph(out, "No bad page is marked.");
	else if (nr_nameless)
		hwp_html_paragraph(
			out,
			"Nothing that was read names the module of %" PRIu64 " bad page%s. Take "
			"the physical addresses below to 'ras-mc-ctl --layout' and 'dmidecode -t "
			"17,20' on the machine, or to the log of its management controller.",
			nr_nameless, hwp_plural(nr_nameless));
}

static void answer_fix(FILE *out, const struct hwp_findings *f)
{
	const struct hwp_kernel_facts *k = &f->kernel;

	begin(out, "Does this kernel have the fix?");
	if (!k->has_memory_failure) {
		hwp_html_paragraph(out,
				   "It was built without CONFIG_MEMORY_FAILURE: it cannot mark bad "
				   "memory at all.");
		return;
	}
	hwp_html_paragraph(out, "%s: %s (%s).",
			   k->fix == HWP_FIX_PRESENT ? "Yes" :
			   k->fix == HWP_FIX_ABSENT  ? "No" :
						       "Not known",
			   hwp_fixes.words[k->fix].meaning,
			   *k->fix_evidence ? k->fix_evidence : "no evidence");
	if (k->fix_seen != HWP_FIX_SEEN_NOTHING)
		hwp_html_paragraph(
			out, "%s",
			k->fix_seen == HWP_FIX_SEEN_HELD ?
				"Each huge page with bad memory that it freed was freed without "
				"its bad pages." :
				"At least one huge page with bad memory was freed with its bad "
				"pages.");
}

static void answer_cause(FILE *out, const struct hwp_findings *f)
{
	static const char *const answers[] = {
		[HWP_CAUSE_UNKNOWN] = "Not known",
		[HWP_CAUSE_NO_CRASH] = "It had not crashed",
		[HWP_CAUSE_NO_SIGN] = "Nothing says so",
		[HWP_CAUSE_NEAR] = "A memory error was near",
		[HWP_CAUSE_MEMORY_ERROR] = "Yes",
	};

	begin(out, "Did a memory error crash it?");
	if (f->cause.has_pfn)
		hwp_html_paragraph(out,
				   "%s (pfn 0x%" PRIx64 ", physical address 0x%" PRIx64 "): %s.",
				   answers[f->cause.kind], f->cause.pfn,
				   f->cause.pfn << f->page_shift, f->cause.why);
	else if (*f->cause.why)
		hwp_html_paragraph(out, "%s: %s.", answers[f->cause.kind], f->cause.why);
	else
		hwp_html_paragraph(out, "%s.", answers[f->cause.kind]);
}

void hwp_html_answers(FILE *out, const struct hwp_findings *f)
{
	fputs("<h2 id=\"answers\">Five questions</h2>\n", out);
	answer_safety(out, f);
	answer_data(out, f);
	answer_module(out, f);
	answer_fix(out, f);
	answer_cause(out, f);
}
