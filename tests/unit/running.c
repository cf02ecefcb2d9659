// SPDX-License-Identifier: GPL-2.0-or-later
/** A running kernel by a file like /proc/kcore: where its mappings are, and what is refused. */
#include "gate_machine.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "synth.h"
#include "target/memory/running.h"

#define NO_PHYSICAL UINT64_MAX
#define DATA 4096
#define MAX_SEGMENTS 8

/** What the file says; RAM is cut in two, so that the memmap is not the only mapping. */
struct kcore {
	const char *note_name, *text;
	Elf64_Phdr segments[MAX_SEGMENTS];
	unsigned int nr_segments;
	Elf64_Ehdr header;
	/** Cut the file here, if not 0. */
	long size;
	char path[32];
	int fd;
};

static void add(struct kcore *k, uint64_t address, uint64_t physical, uint64_t nr_pages)
{
	k->segments[k->nr_segments++] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_vaddr = address,
		.p_paddr = physical,
		.p_memsz = nr_pages * PAGE,
		.p_filesz = nr_pages * PAGE,
		.p_offset = DATA + (physical == NO_PHYSICAL ? 0 : physical),
	};
}

static struct kcore describe(void)
{
	struct kcore k = { .note_name = "VMCOREINFO", .text = machine_text, .fd = -1 };

	memcpy(k.header.e_ident, ELFMAG, SELFMAG);
	k.header.e_ident[EI_CLASS] = ELFCLASS64;
	k.header.e_ident[EI_DATA] = ELFDATA2LSB;
	k.header.e_phentsize = sizeof(Elf64_Phdr);
	k.header.e_phoff = sizeof(k.header);
	add(&k, IMAGE, IMAGE_PFN * PAGE, 16);
	add(&k, VMALLOC, NO_PHYSICAL, 2);
	add(&k, DIRECT_MAP, 0, 640);
	add(&k, DIRECT_MAP + 640 * PAGE, 640 * PAGE, 256);
	add(&k, MEMMAP, NO_PHYSICAL, 10);
	add(&k, MEMMAP + 640 * 64, NO_PHYSICAL, 4);
	return k;
}

/** Write the file, or write it anew: who has the path sees what is there now. */
static void put(struct kcore *k, const struct machine *m)
{
	Elf64_Nhdr note = { .n_namesz = 11, .n_descsz = (Elf64_Word)strlen(k->text) };
	Elf64_Phdr notes = { .p_type = PT_NOTE };
	char bytes[DATA] = {};
	size_t at = sizeof(k->header) + sizeof(notes);

	notes.p_offset = at + k->nr_segments * sizeof(Elf64_Phdr);
	notes.p_filesz = sizeof(note) + 12 + (note.n_descsz + 3) / 4 * 4;
	assert_true(notes.p_offset + notes.p_filesz <= sizeof(bytes));
	k->header.e_phnum = (Elf64_Half)(k->nr_segments + 1);
	memcpy(bytes, &k->header, sizeof(k->header));
	memcpy(bytes + sizeof(k->header), &notes, sizeof(notes));
	memcpy(bytes + at, k->segments, k->nr_segments * sizeof(Elf64_Phdr));
	memcpy(bytes + notes.p_offset, &note, sizeof(note));
	strcpy(bytes + notes.p_offset + sizeof(note), k->note_name);
	memcpy(bytes + notes.p_offset + sizeof(note) + 12, k->text, note.n_descsz);
	if (k->fd < 0)
		k->fd = memfd_create("kcore", MFD_CLOEXEC);
	assert_int_equal(pwrite(k->fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(pwrite(k->fd, m->memory, NR_PAGES * PAGE, DATA), NR_PAGES * PAGE);
	if (k->size)
		assert_int_equal(ftruncate(k->fd, k->size), 0);
	snprintf(k->path, sizeof(k->path), "/proc/self/fd/%d", k->fd);
}

static struct hwp_target *open_target(const struct kcore *k)
{
	struct hwp_host_providers parts = { .facts = { .page_shift = 12 } };
	struct hwp_target *target;

	assert_null(hwp_running_memory_create(k->path, &parts.memory));
	assert_null(synth_host_open(&parts, &target));
	assert_true(hwp_target_is_live(target));
	return target;
}

static bool reads(struct hwp_target *target, uint64_t pfn, unsigned char expected)
{
	unsigned char bytes[64];
	struct hwp_error *err;
	bool is_read;

	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, DIRECT_MAP + pfn * PAGE, bytes,
			      sizeof(bytes), NULL);
	is_read = !err;
	for (size_t i = 0; i < sizeof(bytes) && is_read; i++)
		assert_int_equal(bytes[i], expected);
	if (err)
		assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	hwp_error_destroy(err);
	return is_read;
}

static void assert_by_rule(struct hwp_target *target)
{
	assert_true(reads(target, SLAB_PFN, 0x51));
	assert_false(reads(target, BAD_SLAB_PFN, 0));
	assert_false(reads(target, USER_PFN, 0));
}

/** Ranges of RAM, with the memmap where it is, named by VMCOREINFO or found by segments. */
static void assert_ram(struct hwp_target *target, unsigned int nr)
{
	struct hwp_ram ram;

	for (unsigned int i = 0; i < nr; i++) {
		assert_true(hwp_target_ram(target, i, &ram));
		assert_int_equal(ram.vmemmap, MEMMAP);
	}
	assert_false(hwp_target_ram(target, nr, &ram));
	assert_true(hwp_target_ram(target, 1, &ram));
	assert_int_equal(ram.start, 640 * PAGE);
	assert_int_equal(ram.end, 896 * PAGE);
}

static void through_the_gate(void **state)
{
	struct machine *m = machine_create();
	struct kcore k = describe();
	struct hwp_target *target, *clone;

	(void)state;
	memset(m->memory + SLAB_PFN * PAGE, 0x51, PAGE);
	put(&k, m);
	target = open_target(&k);
	assert_string_equal(hwp_target_release(target), "gate");
	assert_string_equal(hwp_target_memory_provider(target), "kcore");
	assert_ram(target, 2);
	/* The layout is not known yet. */
	assert_false(reads(target, SLAB_PFN, 0));
	hwp_target_set_page_rule(target, &machine_rule);
	assert_by_rule(target);
	assert_null(hwp_target_clone(target, &clone));
	assert_by_rule(clone);
	hwp_target_destroy(clone);
	hwp_target_destroy(target);
	close(k.fd);
	machine_destroy(m);
}

/** The rule outlives a refresh, and a refresh that fails leaves all as it was. */
static void refreshed(void **state)
{
	struct machine *m = machine_create();
	struct kcore k = describe();
	struct hwp_target *target;
	struct hwp_error *err;

	(void)state;
	memset(m->memory + SLAB_PFN * PAGE, 0x51, PAGE);
	put(&k, m);
	target = open_target(&k);
	hwp_target_set_page_rule(target, &machine_rule);
	add(&k, DIRECT_MAP + 960 * PAGE, 960 * PAGE, 64);
	/* It became poisoned meanwhile. */
	page_of(m, TAIL_PFN)->flags = HWPOISON;
	put(&k, m);
	assert_null(hwp_target_refresh(target));
	assert_ram(target, 3);
	assert_by_rule(target);
	assert_false(reads(target, TAIL_PFN, 0));
	k.note_name = "OTHER";
	put(&k, m);
	err = hwp_target_refresh(target);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	hwp_error_destroy(err);
	assert_by_rule(target);
	hwp_target_destroy(target);
	close(k.fd);
	machine_destroy(m);
}

/** The same tables as arm64 has them: an entry of x86_64 with these bits is one of it, too. */
static const char arm64_text[] =
	"OSRELEASE=gate\nPAGESIZE=4096\nSIZE(page)=64\nOFFSET(page.flags)=0\n"
	"NUMBER(kimage_voffset)=0xffffffff80f00000\nNUMBER(PHYS_OFFSET)=0x0\n"
	"SYMBOL(_stext)=ffffffff81000000\n"
	"SYMBOL(swapper_pg_dir)=ffffffff81000000\nNUMBER(VA_BITS)=48\n"
	"NUMBER(VMEMMAP_START)=0xffffea0000000000\n"
	"NUMBER(PG_hwpoison)=20\nNUMBER(MAX_PHYSMEM_BITS)=48\n";

/** Of v7.3's arm64 the direct map lacks the image's data: the image's own segment has them. */
static void image_without_alias(void **state)
{
	enum { HIDDEN_PFN = IMAGE_PFN + 5, END_PFN = IMAGE_PFN + 16 };
	static const struct {
		const char *text;
		unsigned char hidden;
	} rows[] = { { arm64_text, 0x1a }, { machine_text, 0 } };
	unsigned char image[17 * PAGE];

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = machine_create();
		struct kcore k = describe();
		struct hwp_target *target;

		memset(image, 0x1a, sizeof(image));
		memset(m->memory + (HIDDEN_PFN + 1) * PAGE, 0x51, PAGE);
		page_of(m, END_PFN)->kind = HWP_LIVE_METADATA;
		k.text = rows[i].text;
		k.segments[0].p_offset = DATA + NR_PAGES * PAGE;
		put(&k, m);
		assert_int_equal(pwrite(k.fd, image, sizeof(image), DATA + NR_PAGES * PAGE),
				 sizeof(image));
		target = open_target(&k);
		hwp_target_set_page_rule(target, &machine_rule);
		assert_true(reads(target, HIDDEN_PFN, rows[i].hidden));
		/* What the direct map does have is what there is. */
		assert_true(reads(target, HIDDEN_PFN + 1, 0x51));
		/* Nor is a poisoned page of the image read, nor one beside it taken for it. */
		assert_false(reads(target, BAD_IMAGE_PFN, 0));
		assert_true(reads(target, END_PFN, 0));
		hwp_target_destroy(target);
		close(k.fd);
		machine_destroy(m);
	}
}

/** From v6.9 on VMCOREINFO says where the memmap is, whatever the segments are. */
static void memmap_by_name(void **state)
{
	struct machine *m = machine_create();
	struct kcore k = describe();
	struct hwp_target *target;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "%sSYMBOL(vmemmap)=%jx\n", machine_text, (uintmax_t)MEMMAP);
	k.text = text;
	k.nr_segments = 4;
	put(&k, m);
	target = open_target(&k);
	assert_ram(target, 2);
	hwp_target_destroy(target);
	close(k.fd);
	machine_destroy(m);
}

enum flaw {
	NO_NOTE,
	NO_STEXT,
	TWO_DIRECT_MAPS,
	NO_RAM,
	NO_MEMMAP,
	NOT_64_BIT,
	NOT_LITTLE_ENDIAN,
	OTHER_HEADERS,
	MASKED,
	EMPTY,
	CUT_OFF,
	NR_FLAWS,
};

static void spoil(struct kcore *k, enum flaw flaw)
{
	switch (flaw) {
	case NO_NOTE:
		k->note_name = "CORE";
		break;
	case NO_STEXT:
		k->text = "SIZE(page)=64\n";
		break;
	case TWO_DIRECT_MAPS:
		k->segments[3].p_vaddr += PAGE;
		break;
	case NO_RAM:
		k->nr_segments = 2;
		break;
	case NO_MEMMAP:
		k->nr_segments = 4;
		break;
	case NOT_64_BIT:
		k->header.e_ident[EI_CLASS] = ELFCLASS32;
		break;
	case NOT_LITTLE_ENDIAN:
		k->header.e_ident[EI_DATA] = ELFDATA2MSB;
		break;
	case OTHER_HEADERS:
		k->header.e_phentsize = 32;
		break;
	case MASKED:
		memset(k->header.e_ident, 0, SELFMAG);
		break;
	case EMPTY:
		k->size = 1;
		break;
	case CUT_OFF:
		k->size = sizeof(k->header) + sizeof(Elf64_Phdr);
		break;
	case NR_FLAWS:
		break;
	}
}

static void refused(void **state)
{
	static const struct {
		enum hwp_error_code code;
		const char *words;
	} expected[NR_FLAWS] = {
		[NO_NOTE] = { HWP_ERROR_UNSUPPORTED, "VMCOREINFO" },
		[NO_STEXT] = { HWP_ERROR_UNSUPPORTED, "SPARSEMEM_VMEMMAP" },
		[TWO_DIRECT_MAPS] = { HWP_ERROR_UNSUPPORTED, "SPARSEMEM_VMEMMAP" },
		[NO_RAM] = { HWP_ERROR_UNSUPPORTED, "SPARSEMEM_VMEMMAP" },
		[NO_MEMMAP] = { HWP_ERROR_UNSUPPORTED, "SPARSEMEM_VMEMMAP" },
		[NOT_64_BIT] = { HWP_ERROR_UNSUPPORTED, "64-bit" },
		[NOT_LITTLE_ENDIAN] = { HWP_ERROR_UNSUPPORTED, "little-endian" },
		[OTHER_HEADERS] = { HWP_ERROR_UNSUPPORTED, "64-bit" },
		[MASKED] = { HWP_ERROR_UNSUPPORTED, "container" },
		[EMPTY] = { HWP_ERROR_UNSUPPORTED, "container" },
		[CUT_OFF] = { HWP_ERROR_BAD_DATA, "ends early" },
	};
	struct machine *m = machine_create();
	struct hwp_provider memory;
	struct hwp_error *err;

	(void)state;
	for (enum flaw flaw = 0; flaw < NR_FLAWS; flaw++) {
		struct kcore k = describe();

		spoil(&k, flaw);
		put(&k, m);
		err = hwp_running_memory_create(k.path, &memory);
		assert_non_null(err);
		print_message("# %d: %s\n", flaw, err->message);
		assert_int_equal(err->code, expected[flaw].code);
		assert_non_null(strstr(err->message, expected[flaw].words));
		hwp_error_destroy(err);
		close(k.fd);
	}
	err = hwp_running_memory_create("/proc/self/no-kcore", &memory);
	assert_int_equal(err->code, HWP_ERROR_OS);
	assert_non_null(strstr(err->message, "CONFIG_PROC_KCORE"));
	hwp_error_destroy(err);
	machine_destroy(m);
}

/** The first address that /proc/kallsyms shows for a symbol of the kernel's own; 0 if hidden. */
static uint64_t address_in_file(const char *wanted)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], name[256], rest[256];
	uint64_t address, found = 0;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 " %*c %255s %255s", &address, name, rest) == 2 &&
		    strcmp(name, wanted) == 0)
			found = address;
	}
	if (f)
		fclose(f);
	return found;
}

/** What this system's /proc/kallsyms shows to whoever runs the test; it may hide addresses. */
static void symbols(void **state)
{
	struct hwp_symbol syms[] = { { .name = "linux_banner" }, { .name = "no_such_symbol" } };
	struct hwp_provider provider = {};
	struct hwp_error *err = hwp_running_symbols_open(&provider);

	(void)state;
	if (!address_in_file("_stext")) {
		assert_true(err->code == HWP_ERROR_LOOKUP || err->code == HWP_ERROR_OS);
		assert_non_null(strstr(err->message, "/proc/kallsyms"));
		hwp_error_destroy(err);
		return;
	}
	assert_null(err);
	assert_null(provider.ops->symbols(provider.arg, syms, HWP_ARRAY_SIZE(syms)));
	assert_int_equal(syms[0].found, address_in_file("linux_banner") != 0);
	if (syms[0].found)
		assert_int_equal(syms[0].address, address_in_file("linux_banner"));
	assert_false(syms[1].found);
	hwp_provider_deinit(&provider);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_the_gate),
		cmocka_unit_test(refreshed),
		cmocka_unit_test(image_without_alias),
		cmocka_unit_test(memmap_by_name),
		cmocka_unit_test(refused),
		cmocka_unit_test(symbols),
	};

	return cmocka_run_group_tests_name("running", tests, NULL, NULL);
}
