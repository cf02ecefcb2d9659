// SPDX-License-Identifier: GPL-2.0-or-later
/** A file that a reader never sees half written. */
#ifndef HWP_OUTFILE_H
#define HWP_OUTFILE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/error.h"

struct hwp_outfile {
	const char *path;
	FILE *out;
	/** The new file, until it replaces the old one; its name does not match *.prom. */
	char *temporary;
	/** Signals that end the process wait until it is gone. */
	bool blocks_signals;
	sigset_t signals_before;
};

/**
 * Begin a new file beside @p path (borrowed), to be written by ret->out; with @p mode,
 * whatever the umask. End with hwp_outfile_deinit() in any case.
 */
struct hwp_error *hwp_outfile_open(const char *path, mode_t mode, struct hwp_outfile *ret);

/** Flush to disk, then rename over path: readers see the old one or this one. */
struct hwp_error *hwp_outfile_commit(struct hwp_outfile *file);

/** Remove what was not committed. */
void hwp_outfile_deinit(struct hwp_outfile *file);

#endif /* HWP_OUTFILE_H */
