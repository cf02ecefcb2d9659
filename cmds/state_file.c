// SPDX-License-Identifier: GPL-2.0-or-later
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "outfile.h"
#include "verdict/record_leaks.h"

#define DEFAULT_DIRECTORY "/var/lib/hwpoison"
#define FILE_NAME "leaks"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
/* Another check has the lock while it writes; nobody else can hold up more than this. */
#define LOCK_ATTEMPTS 100
#define LOCK_PAUSE_NS 20000000

/** What a file holds; text NULL: there is none. */
struct content {
	char *text;
	size_t size;
};

static void content_deinit(struct content *content)
{
	free(content->text);
}

/** Print @p err once, and destroy it: a check does not fail for its memory. */
static void complain(const struct hwp_context *context, struct hwp_state_file *state,
		     struct hwp_error *err)
{
	if (!err)
		return;
	if (state->quiet || (state->complaint && strcmp(state->complaint, err->message) == 0)) {
		hwp_error_destroy(err);
		return;
	}
	free(state->complaint);
	state->complaint = strdup(err->message);
	hwp_fail(context, false, err);
}

/** May root believe it? What others can write to says what they like. */
static struct hwp_error *check_file(const char *path, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "%s is not a regular file",
					path);
	if ((st->st_uid && st->st_uid != geteuid()) || st->st_mode & (S_IWGRP | S_IWOTH))
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"%s can be written by others, and is not believed", path);
	if (st->st_size > HWP_MAX_LEAK_RECORD_SIZE)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s is too long for a record", path);
	return NULL;
}

static struct hwp_error *read_open(int fd, const char *path, struct content *ret)
{
	struct hwp_error *err;
	struct stat st;
	ssize_t nr;

	if (fstat(fd, &st) != 0)
		return hwp_error_os(errno, "%s", path);
	err = check_file(path, &st);
	if (err)
		return err;
	ret->text = malloc((size_t)st.st_size + 1);
	if (!ret->text)
		return hwp_error_no_memory();
	while (ret->size < (size_t)st.st_size) {
		nr = read(fd, ret->text + ret->size, (size_t)st.st_size - ret->size);
		if (nr < 0)
			return hwp_error_os(errno, "%s", path);
		if (nr == 0)
			break;
		ret->size += (size_t)nr;
	}
	return NULL;
}

static struct hwp_error *read_file(const char *path, struct content *ret)
{
	/* Not by a link of somebody else's, and never waiting for a writer. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? NULL : hwp_error_os(errno, "%s", path);
	return read_open(fd, path, ret);
}

/** The record in @p content, put to what is known already. */
static struct hwp_error *learn(struct hwp_state_file *state, const struct content *content)
{
	struct hwp_leak_record record = {};
	struct hwp_error *err;

	if (!content->text)
		return NULL;
	memcpy(record.boot_id, state->record.boot_id, sizeof(record.boot_id));
	err = hwp_leak_record_parse(content->text, content->size, &record);
	if (!err)
		err = hwp_leak_record_merge(&state->record, &record);
	hwp_leak_record_deinit(&record);
	return hwp_error_prefix(err, "%s holds no record of leaks", state->path);
}

static struct hwp_error *read_boot_id(struct hwp_leak_record *record)
{
	_cleanup_close_ int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t nr = fd < 0 ? -1 : read(fd, record->boot_id, sizeof(record->boot_id) - 1);

	if (nr < 0) {
		record->boot_id[0] = '\0';
		return hwp_error_os(errno, "no leak of this boot can be remembered: %s", BOOT_ID);
	}
	record->boot_id[nr] = '\0';
	record->boot_id[strcspn(record->boot_id, "\n")] = '\0';
	return NULL;
}

/** NULL for none. */
static struct hwp_error *choose_path(const struct hwp_cmd_options *options,
				     struct hwp_state_file *state)
{
	const char *directory = secure_getenv("STATE_DIRECTORY");
	int r;

	state->is_chosen = options->state != NULL;
	if (state->is_chosen && !*options->state)
		return NULL;
	if (!directory || *directory != '/')
		directory = DEFAULT_DIRECTORY;
	r = state->is_chosen ? asprintf(&state->path, "%s", options->state) :
			       asprintf(&state->path, "%.*s/%s", (int)strcspn(directory, ":"),
					directory, FILE_NAME);
	if (r >= 0)
		return NULL;
	state->path = NULL;
	return hwp_error_no_memory();
}

void hwp_state_file_open(const struct hwp_context *context, const struct hwp_cmd_options *options,
			 struct hwp_state_file *ret)
{
	_cleanup_(content_deinit) struct content content = {};
	struct hwp_error *err;

	*ret = (struct hwp_state_file){ .quiet = options->quiet };
	if (!options->live)
		return;
	err = read_boot_id(&ret->record);
	if (!err)
		err = choose_path(options, ret);
	if (!err && ret->path)
		err = read_file(ret->path, &content);
	if (!err)
		err = learn(ret, &content);
	complain(context, ret, err);
}

/** @p ret is a lock on the file's directory, which is made where it is the default one. */
static struct hwp_error *lock(const struct hwp_state_file *state, int *ret)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	_cleanup_free_ char *copy = strdup(state->path);
	_cleanup_close_ int fd = -1;
	const char *directory;

	if (!copy)
		return hwp_error_no_memory();
	directory = dirname(copy);
	if (strcmp(directory, DEFAULT_DIRECTORY) == 0 && mkdir(directory, 0700) != 0 &&
	    errno != EEXIST)
		return hwp_error_os(errno, "no leak can be remembered: %s", directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hwp_error_os(errno, "no leak can be remembered: %s", directory);
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_ATTEMPTS)
			return hwp_error_os(errno, "no leak can be remembered: %s is locked",
					    directory);
		nanosleep(&pause, NULL);
	}
	*ret = fd;
	fd = -1;
	return NULL;
}

static struct hwp_error *replace(const struct hwp_state_file *state, const char *text, size_t size)
{
	_cleanup_(hwp_outfile_deinit) struct hwp_outfile file = {};
	struct hwp_error *err = hwp_outfile_open(state->path, 0600, &file);

	if (err)
		return err;
	fwrite(text, 1, size, file.out);
	return hwp_outfile_commit(&file);
}

/** Write what is known, unless it is what @p content holds. */
static struct hwp_error *save(const struct hwp_state_file *state, const struct content *content)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out;

	if (!content->text && !hwp_leak_record_count(&state->record))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return hwp_error_no_memory();
	hwp_leak_record_write(out, &state->record);
	if (fclose(out))
		return hwp_error_no_memory();
	if (content->text && content->size == size && memcmp(content->text, text, size) == 0)
		return NULL;
	return replace(state, text, size);
}

/** What other checks wrote since; text NULL: nothing. */
static struct hwp_error *read_again(struct hwp_state_file *state, struct content *ret)
{
	struct hwp_error *err = read_file(state->path, ret);

	return err ? err : learn(state, ret);
}

/** Read, add and write again, while no other check does so. */
static void update(const struct hwp_context *context, struct hwp_state_file *state)
{
	_cleanup_(content_deinit) struct content content = {};
	_cleanup_close_ int directory = -1;
	struct hwp_error *err, *reading;

	err = lock(state, &directory);
	if (err) {
		complain(context, state, err);
		return;
	}
	reading = read_again(state, &content);
	/* A file that the user names by mistake is not replaced: it is somebody's. */
	if (reading && state->is_chosen &&
	    !(content.text && hwp_leak_record_is_ours(content.text, content.size))) {
		complain(context, state, reading);
		return;
	}
	complain(context, state, reading);
	complain(context, state, save(state, &content));
}

void hwp_state_file_add(const struct hwp_context *context, struct hwp_state_file *state,
			const struct hwp_findings *findings)
{
	_cleanup_(content_deinit) struct content content = {};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	complain(context, state, hwp_record_leaks(&state->record, findings, (int64_t)now.tv_sec));
	if (!state->path || !*state->record.boot_id)
		return;
	/* With nothing to add, only others may have written. */
	if (!hwp_leak_record_count(&state->record))
		complain(context, state, read_again(state, &content));
	if (hwp_leak_record_count(&state->record))
		update(context, state);
}

const struct hwp_leak_record *hwp_state_file_known(const struct hwp_state_file *state,
						   const struct hwp_findings *findings)
{
	return findings || hwp_leak_record_count(&state->record) ? &state->record : NULL;
}

void hwp_state_file_deinit(struct hwp_state_file *state)
{
	hwp_leak_record_deinit(&state->record);
	free(state->path);
	free(state->complaint);
}
