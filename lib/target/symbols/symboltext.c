// SPDX-License-Identifier: GPL-2.0-or-later
/** Symbols from text, one to a line: System.map, /proc/kallsyms of the running kernel, or a copy. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "target/memory/running.h"
#include "target/providers.h"

#define KALLSYMS "/proc/kallsyms"
#define MAX_LINE 768
#define MAX_BANNER 512
/* In the kernel's half of the addresses: what is below, a per-CPU or absolute symbol, stays. */
#define KERNEL_HALF (UINT64_C(1) << 63)

struct symbol_text {
	/** Opened for each lookup; owned. */
	char *path;
	/** What KASLR added to the addresses in it. */
	uint64_t offset;
};

static void text_destroy(void *arg)
{
	struct symbol_text *t = arg;

	if (!t)
		return;
	free(t->path);
	free(t);
}

static void text_destroyp(struct symbol_text **t)
{
	text_destroy(*t);
}

static bool parse_line(char *line, uint64_t *address, char **name)
{
	char *end = line;

	*address = strtoull(line, &end, 16);
	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	*name = end + 3;
	(*name)[strcspn(*name, "\r\n")] = '\0';
	return true;
}

/** The address and name of the next line that is not a module's symbol. */
static bool next_symbol(FILE *f, char *line, size_t size, uint64_t *address, char **name)
{
	while (fgets(line, (int)size, f)) {
		if (parse_line(line, address, name) && !strchr(*name, '\t'))
			return true;
	}
	return false;
}

/** Do not wait for the writer of a FIFO, which is refused. */
static struct hwp_error *open_text(const char *path, FILE **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return hwp_error_os(errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "%s: no regular file", path);
	*ret = fdopen(fd, "r");
	if (!*ret)
		return hwp_error_os(errno, "%s", path);
	fd = -1;
	return NULL;
}

static uint64_t moved(const struct symbol_text *t, uint64_t address)
{
	return address & KERNEL_HALF ? address + t->offset : address;
}

static struct hwp_error *text_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	const struct symbol_text *t = arg;
	_cleanup_fclose_ FILE *f = NULL;
	struct hwp_error *err = open_text(t->path, &f);
	char line[MAX_LINE], *name;
	uint64_t address;

	for (size_t i = 0; i < nr; i++)
		syms[i].found = false;
	if (err)
		return err;
	while (next_symbol(f, line, sizeof(line), &address, &name)) {
		for (size_t i = 0; i < nr; i++) {
			if (syms[i].found || strcmp(syms[i].name, name) != 0)
				continue;
			syms[i].address = moved(t, address);
			syms[i].found = true;
		}
	}
	if (ferror(f))
		return hwp_error_os(errno ? errno : EIO, "%s", t->path);
	return NULL;
}

static const struct hwp_provider_ops running_ops = {
	.name = KALLSYMS,
	.symbols = text_symbols,
	.destroy = text_destroy,
};

static const struct hwp_provider_ops text_ops = {
	.name = "a list of symbols",
	.symbols = text_symbols,
	.destroy = text_destroy,
};

static struct hwp_error *text_create(const char *path, struct symbol_text **ret)
{
	_cleanup_(text_destroyp) struct symbol_text *t = calloc(1, sizeof(*t));

	if (!t)
		return hwp_error_no_memory();
	t->path = strdup(path);
	if (!t->path)
		return hwp_error_no_memory();
	*ret = no_cleanup_ptr(t);
	return NULL;
}

struct hwp_error *hwp_running_symbols_open(struct hwp_provider *ret)
{
	_cleanup_(text_destroyp) struct symbol_text *t = NULL;
	struct hwp_symbol stext = { .name = "_stext" };
	struct hwp_error *err = text_create(KALLSYMS, &t);

	if (!err)
		err = text_symbols(t, &stext, 1);
	if (err)
		return err;
	if (!stext.found || !stext.address)
		return hwp_error_create(HWP_ERROR_LOOKUP, KALLSYMS
					" hides its addresses: "
					"kernel.kptr_restrict is set, or CAP_SYSLOG is missing");
	*ret = (struct hwp_provider){ .ops = &running_ops, .arg = no_cleanup_ptr(t) };
	return NULL;
}

bool hwp_symbol_text_is(const char *path)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_error_ struct hwp_error *err = open_text(path, &f);
	char line[MAX_LINE], *name;
	uint64_t address;

	return !err && fgets(line, sizeof(line), f) && parse_line(line, &address, &name);
}

static struct hwp_error *another_kernel(const struct hwp_target *target, const char *name)
{
	return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
				"is of another kernel, or of another boot: %s is not where "
				"the target's VMCOREINFO (%s) has it",
				name, hwp_target_release(target));
}

/** Symbols by which a list is known to be of the kernel. */
enum {
	STEXT,
	LINUX_BANNER,
	/* VMCOREINFO may have these too; a build differs in where its data begin. */
	FIRST_DATA,
	INIT_UTS_NS = FIRST_DATA,
	LOG_BUF,
	PRB,
	VMAP_AREA_LIST,
	NR_KNOWN,
};

/** By _stext, which VMCOREINFO has; KERNELOFFSET has to agree where the list is as linked. */
static struct hwp_error *find_offset(const struct hwp_target *target, struct symbol_text *t,
				     const struct hwp_symbol *stext)
{
	uint64_t address, kaslr = 0;
	struct hwp_error *err, *no_kaslr;

	if (!stext->found || !stext->address)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"has no address of _stext: taken by a user who may not see "
					"them?");
	err = hwp_target_vmcoreinfo_symbol(target, stext->name, &address);
	if (err)
		return err;
	no_kaslr = hwp_target_vmcoreinfo_number(target, "KERNELOFFSET", &kaslr);
	t->offset = address - stext->address;
	if (!no_kaslr && t->offset && t->offset != kaslr)
		return another_kernel(target, stext->name);
	hwp_error_destroy(no_kaslr);
	return NULL;
}

static struct hwp_error *compare_places(const struct hwp_target *target,
					const struct symbol_text *t, const struct hwp_symbol *known)
{
	struct hwp_error *err = NULL;

	for (size_t i = FIRST_DATA; i < NR_KNOWN && !err; i++) {
		uint64_t address;

		if (!known[i].found)
			continue;
		err = hwp_target_vmcoreinfo_symbol(target, known[i].name, &address);
		if (!hwp_error_catch(&err, HWP_ERROR_LOOKUP) && !err &&
		    address != moved(t, known[i].address))
			err = another_kernel(target, known[i].name);
	}
	return err;
}

/** The list has no build id; "Linux version RELEASE " must be in memory where it says. */
static struct hwp_error *compare_banner(struct hwp_target *target, const struct symbol_text *t,
					const struct hwp_symbol *known)
{
	_cleanup_free_ char *wanted = NULL;
	char banner[MAX_BANNER];
	struct hwp_error *err;

	if (!known->found)
		return NULL;
	err = hwp_target_read_string(target, moved(t, known->address), banner, sizeof(banner));
	if (hwp_error_catch(&err, HWP_ERROR_EXCLUDED) || err)
		return err;
	if (asprintf(&wanted, "Linux version %s ", hwp_target_release(target)) < 0) {
		wanted = NULL;
		return hwp_error_no_memory();
	}
	return strncmp(banner, wanted, strlen(wanted)) == 0 ? NULL :
							      another_kernel(target, known->name);
}

struct hwp_error *hwp_symbol_text_open(struct hwp_target *target, const char *path,
				       struct hwp_provider *ret)
{
	struct hwp_symbol known[NR_KNOWN] = { [STEXT] = { .name = "_stext" },
					      [LINUX_BANNER] = { .name = "linux_banner" },
					      [INIT_UTS_NS] = { .name = "init_uts_ns" },
					      [LOG_BUF] = { .name = "log_buf" },
					      [PRB] = { .name = "prb" },
					      [VMAP_AREA_LIST] = { .name = "vmap_area_list" } };
	_cleanup_(text_destroyp) struct symbol_text *t = NULL;
	struct hwp_error *err = text_create(path, &t);

	if (err)
		return err;
	/* As the file has them: how far they moved follows from the first. */
	err = text_symbols(t, known, NR_KNOWN);
	if (!err)
		err = find_offset(target, t, &known[STEXT]);
	if (!err)
		err = compare_places(target, t, known);
	if (!err)
		err = compare_banner(target, t, &known[LINUX_BANNER]);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	*ret = (struct hwp_provider){ .ops = &text_ops, .arg = no_cleanup_ptr(t) };
	return NULL;
}
