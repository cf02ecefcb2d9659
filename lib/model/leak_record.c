// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/leak_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TITLE_OF_ALL "hwpoison leaks since boot"
#define TITLE TITLE_OF_ALL " 1"
#define END "end"
/* Words of one line. */
#define MAX_WORDS 7

/** What is left to read, and where. */
struct reader {
	const char *at, *end;
	unsigned int line_number;
	/** The line, and its words. */
	char line[160];
	char *words[MAX_WORDS];
	size_t nr_words;
};

void hwp_leak_record_deinit(struct hwp_leak_record *record)
{
	hwp_vec_deinit(&record->leaks);
}

struct hwp_error *hwp_leak_record_copy(struct hwp_leak_record *to,
				       const struct hwp_leak_record *from)
{
	memcpy(to->boot_id, from->boot_id, sizeof(to->boot_id));
	to->nr_more = from->nr_more;
	to->leaks.nr = 0;
	for (size_t i = 0; i < from->leaks.nr; i++) {
		if (!hwp_vec_push(&to->leaks, from->leaks.data[i]))
			return hwp_error_no_memory();
	}
	return NULL;
}

size_t hwp_leak_record_index(const struct hwp_leak_record *record, uint64_t pfn)
{
	return hwp_vec_lower_bound(&record->leaks, leak, leak->pfn < pfn);
}

const struct hwp_leak *hwp_leak_record_find(const struct hwp_leak_record *record, uint64_t pfn)
{
	size_t i = hwp_leak_record_index(record, pfn);

	return i < record->leaks.nr && record->leaks.data[i].pfn == pfn ? &record->leaks.data[i] :
									  NULL;
}

static struct hwp_error *insert(struct hwp_leak_record *record, size_t index,
				const struct hwp_leak *leak)
{
	if (!hwp_vec_push(&record->leaks, *leak))
		return hwp_error_no_memory();
	for (size_t i = record->leaks.nr - 1; i > index; i--)
		record->leaks.data[i] = record->leaks.data[i - 1];
	record->leaks.data[index] = *leak;
	return NULL;
}

static void join(struct hwp_leak *to, const struct hwp_leak *from)
{
	to->seen_free |= from->seen_free;
	to->seen_in_use |= from->seen_in_use;
	to->seen_dropped |= from->seen_dropped;
	if (from->first_seconds < to->first_seconds)
		to->first_seconds = from->first_seconds;
	if (from->last_seconds > to->last_seconds)
		to->last_seconds = from->last_seconds;
	if (to->pid >= 0 || from->pid < 0)
		return;
	to->pid = from->pid;
	memcpy(to->comm, from->comm, sizeof(to->comm));
}

struct hwp_error *hwp_leak_record_add(struct hwp_leak_record *record, const struct hwp_leak *leak,
				      bool *has_room)
{
	size_t i = hwp_leak_record_index(record, leak->pfn);

	*has_room = true;
	if (i < record->leaks.nr && record->leaks.data[i].pfn == leak->pfn) {
		join(&record->leaks.data[i], leak);
		return NULL;
	}
	*has_room = record->leaks.nr < HWP_MAX_LEAKS;
	return *has_room ? insert(record, i, leak) : NULL;
}

struct hwp_error *hwp_leak_record_merge(struct hwp_leak_record *record,
					const struct hwp_leak_record *from)
{
	uint64_t nr_more = from->nr_more;
	struct hwp_error *err = NULL;
	bool has_room;

	for (size_t i = 0; i < from->leaks.nr && !err; i++) {
		err = hwp_leak_record_add(record, &from->leaks.data[i], &has_room);
		nr_more += !err && !has_room;
	}
	/* Those of both may be the same pages, or others. */
	if (nr_more > record->nr_more)
		record->nr_more = nr_more;
	return err;
}

uint64_t hwp_leak_record_count(const struct hwp_leak_record *record)
{
	return record->leaks.nr + record->nr_more;
}

int64_t hwp_leak_record_first(const struct hwp_leak_record *record)
{
	int64_t first = 0;

	for (size_t i = 0; i < record->leaks.nr; i++) {
		if (!i || record->leaks.data[i].first_seconds < first)
			first = record->leaks.data[i].first_seconds;
	}
	return first;
}

const char *hwp_unix_time(int64_t seconds, char *buf, size_t size)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, size, "%" PRId64 " s", seconds);
	return buf;
}

static struct hwp_error *bad(const struct reader *r, const char *why)
{
	return hwp_error_create(HWP_ERROR_BAD_DATA, "line %u %s", r->line_number, why);
}

/** Cut the next line into words; the last of MAX_WORDS is the rest of the line. */
static struct hwp_error *next_line(struct reader *r)
{
	const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
	char *at = r->line, *space;
	size_t len;

	r->line_number++;
	if (!end)
		return bad(r, "has no end");
	len = (size_t)(end - r->at);
	if (len >= sizeof(r->line) || memchr(r->at, '\0', len))
		return bad(r, "is no line of a record");
	memcpy(r->line, r->at, len);
	r->line[len] = '\0';
	r->at = end + 1;
	for (r->nr_words = 0; r->nr_words < MAX_WORDS; at = space + 1) {
		r->words[r->nr_words++] = at;
		space = r->nr_words < MAX_WORDS ? strchr(at, ' ') : NULL;
		if (!space)
			break;
		*space = '\0';
	}
	return NULL;
}

static bool is_line(const struct reader *r, const char *word, size_t nr_words)
{
	return r->nr_words == nr_words && strcmp(r->words[0], word) == 0;
}

/** A whole number without a sign. */
static bool take_number(const char *word, int base, uint64_t max, uint64_t *ret)
{
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*ret = strtoull(word, &end, base);
	return !errno && !*end && *ret <= max;
}

static bool take_time(const char *word, int64_t *ret)
{
	uint64_t value;

	if (!take_number(word, 10, INT64_MAX, &value))
		return false;
	*ret = (int64_t)value;
	return true;
}

/** "free", "free,used", "dropped" … */
static bool take_what(const char *word, struct hwp_leak *leak)
{
	leak->seen_free = strstr(word, "free") != NULL;
	leak->seen_in_use = strstr(word, "used") != NULL;
	leak->seen_dropped = strstr(word, "dropped") != NULL;
	return leak->seen_free || leak->seen_in_use || leak->seen_dropped;
}

/** "leak PFN WHAT FIRST LAST [PID COMM]". */
static bool take_leak(const struct reader *r, struct hwp_leak *leak)
{
	uint64_t pid = 0;

	leak->pid = -1;
	if (!is_line(r, "leak", MAX_WORDS) && !is_line(r, "leak", MAX_WORDS - 2))
		return false;
	if (!take_number(r->words[1], 16, UINT64_MAX >> 12, &leak->pfn) ||
	    !take_what(r->words[2], leak) || !take_time(r->words[3], &leak->first_seconds) ||
	    !take_time(r->words[4], &leak->last_seconds) ||
	    leak->first_seconds > leak->last_seconds)
		return false;
	if (r->nr_words < MAX_WORDS)
		return true;
	if (!take_number(r->words[5], 10, INT32_MAX, &pid) ||
	    strlen(r->words[6]) >= sizeof(leak->comm))
		return false;
	leak->pid = (int)pid;
	snprintf(leak->comm, sizeof(leak->comm), "%s", r->words[6]);
	return true;
}

static struct hwp_error *take_leaks(struct reader *r, struct hwp_leak_record *ret)
{
	struct hwp_error *err;

	for (;;) {
		struct hwp_leak leak = {};

		err = next_line(r);
		if (err)
			return err;
		if (is_line(r, END, 1))
			return r->at == r->end ? NULL : bad(r, "is not the last one");
		if (!take_leak(r, &leak))
			return bad(r, "is no leak");
		if (ret->leaks.nr >= HWP_MAX_LEAKS ||
		    (ret->leaks.nr && ret->leaks.data[ret->leaks.nr - 1].pfn >= leak.pfn))
			return bad(r, "is one leak too many, or out of order");
		if (!hwp_vec_push(&ret->leaks, leak))
			return hwp_error_no_memory();
	}
}

static struct hwp_error *parse(struct reader *r, struct hwp_leak_record *ret)
{
	struct hwp_error *err;

	if ((size_t)(r->end - r->at) < strlen(TITLE "\n") ||
	    memcmp(r->at, TITLE "\n", strlen(TITLE "\n")) != 0)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "it does not begin with \"%s\"", TITLE);
	r->at += strlen(TITLE "\n");
	r->line_number = 1;
	err = next_line(r);
	if (err)
		return err;
	if (!is_line(r, "boot", 2))
		return bad(r, "names no boot");
	if (strcmp(r->words[1], ret->boot_id) != 0)
		return NULL;
	err = next_line(r);
	if (err)
		return err;
	if (!is_line(r, "more", 2) ||
	    !take_number(r->words[1], 10, UINT64_MAX >> 12, &ret->nr_more))
		return bad(r, "is no number of further leaks");
	return take_leaks(r, ret);
}

struct hwp_error *hwp_leak_record_parse(const char *text, size_t size, struct hwp_leak_record *ret)
{
	struct reader r = { .at = text, .end = text + size };
	struct hwp_error *err = parse(&r, ret);

	if (err) {
		ret->leaks.nr = 0;
		ret->nr_more = 0;
	}
	return err;
}

bool hwp_leak_record_is_ours(const char *text, size_t size)
{
	return !size || (size >= strlen(TITLE_OF_ALL) &&
			 memcmp(text, TITLE_OF_ALL, strlen(TITLE_OF_ALL)) == 0);
}

/** A comm is the process's own choice: what would end a line, or the text, is a '?'. */
static void put_comm(FILE *out, const char *comm)
{
	for (; *comm; comm++)
		putc((unsigned char)*comm < 0x20 || *comm == 0x7f ? '?' : *comm, out);
}

static void put_what(FILE *out, const struct hwp_leak *leak)
{
	const char *separator = "";

	if (leak->seen_free) {
		fputs("free", out);
		separator = ",";
	}
	if (leak->seen_in_use) {
		fprintf(out, "%sused", separator);
		separator = ",";
	}
	if (leak->seen_dropped)
		fprintf(out, "%sdropped", separator);
}

void hwp_leak_record_write(FILE *out, const struct hwp_leak_record *record)
{
	fprintf(out, TITLE "\nboot %s\nmore %" PRIu64 "\n", record->boot_id, record->nr_more);
	for (size_t i = 0; i < record->leaks.nr; i++) {
		const struct hwp_leak *leak = &record->leaks.data[i];

		fprintf(out, "leak 0x%" PRIx64 " ", leak->pfn);
		put_what(out, leak);
		fprintf(out, " %" PRId64 " %" PRId64, leak->first_seconds, leak->last_seconds);
		if (leak->pid >= 0) {
			fprintf(out, " %d ", leak->pid);
			put_comm(out, leak->comm);
		}
		putc('\n', out);
	}
	fputs(END "\n", out);
}
