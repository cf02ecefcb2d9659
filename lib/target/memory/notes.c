// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "target/vmcoreinfo.h"

/* A note of some hundred bytes for each CPU, and VMCOREINFO. */
#define MAX_NOTES (UINT64_C(16) << 20)

static struct hwp_error *take_vmcoreinfo(struct hwp_notes *notes, const char *text, size_t len)
{
	struct hwp_error *err = hwp_vmcoreinfo_check(text, len);
	char *copy;

	if (err)
		return err;
	copy = strndup(text, len);
	if (!copy)
		return hwp_error_no_memory();
	free(notes->vmcoreinfo);
	notes->vmcoreinfo = copy;
	return NULL;
}

struct hwp_error *hwp_notes_read(const struct hwp_rawfile *file, uint64_t offset, uint64_t size,
				 struct hwp_notes *notes)
{
	uint64_t there = offset < file->size ? file->size - offset : 0, at = 0;
	_cleanup_free_ char *buf = NULL;
	struct hwp_error *err;
	size_t nr;

	size = size < there ? size : there;
	size = size < MAX_NOTES ? size : MAX_NOTES;
	buf = malloc(size + 1);
	if (!buf)
		return hwp_error_no_memory();
	err = hwp_rawfile_read_some(file, offset, buf, size, &nr);
	while (!err && at + sizeof(Elf64_Nhdr) <= nr) {
		uint64_t desc, next;
		Elf64_Nhdr header;

		memcpy(&header, buf + at, sizeof(header));
		at += sizeof(header);
		desc = at + ((header.n_namesz + 3ULL) & ~3ULL);
		next = desc + ((header.n_descsz + 3ULL) & ~3ULL);
		if (next > nr)
			break;
		if (header.n_namesz == 5 && memcmp(buf + at, "QEMU", 5) == 0)
			notes->from_qemu = true;
		if (header.n_namesz == 11 && memcmp(buf + at, "VMCOREINFO", 11) == 0)
			err = take_vmcoreinfo(notes, buf + desc, header.n_descsz);
		at = next;
	}
	return err;
}
