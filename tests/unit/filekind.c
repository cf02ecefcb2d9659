// SPDX-License-Identifier: GPL-2.0-or-later
/** What a file is, by bytes as the specification of its format says. */
#include "synth.h"

#include <cmocka.h>
#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <sys/stat.h>

#include "target/memory/filekind.h"

static const struct hwp_file_kind *kind_of(const void *bytes, size_t nr)
{
	struct hwp_file_ends ends = { .head = bytes, .nr_head = nr };

	return hwp_file_kind(&ends);
}

/** Bytes at a place of a file of @p size bytes, zeros before and after. */
#define ROW(size, offset, bytes, words)                       \
	{                                                     \
		size, offset, sizeof(bytes) - 1, bytes, words \
	}

static const struct {
	size_t size, offset, len;
	const char *bytes;
	/** What the sentence says. */
	const char *words;
} refused[] = {
	ROW(64, 0, "\x28\xb5\x2f\xfd", "zstd"),
	ROW(64, 0, "\x1f\x8b\x08", "gunzip"),
	ROW(64, 0, "\xfd\x37\x7a\x58\x5a\x00", "unxz"),
	ROW(64, 0, "BZh9\x31\x41\x59\x26\x53\x59", "bunzip2"),
	ROW(64, 0, "\x04\x22\x4d\x18", "unlz4"),
	ROW(64, 0, "\x02\x21\x4c\x18", "unlz4"),
	ROW(64, 0, "\x89\x4c\x5a\x4f\x00\x0d\x0a\x1a\x0a", "lzop"),
	ROW(64, 0, "LZIP\x01", "lzip"),
	ROW(64, 0, "\x5d\x00\x00\x80\x00", "unlzma"),
	ROW(64, 0, "\x1f\x9d\x90", "uncompress"),
	ROW(64, 0, "\xff\x06\x00\x00sNaPpY", "snappy"),
	ROW(1024, 257, "ustar\0", "tar"),
	ROW(64, 0, "PK\x03\x04", "unzip"),
	ROW(64, 0, "PK\x05\x06", "holds nothing"),
	ROW(64, 0, "7z\xbc\xaf\x27\x1c", "7-Zip"),
	ROW(64, 0, "Rar!\x1a\x07\x01", "RAR"),
	ROW(128, 0, "070701", "cpio"),
	ROW(128, 0, "070707", "cpio"),
	ROW(64, 0, "!<arch>\ndebian-binary", "Debian package"),
	ROW(96, 0, "\xed\xab\xee\xdb\x03", "RPM"),
	ROW(96, 0, "hsqs", "squashfs"),
	ROW(96, 0, "-----BEGIN PGP MESSAGE-----\n", "PGP"),
	ROW(96, 0, "age-encryption.org/v1\n", "age"),
	ROW(96, 0, "Salted__", "openssl"),
	ROW(96, 0, "LUKS\xba\xbe\x00\x02", "LUKS"),
	ROW(64, 0, "QEVM\0\0\0\x03", "QEMU saves or migrates"),
	ROW(64, 0, "LibvirtQemudSave", "virsh save"),
	ROW(64, 0, "LibvirtQemudPart", "did not end"),
	ROW(64, 0, "QFI\xfb\0\0\0\x03", "qcow2"),
	ROW(64, 0, "\xd2\xbe\xd2\xbe", "vmss2core"),
	ROW(64, 0, "\xd0\xbe\xd2\xbe", "vmss2core"),
	ROW(64, 0, "\xd0\xbe\xd0\xbe", "vmss2core"),
	ROW(64, 0, "\xd3\xbe\xd3\xbe", "part of a guest's state by VMware"),
	ROW(64, 0, "\xd1\xba\xd1\xba", "already resumed"),
	ROW(64, 0, "\x7fVirtualBox SavedState V2.0\n", "dumpvmcore"),
	ROW(8192, 0, "\x14\x20\x28\x01", "Hyper-V"),
	ROW(64, 0, "LinuxGuestRecord", "xl save"),
	ROW(64, 0, "Xen saved domain, xl format\n \0 \r", "xl save"),
	ROW(64, 0, "\xed\xeb\x0f\xf0", "Xen's old dump-core"),
	ROW(64, 0, "\xee\xeb\x0f\xf0", "Xen's old dump-core"),
	ROW(64, 0, "EMiL\x01\0\0\0", "LiME"),
	ROW(64, 0, "AVML\x02\0\0\0", "AVML"),
	ROW(64, 0, "sadump\0\0", "sadump"),
	ROW(64, 0, "DISKDUMP", "diskdump"),
	ROW(64, 0, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "LKCD"),
	ROW(64, 0, "\xcd\x23\x8f\x61\x73\x01\x19\xa8", "LKCD"),
	ROW(64, 0, "\xa8\x19\x01\x73\x61\x8f\x23\xed", "LKCD"),
	ROW(64, 0, "\xa8\x19\x01\x73\x61\x8f\x23\xfd", "s390"),
	ROW(64, 0, "PAGEDU64", "Windows"),
	ROW(64, 0, "PAGEDUMP", "Windows"),
	ROW(64, 0, "MDMP\x93\xa7", "Windows"),
	ROW(64, 0, "minidump FreeBSD/amd64", "FreeBSD"),
	ROW(64, 0, "\xcf\xfa\xed\xfe", "Mach-O"),
	ROW(4096, 0, "\x53\xff\x00\xf0\x53\xff\x00\xf0\xc3\xe2\x00\xf0", "raw memory"),
	ROW(4096, 514, "HdrS", "bzImage"),
	ROW(4096, 56, "ARM\x64", "arm64"),
	ROW(4096, 0, "SQLite format 3\0", "--rasdaemon"),
	ROW(4096, 0, "LPKSHHRH", "journal"),
	ROW(4096, 0, "PERFILE2", "perf"),
	ROW(200, 0, "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
	ROW(4096, 0, "vhdxfile", "VHDX"),
	ROW(4096, 0, "conectix", "VHD"),
	ROW(4096, 0, "KDMV\x01", "VMDK"),
	ROW(4096, 64, "\x7f\x10\xda\xbe", "VDI"),
	ROW(4096, 512, "EFI PART", "GPT"),
	ROW(4096, 0, "XFSB", "XFS"),
	ROW(4096, 1080, "\x53\xef", "ext4"),
	ROW(65536, 32769, "CD001", "ISO 9660"),
	ROW(4096, 510, "\x55\xaa", "boot sector"),
	ROW(64, 0, "%PDF-1.7", "PDF"),
	ROW(64, 0, "\x89PNG\r\n\x1a\n", "PNG"),
	ROW(4096, 0, "\0", "zeros where a dump has its header"),
	ROW(9, 0, "\x01\x02\x03\x04\x05\x06\x07\x08\x0b", "no kind of file that is known"),
};

static void by_magic(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(refused); i++) {
		char *bytes = calloc(1, refused[i].size);
		const struct hwp_file_kind *kind;
		char sentence[512];

		assert_non_null(bytes);
		memcpy(bytes + refused[i].offset, refused[i].bytes, refused[i].len);
		kind = kind_of(bytes, refused[i].size);
		snprintf(sentence, sizeof(sentence), "%s: %s", kind->what, kind->advice);
		if (!strstr(sentence, refused[i].words))
			fail_msg("row %zu: '%s' has no '%s'", i, sentence, refused[i].words);
		assert_int_equal(kind->form, HWP_FILE_REFUSED);
		/* A file that ends within its magic is no more than that. */
		for (size_t nr = 0; nr < refused[i].offset + refused[i].len; nr++)
			assert_int_equal(kind_of(bytes, nr)->form, HWP_FILE_REFUSED);
		free(bytes);
	}
}

static void by_text(void **state)
{
	static const char *const rows[][2] = {
		{ "", "an empty file" },
		{ "OSRELEASE=6.1.0\nBUILD-ID=x\nPAGESIZE=4096\n", "--vmcoreinfo" },
		{ "[    0.000000] Linux version 6.1\n", "kernel log" },
		{ "<5>[    0.000000] Linux version 6.1\n", "kernel log" },
		{ "[   12.5] Memory failure: 0x5c11: recovery action for thp: Failed\n",
		  "kernel log" },
		{ "{\n  \"schema\": \"hwpoison.report/1\",\n", "JSON that hwpoison wrote" },
		{ "{\"schema\": \"x\"}", "JSON" },
		{ "[1, 2]", "JSON" },
		{ "<!DOCTYPE html>\n<title>Sign in</title>", "web page" },
		{ "\n<html lang=en>", "web page" },
		{ "this is a note\twith \x1b[1mcolour\x1b[0m\r\n", "text" },
		{ "gr\xc3\xbc\xc3\x9f dich\n", "text" },
		{ "a line\n\x01", "no kind of file" },
		{ "a line\x7f", "no kind of file" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct hwp_file_kind *kind = kind_of(rows[i][0], strlen(rows[i][0]));
		char sentence[512];

		snprintf(sentence, sizeof(sentence), "%s: %s", kind->what, kind->advice);
		if (!strstr(sentence, rows[i][1]))
			fail_msg("row %zu: '%s' has no '%s'", i, sentence, rows[i][1]);
		assert_int_equal(kind->form, HWP_FILE_REFUSED);
	}
}

static size_t put_elf(unsigned char *bytes, Elf64_Half type, Elf64_Half machine)
{
	Elf64_Ehdr e = { .e_type = type, .e_machine = machine, .e_phoff = sizeof(e), .e_phnum = 1 };
	Elf64_Phdr p = { .p_type = PT_NOTE, .p_offset = sizeof(e) + sizeof(p), .p_filesz = 64 };

	memset(bytes, 0, 1024);
	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = ELFCLASS64;
	e.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(bytes, &e, sizeof(e));
	memcpy(bytes + sizeof(e), &p, sizeof(p));
	return sizeof(e) + sizeof(p) + 64;
}

static void put_note(unsigned char *bytes, uint32_t type, const char *name, uint32_t desc_size)
{
	Elf64_Nhdr note = { .n_namesz = (uint32_t)strlen(name) + 1,
			    .n_descsz = desc_size,
			    .n_type = type };

	memcpy(bytes, &note, sizeof(note));
	memcpy(bytes + sizeof(note), name, note.n_namesz);
}

static void elf_files(void **state)
{
	static const struct {
		Elf64_Half type, machine;
		enum hwp_file_form form;
		const char *words;
	} rows[] = {
		{ ET_CORE, EM_X86_64, HWP_FILE_ELF, "ELF core dump" },
		{ ET_CORE, EM_AARCH64, HWP_FILE_ELF, "ELF core dump" },
		{ ET_CORE, EM_PPC64, HWP_FILE_REFUSED, "a core dump of a ppc64le machine" },
		{ ET_CORE, EM_RISCV, HWP_FILE_REFUSED, "a core dump of a riscv64 machine" },
		{ ET_CORE, EM_SPARC, HWP_FILE_REFUSED, "another machine" },
		{ ET_EXEC, EM_X86_64, HWP_FILE_REFUSED, "not a core dump" },
		{ ET_DYN, EM_X86_64, HWP_FILE_REFUSED, "not a core dump" },
		{ ET_REL, EM_X86_64, HWP_FILE_REFUSED, "kernel module" },
	};
	unsigned char bytes[1024];
	size_t size;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		size = put_elf(bytes, rows[i].type, rows[i].machine);
		assert_int_equal(kind_of(bytes, size)->form, rows[i].form);
		assert_non_null(strstr(kind_of(bytes, size)->what, rows[i].words));
	}
	/* Big-endian; of those whose machine has a name it is named. */
	size = put_elf(bytes, htobe16(ET_CORE), htobe16(EM_S390));
	bytes[EI_DATA] = ELFDATA2MSB;
	assert_string_equal(kind_of(bytes, size)->what, "a core dump of an s390x machine");
	size = put_elf(bytes, htobe16(ET_CORE), htobe16(EM_PPC64));
	bytes[EI_DATA] = ELFDATA2MSB;
	assert_string_equal(kind_of(bytes, size)->what, "a core dump of a ppc64 machine");
	size = put_elf(bytes, htobe16(ET_EXEC), htobe16(EM_PPC64));
	bytes[EI_DATA] = ELFDATA2MSB;
	assert_non_null(strstr(kind_of(bytes, size)->what, "big-endian"));
	size = put_elf(bytes, ET_CORE, EM_X86_64);
	bytes[EI_CLASS] = ELFCLASS32;
	assert_non_null(strstr(kind_of(bytes, size)->what, "32-bit"));
	bytes[EI_DATA] = ELFDATA2MSB;
	assert_non_null(strstr(kind_of(bytes, size)->what, "big-endian"));
	/* Cut off within the header: the reader says what is missing. */
	for (size_t nr = 4; nr < sizeof(Elf64_Ehdr); nr++)
		assert_int_equal(kind_of(bytes, nr)->form, HWP_FILE_ELF);
}

static void core_of_a_process(void **state)
{
	const size_t notes = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
	unsigned char bytes[1024];
	size_t size = put_elf(bytes, ET_CORE, EM_X86_64);

	(void)state;
	put_note(bytes + notes, NT_PRSTATUS, "CORE", 8);
	put_note(bytes + notes + 28, NT_AUXV, "CORE", 8);
	assert_non_null(strstr(kind_of(bytes, size)->what, "of a process"));
	put_note(bytes + notes + 28, NT_FILE, "CORE", 8);
	assert_non_null(strstr(kind_of(bytes, size)->what, "of a process"));
	/* The kernel's own /proc/vmcore: the registers of each CPU. */
	put_note(bytes + notes + 28, NT_PRSTATUS, "CORE", 8);
	assert_int_equal(kind_of(bytes, size)->form, HWP_FILE_ELF);
	put_note(bytes + notes + 28, NT_AUXV, "LINUX", 8);
	assert_int_equal(kind_of(bytes, size)->form, HWP_FILE_ELF);
	/* Notes that lead nowhere. */
	put_note(bytes + notes, NT_PRSTATUS, "CORE", UINT32_MAX);
	put_note(bytes + notes + 28, NT_AUXV, "CORE", 8);
	assert_int_equal(kind_of(bytes, size)->form, HWP_FILE_ELF);
	synth_put(bytes, sizeof(Elf64_Ehdr) + 8, UINT64_MAX - 4, 8);
	assert_int_equal(kind_of(bytes, size)->form, HWP_FILE_ELF);
	synth_put(bytes, 32, UINT64_MAX - 4, 8);
	assert_int_equal(kind_of(bytes, size)->form, HWP_FILE_ELF);
}

static void dump_core_of_xen(void **state)
{
	unsigned char bytes[1024];
	size_t size = put_elf(bytes, ET_CORE, EM_X86_64);
	Elf64_Ehdr e;

	(void)state;
	memcpy(&e, bytes, sizeof(e));
	e.e_phnum = 0;
	e.e_shnum = 5;
	memcpy(bytes, &e, sizeof(e));
	assert_int_equal(kind_of(bytes, size)->form, HWP_FILE_ELF);
	put_note(bytes + 200, 0x2000000, "Xen", 0);
	assert_non_null(strstr(kind_of(bytes, sizeof(bytes))->what, "Xen"));
}

static void machine_of_kdump(void **state)
{
	static const struct {
		const char *machine, *words;
		enum hwp_file_form form;
	} rows[] = {
		{ "x86_64", "a kdump file", HWP_FILE_KDUMP },
		{ "", "a kdump file", HWP_FILE_KDUMP },
		{ "aarch64", "a kdump file", HWP_FILE_KDUMP },
		{ "Unknown", "a kdump file", HWP_FILE_KDUMP },
		{ "ppc64le", "a kdump file of a ppc64le machine", HWP_FILE_REFUSED },
		{ "s390x", "a kdump file of an s390x machine", HWP_FILE_REFUSED },
		{ "riscv64", "a kdump file of a riscv64 machine", HWP_FILE_REFUSED },
		{ "vax", "another machine", HWP_FILE_REFUSED },
		{ "\x01nonsense", "a kdump file", HWP_FILE_KDUMP },
	};
	char bytes[512] = "KDUMP   ";

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct hwp_file_kind *kind;

		snprintf(bytes + 12 + 4 * 65, 65, "%s", rows[i].machine);
		kind = kind_of(bytes, sizeof(bytes));
		assert_int_equal(kind->form, rows[i].form);
		assert_non_null(strstr(kind->what, rows[i].words));
	}
	assert_int_equal(kind_of(bytes, 8)->form, HWP_FILE_KDUMP);
	assert_int_equal(kind_of("makedumpfile", 13)->form, HWP_FILE_FLATTENED);
	/* Cut off there; or a text that begins so. */
	assert_int_equal(kind_of("makedumpfile", 12)->form, HWP_FILE_FLATTENED);
	assert_string_equal(kind_of("makedumpfile is", 15)->what, "text");
}

static void by_the_end(void **state)
{
	unsigned char tail[512] = "conectix", head[64] = { 1, 2, 3 };
	struct hwp_file_ends ends = { head, tail, sizeof(head), sizeof(tail) };

	(void)state;
	assert_non_null(strstr(hwp_file_kind(&ends)->what, "VHD"));
	ends.nr_tail = 0;
	assert_non_null(strstr(hwp_file_kind(&ends)->what, "no kind"));
}

static void by_mode(void **state)
{
	static const struct {
		mode_t mode;
		const char *words;
	} rows[] = {
		{ S_IFDIR | 0755, "a directory" },    { S_IFIFO | 0644, "a FIFO" },
		{ S_IFSOCK | 0644, "a socket" },      { S_IFCHR | 0644, "a character device" },
		{ S_IFBLK | 0644, "a block device" }, { 0, "not a regular file" },
	};

	(void)state;
	assert_null(hwp_file_kind_of_mode(S_IFREG | 0644));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		assert_non_null(strstr(hwp_file_kind_of_mode(rows[i].mode)->what, rows[i].words));
		assert_non_null(hwp_file_kind_of_mode(rows[i].mode)->advice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_magic),	    cmocka_unit_test(by_text),
		cmocka_unit_test(elf_files),	    cmocka_unit_test(core_of_a_process),
		cmocka_unit_test(dump_core_of_xen), cmocka_unit_test(machine_of_kdump),
		cmocka_unit_test(by_the_end),	    cmocka_unit_test(by_mode),
	};

	return cmocka_run_group_tests_name("filekind", tests, NULL, NULL);
}
