// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/mfevent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "facts/log/formats.h"
#include "facts/log/pattern.h"
#include "model/machine_check.h"

/* A copy of the line, so that it ends in NUL. */
#define MAX_LINE 1024

/*
 * Without 5-level page tables no more bits of a physical address are used. Above them machine
 * checks may have a key of memory encryption (TDX, MKTME, SME).
 */
const struct hwp_address_rule hwp_usual_addresses = {
	.page_shift = 12,
	.physical_mask = (UINT64_C(1) << 46) - 1,
};

struct hwp_address_rule hwp_addresses_of(const char *machine, unsigned int page_shift)
{
	struct hwp_address_rule rule = hwp_usual_addresses;

	if (page_shift)
		rule.page_shift = page_shift;
	if (strcmp(machine, "aarch64") == 0)
		rule.physical_mask = (UINT64_C(1) << 52) - 1;
	return rule;
}

static void copy(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

static void copy_span(char *to, size_t size, struct hwp_span from)
{
	copy(to, size, from.text ? from.text : "", from.len);
}

/** The page that the line names. */
static void take_page(struct hwp_event *e, const struct hwp_fields *fields,
		      const struct hwp_address_rule *rule)
{
	if (fields->has_address && hwp_bank_has_physical(fields->misc, fields->ipid)) {
		e->has_pfn = true;
		e->pfn = (fields->address & rule->physical_mask) >> rule->page_shift;
	} else if (fields->has_pfn) {
		e->has_pfn = true;
		e->pfn = fields->pfn;
	}
	/* EDAC's "page:0x0 offset:0x0" is an error whose address the driver does not know. */
	if ((e->kind == HWP_EVENT_HARDWARE || e->kind == HWP_EVENT_CORRECTED) && !e->pfn &&
	    !fields->offset)
		e->has_pfn = false;
}

/** Drivers that know no name say so in its place. */
static bool is_name(const char *label)
{
	static const char *const none[] = { "unknown memory", "unknown label", "any memory",
					    "unknown", "" };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(none); i++) {
		if (strcmp(label, none[i]) == 0)
			return false;
	}
	return true;
}

static void take_fields(struct hwp_event *e, const char *result, const struct hwp_fields *fields)
{
	struct hwp_span label = fields->label;

	while (label.len && label.text[label.len - 1] == ' ')
		label.len--;
	copy_span(e->label, sizeof(e->label), label);
	if (!is_name(e->label))
		e->label[0] = '\0';
	copy_span(e->page_type, sizeof(e->page_type), fields->type);
	copy_span(e->comm, sizeof(e->comm), fields->comm);
	if (fields->result.text)
		copy(e->result, sizeof(e->result), fields->result.text,
		     strcspn(fields->result.text, " "));
	else if (result)
		copy(e->result, sizeof(e->result), result, strlen(result));
	if (fields->has_pid && fields->pid <= INT32_MAX)
		e->pid = (int)fields->pid;
	e->virtual_address = fields->virtual_address;
	e->status = fields->status;
	e->record = (uint32_t)fields->record;
}

bool hwp_mfevent_parse(const char *text, size_t len, const struct hwp_address_rule *rule,
		       struct hwp_event *ret)
{
	struct hwp_event e = {
		.pid = -1, .caller_pid = -1, .caller_cpu = -1, .parent_pid = -1, .rasdaemon = -1
	};
	size_t nr;
	const struct hwp_format *formats = hwp_formats(&nr);
	struct hwp_fields fields;
	char line[MAX_LINE];

	copy(line, sizeof(line), text, len);
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < nr; i++) {
		if (!hwp_pattern_match(formats[i].pattern, line, &fields))
			continue;
		e.kind = formats[i].kind;
		take_page(&e, &fields, rule);
		take_fields(&e, formats[i].result, &fields);
		copy(e.text, sizeof(e.text), line, strlen(line));
		*ret = e;
		return true;
	}
	return false;
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
