// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/rasdaemon.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/bits.h"
#include "facts/log/mfevent.h"
#include "model/machine_check.h"
#include "target/memory/frontdoor.h"

#define MAX_ROWS 16384
/* A database can hold a view that never ends; thousands of steps of SQLite's machine. */
#define STEPS 1000
#define MAX_THOUSANDS_OF_STEPS 50000

/** What the columns of a row are: an id, a time, where, and then words. */
static const struct source {
	const char *table, *query;
	/** Where it was is a pfn as text; else it is a physical address as a number. */
	bool has_pfn;
} sources[] = {
	{ "memory_failure_event",
	  "SELECT id, timestamp, pfn, page_type, action_result, '', '', 0 FROM memory_failure_event "
	  "ORDER BY id DESC LIMIT ?",
	  true },
	/* The type is Corrected, Uncorrected, Deferred or Fatal. */
	{ "mc_event",
	  "SELECT id, timestamp, address, err_type, '', label, err_msg, 0 FROM mc_event "
	  "WHERE address != 0 ORDER BY id DESC LIMIT ?",
	  false },
	{ "mce_record",
	  "SELECT id, timestamp, addr, '', '', '', error_msg, status FROM mce_record "
	  "WHERE addr != 0 ORDER BY id DESC LIMIT ?",
	  false },
	{ "extlog_event",
	  "SELECT id, timestamp, address, severity, '', fru_text, etype, 0 FROM extlog_event "
	  "WHERE address != 0 ORDER BY id DESC LIMIT ?",
	  false },
};

static void sqlite3_closep(sqlite3 **db)
{
	sqlite3_close(*db);
}

static void sqlite3_finalizep(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

static int count_steps(void *arg)
{
	unsigned int *steps = arg;

	return ++*steps > MAX_THOUSANDS_OF_STEPS;
}

static struct hwp_error *database_error(sqlite3 *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return hwp_error_no_memory();
	case SQLITE_INTERRUPT:
		return hwp_error_create(HWP_ERROR_BAD_DATA, "its table has no end");
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return hwp_error_create(HWP_ERROR_OS,
					"%s (a journal that is not played back? open "
					"a copy with sqlite3 once)",
					sqlite3_errmsg(db));
	default:
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s", sqlite3_errmsg(db));
	}
}

/**
 * Ways to open it that neither write it nor make a file beside it: SQLite does
 * the latter, whatever the mode, when the journal is a write-ahead log.
 */
static struct hwp_error *choose_way(const char *path, const char **ret)
{
	_cleanup_free_ char *log = NULL, *index = NULL;
	_cleanup_fclose_ FILE *file = NULL;
	/* Bytes 18 and 19 of the header: 2 means a write-ahead log. */
	unsigned char header[20] = {};
	struct hwp_error *err;

	err = hwp_open_regular(path, &file);
	if (err)
		return err;
	if (asprintf(&log, "%s-wal", path) < 0 || asprintf(&index, "%s-shm", path) < 0)
		return hwp_error_no_memory();
	if (fread(header, 1, sizeof(header), file) < sizeof(header) && ferror(file))
		return hwp_error_os(errno, "cannot read it");
	if (header[18] != 2 && header[19] != 2)
		*ret = "?mode=ro";
	else if (access(log, F_OK) != 0)
		*ret = "?mode=ro&immutable=1";
	else if (access(index, F_OK) == 0)
		*ret = "?mode=ro&readonly_shm=1";
	else
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"it was copied with a write-ahead log "
					"not played back: open the copy with sqlite3 once");
	return NULL;
}

/** Where what follows '?' is not part of the path. */
static struct hwp_error *make_uri(const char *path, const char *way, char **ret)
{
	char *uri = malloc(strlen(path) * 3 + 64), *to = uri;

	if (!uri)
		return hwp_error_no_memory();
	to += snprintf(to, 16, "file:%s", path[0] == '/' ? "//" : "");
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/._-~", *path))
			*to++ = *path;
		else
			to += snprintf(to, 4, "%%%02X", (unsigned char)*path);
	}
	snprintf(to, 40, "%s", way);
	*ret = uri;
	return NULL;
}

static struct hwp_error *open_database(const char *path, sqlite3 **ret)
{
	_cleanup_free_ char *uri = NULL;
	const char *way = NULL;
	struct hwp_error *err;
	int code;

	err = choose_way(path, &way);
	if (!err)
		err = make_uri(path, way, &uri);
	if (err)
		return err;
	code = sqlite3_open_v2(uri, ret,
			       SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (!*ret)
		return hwp_error_no_memory();
	sqlite3_db_config(*ret, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(*ret, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_busy_timeout(*ret, 2000);
	return code == SQLITE_OK ? NULL : database_error(*ret, code);
}

static const char *text_of(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text ? (const char *)text : "";
}

/** "2026-11-24 12:00:00 +0100", as strftime() makes it; false for anything else. */
static bool parse_time(const char *s, int64_t *ret)
{
	struct tm tm = {};
	const char *end = strptime(s, "%Y-%m-%d %H:%M:%S %z", &tm);
	/* timegm() clears tm_gmtoff. */
	long offset = tm.tm_gmtoff;

	if (!end || *end)
		return false;
	*ret = (int64_t)timegm(&tm) - offset;
	return true;
}

/** A row that makes no sense hides no other. */
static void skip_row(struct hwp_findings *f, const struct source *source, int64_t id,
		     const char *where)
{
	if (!f->nr_bad_rows++)
		snprintf(f->bad_row, sizeof(f->bad_row), "%s row %" PRId64 ": '%.24s' is no %s",
			 source->table, id, where, source->has_pfn ? "pfn" : "physical address");
}

static bool parse_pfn(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 16);
	return !errno && strncmp(text, "0x", 2) == 0 && end != text + 2 && !*end;
}

static bool parse_address(sqlite3_stmt *row, const struct hwp_findings *f, uint64_t *ret)
{
	unsigned int shift = f->page_shift ? f->page_shift : hwp_usual_addresses.page_shift;
	uint64_t address;

	if (sqlite3_column_type(row, 2) != SQLITE_INTEGER)
		return false;
	address = (uint64_t)sqlite3_column_int64(row, 2);
	*ret = (address & hwp_usual_addresses.physical_mask) >> shift;
	return *ret != 0;
}

static enum hwp_event_kind kind_of(const struct source *source, const char *type, uint64_t status)
{
	if (source->has_pfn)
		return HWP_EVENT_ACTION;
	if (status)
		return hwp_status_is_uncorrected(status) ? HWP_EVENT_MACHINE_CHECK :
							   HWP_EVENT_CORRECTED;
	return strncasecmp(type, "corrected", 9) == 0 ? HWP_EVENT_CORRECTED : HWP_EVENT_HARDWARE;
}

static struct hwp_error *take_row(sqlite3_stmt *row, const struct source *source,
				  struct hwp_findings *f)
{
	struct hwp_rasdaemon_row r = { .id = sqlite3_column_int64(row, 0), .event = -1 };
	uint64_t status = (uint64_t)sqlite3_column_int64(row, 7);
	const char *where = text_of(row, 2);

	if (source->has_pfn ? !parse_pfn(where, &r.pfn) : !parse_address(row, f, &r.pfn)) {
		skip_row(f, source, r.id, where);
		return NULL;
	}
	/* The address of a machine check that is not of memory may be anything. */
	if (status && !hwp_status_is_memory(status))
		return NULL;
	snprintf(r.table, sizeof(r.table), "%s", source->table);
	r.kind = kind_of(source, text_of(row, 3), status);
	snprintf(r.timestamp, sizeof(r.timestamp), "%s", text_of(row, 1));
	if (source->has_pfn)
		snprintf(r.page_type, sizeof(r.page_type), "%s", text_of(row, 3));
	snprintf(r.result, sizeof(r.result), "%s", text_of(row, 4));
	snprintf(r.module, sizeof(r.module), "%s", text_of(row, 5));
	snprintf(r.text, sizeof(r.text), "%s", text_of(row, 6));
	r.has_time = parse_time(r.timestamp, &r.unix_seconds);
	return hwp_vec_push(&f->rasdaemon, r) ? NULL : hwp_error_no_memory();
}

/** *@p ret is NULL where the database has no such table, or not as rasdaemon makes it. */
static struct hwp_error *prepare(sqlite3 *db, const struct source *source, sqlite3_stmt **ret)
{
	int code = sqlite3_prepare_v2(db, source->query, -1, ret, NULL);

	if (code == SQLITE_ERROR)
		return NULL;
	if (code != SQLITE_OK)
		return database_error(db, code);
	sqlite3_bind_int(*ret, 1, MAX_ROWS);
	return NULL;
}

/** The newest came first. */
static void turn(struct hwp_rasdaemon_row *rows, size_t nr)
{
	for (size_t i = 0, j = nr; i + 1 < j; i++) {
		struct hwp_rasdaemon_row row = rows[i];

		rows[i] = rows[--j];
		rows[j] = row;
	}
}

static struct hwp_error *read_table(sqlite3 *db, const struct source *source,
				    struct hwp_findings *f, bool *is_there)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	size_t first = f->rasdaemon.nr;
	struct hwp_error *err = prepare(db, source, &statement);
	int code;

	while (!err && statement && (code = sqlite3_step(statement)) != SQLITE_DONE)
		err = code == SQLITE_ROW ? take_row(statement, source, f) :
					   database_error(db, code);
	*is_there |= statement != NULL;
	if (f->rasdaemon.nr > first)
		turn(f->rasdaemon.data + first, f->rasdaemon.nr - first);
	return err;
}

static struct hwp_error *read_rows(const char *path, struct hwp_findings *f)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	unsigned int steps = 0;
	bool is_there = false;
	struct hwp_error *err = open_database(path, &db);

	if (!err)
		sqlite3_progress_handler(db, STEPS, count_steps, &steps);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(sources) && !err; i++)
		err = read_table(db, &sources[i], f, &is_there);
	if (!err && !is_there)
		err = hwp_error_create(HWP_ERROR_LOOKUP,
				       "%s: it has none of the tables that rasdaemon makes; "
				       "memory_failure_event only when it is built "
				       "with --enable-memory-failure",
				       sqlite3_errmsg(db));
	return err;
}

struct hwp_error *hwp_rasdaemon_read(const char *path, struct hwp_findings *f)
{
	struct hwp_error *err = read_rows(path, f);

	if (err)
		return hwp_error_prefix(err, "%s", path);
	f->has_rasdaemon = true;
	return NULL;
}
