// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/elfcore.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/notes.h"

/* Program headers are read so many at a time. */
#define PHDRS_PER_READ 256
#define MAX_PHDRS (UINT64_C(1) << 20)
/* So many other segments in the part that a segment left out are looked at. */
#define MAX_CLAIMS 64

/** A PT_LOAD as it stands in the file. */
struct segment {
	uint64_t physical, offset, stored_size, memory_size;
};

struct headers {
	HWP_VEC(struct segment) segments;
	struct hwp_notes notes;
	/** Where the last segment ends, by its header. */
	uint64_t end;
};

static void headers_deinit(struct headers *h)
{
	hwp_vec_deinit(&h->segments);
	free(h->notes.vmcoreinfo);
}

void hwp_elfcore_deinit(struct hwp_elfcore *core)
{
	hwp_vec_deinit(&core->runs);
	free(core->vmcoreinfo);
	core->vmcoreinfo = NULL;
}

static struct hwp_error *nonsense(void)
{
	return hwp_error_create(HWP_ERROR_BAD_DATA, "the ELF program headers are nonsense");
}

static struct hwp_error *add_segment(struct headers *h, const Elf64_Phdr *p)
{
	struct segment segment = { .physical = p->p_paddr,
				   .offset = p->p_offset,
				   .stored_size = p->p_filesz,
				   .memory_size = p->p_memsz };
	uint64_t end;

	if (__builtin_add_overflow(p->p_offset, p->p_filesz, &end) ||
	    p->p_paddr > UINT64_MAX - p->p_filesz || p->p_paddr > UINT64_MAX - p->p_memsz)
		return nonsense();
	if (p->p_filesz && end > h->end)
		h->end = end;
	return hwp_vec_push(&h->segments, segment) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *add_notes(const struct hwp_rawfile *file, struct headers *h,
				   const Elf64_Phdr *p)
{
	uint64_t end;

	if (__builtin_add_overflow(p->p_offset, p->p_filesz, &end))
		return nonsense();
	h->end = end > h->end ? end : h->end;
	return hwp_notes_read(file, p->p_offset, p->p_filesz, &h->notes);
}

static struct hwp_error *count_phdrs(const struct hwp_rawfile *file, const Elf64_Ehdr *ehdr,
				     uint64_t *ret)
{
	struct hwp_error *err;
	Elf64_Shdr section;

	*ret = ehdr->e_phnum;
	if (ehdr->e_phnum == PN_XNUM) {
		err = hwp_rawfile_read(file, ehdr->e_shoff, &section, sizeof(section));
		if (err)
			return err;
		*ret = section.sh_info;
	}
	if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || *ret > MAX_PHDRS)
		return nonsense();
	if (!hwp_rawfile_has(file, ehdr->e_phoff, *ret * sizeof(Elf64_Phdr)))
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the file is cut off: %" PRIu64 " bytes are there, "
					"its ELF program headers go beyond",
					file->size);
	return NULL;
}

static struct hwp_error *read_phdrs(const struct hwp_rawfile *file, const Elf64_Ehdr *ehdr,
				    struct headers *h)
{
	Elf64_Phdr phdrs[PHDRS_PER_READ];
	struct hwp_error *err;
	uint64_t nr;

	err = count_phdrs(file, ehdr, &nr);
	for (uint64_t i = 0; i < nr && !err; i++) {
		const Elf64_Phdr *p = &phdrs[i % PHDRS_PER_READ];
		uint64_t left = nr - i;

		if (i % PHDRS_PER_READ == 0)
			err = hwp_rawfile_read(file, ehdr->e_phoff + i * sizeof(*p), phdrs,
					       (left < PHDRS_PER_READ ? left : PHDRS_PER_READ) *
						       sizeof(*p));
		if (!err && p->p_type == PT_NOTE)
			err = add_notes(file, h, p);
		else if (!err && p->p_type == PT_LOAD)
			err = add_segment(h, p);
	}
	return err;
}

static int by_offset(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/*
 * dump-guest-memory -p writes one PT_LOAD for each run of virtual addresses. Where guest RAM
 * changes from one backend to the next (two nodes) it cuts p_filesz short, though the rest
 * follows in the file: get_offset_range() in QEMU's dump/dump.c. makedumpfile -E copies QEMU's
 * notes, and makes p_filesz short where it left pages out: what follows in the file is then
 * another segment's, of other memory, or nothing.
 */
static bool rest_is_stored(const struct headers *h, const struct segment *s, uint64_t file_size)
{
	uint64_t start = s->offset + s->stored_size, end = s->offset + s->memory_size;
	size_t at = hwp_vec_lower_bound(&h->segments, e, e->offset < start);

	if (end < start || end > file_size)
		return false;
	for (size_t i = at; i < h->segments.nr && i < at + MAX_CLAIMS; i++) {
		const struct segment *other = &h->segments.data[i];

		if (other->offset >= end)
			break;
		if (other->stored_size &&
		    other->physical - s->physical != other->offset - s->offset)
			return false;
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct hwp_elf_run *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/** Kernels map memory more than once, and so do their segments: keep each address once. */
static void drop_overlaps(struct hwp_elfcore *core)
{
	struct hwp_elf_run *runs = core->runs.data;
	size_t kept = 0;

	for (size_t i = 0; i < core->runs.nr; i++) {
		struct hwp_elf_run run = runs[i];

		if (kept && run.start < runs[kept - 1].end) {
			if (run.end <= runs[kept - 1].end)
				continue;
			run.offset += runs[kept - 1].end - run.start;
			run.start = runs[kept - 1].end;
		}
		runs[kept++] = run;
	}
	core->runs.nr = kept;
}

static struct hwp_error *make_runs(const struct hwp_rawfile *file, struct headers *h,
				   struct hwp_elfcore *core)
{
	if (h->segments.nr)
		qsort(h->segments.data, h->segments.nr, sizeof(struct segment), by_offset);
	for (size_t i = 0; i < h->segments.nr; i++) {
		const struct segment *s = &h->segments.data[i];
		uint64_t size = s->stored_size;
		struct hwp_elf_run run;

		if (size < s->memory_size && h->notes.from_qemu &&
		    rest_is_stored(h, s, file->size)) {
			size = s->memory_size;
			core->is_cut_short = true;
		}
		if (s->offset >= file->size)
			continue;
		if (size > file->size - s->offset)
			size = file->size - s->offset;
		run = (struct hwp_elf_run){ .start = s->physical,
					    .end = s->physical + size,
					    .offset = s->offset };
		if (size && !hwp_vec_push(&core->runs, run))
			return hwp_error_no_memory();
	}
	if (core->runs.nr)
		qsort(core->runs.data, core->runs.nr, sizeof(struct hwp_elf_run), by_address);
	drop_overlaps(core);
	return NULL;
}

/** Are the sections within the file, and their names within that of the names? */
static struct hwp_error *check_sections(const struct hwp_rawfile *file, const Elf64_Ehdr *ehdr,
					bool *bad)
{
	uint64_t nr = ehdr->e_shnum;
	Elf64_Shdr section, names = {};
	struct hwp_error *err;
	char last = '\0';

	*bad = false;
	if (!nr && !ehdr->e_shoff)
		return NULL;
	*bad = true;
	if (!nr || ehdr->e_shstrndx >= nr || ehdr->e_shentsize != sizeof(section) ||
	    !hwp_rawfile_has(file, ehdr->e_shoff, nr * sizeof(section)))
		return NULL;
	err = hwp_rawfile_read(file, ehdr->e_shoff + ehdr->e_shstrndx * sizeof(names), &names,
			       sizeof(names));
	if (!err && names.sh_size && hwp_rawfile_has(file, names.sh_offset, names.sh_size))
		err = hwp_rawfile_read(file, names.sh_offset + names.sh_size - 1, &last, 1);
	for (uint64_t i = 0; i < nr && !err; i++) {
		err = hwp_rawfile_read(file, ehdr->e_shoff + i * sizeof(section), &section,
				       sizeof(section));
		if (!err && ((section.sh_type != SHT_NOBITS &&
			      !hwp_rawfile_has(file, section.sh_offset, section.sh_size)) ||
			     (section.sh_name && section.sh_name >= names.sh_size)))
			return NULL;
	}
	*bad = err || last;
	return err;
}

struct hwp_error *hwp_elfcore_read(const struct hwp_rawfile *file, struct hwp_elfcore *ret,
				   struct hwp_file_facts *facts)
{
	_cleanup_(headers_deinit) struct headers h = {};
	struct hwp_error *err;
	Elf64_Ehdr ehdr;

	err = hwp_rawfile_read(file, 0, &ehdr, sizeof(ehdr));
	if (err)
		return err;
	if (ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"only 64-bit little-endian kernels are supported");
	if (ehdr.e_type != ET_CORE)
		return hwp_error_create(
			HWP_ERROR_INVALID_ARGUMENT,
			"an ELF file, but not a core dump (give a vmlinux with -s)");
	err = read_phdrs(file, &ehdr, &h);
	if (!err)
		err = make_runs(file, &h, ret);
	if (!err)
		err = check_sections(file, &ehdr, &ret->has_bad_sections);
	if (err)
		return err;
	ret->machine = ehdr.e_machine;
	ret->vmcoreinfo = no_cleanup_ptr(h.notes.vmcoreinfo);
	if (h.end > file->size)
		snprintf(facts->damage, sizeof(facts->damage),
			 "the file is cut off: %" PRIu64 " of %" PRIu64 " bytes are there",
			 file->size, h.end);
	return NULL;
}

const struct hwp_elf_run *hwp_elfcore_find(const struct hwp_elfcore *core, uint64_t physical)
{
	size_t i = hwp_vec_lower_bound(&core->runs, e, e->end <= physical);

	if (i == core->runs.nr || core->runs.data[i].start > physical)
		return NULL;
	return &core->runs.data[i];
}
