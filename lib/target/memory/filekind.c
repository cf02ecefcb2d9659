// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/filekind.h"

#include <elf.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"

#define DECOMPRESS "decompress it first"
#define UNPACK "unpack it first, and name the dump inside"
#define DECRYPT "decrypt it first"
#define GUEST_DUMP                                                                              \
	"it is not read; take a dump of the guest by QEMU's dump-guest-memory, by 'virsh dump " \
	"--memory-only', or by kdump inside the guest"
#define KDUMP_INSTEAD "it is not read; take a dump by kdump (makedumpfile), which has such headers"
#define OTHER_SYSTEM "only Linux kernels are read"
#define OLD_DUMP "it is not read; kernels that wrote it are older than all that are supported"
#define OTHER_MACHINE "only dumps of x86_64 and arm64 kernels are read"
#define FIND_DUMP "name the dump itself"
#define NO_DUMP "it holds no memory of a kernel; name the dump"

/** By bytes at one place. */
struct magic {
	struct hwp_file_kind kind;
	size_t offset, len;
	const char *bytes;
};

#define MAGIC(at, text, what, advice)                                          \
	{                                                                      \
		{ HWP_FILE_REFUSED, what, advice }, at, sizeof(text) - 1, text \
	}

/* Compressed, archived, encrypted. */
static const struct magic packed[] = {
	MAGIC(0, "\x28\xb5\x2f\xfd", "a file compressed by zstd", DECOMPRESS ": unzstd FILE"),
	MAGIC(0, "\x1f\x8b", "a file compressed by gzip", DECOMPRESS ": gunzip FILE"),
	MAGIC(0,
	      "\xfd"
	      "7zXZ\0",
	      "a file compressed by xz", DECOMPRESS ": unxz FILE"),
	MAGIC(0, "BZh", "a file compressed by bzip2", DECOMPRESS ": bunzip2 FILE"),
	MAGIC(0, "\x04\x22\x4d\x18", "a file compressed by lz4", DECOMPRESS ": unlz4 FILE"),
	MAGIC(0, "\x02\x21\x4c\x18", "a file compressed by lz4 (its old format)",
	      DECOMPRESS ": unlz4 FILE"),
	MAGIC(0, "\x89LZO\0\r\n\x1a\n", "a file compressed by lzop", DECOMPRESS ": lzop -d FILE"),
	MAGIC(0, "LZIP", "a file compressed by lzip", DECOMPRESS ": lzip -d FILE"),
	MAGIC(0, "\x5d\0\0", "a file compressed by lzma", DECOMPRESS ": unlzma FILE"),
	MAGIC(0, "\x1f\x9d", "a file compressed by compress", DECOMPRESS ": uncompress FILE"),
	MAGIC(0, "\xff\x06\0\0sNaPpY", "a file compressed by snappy", DECOMPRESS),
	MAGIC(257, "ustar", "a tar archive", UNPACK ": tar -xf FILE"),
	MAGIC(0, "PK\x03\x04", "a zip archive", UNPACK ": unzip FILE"),
	MAGIC(0, "PK\x05\x06", "a zip archive that holds nothing", FIND_DUMP),
	MAGIC(0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK ": 7z x FILE"),
	MAGIC(0, "Rar!\x1a\x07", "a RAR archive", UNPACK ": unrar x FILE"),
	MAGIC(0, "070701", "a cpio archive", UNPACK),
	MAGIC(0, "070707", "a cpio archive", UNPACK),
	MAGIC(0, "!<arch>\n", "an ar archive, or a Debian package",
	      "a vmlinux inside is for -s; unpack it first"),
	MAGIC(0, "\xed\xab\xee\xdb", "an RPM package",
	      "a vmlinux inside is for -s; unpack it first"),
	MAGIC(0, "hsqs", "a squashfs file system", UNPACK),
	MAGIC(0, "-----BEGIN PGP MESSAGE", "a file encrypted by PGP", DECRYPT ": gpg -d FILE"),
	MAGIC(0, "age-encryption.org/", "a file encrypted by age", DECRYPT ": age -d FILE"),
	MAGIC(0, "Salted__", "a file encrypted by openssl", DECRYPT),
	MAGIC(0, "LUKS\xba\xbe", "an encrypted disk (LUKS)",
	      "open it first, and name the dump inside"),
};

/* Memory of machines and guests, in forms that are not read. */
static const struct magic states[] = {
	MAGIC(0, "QEVM", "a guest's state as QEMU saves or migrates it", GUEST_DUMP),
	MAGIC(0, "LibvirtQemudSave", "a guest's state by 'virsh save'", GUEST_DUMP),
	MAGIC(0, "LibvirtQemudPart", "a guest's state by 'virsh save', which did not end",
	      GUEST_DUMP),
	MAGIC(0, "QFI\xfb", "a disk image (qcow2), which may hold a snapshot of a guest",
	      GUEST_DUMP),
	MAGIC(0, "\xd0\xbe\xd2\xbe", "a guest's state by VMware (.vmss, .vmsn)",
	      "it is not read; VMware's vmss2core makes a core dump of it"),
	MAGIC(0, "\xd2\xbe\xd2\xbe", "a guest's state by VMware (.vmss, .vmsn)",
	      "it is not read; VMware's vmss2core makes a core dump of it"),
	MAGIC(0, "\xd0\xbe\xd0\xbe", "a guest's state by VMware (.vmss, .vmsn)",
	      "it is not read; VMware's vmss2core makes a core dump of it"),
	MAGIC(0, "\xd3\xbe\xd3\xbe", "a part of a guest's state by VMware (.vmss, .vmsn)",
	      "it is not read; VMware's vmss2core makes a core dump of it"),
	MAGIC(0, "\xd1\xba\xd1\xba", "a guest's state by VMware (.vmss, .vmsn), already resumed",
	      "it is not read; VMware's vmss2core makes a core dump of it"),
	MAGIC(0, "\x7fVirtualBox SavedState", "a guest's state by VirtualBox (.sav)",
	      "it is not read; 'VBoxManage debugvm VM dumpvmcore --filename=FILE' writes a core dump"),
	MAGIC(0, "\x14\x20\x28\x01", "a guest's state by Hyper-V (.vmrs)",
	      "it is not read; take a dump by kdump inside the guest"),
	MAGIC(0, "LinuxGuestRecord", "a guest's state by 'xm save' or 'xl save'",
	      "it is not read; take a dump by kdump inside the guest"),
	MAGIC(0, "Xen saved domain", "a guest's state by 'xl save'",
	      "it is not read; take a dump by kdump inside the guest"),
	MAGIC(0, "\xed\xeb\x0f\xf0", "a guest's memory by Xen's old dump-core", OLD_DUMP),
	MAGIC(0, "\xee\xeb\x0f\xf0", "a guest's memory by Xen's old dump-core", OLD_DUMP),
	MAGIC(0, "EMiL", "memory by LiME", KDUMP_INSTEAD),
	MAGIC(0, "AVML", "memory by AVML", KDUMP_INSTEAD),
	MAGIC(0, "sadump\0\0", "a disk or a partition with a dump by sadump", KDUMP_INSTEAD),
	MAGIC(0, "DISKDUMP", "a dump by diskdump", OLD_DUMP),
	MAGIC(0, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "a dump by LKCD", OLD_DUMP),
	MAGIC(0, "\xcd\x23\x8f\x61\x73\x01\x19\xa8", "a dump of a running kernel by LKCD",
	      OLD_DUMP),
	MAGIC(0, "\xa8\x19\x01\x73\x61\x8f\x23\xed", "a dump by LKCD, of a big-endian machine",
	      OTHER_MACHINE),
	MAGIC(0, "\xa8\x19\x01\x73\x61\x8f\x23\xfd", "a dump of an s390 machine", OTHER_MACHINE),
	MAGIC(0, "PAGEDU64", "a crash dump of Windows", OTHER_SYSTEM),
	MAGIC(0, "PAGEDUMP", "a crash dump of Windows", OTHER_SYSTEM),
	MAGIC(0, "MDMP", "a minidump of Windows", OTHER_SYSTEM),
	MAGIC(0, "minidump FreeBSD/", "a dump of FreeBSD", OTHER_SYSTEM),
	MAGIC(0, "\xcf\xfa\xed\xfe", "a Mach-O file", OTHER_SYSTEM),
	/* The interrupt vectors of real mode, which a BIOS leaves at address 0. */
	MAGIC(0, "\x53\xff\x00\xf0\x53\xff\x00\xf0",
	      "raw memory (such as a .vmem, pmemsave's or dd's)", KDUMP_INSTEAD),
};

/* What lies beside dumps. */
static const struct magic others[] = {
	MAGIC(514, "HdrS", "a kernel image (bzImage, vmlinuz)",
	      NO_DUMP "; its vmlinux, with debug information, is for -s"),
	MAGIC(56, "ARM\x64", "a kernel image for arm64", NO_DUMP),
	MAGIC(0, "SQLite format 3\0", "a database (SQLite)",
	      "rasdaemon's is for --rasdaemon; name the dump too"),
	MAGIC(0, "LPKSHHRH", "a journal of systemd", NO_DUMP),
	MAGIC(0, "PERFILE2", "a recording by perf", NO_DUMP),
	MAGIC(0, "version https://git-lfs", "a pointer of Git LFS, not the file itself",
	      "fetch it first: git lfs pull"),
	MAGIC(0, "vhdxfile", "a disk image (VHDX)", NO_DUMP),
	MAGIC(0, "conectix", "a disk image (VHD)", NO_DUMP),
	MAGIC(0, "KDMV", "a disk image (VMDK)", NO_DUMP),
	MAGIC(64, "\x7f\x10\xda\xbe", "a disk image (VDI)", NO_DUMP),
	MAGIC(512, "EFI PART", "a disk with partitions (GPT)", "mount it, and " FIND_DUMP),
	MAGIC(0, "XFSB", "an XFS file system", "mount it, and " FIND_DUMP),
	MAGIC(1080, "\x53\xef", "an ext2, ext3 or ext4 file system", "mount it, and " FIND_DUMP),
	MAGIC(32769, "CD001", "an ISO 9660 file system", "mount it, and " FIND_DUMP),
	MAGIC(510, "\x55\xaa", "a disk or a boot sector", "mount its file system, and " FIND_DUMP),
	MAGIC(0, "%PDF", "a PDF document", NO_DUMP),
	MAGIC(0, "\x89PNG", "a PNG image", NO_DUMP),
};

static const struct hwp_file_kind elf_dump = { HWP_FILE_ELF, "an ELF core dump", NULL };
static const struct hwp_file_kind elf_32 = { HWP_FILE_REFUSED, "an ELF file of a 32-bit machine",
					     "only 64-bit little-endian kernels are supported" };
static const struct hwp_file_kind elf_big = { HWP_FILE_REFUSED,
					      "an ELF file of a big-endian machine",
					      "only 64-bit little-endian kernels are supported" };
static const struct hwp_file_kind elf_module = {
	HWP_FILE_REFUSED, "a kernel module or an object file, not a core dump", NO_DUMP
};
static const struct hwp_file_kind elf_program = {
	HWP_FILE_REFUSED, "an ELF file, but not a core dump (a vmlinux or another program)",
	"a vmlinux is for -s; name the dump too"
};
/* Machines whose kernels are not read, by name. */
#define MACHINE(article, name, number, data)                                               \
	{                                                                                  \
		name, number, data,                                                        \
			{ HWP_FILE_REFUSED, "a core dump of " article " " name " machine", \
			  OTHER_MACHINE },                                                 \
		{                                                                          \
			HWP_FILE_REFUSED, "a kdump file of " article " " name " machine",  \
				OTHER_MACHINE                                              \
		}                                                                          \
	}
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

static const struct machine {
	const char *name;
	unsigned int number, data;
	struct hwp_file_kind elf, kdump;
} machines[] = {
	MACHINE("a", "ppc64le", EM_PPC64, ELFDATA2LSB),
	MACHINE("a", "ppc64", EM_PPC64, ELFDATA2MSB),
	MACHINE("an", "s390x", EM_S390, ELFDATA2MSB),
	MACHINE("a", "riscv64", EM_RISCV, ELFDATA2LSB),
	MACHINE("a", "loongarch64", EM_LOONGARCH, ELFDATA2LSB),
	MACHINE("an", "ia64", EM_IA_64, ELFDATA2LSB),
	MACHINE("a", "mips64", EM_MIPS, ELFDATA2LSB),
	MACHINE("a", "sparc64", EM_SPARCV9, ELFDATA2MSB),
};
static const struct hwp_file_kind elf_machine = {
	HWP_FILE_REFUSED, "a core dump of another machine than x86_64 and arm64", OTHER_MACHINE
};
static const struct hwp_file_kind elf_xen = {
	HWP_FILE_REFUSED, "a guest's memory by Xen ('xl dump-core')",
	"it is not read; take a dump by kdump inside the guest"
};
static const struct hwp_file_kind elf_process = { HWP_FILE_REFUSED,
						  "the core dump of a process, not of a kernel",
						  NO_DUMP };
static const struct hwp_file_kind kdump = { HWP_FILE_KDUMP, "a kdump file", NULL };
static const struct hwp_file_kind kdump_machine = {
	HWP_FILE_REFUSED, "a kdump file of another machine than x86_64 and arm64", OTHER_MACHINE
};
static const struct hwp_file_kind flattened = { HWP_FILE_FLATTENED, "a flattened dump", NULL };

static const struct hwp_file_kind empty = { HWP_FILE_REFUSED, "an empty file", "copy it again" };
static const struct hwp_file_kind report = { HWP_FILE_REFUSED,
					     "JSON that hwpoison wrote about a dump, not the dump",
					     "name the dump" };
static const struct hwp_file_kind vmcoreinfo = { HWP_FILE_REFUSED, "the text of VMCOREINFO",
						 "give it by --vmcoreinfo, and name the dump too" };
static const struct hwp_file_kind log_text = {
	HWP_FILE_REFUSED, "a kernel log as text",
	"it holds no memory; name the dump that was taken with it"
};
static const struct hwp_file_kind web_page = {
	HWP_FILE_REFUSED, "a web page",
	"it is what a server sent instead of the dump: download that again"
};
static const struct hwp_file_kind json = { HWP_FILE_REFUSED, "JSON", NO_DUMP };
static const struct hwp_file_kind text = { HWP_FILE_REFUSED, "text", NO_DUMP };
static const struct hwp_file_kind zeros = {
	HWP_FILE_REFUSED, "zeros where a dump has its header",
	"it may be raw memory, or a copy that failed: compare its checksum with the original's"
};
static const struct hwp_file_kind fixed_vhd = { HWP_FILE_REFUSED, "a disk image (VHD)", NO_DUMP };
static const struct hwp_file_kind unknown = {
	HWP_FILE_REFUSED, "no kind of file that is known here",
	"ELF core dumps and kdump files (makedumpfile's) are read, also flattened ones"
};

static bool begins_with(const struct hwp_file_ends *ends, const char *bytes, size_t len)
{
	return ends->nr_head >= len && memcmp(ends->head, bytes, len) == 0;
}

static bool holds(const struct hwp_file_ends *ends, const char *word)
{
	return memmem(ends->head, ends->nr_head, word, strlen(word));
}

static const struct hwp_file_kind *find_magic(const struct magic *rows, size_t nr,
					      const struct hwp_file_ends *ends)
{
	for (size_t i = 0; i < nr; i++)
		if (ends->nr_head >= rows[i].offset + rows[i].len &&
		    memcmp(ends->head + rows[i].offset, rows[i].bytes, rows[i].len) == 0)
			return &rows[i].kind;
	return NULL;
}

/* Notes that the kernel puts into the core dump of a process, and none of its own into a vmcore. */
static bool has_process_notes(const unsigned char *notes, size_t size)
{
	size_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= size) {
		Elf64_Nhdr note;
		uint64_t next;

		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		next = at + ((note.n_namesz + 3ULL) & ~3ULL) + ((note.n_descsz + 3ULL) & ~3ULL);
		if (at + 5 <= size && note.n_namesz == 5 && memcmp(notes + at, "CORE", 5) == 0 &&
		    (note.n_type == NT_AUXV || note.n_type == NT_FILE))
			return true;
		if (next > size)
			break;
		at = next;
	}
	return false;
}

static bool is_of_process(const struct hwp_file_ends *ends, const Elf64_Ehdr *header)
{
	for (uint64_t i = 0; i < header->e_phnum; i++) {
		uint64_t at = header->e_phoff + i * sizeof(Elf64_Phdr), size;
		Elf64_Phdr p;

		if (at > ends->nr_head || sizeof(p) > ends->nr_head - at)
			break;
		memcpy(&p, ends->head + at, sizeof(p));
		if (p.p_type != PT_NOTE || p.p_offset > ends->nr_head)
			continue;
		size = ends->nr_head - p.p_offset;
		size = p.p_filesz < size ? p.p_filesz : size;
		if (has_process_notes(ends->head + p.p_offset, size))
			return true;
	}
	return false;
}

/** The kind of a core dump of a machine that is not read; @p header is as the file has it. */
static const struct hwp_file_kind *kind_of_machine(const Elf64_Ehdr *header)
{
	unsigned int data = header->e_ident[EI_DATA];
	uint16_t type = header->e_type, number = header->e_machine;

	if (data == ELFDATA2MSB) {
		type = __builtin_bswap16(type);
		number = __builtin_bswap16(number);
	}
	for (size_t i = 0; type == ET_CORE && i < HWP_ARRAY_SIZE(machines); i++) {
		if (machines[i].number == number && machines[i].data == data)
			return &machines[i].elf;
	}
	return data == ELFDATA2LSB ? &elf_machine : &elf_big;
}

/** What is missing or nonsense behind the first bytes is for the reader to say. */
static const struct hwp_file_kind *kind_of_elf(const struct hwp_file_ends *ends)
{
	Elf64_Ehdr header = {};

	memcpy(&header, ends->head,
	       ends->nr_head < sizeof(header) ? ends->nr_head : sizeof(header));
	if (ends->nr_head < sizeof(header))
		return &elf_dump;
	if (header.e_ident[EI_DATA] != ELFDATA2LSB)
		return kind_of_machine(&header);
	if (header.e_ident[EI_CLASS] != ELFCLASS64)
		return &elf_32;
	if (header.e_type == ET_REL)
		return &elf_module;
	if (header.e_type != ET_CORE)
		return &elf_program;
	if (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64)
		return kind_of_machine(&header);
	if (header.e_phnum == 0 && header.e_shnum && holds(ends, "Xen"))
		return &elf_xen;
	return is_of_process(ends, &header) ? &elf_process : &elf_dump;
}

/**
 * The machine in the header's struct new_utsname. QEMU writes "Unknown" for what is not x86_64, and
 * other hypervisors nothing: what kernel it is then VMCOREINFO says.
 */
static const struct hwp_file_kind *kind_of_kdump(const struct hwp_file_ends *ends)
{
	static const char *const ours[] = { "x86_64", "aarch64", "i686", "Unknown", "" };
	const size_t at = 12 + 4 * 65;
	char machine[65] = "";

	if (ends->nr_head >= at + sizeof(machine))
		memcpy(machine, ends->head + at, sizeof(machine) - 1);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(ours); i++)
		if (strcmp(machine, ours[i]) == 0)
			return &kdump;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(machines); i++)
		if (strcmp(machine, machines[i].name) == 0)
			return &machines[i].kdump;
	/* Only a name is one: in a header of nonsense anything may stand here. */
	for (const char *c = machine; *c; c++)
		if (*c < '0' || *c > 'z')
			return &kdump;
	return &kdump_machine;
}

static bool is_text(const struct hwp_file_ends *ends)
{
	for (size_t i = 0; i < ends->nr_head; i++) {
		unsigned char c = ends->head[i];

		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != 0x1b) || c == 0x7f)
			return false;
	}
	return true;
}

static const struct hwp_file_kind *kind_of_text(const struct hwp_file_ends *ends)
{
	if (holds(ends, "<!DOCTYPE html") || holds(ends, "<!doctype html") || holds(ends, "<html"))
		return &web_page;
	if (begins_with(ends, "{", 1) && holds(ends, "\"hwpoison."))
		return &report;
	if (holds(ends, "OSRELEASE=") && holds(ends, "PAGESIZE="))
		return &vmcoreinfo;
	if (holds(ends, "Linux version ") || holds(ends, "] Memory failure: ") ||
	    holds(ends, "[    0.000000] "))
		return &log_text;
	return begins_with(ends, "{", 1) || begins_with(ends, "[", 1) ? &json : &text;
}

const struct hwp_file_kind *hwp_file_kind(const struct hwp_file_ends *ends)
{
	const struct hwp_file_kind *kind;

	if (!ends->nr_head)
		return &empty;
	if (begins_with(ends, ELFMAG, SELFMAG))
		return kind_of_elf(ends);
	if (begins_with(ends, "KDUMP   ", 8))
		return kind_of_kdump(ends);
	if (begins_with(ends, "makedumpfile", 12) && (ends->nr_head == 12 || !ends->head[12]))
		return &flattened;
	kind = find_magic(packed, HWP_ARRAY_SIZE(packed), ends);
	if (!kind)
		kind = find_magic(states, HWP_ARRAY_SIZE(states), ends);
	if (!kind)
		kind = find_magic(others, HWP_ARRAY_SIZE(others), ends);
	if (kind)
		return kind;
	if (ends->nr_tail >= 512 && memcmp(ends->tail + ends->nr_tail - 512, "conectix", 8) == 0)
		return &fixed_vhd;
	if (hwp_is_zero(ends->head, ends->nr_head))
		return &zeros;
	return is_text(ends) ? kind_of_text(ends) : &unknown;
}

const struct hwp_file_kind *hwp_file_kind_of_mode(mode_t mode)
{
	static const struct {
		mode_t type;
		struct hwp_file_kind kind;
	} rows[] = {
		{ S_IFDIR, { HWP_FILE_REFUSED, "a directory, not a dump", FIND_DUMP } },
		{ S_IFIFO,
		  { HWP_FILE_REFUSED, "a FIFO, not a regular file",
		    "a dump is read in any order: write it to a file first" } },
		{ S_IFSOCK,
		  { HWP_FILE_REFUSED, "a socket, not a regular file",
		    "QEMU's monitor (QMP) is for --qemu" } },
		{ S_IFCHR,
		  { HWP_FILE_REFUSED, "a character device, not a regular file", FIND_DUMP } },
		{ S_IFBLK,
		  { HWP_FILE_REFUSED, "a block device, not a regular file",
		    "copy the dump from it to a file, or mount its file system" } },
	};
	static const struct hwp_file_kind other = { HWP_FILE_REFUSED, "not a regular file",
						    FIND_DUMP };

	if (S_ISREG(mode))
		return NULL;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
		if ((mode & S_IFMT) == rows[i].type)
			return &rows[i].kind;
	return &other;
}
