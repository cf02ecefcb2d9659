// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/formats.h"

#include "base/bits.h"

#define MF "mm/memory-failure.c"
#define MCE_CORE "arch/x86/kernel/cpu/mce/core.c"
#define GHES "drivers/acpi/apei/ghes.c"
#define CPER "drivers/firmware/efi/cper.c"
#define EDAC "drivers/edac/edac_mc.c"
#define ROW(kind, source, versions, pattern, result)                \
	{                                                           \
		pattern, HWP_EVENT_##kind, result, source, versions \
	}

// clang-format off: one row a line

/*
 * What is more special stands before what is less. Lines that name no page are here for what they
 * say of a crash.
 */
static const struct hwp_format formats[] = {
	/* memory_failure() */
	ROW(ACTION, MF, "3.19-7.3", "{memory failure}{pfn}: recovery action for {type}: {result}",
	    NULL),
	ROW(ACTION, MF, "2.6.32-3.18", "{memory failure}{pfn}: {type} recovery: {result}", NULL),
	ROW(ACTION, "include/trace/events/memory-failure.h", "4.2-7.3",
	    "{any}: memory_failure_event: pfn {pfn}: recovery action for {type}: {result}", NULL),
	ROW(SIGBUS, MF, "5.5-7.3", "{memory failure}{pfn}: Sending SIGBUS to {comm}:{pid} due to",
	    NULL),
	ROW(SIGBUS, MF, "2.6.32-2.6.39", "{memory failure}{pfn}: Killing {comm}:{pid} early due to",
	    NULL),
	ROW(SIGBUS, MF, "3.0-5.4", "{memory failure}{pfn}: Killing {comm}:{pid} due to", NULL),
	ROW(KILLED, MF, "2.6.32-7.3",
	    "{memory failure}{pfn}: forcibly killing {comm}:{pid} because of", NULL),
	ROW(OTHER, MF, "2.6.32-7.3",
	    "{memory failure}{pfn}: Cannot send advisory machine check signal to {comm}:{pid}",
	    NULL),
	ROW(ALREADY_POISONED, MF, "2.6.32-7.3", "{memory failure}{pfn}: already hardware poisoned",
	    NULL),
	ROW(SPLIT_FAILED, MF, "4.5-7.3", "{memory failure}{pfn}: thp split failed", NULL),
	ROW(SPLIT_FAILED, MF, "2.6.38-4.4", "{memory failure}{pfn}: failed to split THP", NULL),
	ROW(OTHER, MF, "3.3-5.10",
	    "{memory failure}buffer overflow when queuing memory failure at 0x{pfn}", NULL),
	ROW(OTHER, MF, "5.11-7.3",
	    "{memory failure}buffer overflow when queuing memory failure at {pfn}", NULL),
	ROW(OTHER, MF, "2.6.32-6.6",
	    "{memory failure}Unable to find user space address {page} in {comm}", NULL),
	ROW(OTHER, MF, "2.6.32-4.12", "MCE: Unable to find user space address {page} in {comm}",
	    NULL),
	ROW(OTHER, MF, "6.7-7.3", "{memory failure}Unable to find address {virtual} in {comm}",
	    NULL),
	ROW(OTHER, MF, "4.13-7.3", "{memory failure}Error sending signal to {comm}:{pid}: ", NULL),
	ROW(OTHER, MF, "2.6.32-4.12", "MCE: Error sending signal to {comm}:{pid}: ", NULL),
	ROW(OTHER, MF, "4.13-7.3", "{memory failure}Unable to kill proc {pid}", NULL),
	ROW(OTHER, MF, "4.13-7.3", "{memory failure}Out of memory while machine check handling",
	    NULL),
	/* Everything else that it says of a page, as "huge page still referenced by 1 users". */
	ROW(OTHER, MF, "2.6.32-7.3", "{memory failure}{pfn}{any}", NULL),
	/* Called by ACPI's GHES, the line has the prefix of that file, or none. */
	ROW(SIGBUS, GHES, "7.1-7.3",
	    "[Hardware Error]: GHES: {pfn}: Sending SIGBUS to {comm}:{pid} due to", NULL),
	ROW(SIGBUS, "drivers/acpi/apei/ghes.c, arch/x86", "6.7-7.3",
	    "{pfn}: Sending SIGBUS to {comm}:{pid} due to", NULL),
	ROW(SIGBUS, GHES, "6.12-7.3",
	    "{hardware}GHES: {comm}:{pid}: synchronous unrecoverable error", NULL),

	/* soft_offline_page() */
	ROW(ALREADY_POISONED, MF, "2.6.33-7.3", "{soft offline}{pfn}{any}already poisoned", NULL),
	ROW(SOFT_OFFLINE_FAILED, MF, "2.6.33-7.3", "{soft offline}{pfn}{any}failed", "Failed"),
	ROW(SOFT_OFFLINE_FAILED, MF, "2.6.33-5.8", "{soft offline}{pfn}{any}unknown", "Failed"),
	ROW(SOFT_OFFLINE_FAILED, MF, "4.5-5.8", "{soft offline}{pfn}{any}non anonymous thp",
	    "Failed"),
	ROW(SOFT_OFFLINE, MF, "2.6.33-7.3", "{soft offline}{pfn}{any}invalidated", "Succeeded"),
	ROW(SOFT_OFFLINE, MF, "2.6.33-7.3", "{soft offline}{pfn}", NULL),
	ROW(SOFT_OFFLINE_FAILED, MF, "6.11-7.3", "{soft offline}disabled by", "Failed"),
	ROW(SOFT_OFFLINE_FAILED, MF, "2.6.33-5.8", "__get_any_page: {pfn}: unknown", "Failed"),
	ROW(SOFT_OFFLINE_FAILED, MF, "2.6.33-3.6", "get_any_page: {pfn}: unknown", "Failed"),
	ROW(OTHER, MF, "3.7-5.10", "__get_any_page: {pfn}", NULL),
	ROW(OTHER, MF, "2.6.33-3.6", "get_any_page: {pfn}", NULL),
	ROW(SOFT_OFFLINE, "mm/madvise.c", "4.13-7.3",
	    "Soft offlining pfn {pfn} at process virtual address {virtual}", NULL),
	ROW(SOFT_OFFLINE, "mm/madvise.c", "2.6.33-4.12", "Soft offlining page {pfn} at {virtual}",
	    NULL),
	ROW(SOFT_OFFLINE, "drivers/ras/cec.c", "4.12-7.3", "RAS: Soft-offlining pfn: {pfn}", NULL),

	/* unpoison_memory(): only a success unpoisons. */
	ROW(UNPOISON, MF, "2.6.33-6.6", "{unpoison}Software-unpoisoned page {pfn}", NULL),
	ROW(UNPOISON, MF, "2.6.33-6.6", "{unpoison}Software-unpoisoned free page {pfn}", NULL),
	ROW(UNPOISON, MF, "6.7-7.3", "Unpoison: {pfn}: software-unpoisoned", NULL),
	ROW(OTHER, MF, "6.7-7.3", "Unpoison: {pfn}: {any}", NULL),
	ROW(OTHER, MF, "2.6.33-6.6", "{unpoison}Page was already unpoisoned {pfn}", NULL),
	ROW(OTHER, MF, "2.6.39-5.17",
	    "{unpoison}Memory failure is now running on free hugepage {pfn}", NULL),
	ROW(OTHER, MF, "2.6.39-6.6", "{unpoison}Memory failure is now running on {pfn}", NULL),
	ROW(OTHER, MF, "4.4-6.6", "{unpoison}Someone grabs the hwpoison page {pfn}", NULL),
	ROW(OTHER, MF, "4.4-6.6", "{unpoison}Someone maps the hwpoison page {pfn}", NULL),
	ROW(OTHER, MF, "4.4-6.6", "{unpoison}the hwpoison page has non-NULL mapping {pfn}", NULL),
	ROW(OTHER, MF, "4.4-6.6", "{unpoison}failed to grab page {pfn}", NULL),
	ROW(OTHER, MF, "5.19-6.6", "{unpoison}Disabled after HW memory failure {pfn}", NULL),
	ROW(OTHER, MF, "6.2-6.6", "{unpoison}huge zero page is not supported {pfn}", NULL),

	/* Injectors. */
	ROW(INJECTED, "mm/madvise.c", "4.13-7.3",
	    "Injecting memory failure for pfn {pfn} at process virtual address {virtual}", NULL),
	ROW(INJECTED, "mm/madvise.c", "2.6.32-4.12",
	    "Injecting memory failure for page {page} at {virtual}", NULL),
	ROW(INJECTED, "mm/hwpoison-inject.c", "2.6.32-7.3",
	    "Injecting memory failure at pfn {page}", NULL),
	ROW(INJECTED, "arch/x86/kernel/cpu/mce/inject.c", "2.6.31-7.3",
	    "{mce}Triggering MCE exception on CPU {number}", NULL),
	ROW(INJECTED, "arch/x86/kernel/cpu/mce/inject.c", "2.6.31-7.3",
	    "{mce}Starting machine check poll CPU {number}", NULL),

	/* The kernel died of it: memory_failure(), then by others. */
	ROW(PANIC, MF, "4.17-7.3", "{panic}Memory failure on page {page}", NULL),
	ROW(PANIC, MF, "2.6.32-4.16", "{panic}Memory failure from trap {number} on page {page}",
	    NULL),
	ROW(PANIC, MF, "7.2-7.3", "{panic}Memory failure: {pfn}: unrecoverable page", NULL),
	ROW(PANIC, EDAC, "3.6-7.3", "{panic}UE {any}on {label} ({any}page:{pfn} offset:{offset}",
	    NULL),
	ROW(PANIC, EDAC, "2.6.16-3.5",
	    "{panic}EDAC MC{number}: UE page {pfn}, offset {offset}, {any}labels \"{label}\":",
	    NULL),
	ROW(PANIC, MCE_CORE, "2.6.28-7.3", "{panic}Fatal machine check", NULL),
	ROW(PANIC, MCE_CORE, "4.9-7.3", "{panic}Fatal local machine check", NULL),
	ROW(PANIC, MCE_CORE, "2.6.31-4.8", "{panic}Machine check from unknown source", NULL),
	ROW(PANIC, MCE_CORE, "2.6.28-2.6.30", "{panic}Machine check", NULL),
	ROW(PANIC, MCE_CORE, "2.6.28-2.6.30", "{panic}Uncorrected machine check", NULL),
	ROW(PANIC, MCE_CORE, "2.6.31-4.0", "{panic}Timeout synchronizing machine check over CPUs",
	    NULL),
	ROW(PANIC, MCE_CORE, "4.1-7.3",
	    "{panic}Timeout: Not all CPUs entered broadcast exception handler", NULL),
	ROW(PANIC, MCE_CORE, "4.1-7.3", "{panic}Timeout: {any} machine check processing", NULL),
	ROW(PANIC, MCE_CORE, "5.16-7.3", "{panic}Too many consecutive machine checks", NULL),
	ROW(PANIC, MCE_CORE, "5.16-7.3", "{panic}Consecutive machine checks", NULL),
	ROW(PANIC, MCE_CORE, "2.6.31-7.3", "{panic}Panicing machine check CPU died", NULL),
	ROW(PANIC, GHES, "2.6.35-7.3", "{panic}Fatal hardware error", NULL),
	ROW(PANIC, "arch/arm64/kernel/traps.c", "4.16-7.3", "{panic}Asynchronous SError Interrupt",
	    NULL),
	ROW(PANIC, "arch/arm64/mm/fault.c", "5.12-7.3", "{panic}synchronous external abort", NULL),
	ROW(PANIC, "arch/powerpc/kernel/traps.c", "2.6.16-7.3",
	    "{panic}Unrecoverable Machine check", NULL),

	/* do_machine_check() and what it calls; the address is a physical one. */
	ROW(MACHINE_CHECK, MCE_CORE, "4.2-7.3",
	    "{mce}Uncorrected hardware memory error in user-access at {address}", NULL),
	ROW(MACHINE_CHECK, MCE_CORE, "5.16-7.3",
	    "{mce}Kernel accessed poison in user space at {address}", NULL),
	ROW(HARDWARE, MCE_CORE, "4.9-7.3",
	    "{hardware}TSC {hex} ADDR {address} MISC {misc} {any}IPID {ipid}", NULL),
	ROW(HARDWARE, MCE_CORE, "4.9-7.3", "{hardware}TSC {hex} ADDR {address} {any}IPID {ipid}",
	    NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.33-7.3", "{hardware}TSC {hex} ADDR {address} MISC {misc}",
	    NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.33-7.3", "{hardware}TSC {hex} ADDR {address}", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.28-2.6.32", "TSC {hex} ADDR {address} MISC {misc}", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.28-2.6.32", "TSC {hex} ADDR {address}", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.33-7.3",
	    "{hardware}CPU {number}: Machine Check{any}:{ }{hex} Bank {bank}: {status}", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.28-2.6.32",
	    "CPU {number}: Machine Check{any}:{ }{hex} Bank {bank}: {status}", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.32-7.3", "{hardware}Machine check: {any}", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.32-7.3", "{hardware}Machine check events logged", NULL),
	ROW(HARDWARE, MCE_CORE, "2.6.28-2.6.32", "Machine check events logged", NULL),
	ROW(HARDWARE, MCE_CORE, "3.4-7.3", "{mce}Memory error not recovered", NULL),
	/* Of an address that the page tables already have as poisoned. */
	ROW(OTHER, "arch/x86/mm/fault.c, arch/powerpc/mm/fault.c", "2.6.32-7.3",
	    "MCE: Killing {comm}:{pid} due to hardware memory corruption fault at {virtual}", NULL),
	/* drivers/edac/mce_amd.c; a later "Error Addr" may be of the channel, and no system address. */
	ROW(HARDWARE, "drivers/edac/mce_amd.c", "3.2-4.8",
	    "[Hardware Error]: MC{number} Error Address: {address}", NULL),
	ROW(HARDWARE, "drivers/edac/mce_amd.c", "2.6.33-3.1",
	    "[Hardware Error]:{ }MC{number}_ADDR: {address}", NULL),
	ROW(HARDWARE, "drivers/edac/mce_amd.c", "4.9-7.3", "[Hardware Error]: Error Addr: ", NULL),

	/* Memory controllers: one for each error; "page:0x0 offset:0x0" where the address is not known. */
	ROW(HARDWARE, EDAC, "3.6-7.3",
	    "EDAC MC{number}: {number} UE {any}on {label} ({any}page:{pfn} offset:{offset}", NULL),
	ROW(CORRECTED, EDAC, "3.6-7.3",
	    "EDAC MC{number}: {number} CE {any}on {label} ({any}page:{pfn} offset:{offset}", NULL),
	ROW(HARDWARE, EDAC, "3.5",
	    "EDAC MC{number}: UE {any}on {label} ({any}page:{pfn} offset:{offset}", NULL),
	ROW(CORRECTED, EDAC, "3.5",
	    "EDAC MC{number}: CE {any}on {label} ({any}page:{pfn} offset:{offset}", NULL),
	ROW(HARDWARE, EDAC, "2.6.16-3.4",
	    "EDAC MC{number}: UE page {pfn}, offset {offset}, {any}labels \"{label}\":", NULL),
	ROW(CORRECTED, EDAC, "2.6.16-3.4",
	    "EDAC MC{number}: CE page {pfn}, offset {offset}, {any}label \"{label}\":", NULL),
	ROW(HARDWARE, EDAC, "2.6.16-3.4",
	    "EDAC MC{number}: UE row {any}label{any} \"{label}\":", NULL),
	ROW(CORRECTED, EDAC, "2.6.16-3.4", "EDAC MC{number}: CE row {any}label \"{label}\":", NULL),
	ROW(HARDWARE, "drivers/edac/amd64_edac.c", "2.6.31-4.20",
	    "EDAC {any}MC{number}: UE ERROR_ADDRESS= {address}", NULL),
	ROW(CORRECTED, "drivers/edac/amd64_edac.c", "2.6.31-4.20",
	    "EDAC {any}MC{number}: CE ERROR_ADDRESS= {address}", NULL),
	ROW(HARDWARE, "drivers/edac/skx_common.c, sb_edac.c", "3.9-7.3",
	    "EDAC {any}MC{number}: ADDR {address}", NULL),

	/* ACPI and UEFI error records; BERT's, of the boot before, have no number in braces. */
	ROW(HARDWARE, CPER, "2.6.35-7.3", "{record}[Hardware Error]:{ }physical_address: {address}",
	    NULL),
	ROW(HARDWARE, "drivers/acpi/acpi_extlog.c", "3.13-7.3",
	    "{record}{ }physical_address: {address}", NULL),
	ROW(HARDWARE, "drivers/firmware/efi/cper-arm.c", "4.13-7.3",
	    "{record}[Hardware Error]:{ }physical fault address: {address}", NULL),
	ROW(OTHER, "drivers/acpi/apei/bert.c", "4.3-7.3",
	    "[Hardware Error]:{ }physical_address: {address}", NULL),
	ROW(HARDWARE, CPER, "3.13-7.3",
	    "{record}[Hardware Error]:{ }DIMM location: not present. {label}", NULL),
	ROW(HARDWARE, CPER, "3.13-7.3", "{record}[Hardware Error]:{ }DIMM location: {label}", NULL),
	ROW(HARDWARE, "drivers/acpi/acpi_extlog.c", "3.13-7.3",
	    "{record}{ }DIMM location: not present. {label}", NULL),
	ROW(HARDWARE, "drivers/acpi/acpi_extlog.c", "3.13-7.3", "{record}{ }DIMM location: {label}",
	    NULL),
	ROW(CORRECTED, CPER, "2.6.35-7.3", "{record}[Hardware Error]:{ }event severity: corrected",
	    NULL),
	ROW(HARDWARE, CPER, "2.6.35-7.3", "{record}[Hardware Error]:{ }event severity: ", NULL),

	/* powerpc */
	ROW(HARDWARE, "arch/powerpc/kernel/mce.c", "5.1-7.3",
	    "MCE: CPU{number}: {any}paddr: {address}", NULL),
	ROW(HARDWARE, "arch/powerpc/kernel/mce.c", "3.14-5.0", "{ }Physical address:{ }{address}",
	    NULL),
	ROW(HARDWARE, "arch/powerpc/kernel/mce.c", "5.1-7.3", "MCE: CPU{number}: machine check ",
	    NULL),
	ROW(HARDWARE, "arch/powerpc/kernel/mce.c", "3.14-5.0", "{any} Machine check interrupt [",
	    NULL),

	/* arm64 */
	ROW(HARDWARE, "arch/arm64/kernel/traps.c", "4.16-7.3", "SError Interrupt on CPU{number}",
	    NULL),
	ROW(HARDWARE, "arch/arm64/mm/fault.c", "3.7-7.3",
	    "Unhandled fault: synchronous external abort", NULL),
	ROW(HARDWARE, "arch/arm64/mm/fault.c", "4.20-7.3",
	    "Internal error: synchronous external abort", NULL),

	/* What others do with the page; bad_page() is for any page that the allocator finds fault with. */
	ROW(OTHER, "arch/x86/include/asm/set_memory.h", "4.16-7.3",
	    "Could not invalidate pfn={pfn}", NULL),
	ROW(OTHER, "mm/filemap.c", "4.16-7.3", "BUG: Bad page cache in process {comm}  pfn:{page}",
	    NULL),
};

// clang-format on

const struct hwp_format *hwp_formats(size_t *nr_ret)
{
	*nr_ret = HWP_ARRAY_SIZE(formats);
	return formats;
}
