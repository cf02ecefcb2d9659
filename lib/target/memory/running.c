// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/running.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "target/memory/kcore.h"
#include "target/memory/live.h"
#include "target/memory/pagetable.h"
#include "target/vmcoreinfo.h"

/* /proc/kcore copies page by page, and no page is smaller. */
#define SMALLEST_PAGE 4096u

struct running {
	const char *path;
	/** As it was when the mappings were last found; NULL before. */
	struct hwp_kcore *kcore;
	struct hwp_kcore_segment image;
	/** The image's data may have no second address in the direct map. */
	bool may_lack_alias;
};

static void running_destroy(void *arg)
{
	struct running *r = arg;

	hwp_kcore_destroy(r->kcore);
	free(r);
}

/** The kernel's image is above the direct map, on x86_64 and on arm64. */
static bool is_ram(const struct hwp_kcore_segment *s, uint64_t image_start)
{
	return s->physical != HWP_KCORE_NO_PHYSICAL && s->start < image_start;
}

static struct hwp_error *read_ram(const struct running *r, uint64_t physical, void *buf,
				  size_t size)
{
	const struct hwp_kcore_segment *segments;
	size_t nr;

	segments = hwp_kcore_segments(r->kcore, &nr);
	for (size_t i = 0; i < nr; i++) {
		const struct hwp_kcore_segment *s = &segments[i];

		/* The image's own segment is not used: poisoned pages are not left out there. */
		if (is_ram(s, r->image.start) && physical >= s->physical &&
		    physical - s->physical < s->end - s->start)
			return hwp_kcore_read(r->kcore, s, s->start + (physical - s->physical), buf,
					      size);
	}
	return hwp_error_at(HWP_ERROR_FAULT, physical, "0x%" PRIx64 " is not memory", physical);
}

/**
 * /proc/kcore has zeros for the direct map of the image's data where arm64 marks that as invalid
 * (mark_linear_data_alias_valid() in arch/arm64/mm/mmu.c of v7.3), as it has for a poisoned page.
 * The gate has seen that the page is not poisoned: it is read by the image's own address then.
 */
static struct hwp_error *fill_image(const struct running *r, uint64_t physical, char *buf,
				    size_t size)
{
	const struct hwp_kcore_segment *image = &r->image;
	uint64_t end = image->physical + (image->end - image->start);
	struct hwp_error *err = NULL;
	size_t len;

	for (size_t done = 0; done < size && !err; done += len) {
		uint64_t at = physical + done;

		len = SMALLEST_PAGE - at % SMALLEST_PAGE;
		len = len < size - done ? len : size - done;
		if (at >= image->physical && at < end && hwp_is_zero(buf + done, len))
			err = hwp_kcore_read(r->kcore, image, image->start + (at - image->physical),
					     buf + done, len);
	}
	return err;
}

static struct hwp_error *read_physical(void *arg, uint64_t physical, void *buf, size_t size)
{
	const struct running *r = arg;
	struct hwp_error *err = read_ram(r, physical, buf, size);

	return err || !r->may_lack_alias ? err : fill_image(r, physical, buf, size);
}

/** The image is the segment that contains _stext. */
static const struct hwp_kcore_segment *find_image(const struct hwp_kcore_segment *segments,
						  size_t nr, const char *vmcoreinfo)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t stext;

	err = hwp_vmcoreinfo_number(vmcoreinfo, "SYMBOL(_stext)", &stext);
	for (size_t i = 0; i < nr && !err; i++) {
		if (segments[i].physical != HWP_KCORE_NO_PHYSICAL && stext >= segments[i].start &&
		    stext < segments[i].end)
			return &segments[i];
	}
	return NULL;
}

static bool find_direct_map(const struct hwp_kcore_segment *segments, size_t nr,
			    struct hwp_gate_memory *m)
{
	bool found = false;

	for (size_t i = 0; i < nr; i++) {
		uint64_t end = segments[i].physical + (segments[i].end - segments[i].start);

		if (!is_ram(&segments[i], m->image_start))
			continue;
		if (found && segments[i].start - segments[i].physical != m->direct_map)
			return false;
		m->direct_map = segments[i].start - segments[i].physical;
		m->ram_end = end > m->ram_end ? end : m->ram_end;
		found = true;
	}
	return found;
}

/** How many ranges of RAM have their struct pages in a segment, if the memmap is at @p base. */
static unsigned int nr_matches(const struct hwp_kcore_segment *segments, size_t nr,
			       const struct hwp_gate_memory *m, uint64_t base, uint64_t page_size)
{
	unsigned int matches = 0;

	for (size_t i = 0; i < nr; i++) {
		uint64_t address = base +
				   (segments[i].physical >> HWP_X86_64_PAGE_SHIFT) * page_size;

		if (!is_ram(&segments[i], m->image_start))
			continue;
		for (size_t j = 0; j < nr; j++)
			matches += segments[j].physical == HWP_KCORE_NO_PHYSICAL &&
				   segments[j].start ==
					   hwp_align_down(address, HWP_X86_64_PAGE_SHIFT);
	}
	return matches;
}

/** On x86_64 it follows from the segments: for each one of RAM is one with its struct pages. */
static bool find_memmap_segments(const struct hwp_kcore_segment *segments, size_t nr,
				 struct hwp_gate_memory *m, uint64_t page_size)
{
	unsigned int best = 0;

	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < nr && is_ram(&segments[i], m->image_start); j++) {
			uint64_t offset = (segments[i].physical >> HWP_X86_64_PAGE_SHIFT) *
					  page_size;
			uint64_t base = segments[j].start -
					hwp_align_down(offset, HWP_X86_64_PAGE_SHIFT);
			unsigned int matches;

			if (segments[j].physical != HWP_KCORE_NO_PHYSICAL ||
			    base != hwp_align_down(base, HWP_X86_64_REGION_SHIFT))
				continue;
			matches = nr_matches(segments, nr, m, base, page_size);
			if (matches > best) {
				best = matches;
				m->vmemmap = base;
			}
		}
	}
	return best > 1;
}

/**
 * VMCOREINFO has the address of the memmap from v6.9 on. arm64's says where that of the first
 * page of memory is: Linux kernel commit 2369f171d5c5 ("arm64: crash_core: Export MODULES,
 * VMALLOC, and VMEMMAP ranges") (in v5.18).
 */
static bool find_memmap(const struct hwp_kcore_segment *segments, size_t nr,
			struct hwp_gate_memory *m)
{
	const char *text = m->vmcoreinfo, *machine = hwp_page_tables_machine(text);
	uint64_t size, start, phys_offset, page;
	_cleanup_error_ struct hwp_error *err = NULL;

	err = hwp_vmcoreinfo_number(text, "SYMBOL(vmemmap)", &m->vmemmap);
	if (!err)
		return true;
	hwp_error_destroy(err);
	err = hwp_vmcoreinfo_number(text, "SIZE(page)", &size);
	if (err || !machine)
		return false;
	if (strcmp(machine, "x86_64") == 0)
		return find_memmap_segments(segments, nr, m, size);
	err = hwp_vmcoreinfo_number(text, "NUMBER(VMEMMAP_START)", &start);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "NUMBER(PHYS_OFFSET)", &phys_offset);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "PAGESIZE", &page);
	if (err || !page)
		return false;
	/* PHYS_OFFSET is signed: memstart_addr can be below 0. */
	m->vmemmap = start - (uint64_t)((int64_t)phys_offset / (int64_t)page) * size;
	return true;
}

static struct hwp_error *not_shown(void)
{
	return hwp_error_create(HWP_ERROR_UNSUPPORTED,
				"/proc/kcore does not show where the kernel, its direct map and "
				"its memmap are: a running kernel can be read on x86_64 and arm64, "
				"with SPARSEMEM_VMEMMAP only");
}

static struct hwp_error *find_mappings(void *arg, struct hwp_gate_memory *ret)
{
	struct running *r = arg;
	const struct hwp_kcore_segment *segments, *image;
	struct hwp_kcore *fresh;
	struct hwp_error *err;
	const char *machine;
	size_t nr;

	/* The segments of an open file stay those of the time when it was opened. */
	err = hwp_kcore_open(r->path, &fresh);
	if (err)
		return err;
	hwp_kcore_destroy(r->kcore);
	r->kcore = fresh;
	segments = hwp_kcore_segments(fresh, &nr);
	ret->vmcoreinfo = hwp_kcore_vmcoreinfo(fresh);
	if (!ret->vmcoreinfo)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"/proc/kcore has no VMCOREINFO: this needs a kernel from "
					"v4.19 on with CONFIG_VMCORE_INFO=y");
	image = find_image(segments, nr, ret->vmcoreinfo);
	if (!image)
		return not_shown();
	r->image = *image;
	ret->image_start = image->start;
	ret->image_end = image->end;
	ret->image_physical = image->physical;
	machine = hwp_page_tables_machine(ret->vmcoreinfo);
	r->may_lack_alias = machine && strcmp(machine, "aarch64") == 0;
	if (!find_direct_map(segments, nr, ret) || !find_memmap(segments, nr, ret))
		return not_shown();
	return NULL;
}

static bool running_ram(void *arg, size_t index, struct hwp_ram *ret)
{
	const struct running *r = arg;
	const struct hwp_kcore_segment *s;
	size_t nr;

	s = hwp_kcore_segments(r->kcore, &nr);
	for (; nr; nr--, s++) {
		if (!is_ram(s, r->image.start) || index-- > 0)
			continue;
		ret->start = s->physical;
		ret->end = s->physical + (s->end - s->start);
		return true;
	}
	return false;
}

static struct hwp_error *running_clone(void *arg, void **ret)
{
	const struct running *r = arg;
	struct running *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return hwp_error_no_memory();
	copy->path = r->path;
	*ret = copy;
	return NULL;
}

static const struct hwp_live_source running_source = {
	.read_physical = read_physical,
	.find_mappings = find_mappings,
	.ram = running_ram,
	.clone = running_clone,
	.destroy = running_destroy,
};

static const struct hwp_provider_ops running_ops = {
	.name = "kcore",
	.read = hwp_live_read,
	.vmcoreinfo = hwp_live_vmcoreinfo,
	.clone = hwp_live_clone,
	.live = &hwp_live_ops,
	.destroy = hwp_live_destroy,
};

struct hwp_error *hwp_running_memory_create(const char *kcore, struct hwp_provider *ret)
{
	struct running *r = calloc(1, sizeof(*r));
	struct hwp_error *err;
	void *live;

	if (!r)
		return hwp_error_no_memory();
	r->path = kcore;
	err = hwp_live_create(&running_source, r, &live);
	if (err)
		return err;
	*ret = (struct hwp_provider){ &running_ops, live };
	return NULL;
}

struct hwp_error *hwp_running_memory_open(struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	struct hwp_error *err = hwp_running_memory_create(HWP_KCORE_PATH, ret);

	if (err)
		return err;
	snprintf(facts->format, sizeof(facts->format), "kcore");
	facts->page_shift = hwp_ilog2((uint64_t)sysconf(_SC_PAGESIZE));
	return NULL;
}
