// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * crash_save_vmcoreinfo_init() puts the text at the start of a page of its own, and a copy of it,
 * as an ELF note, at the start of another: Linux kernel commit 203e9e41219b ("kexec: move vmcoreinfo
 * out of the kernel's .bss section") (in v4.13). A file in the page cache may begin with such a text
 * as well, but not with the note. So one that is there in both forms is the kernel's, and ends the
 * search.
 */
#include "target/memory/vmcoreinfo_find.h"

#include <elf.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/codec.h"
#include "target/vmcoreinfo.h"

/* The text has a page of the smallest size at most: VMCOREINFO_BYTES. */
#define PAGE ((size_t)1 << HWP_MIN_PAGE_SHIFT)
#define MAX_TEXT PAGE
#define NAME "VMCOREINFO"
#define NOTE_TEXT (sizeof(Elf64_Nhdr) + 12)
#define BEGINNING "OSRELEASE="
#define MAX_TEXTS 8
#define MAX_PACKED ((size_t)1 << 18)

struct found {
	char text[MAX_TEXT + 1];
	bool as_note, as_text;
};

struct search {
	const struct hwp_dumpfile *dump;
	struct found found[MAX_TEXTS];
	size_t nr_found;
	/** One is there in both forms. */
	bool is_sure;
	/** kdump files: a page, and how it is stored. */
	struct hwp_diskdump_cursor cursor;
	struct hwp_codec *codec;
	unsigned char *page, *packed;
};

static void search_deinit(struct search *s)
{
	hwp_codec_destroy(s->codec);
	free(s->page);
	free(s->packed);
}

static void search_freep(struct search **s)
{
	if (*s)
		search_deinit(*s);
	free(*s);
}

/** Lines of text, among them those that every kernel has. */
static bool is_vmcoreinfo(const char *text)
{
	size_t len;

	for (const char *c = text; *c; c++) {
		if (*c != '\n' && (*c < ' ' || *c > '~'))
			return false;
	}
	return strncmp(text, BEGINNING, strlen(BEGINNING)) == 0 &&
	       !hwp_vmcoreinfo_check(text, strlen(text)) &&
	       hwp_vmcoreinfo_find(text, "PAGESIZE", &len) &&
	       hwp_vmcoreinfo_find(text, "SYMBOL(_stext)", &len);
}

/** Are the two of one kernel? CRASHTIME is added to both, but not at once. */
static bool are_same(const char *a, const char *b)
{
	size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strncmp(a, b, len) == 0;
}

static void take(struct search *s, const char *text, bool as_note)
{
	struct found *f = s->found;

	while (f < s->found + s->nr_found && !are_same(f->text, text))
		f++;
	if (f == s->found + MAX_TEXTS)
		return;
	if (f == s->found + s->nr_found)
		s->nr_found++;
	if (strlen(text) > strlen(f->text))
		memcpy(f->text, text, strlen(text) + 1);
	f->as_note |= as_note;
	f->as_text |= !as_note;
	s->is_sure |= f->as_note && f->as_text;
}

/** Look at the start of a page, of which and of what follows there are @p size bytes. */
static void look(struct search *s, const unsigned char *bytes, size_t size)
{
	bool as_note = size > NOTE_TEXT && hwp_u32(bytes) == sizeof(NAME) &&
		       memcmp(bytes + sizeof(Elf64_Nhdr), NAME, sizeof(NAME)) == 0;
	size_t at = as_note ? NOTE_TEXT : 0, most = as_note ? hwp_u32(bytes + 4) : MAX_TEXT;
	char text[MAX_TEXT + 1] = "";

	if (most > MAX_TEXT || size < at + strlen(BEGINNING) ||
	    memcmp(bytes + at, BEGINNING, strlen(BEGINNING)) != 0)
		return;
	memcpy(text, bytes + at, most < size - at ? most : size - at);
	if (is_vmcoreinfo(text))
		take(s, text, as_note);
}

/** Only the beginning of each page is read, until it looks right. */
static struct hwp_error *search_elf(struct search *s)
{
	const struct hwp_elfcore *core = &s->dump->elf;
	unsigned char bytes[2 * PAGE];
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < core->runs.nr && !err; i++) {
		const struct hwp_elf_run *run = &core->runs.data[i];
		uint64_t at = (run->start + PAGE - 1) & ~(uint64_t)(PAGE - 1);

		for (; at < run->end && !err && !s->is_sure; at += PAGE) {
			uint64_t offset = run->offset + (at - run->start);
			uint64_t there = run->end - at;
			size_t nr = 0, most = there < sizeof(bytes) ? there : sizeof(bytes);

			err = hwp_rawfile_read_some(&s->dump->file, offset, bytes,
						    most < 64 ? most : 64, &nr);
			if (err || nr < 64 ||
			    (memcmp(bytes, BEGINNING, strlen(BEGINNING)) != 0 &&
			     memcmp(bytes + sizeof(Elf64_Nhdr), NAME, sizeof(NAME)) != 0))
				continue;
			err = hwp_rawfile_read_some(&s->dump->file, offset, bytes, most, &nr);
			if (!err)
				look(s, bytes, nr);
		}
	}
	return err;
}

/** Unpack page @p pfn; false when the file does not store it, or it is damaged. */
static bool read_page(struct search *s, uint64_t pfn, size_t page_size, struct hwp_error **err)
{
	const struct hwp_rawfile *file = &s->dump->file;
	struct hwp_page_desc desc = {};

	*err = hwp_diskdump_find(&s->dump->kdump, &s->cursor, pfn, &desc);
	if (!*err && (!desc.size || desc.size > MAX_PACKED ||
		      !hwp_rawfile_has(file, desc.offset, desc.size) ||
		      (!desc.flags && desc.size != page_size)))
		return false;
	if (!*err)
		*err = hwp_rawfile_read(file, desc.offset, desc.flags ? s->packed : s->page,
					desc.size);
	if (!*err && desc.flags)
		*err = hwp_codec_unpack(s->codec, desc.flags, s->packed, desc.size, s->page,
					page_size);
	return !*err;
}

/** A note whose text goes on in the next page is seen as far as its page goes. */
static struct hwp_error *search_kdump(struct search *s)
{
	const struct hwp_diskdump *kdump = &s->dump->kdump;
	size_t page_size = (size_t)1 << kdump->page_shift;
	struct hwp_error *err = NULL;

	hwp_diskdump_cursor_init(&s->cursor);
	for (uint64_t pfn = 0; pfn < kdump->end_pfn && !err && !s->is_sure; pfn++) {
		bool is_read = read_page(s, pfn, page_size, &err);

		for (size_t at = 0; is_read && at < page_size; at += PAGE)
			look(s, s->page + at, page_size - at);
		if (err && err->code != HWP_ERROR_NO_MEMORY && err->code != HWP_ERROR_OS) {
			hwp_error_destroy(err);
			err = NULL;
		}
	}
	return err;
}

/** Each file of a dump that is in several. */
static struct hwp_error *search_parts(struct search *s)
{
	struct hwp_error *err = hwp_codec_create(&s->codec);

	s->page = malloc((size_t)1 << s->dump->kdump.page_shift);
	s->packed = malloc(MAX_PACKED);
	if (!err && (!s->page || !s->packed))
		err = hwp_error_no_memory();
	for (; s->dump && !err && !s->is_sure; s->dump = s->dump->next)
		err = search_kdump(s);
	return err;
}

static struct hwp_error *several(const struct search *s)
{
	size_t len = 0, other_len = 0;
	const char *one = hwp_vmcoreinfo_find(s->found[0].text, "OSRELEASE", &len);
	const char *other = hwp_vmcoreinfo_find(s->found[1].text, "OSRELEASE", &other_len);

	return hwp_error_create(HWP_ERROR_LOOKUP,
				"the dump carries no VMCOREINFO, and in its memory are %zu (%.*s, "
				"%.*s): give the right one with --vmcoreinfo FILE",
				s->nr_found, (int)len, one ? one : "", (int)other_len,
				other ? other : "");
}

struct hwp_error *hwp_vmcoreinfo_find_in_memory(const struct hwp_dumpfile *dump, char **text_ret)
{
	_cleanup_(search_freep) struct search *s = calloc(1, sizeof(*s));
	const struct found *best = NULL;
	struct hwp_error *err;

	*text_ret = NULL;
	if (!s)
		return hwp_error_no_memory();
	s->dump = dump;
	err = dump->is_kdump ? search_parts(s) : search_elf(s);
	if (err)
		return err;
	for (size_t i = 0; i < s->nr_found; i++) {
		if (s->nr_found == 1 || (s->found[i].as_note && s->found[i].as_text))
			best = &s->found[i];
	}
	if (!best)
		return s->nr_found ? several(s) : NULL;
	*text_ret = strdup(best->text);
	return *text_ret ? NULL : hwp_error_no_memory();
}
