// SPDX-License-Identifier: GPL-2.0-or-later
/** A target made in memory: segments of bytes, a VMCOREINFO text, symbols and types. */
#ifndef TESTS_SYNTH_H
#define TESTS_SYNTH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "layout/needs.h"
#include "target/providers.h"
#include "target/target.h"

#define SYNTH_UNUSED __attribute__((__unused__))

struct synth_segment {
	uint64_t address;
	void *data;
	size_t size;
	/** The address is there, its bytes are not in the dump. */
	bool excluded;
};

struct synth_symbol {
	const char *name;
	uint64_t address;
};

struct synth_member {
	const char *type;
	/** NULL: the type itself. */
	const char *member;
	struct hwp_member is;
};

#define SIZE(type, size)           \
	{                          \
		type, NULL,        \
		{                  \
			0, size, 0 \
		}                  \
	}
#define MEMBER(type, member, offset, size) \
	{                                  \
		type, member,              \
		{                          \
			offset, size, 0    \
		}                          \
	}
#define ARRAY(type, member, offset, size, nr) \
	{                                     \
		type, member,                 \
		{                             \
			offset, size, nr      \
		}                             \
	}

struct synth_enumerator {
	/** NULL: an unnamed enum. */
	const char *type;
	const char *name;
	int64_t value;
};

/** Tables end with a NULL name or type. */
struct synth {
	struct synth_segment segments[24];
	size_t nr_segments;
	const char *vmcoreinfo;
	const struct synth_symbol *symbols;
	const struct synth_member *members;
	const struct synth_enumerator *enumerators;
	/** A type, "type.member", enumerator or symbol of these that is not there after all. */
	const char *lost;
	/** As hwp_target_end_pfn() has it. */
	uint64_t end_pfn;
	uint64_t nr_reads;
	/** May be set from then on. */
	const volatile sig_atomic_t *interrupted;
};

SYNTH_UNUSED static void synth_add(struct synth *s, uint64_t address, void *data, size_t size)
{
	s->segments[s->nr_segments++] = (struct synth_segment){ address, data, size, false };
}

/** Also where there is something already: what is excluded is found first. */
SYNTH_UNUSED static void synth_exclude(struct synth *s, uint64_t address, size_t size)
{
	memmove(s->segments + 1, s->segments, s->nr_segments++ * sizeof(s->segments[0]));
	s->segments[0] = (struct synth_segment){ address, NULL, size, true };
}

static const struct synth_segment *synth_find(const struct synth *s, uint64_t address)
{
	for (size_t i = 0; i < s->nr_segments; i++) {
		if (address - s->segments[i].address < s->segments[i].size)
			return &s->segments[i];
	}
	return NULL;
}

static struct hwp_error *synth_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				    size_t size, size_t *nr_read_ret)
{
	struct synth *s = arg;
	size_t done = 0;

	(void)space;
	s->nr_reads++;
	while (done < size) {
		const struct synth_segment *g = synth_find(s, address + done);
		size_t at, n;

		*nr_read_ret = done;
		if (!g || g->excluded)
			return hwp_error_at(g ? HWP_ERROR_EXCLUDED : HWP_ERROR_FAULT,
					    address + done, "synthetic");
		at = address + done - g->address;
		n = g->size - at < size - done ? g->size - at : size - done;
		memcpy((char *)buf + done, (char *)g->data + at, n);
		done += n;
	}
	*nr_read_ret = done;
	return NULL;
}

static struct hwp_error *synth_vmcoreinfo(void *arg, char **text_ret)
{
	struct synth *s = arg;

	if (!s->vmcoreinfo)
		return hwp_error_create(HWP_ERROR_LOOKUP, "no VMCOREINFO");
	*text_ret = strdup(s->vmcoreinfo);
	return *text_ret ? NULL : hwp_error_no_memory();
}

static bool synth_is_lost(const struct synth *s, const char *name)
{
	return s->lost && strcmp(s->lost, name) == 0;
}

static struct hwp_error *synth_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	struct synth *s = arg;

	for (size_t i = 0; i < nr; i++) {
		syms[i].found = false;
		for (const struct synth_symbol *t = s->symbols; t && t->name; t++) {
			if (strcmp(t->name, syms[i].name) != 0 || synth_is_lost(s, t->name))
				continue;
			syms[i].found = true;
			syms[i].address = t->address;
		}
	}
	return NULL;
}

static struct hwp_error *synth_member(void *arg, const char *type, const char *member,
				      struct hwp_member *ret)
{
	struct synth *s = arg;
	char path[96];

	snprintf(path, sizeof(path), "%s%s%s", type, member ? "." : "", member ? member : "");
	for (const struct synth_member *m = s->members; m && m->type; m++) {
		if (strcmp(m->type, type) != 0 || !member != !m->member ||
		    (member && strcmp(member, m->member) != 0) || synth_is_lost(s, path))
			continue;
		*ret = m->is;
		return NULL;
	}
	return hwp_error_create(HWP_ERROR_LOOKUP, "no %s.%s", type, member ? member : "");
}

static struct hwp_error *synth_enumerator(void *arg, const char *type, const char *name,
					  int64_t *ret)
{
	struct synth *s = arg;

	for (const struct synth_enumerator *e = s->enumerators; e && e->name; e++) {
		if (strcmp(e->name, name) != 0 || !type != !e->type ||
		    (type && strcmp(type, e->type) != 0) || synth_is_lost(s, name))
			continue;
		*ret = e->value;
		return NULL;
	}
	return hwp_error_create(HWP_ERROR_LOOKUP, "no %s", name);
}

static struct hwp_error *synth_clone(void *arg, void **ret)
{
	struct synth *copy = malloc(sizeof(*copy));

	if (!copy)
		return hwp_error_no_memory();
	memcpy(copy, arg, sizeof(*copy));
	*ret = copy;
	return NULL;
}

static void synth_destroy(void *arg)
{
	free(arg);
}

static const struct hwp_provider_ops synth_ops = {
	.name = "synthetic",
	.read = synth_read,
	.vmcoreinfo = synth_vmcoreinfo,
	.symbols = synth_symbols,
	.member = synth_member,
	.enumerator = synth_enumerator,
	.clone = synth_clone,
	.destroy = synth_destroy,
};

static struct hwp_error *synth_hand_out(void *arg, struct hwp_host_providers *ret)
{
	*ret = *(const struct hwp_host_providers *)arg;
	return NULL;
}

/** A target over the providers of @p parts, as a host hands them out, until it is interrupted. */
static struct hwp_error *synth_host_open_until(const struct hwp_host_providers *parts,
					       const volatile sig_atomic_t *interrupted,
					       struct hwp_target **ret)
{
	const struct hwp_host host = {
		.name = "synthetic",
		.path = "synthetic",
		.arg = (void *)parts,
		.open = synth_hand_out,
	};
	const struct hwp_target_options options = { .host = &host, .interrupted = interrupted };

	return hwp_target_open(&options, ret);
}

SYNTH_UNUSED static struct hwp_error *synth_host_open(const struct hwp_host_providers *parts,
						      struct hwp_target **ret)
{
	return synth_host_open_until(parts, NULL, ret);
}

static struct hwp_provider synth_provider(const struct synth *s)
{
	struct synth *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *s;
	return (struct hwp_provider){ &synth_ops, copy };
}

/** A target over a copy of @p s; the bytes of its segments stay the caller's. */
SYNTH_UNUSED static struct hwp_target *synth_open(const struct synth *s)
{
	const struct hwp_host_providers parts = {
		.memory = synth_provider(s),
		.symbols = synth_provider(s),
		.types = synth_provider(s),
		.facts = { .page_shift = 12, .end_pfn = s->end_pfn },
	};
	struct hwp_target *target = NULL;

	if (synth_host_open_until(&parts, s->interrupted, &target))
		abort();
	return target;
}

/** Add to @p l, made by hand or zeroed, what @p s has of these tables, up to a NULL. */
SYNTH_UNUSED static void synth_resolve(const struct synth *s, struct hwp_layout *l,
				       const struct hwp_needs *const *needs)
{
	struct hwp_target *target = synth_open(s);

	if (hwp_layout_resolve(l, target, needs))
		abort();
	hwp_target_destroy(target);
}

/**
 * Run @p fn in a process of its own: its exit status, or -1 when it crashed
 * or was still at work after @p seconds.
 */
SYNTH_UNUSED static int synth_in_child(int (*fn)(const void *arg), const void *arg,
				       unsigned int seconds)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(seconds);
		_exit(fn(arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

SYNTH_UNUSED static void synth_put(void *bytes, size_t offset, uint64_t value, size_t size)
{
	memcpy((char *)bytes + offset, &value, size);
}

#endif /* TESTS_SYNTH_H */
