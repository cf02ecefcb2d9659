// SPDX-License-Identifier: GPL-2.0-or-later
/** What the functions of known issues share: their answer, in words, and where they look. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verdict/issue/functions.h"

bool hwp_issue_matched(struct hwp_issue_match *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->why, sizeof(m->why), fmt, ap);
	va_end(ap);
	return true;
}

const struct hwp_complaint *hwp_issue_complaint(const struct hwp_findings *f, const char *part)
{
	for (size_t i = f->complaints.nr; i-- > 0;) {
		if (strstr(f->complaints.data[i].text, part))
			return &f->complaints.data[i];
	}
	return NULL;
}
