// SPDX-License-Identifier: GPL-2.0-or-later
/** stages DUMP [THREADS]: analyse once, print nanoseconds of each stage, a line each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hwpoison.h"

int main(int argc, char **argv)
{
	struct hwp_options options = {};
	struct hwp_findings *f;
	struct hwp_error *err;
	uint64_t known;

	if (argc < 2) {
		fprintf(stderr, "usage: stages DUMP [THREADS]\n");
		return 2;
	}
	options.target.core_path = argv[1];
	options.nr_threads = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	err = hwp_analyse(&options, &f);
	if (err) {
		fprintf(stderr, "stages: %s\n", err->message);
		hwp_error_destroy(err);
		return 2;
	}
	known = f->times.open_ns + f->times.symbols_ns + f->times.types_ns + f->times.layout_ns +
		f->times.sweep_ns + f->times.lists_ns;
	printf("open %" PRIu64 "\nkallsyms %" PRIu64 "\nbtf %" PRIu64 "\nlayout %" PRIu64
	       "\nsweep %" PRIu64 "\nlists %" PRIu64 "\nothers %" PRIu64 "\ntotal %" PRIu64 "\n",
	       f->times.open_ns, f->times.symbols_ns, f->times.types_ns, f->times.layout_ns,
	       f->times.sweep_ns, f->times.lists_ns, f->times.total_ns - known, f->times.total_ns);
	hwp_findings_destroy(f);
	return 0;
}
