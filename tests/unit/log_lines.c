// SPDX-License-Identifier: GPL-2.0-or-later
/** What each line of the kernel log gives: from reports of users, and as the sources print it. */
#include "synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "facts/log/formats.h"
#include "facts/log/mfevent.h"
#include "facts/log/pattern.h"

/* No kind: a line that may be of any that says nothing of the page, or be no event at all. */
#define NOTE -1
#define NOTHING -2

// clang-format off: a line of the log is one line

struct line {
	/** Which, and the page: "-" for none. */
	const char *id, *pfn;
	int kind;
	const char *type, *result, *comm;
	int pid;
	const char *label, *text;
};

/* From reports of users and the kernel's sources, 2.6.32 to 7.3; what each must give. */
static const struct line corpus[] = {
	{ "01", "1840200", HWP_EVENT_SIGBUS, NULL, NULL, "cellsrv", 33395, NULL,
	  "Memory failure: 0x1840200: Killing cellsrv:33395 due to hardware memory corruption" },
	{ "04", "1850602", HWP_EVENT_MACHINE_CHECK, NULL, NULL, NULL, -1, NULL,
	  "mce: Uncorrected hardware memory error in user-access at 1850602400" },
	{ "05", "2600", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Memory failure: 0x2600: unrecoverable page" },
	{ "07", "131e00", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "Injecting memory failure for pfn 0x131e00 at process virtual address 0x20200000" },
	{ "09", "102f01", HWP_EVENT_ACTION, "huge page", "Failed", NULL, -1, NULL,
	  "Memory failure: 0x102f01: recovery action for huge page: Failed" },
	{ "10", "10d88e", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "Injecting memory failure at pfn 0x10d88e" },
	{ "12", "208900", HWP_EVENT_ACTION, "reserved kernel page", "Failed", NULL, -1, NULL,
	  "Memory failure: 0x208900: recovery action for reserved kernel page: Failed" },
	{ "13", "edbe201", HWP_EVENT_KILLED, NULL, NULL, "read_poison", 22434, NULL,
	  "Memory failure: 0xedbe201: forcibly killing read_poison:22434 because of failure to unmap corrupted page" },
	{ "14", "edbe201", NOTE, NULL, NULL, "read_poison", -1, NULL,
	  "Memory failure: Unable to find user space address edbe201 in read_poison" },
	{ "15", "-", NOTE, NULL, NULL, "read_poison", -1, NULL,
	  "Memory failure: Unable to find address 7f3cf3601000 in read_poison" },
	{ "16", "1234", NOTE, NULL, NULL, "app", 77, NULL,
	  "Memory failure: 0x1234: Cannot send advisory machine check signal to app:77" },
	{ "18", "318", HWP_EVENT_ACTION, "dirty LRU page", "Recovered", NULL, -1, NULL,
	  "MCE 0x318: recovery action for dirty LRU page: Recovered" },
	{ "19", "7dfb8", HWP_EVENT_ACTION, "clean mlocked LRU page", "Recovered", NULL, -1, NULL,
	  "MCE 0x7dfb8: clean mlocked LRU page recovery: Recovered" },
	{ "21", "23a200", HWP_EVENT_ACTION, "huge page", "Delayed", NULL, -1, NULL,
	  "MCE 0x23a200: huge page recovery: Delayed" },
	{ "22", "224f176", HWP_EVENT_SIGBUS, NULL, NULL, "pal_main", 6784, NULL,
	  "MCE 0x224f176: Killing pal_main:6784 due to hardware memory corruption" },
	{ "24", "19d0", HWP_EVENT_ALREADY_POISONED, NULL, NULL, NULL, -1, NULL,
	  "MCE 0x19d0: already hardware poisoned" },
	{ "25", "23a000", HWP_EVENT_UNPOISON, NULL, NULL, NULL, -1, NULL,
	  "MCE: Software-unpoisoned page 0x23a000" },
	{ "30", "175321b", HWP_EVENT_SOFT_OFFLINE, NULL, NULL, NULL, -1, NULL,
	  "RAS: Soft-offlining pfn: 0x175321b" },
	{ "31", "46fab5", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: 0x46fab5: unhandlable page." },
	{ "33", "118ee0", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0x118ee0: hugepage isolation failed: 0, page count 2, type 7fff800001000e (referenced|uptodate|dirty|head)" },
	{ "35", "bfa8f", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0xbfa8f: page migration failed 1, type 0x800000008002e(referenced|uptodate|dirty|active|swapbacked|node=0|zone=1)" },
	{ "36", "61c00", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0x61c00 hugepage failed to isolate" },
	{ "38", "150000", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "Soft offline: 0x150000: hugepage migration failed -16, type 0x17ffffc0000048(uptodate|active|node=0|zone=2)" },
	{ "39", "150000", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "Soft offline: 0x150000: page isolation failed, page count 2, type 0x17ffffc0000048(uptodate|active|node=0|zone=2)" },
	{ "43", "905b92d", HWP_EVENT_ALREADY_POISONED, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: 0x905b92d: already hardware poisoned" },
	{ "44", "-", NOTE, NULL, NULL, "einj_mem_uc", 3600, NULL,
	  "MCE: Killing einj_mem_uc:3600 due to hardware memory corruption fault at 7f3309503400" },
	{ "45", "-", NOTE, NULL, NULL, NULL, -1, NULL, "mce: Memory error not recovered" },
	{ "46", "3710b3", HWP_EVENT_MACHINE_CHECK, NULL, NULL, NULL, -1, NULL,
	  "mce: Uncorrected hardware memory error in user-access at 40003710b3400" },
	{ "47", "3710b3", HWP_EVENT_MACHINE_CHECK, NULL, NULL, NULL, -1, NULL,
	  "mce: Uncorrected hardware memory error in user-access at 80000003710b3400" },
	{ "48", "12345", HWP_EVENT_MACHINE_CHECK, NULL, NULL, NULL, -1, NULL,
	  "mce: Kernel accessed poison in user space at 12345fff" },
	{ "49", "116c60", HWP_EVENT_SIGBUS, NULL, NULL, "qemu", 77, NULL,
	  "0x116c60: Sending SIGBUS to qemu:77 due to hardware memory corruption" },
	{ "50", "116c60", HWP_EVENT_SIGBUS, NULL, NULL, "qemu", 77, NULL,
	  "[Hardware Error]: GHES: 0x116c60: Sending SIGBUS to qemu:77 due to hardware memory corruption" },
	{ "51", "116c60", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "EDAC MC0: 1 UE unknown on unknown memory ( page:0x116c60 offset:0x0 grain:1 - APEI location: )" },
	{ "53", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "EDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x12345 offset:0x40 grain:32 - err_code:0x0101:0x0090 socket:0 imc:0 rank:0 bg:0 ba:0 row:0x10 col:0x8)" },
	{ "57", "1a2b3", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Memory failure on page 1a2b3" },
	{ "59", "40272d", HWP_EVENT_ACTION, "get hwpoison page", "Ignored", NULL, -1, NULL,
	  "Memory failure: 0x40272d: recovery action for get hwpoison page: Ignored" },
	{ "60", "7740c0", HWP_EVENT_ACTION, "dirty page", "Recovered", NULL, -1, NULL,
	  "Memory failure: 0x7740c0: recovery action for dirty page: Recovered" },
	{ "61", "1810b4", HWP_EVENT_ACTION, "unknown page", "Ignored", NULL, -1, NULL,
	  "Memory failure: 0x1810b4: recovery action for unknown page: Ignored" },
	{ "62", "-", NOTE, NULL, NULL, NULL, -1, NULL,
	  "page dumped because: hwpoison: unhandlable page" },
	{ "63", "124d30", HWP_EVENT_ACTION, "unsplit thp", "Failed", NULL, -1, NULL,
	  "Memory failure: 0x124d30: recovery action for unsplit thp: Failed" },
	{ "67", "18b00e", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: 0x18b00e: dirty swapcache page still referenced by 2 users" },
	{ "68", "30a6a8f", HWP_EVENT_ACTION, "unknown page", "Ignored", NULL, -1, NULL,
	  "Memory failure: 0x30a6a8f: recovery action for unknown page: Ignored" },
	{ "69", "1f", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL, "MCE 0x1f: handled by dmem" },
	{ "70", "5c0d", HWP_EVENT_UNPOISON, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: 0x5c0d: software-unpoisoned page" },
	{ "71", "61234", HWP_EVENT_UNPOISON, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: Software-unpoisoned page 0x61234" },
	{ "74", "70fe1", NOTE, NULL, NULL, NULL, -1, NULL,
	  "__get_any_page: 0x70fe1 free buddy page" },
	{ "75", "1234", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0x1234: unknown non LRU page type 0" },
	{ "76", "70fe1", NOTE, NULL, NULL, NULL, -1, NULL,
	  "BUG: Bad page state in process sysctl  pfn:70fe1" },
	{ "77", "-", NOTE, NULL, NULL, NULL, -1, NULL, "1049 pages hwpoisoned" },
	{ "78", "19869", HWP_EVENT_ACTION, "free buddy page", "Delayed", NULL, -1, NULL,
	  "mce-inject-13150 [001] .... 277.019359: memory_failure_event: pfn 0x19869: recovery action for free buddy page: Delayed" },
	{ "80", "2100dda", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: 0x2100dda: split unsplit thp successfully." },
	{ "83", "1234", HWP_EVENT_ACTION, "free huge page", "Recovered", NULL, -1, NULL,
	  "Memory failure: 0x1234: recovery action for free huge page: Recovered" },
	{ "84", "-", NOTE, NULL, NULL, NULL, -1, NULL,
	  "Severe Machine check interrupt [Recovered]" },
	{ "85", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "MCE: CPU0: machine check (Severe)  UE Load/Store DAR: 00007fff8d0a0000 paddr: 0000000012345000 [Recovered]" },
	{ "87", "-", NOTE, NULL, NULL, NULL, -1, NULL,
	  "cxl_general_media: memdev=mem0 host=0000:35:00.0 hpa=12345000 descriptor=UNCORRECTABLE_EVENT" },
	{ "89", "a300", HWP_EVENT_SPLIT_FAILED, NULL, NULL, NULL, -1, NULL,
	  "Memory Failure: 0xa300: thp split failed" },
};

/* As the sources print them: the kernels, then the same. */
static const struct line own[] = {
	{ "2.6.32", "b4365", HWP_EVENT_SIGBUS, NULL, NULL, "copy_to_user_te", 3768, NULL,
	  "MCE 0xb4365: Killing copy_to_user_te:3768 early due to hardware memory corruption" },
	{ "2.6.32", "b4365", HWP_EVENT_ACTION, "dirty LRU page", "Recovered", NULL, -1, NULL,
	  "MCE 0xb4365: dirty LRU page recovery: Recovered" },
	{ "2.6.32-3.x", "1f", HWP_EVENT_ACTION, "free buddy, 2nd try page", "Delayed", NULL, -1,
	  NULL, "MCE 0x1f: free buddy, 2nd try page recovery: Delayed" },
	{ "3.5", "1f", HWP_EVENT_ACTION, "hugepage already hardware poisoned page", "Ignored", NULL,
	  -1, NULL, "MCE 0x1f: hugepage already hardware poisoned page recovery: Ignored" },
	{ "3.x", "1f", HWP_EVENT_SPLIT_FAILED, NULL, NULL, NULL, -1, NULL,
	  "MCE 0x1f: failed to split THP" },
	{ "3.x", "1f", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "MCE 0x1f: corrupted page was clean: dropped without side effects" },
	{ "3.x", "1f", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "MCE 0x1f: failed to unmap page (mapcount=2)" },
	{ "3.x", "1f", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "MCE 0x1f: huge page still referenced by 3 users" },
	{ "3.x", "77", HWP_EVENT_KILLED, NULL, NULL, "a b:c", 12, NULL,
	  "MCE 0x77: forcibly killing a b:c:12 because of failure to unmap corrupted page" },
	{ "2.6.32-3.11", "1b3fa", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Memory failure from trap 18 on page 1b3fa" },
	{ "3.3-5.10", "77", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: buffer overflow when queuing memory failure at 0x0x77" },
	{ "5.11", "77", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: buffer overflow when queuing memory failure at 0x77" },
	{ "3.x", "5c0d", HWP_EVENT_UNPOISON, NULL, NULL, NULL, -1, NULL,
	  "MCE: Software-unpoisoned free page 0x5c0d" },
	{ "3.x", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "MCE: Page was already unpoisoned 0x5c0d" },
	{ "3.x", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "MCE: Memory failure is now running on free hugepage 0x5c0d" },
	{ "4.13-6.6", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: Page was already unpoisoned 0x5c0d" },
	{ "4.13-6.6", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: Someone grabs the hwpoison page 0x5c0d" },
	{ "4.13-6.6", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: Someone maps the hwpoison page 0x5c0d" },
	{ "4.13-6.6", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: the hwpoison page has non-NULL mapping 0x5c0d" },
	{ "6.1", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: Disabled after HW memory failure 0x5c0d" },
	{ "6.1", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: failed to grab page 0x5c0d" },
	{ "6.1", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: huge zero page is not supported 0x5c0d" },
	{ "7.3", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: 0x5c0d: page was already unpoisoned" },
	{ "7.3", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: 0x5c0d: disabled after HW memory failure" },
	{ "7.3", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: 0x5c0d: someone grabs the hwpoison page" },
	{ "7.3", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: 0x5c0d: huge zero page is not supported" },
	{ "2.6.33-3.6", "70fe1", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "get_any_page: 0x70fe1 free huge page" },
	{ "2.6.33-3.6", "70fe1", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "get_any_page: 0x70fe1: unknown zero refcount page type 400" },
	{ "3.7-5.8", "70fe1", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "__get_any_page: 0x70fe1: unknown zero refcount page type 400" },
	{ "3.x", "1234", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0x1234: failed to split THP" },
	{ "3.x", "1234", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0x1234: migration failed 1, type 7fff800001000e" },
	{ "2.6.33-5.8", "1234", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft_offline: 0x1234: unknown non LRU page type 7fff80000000 ()" },
	{ "5.10", "1234", HWP_EVENT_SOFT_OFFLINE, NULL, "Succeeded", NULL, -1, NULL,
	  "soft_offline: 0x1234: invalidated" },
	{ "7.3", "1234", HWP_EVENT_SOFT_OFFLINE, NULL, "Succeeded", NULL, -1, NULL,
	  "Soft offline: 0x1234: invalidated" },
	{ "6.11", "-", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "Soft offline: disabled by /proc/sys/vm/enable_soft_offline" },
	{ "2.6.33-4.12", "1f3d0", HWP_EVENT_SOFT_OFFLINE, NULL, NULL, NULL, -1, NULL,
	  "Soft offlining page 0x1f3d0 at 0x7f0000000000" },
	{ "2.6.32", "1f3d0", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "Injecting memory failure for page 1f3d0 at 7f0000000000" },
	{ "3.x-4.12", "1f3d0", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "Injecting memory failure for page 0x1f3d0 at 0x7f0000000000" },
	{ "2.6.32", "1f3d0", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "Injecting memory failure at pfn 1f3d0" },
	{ "7.3", "-", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "mce: Triggering MCE exception on CPU 1" },
	{ "7.3", "-", HWP_EVENT_OTHER, NULL, NULL, "inject", 77, NULL,
	  "Memory failure: Error sending signal to inject:77: -1" },
	{ "7.3", "-", HWP_EVENT_OTHER, NULL, NULL, NULL, 77, NULL,
	  "Memory failure: Unable to kill proc 77" },
	{ "5.x", "-", HWP_EVENT_SIGBUS, NULL, NULL, "qemu", 77, NULL,
	  "[Hardware Error]: GHES: qemu:77: synchronous unrecoverable error (SIGBUS)" },
	{ "7.3", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: CPU 1: Machine Check Exception: 5 Bank 9: be00000000000134" },
	{ "4.15", "18db3", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 2f4c3d ADDR 18db3000 MISC 8c " },
	{ "5.9", "1", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "core: [Hardware Error]: TSC 2e11aff65eea ADDR 1234" },
	{ "3.x", "373c1", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "[Hardware Error]: TSC 3ba44a59ea ADDR 373c1ab8" },
	{ "2.6.30", "373c1", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "TSC 3ba44a59ea ADDR 373c1ab8 " },
	{ "2.6.30", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "CPU 1: Machine Check Exception:                4 Bank 0: b669c00000000135" },
	{ "6.6", "1d301b", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC afff7bbff88a ADDR 1d301b000 MISC 80 PPIN 1e741e77539027db" },
	{ "Linear address", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC afff7bbff88a ADDR 7ffd1d301b000 MISC 40" },
	{ "TDX", "3710b3", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR 40003710b3400 MISC 86" },
	{ "5.15 AMD UMC", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR b3cbdbbc0 PPIN 2b615bef7f48098 SYND 6bd210000a801002 IPID 9600650f00" },
	{ "5.4 AMD EX", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR 7f80a0c0181a MISC d012000100000000 SYND 4d000000 IPID 500b000000000" },
	{ "6.5 AMD LS", "fca00", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR fca000f0 MISC d012000000000000 IPID 1000b000000000 " },
	{ "AMD LS, first kind", "fca00", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR fca000f0 MISC d012000000000000 IPID b000000000 " },
	{ "AMD IF", "fca00", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR fca000f0 MISC d012000000000000 IPID 100b000000000 " },
	{ "AMD L2", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: TSC 0 ADDR fca000f0 MISC d012000000000000 IPID 200b000000000 " },
	{ "7.3", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: Machine check: Data load in unrecoverable area of kernel" },
	{ "7.3", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "mce: [Hardware Error]: Machine check events logged" },
	{ "4.0", "131e0", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "[Hardware Error]: MC4 Error Address: 0x00000000131e0040" },
	{ "3.0", "131e0", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "[Hardware Error]: \tMC4_ADDR: 0x00000000131e0040" },
	{ "5.x", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "[Hardware Error]: Error Addr: 0x0000000f131e0040" },
	{ "3.x", "12345", HWP_EVENT_MACHINE_CHECK, NULL, NULL, NULL, -1, NULL,
	  "Uncorrected hardware memory error in user-access at 12345678" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Fatal machine check" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Fatal local machine check" },
	{ "3.x", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Fatal machine check on current CPU" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Fatal machine check from unknown source" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Fatal hardware error!" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Consecutive machine checks to different user pages" },
	{ "7.3 arm64", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Asynchronous SError Interrupt" },
	{ "7.3", "12345", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1,
	  "CPU_SrcID#0_MC#0_Chan#1_DIMM#0",
	  "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x12345 offset:0x40 grain:32 syndrome:0x0 -  err_code:0x0101:0x0090 socket:0 imc:0 rank:0)" },
	{ "7.3", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1,
	  "CPU_SrcID#0_MC#0_Chan#1_DIMM#0",
	  "EDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x12345 offset:0x40 grain:32 -  err_code:0x0101:0x0090 socket:0 imc:0 rank:0)" },
	{ "amd64", "15f2c4", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, "mc#0csrow#1channel#0",
	  "EDAC MC0: 1 CE on mc#0csrow#1channel#0 (csrow:1 channel:0 page:0x15f2c4 offset:0x80 grain:64 syndrome:0x8c3)" },
	{ "ghes_edac", "71fd3", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1,
	  "P1_Node1_Channel0_Dimm0",
	  "EDAC MC0: 1 CE Single-bit ECC on P1_Node1_Channel0_Dimm0 (node:1 card:0 module:0 rank:0 bank:772 row:2047 col:640 page:0x71fd3 offset:0xa00 grain:0 syndrome:0x0 - APEI location: node:1 card:0 module:0 status(0x0000000000000400): Storage error in DRAM memory)" },
	{ "i7core", "-", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, "CPU_SrcID#0_Channel#0_DIMM#0",
	  "EDAC MC0: 8 CE error on CPU_SrcID#0_Channel#0_DIMM#0 (channel:0 slot:0 page:0x0 offset:0x0 grain:8 syndrome:0x0)" },
	{ "no name", "12345", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, "",
	  "EDAC MC0: 1 CE memory read error on unknown memory (channel:1 slot:0 page:0x12345 offset:0x40 grain:32 syndrome:0x0)" },
	{ "i3000", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "EDAC MC0: 1 UE i3000 UE on any memory (csrow:0 channel:-1 page:0x0 offset:0x0 grain:0)" },
	{ "2.6.32-3.4", "3d8e9", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, "DIMM_A1",
	  "EDAC MC0: CE page 0x3d8e9, offset 0x950, grain 8, syndrome 0x94, row 2, channel 0, label \"DIMM_A1\": amd64_edac" },
	{ "2.6.32-3.4", "3d8e9", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DIMM_A1:DIMM_B1",
	  "EDAC MC0: UE page 0x3d8e9, offset 0x950, grain 8, row 2, labels \"DIMM_A1:DIMM_B1\": amd64_edac" },
	{ "3.5", "12345", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, "DIMM_A1",
	  "EDAC MC0: CE memory read error on DIMM_A1 (channel:1 slot:0 page:0x12345 offset:0x40 grain:32 syndrome:0x0 - )" },
	{ "2.6.31-4.20", "15f2c", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "EDAC amd64 MC0: UE ERROR_ADDRESS= 0x15f2c480" },
	{ "3.9-4.x", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "EDAC sbridge MC0: ADDR 12345040 " },
	{ "4.15-7.3", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "EDAC skx MC0: ADDR 0x12345040" },
	{ "7.3", "12345", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, "DIMM_A1",
	  "Kernel panic - not syncing: UE memory read error on DIMM_A1 (channel:1 slot:0 page:0x12345 offset:0x40 grain:32)" },
	{ "7.3", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "{1}[Hardware Error]:   physical_address: 0x0000000012345000" },
	{ "7.3", "-", NOTHING, NULL, NULL, NULL, -1, NULL,
	  "{1}[Hardware Error]:   physical_address_mask: 0x00003fffffffffc0" },
	{ "extlog", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "{12} physical_address: 0x0000000012345000" },
	{ "arm64", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "{1}[Hardware Error]:    physical fault address: 0x0000000012345000" },
	{ "arm64", "-", NOTHING, NULL, NULL, NULL, -1, NULL,
	  "{1}[Hardware Error]:    virtual fault address: 0x0000ffff12345000" },
	{ "7.3", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DIMM A1 P0",
	  "{1}[Hardware Error]:   DIMM location: DIMM A1 P0 " },
	{ "7.3", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DMI handle: 0x0020",
	  "{1}[Hardware Error]:   DIMM location: not present. DMI handle: 0x0020 " },
	{ "BERT", "12345", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "[Hardware Error]:   physical_address: 0x0000000012345000" },
	{ "7.3", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "{1}[Hardware Error]: event severity: fatal" },
	{ "7.3", "-", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, NULL,
	  "{1}[Hardware Error]: event severity: corrected" },
	{ "ppc64 4.x", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "    Physical address:  0000000012345000" },
	{ "ppc64 5.3", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "MCE: CPU2: (Severe) Host UE Load/Store DAR: 00007fff8d0a0000 paddr: 0000000012345000 [Not recovered]" },
	{ "arm64", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "SError Interrupt on CPU2, code 0x00000000be000411 -- SError" },
	{ "arm64", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "Internal error: synchronous external abort: 0000000096000410 [#1] SMP" },
	{ "4.16", "77", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Could not invalidate pfn=0x77 from 1:1 map" },
	{ "5.5-7.3", "1234", HWP_EVENT_SIGBUS, NULL, NULL, "poison", 4242, NULL,
	  "Memory failure: 0x1234: Sending SIGBUS to poison:4242 due to hardware memory corruption" },
	{ "2.6.32-4.12", "1234", HWP_EVENT_OTHER, NULL, NULL, "app", -1, NULL,
	  "MCE: Unable to find user space address 1234 in app" },
	{ "2.6.32-4.12", "-", HWP_EVENT_OTHER, NULL, NULL, "app", 77, NULL,
	  "MCE: Error sending signal to app:77: -3" },
	{ "4.13-7.3", "-", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Memory failure: Out of memory while machine check handling" },
	{ "5.10", "1234", HWP_EVENT_ALREADY_POISONED, NULL, NULL, NULL, -1, NULL,
	  "soft_offline_page: 0x1234 page already poisoned" },
	{ "3.x", "1234", HWP_EVENT_ALREADY_POISONED, NULL, NULL, NULL, -1, NULL,
	  "soft offline: 0x1234 hugepage already poisoned" },
	{ "7.3", "1f3d0", HWP_EVENT_SOFT_OFFLINE, NULL, NULL, NULL, -1, NULL,
	  "Soft offlining pfn 0x1f3d0 at process virtual address 0x7f0000000000" },
	{ "4.x", "5c0d", HWP_EVENT_OTHER, NULL, NULL, NULL, -1, NULL,
	  "Unpoison: Memory failure is now running on 0x5c0d" },
	{ "7.3", "-", HWP_EVENT_INJECTED, NULL, NULL, NULL, -1, NULL,
	  "mce: Starting machine check poll CPU 1" },
	{ "2.6.32-3.4", "3d8e9", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, "DIMM_A1",
	  "Kernel panic - not syncing: EDAC MC0: UE page 0x3d8e9, offset 0x950, grain 8, row 2, labels \"DIMM_A1\": amd64_edac" },
	{ "3.x", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Machine check from unknown source" },
	{ "2.6.28-2.6.30", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Machine check" },
	{ "2.6.28-2.6.30", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Uncorrected machine check" },
	{ "3.x", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Timeout synchronizing machine check over CPUs" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Timeout: Not all CPUs entered broadcast exception handler" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Timeout: Monarch CPU did not finish machine check processing" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Too many consecutive machine checks while accessing user data" },
	{ "7.3", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Panicing machine check CPU died" },
	{ "arm64", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: synchronous external abort: Fatal exception" },
	{ "ppc64", "-", HWP_EVENT_PANIC, NULL, NULL, NULL, -1, NULL,
	  "Kernel panic - not syncing: Unrecoverable Machine check" },
	{ "2.6.30", "373c1", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "TSC 3ba44a59ea ADDR 373c1ab8 MISC 86" },
	{ "2.6.30", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "Machine check events logged" },
	{ "3.5", "12345", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DIMM_A1",
	  "EDAC MC0: UE memory read error on DIMM_A1 (channel:1 slot:0 page:0x12345 offset:0x40 grain:32)" },
	{ "2.6.32-3.4", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DIMM_A1",
	  "EDAC MC0: UE row 2, channel-a= 0 channel-b= 1 labels \"DIMM_A1\": i5000" },
	{ "2.6.32-3.4", "-", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, "DIMM_A1",
	  "EDAC MC0: CE row 2, channel 0, label \"DIMM_A1\": i5000" },
	{ "2.6.31-4.20", "15f2c", HWP_EVENT_CORRECTED, NULL, NULL, NULL, -1, NULL,
	  "EDAC amd64 MC0: CE ERROR_ADDRESS= 0x15f2c480" },
	{ "extlog", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DIMM A1",
	  "{12} DIMM location: DIMM A1" },
	{ "extlog", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, "DMI handle: 0x0020",
	  "{12} DIMM location: not present. DMI handle: 0x0020" },
	{ "ppc64", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "MCE: CPU0: machine check (Severe)  SLB Multihit DAR: 00007fff8d0a0000 [Recovered]" },
	{ "arm64", "-", HWP_EVENT_HARDWARE, NULL, NULL, NULL, -1, NULL,
	  "Unhandled fault: synchronous external abort (0x92000410) at 0x0000007f8d0a0000" },
	{ "7.3", "70fe1", HWP_EVENT_OTHER, NULL, NULL, "a b", -1, NULL,
	  "BUG: Bad page cache in process a b  pfn:70fe1" },
	{ "4.x", "1234", HWP_EVENT_SOFT_OFFLINE_FAILED, NULL, "Failed", NULL, -1, NULL,
	  "soft offline: 0x1234: non anonymous thp" },
	{ "any other", "1234", HWP_EVENT_SOFT_OFFLINE, NULL, NULL, NULL, -1, NULL,
	  "Soft offline: 0x1234: words of another kernel" },
};

// clang-format on

static bool parse(const char *text, struct hwp_event *e, uint64_t *pfn_ret)
{
	if (hwp_mfevent_parse(text, strlen(text), &hwp_usual_addresses, e)) {
		*pfn_ret = e->pfn;
		return true;
	}
	*e = (struct hwp_event){ .pid = -1, .kind = HWP_EVENT_OTHER };
	e->has_pfn = hwp_bad_page_state_parse(text, strlen(text), pfn_ret);
	return e->has_pfn;
}

static void check(const struct line *l)
{
	struct hwp_event e;
	uint64_t pfn = 0;
	bool found = parse(l->text, &e, &pfn);

	print_message("# %s: %s\n", l->id, l->text);
	if (l->kind == NOTHING)
		assert_false(found);
	if (strcmp(l->pfn, "-") == 0) {
		assert_false(e.has_pfn);
	} else {
		assert_true(e.has_pfn);
		assert_int_equal(pfn, strtoull(l->pfn, NULL, 16));
	}
	if (l->kind >= 0) {
		assert_true(found);
		assert_int_equal(e.kind, l->kind);
	} else {
		/* Nothing that changes what is thought of the page. */
		assert_true(e.kind == HWP_EVENT_OTHER || e.kind == HWP_EVENT_HARDWARE);
	}
	assert_string_equal(e.page_type, l->type ? l->type : "");
	assert_string_equal(e.result, l->result ? l->result : "");
	assert_string_equal(e.comm, l->comm ? l->comm : "");
	assert_int_equal(e.pid, l->pid);
	if (l->label)
		assert_string_equal(e.label, l->label);
}

static void every_line_of_the_corpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(corpus); i++)
		check(&corpus[i]);
}

static void every_line_of_the_sources(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(own); i++)
		check(&own[i]);
}

/* Does a row before it take what the row is for? Then it would never be the first. */
static bool is_first_for(const struct line *lines, size_t nr, const struct hwp_format *row)
{
	struct hwp_fields fields;
	size_t nr_rows;
	const struct hwp_format *rows = hwp_formats(&nr_rows);

	for (size_t i = 0; i < nr; i++) {
		size_t first = 0;

		while (first < nr_rows &&
		       !hwp_pattern_match(rows[first].pattern, lines[i].text, &fields))
			first++;
		if (first < nr_rows && &rows[first] == row)
			return true;
	}
	return false;
}

/* A row that no line of a test is for is a row that nobody has seen work. */
static void every_row_has_a_line(void **state)
{
	size_t nr, nr_without = 0;
	const struct hwp_format *rows = hwp_formats(&nr);

	(void)state;
	for (size_t i = 0; i < nr; i++) {
		assert_non_null(rows[i].source);
		assert_non_null(rows[i].versions);
		if (is_first_for(corpus, HWP_ARRAY_SIZE(corpus), &rows[i]) ||
		    is_first_for(own, HWP_ARRAY_SIZE(own), &rows[i]))
			continue;
		print_message("# no line: %s\n", rows[i].pattern);
		nr_without++;
	}
	assert_int_equal(nr_without, 0);
}

/* The address of a line is one of as many bits, and its page one of the size, as the kernel has. */
static void addresses(void **state)
{
	static const char line[] = "{1}[Hardware Error]:   physical_address: 0x000f800012345678";
	static const struct {
		const char *machine;
		unsigned int page_shift;
		uint64_t pfn;
	} rows[] = {
		{ "x86_64", 12, UINT64_C(0x12345) },
		{ "x86_64", 0, UINT64_C(0x12345) },
		{ "", 12, UINT64_C(0x12345) },
		{ "aarch64", 12, UINT64_C(0xf800012345) },
		{ "aarch64", 14, UINT64_C(0x3e000048d1) },
		{ "aarch64", 16, UINT64_C(0xf80001234) },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_address_rule rule = hwp_addresses_of(rows[i].machine,
								rows[i].page_shift);
		struct hwp_event e;

		assert_true(hwp_mfevent_parse(line, strlen(line), &rule, &e));
		assert_true(e.has_pfn);
		assert_int_equal(e.pfn, rows[i].pfn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_the_corpus),
		cmocka_unit_test(every_line_of_the_sources),
		cmocka_unit_test(every_row_has_a_line),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("log_lines", tests, NULL, NULL);
}
