// SPDX-License-Identifier: GPL-2.0-or-later
/** Where a page is and whose, in a cell of a table, and the colour of its class. */
#include <inttypes.h>
#include <string.h>

#include "report/text.h"

/* A table shows only the end of a longer path. */
#define MAX_PATH 48

const char *hwp_class_color(enum hwp_class class)
{
	switch (class) {
	case HWP_CLASS_LEAKED:
	case HWP_CLASS_LOST:
		return HWP_COLOR_BAD;
	case HWP_CLASS_UNKNOWN:
	case HWP_CLASS_KERNEL:
	case HWP_CLASS_PENDING:
		return HWP_COLOR_WARN;
	case HWP_CLASS_CONTAINED:
		return HWP_COLOR_GOOD;
	case HWP_CLASS_OTHER:
	case HWP_NR_CLASSES:
		break;
	}
	return NULL;
}

static const char *hugetlb_place(const struct hwp_folio_facts *folio)
{
	return folio->in_pool ? "in the pool" : folio->being_freed ? "being freed" : "in use";
}

const char *hwp_owner_place(const struct hwp_findings *f, const struct hwp_owner *owner, char *buf,
			    size_t size)
{
	const struct hwp_file *file = owner->has_file ? &f->files.data[owner->file] : NULL;
	size_t len = file ? strlen(file->path) : 0, cut = len > MAX_PATH ? len - MAX_PATH : 0;
	char process[40] = "";

	if (owner->found)
		snprintf(process, sizeof(process), "%s[%d]%s", owner->comm, owner->pid,
			 file ? " " : "");
	if (!file)
		snprintf(buf, size, "%s", process);
	else if (len)
		snprintf(buf, size, "%s%s%s%s", process, cut ? "..." : "", file->path + cut,
			 file->is_deleted ? " (deleted)" : "");
	else
		snprintf(buf, size, "%sinode %" PRIu64 " of %.16s %.24s", process, file->inode,
			 file->filesystem, file->device);
	return buf;
}

const char *hwp_page_place(const struct hwp_findings *f, const struct hwp_poisoned *page, char *buf,
			   size_t size)
{
	const char *migratetype = hwp_findings_migratetype(f, page->migratetype);

	if (page->state == HWP_STATE_HUGETLB && page->raw_page_unknown)
		return "any of its pages";
	if (page->owner.found || page->owner.has_file)
		return hwp_owner_place(f, &page->owner, buf, size);
	if (page->state == HWP_STATE_HUGETLB)
		return hugetlb_place(&page->folio);
	if (page->cpu >= 0)
		snprintf(buf, size, "%s%scpu %d", migratetype ? migratetype : "",
			 migratetype ? " " : "", page->cpu);
	else
		snprintf(buf, size, "%s", migratetype ? migratetype : "-");
	return buf;
}
