// SPDX-License-Identifier: GPL-2.0-or-later
/** Data that an error took away: of a page that was dirty, and so was nowhere else. */
#ifndef HWP_VERDICT_LOST_DATA_H
#define HWP_VERDICT_LOST_DATA_H

#include "model/findings.h"

enum hwp_lost_data_kind {
	/** None, or that of a process, which memory failure signals. */
	HWP_LOST_NOTHING,
	/** A file's: what was written to it, and not yet to its file system. */
	HWP_LOST_OF_FILE,
	/** A process's or a file's: the page's words are of a later life. */
	HWP_LOST_OF_UNKNOWN,
};

struct hwp_lost_data {
	enum hwp_lost_data_kind kind;
	/** NULL where no word of the page leads to it any more. */
	const struct hwp_file *file;
	/** In bytes, from the file's beginning; one page from there is lost. */
	bool has_offset;
	uint64_t offset;
};

/** With the history written: what the error in @p page took away. */
struct hwp_lost_data hwp_lost_data(const struct hwp_findings *findings,
				   const struct hwp_poisoned *page);

/** "the file /srv/db at offset 0x3000", in @p buf; kind is not NOTHING. */
const char *hwp_lost_data_words(const struct hwp_lost_data *lost, char *buf, size_t size);

#endif /* HWP_VERDICT_LOST_DATA_H */
