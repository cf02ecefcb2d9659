// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A target is the kernel under analysis: bytes, symbols and types. Each of the
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
struct hwp_seen;

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

/** Where a member is in its type; all in bytes except @p nr_elements. */
struct hwp_member {
	uint64_t offset;
	/** Size of the whole member. */
	uint64_t size;
	/** Elements of the outermost array; 0 when the member is not an array. */
	uint64_t nr_elements;
};

/** What a page of a running kernel is: this decides whether it may be read. */
enum hwp_live_kind {
	/** PG_hwpoison is set on it, or on the HugeTLB folio that it belongs to. */
	HWP_LIVE_POISONED,
	/** Reserved, slab, page table: the kernel's own data. */
	HWP_LIVE_METADATA,
	/** Allocated by the kernel for itself; struct page does not say for what. */
	HWP_LIVE_KERNEL,
	/** Free, user memory, page cache, or unknown. */
	HWP_LIVE_OTHER,
};

/** Bytes [start, end) of memory, by physical address. */
struct hwp_ram {
	uint64_t start, end;
	/** Address of the struct page of pfn 0. */
	uint64_t vmemmap;
};

/** How to decode a struct page of the running kernel; pure functions. */
struct hwp_page_rule {
	const void *arg;
	/** The address of the head, if @p page at @p address is a tail; else 0. */
	uint64_t (*head)(const void *arg, const void *page, uint64_t address);
	/** @p head is @p page itself unless that is a tail. */
	enum hwp_live_kind (*kind)(const void *arg, const void *page, const void *head);
};

/** What the compiler made of a function. */
enum hwp_function {
	HWP_FUNCTION_UNKNOWN,
	HWP_FUNCTION_ABSENT,
	/** Its code is inside that of its callers; there may be a copy of its own too. */
	HWP_FUNCTION_INLINED,
	HWP_FUNCTION_COMPILED,
};

/** What only the memory of a running kernel offers (live.h); each as hwp_target_*(). */
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
	 * Read @p size bytes. *@p nr_read_ret is the number of bytes that were
	 * read, also on failure. Errors: FAULT, EXCLUDED, BAD_DATA, OS.
	 */
	struct hwp_error *(*read)(void *arg, enum hwp_space space, uint64_t address, void *buf,
				  size_t size, size_t *nr_read_ret);
	/** The VMCOREINFO text, NUL-terminated; the caller frees it. */
	struct hwp_error *(*vmcoreinfo)(void *arg, char **text_ret);
	/** Resolve those of @p syms that exist, in one pass. */
	struct hwp_error *(*symbols)(void *arg, struct hwp_symbol *syms, size_t nr);
	/** As hwp_target_expect(). */
	struct hwp_error *(*expect)(void *arg, const char *source);
	/**
	 * Find @p member of struct or union @p type, also inside anonymous
	 * members and along a dotted path; NULL means the type itself.
	 * Error: LOOKUP.
	 */
	struct hwp_error *(*member)(void *arg, const char *type, const char *member,
				    struct hwp_member *ret);
	/** @p type NULL: search the unnamed enums. Error: LOOKUP. */
	struct hwp_error *(*enumerator)(void *arg, const char *type, const char *name,
					int64_t *ret);
	/**
	 * What became of function @p name in @p file, such as "mm/page_alloc.c". Error:
	 * LOOKUP when there is no debug information for that file.
	 */
	struct hwp_error *(*function)(void *arg, const char *file, const char *name,
				      enum hwp_function *ret);
	/** A second handle on the same memory for another thread. */
	struct hwp_error *(*clone)(void *arg, void **ret);
	/** NULL: the memory does not change; it is a dump. */
	const struct hwp_live_ops *live;
	void (*destroy)(void *arg);
};

struct hwp_provider {
	/** NULL: there is no provider. */
	const struct hwp_provider_ops *ops;
	void *arg;
};

static inline void hwp_provider_deinit(struct hwp_provider *provider)
{
	if (provider->ops)
		provider->ops->destroy(provider->arg);
	provider->ops = NULL;
}

/** What the memory provider learned about the file while opening it. */
struct hwp_file_facts {
	char format[64];
	/** One sentence when the file is damaged (truncated, say) or zero_filled, else empty. */
	char damage[400];
	/** The file is whole, but pages that are not in it read as zeros. */
	bool zero_filled;
	/** 0 if the provider does not know: then VMCOREINFO's PAGESIZE decides. */
	unsigned int page_shift;
	/** The file can hold pfns below this one only; 0: the provider does not know. */
	uint64_t end_pfn;
	/** The file carries no VMCOREINFO: it was found in the memory. */
	bool vmcoreinfo_found;
	/** makedumpfile -e left struct pages out of it. */
	bool memmap_excluded;
};

/** The providers of a host; ops is NULL where it has none. */
struct hwp_host_providers {
	/** Required. It is used by one thread only. */
	struct hwp_provider memory;
	/** If given, the kernel's own are not looked for. */
	struct hwp_provider symbols, types;
	/**
	 * Our own reader of the same memory, for the sweep: if given, the memmap is
	 * read through clones of it in parallel.
	 */
	struct hwp_provider reader;
	struct hwp_file_facts facts;
};

/** A program that already has the kernel open: crash or drgn. */
struct hwp_host {
	const char *name;
	/** Path of the dump that is open, for reports. NULL for the running kernel. */
	const char *path;
	void *arg;
	/**
	 * Create providers of what the host has open. The target destroys them, also
	 * after an error. The host outlives every target made from it.
	 */
	struct hwp_error *(*open)(void *arg, struct hwp_host_providers *ret);
	/**
	 * The host's symbols and types, for which it is asked where the kernel's own kallsyms
	 * or BTF cannot be read; either is left out if the host has none, and the error then
	 * says what it lacks. May be NULL.
	 */
	struct hwp_error *(*open_names)(void *arg, struct hwp_provider *symbols,
					struct hwp_provider *types);
};

struct hwp_target_options {
	/** The vmcore; NULL for the running kernel or a guest. */
	const char *core_path;
	/** core_path, opened already by who has more rights; 0: it is not. Borrowed. */
	int core_fd;
	/** The other files of a dump that makedumpfile --split wrote, and their descriptors. */
	const char *const *part_paths;
	/** As core_fd; NULL: none of them is open. */
	const int *part_fds;
	size_t nr_parts;
	/** The QMP socket of a running QEMU guest; NULL: no guest. */
	const char *qemu_socket;
	/** A file with VMCOREINFO text for dumps that carry none, or NULL. */
	const char *vmcoreinfo_path;
	/** Files and directories with debug symbols. */
	const char *const *symbol_paths;
	size_t nr_symbol_paths;
	/** "btf", "dwarf" or "drgn": take types from this provider only. NULL: choose. */
	const char *provider;
	/**
	 * Instead of asking debuginfod for a vmlinux: its path, which the caller frees, or
	 * NULL where nobody is to be asked. LOOKUP when the servers have none. May be NULL.
	 */
	struct hwp_error *(*find_debuginfo)(void *arg, const char *build_id, char **path_ret);
	void *find_debuginfo_arg;
	/** NULL: no host. With a host the paths above are ignored. */
	const struct hwp_host *host;
	/** A dump: record what is read of its memory (borrowed; by one thread), or NULL. */
	struct hwp_seen *seen;
	/** Running kernel: sleep between reads to use at most this share of one CPU; 0: no limit. */
	unsigned int max_cpu_percent;
	/**
	 * Once what it points to is not 0, every read fails with INTERRUPTED.
	 * A signal handler may set it. May be NULL.
	 */
	const volatile sig_atomic_t *interrupted;
};

/** The name of the target for reports and errors; borrowed. */
const char *hwp_target_options_path(const struct hwp_target_options *options);

/**
 * Open a host's kernel, a vmcore, a guest or the running kernel. Unless @p options or
 * a host say otherwise, symbols come from the kernel's own kallsyms and types from its own
 * BTF. @p options need not outlive the call, except what host and interrupted point to.
 */
struct hwp_error *hwp_target_open(const struct hwp_target_options *options,
				  struct hwp_target **ret);

/**
 * The same memory, symbols and types for one more thread. The clone must be
 * destroyed before @p target is. UNSUPPORTED when the memory can be read by one
 * thread only. A clone of a host's target reads through the host's reader.
 */
struct hwp_error *hwp_target_clone(struct hwp_target *target, struct hwp_target **ret);

/** Do clones read by another provider than the target itself? */
bool hwp_target_has_reader(const struct hwp_target *target);

/** Is it a running kernel, this system's or a guest's, whose memory changes? */
bool hwp_target_is_live(const struct hwp_target *target);

/**
 * Running kernel: @p rule decides from now on which pages are read. It is copied,
 * its arg is borrowed. Does nothing for a dump.
 */
void hwp_target_set_page_rule(struct hwp_target *target, const struct hwp_page_rule *rule);

/** Running kernel: take notice of memory that was added or removed. */
struct hwp_error *hwp_target_refresh(struct hwp_target *target);

/** Running kernel: the range of memory number @p index; false if there is none. */
bool hwp_target_ram(struct hwp_target *target, size_t index, struct hwp_ram *ret);

/** NULL is fine. */
void hwp_target_destroy(struct hwp_target *target);

static inline void hwp_target_destroyp(struct hwp_target **target)
{
	hwp_target_destroy(*target);
}

/** One line about the file: its format, as "kdump (flattened)"; borrowed. */
const char *hwp_target_format(const struct hwp_target *target);

/** A sentence about damage (truncation) that weakens every answer, or NULL. */
const char *hwp_target_damage(const struct hwp_target *target);

/** That sentence is not of the file: pages that are not in it read as zeros. */
bool hwp_target_zero_filled(const struct hwp_target *target);

/**
 * @p err with the name of the target before it, and what its file lacks, which is the reason
 * of most errors in a file that is not whole. @p target may be NULL: it could not be opened.
 */
struct hwp_error *hwp_target_blame(const struct hwp_target *target,
				   const struct hwp_target_options *options, struct hwp_error *err);

/** Was VMCOREINFO found in the memory, because the dump carries none? */
bool hwp_target_vmcoreinfo_found(const struct hwp_target *target);

/** Did makedumpfile leave struct pages out of the file (-e)? */
bool hwp_target_memmap_excluded(const struct hwp_target *target);

/** Time spent on opening the file, the symbols and the types. */
struct hwp_open_times {
	uint64_t file_ns, symbols_ns, types_ns;
};
struct hwp_open_times hwp_target_open_times(const struct hwp_target *target);

/** 64-bit kernels have pages of 4 KiB to 64 KiB. */
#define HWP_MIN_PAGE_SHIFT 12
#define HWP_MAX_PAGE_SHIFT 16

static inline bool hwp_is_page_size(uint64_t size)
{
	return hwp_is_pow2(size) && size >> HWP_MIN_PAGE_SHIFT &&
	       size <= UINT64_C(1) << HWP_MAX_PAGE_SHIFT;
}

/** A dump can hold pfns below this one only; 0: no such bound is known. */
uint64_t hwp_target_end_pfn(const struct hwp_target *target);

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

/**
 * Did a read or a look-up fail for want of memory in this process? Whoever takes a failed
 * read for a hole in the dump must not do so then.
 */
bool hwp_target_is_starved(const struct hwp_target *target);

/** A word of 8 or 4 bytes at a kernel virtual address. */
struct hwp_error *hwp_target_read_u64(struct hwp_target *target, uint64_t address, uint64_t *ret);
struct hwp_error *hwp_target_read_u32(struct hwp_target *target, uint64_t address, uint32_t *ret);

/** At most @p size - 1 characters up to the NUL, terminated in any case. */
struct hwp_error *hwp_target_read_string(struct hwp_target *target, uint64_t address, char *buf,
					 size_t size);

struct hwp_error *hwp_target_symbols(struct hwp_target *target, struct hwp_symbol *syms, size_t nr);

/**
 * Announce that types will be looked up which the kernel source @p source ("mm/rmap.c")
 * defines or uses; the string is borrowed. A provider that would search all debug
 * information searches that of this source first; answers do not depend on it.
 */
struct hwp_error *hwp_target_expect(struct hwp_target *target, const char *source);

struct hwp_error *hwp_target_member(struct hwp_target *target, const char *type, const char *member,
				    struct hwp_member *ret);
struct hwp_error *hwp_target_enumerator(struct hwp_target *target, const char *type,
					const char *name, int64_t *ret);

/**
 * Did the compiler see function @p name in @p file, and what did it make of it? UNKNOWN
 * when the target has no debug information for that file.
 */
enum hwp_function hwp_target_function(struct hwp_target *target, const char *file,
				      const char *name);

/** The names of the providers, for reports; borrowed. */
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

/** The whole VMCOREINFO, NUL-terminated and borrowed; NULL when there is none. */
const char *hwp_target_vmcoreinfo_text(const struct hwp_target *target);

/** SYMBOL(@p name), the address of a symbol. LOOKUP if VMCOREINFO has none. */
struct hwp_error *hwp_target_vmcoreinfo_symbol(const struct hwp_target *target, const char *name,
					       uint64_t *ret);

/** utsname.machine of the kernel, by its VMCOREINFO: "x86_64" or "aarch64"; "" for neither. */
const char *hwp_target_machine(const struct hwp_target *target);

/** The kernel's release string, from VMCOREINFO; borrowed. */
const char *hwp_target_release(const struct hwp_target *target);

#endif /* HWP_TARGET_TARGET_H */
