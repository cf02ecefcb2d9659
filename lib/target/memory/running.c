// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/running.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/gate.h"
#include "target/memory/kcore.h"
#include "target/vmcoreinfo.h"

#define PAGE_SHIFT 12
#define PAGE_MASK (~UINT64_C(0xfff))
/* arch/x86/mm/kaslr.c moves the memmap by this much at least. */
#define MEMMAP_ALIGNMENT (UINT64_C(1) << 30)

/* arch/x86/include/asm/page_64_types.h: __START_KERNEL_map */
#define IMAGE_MAP UINT64_C(0xffffffff80000000)

struct running {
	struct hwp_kcore *kcore;
	struct hwp_gate *gate;
	uint64_t vmemmap;
};

static void running_destroy(void *arg)
{
	struct running *r = arg;

	if (!r)
		return;
	hwp_gate_destroy(r->gate);
	hwp_kcore_destroy(r->kcore);
	free(r);
}

static void running_destroyp(struct running **r)
{
	running_destroy(*r);
}

static bool is_ram(const struct hwp_kcore_segment *s)
{
	return s->physical != HWP_KCORE_NO_PHYSICAL && s->start < IMAGE_MAP;
}

static struct hwp_error *read_physical(void *arg, uint64_t physical, void *buf, size_t size)
{
	struct running *r = arg;
	const struct hwp_kcore_segment *segments;
	size_t nr;

	segments = hwp_kcore_segments(r->kcore, &nr);
	for (size_t i = 0; i < nr; i++) {
		const struct hwp_kcore_segment *s = &segments[i];

		/* The image has a segment of its own, which leaves out no poisoned page. */
		if (is_ram(s) && physical >= s->physical &&
		    physical - s->physical < s->end - s->start)
			return hwp_kcore_read(r->kcore, s, s->start + (physical - s->physical), buf,
					      size);
	}
	return hwp_error_at(HWP_ERROR_FAULT, physical, "0x%" PRIx64 " is no memory", physical);
}

/** The image is the segment that _stext is in. */
static bool find_image(const struct hwp_kcore_segment *segments, size_t nr,
		       struct hwp_gate_memory *m)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t stext;

	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SYMBOL(_stext)", &stext);
	for (size_t i = 0; i < nr && !err; i++) {
		if (segments[i].physical == HWP_KCORE_NO_PHYSICAL || stext < segments[i].start ||
		    stext >= segments[i].end)
			continue;
		m->image_start = segments[i].start;
		m->image_end = segments[i].end;
		m->image_physical = segments[i].physical;
		return true;
	}
	return false;
}

static bool find_direct_map(const struct hwp_kcore_segment *segments, size_t nr,
			    struct hwp_gate_memory *m)
{
	bool found = false;

	for (size_t i = 0; i < nr; i++) {
		uint64_t end = segments[i].physical + (segments[i].end - segments[i].start);

		if (!is_ram(&segments[i]))
			continue;
		if (found && segments[i].start - segments[i].physical != m->direct_map)
			return false;
		m->direct_map = segments[i].start - segments[i].physical;
		m->ram_end = end > m->ram_end ? end : m->ram_end;
		found = true;
	}
	return found;
}

/** How many ranges of RAM have their struct pages where @p base says. */
static unsigned int nr_matches(const struct hwp_kcore_segment *segments, size_t nr, uint64_t base,
			       uint64_t page_size)
{
	unsigned int matches = 0;

	for (size_t i = 0; i < nr; i++) {
		uint64_t address = base + (segments[i].physical >> PAGE_SHIFT) * page_size;

		if (!is_ram(&segments[i]))
			continue;
		for (size_t j = 0; j < nr; j++)
			matches += segments[j].physical == HWP_KCORE_NO_PHYSICAL &&
				   segments[j].start == (address & PAGE_MASK);
	}
	return matches;
}

/** VMCOREINFO tells it from v6.9 on; before, the segments do: each of RAM has one of struct pages. */
static bool find_memmap(const struct hwp_kcore_segment *segments, size_t nr,
			struct hwp_gate_memory *m)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t page_size;
	unsigned int best = 0;

	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SYMBOL(vmemmap)", &m->vmemmap);
	if (!err)
		return true;
	hwp_error_destroy(err);
	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SIZE(page)", &page_size);
	for (size_t i = 0; i < nr && !err; i++) {
		for (size_t j = 0; j < nr && is_ram(&segments[i]); j++) {
			uint64_t offset = (segments[i].physical >> PAGE_SHIFT) * page_size;
			uint64_t base = segments[j].start - (offset & PAGE_MASK);
			unsigned int matches;

			if (segments[j].physical != HWP_KCORE_NO_PHYSICAL ||
			    base % MEMMAP_ALIGNMENT)
				continue;
			matches = nr_matches(segments, nr, base, page_size);
			if (matches > best) {
				best = matches;
				m->vmemmap = base;
			}
		}
	}
	return best > 1;
}

static struct hwp_error *build_gate(struct running *r, struct hwp_gate **ret)
{
	struct hwp_gate_memory m = { .arg = r, .read_physical = read_physical };
	const struct hwp_kcore_segment *segments;
	size_t nr;

	segments = hwp_kcore_segments(r->kcore, &nr);
	m.vmcoreinfo = hwp_kcore_vmcoreinfo(r->kcore);
	if (!m.vmcoreinfo)
		return hwp_error_create(
			HWP_ERROR_UNSUPPORTED,
			"/proc/kcore carries no VMCOREINFO: needed is a kernel from "
			"v4.19 on with CONFIG_VMCORE_INFO=y");
	if (!find_image(segments, nr, &m) || !find_direct_map(segments, nr, &m) ||
	    !find_memmap(segments, nr, &m))
		return hwp_error_create(
			HWP_ERROR_UNSUPPORTED,
			"/proc/kcore does not tell where the kernel, its direct map "
			"and its memmap are: a running kernel is looked at on x86_64 "
			"with SPARSEMEM_VMEMMAP only");
	r->vmemmap = m.vmemmap;
	return hwp_gate_create(&m, ret);
}

static struct hwp_error *running_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				      size_t size, size_t *nr_read_ret)
{
	struct running *r = arg;

	return hwp_gate_read(r->gate, space, address, buf, size, nr_read_ret);
}

static struct hwp_error *running_vmcoreinfo(void *arg, char **text_ret)
{
	struct running *r = arg;

	*text_ret = strdup(hwp_kcore_vmcoreinfo(r->kcore));
	return *text_ret ? NULL : hwp_error_no_memory();
}

static void running_set_page_rule(void *arg, const struct hwp_page_rule *rule)
{
	struct running *r = arg;

	hwp_gate_set_rule(r->gate, rule);
}

static struct hwp_error *running_refresh(void *arg)
{
	struct running *r = arg;
	struct hwp_gate *fresh;
	struct hwp_error *err;

	err = hwp_kcore_reopen(r->kcore);
	if (!err)
		err = build_gate(r, &fresh);
	if (err)
		return err;
	if (hwp_gate_rule(r->gate))
		hwp_gate_set_rule(fresh, hwp_gate_rule(r->gate));
	hwp_gate_destroy(r->gate);
	r->gate = fresh;
	return NULL;
}

static bool running_ram(void *arg, size_t index, struct hwp_ram *ret)
{
	struct running *r = arg;
	const struct hwp_kcore_segment *s;
	size_t nr;

	s = hwp_kcore_segments(r->kcore, &nr);
	for (; nr; nr--, s++) {
		if (!is_ram(s) || index-- > 0)
			continue;
		ret->start = s->physical;
		ret->end = s->physical + (s->end - s->start);
		ret->vmemmap = r->vmemmap;
		return true;
	}
	return false;
}

static struct hwp_error *running_clone(void *arg, void **ret);

static const struct hwp_provider_ops running_ops = {
	.name = "kcore",
	.read = running_read,
	.vmcoreinfo = running_vmcoreinfo,
	.clone = running_clone,
	.set_page_rule = running_set_page_rule,
	.refresh = running_refresh,
	.ram = running_ram,
	.destroy = running_destroy,
};

static struct hwp_error *running_create(struct running **ret)
{
	_cleanup_(running_destroyp) struct running *r = calloc(1, sizeof(*r));
	struct hwp_error *err;

	if (!r)
		return hwp_error_no_memory();
	err = hwp_kcore_open(&r->kcore);
	if (!err)
		err = build_gate(r, &r->gate);
	if (err)
		return err;
	*ret = no_cleanup_ptr(r);
	return NULL;
}

static struct hwp_error *running_clone(void *arg, void **ret)
{
	const struct running *r = arg;
	struct running *copy;
	struct hwp_error *err = running_create(&copy);

	if (err)
		return err;
	if (hwp_gate_rule(r->gate))
		hwp_gate_set_rule(copy->gate, hwp_gate_rule(r->gate));
	*ret = copy;
	return NULL;
}

struct hwp_error *hwp_running_memory_open(struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	struct running *r;
	struct hwp_error *err = running_create(&r);

	if (err)
		return err;
	snprintf(facts->format, sizeof(facts->format), "kcore");
	facts->page_shift = PAGE_SHIFT;
	ret->ops = &running_ops;
	ret->arg = r;
	return NULL;
}
