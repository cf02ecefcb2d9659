// SPDX-License-Identifier: GPL-2.0-or-later
/** Symbols from /proc/kallsyms of the running kernel: for kernels before v6.0. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/running.h"

#define KALLSYMS "/proc/kallsyms"

/** The address and name of the next line that is not a module's symbol. */
static bool next_symbol(FILE *f, char *line, size_t size, uint64_t *address, char **name)
{
	while (fgets(line, (int)size, f)) {
		char *end = line, *at;

		*address = strtoull(line, &end, 16);
		if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
			continue;
		at = end + 3;
		if (strchr(at, '\t'))
			continue;
		at[strcspn(at, "\n")] = '\0';
		*name = at;
		return true;
	}
	return false;
}

static struct hwp_error *kallsyms_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	_cleanup_fclose_ FILE *f = fopen(KALLSYMS, "re");
	char line[768], *name;
	uint64_t address;

	(void)arg;
	if (!f)
		return hwp_error_os(errno, KALLSYMS);
	for (size_t i = 0; i < nr; i++)
		syms[i].found = false;
	while (next_symbol(f, line, sizeof(line), &address, &name)) {
		for (size_t i = 0; i < nr; i++) {
			if (syms[i].found || strcmp(syms[i].name, name) != 0)
				continue;
			syms[i].address = address;
			syms[i].found = true;
		}
	}
	return NULL;
}

static void nothing_to_destroy(void *arg)
{
	(void)arg;
}

static const struct hwp_provider_ops kallsyms_ops = {
	.name = "/proc/kallsyms",
	.symbols = kallsyms_symbols,
	.destroy = nothing_to_destroy,
};

struct hwp_error *hwp_running_symbols_open(struct hwp_provider *ret)
{
	struct hwp_symbol stext = { .name = "_stext" };
	struct hwp_error *err = kallsyms_symbols(NULL, &stext, 1);

	if (err)
		return err;
	if (!stext.found || !stext.address)
		return hwp_error_create(HWP_ERROR_LOOKUP, KALLSYMS
					" hides its addresses: "
					"kernel.kptr_restrict is set, or CAP_SYSLOG is missing");
	*ret = (struct hwp_provider){ .ops = &kallsyms_ops };
	return NULL;
}
