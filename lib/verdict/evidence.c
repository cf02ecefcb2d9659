// SPDX-License-Identifier: GPL-2.0-or-later
/** The sentences behind a state. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/plural.h"
#include "layout/page.h"
#include "verdict/classify.h"
#include "verdict/held.h"
#include "verdict/history.h"
#include "verdict/lost_data.h"
#include "verdict/rasdaemon_join.h"

#define UNCONFIRMED "seen free, lost or used again in the last pass only: look again"

struct speaker {
	void (*each)(void *arg, const char *sentence);
	void *arg;
};

static void say(const struct speaker *s, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

static void say(const struct speaker *s, const char *fmt, ...)
{
	char text[sizeof(struct hwp_file) + 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->each(s->arg, text);
}

static void say_block(const struct speaker *s, const struct hwp_findings *f,
		      const struct hwp_poisoned *p, const struct hwp_block *b, const char *how)
{
	const char *mt = hwp_findings_migratetype(f, b->migratetype);
	uint64_t index = p->pfn - b->head_pfn, nr = UINT64_C(1) << b->order;

	if (b->container == HWP_PCP_LIST)
		say(s,
		    "%s: page %" PRIu64 " of %" PRIu64 " of the block at 0x%" PRIx64
		    " on the per-CPU list of CPU %d, order %d%s%s",
		    how, index, nr, b->head_pfn, b->cpu, b->order, mt ? " " : "", mt ? mt : "");
	else
		say(s,
		    "%s: page %" PRIu64 " of %" PRIu64 " of the free block at 0x%" PRIx64
		    ", order %d%s%s%s",
		    how, index, nr, b->head_pfn, b->order, mt ? " " : "", mt ? mt : "",
		    b->container == HWP_TRYLOCK_LIST	? ", on zone->trylock_free_pages" :
		    b->container == HWP_UNACCEPTED_LIST ? ", on zone->unaccepted_pages" :
		    b->container == HWP_GUARD		? ", held as a guard page" :
							  "");
}

static void say_free(const struct speaker *s, const struct hwp_findings *f,
		     const struct hwp_poisoned *p)
{
	bool by_list = p->by_list.container != HWP_NOT_FREE;
	bool by_page = p->by_page.container != HWP_NOT_FREE;

	if (by_list)
		say_block(s, f, p, &p->by_list, "lists");
	if (by_page)
		say_block(s, f, p, &p->by_page, "memmap");
	if (by_page && !by_list && p->by_page.container == HWP_FREE_AREA)
		say(s, "no walked list holds that block");
	if (!by_page && !by_list)
		say(s, "its page type is that of a free block, but no block covers it");
	if (hwp_was_left_free(f, p))
		say(s,
		    "it was free when its error struck, and this kernel leaves such a page where "
		    "it is: the block was not freed with it");
}

static void say_raw(const struct speaker *s, const struct hwp_poisoned *p)
{
	if (p->is_named_by_log)
		say(s,
		    "the head of its HugeTLB folio, 0x%" PRIx64
		    ", order %d, is flagged, and the log "
		    "names this page: this kernel keeps no raw_hwp_list",
		    p->folio.head_pfn, p->folio.order);
	else if (p->is_raw)
		say(s, "named in raw_hwp_list of the HugeTLB folio at 0x%" PRIx64 ", order %d",
		    p->folio.head_pfn, p->folio.order);
	else if (p->folio.raw_unreliable)
		say(s,
		    "the HugeTLB folio is marked raw_hwp_unreliable: any of its %" PRIu64
		    " pages may be bad",
		    UINT64_C(1) << p->folio.order);
	else if (p->raw_page_unknown && p->folio.raw_list_broken)
		say(s,
		    "raw_hwp_list of this HugeTLB folio could not be read to its end: more of "
		    "its %" PRIu64 " pages may be bad",
		    UINT64_C(1) << p->folio.order);
	else if (p->raw_page_unknown)
		say(s,
		    "the HugeTLB head is flagged, but no record shows which of its %" PRIu64
		    " pages is bad",
		    UINT64_C(1) << p->folio.order);
	if (p->folio.being_freed)
		say(s, "the folio is on hpage_freelist: a worker is about to free it");
	else if (p->folio.in_pool)
		say(s, "the folio is free in the HugeTLB pool%s",
		    p->folio.vmemmap_optimized ? ", its vmemmap optimised" : "");
	else
		say(s, "the folio is in use, refcount %d%s", p->folio.head.refcount,
		    p->folio.vmemmap_optimized ? ", its vmemmap optimised" : "");
}

static void say_folio(const struct speaker *s, const struct hwp_poisoned *p)
{
	say(s, "page %" PRIu64 " of the folio at 0x%" PRIx64 ", order %d, refcount %d",
	    p->pfn - p->folio.head_pfn, p->folio.head_pfn, p->folio.order, p->folio.head.refcount);
	if (p->folio.kind == HWP_FOLIO_LARGE && p->folio.can_have_hwpoisoned)
		say(s, "PG_has_hwpoisoned is %s", p->folio.has_hwpoisoned ? "set" : "clear");
}

static void say_order_0(const struct speaker *s, const struct hwp_poisoned *p)
{
	uint64_t low = p->page.mapping & HWP_MAPPING_LOW_BITS;

	if (p->page.private == HWP_MAGIC_HWPOISON)
		say(s, "private is MAGIC_HWPOISON: taken off the buddy lists");
	say(s, "refcount %d, on no free list", p->page.refcount);
	if (p->page.nr_mapped > 0)
		say(s, "mapped %" PRId64 " time%s", p->page.nr_mapped,
		    hwp_plural((uint64_t)p->page.nr_mapped));
	if (p->bits & HWP_BIT_LRU)
		say(s, "PG_lru is %s", p->page.refcount ? "set" : "set, stale");
	if (low & HWP_MAPPING_ANON)
		say(s, "%s anonymous", p->page.nr_mapped > 0 ? "is" : "was");
	else if (p->page.mapping && low == 0)
		say(s, "still has a mapping: in the page cache");
}

static void say_mappers(const struct speaker *s, const struct hwp_owner *owner)
{
	uint64_t others = owner->nr_mappers - owner->found;
	const char *perhaps = owner->saw_all_mappers ? "" : ", and perhaps by more";
	const char *es = others == 1 ? "" : "es";

	if (!owner->nr_mappers && owner->saw_all_mappers)
		say(s, "no process maps that part of the file");
	else if (owner->found && others)
		say(s,
		    "that part of the file is mapped by %s, pid %d, and %" PRIu64
		    " other process%s%s",
		    owner->comm, owner->pid, others, es, perhaps);
	else if (owner->found)
		say(s, "that part of the file is mapped by %s, pid %d%s", owner->comm, owner->pid,
		    perhaps);
	else if (others)
		say(s, "that part of the file is mapped by %" PRIu64 " process%s%s", others, es,
		    perhaps);
}

static void say_file(const struct speaker *s, const struct hwp_file *file)
{
	const char *deleted = file->is_deleted ? " (deleted)" : "";

	if (!*file->path)
		say(s, "file: inode %" PRIu64 " of %s %s%s, no name of it in memory", file->inode,
		    file->filesystem, file->device, deleted);
	else
		say(s, "file: %s%s, inode %" PRIu64 " of %s %s%s", file->path, deleted, file->inode,
		    file->filesystem, file->device,
		    file->is_mounted ? "" : ", a path inside that file system");
	if (file->io_error == HWP_ANSWER_YES)
		say(s, "an error of that file's data is recorded, which no fsync() has reported "
		       "(AS_EIO): memory failure records lost data so, and a file system a failed "
		       "write");
}

static void say_owner(const struct speaker *s, const struct hwp_findings *f,
		      const struct hwp_owner *owner)
{
	if (owner->has_file) {
		say_file(s, &f->files.data[owner->file]);
		say_mappers(s, owner);
	} else if (owner->has_start) {
		say(s, "owner: %s, pid %d, started at " HWP_PRI_SECONDS " s of the log's clock",
		    owner->comm, owner->pid, HWP_SECONDS(owner->start_ns));
	} else if (owner->found) {
		say(s, "owner: %s, pid %d", owner->comm, owner->pid);
	}
}

/** " at 12.345678 s by pid 118 (qemu)"; what is not known is left out. */
static void put_when_and_who(char *buf, size_t size, uint64_t time_ns, int pid, const char *comm)
{
	char when[48] = "", who[48] = "";

	if (time_ns)
		snprintf(when, sizeof(when), " at " HWP_PRI_SECONDS " s", HWP_SECONDS(time_ns));
	if (pid >= 0)
		snprintf(who, sizeof(who), " by pid %d%s%s%s", pid, *comm ? " (" : "", comm,
			 *comm ? ")" : "");
	snprintf(buf, size, "%s%s", when, who);
}

const char *hwp_page_owner_sentence(const struct hwp_findings *f, const struct hwp_poisoned *p,
				    char *buf, size_t size)
{
	static const char *const words[] = {
		[HWP_WHEN_UNKNOWN] = "",
		[HWP_BEFORE_ERROR] = ", before the error",
		[HWP_AFTER_ERROR] = ", after the error",
	};
	const struct hwp_page_owner *o = &p->page_owner;
	char allocated[128], freed[128], order[24] = "";

	if (!o->found && !o->unreadable)
		return NULL;
	if (!o->found) {
		snprintf(buf, size, "its record could not be read");
		return buf;
	}
	put_when_and_who(allocated, sizeof(allocated), o->alloc_ns, o->pid, o->comm);
	put_when_and_who(freed, sizeof(freed), o->free_ns, o->free_pid, "");
	if (o->order >= 0)
		snprintf(order, sizeof(order), ", order %d", o->order);
	snprintf(buf, size, "%s%s%sallocated%s%s%s%s", o->allocated ? "" : "freed",
		 o->allocated ? "" : freed, o->allocated ? "" : "; before that, ", allocated, order,
		 words[hwp_page_owner_when(f, p)],
		 o->migrated ? "; migrated here, and its time with it" : "");
	return buf;
}

static void say_page_owner(const struct speaker *s, const struct hwp_findings *f,
			   const struct hwp_poisoned *p)
{
	char text[240];

	if (hwp_page_owner_sentence(f, p, text, sizeof(text)))
		say(s, "page_owner: %s", text);
}

static void say_refused(const struct speaker *s, const struct hwp_poisoned *p)
{
	say(s, "refcount %d, on no free list, not compound", p->page.refcount);
	say(s,
	    "the allocator refused all of its folio at 0x%" PRIx64
	    ", order %d, whose pages had references as it was freed: %" PRIu64
	    " healthy page%s lost with it, and the log has pages of it in a bad state",
	    p->stranded_pfn, p->stranded_order, p->nr_stranded_healthy,
	    hwp_plural(p->nr_stranded_healthy));
}

static void say_dropped(const struct speaker *s, const struct hwp_poisoned *p)
{
	if (p->stranded_is_refused) {
		say_refused(s, p);
		return;
	}
	say(s, "refcount 0, on no free list, not compound");
	say(s,
	    "so is its whole block at 0x%" PRIx64 ", order %d: %" PRIu64
	    " healthy page%s thrown away with it",
	    p->stranded_pfn, p->stranded_order, p->nr_stranded_healthy,
	    hwp_plural(p->nr_stranded_healthy));
}

static void say_kernel(const struct speaker *s, const struct hwp_poisoned *p)
{
	static const char *const types[HWP_NR_TYPES + 1] = {
		[HWP_TYPE_OFFLINE] = "offline",
		[HWP_TYPE_TABLE] = "page table",
		[HWP_TYPE_SLAB] = "slab",
		[HWP_TYPE_ZSMALLOC] = "zsmalloc",
		[HWP_TYPE_LARGE_KMALLOC] = "large kmalloc",
	};
	int type = p->folio.kind != HWP_FOLIO_NONE ? p->folio.head.type : p->page.type;

	if (p->folio.kind != HWP_FOLIO_NONE)
		say_folio(s, p);
	if (type >= 0 && type <= HWP_NR_TYPES && types[type])
		say(s, "page type: %s", types[type]);
	else if (p->bits & HWP_BIT_SLAB || p->folio.kind == HWP_FOLIO_SLAB)
		say(s, "PG_slab is set");
	if (p->bits & HWP_BIT_RESERVED)
		say(s, "PG_reserved is set");
	if (p->has_holder)
		say(s, "a tail of the allocation at 0x%" PRIx64 ", order %d, which is in use",
		    p->holder_pfn, p->holder_order);
	else if (p->state == HWP_STATE_KERNEL && p->folio.kind == HWP_FOLIO_NONE)
		say(s, "refcount %d, not mapped, no trace of an LRU page", p->page.refcount);
}

static void say_unknown(const struct speaker *s, const struct hwp_findings *f,
			const struct hwp_poisoned *p)
{
	if (p->is_raw)
		say_raw(s, p);
	if (p->by_page.container != HWP_NOT_FREE) {
		say_block(s, f, p, &p->by_page, "memmap");
		say(s,
		    "no list of its zone holds that block, though all were walked to their ends");
		return;
	}
	if (p->unconfirmed)
		say(s, UNCONFIRMED);
	else if (!p->was_read)
		say(s, "its struct page could not be read");
	else
		say(s, "refcount %d, and a list of its zone that may hold it could not be walked",
		    p->page.refcount);
}

/** What led to the state of a page that only /proc/kpageflags shows. */
static void say_shown(const struct speaker *s, const struct hwp_poisoned *p)
{
	static const char *const kinds[] = {
		[HWP_PAGE_BUDDY] = "in a free block",
		[HWP_PAGE_OFFLINE] = "offline",
		[HWP_PAGE_TABLE] = "a page table",
		[HWP_PAGE_HUGETLB] = "HugeTLB",
		[HWP_PAGE_SLAB] = "slab memory",
		[HWP_PAGE_RESERVED] = "reserved",
		[HWP_PAGE_USER] = "mapped, anonymous or in the page cache",
		[HWP_PAGE_UNMARKED] = "no mark shows its use",
	};

	if (p->unconfirmed)
		say(s, UNCONFIRMED);
	if (p->shown < HWP_ARRAY_SIZE(kinds) && kinds[p->shown])
		say(s, "/proc/kpageflags: %s%s", kinds[p->shown],
		    p->bits & HWP_BIT_HEAD ? ", part of a compound page" : "");
	if (p->shown == HWP_PAGE_HUGETLB)
		say(s, "any page of the HugeTLB folio may be bad: its flag is shown on all of "
		       "them");
}

/** The flag is on the head of the folio, whichever of its pages is bad. */
static void say_device_folio(const struct speaker *s, const struct hwp_poisoned *p)
{
	if (p->is_named_by_log)
		say(s,
		    "the head of its folio, 0x%" PRIx64 ", is flagged, and the log names this page",
		    p->folio.head_pfn);
	else if (p->folio.kind == HWP_FOLIO_DEVICE && p->pfn == p->folio.head_pfn)
		say(s,
		    "it is the head of a folio of order %d, any page of which may be the bad one: "
		    "the log names none",
		    p->folio.order);
}

/** The flag was left on the head of the HugeTLB page that it was in. */
static void say_named(const struct speaker *s, const struct hwp_poisoned *p)
{
	if (p->is_named_by_log && !p->is_raw && !p->zone_is_device)
		say(s,
		    "the log names it; the flag of its HugeTLB page was left on the head, 0x%" PRIx64,
		    p->named_head_pfn);
}

/** What led to the page's state. */
static void say_state(const struct speaker *s, const struct hwp_findings *f,
		      const struct hwp_poisoned *p)
{
	struct hwp_reuse reuse;

	switch (p->state) {
	case HWP_STATE_BUDDY:
	case HWP_STATE_PCP:
		say_free(s, f, p);
		break;
	case HWP_STATE_REUSED:
		reuse = hwp_reuse_proof(f, p);
		if (reuse.proof) {
			say(s, "%s", reuse.proof);
			say(s, "confidence: %s", hwp_confidence_name(reuse.confidence));
		}
		if (p->folio.kind != HWP_FOLIO_NONE)
			say_folio(s, p);
		else
			say_order_0(s, p);
		break;
	case HWP_STATE_DROPPED:
		say_dropped(s, p);
		break;
	case HWP_STATE_LARGE_FOLIO:
		say_folio(s, p);
		break;
	case HWP_STATE_HUGETLB:
		say_raw(s, p);
		break;
	case HWP_STATE_IN_USE:
	case HWP_STATE_TAKEN_OFF:
	case HWP_STATE_ISOLATED:
		say_order_0(s, p);
		break;
	case HWP_STATE_OFFLINE:
		say(s, p->section_offline ? "its memory section is offline" :
					    "page type: offline (given back to a hypervisor)");
		break;
	case HWP_STATE_DEVICE:
		say(s, "in ZONE_DEVICE");
		say_device_folio(s, p);
		break;
	case HWP_STATE_UNKNOWN:
		say_unknown(s, f, p);
		break;
	case HWP_STATE_SLAB:
	case HWP_STATE_PGTABLE:
	case HWP_STATE_RESERVED:
	case HWP_STATE_KERNEL:
		say_kernel(s, p);
		break;
	case HWP_NR_STATES:
		break;
	}
}

/** What happened to a page that is not in free memory, lost or in use again now. */
static void say_past(const struct speaker *s, const struct hwp_findings *f,
		     const struct hwp_poisoned *p)
{
	enum hwp_class class = hwp_state_class(p->state);
	char name[sizeof(struct hwp_file)];

	if (class == HWP_CLASS_LOST && p->was_free == HWP_ANSWER_NO)
		say(s, "it was not in free memory since its error: %s", p->past_proof);
	else if (class == HWP_CLASS_LOST && p->was_free == HWP_ANSWER_UNKNOWN)
		say(s, "whether it was in free memory since its error is not known: %s",
		    p->past_proof);
	if (class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST || class == HWP_CLASS_UNKNOWN)
		return;
	if (p->was_free == HWP_ANSWER_YES)
		say(s, "it was in free memory since its error: %s", p->past_proof);
	else if (p->was_free == HWP_ANSWER_UNKNOWN && class != HWP_CLASS_KERNEL)
		say(s, "whether it was in free memory since its error cannot be known");
	for (size_t i = 0; i < p->nr_victims; i++)
		say(s, "it was handed out to %s",
		    hwp_victim_words(f, &f->victims.data[p->first_victim + i], name, sizeof(name)));
}

static void say_lost_data(const struct speaker *s, const struct hwp_findings *f,
			  const struct hwp_poisoned *p)
{
	struct hwp_lost_data lost = hwp_lost_data(f, p);
	char words[sizeof(struct hwp_file) + 64];

	if (lost.kind != HWP_LOST_NOTHING)
		say(s, "it was dirty, and its data is lost: of %s",
		    hwp_lost_data_words(&lost, words, sizeof(words)));
}

void hwp_evidence(const struct hwp_findings *f, const struct hwp_poisoned *p,
		  void (*each)(void *arg, const char *sentence), void *arg)
{
	const struct speaker s = { each, arg };
	const struct hwp_rasdaemon_row *row;

	if (p->is_shown) {
		say_shown(&s, p);
	} else {
		say_named(&s, p);
		say_state(&s, f, p);
		say_past(&s, f, p);
	}
	if (p->nr_passes == 1 && !p->unconfirmed)
		say(&s, "transient: in the last of %u passes only", f->nr_passes);
	say_owner(&s, f, &p->owner);
	say_lost_data(&s, f, p);
	say_page_owner(&s, f, p);
	if (p->direct_map == HWP_DIRECT_MAP_ABSENT)
		say(&s, "not in the kernel's direct map");
	if (p->event >= 0)
		say(&s, "log: %s", f->events.data[p->event].text);
	else if ((row = hwp_rasdaemon_alone(f, p->pfn)))
		say(&s, "rasdaemon, %s: %s: %s", row->timestamp, row->page_type, row->result);
}
