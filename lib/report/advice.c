// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/advice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "verdict/lost_data.h"

/* Ranges of memmap=, and memory blocks, that are written out. */
#define MAX_RANGES 16
#define MAX_BLOCKS 8

/** Where the errors came from, as far as the log shows. */
enum origin {
	/** Not shown: the error may be one of the hardware. */
	ORIGIN_UNKNOWN,
	/** Each poisoned page was injected by software, and no hardware reported anything. */
	ORIGIN_INJECTED,
	/** Each poisoned page was taken out of use for errors that the hardware corrected. */
	ORIGIN_CORRECTED,
	/** The hardware reported an error that it could not correct. */
	ORIGIN_HARDWARE,
};

struct adviser {
	const struct hwp_findings *f;
	enum origin origin;
	/** The machine runs, or ran on when its memory was captured. */
	bool runs;
	void (*each)(void *arg, const char *advice);
	void *arg;
	bool out_of_memory;
};

static void say(struct adviser *a, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));
static void say(struct adviser *a, const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (r < 0) {
		s = NULL;
		a->out_of_memory = true;
		return;
	}
	a->each(a->arg, s);
}

static bool is_of_hardware(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_HARDWARE || e->kind == HWP_EVENT_MACHINE_CHECK;
}

static bool any_event(const struct hwp_findings *f, bool (*is_it)(const struct hwp_event *e))
{
	for (size_t i = 0; i < f->events.nr; i++) {
		if (is_it(&f->events.data[i]))
			return true;
	}
	for (size_t i = 0; i < f->remarks.nr; i++) {
		if (is_it(&f->remarks.data[i]))
			return true;
	}
	return false;
}

static bool is_corrected(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_CORRECTED;
}

static bool is_injection(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_INJECTED;
}

static bool is_soft_offline(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_SOFT_OFFLINE;
}

/** What memory failure does, and soft offline does not. */
static bool is_of_error(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION || e->kind == HWP_EVENT_SIGBUS ||
	       e->kind == HWP_EVENT_KILLED || e->kind == HWP_EVENT_PANIC;
}

/** Is there an event that @p is_it for every poisoned page? */
static bool every_page(struct adviser *a, bool (*is_it)(const struct hwp_event *e))
{
	const struct hwp_findings *f = a->f;
	_cleanup_free_ bool *has = calloc(f->poisoned.nr + 1, sizeof(*has));
	size_t nr = 0;

	a->out_of_memory |= !has;
	for (size_t i = 0; i < f->events.nr && has; i++) {
		const struct hwp_event *e = &f->events.data[i];
		size_t at = hwp_findings_poisoned_index(f, e->pfn);

		if (!is_it(e) || at == f->poisoned.nr || f->poisoned.data[at].pfn != e->pfn ||
		    has[at])
			continue;
		has[at] = true;
		nr++;
	}
	return has && nr && nr == f->poisoned.nr;
}

/** Where lines may be missing, or a page has none, nothing is said in a page's favour. */
static void find_origin(struct adviser *a)
{
	bool is_whole = a->f->log.state == HWP_LOG_COMPLETE;

	if (any_event(a->f, is_of_hardware))
		a->origin = ORIGIN_HARDWARE;
	else if (any_event(a->f, is_corrected))
		a->origin = is_whole && !any_event(a->f, is_of_error) &&
					    every_page(a, is_soft_offline) ?
				    ORIGIN_CORRECTED :
				    ORIGIN_UNKNOWN;
	else if (is_whole && every_page(a, is_injection))
		a->origin = ORIGIN_INJECTED;
}

static void advise_on_leak(struct adviser *a)
{
	const struct hwp_summary *s = &a->f->summary;
	bool leaked = s->nr_by_class[HWP_CLASS_LEAKED] || s->nr_leaked_before;

	if (a->origin == ORIGIN_INJECTED)
		return;
	if (leaked)
		say(a, "Treat what this machine wrote after the first memory failure as suspect.");
	if (s->nr_by_class[HWP_CLASS_LEAKED] && a->runs)
		say(a, "Stop what must not work with bad data, and reboot the machine: bad memory "
		       "that is free is not taken back while it runs.");
	if (s->nr_healthy_lost)
		say(a,
		    "The healthy memory that was thrown away, %" PRIu64 " KiB, comes back with a "
		    "reboot, and so does the bad memory, unmarked.",
		    s->nr_healthy_lost << a->f->page_shift >> 10);
}

static bool is_about_lists(const char *check)
{
	static const char *const names[] = { "freelist-consistent",    "methods-agree",
					     "free-blocks-bare",       "free-pages-counted",
					     "lists-match-pageblocks", "zones-span-pages" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(check, names[i]) == 0)
			return true;
	}
	return false;
}

static void advise_on_failures(struct adviser *a)
{
	bool lists = false;

	for (size_t i = 0; i < a->f->checks.nr; i++) {
		const struct hwp_check_result *r = &a->f->checks.data[i];

		if (r->result != HWP_FAIL)
			continue;
		say(a, "'hwpoison help %s' explains what failed: %s.", r->check->name, r->detail);
		lists |= is_about_lists(r->check->name);
	}
	say(a,
	    "Something other than memory failure may have written to what the failed checks "
	    "name, or this kernel has a fault of its own: keep the kernel log, and %s%s.",
	    a->f->live ? "a dump of this machine" : "this dump",
	    lists ? "; 'hwpoison freelist' shows the lists" : "");
}

static void advise_on_holes(struct adviser *a)
{
	const struct hwp_findings *f = a->f;

	if (f->zero_filled)
		say(a, "Start crash without --zero_excluded: then it is known which pages are not "
		       "in the dump.");
	else if (f->damage[0])
		say(a, "The file is not whole: compare its size and checksum with those of the "
		       "original, and copy it again.");
	else if (f->live)
		say(a, "Read what is missing as root, where /proc/kcore may be read, or from a "
		       "dump of this machine.");
	else if (f->coverage.nr_excluded)
		say(a, "Get a dump that has the whole memmap: makedumpfile keeps it at every dump "
		       "level, without -e.");
	else
		say(a, "What is missing stands under 'Troubles' and in the checks that are "
		       "inconclusive: another dump of the same machine, with makedumpfile -d 1 or "
		       "-d 16, may have it.");
}

static void advise_on_risk(struct adviser *a)
{
	const struct hwp_summary *s = &a->f->summary;

	if (s->nr_can_leak && a->runs)
		say(a, "When their users end, the pages of a poisoned huge folio are freed "
		       "together: plan a reboot before that.");
	if (s->nr_by_class[HWP_CLASS_KERNEL] && a->runs)
		say(a, "The kernel cannot give up its own pages: plan a reboot.");
	if (s->nr_past_unknown)
		say(a,
		    "Where a page's past cannot be known, what ran after its error may have used "
		    "it: 'hwpoison list' has the history of each page.");
}

/** Whatever the verdict is, somebody's data may be gone. */
static void advise_on_lost_data(struct adviser *a)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < a->f->poisoned.nr; i++)
		nr += hwp_lost_data(a->f, &a->f->poisoned.data[i]).kind != HWP_LOST_NOTHING;
	if (nr)
		say(a,
		    "What %" PRIu64 " dirty page%s held is lost ('Lost data'): check what is named "
		    "there, and restore it. Who wrote it learns of that only by fsync() or a "
		    "signal.",
		    nr, hwp_plural(nr));
}

static void advise_on_module(struct adviser *a)
{
	const char *label = NULL;

	for (size_t i = 0; i < a->f->poisoned.nr && !label; i++) {
		if (a->f->poisoned.data[i].module[0])
			label = a->f->poisoned.data[i].module;
	}
	if (a->origin == ORIGIN_INJECTED || !a->f->poisoned.nr)
		return;
	if (label)
		say(a,
		    "Replace memory module %s ('Memory modules' has all that are named). A reboot "
		    "clears the marks, not the fault.",
		    label);
	else
		say(a,
		    "%s the memory module behind these physical addresses: 'ras-mc-ctl --errors' and "
		    "'ras-mc-ctl --layout', 'dmidecode -t 17,20' or the log of the management "
		    "controller name it. A reboot clears the marks, not the fault.",
		    a->origin == ORIGIN_CORRECTED ?
			    "Corrected errors lost no data, but become more: watch, and plan to "
			    "replace," :
			    "Find and replace");
}

/** May the block go offline? Not with pages of the kernel's, and never ends with dropped ones. */
static bool can_go_offline(const struct hwp_findings *f, const struct hwp_memory_block_count *block)
{
	for (size_t i = hwp_findings_poisoned_index(f, block->start_pfn);
	     i < f->poisoned.nr && f->poisoned.data[i].pfn < block->end_pfn; i++) {
		enum hwp_class class = hwp_state_class(f->poisoned.data[i].state);

		if (class == HWP_CLASS_LOST || class == HWP_CLASS_KERNEL ||
		    class == HWP_CLASS_UNKNOWN)
			return false;
	}
	return !block->offline;
}

/** A block of memory can be taken out of use while the machine runs. */
static void advise_on_blocks(struct adviser *a)
{
	const struct hwp_findings *f = a->f;
	unsigned int nr = 0;

	if (!f->live || f->path || a->origin == ORIGIN_INJECTED)
		return;
	for (size_t i = 0; i < f->counters.blocks.nr; i++) {
		const struct hwp_memory_block_count *block = &f->counters.blocks.data[i];

		if (!block->nr_found || !can_go_offline(f, block) || nr++ >= MAX_BLOCKS)
			continue;
		say(a,
		    "To take %" PRIu64 " MiB with %" PRIu64 " bad page%s out of use until then, as "
		    "root: echo offline >/sys/devices/system/memory/memory%" PRIu64
		    "/state (it fails where the kernel has pages of its own)",
		    (block->end_pfn - block->start_pfn) << f->page_shift >> 20, block->nr_found,
		    hwp_plural(block->nr_found), block->id);
	}
}

/** "4K$0x5805000,8K$0x5c11000": pages side by side are one range. False when they are too many. */
static bool write_ranges(const struct hwp_findings *f, char **ret)
{
	unsigned int nr = 0;
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (!out)
		return false;
	for (size_t i = 0, end; i < f->poisoned.nr; i = end) {
		uint64_t first = f->poisoned.data[i].pfn;

		for (end = i + 1;
		     end < f->poisoned.nr && f->poisoned.data[end].pfn == first + (end - i);)
			end++;
		nr++;
		fprintf(out, "%s%" PRIu64 "K$0x%" PRIx64, i ? "," : "",
			(uint64_t)(end - i) << f->page_shift >> 10, first << f->page_shift);
	}
	return fclose(out) == 0 && nr <= MAX_RANGES;
}

/** The next boot knows nothing of bad pages but by its command line. */
static void advise_on_boot(struct adviser *a)
{
	const struct hwp_findings *f = a->f;
	_cleanup_free_ char *ranges = NULL;
	bool is_short;

	if (a->origin == ORIGIN_INJECTED || !f->poisoned.nr ||
	    strcmp(f->machine.arch, "x86_64") != 0)
		return;
	is_short = write_ranges(f, &ranges);
	if (is_short)
		say(a,
		    "Until it is replaced, this on the kernel's command line keeps the next boot off "
		    "the bad pages (for GRUB with a backslash before each $): memmap=%s",
		    ranges);
	else
		say(a,
		    "Until it is replaced, memmap=SIZE$ADDRESS on the kernel's command line keeps "
		    "the next boot off the bad pages, which are too many to be listed here: 4K$ "
		    "before each PHYSICAL of 'hwpoison list', or one range around them.");
}

static void advise_to_save(struct adviser *a)
{
	if (a->f->verdict != HWP_VERDICT_LEAKED && a->f->verdict != HWP_VERDICT_LEAKED_BEFORE)
		return;
	if (a->f->live)
		say(a,
		    "First save the evidence: the page that 'hwpoison report -o ticket.html' "
		    "writes, the kernel's log ('dmesg'), and a dump of memory where kdump is set "
		    "up.");
	else
		say(a,
		    "Keep this dump until the ticket is closed. The page that 'hwpoison report -o "
		    "ticket.html' writes belongs to the ticket.");
}

struct hwp_error *hwp_advise(const struct hwp_findings *f,
			     void (*each)(void *arg, const char *advice), void *arg)
{
	struct adviser a = { .f = f,
			     .runs = f->live || f->cause.kind == HWP_CAUSE_NO_CRASH,
			     .each = each,
			     .arg = arg };

	if (f->verdict == HWP_VERDICT_CLEAN && !f->summary.nr_poisoned)
		return NULL;
	find_origin(&a);
	if (a.origin == ORIGIN_INJECTED)
		say(&a,
		    "Every one of these errors was injected by software: no memory module is at "
		    "fault. What is seen here is how this kernel deals with errors that are "
		    "real.");
	advise_to_save(&a);
	if (f->verdict == HWP_VERDICT_LEAKED || f->verdict == HWP_VERDICT_LEAKED_BEFORE)
		advise_on_leak(&a);
	else if (f->verdict == HWP_VERDICT_INCONSISTENT)
		advise_on_failures(&a);
	else if (f->verdict == HWP_VERDICT_INCOMPLETE)
		advise_on_holes(&a);
	else if (f->verdict == HWP_VERDICT_AT_RISK)
		advise_on_risk(&a);
	advise_on_lost_data(&a);
	advise_on_module(&a);
	advise_on_blocks(&a);
	advise_on_boot(&a);
	return a.out_of_memory ? hwp_error_no_memory() : NULL;
}
