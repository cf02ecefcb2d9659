// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/symbols/elffile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <gelf.h>
#include <libelf.h>

#include "base/bits.h"

#define MAX_WANTED 512
#define NR_BUCKETS 1024

struct hwp_elffile {
	Elf *elf;
	int fd;
	size_t section_names;
	struct hwp_build_id build_id;
};

void hwp_elffile_close(struct hwp_elffile *file)
{
	if (!file)
		return;
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

static void elffile_closep(struct hwp_elffile **file)
{
	hwp_elffile_close(*file);
}

struct Elf *hwp_elffile_handle(const struct hwp_elffile *file)
{
	return file->elf;
}

const struct hwp_build_id *hwp_elffile_build_id(const struct hwp_elffile *file)
{
	return &file->build_id;
}

static Elf_Scn *find_section(const struct hwp_elffile *file, const char *name, GElf_Shdr *shdr)
{
	for (Elf_Scn *s = elf_nextscn(file->elf, NULL); s; s = elf_nextscn(file->elf, s)) {
		const char *other;

		if (!gelf_getshdr(s, shdr))
			continue;
		other = elf_strptr(file->elf, file->section_names, shdr->sh_name);
		if (other && strcmp(other, name) == 0 && shdr->sh_type != SHT_NOBITS)
			return s;
	}
	return NULL;
}

const void *hwp_elffile_section(const struct hwp_elffile *file, const char *name, size_t *size_ret)
{
	GElf_Shdr shdr;
	Elf_Scn *section = find_section(file, name, &shdr);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

	if (!data || !data->d_buf || shdr.sh_flags & SHF_COMPRESSED)
		return NULL;
	*size_ret = data->d_size;
	return data->d_buf;
}

const void *hwp_elffile_bytes(const struct hwp_elffile *file, uint64_t address, size_t *size_ret)
{
	for (Elf_Scn *s = elf_nextscn(file->elf, NULL); s; s = elf_nextscn(file->elf, s)) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(s, &shdr) || !(shdr.sh_flags & SHF_ALLOC) ||
		    shdr.sh_type == SHT_NOBITS || address < shdr.sh_addr ||
		    address - shdr.sh_addr >= shdr.sh_size)
			continue;
		data = elf_rawdata(s, NULL);
		if (!data || !data->d_buf || address - shdr.sh_addr >= data->d_size)
			return NULL;
		*size_ret = data->d_size - (address - shdr.sh_addr);
		return (const char *)data->d_buf + (address - shdr.sh_addr);
	}
	return NULL;
}

static uint64_t round_up_4(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

bool hwp_build_id_in_notes(const void *notes, size_t size, struct hwp_build_id *ret)
{
	const uint8_t *p = notes;

	while (size >= sizeof(Elf64_Nhdr)) {
		uint64_t name = round_up_4(hwp_u32(p)), desc = hwp_u32(p + 4);
		uint64_t all = sizeof(Elf64_Nhdr) + name + round_up_4(desc);

		if (sizeof(Elf64_Nhdr) + name + desc > size)
			return false;
		if (hwp_u32(p + 8) == NT_GNU_BUILD_ID && hwp_u32(p) == 4 && desc &&
		    desc <= HWP_MAX_BUILD_ID && memcmp(p + sizeof(Elf64_Nhdr), "GNU", 4) == 0) {
			const uint8_t *bytes = p + sizeof(Elf64_Nhdr) + name;

			for (size_t i = 0; i < desc; i++)
				snprintf(ret->hex + 2 * i, 3, "%02x", bytes[i]);
			return true;
		}
		if (all >= size)
			return false;
		p += all;
		size -= all;
	}
	return false;
}

/** A vmlinux has the note in .notes, a .debug file in a section of its own. */
static void note_build_id(struct hwp_elffile *file)
{
	for (Elf_Scn *s = elf_nextscn(file->elf, NULL); s; s = elf_nextscn(file->elf, s)) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(s, &shdr) || shdr.sh_type != SHT_NOTE)
			continue;
		data = elf_rawdata(s, NULL);
		if (data && data->d_buf &&
		    hwp_build_id_in_notes(data->d_buf, data->d_size, &file->build_id))
			return;
	}
}

/** libelf maps the file: all that its header refers to must be there. */
static struct hwp_error *check_header(const struct hwp_elffile *file, uint64_t file_size)
{
	uint64_t end;
	size_t nr;
	GElf_Ehdr ehdr;

	if (elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &ehdr))
		return hwp_error_create(
			HWP_ERROR_INVALID_ARGUMENT,
			"not an ELF file: -s takes a vmlinux with debug information");
	if (ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"only 64-bit little-endian kernels are supported");
	if (ehdr.e_type == ET_CORE)
		return hwp_error_create(
			HWP_ERROR_INVALID_ARGUMENT,
			"is a core dump: -s takes a vmlinux with debug information");
	if (__builtin_add_overflow(ehdr.e_shoff, (uint64_t)ehdr.e_shnum * ehdr.e_shentsize, &end) ||
	    end > file_size)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the file is cut off: %" PRIu64 " bytes are there, its "
					"section headers end at %" PRIu64,
					file_size, end);
	if (elf_getshdrnum(file->elf, &nr) < 0 || !nr)
		return hwp_error_create(
			HWP_ERROR_INVALID_ARGUMENT,
			"has no sections: -s takes a vmlinux with debug information");
	return NULL;
}

static struct hwp_error *elffile_setup(struct hwp_elffile *file, const char *path)
{
	struct hwp_error *err;
	struct stat st;

	/* Do not wait for the writer of a FIFO, which is refused. */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0 || fstat(file->fd, &st) < 0)
		return hwp_error_os(errno, "cannot open");
	if (!S_ISREG(st.st_mode))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "not a regular file");
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (!file->elf)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "libelf refuses it: %s",
					elf_errmsg(-1));
	err = check_header(file, (uint64_t)st.st_size);
	if (err)
		return err;
	if (elf_getshdrstrndx(file->elf, &file->section_names) < 0)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "libelf refuses it: %s",
					elf_errmsg(-1));
	note_build_id(file);
	return NULL;
}

struct hwp_error *hwp_elffile_open(const char *path, struct hwp_elffile **ret)
{
	_cleanup_(elffile_closep) struct hwp_elffile *file = calloc(1, sizeof(*file));
	struct hwp_error *err;

	if (!file)
		return hwp_error_no_memory();
	file->fd = -1;
	err = elffile_setup(file, path);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	*ret = no_cleanup_ptr(file);
	return NULL;
}

/** Wanted symbols by the hash of their name's beginning; next chains them. */
struct wanted {
	int16_t first[NR_BUCKETS], next[MAX_WANTED];
};

/** A hash of the beginning, by which most names differ. */
static unsigned int bucket_of(const char *name)
{
	unsigned int h = 0;

	for (unsigned int i = 0; i < 8 && name[i]; i++)
		h = h * 31 + (uint8_t)name[i];
	return h % NR_BUCKETS;
}

static void index_wanted(struct wanted *w, struct hwp_symbol *syms, size_t nr)
{
	memset(w->first, -1, sizeof(w->first));
	for (size_t i = 0; i < nr; i++) {
		unsigned int b = bucket_of(syms[i].name);

		syms[i].found = false;
		w->next[i] = w->first[b];
		w->first[b] = (int16_t)i;
	}
}

struct hwp_error *hwp_elffile_symbols(const struct hwp_elffile *file, struct hwp_symbol *syms,
				      bool *relocate, size_t nr)
{
	size_t size, names_size;
	const Elf64_Sym *table = hwp_elffile_section(file, ".symtab", &size);
	const char *names = hwp_elffile_section(file, ".strtab", &names_size);
	struct wanted w;

	if (!table || !names || !names_size || names[names_size - 1])
		return hwp_error_create(HWP_ERROR_LOOKUP, "it has no symbol table");
	if (nr > MAX_WANTED)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "too many symbols at once");
	index_wanted(&w, syms, nr);
	for (size_t s = 0; s < size / sizeof(*table); s++) {
		unsigned int type = ELF64_ST_TYPE(table[s].st_info);
		const char *name;

		if (table[s].st_shndx == SHN_UNDEF || type == STT_SECTION || type == STT_FILE ||
		    !table[s].st_name || table[s].st_name >= names_size)
			continue;
		name = names + table[s].st_name;
		for (int i = w.first[bucket_of(name)]; i >= 0; i = w.next[i]) {
			if (strcmp(syms[i].name, name) != 0 ||
			    (syms[i].found && syms[i].address <= table[s].st_value))
				continue;
			syms[i].found = true;
			syms[i].address = table[s].st_value;
			relocate[i] = table[s].st_shndx != SHN_ABS && table[s].st_value >> 63;
		}
	}
	return NULL;
}
