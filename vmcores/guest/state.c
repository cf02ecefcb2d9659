// SPDX-License-Identifier: GPL-2.0-or-later
/* The state of one page, from the kernel's words and from what was done to it. */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char *klog;

void state_text(const char *text)
{
	klog = text;
}

/* The last "recovery action" line about PFN, or "". */
const char *last_action(uint64_t pfn)
{
	static char action[160];
	char key[64];
	const char *at = klog ? klog : "";

	snprintf(key, sizeof(key), "%#llx: recovery action for ", (unsigned long long)pfn);
	action[0] = 0;
	while ((at = strstr(at, key))) {
		at += strlen(key);
		snprintf(action, sizeof(action), "%.*s", (int)strcspn(at, "\n"), at);
	}
	return action;
}

/* Neither /proc/kpageflags nor /proc/zoneinfo shows pages of ZONE_DEVICE. */
bool is_device_memory(uint64_t pfn)
{
	unsigned long long start, end;
	char text[256];
	bool found = false;
	FILE *f = fopen("/proc/iomem", "re");

	while (f && fgets(text, sizeof(text), f))
		found |= strstr(text, "namespace") &&
			 sscanf(text, "%llx-%llx", &start, &end) == 2 && pfn >= start / PAGE_SIZE &&
			 pfn <= end / PAGE_SIZE;
	if (f)
		fclose(f);
	return found;
}

/* Node from sysfs, zone from the spans of that node in /proc/zoneinfo. */
const char *zone_of(uint64_t pfn)
{
	static char name[32];
	char text[256], zone[32] = "", found[32] = "unknown";
	unsigned long long start, spanned = 0;
	int nid = -1, want = nid_of(pfn);
	FILE *f;

	if (is_device_memory(pfn))
		return "Device";
	f = fopen("/proc/zoneinfo", "re");
	while (f && fgets(text, sizeof(text), f)) {
		if (sscanf(text, "Node %d, zone %31s", &nid, zone) == 2)
			spanned = 0;
		sscanf(text, " spanned %llu", &spanned);
		if (sscanf(text, " start_pfn: %llu", &start) == 1 && nid == want && pfn >= start &&
		    pfn - start < spanned)
			strcpy(found, zone);
	}
	if (f)
		fclose(f);
	strcpy(name, found);
	return name;
}

static unsigned long long memory_block(uint64_t pfn)
{
	static uint64_t nr_pages;
	unsigned long long bytes = 0;
	FILE *f;

	if (!nr_pages) {
		f = fopen("/sys/devices/system/memory/block_size_bytes", "re");
		if (f && fscanf(f, "%llx", &bytes) == 1)
			nr_pages = bytes / PAGE_SIZE;
		if (f)
			fclose(f);
	}
	return nr_pages ? pfn / nr_pages : 0;
}

int nid_of(uint64_t pfn)
{
	char path[96];

	for (int nid = 0; nid < 16; nid++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/memory%llu", nid,
			 memory_block(pfn));
		if (access(path, F_OK) == 0)
			return nid;
	}
	return 0;
}

/* 7.3 shows no flags at all, not KPF_NOPAGE, for a page of an offline block. */
bool in_offline_block(uint64_t pfn)
{
	char path[96], word[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state",
		 memory_block(pfn));
	f = fopen(path, "re");
	if (f && fscanf(f, "%15s", word) != 1)
		word[0] = 0;
	if (f)
		fclose(f);
	return !strcmp(word, "offline");
}

/* MAGIC_HWPOISON, by which a page that was taken off is known, is of 5.17. */
static bool marks_taken_off(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	return uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2 || major > 5 ||
	       (major == 5 && minor >= 17);
}

static const char *isolated_or_wish(const struct poison *p)
{
	const char *action = last_action(p->pfn);

	if (!strcmp(p->scenario, "soft-offline-free") && !marks_taken_off())
		return "taken-off|kernel";
	if (strstr(action, "LRU page: Recovered") && strcmp(p->wish, "in-use"))
		return "isolated";
	if (strstr(action, "free buddy page: Recovered") ||
	    (strstr(action, "huge page: Recovered") && strcmp(p->wish, "isolated")))
		return "taken-off";
	return p->wish;
}

/* The allocator refused a folio, and left the flag of its first page. */
static bool is_left_head(uint64_t pfn)
{
	return (kpf(pfn) & ~KPF(HWPOISON) & ((1ULL << 33) - 1)) == KPF(COMPOUND_HEAD) &&
	       !(kpf(pfn + 1) & KPF(COMPOUND_TAIL));
}

/* No free list and no owner have any page of the block that was freed whole. */
static bool lost(const struct poison *p)
{
	uint64_t pfn = p->base + is_left_head(p->base);

	for (; pfn < p->base + (1ULL << p->order); pfn++)
		if (!is_free_pfn(pfn) || (kpf(pfn) & KPF(BUDDY)))
			return false;
	return true;
}

/*
 * Up to 5.13 a free page that is hit stays in its block, and a HugeTLB page is dissolved with the
 * bad page in it.
 */
static bool was_left_free(const struct poison *p)
{
	const char *action = last_action(p->pfn);

	return strstr(action, "free buddy page: Delayed") ||
	       (strstr(action, "huge page: Recovered") && !marks_taken_off());
}

/*
 * Freed with its block, and now neither free nor owned.  When the block was
 * cut up before an allocation met the page, that page may have been thrown
 * away alone or with its neighbours; the nearest healthy ones show which, if one
 * of them is in some use.  Small blocks on the per-CPU lists are handed out all
 * the time, so whether it was thrown away before the capture or from such a list
 * after it is not known.
 */
static const char *left_behind(const struct poison *p)
{
	/* The block that it was in is not known. */
	if (!p->order)
		return "isolated|dropped|pcp";
	if (lost(p))
		return "dropped";
	for (uint64_t nr = 2; nr <= 1ULL << p->order; nr *= 2) {
		uint64_t base = p->pfn & ~(nr - 1);
		bool healthy = false;

		for (uint64_t pfn = base; pfn < base + nr; pfn++) {
			if (kpf(pfn) & KPF(HWPOISON))
				continue;
			if (!is_free_pfn(pfn) || (kpf(pfn) & KPF(BUDDY)))
				return "isolated|pcp";
			healthy = true;
		}
		if (healthy)
			return "isolated|dropped|pcp";
	}
	return "isolated|pcp";
}

/* The owner that /proc shows, or NULL. */
static const char *owner_state(const struct poison *p, bool freed)
{
	const uint64_t compound = KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL);
	uint64_t f = p->kpf;

	if ((f & KPF(NOPAGE)) || in_offline_block(p->pfn))
		return "offline";
	if (f & KPF(HUGE))
		return freed ? "reused|hugetlb" : "hugetlb";
	if (f & KPF(SLAB))
		return freed ? "reused|slab" : "slab";
	if (f & KPF(PGTABLE))
		return freed ? "reused|pgtable" : "pgtable";
	if (f & KPF(RESERVED))
		return "reserved";
	if (f & KPF(OFFLINE))
		return "offline";
	if (freed && (f & (KPF(MMAP) | compound)))
		return "reused";
	if (f & compound)
		return strcmp(p->wish, "kernel") ? "large-folio" : "kernel";
	return p->mapcount || (f & KPF(MMAP)) ? "in-use" : NULL;
}

/* From the kernel's words alone, where they suffice; else from what was done. */
const char *state_of(const struct poison *p)
{
	bool freed = !strcmp(p->wish, "pcp|buddy") || !strcmp(p->wish, "reused");
	const char *owner;

	if (is_device_memory(p->pfn))
		return "device";
	/* Between the two readings lies the capture. */
	if (p->kpf & KPF(BUDDY))
		return p->kpf_after & KPF(BUDDY) ? "buddy" : "buddy|pcp|isolated|dropped";
	if (p->kpf_after & KPF(BUDDY))
		return "pcp|buddy";
	if (p->kpf_drained & KPF(BUDDY))
		return "pcp";
	/* Compaction gives it to whom it was before, or to another: what was moved there does not show. */
	if (!strcmp(p->wish, "reused|in-use") && watch_in_use(p->pfn))
		return p->wish;
	/* A pipe's buffer and page cache that is not mapped show no owner in its flags. */
	if (freed && watch_place(p->pfn) == PLACE_CHARGED)
		return "reused";
	owner = owner_state(p, freed);
	if (owner)
		return owner;
	if (!strcmp(p->wish, "in-use|isolated") || !strcmp(p->wish, "reused"))
		return "isolated";
	if (!strcmp(p->wish, "pcp|buddy") || was_left_free(p) || (p->order && lost(p)))
		return left_behind(p);
	return isolated_or_wish(p);
}
