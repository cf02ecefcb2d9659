// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/live.h"

#include <string.h>

struct live {
	const struct hwp_live_source *source;
	void *arg;
	/** Before the kernel's mappings as they were last found; with the text found then. */
	struct hwp_gate *gate;
	char *vmcoreinfo;
	uint64_t vmemmap;
};

void hwp_live_destroy(void *arg)
{
	struct live *l = arg;

	hwp_gate_destroy(l->gate);
	l->source->destroy(l->arg);
	free(l->vmcoreinfo);
	free(l);
}

/** Find the mappings and put a new gate before them; the old one stays on failure. */
static struct hwp_error *renew_gate(struct live *l)
{
	struct hwp_gate_memory memory = {
		.arg = l->arg,
		.read_physical = l->source->read_physical,
	};
	_cleanup_free_ char *text = NULL;
	struct hwp_gate *fresh;
	struct hwp_error *err;

	err = l->source->find_mappings(l->arg, &memory);
	if (err)
		return err;
	text = strdup(memory.vmcoreinfo);
	if (!text)
		return hwp_error_no_memory();
	err = hwp_gate_create(&memory, &fresh);
	if (err)
		return err;
	if (l->gate && hwp_gate_rule(l->gate))
		hwp_gate_set_rule(fresh, hwp_gate_rule(l->gate));
	hwp_gate_destroy(l->gate);
	l->gate = fresh;
	free(l->vmcoreinfo);
	l->vmcoreinfo = no_cleanup_ptr(text);
	l->vmemmap = memory.vmemmap;
	return NULL;
}

struct hwp_error *hwp_live_create(const struct hwp_live_source *source, void *arg, void **ret)
{
	struct live *l = calloc(1, sizeof(*l));
	struct hwp_error *err;

	if (!l) {
		source->destroy(arg);
		return hwp_error_no_memory();
	}
	l->source = source;
	l->arg = arg;
	err = renew_gate(l);
	if (err) {
		hwp_live_destroy(l);
		return err;
	}
	*ret = l;
	return NULL;
}

struct hwp_error *hwp_live_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				size_t size, size_t *nr_read_ret)
{
	struct live *l = arg;

	return hwp_gate_read(l->gate, space, address, buf, size, nr_read_ret);
}

struct hwp_error *hwp_live_vmcoreinfo(void *arg, char **text_ret)
{
	const struct live *l = arg;
	char *text = strdup(l->vmcoreinfo);

	if (!text)
		return hwp_error_no_memory();
	*text_ret = text;
	return NULL;
}

static void set_page_rule(void *arg, const struct hwp_page_rule *rule)
{
	struct live *l = arg;

	hwp_gate_set_rule(l->gate, rule);
}

struct hwp_error *hwp_live_clone(void *arg, void **ret)
{
	const struct live *l = arg;
	struct hwp_error *err;
	void *source_arg, *copy;

	err = l->source->clone(l->arg, &source_arg);
	if (!err)
		err = hwp_live_create(l->source, source_arg, &copy);
	if (err)
		return err;
	if (hwp_gate_rule(l->gate))
		set_page_rule(copy, hwp_gate_rule(l->gate));
	*ret = copy;
	return NULL;
}

static struct hwp_error *refresh(void *arg)
{
	return renew_gate(arg);
}

static bool find_ram(void *arg, size_t index, struct hwp_ram *ret)
{
	const struct live *l = arg;

	if (!l->source->ram || !l->source->ram(l->arg, index, ret))
		return false;
	ret->vmemmap = l->vmemmap;
	return true;
}

const struct hwp_live_ops hwp_live_ops = {
	.set_page_rule = set_page_rule,
	.refresh = refresh,
	.ram = find_ram,
};
