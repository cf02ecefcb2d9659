// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/machine.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Documentation/admin-guide/tainted-kernels.rst; up to 6.12 there is no J. */
static const char taint_letters[] = "PFSRMBUDAWCIOELKXTNJ";

const char *hwp_utc(int64_t unix_seconds, char *buf)
{
	time_t time = (time_t)unix_seconds;
	struct tm tm = {};

	if (!gmtime_r(&time, &tm) || !strftime(buf, HWP_UTC_SIZE, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buf, HWP_UTC_SIZE, "%" PRId64 " s", unix_seconds);
	return buf;
}

bool hwp_wall_clock(const struct hwp_findings *f, uint64_t log_ns, int64_t *ret)
{
	const struct hwp_machine_facts *m = &f->machine;

	if (!m->has_clock || log_ns > INT64_MAX / 2 || m->log_start_unix_ns > INT64_MAX / 2)
		return false;
	*ret = (m->log_start_unix_ns + (int64_t)log_ns) / (int64_t)HWP_NS_PER_SECOND;
	return true;
}

static uint64_t memory_bytes(const struct hwp_findings *f)
{
	uint64_t nr_pages = 0;

	for (size_t i = 0; i < f->zones.nr; i++)
		nr_pages += f->zones.data[i].present_pages;
	return nr_pages << f->page_shift;
}

static const char *taint_words(const struct hwp_findings *f, char *buf, size_t size)
{
	size_t nr = 0;

	for (size_t i = 0; taint_letters[i] && nr + 1 < size; i++) {
		if (f->machine.taint >> i & 1)
			buf[nr++] = taint_letters[i];
	}
	buf[nr] = '\0';
	return buf;
}

static bool is_tainted_by_machine_check(const struct hwp_findings *f)
{
	return f->machine.has_taint && f->machine.taint >> 4 & 1;
}

static void put_host(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_machine_facts *m = &f->machine;
	uint64_t tenths = memory_bytes(f) / (UINT64_C(1) << 20) * 10 / 1024;
	char cpus[32] = "";

	if (m->nr_cpus)
		snprintf(cpus, sizeof(cpus), ", %u CPU%s online", m->nr_cpus,
			 hwp_plural(m->nr_cpus));
	hwp_text_field(text, "Host", "%s%s%s%s%s, %" PRIu64 ".%" PRIu64 " GiB of memory",
		       *m->host ? m->host : "unknown", *m->arch ? " (" : "", m->arch,
		       *m->arch ? ")" : "", cpus, tenths / 10, tenths % 10);
}

void hwp_text_machine(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_machine_facts *m = &f->machine;
	char when[HWP_UTC_SIZE], letters[sizeof(taint_letters)];
	uint64_t up = m->uptime_seconds;

	if (*m->host || m->nr_cpus)
		put_host(text, f);
	if (*m->version)
		hwp_text_field(text, "Build", "%s", m->version);
	if (m->has_clock && m->unix_seconds)
		hwp_text_field(text, "Time",
			       "%s UTC, up %" PRIu64 " d %" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
			       hwp_utc(m->unix_seconds, when), up / 86400, up / 3600 % 24,
			       up / 60 % 60, up % 60);
	if (m->has_taint && m->taint)
		hwp_text_field(text, "Tainted", "%s%s", taint_words(f, letters, sizeof(letters)),
			       is_tainted_by_machine_check(f) ? ": M is for a machine check" : "");
}

void hwp_report_json_identity(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_machine_facts *m = &f->machine;
	char letters[sizeof(taint_letters)];

	hwp_json_row_object(json, "identity");
	hwp_json_word(json, "host", m->host);
	hwp_json_word(json, "arch", m->arch);
	hwp_json_word(json, "build", m->version);
	hwp_json_word(json, "boot_id", m->boot_id);
	hwp_json_known(json, "time", m->has_clock && m->unix_seconds, m->unix_seconds);
	hwp_json_known(json, "uptime_seconds", m->has_clock && m->unix_seconds,
		       (int64_t)m->uptime_seconds);
	hwp_json_u64(json, "page_size", UINT64_C(1) << f->page_shift);
	hwp_json_u64(json, "memory_bytes", memory_bytes(f));
	hwp_json_known(json, "cpus_online", m->nr_cpus > 0, m->nr_cpus);
	hwp_json_string(json, "taint",
			m->has_taint ? taint_words(f, letters, sizeof(letters)) : NULL);
	hwp_json_end(json);
}
