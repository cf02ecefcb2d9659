// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <sys/mman.h>

#include "../unit/synth.h"
#include "target/memory/dumpfile.h"
#include "target/memory/reader.h"

/** Read here and there, and a stretch: any answer but a byte too much. */
static void read_through(const struct hwp_provider *p)
{
	static char buf[3 * 4096];

	for (unsigned int i = 0; i < 64; i++) {
		for (int space = 0; space < 2; space++) {
			uint64_t address = i < 32 ? i * UINT64_C(4096) + i :
						    UINT64_C(1) << (2 * i - 64);
			size_t nr = 0;

			if (space == HWP_KERNEL_VIRTUAL)
				address += UINT64_C(0xffff888000000000);
			hwp_error_destroy(p->ops->read(p->arg, space, address, buf,
						       i % 3 ? 8 : sizeof(buf), &nr));
			if (nr > sizeof(buf))
				abort();
		}
	}
}

/** The file of @p data, which begins with @p signature in place of its own first bytes. */
static void open_and_read(const uint8_t *data, size_t size, const char *signature, size_t len,
			  bool shrinks)
{
	static const char text[] = "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=ffffffff80000000\n"
				   "NUMBER(pgtable_l5_enabled)=0\n";
	int fd = memfd_create("vmcore", MFD_CLOEXEC);
	struct hwp_dumpfile *file = malloc(sizeof(*file));
	struct hwp_file_facts facts = {};
	struct hwp_provider p = {};
	struct hwp_error *err;

	if (fd < 0 || !file || write(fd, data, size) != (ssize_t)size ||
	    pwrite(fd, signature, len, 0) != (ssize_t)len)
		abort();
	err = hwp_dumpfile_open("vmcore", fd, file, &facts);
	if (!err)
		err = hwp_reader_open(file, text, &p);
	if (err) {
		hwp_dumpfile_deinit(file);
		free(file);
	}
	if (!err && shrinks && ftruncate(fd, (off_t)(size / 2)) < 0)
		abort();
	if (!err)
		read_through(&p);
	hwp_error_destroy(err);
	hwp_provider_deinit(&p);
}

static void fuzz_reader(const uint8_t *data, size_t size)
{
	static const char elf[] = "\x7f"
				  "ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\x3e";

	open_and_read(data, size, "KDUMP   ", 8, false);
	open_and_read(data, size, "KDUMP   ", 8, true);
	open_and_read(data, size, elf, sizeof(elf), false);
}
FUZZ_TARGET(fuzz_reader)
