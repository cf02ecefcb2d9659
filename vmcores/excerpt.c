// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * excerpt [-p] VMCORE OUT: a small kdump file with the kernel's own data and the
 * memmap of a QEMU ELF dump. Left out are free pages, what belongs to users
 * (anonymous memory, page cache, HugeTLB), the kernel's text, its unwind tables
 * and the index by which the kernel itself looks up a symbol's name; of
 * page_owner's records those of blocks without poison. With -p, what poisoned
 * pages hold is kept.
 */
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include <gelf.h>
#include <zstd.h>

#include "layout/layout.h"
#include "layout/needs.h"
#include "layout/page.h"
#include "memmap/memmap.h"
#include "memmap/page_reader.h"
#include "target/target.h"

/* makedumpfile's diskdump format, header version 6. */
#define BLOCK 4096u
#define DUMP_DH_COMPRESSED_ZSTD 0x20u
#define ZSTD_LEVEL 19

struct disk_dump_header {
	char signature[8];
	int32_t header_version;
	char utsname[6][65];
	char padding[6];
	uint64_t timestamp[2];
	uint32_t status, block_size, sub_hdr_size, bitmap_blocks, max_mapnr, total_ram_blocks,
		device_blocks, written_blocks, current_cpu, nr_cpus;
};

struct kdump_sub_header {
	uint64_t phys_base;
	int32_t dump_level, split;
	uint64_t start_pfn, end_pfn, offset_vmcoreinfo, size_vmcoreinfo, offset_note, size_note,
		offset_eraseinfo, size_eraseinfo, start_pfn_64, end_pfn_64, max_mapnr_64;
};

struct page_desc {
	uint64_t offset;
	uint32_t size, flags;
	uint64_t page_flags;
};

_Static_assert(sizeof(struct disk_dump_header) == 464, "as makedumpfile writes it");
_Static_assert(sizeof(struct kdump_sub_header) == 104, "as makedumpfile writes it");
_Static_assert(sizeof(struct page_desc) == 24, "as makedumpfile writes it");

struct excerpt {
	struct hwp_target *target;
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	struct hwp_page_reader *reader;
	/** Physical addresses of what is left out of the kernel image. */
	struct {
		uint64_t start, end;
	} dropped[5];
	uint64_t max_pfn;
	bool keep_poisoned;
	/** One bit for each pfn: is RAM; is kept; holds records of healthy pages alone. */
	uint8_t *ram, *kept, *healthy_records;
	uint64_t nr_ram, nr_kept;
	void *notes;
	size_t notes_size;
	uint64_t vmcoreinfo_offset, vmcoreinfo_size;
};

static void must(struct hwp_error *error)
{
	if (error)
		errx(2, "%s", error->message);
}

static void set_bit(uint8_t *bitmap, uint64_t bit)
{
	bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/** The notes of the ELF file as they are, and where VMCOREINFO lies in them. */
static void read_notes(struct excerpt *x, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t nr_phdrs, offset = 0, name_offset, desc_offset;
	GElf_Phdr phdr;
	GElf_Nhdr nhdr;
	Elf_Data *data;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_getphdrnum(elf, &nr_phdrs))
		errx(2, "%s: no ELF dump", path);
	for (size_t i = 0; i < nr_phdrs; i++) {
		if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_NOTE)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)phdr.p_offset, phdr.p_filesz, ELF_T_NHDR);
		if (!data)
			errx(2, "%s: cannot read its notes", path);
		x->notes_size = data->d_size;
		x->notes = malloc(data->d_size);
		if (!x->notes)
			err(2, "notes");
		memcpy(x->notes, data->d_buf, data->d_size);
		while ((offset = gelf_getnote(data, offset, &nhdr, &name_offset, &desc_offset))) {
			if (nhdr.n_namesz != sizeof("VMCOREINFO") ||
			    memcmp((char *)x->notes + name_offset, "VMCOREINFO", 10) != 0)
				continue;
			x->vmcoreinfo_offset = desc_offset;
			x->vmcoreinfo_size = nhdr.n_descsz;
		}
	}
	elf_end(elf);
	close(fd);
	if (!x->vmcoreinfo_size)
		errx(2, "%s: no VMCOREINFO", path);
}

/** The end of kallsyms_seqs_of_names, three bytes for each symbol, which has no symbol. */
static void find_index_end(struct excerpt *x, const struct hwp_symbol *start,
			   struct hwp_symbol *end)
{
	struct hwp_symbol nr = { .name = "kallsyms_num_syms" };
	uint32_t nr_syms;

	must(hwp_target_symbols(x->target, &nr, 1));
	if (!start->found || !nr.found)
		return;
	must(hwp_target_read(x->target, HWP_KERNEL_VIRTUAL, nr.address, &nr_syms, sizeof(nr_syms),
			     NULL));
	end->address = start->address + 3 * (uint64_t)nr_syms;
	end->found = true;
}

static void find_dropped(struct excerpt *x)
{
	struct hwp_symbol syms[] = {
		{ .name = "_stext" },
		{ .name = "_etext" },
		{ .name = "__start_orc_unwind_ip" },
		{ .name = "__stop_orc_unwind_ip" },
		{ .name = "__start_orc_unwind" },
		{ .name = "__stop_orc_unwind" },
		{ .name = "orc_lookup" },
		{ .name = "orc_lookup_end" },
		{ .name = "kallsyms_seqs_of_names" },
		{},
	};
	/* __START_KERNEL_map on x86_64 */
	const uint64_t kernel_map = UINT64_C(0xffffffff80000000);
	uint64_t phys_base;

	must(hwp_target_symbols(x->target, syms, HWP_ARRAY_SIZE(syms) - 1));
	find_index_end(x, &syms[8], &syms[9]);
	must(hwp_target_vmcoreinfo_number(x->target, "NUMBER(phys_base)", &phys_base));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(x->dropped); i++) {
		if (!syms[2 * i].found || !syms[2 * i + 1].found)
			continue;
		x->dropped[i].start = syms[2 * i].address - kernel_map + phys_base;
		x->dropped[i].end = syms[2 * i + 1].address - kernel_map + phys_base;
	}
}

/** The struct page that decides over @p pfn: its head's, when it has one. */
static const void *deciding_page(struct excerpt *x, uint64_t pfn)
{
	const void *page;
	uint64_t address, head;

	must(hwp_page_read(x->reader, pfn, &page));
	if (!hwp_page_is_tail(x->layout, page))
		return page;
	if (hwp_memmap_page_address(x->memmap, pfn, &address) &&
	    hwp_memmap_pfn_of(x->memmap, hwp_tail_head_address(x->layout, page, address), &head))
		must(hwp_page_read(x->reader, head, &page));
	return page;
}

static bool is_poisoned(struct excerpt *x, uint64_t pfn)
{
	const void *page;

	must(hwp_page_read(x->reader, pfn, &page));
	return hwp_flag_set(hwp_page_flags(x->layout, page), x->layout->flag.hwpoison);
}

/** A block of huge page size has no poison, nor page_owner of it anything that matters. */
static bool is_healthy(struct excerpt *x, uint64_t start, uint64_t nr)
{
	for (uint64_t pfn = start; pfn < start + nr; pfn++) {
		if (hwp_memmap_find(x->memmap, pfn) && is_poisoned(x, pfn))
			return false;
	}
	return true;
}

/** SPARSEMEM with page_ext, on x86_64: its size, and where a section has it. */
struct record_layout {
	uint64_t page_ext_size, page_offset_base;
	uint32_t page_ext;
};

static const struct hwp_need record_rows[] = {
	HWP_SYMBOL(struct record_layout, page_ext_size, "page_ext_size"),
	HWP_SYMBOL(struct record_layout, page_offset_base, "page_offset_base"),
	HWP_OFFSET(struct record_layout, page_ext, "mem_section.page_ext"),
};

static const struct hwp_needs record_needs = {
	.rows = record_rows,
	.nr = HWP_ARRAY_SIZE(record_rows),
	.size = sizeof(struct record_layout),
};

/** Where the page_ext of @p pfn is; false for none. */
static bool find_page_ext(struct excerpt *x, uint64_t pfn, uint64_t size, uint64_t *ret)
{
	const struct record_layout *at = hwp_layout_of(x->layout, &record_needs);
	uint64_t section, base = 0;
	struct hwp_error *error;

	error = hwp_memmap_section_address(x->target, x->layout, pfn, &section);
	if (!error)
		error = hwp_target_read_u64(x->target, section + at->page_ext, &base);
	hwp_error_destroy(error);
	*ret = base + size * pfn;
	return base && !(base & 1);
}

static void find_healthy_records(struct excerpt *x)
{
	const struct hwp_layout *l = x->layout;
	const struct record_layout *at = hwp_layout_of(l, &record_needs);
	uint64_t nr = UINT64_C(1) << l->pmd_order, size, direct_map, start;

	if (!at)
		return;
	must(hwp_target_read_u64(x->target, at->page_ext_size, &size));
	must(hwp_target_read_u64(x->target, at->page_offset_base, &direct_map));
	for (uint64_t pfn = 0; size && pfn < x->max_pfn; pfn += nr) {
		if (!find_page_ext(x, pfn, size, &start) || !is_healthy(x, pfn, nr))
			continue;
		for (uint64_t block = (start + BLOCK - 1) / BLOCK;
		     block < (start + size * nr) / BLOCK; block++) {
			uint64_t frame = block - direct_map / BLOCK;

			/* Other tables are not in the direct map. */
			if (frame < x->max_pfn)
				set_bit(x->healthy_records, frame);
		}
	}
}

static bool is_kernel_data(struct excerpt *x, uint64_t pfn)
{
	const struct hwp_layout *l = x->layout;
	const void *page = deciding_page(x, pfn);
	uint64_t flags = hwp_page_flags(l, page), phys = pfn << l->page_shift;
	enum hwp_page_type type = hwp_page_type(l, page);

	for (size_t i = 0; i < HWP_ARRAY_SIZE(x->dropped); i++) {
		if (phys >= x->dropped[i].start && phys + BLOCK <= x->dropped[i].end)
			return false;
	}
	if (hwp_flag_set(flags, l->flag.reserved) || hwp_flag_set(flags, l->flag.slab) ||
	    type == HWP_TYPE_SLAB || type == HWP_TYPE_TABLE || type == HWP_TYPE_LARGE_KMALLOC)
		return true;
	if (type != HWP_TYPE_NONE || hwp_page_nr_mapped(l, page) > 0)
		return false;
	if (hwp_flag_set(flags, l->flag.hwpoison) || hwp_flag_set(flags, l->flag.lru) ||
	    hwp_flag_set(flags, l->flag.swapbacked) || hwp_page_mapping(l, page))
		return false;
	/* Free, on a per-CPU list, or a tail of a plain high-order allocation. */
	return hwp_page_refcount(l, page) > 0;
}

/** kallsyms, BTF and page tables must be whole, so zero pages are kept as well. */
static void choose(struct excerpt *x)
{
	char page[BLOCK];

	for (size_t r = 0; r < x->memmap->ranges.nr; r++) {
		const struct hwp_pfn_range *range = &x->memmap->ranges.data[r];

		for (uint64_t pfn = range->start_pfn; pfn < range->end_pfn; pfn++) {
			struct hwp_error *error = hwp_target_read(x->target, HWP_PHYSICAL,
								  pfn << 12, page, BLOCK, NULL);

			if (error) {
				hwp_error_destroy(error);
				continue;
			}
			set_bit(x->ram, pfn);
			x->nr_ram++;
			if (!range->online)
				continue;
			if (!(x->keep_poisoned && is_poisoned(x, pfn)) && !is_kernel_data(x, pfn))
				continue;
			if (hwp_test_bit(x->healthy_records, pfn))
				continue;
			set_bit(x->kept, pfn);
			x->nr_kept++;
		}
	}
}

static void write_at(FILE *out, uint64_t offset, const void *data, size_t size)
{
	if (fseeko(out, (off_t)offset, SEEK_SET) || fwrite(data, 1, size, out) != size)
		err(2, "cannot write");
}

static uint64_t blocks(uint64_t size)
{
	return (size + BLOCK - 1) / BLOCK;
}

/** Returns where the page descriptors start. */
static uint64_t write_headers(struct excerpt *x, FILE *out)
{
	struct disk_dump_header header = {
		.signature = "KDUMP   ",
		.header_version = 6,
		.status = DUMP_DH_COMPRESSED_ZSTD,
		.block_size = BLOCK,
		.sub_hdr_size = (uint32_t)blocks(sizeof(struct kdump_sub_header) + x->notes_size),
		.bitmap_blocks = (uint32_t)(2 * blocks((x->max_pfn + 7) / 8)),
		.max_mapnr = (uint32_t)x->max_pfn,
		.total_ram_blocks = (uint32_t)x->nr_ram,
		.written_blocks = (uint32_t)x->nr_kept,
		.nr_cpus = 1,
	};
	uint64_t notes = BLOCK + sizeof(struct kdump_sub_header), bitmap;
	struct kdump_sub_header sub = {
		.dump_level = 31,
		.offset_vmcoreinfo = notes + x->vmcoreinfo_offset,
		.size_vmcoreinfo = x->vmcoreinfo_size,
		.offset_note = notes,
		.size_note = x->notes_size,
		.end_pfn = x->max_pfn,
		.end_pfn_64 = x->max_pfn,
		.max_mapnr_64 = x->max_pfn,
	};

	must(hwp_target_vmcoreinfo_number(x->target, "NUMBER(phys_base)", &sub.phys_base));
	snprintf(header.utsname[0], sizeof(header.utsname[0]), "Linux");
	snprintf(header.utsname[2], sizeof(header.utsname[2]), "%.64s",
		 hwp_target_release(x->target));
	snprintf(header.utsname[4], sizeof(header.utsname[4]), "x86_64");
	write_at(out, 0, &header, sizeof(header));
	write_at(out, BLOCK, &sub, sizeof(sub));
	write_at(out, notes, x->notes, x->notes_size);
	bitmap = (1 + header.sub_hdr_size) * (uint64_t)BLOCK;
	write_at(out, bitmap, x->ram, (x->max_pfn + 7) / 8);
	write_at(out, bitmap + header.bitmap_blocks / 2 * (uint64_t)BLOCK, x->kept,
		 (x->max_pfn + 7) / 8);
	return bitmap + header.bitmap_blocks * (uint64_t)BLOCK;
}

static void write_pages(struct excerpt *x, FILE *out, uint64_t descs)
{
	uint64_t at = descs + x->nr_kept * sizeof(struct page_desc), zero_offset = 0;
	char page[BLOCK], packed[2 * BLOCK];
	static const char zeros[BLOCK];
	size_t zero_size = 0;

	for (uint64_t pfn = 0; pfn < x->max_pfn; pfn++) {
		struct page_desc desc = { .flags = DUMP_DH_COMPRESSED_ZSTD };
		bool is_zero;
		size_t size;

		if (!hwp_test_bit(x->kept, pfn))
			continue;
		must(hwp_target_read(x->target, HWP_PHYSICAL, pfn << 12, page, BLOCK, NULL));
		is_zero = memcmp(page, zeros, BLOCK) == 0;
		size = is_zero && zero_size ?
			       zero_size :
			       ZSTD_compress(packed, sizeof(packed), page, BLOCK, ZSTD_LEVEL);
		if (ZSTD_isError(size))
			errx(2, "zstd: %s", ZSTD_getErrorName(size));
		desc.offset = is_zero && zero_size ? zero_offset : at;
		desc.size = (uint32_t)size;
		if (!is_zero && size >= BLOCK) {
			desc.flags = 0;
			desc.size = BLOCK;
		}
		if (desc.offset == at) {
			write_at(out, at, desc.flags ? packed : page, desc.size);
			at += desc.size;
		}
		if (is_zero) {
			zero_offset = desc.offset;
			zero_size = size;
		}
		write_at(out, descs, &desc, sizeof(desc));
		descs += sizeof(desc);
	}
}

int main(int argc, char **argv)
{
	static const struct hwp_needs *const readers[] = { &hwp_layout_needs, &hwp_memmap_needs,
							   &record_needs, NULL };
	struct hwp_target_options options = {};
	struct excerpt x = {};
	FILE *out;

	if (argc == 4 && strcmp(argv[1], "-p") == 0) {
		x.keep_poisoned = true;
		argv++;
		argc--;
	}
	if (argc != 3)
		errx(2, "usage: excerpt [-p] VMCORE OUT");
	options.core_path = argv[1];
	must(hwp_target_open(&options, &x.target));
	must(hwp_layout_create(x.target, readers, &x.layout));
	must(hwp_memmap_create(x.target, x.layout, &x.memmap));
	must(hwp_page_reader_create(x.target, x.memmap, &x.reader));
	read_notes(&x, argv[1]);
	find_dropped(&x);
	x.max_pfn = x.memmap->ranges.data[x.memmap->ranges.nr - 1].end_pfn;
	x.ram = calloc(1, x.max_pfn / 8 + 1);
	x.kept = calloc(1, x.max_pfn / 8 + 1);
	x.healthy_records = calloc(1, x.max_pfn / 8 + 1);
	out = fopen(argv[2], "we");
	if (!x.ram || !x.kept || !x.healthy_records || !out)
		err(2, "%s", argv[2]);
	find_healthy_records(&x);
	choose(&x);
	write_pages(&x, out, write_headers(&x, out));
	if (fclose(out))
		err(2, "%s", argv[2]);
	printf("%s: %" PRIu64 " of %" PRIu64 " pages\n", argv[2], x.nr_kept, x.nr_ram);
	return 0;
}
