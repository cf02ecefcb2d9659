// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The host does not say where the guest keeps what, so VMCOREINFO and the page tables
 * have to. A page that is poisoned in the guest may be so on the host, where to touch it
 * can end QEMU: as with /proc/kcore all goes through the gate.
 */
#include "target/memory/guest.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "target/drgn/qmp.h"
#include "target/memory/gate.h"
#include "target/memory/pagetable.h"
#include "target/providers.h"
#include "target/vmcoreinfo.h"

#define PAGE_SHIFT 12
/* arch/x86/include/asm/page_64_types.h: __START_KERNEL_map */
#define IMAGE_MAP UINT64_C(0xffffffff80000000)
/* KERNEL_IMAGE_SIZE at most. */
#define MAX_IMAGE_SIZE (UINT64_C(1) << 30)
/* The image is mapped by large pages. */
#define IMAGE_STEP 21
/* The direct map and the memmap begin at a multiple of this: arch/x86/mm/kaslr.c. */
#define REGION_STEP 30
/* include/linux/mmzone.h */
#define SECTION_MARKED_PRESENT UINT64_C(1)
#define SECTION_HAS_MEM_MAP UINT64_C(2)

struct guest {
	/** libdrgn's. */
	struct hwp_provider memory;
	char *vmcoreinfo;
	struct hwp_gate *gate;
	/** QEMU took too long to answer, and is not asked again. */
	bool is_silent;
};

static void guest_destroy(void *arg)
{
	struct guest *g = arg;

	if (!g)
		return;
	hwp_gate_destroy(g->gate);
	if (g->memory.ops)
		g->memory.ops->destroy(g->memory.arg);
	free(g->vmcoreinfo);
	free(g);
}

static void guest_destroyp(struct guest **g)
{
	guest_destroy(*g);
}

static struct hwp_error *read_physical(void *arg, uint64_t physical, void *buf, size_t size)
{
	struct guest *g = arg;
	uint64_t start = hwp_now_ns();
	struct hwp_error *err = NULL;
	size_t nr_read;

	if (!g->is_silent)
		err = g->memory.ops->read(g->memory.arg, HWP_PHYSICAL, physical, buf, size,
					  &nr_read);
	g->is_silent |= err && hwp_now_ns() - start >= HWP_QMP_TIMEOUT * UINT64_C(900000000);
	if (!g->is_silent)
		return err;
	hwp_error_destroy(err);
	return hwp_error_create(HWP_ERROR_OS, "QEMU does not answer any more");
}

static struct hwp_error *nonsense(const char *what)
{
	return hwp_error_create(HWP_ERROR_UNSUPPORTED,
				"the guest's page tables show no %s: a guest is looked at that "
				"runs Linux on x86_64 with SPARSEMEM_VMEMMAP",
				what);
}

/** The image ends with the last page that is mapped where it could be. */
static struct hwp_error *find_image(struct hwp_page_tables *tables, struct hwp_gate_memory *m)
{
	uint64_t stext, address, physical, end = IMAGE_MAP + MAX_IMAGE_SIZE;
	struct hwp_error *err;
	unsigned int shift;

	err = hwp_vmcoreinfo_number(m->vmcoreinfo, "SYMBOL(_stext)", &stext);
	if (!err)
		err = hwp_vmcoreinfo_number(m->vmcoreinfo, "NUMBER(phys_base)", &m->image_physical);
	if (err)
		return err;
	if (stext < IMAGE_MAP || stext >= end)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	m->image_start = hwp_align_down(stext, IMAGE_STEP);
	m->image_physical += m->image_start - IMAGE_MAP;
	err = hwp_page_tables_learn(tables, m->vmcoreinfo, m->image_start, end, m->image_physical);
	for (address = m->image_start; !err; address = m->image_end) {
		err = hwp_page_tables_next(tables, address, end, &address, &shift, &physical);
		/* Behind it come modules. */
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

/** The first region that is mapped is the direct map, and ends where another begins. */
static struct hwp_error *find_direct_map(struct hwp_page_tables *tables, struct hwp_gate_memory *m)
{
	uint64_t address = ~UINT64_C(0) << (PAGE_SHIFT + 9 * tables->nr_levels - 1), physical;
	struct hwp_error *err;
	unsigned int shift;

	err = hwp_page_tables_next(tables, address, IMAGE_MAP, &address, &shift, &physical);
	if (err)
		return hwp_error_prefix(err, "direct map");
	m->direct_map = address - physical;
	if (m->direct_map != hwp_align_down(m->direct_map, REGION_STEP))
		return nonsense("direct map");
	while (!err && address - m->direct_map == physical) {
		m->ram_end = hwp_align_down(physical, REGION_STEP) + (UINT64_C(1) << REGION_STEP);
		err = hwp_page_tables_next(tables, m->direct_map + m->ram_end, IMAGE_MAP, &address,
					   &shift, &physical);
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
 * VMCOREINFO tells it from v6.9 on; before, each section's section_mem_map does, and
 * section 0 is always there.
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
	m->vmemmap = hwp_align_down(map, REGION_STEP);
	if (!(map & SECTION_MARKED_PRESENT) || !(map & SECTION_HAS_MEM_MAP) ||
	    m->vmemmap != hwp_align_down(map, PAGE_SHIFT))
		return nonsense("memmap");
	return NULL;
}

static struct hwp_error *build_gate(struct guest *g, struct hwp_gate **ret)
{
	struct hwp_gate_memory m = {
		.arg = g,
		.read_physical = read_physical,
		.vmcoreinfo = g->vmcoreinfo,
	};
	struct hwp_page_tables tables = { .arg = g, .read_physical = read_physical };
	struct hwp_error *err;

	err = find_image(&tables, &m);
	if (!err)
		err = find_direct_map(&tables, &m);
	if (!err)
		err = find_memmap(&tables, &m);
	return err ? err : hwp_gate_create(&m, ret);
}

static struct hwp_error *guest_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				    size_t size, size_t *nr_read_ret)
{
	struct guest *g = arg;

	return hwp_gate_read(g->gate, space, address, buf, size, nr_read_ret);
}

static struct hwp_error *guest_vmcoreinfo(void *arg, char **text_ret)
{
	struct guest *g = arg;

	*text_ret = strdup(g->vmcoreinfo);
	return *text_ret ? NULL : hwp_error_no_memory();
}

static void guest_set_page_rule(void *arg, const struct hwp_page_rule *rule)
{
	struct guest *g = arg;

	hwp_gate_set_rule(g->gate, rule);
}

static struct hwp_error *guest_refresh(void *arg)
{
	struct guest *g = arg;
	struct hwp_gate *fresh;
	struct hwp_error *err = build_gate(g, &fresh);

	if (err)
		return err;
	if (hwp_gate_rule(g->gate))
		hwp_gate_set_rule(fresh, hwp_gate_rule(g->gate));
	hwp_gate_destroy(g->gate);
	g->gate = fresh;
	return NULL;
}

/* No clone: a program of libdrgn is for one thread. */
static const struct hwp_provider_ops guest_ops = {
	.name = "drgn",
	.read = guest_read,
	.vmcoreinfo = guest_vmcoreinfo,
	.set_page_rule = guest_set_page_rule,
	.refresh = guest_refresh,
	.destroy = guest_destroy,
};

struct hwp_error *hwp_guest_memory_create(const struct hwp_provider *memory,
					  struct hwp_provider *ret)
{
	_cleanup_(guest_destroyp) struct guest *g = calloc(1, sizeof(*g));
	struct hwp_error *err;

	if (!g) {
		memory->ops->destroy(memory->arg);
		return hwp_error_no_memory();
	}
	g->memory = *memory;
	err = g->memory.ops->vmcoreinfo(g->memory.arg, &g->vmcoreinfo);
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		err = hwp_error_create(HWP_ERROR_LOOKUP,
				       "the guest tells no VMCOREINFO: QEMU must be started with "
				       "-device vmcoreinfo, and the guest run Linux with "
				       "qemu_fw_cfg");
	if (!err)
		err = build_gate(g, &g->gate);
	if (err)
		return err;
	ret->ops = &guest_ops;
	ret->arg = no_cleanup_ptr(g);
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
	facts->page_shift = PAGE_SHIFT;
	return NULL;
}
