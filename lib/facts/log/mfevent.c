// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/mfevent.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/pagetable.h"

/* A copy of the line, so that it ends in NUL. */
#define MAX_LINE 256
/*
 * The bits of a physical address: above them machine checks may have a key of memory encryption
 * (TDX, MKTME, SME). Memory beyond 64 TiB needs 5-level page tables.
 */
#define PHYSICAL_MASK ((UINT64_C(1) << 46) - 1)

static bool parse_pfn(const char **s, uint64_t *ret)
{
	char *end;

	if (strncmp(*s, "0x", 2) != 0 || !isxdigit((unsigned char)(*s)[2]))
		return false;
	*ret = strtoull(*s, &end, 16);
	*s = end;
	return true;
}

static void copy(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/** "recovery action for TYPE: RESULT" */
static bool parse_action(const char *s, struct hwp_event *e)
{
	static const char prefix[] = "recovery action for ";
	const char *colon;

	if (strncmp(s, prefix, sizeof(prefix) - 1) != 0)
		return false;
	s += sizeof(prefix) - 1;
	colon = strrchr(s, ':');
	if (!colon)
		return false;
	e->kind = HWP_EVENT_ACTION;
	copy(e->page_type, sizeof(e->page_type), s, (size_t)(colon - s));
	colon += strspn(colon, ": ");
	copy(e->result, sizeof(e->result), colon, strcspn(colon, " \n"));
	return true;
}

/** "TYPE recovery: RESULT": "huge page recovery: Delayed", of v2.6.32 to v3.x. */
static bool parse_old_action(const char *s, struct hwp_event *e)
{
	static const char words[] = " recovery: ";
	const char *at = strstr(s, words), *result = at ? at + sizeof(words) - 1 : NULL;

	if (!at || at == s)
		return false;
	e->kind = HWP_EVENT_ACTION;
	copy(e->page_type, sizeof(e->page_type), s, (size_t)(at - s));
	copy(e->result, sizeof(e->result), result, strcspn(result, " \n"));
	return true;
}

/** The last one: a process may be called anything. */
static const char *find_last(const char *s, const char *words)
{
	const char *last = NULL;

	for (const char *at = strstr(s, words); at; at = strstr(at + 1, words))
		last = at;
	return last;
}

/** A line about a process: "BEFORE COMM:PID AFTER". */
static bool parse_process(const char *s, struct hwp_event *e)
{
	static const struct {
		const char *before, *after;
		enum hwp_event_kind kind;
	} lines[] = {
		/* "Killing" up to v5.4, which sent SIGBUS as well. */
		{ "Sending SIGBUS to ", " due to", HWP_EVENT_SIGBUS },
		{ "Killing ", " due to", HWP_EVENT_SIGBUS },
		{ "forcibly killing ", " because of", HWP_EVENT_KILLED },
		{ "Cannot send advisory machine check signal to ", "", HWP_EVENT_OTHER },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(lines); i++) {
		size_t n = strlen(lines[i].before);
		const char *name = s + n, *after, *colon;

		if (strncmp(s, lines[i].before, n) != 0)
			continue;
		after = *lines[i].after ? find_last(name, lines[i].after) : name + strlen(name);
		for (colon = after; colon && colon > name && *colon != ':';)
			colon--;
		if (!colon || *colon != ':')
			return false;
		e->kind = lines[i].kind;
		copy(e->comm, sizeof(e->comm), name, (size_t)(colon - name));
		e->pid = (int)strtol(colon + 1, NULL, 10);
		return true;
	}
	return false;
}

/** After "Memory failure: 0xPFN: ", of any spelling. */
static void parse_failure(const char *s, struct hwp_event *e)
{
	if (parse_action(s, e) || parse_process(s, e) || parse_old_action(s, e))
		return;
	if (strstr(s, "already hardware poisoned"))
		e->kind = HWP_EVENT_ALREADY_POISONED;
	else if (strstr(s, "thp split failed"))
		e->kind = HWP_EVENT_SPLIT_FAILED;
	else
		e->kind = HWP_EVENT_OTHER;
}

/** A page that was poisoned before is left as it is; what failed says so, in many ways. */
static void parse_soft_offline(const char *s, struct hwp_event *e)
{
	if (strstr(s, "already poisoned"))
		e->kind = HWP_EVENT_ALREADY_POISONED;
	else if (strstr(s, "failed") || strstr(s, "unknown"))
		copy(e->result, sizeof(e->result), "Failed", 6);
}

/** "at process virtual address 0x…": madvise_inject_error() in mm/madvise.c. */
static uint64_t parse_address(const char *s)
{
	static const char words[] = "at process virtual address ";
	const char *at = strstr(s, words);

	return at ? strtoull(at + sizeof(words) - 1, NULL, 16) : 0;
}

/* Newest kernels spell most of them with capitals; both are accepted. */
static const struct {
	const char *prefix;
	enum hwp_event_kind kind;
} prefixes[] = {
	{ "Memory failure: ", HWP_EVENT_ACTION },
	{ "Memory Failure: ", HWP_EVENT_ACTION },
	/* Up to v4.12. */
	{ "MCE ", HWP_EVENT_ACTION },
	{ "MCE: Software-unpoisoned page ", HWP_EVENT_UNPOISON },
	{ "Kernel panic - not syncing: Memory failure: ", HWP_EVENT_PANIC },
	/* Printed for ACPI's GHES, with another prefix or none. */
	{ "[Hardware Error]: GHES: ", HWP_EVENT_ACTION },
	{ "__get_any_page: ", HWP_EVENT_OTHER },
	{ "Memory failure: buffer overflow when queuing memory failure at ", HWP_EVENT_OTHER },
	{ "Could not invalidate pfn=", HWP_EVENT_OTHER },
	{ "Soft offline: ", HWP_EVENT_SOFT_OFFLINE },
	{ "soft offline: ", HWP_EVENT_SOFT_OFFLINE },
	{ "soft_offline: ", HWP_EVENT_SOFT_OFFLINE },
	{ "soft_offline_page: ", HWP_EVENT_SOFT_OFFLINE },
	{ "Soft offlining pfn ", HWP_EVENT_SOFT_OFFLINE },
	/* drivers/ras/cec.c */
	{ "RAS: Soft-offlining pfn: ", HWP_EVENT_SOFT_OFFLINE },
	{ "Unpoison: Software-unpoisoned page ", HWP_EVENT_UNPOISON },
	{ "Unpoison: Software-unpoisoned free page ", HWP_EVENT_UNPOISON },
	{ "Unpoison: ", HWP_EVENT_UNPOISON },
	{ "Injecting memory failure at pfn ", HWP_EVENT_INJECTED },
	{ "Injecting memory failure for pfn ", HWP_EVENT_INJECTED },
};

/**
 * arch/x86/kernel/cpu/mce/core.c prints the physical address, in bare hex, after
 * whatever prefix the file has.
 */
static bool parse_machine_check(const char *line, struct hwp_event *e)
{
	static const char *const texts[] = {
		"Uncorrected hardware memory error in user-access at ",
		"Kernel accessed poison in user space at ",
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(texts); i++) {
		const char *at = strstr(line, texts[i]);

		if (!at || !isxdigit((unsigned char)at[strlen(texts[i])]))
			continue;
		e->pfn = (strtoull(at + strlen(texts[i]), NULL, 16) & PHYSICAL_MASK) >>
			 HWP_X86_64_PAGE_SHIFT;
		e->kind = HWP_EVENT_MACHINE_CHECK;
		return true;
	}
	return false;
}

/*
 * Lines with the number in other places: also an uncorrected error by EDAC, and the tracepoint,
 * where the trace is in the log.
 */
static const struct {
	/** What the line begins with, what else is in it, and what stands before the number. */
	const char *before, *has, *words;
	enum hwp_event_kind kind;
} number_lines[] = {
	/* With the sysctl vm.memory_failure_recovery 0. */
	{ "Kernel panic - not syncing: Memory failure on page ", "", "failure on page ",
	  HWP_EVENT_PANIC },
	{ "Memory failure: Unable to find user space address ", "", "user space address ",
	  HWP_EVENT_OTHER },
	{ "EDAC MC", " UE ", " page:0x", HWP_EVENT_HARDWARE },
	{ "", "", ": memory_failure_event: pfn 0x", HWP_EVENT_ACTION },
};

static bool parse_number_line(const char *line, struct hwp_event *e)
{
	for (size_t i = 0; i < HWP_ARRAY_SIZE(number_lines); i++) {
		const char *before = number_lines[i].before, *words = number_lines[i].words;
		const char *at = find_last(line, words);
		char *end;

		if (strncmp(line, before, strlen(before)) != 0 ||
		    !strstr(line, number_lines[i].has) || !at ||
		    !isxdigit((unsigned char)at[strlen(words)]))
			continue;
		e->pfn = strtoull(at + strlen(words), &end, 16);
		e->kind = number_lines[i].kind;
		if (e->kind == HWP_EVENT_ACTION)
			parse_failure(end + strspn(end, ": "), e);
		return true;
	}
	return false;
}

/** "0x1234: Sending SIGBUS to …": where ACPI's GHES calls, the prefix of the file is lost. */
static bool parse_bare_line(const char *line, struct hwp_event *e)
{
	return parse_pfn(&line, &e->pfn) && strncmp(line, ": ", 2) == 0 &&
	       parse_process(line + 2, e);
}

/** "Memory failure: 0x1234: …" and the like. */
static bool parse_prefixed_line(const char *line, struct hwp_event *e)
{
	for (size_t i = 0; i < HWP_ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);
		const char *s = line + n;

		if (strncmp(line, prefixes[i].prefix, n) != 0)
			continue;
		if (!parse_pfn(&s, &e->pfn))
			continue;
		e->kind = prefixes[i].kind;
		s += strspn(s, ": ");
		if (e->kind == HWP_EVENT_ACTION)
			parse_failure(s, e);
		if (e->kind == HWP_EVENT_SOFT_OFFLINE)
			parse_soft_offline(s, e);
		/* Only a success unpoisons: "page was already unpoisoned" and others do not. */
		if (e->kind == HWP_EVENT_UNPOISON && *s && !strstr(s, "unpoisoned page"))
			e->kind = HWP_EVENT_OTHER;
		e->virtual_address = parse_address(s);
		return true;
	}
	return false;
}

bool hwp_mfevent_parse(const char *text, size_t len, struct hwp_event *ret)
{
	struct hwp_event e = {
		.pid = -1, .caller_pid = -1, .caller_cpu = -1, .parent_pid = -1, .rasdaemon = -1
	};
	char line[MAX_LINE];

	copy(line, sizeof(line), text, len);
	line[strcspn(line, "\n")] = '\0';
	if (!parse_prefixed_line(line, &e) && !parse_bare_line(line, &e) &&
	    !parse_machine_check(line, &e) && !parse_number_line(line, &e))
		return false;
	copy(e.text, sizeof(e.text), line, strlen(line));
	*ret = e;
	return true;
}

bool hwp_bad_page_state_parse(const char *text, size_t len, uint64_t *pfn_ret)
{
	static const char begin[] = "BUG: Bad page state in process ";
	const char *found = NULL;
	char line[MAX_LINE], *end;
	uint64_t pfn;

	copy(line, sizeof(line), text, len);
	if (strncmp(line, begin, strlen(begin)) != 0)
		return false;
	/* A process may have any name. */
	for (const char *s = line; (s = strstr(s, "  pfn:")); s++)
		found = s + strlen("  pfn:");
	if (!found || !isxdigit((unsigned char)*found))
		return false;
	pfn = strtoull(found, &end, 16);
	if (*end && !isspace((unsigned char)*end))
		return false;
	*pfn_ret = pfn;
	return true;
}
