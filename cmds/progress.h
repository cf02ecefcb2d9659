// SPDX-License-Identifier: GPL-2.0-or-later
/** A progress bar, shown when reading takes long. */
#ifndef HWP_PROGRESS_H
#define HWP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct hwp_progress {
	FILE *err;
	/** What is being done; NULL: struct pages are read. */
	const char *what;
	uint64_t start_ns, shown_ns;
};

/** For hwp_options.progress, with a struct hwp_progress as @p arg: shown after a second. */
void hwp_progress_update(void *arg, uint64_t done, uint64_t total);

/** Remove the bar if it is shown. */
void hwp_progress_clear(struct hwp_progress *progress);

#endif /* HWP_PROGRESS_H */
