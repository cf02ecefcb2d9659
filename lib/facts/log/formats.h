// SPDX-License-Identifier: GPL-2.0-or-later
/** The lines of the kernel log that are about memory errors: one table. */
#ifndef HWP_FACTS_LOG_FORMATS_H
#define HWP_FACTS_LOG_FORMATS_H

#include <stddef.h>

#include "model/words.h"

struct hwp_format {
	/** As in pattern.h. */
	const char *pattern;
	enum hwp_event_kind kind;
	/** What the line says of it where that is no field; NULL for nothing. */
	const char *result;
	/** The source that prints it, and the kernels. */
	const char *source, *versions;
};

/** The first row that matches a line says what it is. */
const struct hwp_format *hwp_formats(size_t *nr_ret);

#endif /* HWP_FACTS_LOG_FORMATS_H */
