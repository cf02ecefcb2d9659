// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A target is a kernel to look at: bytes, symbols and types. Each of the
 * three comes from a provider; a provider offers what it can and leaves the
 * other operations NULL.
 */
#ifndef HWP_TARGET_TARGET_H
#define HWP_TARGET_TARGET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/error.h"

struct hwp_target;

enum hwp_space {
	HWP_KERNEL_VIRTUAL,
	HWP_PHYSICAL,
};

/** A symbol to look up; @p found says whether @p address was filled in. */
struct hwp_symbol {
	const char *name;
	uint64_t address;
	bool found;
};

/** Where a member sits in its type; all in bytes but @p nr_elements. */
struct hwp_member {
	uint64_t offset;
	/** Of the whole member. */
	uint64_t size;
	/** Elements of the (outermost) array; 0 when it is no array. */
	uint64_t nr_elements;
};

/** What a page of a running kernel is, to decide whether it may be read. */
enum hwp_live_kind {
	/** It bears PG_hwpoison, or is of a HugeTLB folio that does. */
	HWP_LIVE_POISONED,
	/** Reserved, slab, page table: the kernel's own data. */
	HWP_LIVE_METADATA,
	/** The kernel allocated it for a purpose that it does not mark. */
	HWP_LIVE_KERNEL,
	/** Free, a user's, in the page cache, or unclear. */
	HWP_LIVE_OTHER,
};

/** Bytes [start, end) of memory, by physical address. */
struct hwp_ram {
	uint64_t start, end;
	/** Address of the struct page of pfn 0. */
	uint64_t vmemmap;
};

/** How to understand a struct page of the running kernel; pure functions. */
struct hwp_page_rule {
	const void *arg;
	/** The head's address, of a tail at @p address; else 0. */
	uint64_t (*head)(const void *arg, const void *page, uint64_t address);
	/** @p head is @p page itself where it is no tail. */
	enum hwp_live_kind (*kind)(const void *arg, const void *page, const void *head);
};

/** What became of a function of the source in the kernel's code. */
enum hwp_function {
	HWP_FUNCTION_UNKNOWN,
	HWP_FUNCTION_ABSENT,
	/** Its code is inside that of others; it may stand by itself too. */
	HWP_FUNCTION_INLINED,
	HWP_FUNCTION_COMPILED,
};

/** What the memory of a running kernel offers besides (live.h); each as hwp_target_...(). */
struct hwp_live_ops {
	void (*set_page_rule)(void *arg, const struct hwp_page_rule *rule);
	struct hwp_error *(*refresh)(void *arg);
	bool (*ram)(void *arg, size_t index, struct hwp_ram *ret);
};

/**
 * What a provider does. Any pointer but destroy may be NULL. Functions leave
 * their results untouched on failure.
 */
struct hwp_provider_ops {
	const char *name;
	/**
	 * Read @p size bytes. On failure *@p nr_read_ret says how many bytes
	 * were read before it. Errors: FAULT, EXCLUDED, BAD_DATA, OS.
	 */
	struct hwp_error *(*read)(void *arg, enum hwp_space space, uint64_t address, void *buf,
				  size_t size, size_t *nr_read_ret);
	/** The VMCOREINFO text, NUL-terminated; the caller frees it. */
	struct hwp_error *(*vmcoreinfo)(void *arg, char **text_ret);
	/** Resolve what can be resolved of @p syms in one pass. */
	struct hwp_error *(*symbols)(void *arg, struct hwp_symbol *syms, size_t nr);
	/** As hwp_target_expect(). */
	struct hwp_error *(*expect)(void *arg, const char *source);
	/**
	 * Find @p member of struct or union @p type, also inside anonymous
	 * members and along a dotted path; NULL asks for the type itself.
	 * Error: LOOKUP.
	 */
	struct hwp_error *(*member)(void *arg, const char *type, const char *member,
				    struct hwp_member *ret);
	/** @p type NULL: look in unnamed enums. Error: LOOKUP. */
	struct hwp_error *(*enumerator)(void *arg, const char *type, const char *name,
					int64_t *ret);
	/**
	 * What became of function @p name of @p file, as "mm/page_alloc.c". Error: LOOKUP
	 * when the file is not covered.
	 */
	struct hwp_error *(*function)(void *arg, const char *file, const char *name,
				      enum hwp_function *ret);
	/** A second handle on the same memory for another thread. */
	struct hwp_error *(*clone)(void *arg, void **ret);
	/** NULL: the memory does not change, as that of a dump. */
	const struct hwp_live_ops *live;
	void (*destroy)(void *arg);
};

struct hwp_provider {
	/** NULL: there is none. */
	const struct hwp_provider_ops *ops;
	void *arg;
};

static inline void hwp_provider_deinit(struct hwp_provider *provider)
{
	if (provider->ops)
		provider->ops->destroy(provider->arg);
	provider->ops = NULL;
}

/** What the memory provider found out about the file while opening it. */
struct hwp_file_facts {
	char format[64];
	/** One sentence when the file is damaged (truncated), else empty. */
	char damage[160];
	/** 0 where the provider does not know: VMCOREINFO's PAGESIZE then decides. */
	unsigned int page_shift;
};

/** What a host hands out: each provider with ops NULL when it has none. */
struct hwp_host_providers {
	/** Required. Its read need not be safe for more than one thread. */
	struct hwp_provider memory;
	struct hwp_provider symbols, types;
	/**
	 * Our own reader of the same memory, for the sweep: when given, the
	 * memmap is read through it and its clones in parallel.
	 */
	struct hwp_provider reader;
	struct hwp_file_facts facts;
};

/** A program that has the kernel open already: crash, drgn. */
struct hwp_host {
	const char *name;
	/** What is open, for reports: a path. NULL for the running kernel. */
	const char *path;
	void *arg;
	/**
	 * Providers on what the host has open; the target destroys them, after
	 * an error too. The host outlives every target made from it.
	 */
	struct hwp_error *(*open)(void *arg, struct hwp_host_providers *ret);
};

struct hwp_target_options {
	/** The vmcore; NULL for the running kernel, or a guest. */
	const char *core_path;
	/** A running QEMU guest's, by its QMP socket; NULL: none. */
	const char *qemu_socket;
	/** A file with VMCOREINFO text for dumps that carry none, or NULL. */
	const char *vmcoreinfo_path;
	/** Files and directories with debug symbols. */
	const char *const *symbol_paths;
	size_t nr_symbol_paths;
	/** "btf", "dwarf" or "drgn": take types by this one only. NULL chooses. */
	const char *provider;
	/** NULL: there is none. With one, the paths above do not matter. */
	const struct hwp_host *host;
	/** Of a running kernel: sleep between reads to take no more of one CPU; 0: no limit. */
	unsigned int max_cpu_percent;
	/**
	 * Once what it points to is not 0, every read fails with INTERRUPTED.
	 * A signal handler may set it. NULL: no such thing.
	 */
	const volatile sig_atomic_t *interrupted;
};

/** What is looked at, for reports and errors; borrowed. */
const char *hwp_target_options_path(const struct hwp_target_options *options);

/**
 * Open a host's kernel, a vmcore or the running kernel. Unless told otherwise
 * symbols are the kernel's own kallsyms and types its own BTF. @p options need
 * not outlive the call, but for what host and interrupted point to.
 */
struct hwp_error *hwp_target_open(const struct hwp_target_options *options,
				  struct hwp_target **ret);

/**
 * The same memory, symbols and types for one more thread. The clone must be
 * destroyed before @p target is. UNSUPPORTED when the provider is for one
 * thread only. Of a host's target a clone reads by the host's reader.
 */
struct hwp_error *hwp_target_clone(struct hwp_target *target, struct hwp_target **ret);

/** Do clones read by another provider than the target itself? */
bool hwp_target_has_reader(const struct hwp_target *target);

/** The memory is that of a running kernel, this system's or a guest's, and changes. */
bool hwp_target_is_live(const struct hwp_target *target);

/**
 * Of a running kernel: read by @p rule from now on, which is copied, its arg
 * borrowed. Otherwise nothing happens.
 */
void hwp_target_set_page_rule(struct hwp_target *target, const struct hwp_page_rule *rule);

/** Of a running kernel: see memory that was added or taken away since. */
struct hwp_error *hwp_target_refresh(struct hwp_target *target);

/** Of a running kernel: its @p index'th range of memory, if there are so many. */
bool hwp_target_ram(struct hwp_target *target, size_t index, struct hwp_ram *ret);

/** NULL is fine. */
void hwp_target_destroy(struct hwp_target *target);

static inline void hwp_target_destroyp(struct hwp_target **target)
{
	hwp_target_destroy(*target);
}

/** One line about the file: its format, as "kdump (flattened)"; borrowed. */
const char *hwp_target_format(const struct hwp_target *target);

/** Sentences about the file that weaken every answer (truncation), or NULL. */
const char *hwp_target_damage(const struct hwp_target *target);

/** Time spent opening, in nanoseconds: by the file, kallsyms and BTF. */
struct hwp_open_times {
	uint64_t file_ns, symbols_ns, types_ns;
};
struct hwp_open_times hwp_target_open_times(const struct hwp_target *target);

/** Pages of 64-bit kernels have 4 KiB to 64 KiB. */
#define HWP_MIN_PAGE_SHIFT 12
#define HWP_MAX_PAGE_SHIFT 16

static inline bool hwp_is_page_size(uint64_t size)
{
	return hwp_is_pow2(size) && size >> HWP_MIN_PAGE_SHIFT &&
	       size <= UINT64_C(1) << HWP_MAX_PAGE_SHIFT;
}

/** The kernel's PAGE_SHIFT. 0 when neither the memory provider nor VMCOREINFO has it. */
unsigned int hwp_target_page_shift(const struct hwp_target *target);

/**
 * Read exactly @p size bytes or fail; *@p nr_read_ret (may be NULL) is the
 * number of bytes that could be read. One thread at a time per target.
 */
struct hwp_error *hwp_target_read(struct hwp_target *target, enum hwp_space space, uint64_t address,
				  void *buf, size_t size, size_t *nr_read_ret);

/** Has the options' interrupted been set? */
bool hwp_target_is_interrupted(const struct hwp_target *target);

/** A word of 8 or 4 bytes at a kernel virtual address. */
struct hwp_error *hwp_target_read_u64(struct hwp_target *target, uint64_t address, uint64_t *ret);
struct hwp_error *hwp_target_read_u32(struct hwp_target *target, uint64_t address, uint32_t *ret);

/** At most @p size - 1 characters up to the NUL, terminated in any case. */
struct hwp_error *hwp_target_read_string(struct hwp_target *target, uint64_t address, char *buf,
					 size_t size);

struct hwp_error *hwp_target_symbols(struct hwp_target *target, struct hwp_symbol *syms, size_t nr);

/**
 * The types that will be asked for are in the kernel source @p source, "mm/rmap.c", which
 * defines or uses them; the string is borrowed. A provider that would read debug information
 * from end to end reads that of the source first; answers do not depend on it.
 */
struct hwp_error *hwp_target_expect(struct hwp_target *target, const char *source);

struct hwp_error *hwp_target_member(struct hwp_target *target, const char *type, const char *member,
				    struct hwp_member *ret);
struct hwp_error *hwp_target_enumerator(struct hwp_target *target, const char *type,
					const char *name, int64_t *ret);

/**
 * Did the compiler see function @p name in @p file, and what did it make of it?
 * By debug information only: UNKNOWN where the target has none that covers the file.
 */
enum hwp_function hwp_target_function(struct hwp_target *target, const char *file,
				      const char *name);

/** Names of the providers in use, for reports; borrowed. */
const char *hwp_target_memory_provider(const struct hwp_target *target);
const char *hwp_target_type_provider(const struct hwp_target *target);
const char *hwp_target_symbol_provider(const struct hwp_target *target);

bool hwp_target_has_symbols(const struct hwp_target *target);
bool hwp_target_has_types(const struct hwp_target *target);

/**
 * The value of VMCOREINFO line "@p key=value", borrowed, not NUL-terminated:
 * *@p len_ret characters. NULL when there is no such line.
 */
const char *hwp_target_vmcoreinfo(const struct hwp_target *target, const char *key,
				  size_t *len_ret);

/**
 * A VMCOREINFO number: NUMBER() decimal, signed or not; SYMBOL(), SIZE(),
 * OFFSET(), LENGTH(). @p key is the part before "=". Error: LOOKUP, BAD_DATA.
 */
struct hwp_error *hwp_target_vmcoreinfo_number(const struct hwp_target *target, const char *key,
					       uint64_t *ret);

/** The kernel's release string, from VMCOREINFO; borrowed. */
const char *hwp_target_release(const struct hwp_target *target);

#endif /* HWP_TARGET_TARGET_H */
