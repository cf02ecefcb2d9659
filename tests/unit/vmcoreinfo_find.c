// SPDX-License-Identifier: GPL-2.0-or-later
/** VMCOREINFO in the memory of a dump without a note: as text, as note, of several kernels. */
#include "synth.h"

#include <cmocka.h>
#include <elf.h>
#include <sys/mman.h>

#include "target/memory/vmcoreinfo_find.h"
#include "target/vmcoreinfo.h"

#define PAGE 4096
#define NR_PAGES 64
#define ONE \
	"OSRELEASE=5.10.0-32-amd64\nBUILD-ID=ad88\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffffaf800000\n"
#define OTHER \
	"OSRELEASE=6.1.0-50-amd64\nBUILD-ID=1fe9\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffffb1a00000\n"
#define CRASHTIME "CRASHTIME=1700000000\n"

static char memory[NR_PAGES * PAGE];

static void put_text(size_t page, const char *text)
{
	memset(memory + page * PAGE, 0, PAGE);
	strcpy(memory + page * PAGE, text);
}

static void put_note(size_t page, const char *text)
{
	char *at = memory + page * PAGE;

	memset(at, 0, PAGE);
	synth_put(at, 0, 11, 4);
	synth_put(at, 4, strlen(text), 4);
	strcpy(at + 12, "VMCOREINFO");
	strcpy(at + 24, text);
}

/** An ELF core of the memory, whose segment starts @p skew bytes into a page. */
static struct hwp_error *search(size_t skew, char **text)
{
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;
	Elf64_Ehdr ehdr = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_CORE,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_phoff = sizeof(ehdr),
			    .e_ehsize = sizeof(ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1 };
	Elf64_Phdr phdr = { .p_type = PT_LOAD,
			    .p_offset = PAGE,
			    .p_paddr = 0x100000 + skew,
			    .p_filesz = sizeof(memory) - skew,
			    .p_memsz = sizeof(memory) - skew };
	int fd = memfd_create("dump", MFD_CLOEXEC);
	struct hwp_error *err;

	assert_int_equal(pwrite(fd, &ehdr, sizeof(ehdr), 0), sizeof(ehdr));
	assert_int_equal(pwrite(fd, &phdr, sizeof(phdr), sizeof(ehdr)), sizeof(phdr));
	assert_int_equal(pwrite(fd, memory + skew, sizeof(memory) - skew, PAGE),
			 sizeof(memory) - skew);
	assert_null(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	*text = NULL;
	err = hwp_vmcoreinfo_find_in_memory(&dump, text);
	hwp_dumpfile_deinit(&dump);
	return err;
}

/** A kdump of the memory, whose page @p short_page, if any, has lost its end. */
static struct hwp_error *search_kdump(size_t short_page, char **text)
{
	char header[PAGE] = "KDUMP   ", sub[PAGE] = "", bitmap[2 * PAGE] = "";
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;
	int fd = memfd_create("dump", MFD_CLOEXEC);
	struct hwp_error *err;

	synth_put(header, 8, 6, 4);
	strcpy(header + 12 + 4 * 65, "x86_64");
	synth_put(header, 428, PAGE, 4);
	synth_put(header, 432, 1, 4);
	synth_put(header, 436, 2, 4);
	synth_put(sub, 96, NR_PAGES, 8);
	memset(bitmap, 0xff, NR_PAGES / 8);
	memset(bitmap + PAGE, 0xff, NR_PAGES / 8);
	assert_int_equal(pwrite(fd, header, PAGE, 0), PAGE);
	assert_int_equal(pwrite(fd, sub, PAGE, PAGE), PAGE);
	assert_int_equal(pwrite(fd, bitmap, sizeof(bitmap), 2 * PAGE), sizeof(bitmap));
	for (size_t i = 0; i < NR_PAGES; i++) {
		char desc[24] = "";

		synth_put(desc, 0, (5 + i) * PAGE, 8);
		synth_put(desc, 8, i == short_page ? PAGE - 1 : PAGE, 4);
		assert_int_equal(pwrite(fd, desc, sizeof(desc), 4 * PAGE + i * sizeof(desc)),
				 sizeof(desc));
	}
	assert_int_equal(pwrite(fd, memory, sizeof(memory), 5 * PAGE), sizeof(memory));
	assert_null(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	*text = NULL;
	err = hwp_vmcoreinfo_find_in_memory(&dump, text);
	hwp_dumpfile_deinit(&dump);
	return err;
}

static void assert_found(const char *want)
{
	char *text;

	assert_null(search(0, &text));
	if (want) {
		assert_non_null(text);
		assert_string_equal(text, want);
	} else {
		assert_null(text);
	}
	free(text);
	memset(memory, 0, sizeof(memory));
}

static void found(void **state)
{
	char *text;

	(void)state;
	assert_found(NULL);
	put_text(7, ONE);
	assert_found(ONE);
	put_note(NR_PAGES - 1, ONE);
	assert_found(ONE);
	/* Both; the time of the crash is in one. */
	put_text(3, ONE CRASHTIME);
	put_note(40, ONE);
	assert_found(ONE CRASHTIME);
	/* A segment that does not begin with a page. */
	put_note(1, ONE);
	assert_null(search(512, &text));
	assert_string_equal(text, ONE);
	free(text);
	memset(memory, 0, sizeof(memory));
}

/** Pages that are stored as they are. */
static void in_kdump(void **state)
{
	char *text;

	(void)state;
	put_text(7, ONE);
	assert_null(search_kdump(SIZE_MAX, &text));
	assert_non_null(text);
	assert_string_equal(text, ONE);
	free(text);
	/* What is left of a page may end amid the text. */
	assert_null(search_kdump(7, &text));
	assert_null(text);
	memset(memory, 0, sizeof(memory));
}

/** A file in the page cache, and what a kernel left that was replaced by kexec. */
static void of_others(void **state)
{
	struct hwp_error *err;
	char *text;

	(void)state;
	put_text(2, OTHER);
	put_text(9, ONE);
	put_note(12, ONE);
	assert_found(ONE);
	put_text(2, OTHER);
	put_note(12, ONE);
	err = search(0, &text);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	assert_non_null(strstr(err->message, "--vmcoreinfo FILE"));
	assert_non_null(strstr(err->message, "5.10.0-32-amd64"));
	assert_non_null(strstr(err->message, "6.1.0-50-amd64"));
	assert_null(text);
	hwp_error_destroy(err);
	memset(memory, 0, sizeof(memory));
}

/** What begins so and is none. */
static void nonsense(void **state)
{
	static const char *const texts[] = {
		"OSRELEASE=",
		"OSRELEASE=5.10\nSYMBOL(_stext)=ffffffffaf800000\n",
		"OSRELEASE=5.10\nPAGESIZE=4096\n",
		"OSRELEASE=5.10\nPAGESIZE=0\nSYMBOL(_stext)=ffffffffaf800000\n",
		"OSRELEASE=5.10\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffffaf800000\n\x01",
	};

	struct hwp_error *err;
	char *text;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(texts); i++) {
		put_text(5, texts[i]);
		assert_found(NULL);
		put_note(5, texts[i]);
		assert_found(NULL);
	}
	/* Not at the start of a page; a note longer than its page can be; one without an end. */
	strcpy(memory + 5 * PAGE + 8, ONE);
	assert_found(NULL);
	put_note(5, ONE);
	synth_put(memory, 5 * PAGE + 4, 1 << 20, 4);
	assert_found(NULL);
	put_text(5, ONE);
	memset(memory + 5 * PAGE + strlen(ONE), 'x', 2 * PAGE);
	memory[7 * PAGE] = 1;
	assert_null(search(0, &text));
	assert_true(!text || strlen(text) <= PAGE);
	free(text);
	memset(memory, 0, sizeof(memory));
	/* Many that differ. */
	for (size_t i = 0; i < NR_PAGES; i++) {
		char text[256];

		snprintf(text, sizeof(text), "OSRELEASE=%zu\nPAGESIZE=4096\nSYMBOL(_stext)=%zx\n",
			 i, i);
		put_text(i, text);
	}
	err = search(0, &text);
	assert_non_null(err);
	hwp_error_destroy(err);
	memset(memory, 0, sizeof(memory));
}

static void same_kernel(void **state)
{
	struct hwp_error *err;

	(void)state;
	assert_null(hwp_vmcoreinfo_same_kernel(ONE, ONE CRASHTIME));
	assert_null(hwp_vmcoreinfo_same_kernel("PAGESIZE=4096\n", ONE));
	assert_null(hwp_vmcoreinfo_same_kernel("OSRELEASE=5.10.0-32-amd64\n", ONE));
	err = hwp_vmcoreinfo_same_kernel(OTHER, ONE);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "build id is 1fe9"));
	hwp_error_destroy(err);
	err = hwp_vmcoreinfo_same_kernel("OSRELEASE=5.10.0-33-amd64\n", ONE);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_INVALID_ARGUMENT);
	assert_non_null(strstr(err->message, "release is 5.10.0-33-amd64"));
	hwp_error_destroy(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),       cmocka_unit_test(in_kdump),
		cmocka_unit_test(of_others),   cmocka_unit_test(nonsense),
		cmocka_unit_test(same_kernel),
	};

	return cmocka_run_group_tests_name("vmcoreinfo_find", tests, NULL, NULL);
}
