// SPDX-License-Identifier: GPL-2.0-or-later
#include "progress.h"

#include "base/clock.h"

#define BAR_WIDTH 40
#define FIRST_NS HWP_NS_PER_SECOND
#define AGAIN_NS (HWP_NS_PER_SECOND / 10)

void hwp_progress_update(void *arg, uint64_t done, uint64_t total)
{
	struct hwp_progress *progress = arg;
	uint64_t now = hwp_now_ns();
	unsigned int percent;

	if (!progress->start_ns)
		progress->start_ns = now;
	if (!total || done > total || now - progress->start_ns < FIRST_NS ||
	    now - progress->shown_ns < AGAIN_NS)
		return;
	progress->shown_ns = now;
	percent = (unsigned int)((unsigned __int128)done * 100 / total);
	fprintf(progress->err, "\r%s [", progress->what ? progress->what : "reading struct pages");
	for (unsigned int i = 0; i < BAR_WIDTH; i++)
		putc(i * 100 < percent * BAR_WIDTH ? '#' : ' ', progress->err);
	fprintf(progress->err, "] %3u %%", percent);
	fflush(progress->err);
}

void hwp_progress_clear(struct hwp_progress *progress)
{
	if (!progress->shown_ns)
		return;
	fputs("\r\033[K", progress->err);
	fflush(progress->err);
}
