// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/target.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/clock.h"
#include "target/memory/pagetable.h"
#include "target/providers.h"
#include "target/vmcoreinfo.h"

struct hwp_target {
	struct hwp_provider memory, symbols, types;
	/** Debug information about functions, wherever symbols and types come from. */
	struct hwp_provider functions;
	/** The memory that clones read, for a host's target. */
	struct hwp_provider reader;
	const volatile sig_atomic_t *interrupted;
	struct hwp_file_facts facts;
	struct hwp_open_times times;
	char *vmcoreinfo;
	char release[128];
	/** Share of one CPU, 0 for no limit, since start_ns; and the number of reads. */
	unsigned int max_cpu_percent, nr_reads;
	uint64_t start_ns;
	/** Something could not be read, and only for want of memory here. */
	bool is_starved;
	/** A clone borrows symbols, types and VMCOREINFO. */
	bool is_clone;
};

void hwp_target_destroy(struct hwp_target *target)
{
	if (!target)
		return;
	if (!target->is_clone) {
		hwp_provider_deinit(&target->functions);
		hwp_provider_deinit(&target->types);
		hwp_provider_deinit(&target->symbols);
		hwp_provider_deinit(&target->reader);
		free(target->vmcoreinfo);
	}
	hwp_provider_deinit(&target->memory);
	free(target);
}

static void note_release(struct hwp_target *target)
{
	size_t len;
	const char *release = hwp_target_vmcoreinfo(target, "OSRELEASE", &len);

	if (!release)
		return;
	if (len >= sizeof(target->release))
		len = sizeof(target->release) - 1;
	memcpy(target->release, release, len);
}

static void note_page_shift(struct hwp_target *target)
{
	uint64_t size = 0;

	hwp_error_destroy(hwp_target_vmcoreinfo_number(target, "PAGESIZE", &size));
	if (hwp_is_page_size(size))
		target->facts.page_shift = hwp_ilog2(size);
}

struct hwp_error *hwp_target_create_empty(const struct hwp_target_options *options,
					  struct hwp_target **ret)
{
	struct hwp_target *target = calloc(1, sizeof(*target));

	if (!target)
		return hwp_error_no_memory();
	target->interrupted = options->interrupted;
	target->max_cpu_percent = options->max_cpu_percent;
	target->start_ns = hwp_now_ns();
	*ret = target;
	return NULL;
}

struct hwp_error *hwp_target_set_memory(struct hwp_target *target,
					const struct hwp_provider *memory,
					const struct hwp_file_facts *facts)
{
	struct hwp_error *err = NULL;

	target->memory = *memory;
	if (!facts)
		return NULL;
	target->facts = *facts;
	if (memory->ops->vmcoreinfo)
		err = memory->ops->vmcoreinfo(memory->arg, &target->vmcoreinfo);
	if (err && !hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return err;
	note_release(target);
	if (!target->facts.page_shift)
		note_page_shift(target);
	return NULL;
}

void hwp_target_set_symbols(struct hwp_target *target, const struct hwp_provider *symbols)
{
	hwp_provider_deinit(&target->symbols);
	target->symbols = *symbols;
}

void hwp_target_set_types(struct hwp_target *target, const struct hwp_provider *types)
{
	hwp_provider_deinit(&target->types);
	target->types = *types;
}

void hwp_target_set_functions(struct hwp_target *target, const struct hwp_provider *functions)
{
	hwp_provider_deinit(&target->functions);
	target->functions = *functions;
}

void hwp_target_set_reader(struct hwp_target *target, const struct hwp_provider *reader)
{
	hwp_provider_deinit(&target->reader);
	target->reader = *reader;
}

void hwp_target_set_open_times(struct hwp_target *target, const struct hwp_open_times *times)
{
	target->times = *times;
}

struct hwp_error *hwp_target_clone(struct hwp_target *target, struct hwp_target **ret)
{
	const struct hwp_provider *from = target->reader.ops ? &target->reader : &target->memory;
	_cleanup_free_ struct hwp_target *copy = NULL;
	struct hwp_error *err;

	if (!from->ops->clone)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "one thread only");
	copy = malloc(sizeof(*copy));
	if (!copy)
		return hwp_error_no_memory();
	*copy = *target;
	copy->is_clone = true;
	copy->memory.ops = from->ops;
	err = from->ops->clone(from->arg, &copy->memory.arg);
	if (err)
		return err;
	*ret = no_cleanup_ptr(copy);
	return NULL;
}

bool hwp_target_is_live(const struct hwp_target *target)
{
	return target->memory.ops->live;
}

void hwp_target_set_page_rule(struct hwp_target *target, const struct hwp_page_rule *rule)
{
	const struct hwp_live_ops *live = target->memory.ops->live;

	if (live)
		live->set_page_rule(target->memory.arg, rule);
}

struct hwp_error *hwp_target_refresh(struct hwp_target *target)
{
	const struct hwp_live_ops *live = target->memory.ops->live;

	return live ? live->refresh(target->memory.arg) : NULL;
}

bool hwp_target_ram(struct hwp_target *target, size_t index, struct hwp_ram *ret)
{
	const struct hwp_live_ops *live = target->memory.ops->live;

	return live && live->ram(target->memory.arg, index, ret);
}

const char *hwp_target_format(const struct hwp_target *target)
{
	return target->facts.format;
}

const char *hwp_target_damage(const struct hwp_target *target)
{
	return target->facts.damage[0] ? target->facts.damage : NULL;
}

bool hwp_target_zero_filled(const struct hwp_target *target)
{
	return target->facts.zero_filled;
}

const char *hwp_target_options_path(const struct hwp_target_options *options)
{
	const char *path = options->host	? options->host->path :
			   options->qemu_socket ? options->qemu_socket :
						  options->core_path;

	return path ? path : "the running kernel";
}

struct hwp_error *hwp_target_blame(const struct hwp_target *target,
				   const struct hwp_target_options *options, struct hwp_error *err)
{
	const char *damage = target ? hwp_target_damage(target) : NULL;

	if (err && !damage && target && target->facts.memmap_excluded &&
	    err->code == HWP_ERROR_EXCLUDED)
		damage = "makedumpfile -e left struct pages out of this dump";
	return hwp_error_prefix(err, "%s%s%s", hwp_target_options_path(options), damage ? ": " : "",
				damage ? damage : "");
}

bool hwp_target_vmcoreinfo_found(const struct hwp_target *target)
{
	return target->facts.vmcoreinfo_found;
}

bool hwp_target_memmap_excluded(const struct hwp_target *target)
{
	return target->facts.memmap_excluded;
}

struct hwp_open_times hwp_target_open_times(const struct hwp_target *target)
{
	return target->times;
}

uint64_t hwp_target_end_pfn(const struct hwp_target *target)
{
	return target->facts.end_pfn;
}

unsigned int hwp_target_page_shift(const struct hwp_target *target)
{
	return target->facts.page_shift;
}

const char *hwp_target_memory_provider(const struct hwp_target *target)
{
	return target->memory.ops->name;
}

const char *hwp_target_type_provider(const struct hwp_target *target)
{
	return target->types.ops ? target->types.ops->name : "none";
}

const char *hwp_target_symbol_provider(const struct hwp_target *target)
{
	return target->symbols.ops ? target->symbols.ops->name : "none";
}

bool hwp_target_has_symbols(const struct hwp_target *target)
{
	return target->symbols.ops;
}

bool hwp_target_has_types(const struct hwp_target *target)
{
	return target->types.ops;
}

struct hwp_error *hwp_target_vmcoreinfo_symbol(const struct hwp_target *target, const char *name,
					       uint64_t *ret)
{
	_cleanup_free_ char *key = NULL;

	if (asprintf(&key, "SYMBOL(%s)", name) < 0) {
		key = NULL;
		return hwp_error_no_memory();
	}
	return hwp_target_vmcoreinfo_number(target, key, ret);
}

const char *hwp_target_machine(const struct hwp_target *target)
{
	const char *machine = hwp_page_tables_machine(hwp_target_vmcoreinfo_text(target));

	return machine ? machine : "";
}

const char *hwp_target_release(const struct hwp_target *target)
{
	return target->release;
}

bool hwp_target_is_interrupted(const struct hwp_target *target)
{
	return target->interrupted && *target->interrupted;
}

bool hwp_target_has_reader(const struct hwp_target *target)
{
	return target->reader.ops;
}

/* The clock is read after so many reads. */
#define READS_PER_LOOK 64

/** Sleep until our share of one CPU's time is within the limit. */
static void pace(struct hwp_target *target)
{
	uint64_t used, wanted, passed;
	struct timespec cpu;

	if (!target->max_cpu_percent || target->max_cpu_percent >= 100 ||
	    ++target->nr_reads % READS_PER_LOOK)
		return;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	used = hwp_timespec_ns(&cpu);
	wanted = used * 100 / target->max_cpu_percent;
	passed = hwp_now_ns() - target->start_ns;
	if (wanted > passed) {
		struct timespec rest = { .tv_sec = (time_t)((wanted - passed) / HWP_NS_PER_SECOND),
					 .tv_nsec = (long)((wanted - passed) % HWP_NS_PER_SECOND) };

		nanosleep(&rest, NULL);
	}
}

bool hwp_target_is_starved(const struct hwp_target *target)
{
	return target->is_starved;
}

static struct hwp_error *note_starved(struct hwp_target *target, struct hwp_error *err)
{
	target->is_starved |= err && err->code == HWP_ERROR_NO_MEMORY;
	return err;
}

struct hwp_error *hwp_target_read(struct hwp_target *target, enum hwp_space space, uint64_t address,
				  void *buf, size_t size, size_t *nr_read_ret)
{
	size_t nr_read = 0;
	struct hwp_error *err;

	pace(target);
	if (hwp_target_is_interrupted(target))
		err = hwp_error_create(HWP_ERROR_INTERRUPTED, "interrupted");
	else if (size > UINT64_MAX - address)
		err = hwp_error_at(HWP_ERROR_FAULT, address, "address 0x%" PRIx64 " wraps around",
				   address);
	else
		err = target->memory.ops->read(target->memory.arg, space, address, buf, size,
					       &nr_read);
	if (nr_read_ret)
		*nr_read_ret = nr_read;
	return note_starved(target, err);
}

struct hwp_error *hwp_target_read_u64(struct hwp_target *target, uint64_t address, uint64_t *ret)
{
	return hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, ret, sizeof(*ret), NULL);
}

struct hwp_error *hwp_target_read_u32(struct hwp_target *target, uint64_t address, uint32_t *ret)
{
	return hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, ret, sizeof(*ret), NULL);
}

struct hwp_error *hwp_target_read_string(struct hwp_target *target, uint64_t address, char *buf,
					 size_t size)
{
	struct hwp_error *err;
	size_t nr_read;

	memset(buf, 0, size);
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, buf, size - 1, &nr_read);
	if (err && memchr(buf, '\0', nr_read)) {
		hwp_error_destroy(err);
		err = NULL;
	}
	return err;
}

struct hwp_error *hwp_target_symbols(struct hwp_target *target, struct hwp_symbol *syms, size_t nr)
{
	if (!target->symbols.ops)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the target has no symbols");
	return note_starved(target, target->symbols.ops->symbols(target->symbols.arg, syms, nr));
}

struct hwp_error *hwp_target_expect(struct hwp_target *target, const char *source)
{
	const struct hwp_provider *types = &target->types;

	return types->ops && types->ops->expect ? types->ops->expect(types->arg, source) : NULL;
}

struct hwp_error *hwp_target_member(struct hwp_target *target, const char *type, const char *member,
				    struct hwp_member *ret)
{
	if (!target->types.ops)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the target has no types");
	return note_starved(target,
			    target->types.ops->member(target->types.arg, type, member, ret));
}

struct hwp_error *hwp_target_enumerator(struct hwp_target *target, const char *type,
					const char *name, int64_t *ret)
{
	if (!target->types.ops)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the target has no types");
	return note_starved(target,
			    target->types.ops->enumerator(target->types.arg, type, name, ret));
}

const char *hwp_target_vmcoreinfo(const struct hwp_target *target, const char *key, size_t *len_ret)
{
	return hwp_vmcoreinfo_find(target->vmcoreinfo, key, len_ret);
}

const char *hwp_target_vmcoreinfo_text(const struct hwp_target *target)
{
	return target->vmcoreinfo;
}

struct hwp_error *hwp_target_vmcoreinfo_number(const struct hwp_target *target, const char *key,
					       uint64_t *ret)
{
	return hwp_vmcoreinfo_number(target->vmcoreinfo, key, ret);
}

enum hwp_function hwp_target_function(struct hwp_target *target, const char *file, const char *name)
{
	const struct hwp_provider *p = &target->functions;
	enum hwp_function function = HWP_FUNCTION_UNKNOWN;

	if (p->ops && p->ops->function)
		hwp_error_destroy(p->ops->function(p->arg, file, name, &function));
	return function;
}
