// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The command `hwpoison` inside crash, and crash as a host: memory by readmem(),
 * crash's symbols and gdb's types. The only file that includes crash's header.
 *
 * crash leaves commands by longjmp(): on errors, on SIGINT, on SIGPIPE. None of
 * these may happen while the library runs, or what it holds would not be freed:
 * all calls of crash here return their errors, and both signals are handled here.
 */
#include <crash/defs.h>
#include <inttypes.h>
#include <sys/ioctl.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "crash_help.h"
#include "target/memory/host_memory.h"
#include "target/memory/running.h"
#include "target/providers.h"

#include "../../cmds/command.h"

#define MAX_EXPRESSION 256

/** Set by the signal handler. */
static volatile sig_atomic_t interrupted;

/**
 * An answer of gdb's, kept because each takes 20 to 100 ms. That there is none is kept for one
 * run only: `gdb set language rust` makes gdb fail, and can be taken back.
 */
struct known {
	/** A member's path, or the name of an enumerator; NULL for the type itself. */
	char *type, *name;
	bool is_enumerator, found;
	struct hwp_member member;
	int64_t value;
};

typedef HWP_VEC(struct known) known_vec;

struct crash_types {
	/** The file that gdb writes its answers to. */
	FILE *answer;
	/** The language that the user has set in gdb; empty if it is not known. */
	char language[32];
};

/** Kept for the whole session: crash has one kernel open as long as it runs. */
static known_vec known;

static bool is_live(void)
{
	return pc->flags & LIVE_SYSTEM;
}

static bool is_minimal(void)
{
	return pc->flags & MINIMAL_MODE;
}

static bool read_by_crash(void *arg, enum hwp_space space, uint64_t address, void *buf, size_t size)
{
	FILE *out = fp;
	bool done;

	(void)arg;
	/* What crash says of a damaged page goes to the terminal, and not into a report in a file. */
	fp = pc->nullfp;
	done = readmem(address, space == HWP_PHYSICAL ? PHYSADDR : KVADDR, buf, (long)size,
		       "hwpoison", RETURN_ON_ERROR | QUIET);
	fp = out;
	return done;
}

static struct hwp_error *crash_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				    size_t size, size_t *nr_read_ret)
{
	return hwp_host_memory_read(arg, space, address, buf, size, nr_read_ret);
}

/** The kernel's own copy; the note in the dump was made from it. */
static struct hwp_error *vmcoreinfo_in_memory(char **ret)
{
	struct syment *data = symbol_search("vmcoreinfo_data");
	struct syment *size = symbol_search("vmcoreinfo_size");
	_cleanup_free_ char *text = NULL;
	uint64_t address, len;

	/* VMCOREINFO_BYTES is a page: include/linux/vmcore_info.h. */
	if (!data || !size ||
	    !read_by_crash(NULL, HWP_KERNEL_VIRTUAL, data->value, &address, sizeof(address)) ||
	    !read_by_crash(NULL, HWP_KERNEL_VIRTUAL, size->value, &len, sizeof(len)) ||
	    len > PAGESIZE())
		return hwp_error_create(HWP_ERROR_LOOKUP, "crash cannot read VMCOREINFO");
	text = calloc(1, len + 1);
	if (!text)
		return hwp_error_no_memory();
	if (!read_by_crash(NULL, HWP_KERNEL_VIRTUAL, address, text, len))
		return hwp_error_create(HWP_ERROR_LOOKUP, "crash cannot read VMCOREINFO");
	*ret = no_cleanup_ptr(text);
	return NULL;
}

static struct hwp_error *crash_vmcoreinfo(void *arg, char **ret)
{
	struct hwp_host_memory *m = arg;
	struct hwp_error *err;

	if (!m->own.ops)
		return vmcoreinfo_in_memory(ret);
	err = m->own.ops->vmcoreinfo(m->own.arg, ret);
	return hwp_error_catch(&err, HWP_ERROR_LOOKUP) ? vmcoreinfo_in_memory(ret) : err;
}

static struct hwp_error *crash_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	(void)arg;
	for (size_t i = 0; i < nr; i++) {
		struct syment *symbol;

		/* symbol_search() does not return from an empty name. */
		symbol = *syms[i].name ? symbol_search((char *)syms[i].name) : NULL;

		syms[i].found = symbol;
		if (symbol)
			syms[i].address = symbol->value;
	}
	return NULL;
}

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static const struct sigaction interrupt_action = {
	.sa_handler = on_interrupt,
	.sa_flags = SA_RESTART,
};

/**
 * gdb would fail the request on ^C, and crash restores its own handler after each
 * request, which would jump out of here: block the signal until ours is back.
 */
static void hold_interrupts(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

static void release_interrupts(const sigset_t *before)
{
	sigaction(SIGINT, &interrupt_action, NULL);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/** Let gdb run @p command; false if it failed or printed nothing. */
static bool ask_gdb(struct crash_types *t, const char *command, char *answer, size_t size)
{
	char line[MAX_EXPRESSION + 64];
	size_t len;

	rewind(t->answer);
	if (ftruncate(fileno(t->answer), 0))
		return false;
	/* gdb may write into what it is given. */
	snprintf(line, sizeof(line), "%s", command);
	if (!gdb_pass_through(line, t->answer, GNU_RETURN_ON_ERROR))
		return false;
	fflush(t->answer);
	rewind(t->answer);
	len = fread(answer, 1, size - 1, t->answer);
	answer[len] = '\0';
	return len > 0;
}

/** Elements of the outermost array in "type = struct free_area [11]"; 0 if it is not an array. */
static uint64_t array_length(const char *whatis)
{
	size_t len = strcspn(whatis, "\n");
	const char *bracket = memchr(whatis, '[', len);

	if (!bracket || whatis[len - 1] != ']' || memmem(whatis, len, "(*", 2))
		return 0;
	return strtoull(bracket + 1, NULL, 10);
}

struct expression {
	char text[MAX_EXPRESSION];
	uint64_t nr_elements;
};

/** Walk along @p path from a null pointer to @p type; arrays are entered. */
static bool follow(struct crash_types *t, const char *type, const char *path,
		   struct expression *ret)
{
	char command[MAX_EXPRESSION + 16], answer[256];
	int len;

	len = snprintf(ret->text, sizeof(ret->text), "((%s *)0)->", type);
	for (const char *name = path; *name;) {
		size_t name_len = (size_t)(strchrnul(name, '.') - name);

		len += snprintf(ret->text + len, sizeof(ret->text) - (size_t)len, "%.*s",
				(int)name_len, name);
		if ((size_t)len + 8 >= sizeof(ret->text))
			return false;
		snprintf(command, sizeof(command), "whatis %s", ret->text);
		if (!ask_gdb(t, command, answer, sizeof(answer)))
			return false;
		ret->nr_elements = array_length(answer);
		name += name_len + (name[name_len] == '.');
		if (!*name)
			break;
		for (const char *c = ret->nr_elements ? answer : ""; *c; c++)
			if (*c == '[')
				len += snprintf(ret->text + len, sizeof(ret->text) - (size_t)len,
						"[0]");
		if ((size_t)len + 8 >= sizeof(ret->text))
			return false;
		len += snprintf(ret->text + len, sizeof(ret->text) - (size_t)len, ".");
	}
	return true;
}

static bool find_member(struct crash_types *t, const char *type, const char *path,
			struct hwp_member *ret)
{
	char command[2 * MAX_EXPRESSION + 64], answer[64];
	struct expression e = {};
	struct hwp_member m = {};

	if (!follow(t, type, path, &e))
		return false;
	snprintf(command, sizeof(command),
		 "printf \"%%lu %%lu\", (unsigned long)&%s, "
		 "(unsigned long)sizeof(%s)",
		 e.text, e.text);
	if (!ask_gdb(t, command, answer, sizeof(answer)) ||
	    sscanf(answer, "%" SCNu64 " %" SCNu64, &m.offset, &m.size) != 2)
		return false;
	m.nr_elements = e.nr_elements;
	*ret = m;
	return true;
}

/** What crash's own functions find fast: a named member that is not an array, or a type's size. */
static bool find_plain_member(const char *type_name, const char *member, struct hwp_member *ret)
{
	/* crash takes what it does not change as char *. */
	char *type = (char *)type_name, *path = (char *)member;
	long offset = 0, size;

	if (path) {
		if (strchr(path, '.') || MEMBER_TYPE(type, path) == TYPE_CODE_ARRAY)
			return false;
		offset = MEMBER_OFFSET(type, path);
		size = MEMBER_SIZE(type, path);
	} else {
		size = STRUCT_SIZE(type);
	}
	if (offset < 0 || size <= 0)
		return false;
	*ret = (struct hwp_member){ .offset = (uint64_t)offset, .size = (uint64_t)size };
	return true;
}

static bool look_up_member(struct crash_types *t, const char *type, const char *path,
			   struct hwp_member *ret)
{
	static const char *const kinds[] = { "struct", "union" };

	if (find_plain_member(type, path, ret))
		return true;
	/* If the type does not exist, gdb need not be asked. */
	for (size_t i = 0; path && STRUCT_SIZE((char *)type) > 0 && i < 2; i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s %s", kinds[i], type);
		if (find_member(t, name, path, ret))
			return true;
	}
	return false;
}

static struct known *find_known(bool is_enumerator, const char *type, const char *name)
{
	for (size_t i = 0; i < known.nr; i++) {
		struct known *k = &known.data[i];

		if (k->is_enumerator == is_enumerator && !k->type == !type && !k->name == !name &&
		    (!type || strcmp(k->type, type) == 0) && (!name || strcmp(k->name, name) == 0))
			return k;
	}
	return NULL;
}

/** Keep @p answer if there is memory for it; otherwise gdb is asked again. */
static void remember(struct known answer, const char *type, const char *name)
{
	answer.type = type ? strdup(type) : NULL;
	answer.name = name ? strdup(name) : NULL;
	if ((type && !answer.type) || (name && !answer.name) || !hwp_vec_push(&known, answer)) {
		free(answer.type);
		free(answer.name);
	}
}

static void forget_one(struct known *k)
{
	free(k->type);
	free(k->name);
}

static void forget_failures(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < known.nr; i++) {
		if (known.data[i].found)
			known.data[nr++] = known.data[i];
		else
			forget_one(&known.data[i]);
	}
	known.nr = nr;
}

static void forget(void)
{
	for (size_t i = 0; i < known.nr; i++)
		forget_one(&known.data[i]);
	hwp_vec_deinit(&known);
}

static struct hwp_error *crash_member(void *arg, const char *type, const char *path,
				      struct hwp_member *ret)
{
	const struct known *before = find_known(false, type, path);
	struct known answer = {};
	sigset_t before_ask;

	if (before) {
		answer = *before;
	} else {
		hold_interrupts(&before_ask);
		answer.found = look_up_member(arg, type, path, &answer.member);
		release_interrupts(&before_ask);
		remember(answer, type, path);
	}
	if (!answer.found)
		return hwp_error_create(HWP_ERROR_LOOKUP, "struct %s has no %s", type,
					path ? path : "definition");
	*ret = answer.member;
	return NULL;
}

static bool look_up_enumerator(struct crash_types *t, const char *type, const char *name,
			       int64_t *ret)
{
	char command[192], answer[192], wanted[128];

	snprintf(wanted, sizeof(wanted), "type = enum %s\n", type ? type : "{");
	snprintf(command, sizeof(command), "whatis %s", name);
	if (!ask_gdb(t, command, answer, sizeof(answer)) ||
	    (type ? strcmp(answer, wanted) != 0 : strncmp(answer, wanted, strlen(wanted) - 1) != 0))
		return false;
	snprintf(command, sizeof(command), "printf \"%%ld\", (long)%s", name);
	return ask_gdb(t, command, answer, sizeof(answer)) && sscanf(answer, "%" SCNd64, ret) == 1;
}

static struct hwp_error *crash_enumerator(void *arg, const char *type, const char *name,
					  int64_t *ret)
{
	const struct known *before = find_known(true, type, name);
	struct known answer = { .is_enumerator = true };
	sigset_t before_ask;

	if (before) {
		answer = *before;
	} else {
		hold_interrupts(&before_ask);
		answer.found = look_up_enumerator(arg, type, name, &answer.value);
		release_interrupts(&before_ask);
		remember(answer, type, name);
	}
	if (!answer.found)
		return hwp_error_create(HWP_ERROR_LOOKUP, "no enumerator %s in enum %s", name,
					type ? type : "{}");
	*ret = answer.value;
	return NULL;
}

static void memory_destroy(void *arg)
{
	struct hwp_host_memory *m = arg;

	hwp_host_memory_deinit(m);
	free(m);
}

static void set_language(struct crash_types *t, const char *language)
{
	char command[64], answer[64];
	sigset_t before;

	snprintf(command, sizeof(command), "set language %s", language);
	hold_interrupts(&before);
	/* It prints nothing. */
	(void)ask_gdb(t, command, answer, sizeof(answer));
	release_interrupts(&before);
}

/** Our questions are in C, whatever the user set. */
static void speak_c(struct crash_types *t)
{
	char answer[128];
	sigset_t before;
	bool is_known;

	hold_interrupts(&before);
	/* 'The current source language is "auto; currently c".' */
	is_known = ask_gdb(t, "show language", answer, sizeof(answer)) &&
		   sscanf(answer, "%*[^\"]\"%31[a-z0-9+-]", t->language) == 1;
	release_interrupts(&before);
	if (is_known)
		set_language(t, "c");
}

static void types_destroy(void *arg)
{
	struct crash_types *t = arg;

	forget_failures();
	if (*t->language)
		set_language(t, t->language);
	if (t->answer)
		fclose(t->answer);
	free(t);
}

/** Symbols belong to crash. */
static void symbols_destroy(void *arg)
{
	(void)arg;
}

static const struct hwp_provider_ops memory_ops = {
	.name = "crash",
	.read = crash_read,
	.vmcoreinfo = crash_vmcoreinfo,
	.destroy = memory_destroy,
};

static const struct hwp_provider_ops symbols_ops = {
	.name = "crash",
	.symbols = crash_symbols,
	.destroy = symbols_destroy,
};

static const struct hwp_provider_ops types_ops = {
	.name = "crash",
	.member = crash_member,
	.enumerator = crash_enumerator,
	.destroy = types_destroy,
};

/** Excluded pages that read as zeros would look healthy; our own reader does not read them so. */
static void note_zero_excluded(struct hwp_file_facts *facts)
{
	facts->zero_filled = *diskdump_flags & ZERO_EXCLUDED;
	if (facts->zero_filled)
		snprintf(facts->damage, sizeof(facts->damage),
			 "crash runs with --zero_excluded: pages that are not in the dump read "
			 "as zeros and look healthy");
}

static struct hwp_error *open_dump(struct hwp_host_providers *parts)
{
	struct hwp_host_memory *m = calloc(1, sizeof(*m));
	struct hwp_error *err = NULL;

	if (!m)
		return hwp_error_no_memory();
	m->name = "crash";
	m->read = read_by_crash;
	m->own_first = true;
	parts->memory = (struct hwp_provider){ &memory_ops, m };
	snprintf(parts->facts.format, sizeof(parts->facts.format), "opened by crash");
	parts->facts.page_shift = hwp_ilog2(PAGESIZE());
	if (!getenv("HWPOISON_READMEM"))
		err = hwp_host_memory_open_own(m, pc->dumpfile, false, &parts->reader,
					       &parts->facts);
	if (!m->own.ops)
		note_zero_excluded(&parts->facts);
	return err;
}

static struct hwp_error *open_types(struct hwp_provider *ret)
{
	struct crash_types *t = calloc(1, sizeof(*t));

	if (!t)
		return hwp_error_no_memory();
	*ret = (struct hwp_provider){ &types_ops, t };
	t->answer = tmpfile();
	if (!t->answer)
		return hwp_error_os(errno, "no temporary file for gdb's answers");
	speak_c(t);
	return NULL;
}

static struct hwp_error *host_names(void *arg, struct hwp_provider *symbols,
				    struct hwp_provider *types)
{
	(void)arg;
	*symbols = (struct hwp_provider){ &symbols_ops, NULL };
	if (is_minimal())
		return hwp_error_create(
			HWP_ERROR_LOOKUP,
			"crash --minimal has no types: start crash without --minimal");
	return open_types(types);
}

/**
 * A running kernel is read through the gate (gate.h) only, never by readmem(). The environment
 * asks for crash's symbols and types, so that they can be compared.
 */
static struct hwp_error *host_open(void *arg, struct hwp_host_providers *ret)
{
	struct hwp_error *err;

	err = is_live() ? hwp_running_memory_open(&ret->memory, &ret->facts) : open_dump(ret);
	return !err && getenv("HWPOISON_HOST_NAMES") ? host_names(arg, &ret->symbols, &ret->types) :
						       err;
}

struct output {
	char *text, *errors;
	size_t size, errors_size;
};

static void output_deinit(struct output *o)
{
	free(o->text);
	free(o->errors);
}

/** Columns of the terminal; 0 where the output goes elsewhere, a pager being none. */
static unsigned int columns(void)
{
	struct winsize size;

	if (pc->redirect & (REDIRECT_TO_PIPE | REDIRECT_TO_FILE) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

static bool run(struct output *output)
{
	const struct hwp_host host = {
		.name = "crash",
		.path = is_live() ? NULL : pc->dumpfile,
		.open = host_open,
		.open_names = host_names,
	};
	FILE *out = open_memstream(&output->text, &output->size);
	FILE *err = open_memstream(&output->errors, &output->errors_size);
	const struct hwp_context context = {
		.out = out,
		.err = err,
		.host = &host,
		.width = columns(),
		.like_crash = true,
		.prompt = "crash> ",
		.usage_hint = "\nUsage:\n  hwpoison [command] [options] [pfn]\n"
			      "Enter \"help hwpoison\" for details.",
		.interrupted = &interrupted,
	};

	if (out && err)
		hwp_run_command_line(&context, argcnt, args);
	if (out)
		fclose(out);
	if (err)
		fclose(err);
	return out && err;
}

/** Print to crash's pipe or redirection, whose reader may be gone already. */
static void print(const struct output *output)
{
	errno = 0;
	fwrite(output->text, 1, output->size, fp);
	fflush(fp);
	if (ferror(fp) && errno != EPIPE)
		fprintf(stderr, "hwpoison: cannot write the report: %s\n", strerror(errno));
	fwrite(output->errors, 1, output->errors_size, stderr);
}

static void cmd_hwpoison(void)
{
	_cleanup_(output_deinit) struct output output = {};
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_pipe;

	interrupted = 0;
	sigaction(SIGINT, &interrupt_action, &old_int);
	sigaction(SIGPIPE, &ignore, &old_pipe);
	if (run(&output)) {
		print(&output);
	} else {
		fprintf(stderr, "hwpoison: out of memory\n");
	}
	sigaction(SIGPIPE, &old_pipe, NULL);
	sigaction(SIGINT, &old_int, NULL);
}

static struct command_table_entry command_table[] = {
	{ "hwpoison", cmd_hwpoison, hwp_crash_help, MINIMAL },
	{},
};

static void __attribute__((__constructor__)) extension_init(void)
{
	register_extension(command_table);
}

static void __attribute__((__destructor__)) extension_fini(void)
{
	forget();
}
