// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/text_log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "facts/log/events.h"
#include "target/memory/frontdoor.h"

/* Longer lines are cut. */
#define MAX_LINE 4096
#define SECONDS_OF_A_DAY 86400
/** "<6>": the level and the facility, which vmcore-dmesg and dmesg -r print. */
static const char *take_priority(const char *s, struct hwp_stamp *ret)
{
	unsigned int priority;
	int end = 0;

	if (sscanf(s, "<%3u>%n", &priority, &end) == 1 && end) {
		ret->facility = priority >> 3;
		s += end;
	}
	return s;
}

/** "kern  :info  : ", of dmesg -x. */
static const char *take_words(const char *s, struct hwp_stamp *ret)
{
	char facility[9], level[9];
	int end = 0;

	if (sscanf(s, "%8[a-z0-9] :%8[a-z] : %n", facility, level, &end) != 2 || !end)
		if (sscanf(s, "%8[a-z0-9]:%8[a-z] : %n", facility, level, &end) != 2 || !end)
			return s;
	ret->facility = strcmp(facility, "kern") == 0 ? 0 : 1;
	return s + end;
}

/** Digits after a point, as nanoseconds. */
static uint64_t fraction(const char *digits, size_t len)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < 9; i++)
		ns = ns * 10 + (i < len ? (uint64_t)(digits[i] - '0') : 0);
	return ns;
}

/** "[   12.345678] ", with CONFIG_PRINTK_CALLER "[   12.345678][    T1] ". */
static const char *take_boot_time(const char *s, struct hwp_stamp *ret)
{
	const char *digits = s + 1 + strspn(s + 1, " ");
	unsigned int id;
	char *end, kind[2];
	uint64_t seconds;
	int after = 0;
	size_t n;

	if (*s != '[' || !isdigit((unsigned char)*digits))
		return s;
	errno = 0;
	seconds = strtoull(digits, &end, 10);
	n = *end == '.' ? strspn(end + 1, "0123456789") : 0;
	if (errno || !n || end[1 + n] != ']' || seconds > UINT32_MAX)
		return s;
	ret->has_boot_ns = true;
	ret->boot_ns = seconds * HWP_NS_PER_SECOND + fraction(end + 1, n);
	s = end + n + 2;
	if (sscanf(s, "[ %1[TC]%u]%n", kind, &id, &after) == 2 && after) {
		ret->has_caller = true;
		ret->caller_id = kind[0] == 'C' ? id | HWP_CALLER_IS_CPU : id;
		s += after;
	}
	return *s == ' ' ? s + 1 : s;
}

static void set_wall(struct hwp_stamp *ret, struct tm *tm, uint64_t ns)
{
	long offset = tm->tm_gmtoff;

	ret->has_wall = true;
	ret->wall_ns = ((int64_t)timegm(tm) - offset) * (int64_t)HWP_NS_PER_SECOND + (int64_t)ns;
}

/** "[Tue Nov 25 15:59:02 2026] ", of dmesg -T: of a zone that it does not name. */
static const char *take_dmesg_date(const char *s, struct hwp_stamp *ret)
{
	struct tm tm = {};
	const char *end = *s == '[' ? strptime(s + 1, "%a %b %d %H:%M:%S %Y]", &tm) : NULL;

	if (!end)
		return s;
	tm.tm_gmtoff = 0;
	set_wall(ret, &tm, 0);
	return *end == ' ' ? end + 1 : end;
}

/** "2026-11-25T15:59:02.123456+01:00 ", of journalctl and of rsyslog. */
static const char *take_iso_date(const char *s, struct hwp_stamp *ret)
{
	struct tm tm = {};
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ns = 0;

	if (!end)
		return s;
	if (*end == '.' || *end == ',') {
		size_t n = strspn(end + 1, "0123456789");

		ns = fraction(end + 1, n);
		end += 1 + n;
	}
	tm.tm_gmtoff = 0;
	if (*end == '+' || *end == '-' || *end == 'Z') {
		end = strptime(end, "%z", &tm);
		ret->has_zone = true;
	}
	if (!end || *end != ' ')
		return s;
	set_wall(ret, &tm, ns);
	return end + 1;
}

/** "Nov 25 15:59:02 ": no zone, and no year. */
static const char *take_syslog_date(const char *s, int64_t now, struct hwp_stamp *ret)
{
	struct tm tm = {}, last = {};
	const char *end = strptime(s, "%b %d %H:%M:%S", &tm);
	time_t time = (time_t)now;
	uint64_t ns = 0;

	if (!end || !gmtime_r(&time, &last))
		return s;
	if (*end == '.') {
		size_t n = strspn(end + 1, "0123456789");

		ns = fraction(end + 1, n);
		end += 1 + n;
	}
	if (*end != ' ')
		return s;
	tm.tm_year = last.tm_year;
	tm.tm_gmtoff = 0;
	set_wall(ret, &tm, ns);
	if (ret->wall_ns / (int64_t)HWP_NS_PER_SECOND > now + SECONDS_OF_A_DAY) {
		tm.tm_year--;
		tm.tm_gmtoff = 0;
		set_wall(ret, &tm, ns);
	}
	return end + 1;
}

/** "host kernel: ", which only lines of the kernel have. */
static const char *take_tag(const char *s)
{
	static const char tag[] = "kernel: ";
	const char *word = s + strcspn(s, " ");

	if (strncmp(s, tag, sizeof(tag) - 1) == 0)
		return s + sizeof(tag) - 1;
	if (*word == ' ' && strncmp(word + 1, tag, sizeof(tag) - 1) == 0)
		return word + sizeof(tag);
	return NULL;
}

bool hwp_stamp_parse(const char *line, int64_t now, struct hwp_stamp *ret)
{
	const char *s = line, *tagged;

	*ret = (struct hwp_stamp){ .text = line };
	s = take_words(take_priority(s, ret), ret);
	ret->text = take_boot_time(s, ret);
	if (ret->text == s)
		ret->text = take_dmesg_date(s, ret);
	if (ret->text == s)
		ret->text = take_iso_date(s, ret);
	if (ret->text == s)
		ret->text = take_syslog_date(s, now, ret);
	if (ret->text == s)
		return false;
	tagged = take_tag(ret->text);
	/* journalctl -o short-monotonic has its tag after the kernel's own stamp. */
	if (*s != '[' && !tagged)
		return false;
	ret->text = tagged ? take_boot_time(tagged, ret) : ret->text;
	return true;
}

struct text_log {
	struct hwp_findings *findings;
	struct hwp_event_reading reading;
	int64_t now;
	/** The date for which time 0 stands: the boot's, or the first line's. */
	bool has_base, has_zone;
	int64_t base_ns;
	uint64_t nr_lines, nr_boots;
	bool has_beginning;
};

static bool begins_boot(const char *text)
{
	return strncmp(text, "Linux version ", strlen("Linux version ")) == 0;
}

/** The time of the line in the findings: one clock, whatever the boots. */
static uint64_t time_of(struct text_log *log, const struct hwp_stamp *stamp)
{
	if (!stamp->has_wall)
		return stamp->boot_ns;
	if (!log->has_base) {
		log->has_base = true;
		log->has_zone = stamp->has_zone;
		log->base_ns = stamp->wall_ns - (int64_t)(stamp->has_boot_ns ? stamp->boot_ns : 0);
	}
	return stamp->wall_ns > log->base_ns ? (uint64_t)(stamp->wall_ns - log->base_ns) : 0;
}

static struct hwp_error *take_line(struct text_log *log, const char *line)
{
	struct hwp_klog_record record = { .seq = log->nr_lines };
	struct hwp_stamp stamp;

	if (!hwp_stamp_parse(line, log->now, &stamp))
		return NULL;
	if (begins_boot(stamp.text)) {
		log->has_beginning |= !log->nr_lines;
		/* What comes now has another clock. */
		log->reading.last_ns = 0;
		log->nr_boots++;
	}
	record.time_ns = time_of(log, &stamp);
	if (!log->nr_lines++)
		log->findings->log.first_ns = record.time_ns;
	record.facility = stamp.facility;
	record.has_caller = stamp.has_caller;
	record.caller_id = stamp.caller_id;
	record.text = stamp.text;
	record.len = strlen(stamp.text);
	return hwp_events_take(&log->reading, &record);
}

static struct hwp_error *take_lines(struct text_log *log, FILE *file)
{
	struct hwp_error *err = NULL;
	char line[MAX_LINE];
	bool goes_on = false;

	while (!err && fgets(line, sizeof(line), file)) {
		size_t len = strcspn(line, "\n");
		bool is_rest = goes_on;

		goes_on = line[len] != '\n';
		line[len] = '\0';
		if (!is_rest)
			err = take_line(log, line);
	}
	if (!err && ferror(file))
		err = hwp_error_os(errno, "cannot read it");
	return err;
}

static void describe(struct text_log *log)
{
	struct hwp_findings *f = log->findings;

	f->log.state = log->has_beginning ? HWP_LOG_COMPLETE : HWP_LOG_WRAPPED;
	hwp_events_finish(&log->reading);
	if (!log->has_base || !log->has_zone)
		return;
	f->machine.has_clock = true;
	f->machine.log_start_unix_ns = log->base_ns;
}

struct hwp_error *hwp_text_log_read(const char *path, struct hwp_findings *f)
{
	struct text_log log = { .findings = f,
				.reading = { .findings = f, .rule = hwp_usual_addresses } };
	_cleanup_fclose_ FILE *file = NULL;
	struct hwp_error *err = hwp_open_regular(path, &file);
	struct stat st;

	f->crash.cpu = f->crash.pid = -1;
	f->machine.panic_cpu = -1;
	if (!err && fstat(fileno(file), &st) != 0)
		err = hwp_error_os(errno, "cannot read it");
	if (!err) {
		log.now = st.st_mtime;
		err = take_lines(&log, file);
	}
	if (!err && !log.nr_lines)
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "no line of it is one of a kernel log, with a time");
	if (err)
		return hwp_error_prefix(err, "%s", path);
	describe(&log);
	return NULL;
}
