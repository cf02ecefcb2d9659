// SPDX-License-Identifier: GPL-2.0-or-later
#include <link.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "digest.h"
#include "options.h"
#include "report/common.h"
#include "sandbox.h"

static const char *const features[] = {
	"kdump",      "kcore", "ksyms", "btf", "dwarf", "drgn", "rasdaemon",
#ifdef HWP_HAVE_DEBUGINFOD
	"debuginfod",
#endif
#ifdef HWP_HAVE_NETTLE
	"sha256",
#endif
	"confined",
};

/* What this build or this kernel lacks, and what that costs. */
struct missing {
	const char *what, *why;
};

#define MAX_MISSING 3

static size_t list_missing(struct missing *ret)
{
	const char *no_filter = hwp_sandbox_missing(), *no_digest = hwp_sha256_missing();
	size_t nr = 0;

#ifndef HWP_HAVE_DEBUGINFOD
	ret[nr++] = (struct missing){ "debuginfod", "built without libdebuginfod" };
#endif
	if (no_digest)
		ret[nr++] = (struct missing){ "sha256", no_digest };
	if (no_filter)
		ret[nr++] = (struct missing){ "seccomp", no_filter };
	return nr;
}

static const char *const library_names[] = {
	"libkdumpfile", "libz",	 "libdeflate",	 "libzstd",    "liblzo2",   "libsnappy", "libbpf",
	"libelf",	"libdw", "libsmartcols", "libsqlite3", "libjson-c", "libnettle",
};

#define NR_LIBRARIES HWP_ARRAY_SIZE(library_names)

/* The files that the loader took, as "libbpf.so.1.1.2"; empty when linked statically. */
struct libraries {
	char files[NR_LIBRARIES][64];
};

static int note_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	_cleanup_free_ char *path = realpath(info->dlpi_name, NULL);
	struct libraries *libraries = arg;
	const char *file = path ? basename(path) : "";

	(void)size;
	for (size_t i = 0; i < NR_LIBRARIES; i++) {
		size_t len = strlen(library_names[i]);

		if (strncmp(file, library_names[i], len) == 0 &&
		    (file[len] == '.' || file[len] == '-'))
			snprintf(libraries->files[i], sizeof(libraries->files[i]), "%s", file);
	}
	return 0;
}

static void print_json(FILE *out, const struct libraries *libraries)
{
	struct missing missing[MAX_MISSING] = {};
	size_t nr_missing = list_missing(missing);
	struct hwp_json json = { .out = out };

	hwp_json_object(&json, NULL);
	hwp_json_string(&json, "schema", "hwpoison.version/1");
	hwp_json_string(&json, "version", HWP_VERSION);
	hwp_json_row_array(&json, "features");
	for (size_t i = 0; i < HWP_ARRAY_SIZE(features); i++)
		hwp_json_string(&json, NULL, features[i]);
	hwp_json_end(&json);
	hwp_json_row_array(&json, "missing");
	for (size_t i = 0; i < nr_missing; i++)
		hwp_json_string(&json, NULL, missing[i].what);
	hwp_json_end(&json);
	hwp_json_object(&json, "libraries");
	for (size_t i = 0; i < NR_LIBRARIES; i++)
		hwp_json_string(&json, library_names[i],
				libraries->files[i][0] ? libraries->files[i] : NULL);
	hwp_json_end(&json);
	hwp_json_end(&json);
	hwp_json_finish(&json);
}

static void print_text(FILE *out, const struct libraries *libraries)
{
	struct missing missing[MAX_MISSING] = {};
	size_t nr_missing = list_missing(missing);

	fprintf(out, "hwpoison %s\n", HWP_VERSION);
	fputs("features:", out);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(features); i++)
		fprintf(out, " %s", features[i]);
	fputs("\nlibraries:", out);
	for (size_t i = 0; i < NR_LIBRARIES; i++)
		if (libraries->files[i][0])
			fprintf(out, " %s", libraries->files[i]);
	putc('\n', out);
	for (size_t i = 0; i < nr_missing; i++)
		fprintf(out, "missing: %s: %s\n", missing[i].what, missing[i].why);
}

int hwp_cmd_version(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	struct libraries libraries = {};

	(void)command;
	dl_iterate_phdr(note_library, &libraries);
	if (options->json)
		print_json(context->out, &libraries);
	else
		print_text(context->out, &libraries);
	return hwp_finish(context, hwp_report_flush(context->out), 0);
}
