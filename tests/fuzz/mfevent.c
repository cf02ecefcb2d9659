// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <stdlib.h>

#include "facts/log/mfevent.h"

static void fuzz_mfevent(const uint8_t *data, size_t size)
{
	char *line = malloc(size ? size : 1);
	struct hwp_event e;

	if (!line)
		return;
	if (size)
		memcpy(line, data, size);
	if (hwp_mfevent_parse(line, size, &hwp_usual_addresses, &e) &&
	    (!memchr(e.text, '\0', sizeof(e.text)) || !memchr(e.comm, '\0', sizeof(e.comm)) ||
	     !memchr(e.page_type, '\0', sizeof(e.page_type)) ||
	     !memchr(e.result, '\0', sizeof(e.result))))
		abort();
	free(line);
}
FUZZ_TARGET(fuzz_mfevent)
