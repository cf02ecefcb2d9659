// SPDX-License-Identifier: GPL-2.0-or-later
/** Builds kallsyms tables as scripts/kallsyms.c writes them. */
#ifndef TESTS_KALLSYMS_H
#define TESTS_KALLSYMS_H

#include <stdio.h>

#include "synth.h"

#define TABLES UINT64_C(0xffffffff82000000)
#define NUM_SYMS (TABLES + 0x0)
#define RELATIVE_BASE (TABLES + 0x10)
#define OFFSETS (TABLES + 0x1000)
#define NAMES (TABLES + 0x10000)
#define TOKEN_TABLE (TABLES + 0x60000)
#define TOKEN_INDEX (TABLES + 0x61000)
#define TABLES_SIZE 0x62000
#define STEXT UINT64_C(0xffffffff81000000)

enum scheme { PLACE_RELATIVE, RELATIVE, ABSOLUTE_PERCPU, ADDRESSES };

struct kallsyms {
	char bytes[TABLES_SIZE];
	enum scheme scheme;
	uint32_t nr;
	size_t names_size;
	char vmcoreinfo[1024];
};

/** One token for each printable character, "init" at 0x01, fillers elsewhere. */
static void kallsyms_tokens(struct kallsyms *k)
{
	size_t at = 0;

	for (unsigned int c = 0; c < 256; c++) {
		char text[8] = { (char)c };

		if (c == 1)
			strcpy(text, "init");
		else if (c <= ' ' || c > '~')
			snprintf(text, sizeof(text), "_%02x", c);
		synth_put(k->bytes, TOKEN_INDEX - TABLES + 2 * c, at, 2);
		strcpy(k->bytes + (TOKEN_TABLE - TABLES) + at, text);
		at += strlen(text) + 1;
	}
}

static void kallsyms_init(struct kallsyms *k, enum scheme scheme)
{
	bool is_absolute = scheme == ADDRESSES;

	memset(k, 0, sizeof(*k));
	k->scheme = scheme;
	kallsyms_tokens(k);
	synth_put(k->bytes, RELATIVE_BASE - TABLES, STEXT, 8);
	snprintf(k->vmcoreinfo, sizeof(k->vmcoreinfo),
		 "OSRELEASE=7.3.4\nPAGESIZE=4096\nSYMBOL(_stext)=%llx\n"
		 "SYMBOL(kallsyms_names)=%llx\nSYMBOL(kallsyms_num_syms)=%llx\n"
		 "SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n"
		 "SYMBOL(%s)=%llx\n%s",
		 (unsigned long long)STEXT, (unsigned long long)NAMES, (unsigned long long)NUM_SYMS,
		 (unsigned long long)TOKEN_TABLE, (unsigned long long)TOKEN_INDEX,
		 is_absolute ? "kallsyms_addresses" : "kallsyms_offsets",
		 (unsigned long long)OFFSETS,
		 scheme == RELATIVE || scheme == ABSOLUTE_PERCPU ?
			 "SYMBOL(kallsyms_relative_base)=ffffffff82000010\n" :
			 "");
}

SYNTH_UNUSED static uint64_t kallsyms_encode(const struct kallsyms *k, uint64_t address)
{
	switch (k->scheme) {
	case PLACE_RELATIVE:
		return address - (OFFSETS + 4 * (uint64_t)k->nr);
	case RELATIVE:
		return address - STEXT;
	case ABSOLUTE_PERCPU:
		return address < 0x80000000 ? address : STEXT - 1 - address;
	default:
		return address;
	}
}

/** Append symbol "@p type@p name"; every "init" in it is one token. */
SYNTH_UNUSED static void kallsyms_add(struct kallsyms *k, char type, const char *name,
				      uint64_t address)
{
	unsigned char tokens[1024];
	size_t nr = 0, width = k->scheme == ADDRESSES ? 8 : 4;
	unsigned char *at;

	tokens[nr++] = (unsigned char)type;
	while (*name) {
		bool is_init = strncmp(name, "init", 4) == 0;

		tokens[nr++] = is_init ? 1 : (unsigned char)*name;
		name += is_init ? 4 : 1;
	}
	at = (unsigned char *)k->bytes + (NAMES - TABLES) + k->names_size;
	/* Since v6.1 a set top bit says that the length goes on in a second byte. */
	if (nr > 127) {
		*at++ = (unsigned char)(0x80 | (nr & 0x7f));
		*at++ = (unsigned char)(nr >> 7);
		k->names_size += 2;
	} else {
		*at++ = (unsigned char)nr;
		k->names_size++;
	}
	memcpy(at, tokens, nr);
	k->names_size += nr;
	synth_put(k->bytes, OFFSETS - TABLES + width * k->nr, kallsyms_encode(k, address), width);
	k->nr++;
	synth_put(k->bytes, NUM_SYMS - TABLES, k->nr, 4);
}

/** A target whose memory is the tables; @p k must outlive it. */
static struct hwp_target *kallsyms_target(struct kallsyms *k)
{
	struct synth s = { .vmcoreinfo = k->vmcoreinfo };

	synth_add(&s, TABLES, k->bytes, sizeof(k->bytes));
	return synth_open(&s);
}

#endif /* TESTS_KALLSYMS_H */
