// SPDX-License-Identifier: GPL-2.0-or-later
#include "crash_help.h"

#include <stddef.h>

/* crash puts its own name in place of %s. The commands are those of cmds/commands.c, the options
 * those of cmds/options.c. */
char *hwp_crash_help[] = {
	"hwpoison",
	"poisoned pages, and whether they leaked into free memory",
	"[command] [options] [pfn]",
	"  This command finds every page that a memory error poisoned and shows where it",
	"  is now: contained, still in use, or leaked back into the page allocator. It",
	"  reads the memmap, the free lists and the kernel log, and writes nothing.",
	"",
#include "crash_commands.h"
	"",
	"  Without a command it is check. \"hwpoison help check\" explains that command, with",
	"  those of these options that it takes:",
	"",
#include "crash_options.h"
	"",
	"  A pfn is hexadecimal, with or without 0x. folio also takes the address of a",
	"  struct page, one in the direct map, and a physical one, and says which it was.",
	"",
	"  Symbols and types are the kernel's own if it has BTF: then a session that was",
	"  started with --minimal is enough.",
	"",
	"EXAMPLES",
	"  Check everything:",
	"",
	"    %s> hwpoison",
	"    LEAKED: 6 poisoned pages are in free memory",
	"    ...",
	"",
	"  Only the pages in the allocator's free lists:",
	"",
	"    %s> hwpoison list | grep \"buddy  \"",
	"    0x5a11   0x5a11000      0  DMA32  buddy        0x5a00/9   Movable",
	"    0x5a12   0x5a12000      0  DMA32  buddy        0x5a00/9   Movable",
	"    ...",
	"",
	"  The healthy blocks of an order-4 folio whose page 0x20d is bad:",
	"",
	"    %s> hwpoison decompose --base 200 --order 4 --poison 20d",
	"    Folio     0x200-0x210, order 4: 16 pages",
	"    Poisoned  1 page: 0x20d",
	"    Healthy   15 pages in 2 ranges, 4 blocks of at most order 10",
	"    Sum       15 healthy + 1 poisoned = 16 = 2^4",
	"    ...",
	"",
	"  Save the whole report as JSON:",
	"",
	"    %s> hwpoison -j > report.json",
	NULL,
};
