// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/report.h"

/* syslog(3), as sd-daemon(3) has them. */
#define CRIT "<2>"
#define NOTICE "<5>"

bool hwp_is_journal(FILE *err)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(fileno(err), &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void hwp_journal_leak(FILE *err, const struct hwp_findings *findings)
{
	const struct hwp_report_style style = {};

	if (findings->verdict != HWP_VERDICT_LEAKED &&
	    findings->verdict != HWP_VERDICT_LEAKED_BEFORE)
		return;
	fputs(CRIT "hwpoison: ", err);
	hwp_error_destroy(hwp_report_line(err, findings, &style));
}

bool hwp_journal_no_directory(FILE *err, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	const char *directory = copy ? dirname(copy) : ".";

	if (access(directory, F_OK) == 0 || errno != ENOENT)
		return false;
	fprintf(err,
		NOTICE "hwpoison: no metrics are written: there is no directory %s. Install "
		       "prometheus-node-exporter, or give the unit another '-o'.\n",
		directory);
	return true;
}
