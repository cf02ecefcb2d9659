// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/rasdaemon.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "target/memory/frontdoor.h"

#define MAX_ROWS 16384
/* A database can hold a view that never ends; thousands of steps of SQLite's machine. */
#define STEPS 1000
#define MAX_THOUSANDS_OF_STEPS 50000

static const char query[] =
	"SELECT id, timestamp, pfn, page_type, action_result FROM memory_failure_event "
	"ORDER BY id DESC LIMIT ?";

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

static struct hwp_error *take_row(sqlite3_stmt *row, struct hwp_findings *f)
{
	struct hwp_rasdaemon_row r = { .id = sqlite3_column_int64(row, 0), .event = -1 };
	const char *pfn = text_of(row, 2);
	char *end;

	errno = 0;
	r.pfn = strtoull(pfn, &end, 16);
	if (errno || strncmp(pfn, "0x", 2) != 0 || end == pfn + 2 || *end)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "row %" PRId64 ": '%.40s' is no pfn",
					r.id, pfn);
	snprintf(r.timestamp, sizeof(r.timestamp), "%s", text_of(row, 1));
	snprintf(r.page_type, sizeof(r.page_type), "%s", text_of(row, 3));
	snprintf(r.result, sizeof(r.result), "%s", text_of(row, 4));
	r.has_time = parse_time(r.timestamp, &r.unix_seconds);
	return hwp_vec_push(&f->rasdaemon, r) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *prepare(sqlite3 *db, sqlite3_stmt **ret)
{
	int code = sqlite3_prepare_v2(db, query, -1, ret, NULL);

	if (code == SQLITE_ERROR)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"%s: rasdaemon makes it only when it is built "
					"with --enable-memory-failure",
					sqlite3_errmsg(db));
	if (code != SQLITE_OK)
		return database_error(db, code);
	sqlite3_bind_int(*ret, 1, MAX_ROWS);
	return NULL;
}

static struct hwp_error *read_rows(const char *path, struct hwp_findings *f)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	struct hwp_error *err;
	unsigned int steps = 0;
	int code;

	err = open_database(path, &db);
	if (err)
		return err;
	sqlite3_progress_handler(db, STEPS, count_steps, &steps);
	err = prepare(db, &statement);
	while (!err && (code = sqlite3_step(statement)) != SQLITE_DONE)
		err = code == SQLITE_ROW ? take_row(statement, f) : database_error(db, code);
	return err;
}

struct hwp_error *hwp_rasdaemon_read(const char *path, struct hwp_findings *f)
{
	struct hwp_error *err = read_rows(path, f);

	if (err)
		return hwp_error_prefix(err, "%s", path);
	/* The newest came first. */
	for (size_t i = 0, j = f->rasdaemon.nr; i + 1 < j; i++) {
		struct hwp_rasdaemon_row row = f->rasdaemon.data[i];

		f->rasdaemon.data[i] = f->rasdaemon.data[--j];
		f->rasdaemon.data[j] = row;
	}
	f->has_rasdaemon = true;
	return NULL;
}
