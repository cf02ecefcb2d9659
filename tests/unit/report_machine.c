// SPDX-License-Identifier: GPL-2.0-or-later
/** What a report says of the machine: host, build, time, taint; and the modules of its bad pages. */
#include "findings_synth.h"

#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>

#include "base/clock.h"
#include "report/machine.h"
#include "report/report.h"

/* 2026-11-24 12:00:12 UTC */
#define NOON INT64_C(1795521612)

static struct hwp_findings *machine(void)
{
	struct hwp_findings *f = clean_findings();

	f->path = strdup("vmcore");
	f->machine = (struct hwp_machine_facts){
		.host = "db7",
		.arch = "x86_64",
		.version = "#1 SMP Debian 7.3.4-1",
		.boot_id = "0102-03",
		.has_clock = true,
		.unix_seconds = NOON,
		.log_start_unix_ns = (NOON - 93784) * (int64_t)HWP_NS_PER_SECOND,
		.uptime_seconds = 93784,
		.nr_cpus = 2,
		.has_taint = true,
		.taint = 1 << 4 | 1 << 9,
		.panic_cpu = -1,
	};
	return f;
}

/** What @p print prints of @p f; free() it. */
static char *printed(const struct hwp_findings *f, bool as_json)
{
	const struct hwp_report_style style = { .width = 100 };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(as_json ? hwp_report_json(out, f) : hwp_report_check(out, f, &style));
	fclose(out);
	return text;
}

static void expect(const struct hwp_findings *f, const char *lines)
{
	char *text = printed(f, false);
	const char *at = strstr(text, lines);

	if (!at || (at > text && at[-1] != '\n'))
		fail_msg("no lines\n%s\nin\n%s", lines, text);
	free(text);
}

static void expect_none(const struct hwp_findings *f, const char *words)
{
	char *text = printed(f, false);

	if (strstr(text, words))
		fail_msg("'%s' is in\n%s", words, text);
	free(text);
}

/** The member of the report's @p key; its report is put into @p document. */
static struct json_object *part(const struct hwp_findings *f, const char *key,
				struct json_object **document)
{
	char *text = printed(f, true);
	struct json_object *found;

	*document = json_tokener_parse(text);
	free(text);
	assert_non_null(*document);
	assert_true(json_object_object_get_ex(*document, key, &found));
	return found;
}

static const char *word(struct json_object *object, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	return json_object_get_string(value);
}

static void whole(void **state)
{
	struct hwp_findings *f = machine();

	(void)state;
	expect(f, "Host      db7 (x86_64), 2 CPUs online, 1.0 GiB of memory\n"
		  "Build     #1 SMP Debian 7.3.4-1\n"
		  "Time      2026-11-24 12:00:12 UTC, up 1 d 2:03:04\n"
		  "Tainted   MW: M is for a machine check\n");
	hwp_findings_destroy(f);
}

/* What is not known is left out, and nothing stands in its place. */
static void partly(void **state)
{
	struct hwp_findings *f = machine();

	(void)state;
	f->machine.host[0] = f->machine.arch[0] = f->machine.version[0] = '\0';
	f->machine.nr_cpus = 1;
	f->machine.has_clock = false;
	f->machine.taint = 1 << 9;
	expect(f, "Host      unknown, 1 CPU online, 1.0 GiB of memory\nTainted   W\n");
	expect_none(f, "Build ");
	expect_none(f, "Time ");
	f->machine.nr_cpus = 0;
	f->machine.taint = 0;
	expect_none(f, "Host ");
	expect_none(f, "Tainted ");
	hwp_findings_destroy(f);
}

static void as_json(void **state)
{
	struct hwp_findings *f = machine();
	struct json_object *document, *identity = part(f, "identity", &document);

	(void)state;
	assert_string_equal(word(identity, "host"), "db7");
	assert_string_equal(word(identity, "boot_id"), "0102-03");
	assert_string_equal(word(identity, "time"), "1795521612");
	assert_string_equal(word(identity, "uptime_seconds"), "93784");
	assert_string_equal(word(identity, "memory_bytes"), "1073741824");
	assert_string_equal(word(identity, "page_size"), "4096");
	assert_string_equal(word(identity, "cpus_online"), "2");
	assert_string_equal(word(identity, "taint"), "MW");
	json_object_put(document);
	f->machine = (struct hwp_machine_facts){ .panic_cpu = -1 };
	identity = part(f, "identity", &document);
	assert_null(word(identity, "host"));
	assert_null(word(identity, "boot_id"));
	assert_null(word(identity, "time"));
	assert_null(word(identity, "uptime_seconds"));
	assert_null(word(identity, "cpus_online"));
	assert_null(word(identity, "taint"));
	json_object_put(document);
	hwp_findings_destroy(f);
}

static void name(struct hwp_findings *f, uint64_t pfn, const char *module,
		 enum hwp_module_source source)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(pfn));

	p->state = HWP_STATE_ISOLATED;
	snprintf(p->module, sizeof(p->module), "%s", module);
	p->module_source = source;
}

static void modules(void **state)
{
	struct hwp_findings *f = machine();
	struct json_object *document, *pages, *module;

	(void)state;
	name(f, 0x1000, "CPU_SrcID#0_DIMM#0", HWP_MODULE_LOG);
	name(f, 0x2000, "DIMM_B1", HWP_MODULE_RASDAEMON);
	name(f, 0x3000, "DIMM_C1, bank 2", HWP_MODULE_SMBIOS);
	name(f, 0x4000, "", HWP_MODULE_LOG);
	expect(f, "Memory modules\n"
		  "0x1000000  CPU_SrcID#0_DIMM#0\n"
		  "         named by a line of the log\n"
		  "0x2000000  DIMM_B1\n"
		  "         named by rasdaemon\n"
		  "0x3000000  DIMM_C1, bank 2\n"
		  "         named by the machine's SMBIOS tables, by this address\n"
		  "No name for 1 page: on the machine, run 'ras-mc-ctl --layout', or "
		  "'dmidecode -t 17,20' to");
	pages = part(f, "poisoned", &document);
	for (size_t i = 0; i < 3; i++) {
		static const char *const sources[] = { "log", "rasdaemon", "smbios" };

		assert_true(json_object_object_get_ex(json_object_array_get_idx(pages, i), "module",
						      &module));
		assert_string_equal(word(module, "name"), f->poisoned.data[i].module);
		assert_string_equal(word(module, "source"), sources[i]);
	}
	assert_null(word(json_object_array_get_idx(pages, 3), "module"));
	json_object_put(document);
	hwp_findings_destroy(f);
}

/* Each has a name; or there are too many for a report. */
static void many_modules(void **state)
{
	struct hwp_findings *f = machine();

	(void)state;
	for (uint64_t i = 0; i < 12; i++)
		name(f, 0x1000 + i, "DIMM_A1", HWP_MODULE_LOG);
	expect_none(f, "No name for");
	expect_none(f, "has the rest");
	name(f, 0x2000, "DIMM_A1", HWP_MODULE_LOG);
	expect(f, "'hwpoison list --json' has the rest.\n");
	expect_none(f, "0x2000000  DIMM_A1");
	hwp_findings_destroy(f);
}

static void wall_clock(void **state)
{
	struct hwp_findings *f = machine();
	char buf[HWP_UTC_SIZE];
	int64_t seconds;

	(void)state;
	assert_true(hwp_wall_clock(f, 84 * HWP_NS_PER_SECOND, &seconds));
	assert_int_equal(seconds, NOON - 93700);
	assert_false(hwp_wall_clock(f, UINT64_MAX, &seconds));
	f->machine.has_clock = false;
	assert_false(hwp_wall_clock(f, 84 * HWP_NS_PER_SECOND, &seconds));
	assert_string_equal(hwp_utc(0, buf), "1970-01-01 00:00:00");
	assert_string_equal(hwp_utc(NOON, buf), "2026-11-24 12:00:12");
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),	cmocka_unit_test(partly),
		cmocka_unit_test(as_json),	cmocka_unit_test(modules),
		cmocka_unit_test(many_modules), cmocka_unit_test(wall_clock),
	};

	return cmocka_run_group_tests_name("report_machine", tests, NULL, NULL);
}
