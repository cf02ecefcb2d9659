// SPDX-License-Identifier: GPL-2.0-or-later
/** Databases as rasdaemon makes them, and ones that it does not make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "facts/log/rasdaemon.h"

/* ras-record.c of rasdaemon: its fields, all of them text. */
#define TABLE                                                                         \
	"CREATE TABLE memory_failure_event (id INTEGER PRIMARY KEY, timestamp TEXT, " \
	"pfn TEXT, page_type TEXT, action_result TEXT);"
#define ROW(id, time, pfn, type, result)                                                  \
	"INSERT INTO memory_failure_event VALUES (" #id ", '" time "', '" pfn "', '" type \
	"', '" result "');"

struct place {
	char directory[32], path[64], wal[72], shm[72];
};

static void place_create(struct place *p, const char *name)
{
	strcpy(p->directory, "/tmp/rasdaemon.XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof(p->path), "%s/%s", p->directory, name);
	snprintf(p->wal, sizeof(p->wal), "%s-wal", p->path);
	snprintf(p->shm, sizeof(p->shm), "%s-shm", p->path);
}

static void place_destroy(const struct place *p)
{
	unlink(p->path);
	unlink(p->wal);
	unlink(p->shm);
	/* Fails if anything else was made there. */
	assert_int_equal(rmdir(p->directory), 0);
}

static sqlite3 *run_sql(const struct place *p, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	/* Nothing here has to outlive a loss of power. */
	assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous=OFF;", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void make_database(struct place *p, const char *name, const char *sql)
{
	place_create(p, name);
	assert_int_equal(sqlite3_close(run_sql(p, sql)), SQLITE_OK);
}

/** Read a database of @p sql that is refused; its error is the caller's. */
static struct hwp_error *refused(const char *sql)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err;
	struct place p;

	assert_non_null(f);
	make_database(&p, "ras.db", sql);
	err = hwp_rasdaemon_read(p.path, f);
	assert_non_null(err);
	assert_false(f->has_rasdaemon);
	/* The reader of the message must know which file it is about. */
	assert_int_equal(strncmp(err->message, p.path, strlen(p.path)), 0);
	hwp_findings_destroy(f);
	place_destroy(&p);
	return err;
}

static struct hwp_findings *read_database(const struct place *p)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_null(hwp_rasdaemon_read(p->path, f));
	assert_true(f->has_rasdaemon);
	return f;
}

static void words_of_a_row(void **state)
{
	const struct hwp_rasdaemon_row *row;
	struct hwp_findings *f;
	struct place p;

	(void)state;
	make_database(&p, "ras.db",
		      TABLE ROW(7, "2026-11-24 12:00:00 +0100", "0x1a2b3c", "huge page",
				"Recovered"));
	f = read_database(&p);
	assert_int_equal(f->rasdaemon.nr, 1);
	row = f->rasdaemon.data;
	assert_int_equal(row->id, 7);
	assert_int_equal(row->pfn, 0x1a2b3c);
	assert_string_equal(row->timestamp, "2026-11-24 12:00:00 +0100");
	assert_string_equal(row->page_type, "huge page");
	assert_string_equal(row->result, "Recovered");
	/* No line of the log belongs to it yet. */
	assert_int_equal(row->event, -1);
	hwp_findings_destroy(f);
	place_destroy(&p);
}

/* 11:00 UTC is 1795518000: day 20781 after 1970-01-01, as date -u -d says. */
static void times(void **state)
{
	static const struct {
		const char *text;
		bool has_time;
		int64_t seconds;
	} rows[] = {
		{ "1970-01-01 00:00:00 +0000", true, 0 },
		{ "1970-01-02 00:00:01 +0000", true, 86401 },
		/* East of Greenwich the same clock time came earlier. */
		{ "1970-01-01 02:00:00 +0200", true, 0 },
		{ "1969-12-31 19:00:00 -0500", true, 0 },
		{ "2026-11-24 12:00:00 +0100", true, INT64_C(1795518000) },
		{ "2026-11-24 12:00:00", false, 0 },
		{ "2026-11-24 12:00:00 +0100 CET", false, 0 },
		{ "yesterday", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f;
		struct place p;
		char sql[512];

		print_message("# '%s'\n", rows[i].text);
		snprintf(sql, sizeof(sql), "%s" ROW(1, "%s", "0x1", "a", "b"), TABLE, rows[i].text);
		make_database(&p, "ras.db", sql);
		f = read_database(&p);
		assert_int_equal(f->rasdaemon.nr, 1);
		assert_int_equal(f->rasdaemon.data[0].has_time, rows[i].has_time);
		if (rows[i].has_time)
			assert_int_equal(f->rasdaemon.data[0].unix_seconds, rows[i].seconds);
		hwp_findings_destroy(f);
		place_destroy(&p);
	}
}

/* The oldest first, by id, whatever the order of the file and for any count. */
static void order_of_rows(void **state)
{
	(void)state;
	for (uint64_t nr = 0; nr <= 5; nr++) {
		struct hwp_findings *f;
		char sql[1024] = TABLE;
		struct place p;

		for (uint64_t id = 1; id <= nr; id++)
			snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql),
				 ROW(% d, "", "0x%x", "", ""), (int)(nr + 1 - id),
				 (unsigned int)(0x100 + nr + 1 - id));
		make_database(&p, "ras.db", sql);
		f = read_database(&p);
		assert_int_equal(f->rasdaemon.nr, nr);
		for (uint64_t i = 0; i < nr; i++) {
			assert_int_equal(f->rasdaemon.data[i].id, i + 1);
			assert_int_equal(f->rasdaemon.data[i].pfn, 0x100 + i + 1);
		}
		hwp_findings_destroy(f);
		place_destroy(&p);
	}
}

/* The newest 16384 of very many rows. */
static void many_rows(void **state)
{
	struct hwp_findings *f;
	struct place p;

	(void)state;
	make_database(&p, "ras.db",
		      TABLE "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
			    "WHERE i < 16386) INSERT INTO memory_failure_event "
			    "SELECT i, '', printf('0x%x', i), '', '' FROM n;");
	f = read_database(&p);
	assert_int_equal(f->rasdaemon.nr, 16384);
	assert_int_equal(f->rasdaemon.data[0].id, 3);
	assert_int_equal(f->rasdaemon.data[16383].pfn, 16386);
	hwp_findings_destroy(f);
	place_destroy(&p);
}

static void pfns(void **state)
{
	static const char *const wrong[] = {
		"",	"0x",	"1234",	 "0x12 ",    "0xg", "x12", "0x10000000000000000",
		"0y12", "-0x1", " 0x12", "0x12,0x13"
	};
	static const char sql[] = TABLE "INSERT INTO memory_failure_event VALUES "
					"(1, NULL, '0xffffffffffffffff', NULL, NULL);";
	struct hwp_findings *f;
	struct place p;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(wrong); i++) {
		char text[512];

		print_message("# '%s'\n", wrong[i]);
		snprintf(text, sizeof(text),
			 "%s" ROW(42, "", "%s", "", "") ROW(43, "", "0x5", "", ""), TABLE,
			 wrong[i]);
		make_database(&p, "ras.db", text);
		f = read_database(&p);
		/* It hides no other. */
		assert_int_equal(f->rasdaemon.nr, 1);
		assert_int_equal(f->rasdaemon.data[0].pfn, 5);
		assert_int_equal(f->nr_bad_rows, 1);
		assert_non_null(strstr(f->bad_row, "memory_failure_event row 42"));
		hwp_findings_destroy(f);
		place_destroy(&p);
	}
	/* NULL in the other columns is as good as no text. */
	make_database(&p, "ras.db", sql);
	f = read_database(&p);
	assert_int_equal(f->rasdaemon.data[0].pfn, UINT64_MAX);
	assert_string_equal(f->rasdaemon.data[0].timestamp, "");
	assert_string_equal(f->rasdaemon.data[0].result, "");
	assert_false(f->rasdaemon.data[0].has_time);
	hwp_findings_destroy(f);
	place_destroy(&p);
}

static void no_table(void **state)
{
	struct hwp_error *err;

	(void)state;
	err = refused("CREATE TABLE mc_event (id INTEGER PRIMARY KEY);");
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	/* It is there, but a column is not. */
	err = refused("CREATE TABLE memory_failure_event (id INTEGER PRIMARY KEY);");
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
}

/* A view by this name may go on for ever; no row of it is one of rasdaemon's. */
static void endless_view(void **state)
{
	struct hwp_error *err;

	(void)state;
	alarm(60);
	err = refused("CREATE VIEW memory_failure_event AS WITH RECURSIVE n(i) AS (SELECT 1 "
		      "UNION ALL SELECT i + 1 FROM n) SELECT i AS id, '' AS timestamp, "
		      "'0x1' AS pfn, '' AS page_type, '' AS action_result FROM n WHERE i < 0;");
	alarm(0);
	assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
	assert_non_null(strstr(err->message, "has no end"));
	hwp_error_destroy(err);
}

static void no_database(void **state)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err;
	struct place p;
	FILE *file;

	(void)state;
	assert_non_null(f);
	place_create(&p, "ras.db");
	err = hwp_rasdaemon_read(p.path, f);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_OS);
	hwp_error_destroy(err);
	/* It was not made either. */
	assert_int_not_equal(access(p.path, F_OK), 0);

	/* For SQLite an empty file is a database without tables. */
	file = fopen(p.path, "w");
	assert_non_null(file);
	fclose(file);
	err = hwp_rasdaemon_read(p.path, f);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);

	file = fopen(p.path, "w");
	assert_non_null(file);
	for (int i = 0; i < 200; i++)
		fputs("This is no database.\n", file);
	fclose(file);
	err = hwp_rasdaemon_read(p.path, f);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
	hwp_error_destroy(err);
	assert_false(f->has_rasdaemon);
	hwp_findings_destroy(f);
	place_destroy(&p);
}

/* What a URI gives a meaning is a part of the name here. */
static void odd_names(void **state)
{
	static const char *const names[] = { "a b.db", "ras.db?mode=rwc", "ras#1.db", "100%41.db",
					     "r\xc3\xa4s.db" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++) {
		struct hwp_findings *f;
		struct place p;

		print_message("# %s\n", names[i]);
		make_database(&p, names[i], TABLE ROW(1, "", "0x5", "", ""));
		f = read_database(&p);
		assert_int_equal(f->rasdaemon.nr, 1);
		hwp_findings_destroy(f);
		place_destroy(&p);
	}
}

/** The file alone, as it was left with a write-ahead log. */
static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	int c;

	assert_non_null(in);
	assert_non_null(out);
	while ((c = fgetc(in)) != EOF)
		fputc(c, out);
	fclose(in);
	fclose(out);
}

static void write_ahead_log(void **state)
{
	struct hwp_findings *f;
	struct hwp_error *err;
	struct place p, copy;
	sqlite3 *db;

	(void)state;
	/* rasdaemon was stopped: the log was played back and is gone. */
	make_database(&p, "ras.db", "PRAGMA journal_mode=WAL;" TABLE ROW(1, "", "0x5", "", ""));
	f = read_database(&p);
	assert_int_equal(f->rasdaemon.nr, 1);
	hwp_findings_destroy(f);
	assert_int_not_equal(access(p.wal, F_OK), 0);
	assert_int_not_equal(access(p.shm, F_OK), 0);

	/* rasdaemon runs: its last row is only in the log. */
	db = run_sql(&p, "PRAGMA wal_autocheckpoint=0;" ROW(2, "", "0x6", "", ""));
	assert_int_equal(access(p.wal, F_OK), 0);
	f = read_database(&p);
	assert_int_equal(f->rasdaemon.nr, 2);
	assert_int_equal(f->rasdaemon.data[1].pfn, 6);
	hwp_findings_destroy(f);

	/* A copy of the file and its log, without the index: nothing is made beside it. */
	place_create(&copy, "ras.db");
	copy_file(p.path, copy.path);
	copy_file(p.wal, copy.wal);
	f = calloc(1, sizeof(*f));
	assert_non_null(f);
	err = hwp_rasdaemon_read(copy.path, f);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	hwp_error_destroy(err);
	assert_int_not_equal(access(copy.shm, F_OK), 0);
	hwp_findings_destroy(f);
	place_destroy(&copy);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	place_destroy(&p);
}

/** Without a write-ahead log the file's locks count: what is half written is not read. */
static void locked(void **state)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err;
	struct place p;
	sqlite3 *db;

	(void)state;
	assert_non_null(f);
	make_database(&p, "ras.db", TABLE ROW(1, "", "0x5", "", ""));
	db = run_sql(&p, "BEGIN EXCLUSIVE;" ROW(2, "", "0x6", "", ""));
	err = hwp_rasdaemon_read(p.path, f);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "locked"));
	hwp_error_destroy(err);
	assert_int_equal(f->rasdaemon.nr, 0);
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	hwp_findings_destroy(f);
	f = read_database(&p);
	assert_int_equal(f->rasdaemon.nr, 2);
	hwp_findings_destroy(f);
	place_destroy(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_row), cmocka_unit_test(times),
		cmocka_unit_test(order_of_rows),  cmocka_unit_test(many_rows),
		cmocka_unit_test(pfns),		  cmocka_unit_test(no_table),
		cmocka_unit_test(endless_view),	  cmocka_unit_test(no_database),
		cmocka_unit_test(odd_names),	  cmocka_unit_test(write_ahead_log),
		cmocka_unit_test(locked),
	};

	return cmocka_run_group_tests_name("rasdaemon", tests, NULL, NULL);
}
