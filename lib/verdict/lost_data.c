// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/lost_data.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layout/page.h"

/**
 * "dirty LRU page", "dirty mlocked LRU page", "dirty unevictable LRU page": me_pagecache_dirty()
 * sets AS_EIO for a later fsync(), and gives up the data.
 */
static bool lost_it(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION && strstr(e->page_type, "dirty") &&
	       strstr(e->page_type, "LRU page") && strcmp(e->result, "Ignored") != 0;
}

static bool was_dirty(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	for (size_t i = 0; i < p->nr_steps; i++) {
		int64_t event = f->steps.data[p->first_step + i].event;

		if (event >= 0 && lost_it(&f->events.data[event]))
			return true;
	}
	return false;
}

/**
 * In the page cache, and dirty still, as memory failure leaves a page of tmpfs: what was written to
 * it is nowhere else, whatever the log says.
 */
static bool is_dirty(const struct hwp_poisoned *p)
{
	return p->was_read && !p->is_shown && p->folio.kind == HWP_FOLIO_NONE &&
	       p->state == HWP_STATE_IN_USE && p->owner.has_file && p->bits & HWP_BIT_DIRTY;
}

/** Are the page's words those that the error found? */
static bool has_words(const struct hwp_poisoned *p)
{
	return p->was_read && !p->is_shown && p->folio.kind == HWP_FOLIO_NONE &&
	       p->was_handed_out != HWP_ANSWER_YES &&
	       (p->state == HWP_STATE_ISOLATED || p->state == HWP_STATE_IN_USE);
}

struct hwp_lost_data hwp_lost_data(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	struct hwp_lost_data lost = { .kind = HWP_LOST_NOTHING };

	if (!was_dirty(f, p) && !is_dirty(p))
		return lost;
	if (!has_words(p)) {
		lost.kind = HWP_LOST_OF_UNKNOWN;
		return lost;
	}
	/* An anonymous page keeps its mapping when it is freed; one of a file keeps its index,
	 * and loses its mapping when it leaves the page cache. */
	if (p->page.mapping & HWP_MAPPING_LOW_BITS)
		return lost;
	lost.kind = HWP_LOST_OF_FILE;
	lost.file = p->owner.has_file ? &f->files.data[p->owner.file] : NULL;
	lost.has_offset = true;
	lost.offset = p->page.index << f->page_shift;
	return lost;
}

const char *hwp_lost_data_words(const struct hwp_lost_data *lost, char *buf, size_t size)
{
	char where[48] = "";

	if (lost->has_offset)
		snprintf(where, sizeof(where), " at offset 0x%" PRIx64, lost->offset);
	if (lost->kind == HWP_LOST_OF_UNKNOWN)
		snprintf(buf, size, "a process or a file, which is not known");
	else if (!lost->file)
		snprintf(buf, size, "a file that is not known,%s", where);
	else if (*lost->file->path)
		snprintf(buf, size, "the file %s%s%s", lost->file->path,
			 lost->file->is_deleted ? " (deleted)" : "", where);
	else
		snprintf(buf, size, "the file of inode %" PRIu64 " of %s %s%s", lost->file->inode,
			 lost->file->filesystem, lost->file->device, where);
	return buf;
}
