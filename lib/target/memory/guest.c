// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The host does not know the guest kernel's mappings, so they are found by VMCOREINFO and
 * the guest's page tables. A page that is poisoned in the guest may be poisoned on the
 * host too, where touching it can kill QEMU: as with /proc/kcore, all reads go through
 * the gate.
 */
#include "target/memory/guest.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "target/drgn/qmp.h"
#include "target/memory/live.h"
#include "target/memory/mem_section.h"
#include "target/memory/pagetable.h"
#include "target/providers.h"
#include "target/vmcoreinfo.h"

/* KERNEL_IMAGE_SIZE at most. */
#define MAX_IMAGE_SIZE (UINT64_C(1) << 30)
/* The image is mapped by large pages. */
#define IMAGE_STEP 21

struct guest {
	/** Reads by physical address. */
	struct hwp_provider memory;
	char *vmcoreinfo;
	/** QEMU took too long to answer: it is not asked again. */
	bool is_silent;
};

static void guest_destroy(void *arg)
{
	struct guest *g = arg;

	hwp_provider_deinit(&g->memory);
	free(g->vmcoreinfo);
	free(g);
}

static struct hwp_error *read_physical(void *arg, uint64_t physical, void *buf, size_t size)
{
	struct guest *g = arg;
	uint64_t start = hwp_now_ns();
	size_t nr_read;

	if (!g->is_silent) {
		struct hwp_error *err = g->memory.ops->read(g->memory.arg, HWP_PHYSICAL, physical,
							    buf, size, &nr_read);

		if (!err || hwp_now_ns() - start < HWP_QMP_TIMEOUT * UINT64_C(900000000))
			return err;
		hwp_error_destroy(err);
		g->is_silent = true;
	}
	return hwp_error_create(HWP_ERROR_OS, "QEMU no longer answers");
}

static struct hwp_error *nonsense(const char *what)
{
	return hwp_error_create(HWP_ERROR_UNSUPPORTED,
				"the guest's page tables show no %s: only guests that run Linux "
				"on x86_64 with SPARSEMEM_VMEMMAP can be read",
				what);
}

/** The image ends with the last page that is mapped where it could be. */
static struct hwp_error *find_image(struct hwp_page_tables *tables, struct hwp_gate_memory *m)
{
	uint64_t stext, address, physical, end = HWP_X86_64_IMAGE_MAP + MAX_IMAGE_SIZE;
	struct hwp_error *err;
	unsigned int shift;

	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SYMBOL(_stext)", &stext);
	if (!err)
		err = hwp_vmcoreinfo_number(m->vmcoreinfo, "NUMBER(phys_base)", &m->image_physical);
	if (err)
		return err;
	if (stext < HWP_X86_64_IMAGE_MAP || stext >= end)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	m->image_start = hwp_align_down(stext, IMAGE_STEP);
	m->image_physical += m->image_start - HWP_X86_64_IMAGE_MAP;
	err = hwp_page_tables_learn(tables, m->vmcoreinfo);
	for (address = m->image_start; !err; address = m->image_end) {
		err = hwp_page_tables_next(tables, address, end, &address, &shift, &physical);
		/* Modules follow the image. */
		if (!err && physical != address - m->image_start + m->image_physical)
			break;
		if (!err)
			m->image_end = hwp_align_down(address, IMAGE_STEP) +
				       (UINT64_C(1) << IMAGE_STEP);
	}
	if (err && !hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return err;
	return m->image_end ? NULL : nonsense("kernel");
}

/** The first region that is mapped is the direct map; it ends where another begins. */
static struct hwp_error *find_direct_map(struct hwp_page_tables *tables, struct hwp_gate_memory *m)
{
	uint64_t address = ~UINT64_C(0) << tables->kernel_bits, physical;
	struct hwp_error *err;
	unsigned int shift;

	err = hwp_page_tables_next(tables, address, HWP_X86_64_IMAGE_MAP, &address, &shift,
				   &physical);
	if (err)
		return hwp_error_prefix(err, "direct map");
	m->direct_map = address - physical;
	if (m->direct_map != hwp_align_down(m->direct_map, HWP_X86_64_REGION_SHIFT))
		return nonsense("direct map");
	while (!err && address - m->direct_map == physical) {
		m->ram_end = hwp_align_down(physical, HWP_X86_64_REGION_SHIFT) +
			     (UINT64_C(1) << HWP_X86_64_REGION_SHIFT);
		err = hwp_page_tables_next(tables, m->direct_map + m->ram_end, HWP_X86_64_IMAGE_MAP,
					   &address, &shift, &physical);
	}
	return err && !hwp_error_catch(&err, HWP_ERROR_LOOKUP) ? err : NULL;
}

static struct hwp_error *read_word(const struct hwp_page_tables *tables, uint64_t address,
				   uint64_t *ret)
{
	struct hwp_error *err;
	unsigned int shift;
	uint64_t physical;

	err = hwp_page_tables_walk(tables, address, &shift, &physical);
	return err ? err : tables->read_physical(tables->arg, physical, ret, sizeof(*ret));
}

/**
 * VMCOREINFO has the address of the memmap from v6.9 on; before that it follows from a
 * section's section_mem_map. Section 0 always exists.
 */
static struct hwp_error *find_memmap(const struct hwp_page_tables *tables,
				     struct hwp_gate_memory *m)
{
	uint64_t roots, section, map, offset;
	struct hwp_error *err;

	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SYMBOL(vmemmap)", &m->vmemmap);
	if (!hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return err;
	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SYMBOL(mem_section)", &roots);
	if (!err)
		err = hwp_vmcoreinfo_number(m->vmcoreinfo, "OFFSET(mem_section.section_mem_map)",
					    &offset);
	if (!err)
		err = read_word(tables, roots, &section);
	if (!err)
		err = read_word(tables, section + offset, &map);
	if (err)
		return hwp_error_prefix(err, "mem_section");
	m->vmemmap = hwp_align_down(map, HWP_X86_64_REGION_SHIFT);
	if (!(map & HWP_SECTION_MARKED_PRESENT) || !(map & HWP_SECTION_HAS_MEM_MAP) ||
	    m->vmemmap != hwp_align_down(map, HWP_X86_64_PAGE_SHIFT))
		return nonsense("memmap");
	return NULL;
}

static struct hwp_error *find_mappings(void *arg, struct hwp_gate_memory *ret)
{
	struct hwp_page_tables tables = { .arg = arg, .read_physical = read_physical };
	struct guest *g = arg;
	const char *machine = hwp_page_tables_machine(g->vmcoreinfo);
	struct hwp_error *err;

	if (machine && strcmp(machine, "x86_64") != 0)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"the guest is of %s: only guests that run Linux on x86_64 "
					"can be read",
					machine);
	ret->vmcoreinfo = g->vmcoreinfo;
	err = find_image(&tables, ret);
	if (!err)
		err = find_direct_map(&tables, ret);
	return err ? err : find_memmap(&tables, ret);
}

static const struct hwp_live_source guest_source = {
	.read_physical = read_physical,
	.find_mappings = find_mappings,
	.destroy = guest_destroy,
};

/* No clone: a program of libdrgn is for one thread. */
static const struct hwp_provider_ops guest_ops = {
	.name = "drgn",
	.read = hwp_live_read,
	.vmcoreinfo = hwp_live_vmcoreinfo,
	.live = &hwp_live_ops,
	.destroy = hwp_live_destroy,
};

struct hwp_error *hwp_guest_memory_create(const struct hwp_provider *memory,
					  struct hwp_provider *ret)
{
	struct guest *g = calloc(1, sizeof(*g));
	struct hwp_error *err;
	void *live;

	if (!g) {
		memory->ops->destroy(memory->arg);
		return hwp_error_no_memory();
	}
	g->memory = *memory;
	err = memory->ops->vmcoreinfo(memory->arg, &g->vmcoreinfo);
	if (err) {
		guest_destroy(g);
		return hwp_error_catch(&err, HWP_ERROR_LOOKUP) ?
			       hwp_error_create(HWP_ERROR_LOOKUP,
						"the guest has no VMCOREINFO: QEMU must be started "
						"with -device vmcoreinfo, and the guest run Linux "
						"with qemu_fw_cfg") :
			       err;
	}
	err = hwp_live_create(&guest_source, g, &live);
	if (err)
		return err;
	*ret = (struct hwp_provider){ &guest_ops, live };
	return NULL;
}

struct hwp_error *hwp_guest_memory_open(const char *path, struct hwp_provider *ret,
					struct hwp_file_facts *facts)
{
	struct hwp_provider memory;
	struct hwp_error *err;

	err = hwp_drgn_open_guest(path, &memory);
	if (!err)
		err = hwp_guest_memory_create(&memory, ret);
	if (err)
		return err;
	snprintf(facts->format, sizeof(facts->format), "running QEMU guest");
	facts->page_shift = HWP_X86_64_PAGE_SHIFT;
	return NULL;
}
