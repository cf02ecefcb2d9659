// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/mfevent.h"

#include <ctype.h>
#include <string.h>
#include <stdio.h>

#include "base/bits.h"
#include "target/memory/pagetable.h"

/* A copy of the line, so that it ends in NUL. */
#define MAX_LINE 256

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

/** "Sending SIGBUS to COMM:PID due to hardware memory corruption"; "Killing COMM:PID …" before. */
static bool parse_sigbus(const char *s, struct hwp_event *e)
{
	static const char *const prefixes[] = { "Sending SIGBUS to ", "Killing " };
	const char *due = NULL, *colon;
	size_t i = 0;

	while (i < HWP_ARRAY_SIZE(prefixes) && strncmp(s, prefixes[i], strlen(prefixes[i])) != 0)
		i++;
	if (i == HWP_ARRAY_SIZE(prefixes))
		return false;
	s += strlen(prefixes[i]);
	/* The last one: a process may be called anything. */
	for (const char *at = strstr(s, " due to"); at; at = strstr(at + 1, " due to"))
		due = at;
	if (!due)
		return false;
	for (colon = due; colon > s && *colon != ':';)
		colon--;
	if (*colon != ':')
		return false;
	e->kind = HWP_EVENT_SIGBUS;
	copy(e->comm, sizeof(e->comm), s, (size_t)(colon - s));
	e->pid = (int)strtol(colon + 1, NULL, 10);
	return true;
}

/** After "Memory failure: 0xPFN: ", of any spelling. */
static void parse_failure(const char *s, struct hwp_event *e)
{
	if (parse_action(s, e) || parse_sigbus(s, e))
		return;
	if (strstr(s, "already hardware poisoned"))
		e->kind = HWP_EVENT_ALREADY_POISONED;
	else if (strstr(s, "thp split failed"))
		e->kind = HWP_EVENT_SPLIT_FAILED;
	else
		e->kind = HWP_EVENT_OTHER;
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
	{ "Kernel panic - not syncing: Memory failure: ", HWP_EVENT_ACTION },
	{ "Memory failure: buffer overflow when queuing memory failure at ", HWP_EVENT_OTHER },
	{ "Could not invalidate pfn=", HWP_EVENT_OTHER },
	{ "Soft offline: ", HWP_EVENT_SOFT_OFFLINE },
	{ "soft offline: ", HWP_EVENT_SOFT_OFFLINE },
	{ "soft_offline: ", HWP_EVENT_SOFT_OFFLINE },
	{ "soft_offline_page: ", HWP_EVENT_SOFT_OFFLINE },
	{ "Soft offlining pfn ", HWP_EVENT_SOFT_OFFLINE },
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
		e->pfn = strtoull(at + strlen(texts[i]), NULL, 16) >> HWP_X86_64_PAGE_SHIFT;
		e->kind = HWP_EVENT_MACHINE_CHECK;
		copy(e->text, sizeof(e->text), line, strlen(line));
		return true;
	}
	return false;
}

bool hwp_mfevent_parse(const char *text, size_t len, struct hwp_event *ret)
{
	struct hwp_event e = { .pid = -1, .caller_pid = -1, .caller_cpu = -1, .rasdaemon = -1 };
	char line[MAX_LINE];
	const char *s;

	copy(line, sizeof(line), text, len);
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < HWP_ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(line, prefixes[i].prefix, n) != 0)
			continue;
		s = line + n;
		if (!parse_pfn(&s, &e.pfn))
			continue;
		e.kind = prefixes[i].kind;
		s += strspn(s, ": ");
		if (e.kind == HWP_EVENT_ACTION)
			parse_failure(s, &e);
		/* Nothing was done to a page that was poisoned before. */
		if (e.kind == HWP_EVENT_SOFT_OFFLINE && strstr(s, "already poisoned"))
			e.kind = HWP_EVENT_ALREADY_POISONED;
		/* Only a success unpoisons: "page was already unpoisoned" and others do not. */
		if (e.kind == HWP_EVENT_UNPOISON && *s && !strstr(s, "unpoisoned page"))
			e.kind = HWP_EVENT_OTHER;
		e.virtual_address = parse_address(s);
		copy(e.text, sizeof(e.text), line, strlen(line));
		*ret = e;
		return true;
	}
	if (!parse_machine_check(line, &e))
		return false;
	*ret = e;
	return true;
}
