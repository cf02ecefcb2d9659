// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

/* A line that is made to match in too many ways is no line of the kernel. */
#define MAX_TRIES 4096

enum field_kind { PREFIXED, HEX, DECIMAL, TEXT, WORDS, SPACES, RECORD };

struct field {
	const char *name;
	size_t name_len;
	enum field_kind kind;
	/** In struct hwp_fields; of numbers the value and whether it is there. */
	size_t where, where_found;
	/** One of these, up to NULL; a text may be part of no other that comes after it. */
	const char *const *words;
};

#define NOWHERE SIZE_MAX
#define AT(member) offsetof(struct hwp_fields, member)

/* mm/memory-failure.c: v4.13 to v7.3; 5.9 to 5.15 of some of its lines; to v4.12. */
static const char *const memory_failure[] = { "Memory failure: ", "Memory Failure: ", "MCE ",
					      NULL };
static const char *const soft_offline[] = { "Soft offline: ", "soft offline: ", "soft_offline: ",
					    "soft_offline_page: ", NULL };
static const char *const unpoison[] = { "Unpoison: ", "MCE: ", NULL };
/* arch/x86/kernel/cpu/mce/core.c: the prefix followed the name of the file. */
static const char *const hardware[] = { "mce: [Hardware Error]: ", "core: [Hardware Error]: ",
					"[Hardware Error]: ", NULL };
static const char *const mce[] = { "mce: ", "core: ", "MCE: ", "", NULL };
static const char *const panic[] = { "Kernel panic - not syncing: ", "Kernel panic: ", NULL };

#define FIELD(name, kind, where, where_found, words)                    \
	{                                                               \
		name, sizeof(name) - 1, kind, where, where_found, words \
	}

/* What most patterns begin with stands first. */
static const struct field fields[] = {
	FIELD("memory failure", WORDS, NOWHERE, NOWHERE, memory_failure),
	FIELD("soft offline", WORDS, NOWHERE, NOWHERE, soft_offline),
	FIELD("unpoison", WORDS, NOWHERE, NOWHERE, unpoison),
	FIELD("hardware", WORDS, NOWHERE, NOWHERE, hardware),
	FIELD("mce", WORDS, NOWHERE, NOWHERE, mce),
	FIELD("panic", WORDS, NOWHERE, NOWHERE, panic),
	FIELD("pfn", PREFIXED, AT(pfn), AT(has_pfn), NULL),
	FIELD("page", HEX, AT(pfn), AT(has_pfn), NULL),
	FIELD("address", HEX, AT(address), AT(has_address), NULL),
	FIELD("virtual", HEX, AT(virtual_address), AT(has_virtual), NULL),
	FIELD("offset", HEX, AT(offset), NOWHERE, NULL),
	FIELD("status", HEX, AT(status), NOWHERE, NULL),
	FIELD("misc", HEX, AT(misc), NOWHERE, NULL),
	FIELD("ipid", HEX, AT(ipid), NOWHERE, NULL),
	FIELD("hex", HEX, NOWHERE, NOWHERE, NULL),
	FIELD("pid", DECIMAL, AT(pid), AT(has_pid), NULL),
	FIELD("bank", DECIMAL, AT(bank), NOWHERE, NULL),
	FIELD("cpu", DECIMAL, AT(cpu), NOWHERE, NULL),
	FIELD("number", DECIMAL, NOWHERE, NOWHERE, NULL),
	FIELD("type", TEXT, AT(type), NOWHERE, NULL),
	FIELD("result", TEXT, AT(result), NOWHERE, NULL),
	FIELD("comm", TEXT, AT(comm), NOWHERE, NULL),
	FIELD("label", TEXT, AT(label), NOWHERE, NULL),
	FIELD("any", TEXT, NOWHERE, NOWHERE, NULL),
	FIELD(" ", SPACES, NOWHERE, NOWHERE, NULL),
	FIELD("record", RECORD, AT(record), NOWHERE, NULL),
};

struct matching {
	struct hwp_fields *fields;
	unsigned int nr_tries;
};

static bool match(struct matching *m, const char *pattern, const char *s);

/** The field that begins at @p pattern; *@p rest is what follows it. NULL: there is none. */
static const struct field *field_at(const char *pattern, const char **rest)
{
	const char *end = strchr(pattern, '}');
	size_t len = end ? (size_t)(end - pattern - 1) : 0;

	for (size_t i = 0; end && i < HWP_ARRAY_SIZE(fields); i++) {
		if (fields[i].name_len == len && memcmp(fields[i].name, pattern + 1, len) == 0) {
			*rest = end + 1;
			return &fields[i];
		}
	}
	return NULL;
}

static void *member(struct matching *m, size_t where)
{
	return (char *)m->fields + where;
}

static bool match_number(struct matching *m, const struct field *f, const char *rest, const char *s)
{
	bool is_hex = f->kind != DECIMAL, has_prefix = is_hex && strncmp(s, "0x", 2) == 0;
	const char *digits = has_prefix ? s + 2 : s;
	uint64_t value;
	char *end;

	if (f->kind == PREFIXED && !has_prefix)
		return false;
	if (is_hex ? !isxdigit((unsigned char)*digits) : !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	value = strtoull(digits, &end, is_hex ? 16 : 10);
	if (errno || !match(m, rest, end))
		return false;
	if (f->where != NOWHERE)
		*(uint64_t *)member(m, f->where) = value;
	if (f->where_found != NOWHERE)
		*(bool *)member(m, f->where_found) = true;
	return true;
}

/** To the last place where the rest matches. */
static bool match_text(struct matching *m, const struct field *f, const char *rest, const char *s)
{
	for (const char *end = s + strlen(s); end >= s; end--) {
		/* What follows is a literal in most patterns. */
		if (*rest && *rest != '{' && *rest != *end)
			continue;
		if (!match(m, rest, end))
			continue;
		if (f->where != NOWHERE)
			*(struct hwp_span *)member(
				m, f->where) = (struct hwp_span){ s, (size_t)(end - s) };
		return true;
	}
	return false;
}

static bool match_words(struct matching *m, const struct field *f, const char *rest, const char *s)
{
	for (size_t i = 0; f->words[i]; i++) {
		const char *word = f->words[i];
		size_t len = 0;

		while (word[len] && word[len] == s[len])
			len++;
		if (!word[len] && match(m, rest, s + len))
			return true;
	}
	return false;
}

/** "{12}" */
static bool match_record(struct matching *m, const struct field *f, const char *rest, const char *s)
{
	unsigned long number;
	char *end;

	if (*s != '{' || !isdigit((unsigned char)s[1]))
		return false;
	number = strtoul(s + 1, &end, 10);
	if (*end != '}' || !match(m, rest, end + 1))
		return false;
	*(uint64_t *)member(m, f->where) = (uint64_t)number + 1;
	return true;
}

static bool match_field(struct matching *m, const struct field *f, const char *rest, const char *s)
{
	switch (f->kind) {
	case PREFIXED:
	case HEX:
	case DECIMAL:
		return match_number(m, f, rest, s);
	case TEXT:
		return match_text(m, f, rest, s);
	case WORDS:
		return match_words(m, f, rest, s);
	case SPACES:
		return match(m, rest, s + strspn(s, " \t"));
	case RECORD:
		return match_record(m, f, rest, s);
	}
	return false;
}

/** Fields are filled in behind the end of the pattern, when all of it has matched. */
static bool match(struct matching *m, const char *pattern, const char *s)
{
	const struct field *f;
	const char *rest;

	if (m->nr_tries++ >= MAX_TRIES)
		return false;
	for (; *pattern; pattern++, s++) {
		f = *pattern == '{' ? field_at(pattern, &rest) : NULL;
		if (f)
			return match_field(m, f, rest, s);
		if (*pattern != *s)
			return false;
	}
	*m->fields = (struct hwp_fields){};
	return true;
}

bool hwp_pattern_match(const char *pattern, const char *line, struct hwp_fields *ret)
{
	struct matching m = { .fields = ret };

	/* So it is with most patterns and lines. */
	if (*pattern != '{' && *pattern != *line)
		return false;
	return match(&m, pattern, line);
}
