// SPDX-License-Identifier: GPL-2.0-or-later
/** From a mapping to a path and to who maps it, on trees and names that lie. */
#include "machine.h"

#include <cmocka.h>

#include "facts/owner/rmap.h"
#include "facts/owner/rmap_file.h"

/* Objects of 256 bytes each; how a kernel packs them does not matter. */
#define SLAB UINT64_C(0xff11000100000000)
#define OBJECT 256
#define NR_OBJECTS 1600

/* Offsets in an object, whatever it is. */
enum {
	AT_HOST = 0,
	AT_I_MMAP = 8,
	AT_FLAGS = 24,
	AT_INO = 16,
	AT_SB = 24,
	AT_NLINK = 32,
	AT_ALIASES = 40,
	AT_I_DATA = 64,
	AT_PARENT = 0,
	AT_NAME = 8,
	AT_HASH = 16,
	AT_ALIAS = 24,
	AT_SB_ID = 0,
	AT_SB_TYPE = 32,
	AT_SB_MOUNTS = 40,
	AT_MNT_ROOT = 0,
	AT_MOUNTPOINT = 8,
	AT_MNT_PARENT = 16,
	AT_MNT_NS = 24,
	AT_INSTANCE = 32,
	AT_RB = 0,
	AT_SUBTREE_LAST = 24,
	AT_START = 32,
	AT_END = 40,
	AT_PGOFF = 48,
	AT_MM = 56,
	AT_ANON_VMA = 64,
	AT_ANON_LO = 72,
	AT_ANON_HI = 84,
	AT_AV_ROOT = 0,
	AT_AV_TREE = 8,
	AT_CHAIN_VMA = 0,
	AT_CHAIN_RB = 8,
	AT_TGID = 0,
	AT_START_TIME = 8,
	AT_COMM = 16,
	AT_LEADER = 32,
	AT_TASKS = 40,
	AT_TASK_MM = 56,
	RB_RIGHT = 8,
	RB_LEFT = 16,
};

struct scene {
	struct machine *m;
	char slab[NR_OBJECTS * OBJECT];
	unsigned int nr;
	uint64_t inode, sb, root, file, ns, proxy, init_task;
	/** v6.18 on: the mounts of a super block are linked by pointers. */
	bool has_pointers;
	/** To v6.6: the index of a HugeTLB folio. */
	bool counts_folios;
	/** v7.3 on: anonymous pages are counted by the address that they had first. */
	bool has_anon_pgoff;
	/** CONFIG_READ_ONLY_THP_FOR_FS; a kernel that does not say which files have large folios. */
	bool has_nr_thps, has_no_orders;
	struct hwp_rmap rmap;
};

static uint64_t object(struct scene *s)
{
	assert_true(s->nr < NR_OBJECTS);
	return SLAB + (uint64_t)s->nr++ * OBJECT;
}

static char *at(struct scene *s, uint64_t address)
{
	return s->slab + (address - SLAB);
}

static void put(struct scene *s, uint64_t address, uint64_t value)
{
	synth_put(at(s, address), 0, value, 8);
}

static uint64_t text(struct scene *s, const char *value)
{
	uint64_t address = object(s);

	memcpy(at(s, address), value, strlen(value) + 1);
	return address;
}

static uint64_t dentry(struct scene *s, uint64_t parent, const char *name)
{
	uint64_t d = object(s);

	put(s, d + AT_PARENT, parent ? parent : d);
	put(s, d + AT_NAME, text(s, name));
	put(s, d + AT_HASH, 1);
	return d;
}

static void name_inode(struct scene *s, uint64_t d)
{
	put(s, d + AT_ALIAS, machine_get(s->m, s->inode + AT_ALIASES));
	put(s, s->inode + AT_ALIASES, d + AT_ALIAS);
}

/** Mounted with @p root as its own root; @p parent 0: at the top. */
static uint64_t mount(struct scene *s, uint64_t sb, uint64_t root, uint64_t parent,
		      uint64_t mountpoint, uint64_t ns)
{
	uint64_t mnt = object(s), head = sb + AT_SB_MOUNTS;

	put(s, mnt + AT_MNT_ROOT, root);
	put(s, mnt + AT_MNT_PARENT, parent ? parent : mnt);
	put(s, mnt + AT_MOUNTPOINT, mountpoint ? mountpoint : root);
	put(s, mnt + AT_MNT_NS, ns);
	if (!s->has_pointers) {
		machine_list_add_tail(s->m, head, mnt + AT_INSTANCE);
	} else {
		put(s, mnt + AT_INSTANCE, machine_get(s->m, head));
		put(s, head, mnt);
	}
	return mnt;
}

static uint64_t super_block(struct scene *s, const char *type, const char *id)
{
	uint64_t sb = object(s), fs = object(s);

	strcpy(at(s, sb + AT_SB_ID), id);
	put(s, sb + AT_SB_TYPE, fs);
	put(s, fs, text(s, type));
	if (!s->has_pointers)
		machine_list_init(s->m, sb + AT_SB_MOUNTS);
	return sb;
}

/** A VMA of pages [pgoff, pgoff + nr) in the process @p pid, 0 for one without an owner. */
static uint64_t vma(struct scene *s, uint64_t pgoff, uint64_t nr, uint32_t pid)
{
	uint64_t v = object(s), mm = object(s), task = pid ? object(s) : 0;

	put(s, v + AT_PGOFF, pgoff);
	put(s, v + AT_START, 0x7f0000000000);
	put(s, v + AT_END, 0x7f0000000000 + nr * 4096);
	put(s, v + AT_SUBTREE_LAST, pgoff + nr - 1);
	put(s, v + AT_MM, mm);
	put(s, mm, task);
	if (pid) {
		put(s, task + AT_LEADER, task);
		synth_put(at(s, task), AT_TGID, pid, 4);
		snprintf(at(s, task + AT_COMM), 16, "task%u", pid);
		put(s, task + AT_TASK_MM, mm);
		machine_list_add_tail(s->m, s->init_task + AT_TASKS, task + AT_TASKS);
	}
	return v;
}

/** As a kernel lays it out that has no @p lost (NULL: all of it). */
static void layout(struct scene *s, const char *lost)
{
	static const struct hwp_needs *const needs[] = {
		&hwp_rmap_process_needs, &hwp_rmap_anon_needs,	&hwp_rmap_mapper_needs,
		&hwp_rmap_file_needs,	 &hwp_rmap_mount_needs, NULL
	};
	static const struct synth_member types[] = {
		MEMBER("mm_struct", "owner", 0, 8),
		MEMBER("task_struct", "group_leader", AT_LEADER, 8),
		MEMBER("task_struct", "tasks", AT_TASKS, 16),
		MEMBER("task_struct", "mm", AT_TASK_MM, 8),
		MEMBER("task_struct", "tgid", AT_TGID, 4),
		MEMBER("task_struct", "comm", AT_COMM, 16),
		MEMBER("task_struct", "start_time", AT_START_TIME, 8),
		MEMBER("anon_vma", "root", AT_AV_ROOT, 8),
		MEMBER("anon_vma", "rb_root", AT_AV_TREE, 16),
		MEMBER("anon_vma_chain", "rb", AT_CHAIN_RB, 24),
		MEMBER("anon_vma_chain", "vma", AT_CHAIN_VMA, 8),
		MEMBER("rb_node", "rb_left", RB_LEFT, 8),
		MEMBER("rb_node", "rb_right", RB_RIGHT, 8),
		MEMBER("vm_area_struct", "anon_vma", AT_ANON_VMA, 8),
		MEMBER("vm_area_struct", "vm_mm", AT_MM, 8),
		MEMBER("vm_area_struct", "shared.rb", AT_RB, 24),
		MEMBER("vm_area_struct", "shared.rb_subtree_last", AT_SUBTREE_LAST, 8),
		MEMBER("vm_area_struct", "vm_start", AT_START, 8),
		MEMBER("vm_area_struct", "vm_end", AT_END, 8),
		MEMBER("vm_area_struct", "vm_pgoff", AT_PGOFF, 8),
		MEMBER("address_space", "i_mmap", AT_I_MMAP, 16),
		MEMBER("address_space", "host", AT_HOST, 8),
		MEMBER("inode", "i_data", AT_I_DATA, 192),
		MEMBER("inode", "i_ino", AT_INO, 8),
		MEMBER("inode", "i_nlink", AT_NLINK, 4),
		MEMBER("inode", "i_sb", AT_SB, 8),
		MEMBER("inode", "i_dentry", AT_ALIASES, 8),
		MEMBER("dentry", "d_u.d_alias", AT_ALIAS, 16),
		MEMBER("dentry", "d_parent", AT_PARENT, 8),
		MEMBER("dentry", "d_name.name", AT_NAME, 8),
		MEMBER("dentry", "d_hash.pprev", AT_HASH, 8),
		MEMBER("super_block", "s_id", AT_SB_ID, 32),
		MEMBER("super_block", "s_type", AT_SB_TYPE, 8),
		MEMBER("super_block", "s_mounts", AT_SB_MOUNTS, 16),
		MEMBER("file_system_type", "name", 0, 8),
		MEMBER("mount", "mnt.mnt_root", AT_MNT_ROOT, 8),
		MEMBER("mount", "mnt_mountpoint", AT_MOUNTPOINT, 8),
		MEMBER("mount", "mnt_parent", AT_MNT_PARENT, 8),
		MEMBER("mount", "mnt_ns", AT_MNT_NS, 8),
		MEMBER("nsproxy", "mnt_ns", 0, 8),
		MEMBER("address_space", "flags", AT_FLAGS, 8),
		/* The link of a super block's mounts, and CONFIG_READ_ONLY_THP_FOR_FS;
		 * __vm_anon_pgoff. */
		{},
		{},
		{},
		{},
		{}
	};
	static const struct synth_member nr_thps = MEMBER("address_space", "nr_thps", AT_FLAGS + 8,
							  4);
	static const struct synth_enumerator bits[] = {
		{ "mapping_flags", "AS_FOLIO_ORDER_BITS", 5 },
		{ "mapping_flags", "AS_FOLIO_ORDER_MAX", 21 },
		{ "mapping_flags", "AS_LARGE_FOLIO_SUPPORT", 6 },
		{ "mapping_flags", "AS_EIO", 0 },
		{}
	};
	static const struct synth_member since_618 = MEMBER("mount", "mnt_next_for_sb", AT_INSTANCE,
							    8),
					 until_617 = MEMBER("mount", "mnt_instance", AT_INSTANCE,
							    16);
	static const struct synth_member halves[] = {
		MEMBER("vm_area_struct", "__vm_anon_pgoff_lo", AT_ANON_LO, 4),
		MEMBER("vm_area_struct", "__vm_anon_pgoff_hi", AT_ANON_HI, 4),
	};
	const struct synth_symbol symbols[] = { { "init_nsproxy", s->proxy },
						{ "init_task", s->init_task },
						{ s->counts_folios ? "hugetlb_basepage_index" : "",
						  1 },
						{} };
	struct synth_member all[HWP_ARRAY_SIZE(types)];
	const struct synth kernel = { .symbols = symbols,
				      .members = all,
				      .enumerators = s->has_no_orders ? bits + 3 : bits,
				      .lost = lost };

	memcpy(all, types, sizeof(types));
	all[HWP_ARRAY_SIZE(types) - 5] = s->has_pointers ? since_618 : until_617;
	if (s->has_anon_pgoff)
		memcpy(&all[HWP_ARRAY_SIZE(types) - 4], halves, sizeof(halves));
	if (s->has_nr_thps)
		all[HWP_ARRAY_SIZE(types) - (s->has_anon_pgoff ? 2 : 4)] = nr_thps;
	hwp_layout_deinit(&s->m->layout);
	synth_resolve(&kernel, &s->m->layout, needs);
}

/** /srv/data/file of an ext4 that is mounted at /srv. */
static struct scene *scene_create(bool has_pointers)
{
	struct scene *s = calloc(1, sizeof(*s));
	uint64_t top_sb, top, top_root;

	s->m = machine_create(has_pointers ? kernel_73 : kernel_61);
	s->has_pointers = has_pointers;
	synth_add(&s->m->synth, SLAB, s->slab, sizeof(s->slab));
	s->proxy = object(s);
	s->ns = object(s);
	put(s, s->proxy, s->ns);
	s->init_task = object(s);
	machine_list_init(s->m, s->init_task + AT_TASKS);
	layout(s, NULL);
	top_sb = super_block(s, "ext4", "vda1");
	top_root = dentry(s, 0, "/");
	top = mount(s, top_sb, top_root, 0, 0, s->ns);
	s->sb = super_block(s, "ext4", "vdb");
	s->root = dentry(s, 0, "/");
	mount(s, s->sb, s->root, top, dentry(s, top_root, "srv"), s->ns);
	s->inode = object(s);
	put(s, s->inode + AT_INO, 77);
	put(s, s->inode + AT_SB, s->sb);
	put(s, s->inode + AT_NLINK, 1);
	put(s, s->inode + AT_I_DATA + AT_HOST, s->inode);
	s->file = dentry(s, dentry(s, s->root, "data"), "file");
	name_inode(s, s->file);
	machine_open(s->m);
	s->rmap = (struct hwp_rmap){ s->m->target, &s->m->layout, .findings = s->m->findings };
	return s;
}

static void scene_destroy(struct scene *s)
{
	machine_destroy(s->m);
	free(s);
}

static struct hwp_file look(struct scene *s)
{
	struct hwp_file file;

	assert_true(hwp_rmap_file(s->m->target, &s->m->layout, s->inode + AT_I_DATA, &file));
	assert_non_null(memchr(file.path, '\0', sizeof(file.path)));
	return file;
}

static void assert_path(struct scene *s, const char *path, bool is_mounted)
{
	struct hwp_file file = look(s);

	assert_string_equal(file.path, path);
	assert_int_equal(file.is_mounted, is_mounted);
}

static struct hwp_owner owner_at(struct scene *s, uint64_t index)
{
	struct hwp_page_words page = { .mapping = s->inode + AT_I_DATA, .index = index };
	struct hwp_folio_facts folio = { .order = -1 };
	struct hwp_owner owner;

	assert_null(hwp_rmap_owner(&s->rmap, 0x1000, &page, &folio, &owner));
	return owner;
}

static void where_it_is_mounted(void **state)
{
	(void)state;
	for (int has_pointers = 0; has_pointers < 2; has_pointers++) {
		struct scene *s = scene_create(has_pointers);
		uint64_t data = machine_get(s->m, s->file + AT_PARENT), opt;
		struct hwp_file file = look(s);

		assert_string_equal(file.path, "/srv/data/file");
		assert_true(file.is_mounted);
		assert_false(file.is_deleted);
		assert_int_equal(file.inode, 77);
		assert_string_equal(file.filesystem, "ext4");
		assert_string_equal(file.device, "vdb");
		/* Neither a later mount, nor one of a part of it, nor a container's. */
		opt = dentry(s, 0, "/");
		mount(s, s->sb, s->root, 0, 0, object(s));
		mount(s, s->sb, data, 0, 0, s->ns);
		mount(s, s->sb, s->root, mount(s, super_block(s, "ext4", "vdc"), opt, 0, 0, s->ns),
		      dentry(s, opt, "opt"), s->ns);
		assert_path(s, "/srv/data/file", true);
		/* A container's alone: the path inside the file system. */
		put(s, s->ns - OBJECT, object(s));
		assert_path(s, "/data/file", false);
		scene_destroy(s);
	}
}

static void other_names(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t other = dentry(s, s->root, "other");

	(void)state;
	/* Deleted by one name, it has another. */
	name_inode(s, other);
	put(s, other + AT_HASH, 0);
	assert_path(s, "/srv/data/file", true);
	assert_false(look(s).is_deleted);
	put(s, s->file + AT_HASH, 0);
	assert_path(s, "/srv/other", true);
	assert_true(look(s).is_deleted);
	/* The name has left memory, the file has it still. */
	put(s, s->inode + AT_ALIASES, 0);
	assert_path(s, "", false);
	assert_false(look(s).is_deleted);
	put(s, s->inode + AT_NLINK, 0);
	assert_true(look(s).is_deleted);
	/* A memfd is in no directory. */
	name_inode(s, dentry(s, 0, "memfd:x"));
	assert_path(s, "/memfd:x", false);
	scene_destroy(s);
}

static void block_device(void **state)
{
	struct scene *s = scene_create(true);

	(void)state;
	strcpy(at(s, machine_get(s->m, machine_get(s->m, s->sb + AT_SB_TYPE))), "bdev");
	put(s, s->inode + AT_INO, 254u << 20 | 17);
	assert_string_equal(look(s).device, "254:17");
	scene_destroy(s);
}

/* By the bit until v6.11, by the largest order since. */
static void large_folios(void **state)
{
	static const struct {
		const char *lost;
		uint64_t flags;
		bool has_nr_thps, has_no_orders;
		enum hwp_answer want;
	} rows[] = {
		{ NULL, 0x8, false, false, HWP_ANSWER_NO },
		{ NULL, 0x48, false, false, HWP_ANSWER_NO },
		{ NULL, 0x1200000, false, false, HWP_ANSWER_YES },
		{ NULL, 0x8, true, false, HWP_ANSWER_UNKNOWN },
		{ NULL, 0x1200000, true, false, HWP_ANSWER_YES },
		{ "AS_FOLIO_ORDER_BITS", 0x8, false, false, HWP_ANSWER_NO },
		{ "AS_FOLIO_ORDER_MAX", 0x48, false, false, HWP_ANSWER_YES },
		{ "address_space.flags", 0x8, false, false, HWP_ANSWER_UNKNOWN },
		{ NULL, 0x8, false, true, HWP_ANSWER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_create(false);

		s->has_nr_thps = rows[i].has_nr_thps;
		s->has_no_orders = rows[i].has_no_orders;
		layout(s, rows[i].lost);
		put(s, s->inode + AT_I_DATA + AT_FLAGS, rows[i].flags);
		print_message("# row %zu\n", i);
		assert_int_equal(look(s).large_folios, rows[i].want);
		scene_destroy(s);
	}
}

/* AS_EIO, beside AS_ENOSPC. */
static void io_error(void **state)
{
	static const struct {
		const char *lost;
		uint64_t flags;
		enum hwp_answer want;
	} rows[] = {
		{ NULL, 0x8, HWP_ANSWER_NO },
		{ NULL, 0x2, HWP_ANSWER_NO },
		{ NULL, 0x9, HWP_ANSWER_YES },
		{ "AS_EIO", 0x9, HWP_ANSWER_UNKNOWN },
		{ "address_space.flags", 0x9, HWP_ANSWER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_create(false);

		layout(s, rows[i].lost);
		put(s, s->inode + AT_I_DATA + AT_FLAGS, rows[i].flags);
		print_message("# row %zu\n", i);
		assert_int_equal(look(s).io_error, rows[i].want);
		scene_destroy(s);
	}
}

static void names_that_lie(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t name = machine_get(s->m, s->file + AT_NAME), deep = s->root;
	struct hwp_file file;

	(void)state;
	strcpy(at(s, name), "a\x1b[2Jb\nc\x7f"
			    "d\xc2\x9b"
			    "e\xc3\xa4");
	assert_path(s, "/srv/data/a?[2Jb?c?d??e\xc3\xa4", true);
	/* Without an end. */
	memset(at(s, name), 'x', OBJECT);
	file = look(s);
	assert_int_equal(strlen(file.path), strlen("/srv/data/") + 255);
	*at(s, name) = '\0';
	assert_path(s, "", false);
	put(s, s->file + AT_NAME, 0xff11000200000000);
	assert_path(s, "", false);
	put(s, s->file + AT_NAME, name);
	strcpy(at(s, name), "file");
	/* Longer than can be shown: its end is. */
	for (int i = 0; i < 60; i++)
		deep = dentry(s, deep, "directory");
	put(s, s->file + AT_PARENT, deep);
	file = look(s);
	assert_true(file.is_mounted);
	assert_memory_equal(file.path, ".../directory/", 14);
	assert_string_equal(file.path + strlen(file.path) - 15, "/directory/file");
	assert_true(strlen(file.path) > 490);
	scene_destroy(s);
}

static void loops(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t data = machine_get(s->m, s->file + AT_PARENT), mnt;

	(void)state;
	/* Two directories in each other. */
	put(s, data + AT_PARENT, s->file);
	assert_path(s, "", false);
	put(s, data + AT_PARENT, s->root);
	/* Mounts that follow each other for ever, and one that is mounted below itself. */
	mnt = machine_get(s->m, s->sb + AT_SB_MOUNTS);
	put(s, mnt + AT_INSTANCE, mnt);
	assert_path(s, "/srv/data/file", true);
	put(s, mnt + AT_MNT_PARENT, mnt + 1);
	assert_path(s, "/data/file", false);
	/* Names of the inode. */
	put(s, s->file + AT_HASH, 0);
	put(s, s->file + AT_ALIAS, s->file + AT_ALIAS);
	assert_path(s, "/data/file", false);
	scene_destroy(s);
}

static void loops_in_a_list(void **state)
{
	struct scene *s = scene_create(false);
	uint64_t mnt = machine_get(s->m, s->sb + AT_SB_MOUNTS);

	(void)state;
	put(s, mnt, mnt);
	assert_path(s, "/srv/data/file", true);
	scene_destroy(s);
}

/* Without a word about its mount a file still has its place in the file system. */
static void unreadable_mounts(void **state)
{
	/** Of the super block (false) or of its mount. */
	static const struct {
		bool is_of_mount;
		uint64_t at;
		bool is_found;
	} rows[] = {
		{ false, AT_SB_MOUNTS, false }, { true, AT_MNT_NS, false },
		{ true, AT_MNT_ROOT, false },	{ true, AT_MNT_PARENT, false },
		{ true, AT_MOUNTPOINT, false }, { true, AT_INSTANCE, true },
	};

	(void)state;
	for (size_t i = 0; i < 2 * HWP_ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_create(i % 2);
		uint64_t mnt = machine_get(s->m, s->sb + AT_SB_MOUNTS) -
			       (s->has_pointers ? 0 : AT_INSTANCE);

		print_message("# row %zu\n", i / 2);
		synth_exclude(&s->m->synth,
			      (rows[i / 2].is_of_mount ? mnt : s->sb) + rows[i / 2].at, 8);
		hwp_target_destroy(s->m->target);
		s->m->target = synth_open(&s->m->synth);
		assert_path(s, rows[i / 2].is_found ? "/srv/data/file" : "/data/file",
			    rows[i / 2].is_found);
		scene_destroy(s);
	}
}

static void no_file(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t mapping = s->inode + AT_I_DATA;
	struct hwp_file file;
	struct hwp_owner owner;

	(void)state;
	put(s, mapping + AT_HOST, s->inode + 8);
	assert_false(hwp_rmap_file(s->m->target, &s->m->layout, mapping, &file));
	owner = owner_at(s, 0);
	assert_false(owner.has_file || owner.found || owner.saw_all_mappers);
	assert_false(hwp_rmap_file(s->m->target, &s->m->layout, 0xff11000200000000, &file));
	put(s, mapping + AT_HOST, s->inode);
	/* A kernel that lacks a member costs what hangs on it. */
	layout(s, "mount.mnt_ns");
	assert_path(s, "/data/file", false);
	layout(s, s->has_pointers ? "mount.mnt_next_for_sb" : "mount.mnt_instance");
	assert_path(s, "/data/file", false);
	layout(s, "init_nsproxy");
	assert_path(s, "/data/file", false);
	layout(s, NULL);
	assert_path(s, "/srv/data/file", true);
	layout(s, "dentry.d_hash.pprev");
	assert_false(hwp_rmap_file(s->m->target, &s->m->layout, mapping, &file));
	scene_destroy(s);
}

static void link_nodes(struct scene *s, uint64_t up, uint64_t left, uint64_t right)
{
	put(s, up + RB_LEFT, left);
	put(s, up + RB_RIGHT, right);
}

static void who_maps_it(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t a = vma(s, 0, 10, 11), b = vma(s, 4, 4, 12), c = vma(s, 20, 1, 13);
	struct hwp_owner owner;

	(void)state;
	owner = owner_at(s, 3);
	assert_true(owner.has_file && owner.saw_all_mappers);
	assert_false(owner.found);
	assert_int_equal(owner.nr_mappers, 0);
	assert_int_equal(s->m->findings->files.nr, 1);
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, b);
	link_nodes(s, b, a, c);
	put(s, b + AT_SUBTREE_LAST, 20);
	owner = owner_at(s, 4);
	assert_true(owner.found && owner.saw_all_mappers);
	assert_int_equal(owner.nr_mappers, 2);
	assert_int_equal(owner.pid, 11);
	assert_string_equal(owner.comm, "task11");
	assert_int_equal(owner.vma, a);
	assert_int_equal(owner.mm, machine_get(s->m, a + AT_MM));
	assert_int_equal(owner.task, machine_get(s->m, owner.mm));
	assert_int_equal(owner.user_address, 0x7f0000004000);
	assert_true(owner.has_offset);
	assert_int_equal(owner.offset, 0x4000);
	assert_false(owner.allocated_it || owner.has_start);
	assert_int_equal(owner_at(s, 20).pid, 13);
	assert_int_equal(owner_at(s, 9).nr_mappers, 1);
	assert_int_equal(owner_at(s, 10).nr_mappers, 0);
	assert_int_equal(owner_at(s, 21).nr_mappers, 0);
	/* One file, however many pages. */
	assert_int_equal(s->m->findings->files.nr, 1);
	/* Two VMAs of one process are one mapper. */
	put(s, b + AT_MM, machine_get(s->m, a + AT_MM));
	assert_int_equal(owner_at(s, 5).nr_mappers, 1);
	/* The first has no task any more: the next one stands for it. */
	put(s, b + AT_MM, machine_get(s->m, c + AT_MM));
	put(s, machine_get(s->m, a + AT_MM), 0);
	owner = owner_at(s, 6);
	assert_int_equal(owner.pid, 13);
	assert_int_equal(owner.nr_mappers, 2);
	assert_int_equal(owner.vma, b);
	assert_int_equal(owner.user_address, 0x7f0000002000);
	scene_destroy(s);
}

/** The node of an anon_vma_chain of @p vma, which has @p anon for its own. */
static uint64_t chain_of(struct scene *s, uint64_t vma, uint64_t anon)
{
	uint64_t chain = object(s);

	put(s, chain + AT_CHAIN_VMA, vma);
	put(s, vma + AT_ANON_VMA, anon);
	return chain + AT_CHAIN_RB;
}

/** An anonymous page: where its VMA has it, page by page; in no VMA that ends before it. */
static void anonymous(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t v = vma(s, 0x7f0000000, 4, 11), second = vma(s, 0x7f0000004, 2, 11);
	uint64_t anon = object(s), node = chain_of(s, v, anon);
	struct hwp_page_words page = { .mapping = anon + 1 };
	struct hwp_folio_facts folio = { .kind = HWP_FOLIO_NONE };
	struct hwp_owner owner;

	(void)state;
	put(s, anon + AT_AV_ROOT, anon);
	put(s, anon + AT_AV_TREE, node);
	for (uint64_t i = 0; i < 6; i++) {
		page.index = 0x7f0000000 + i;
		assert_null(hwp_rmap_owner(&s->rmap, 0x1000 + i, &page, &folio, &owner));
		assert_int_equal(owner.pid, 11);
		assert_true(owner.allocated_it);
		assert_int_equal(owner.mm, machine_get(s->m, v + AT_MM));
		assert_int_equal(owner.task, machine_get(s->m, owner.mm));
		assert_int_equal(owner.vma, i < 4 ? v : 0);
		assert_false(owner.has_offset);
		assert_int_equal(owner.user_address, i < 4 ? 0x7f0000000000 + i * 4096 : 0);
	}
	page.index = 0x7effffffe;
	assert_null(hwp_rmap_owner(&s->rmap, 0x1000, &page, &folio, &owner));
	assert_int_equal(owner.vma, 0);
	/* Its neighbour, and another process's after fork. */
	put(s, node + RB_LEFT, chain_of(s, vma(s, 0x7f0000004, 1, 12), 0));
	put(s, node + RB_RIGHT, chain_of(s, second, anon));
	put(s, second + AT_MM, machine_get(s->m, v + AT_MM));
	for (uint64_t i = 2; i < 6; i++) {
		page.index = 0x7f0000000 + i;
		assert_null(hwp_rmap_owner(&s->rmap, 0x1000 + i, &page, &folio, &owner));
		assert_int_equal(owner.pid, 11);
		assert_int_equal(owner.vma, i < 4 ? v : second);
		assert_int_equal(owner.user_address, 0x7f0000000000 + (i < 4 ? i : i - 4) * 4096);
	}
	scene_destroy(s);
}

/**
 * A private mapping of a file, page 3 of which is the first, and of HugeTLB: by the file until v7.3,
 * by the address that the VMA had when its first page came since, not by that which it has.
 */
static void private_file(void **state)
{
	const uint64_t first = UINT64_C(0x7f1234567);

	(void)state;
	for (int by_address = 0; by_address < 2; by_address++) {
		struct scene *s = scene_create(true);
		uint64_t v = vma(s, 3, 1024, 11), anon = object(s);
		struct hwp_page_words page = { .mapping = anon + 1 };
		struct hwp_folio_facts folio = { .kind = HWP_FOLIO_NONE };
		struct hwp_owner owner;

		s->has_anon_pgoff = by_address;
		layout(s, NULL);
		put(s, anon + AT_AV_ROOT, anon);
		put(s, anon + AT_AV_TREE, chain_of(s, v, anon));
		synth_put(at(s, v), AT_ANON_LO, first & UINT32_MAX, 4);
		synth_put(at(s, v), AT_ANON_HI, first >> 32, 4);
		page.index = (by_address ? first : 3) + 2;
		assert_null(hwp_rmap_owner(&s->rmap, 0x1000, &page, &folio, &owner));
		assert_int_equal(owner.vma, v);
		assert_int_equal(owner.user_address, 0x7f0000002000);
		page.index = (by_address ? 3 : first) + 2;
		assert_null(hwp_rmap_owner(&s->rmap, 0x1001, &page, &folio, &owner));
		assert_int_equal(owner.pid, 11);
		assert_int_equal(owner.vma, 0);
		folio = (struct hwp_folio_facts){
			.kind = HWP_FOLIO_HUGETLB,
			.head_pfn = 0x1200,
			.order = 9,
			.head = { .mapping = anon + 1, .index = by_address ? first : 3 },
		};
		assert_null(hwp_rmap_owner(&s->rmap, 0x1205, &page, &folio, &owner));
		assert_int_equal(owner.vma, v);
		assert_int_equal(owner.user_address, 0x7f0000005000);
		/* A page of the file itself is where the file has it. */
		put(s, s->inode + AT_I_DATA + AT_I_MMAP, v);
		assert_int_equal(owner_at(s, 5).user_address, 0x7f0000002000);
		scene_destroy(s);
	}
}

/* When the first thread has ended, mm->owner is one that may be younger than the memory. */
static void threads(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t v = vma(s, 0, 10, 11), mm = machine_get(s->m, v + AT_MM);
	uint64_t leader = machine_get(s->m, mm), thread = object(s);
	struct hwp_owner owner;

	(void)state;
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, v);
	put(s, thread + AT_LEADER, leader);
	synth_put(at(s, thread), AT_TGID, 11, 4);
	strcpy(at(s, thread + AT_COMM), "thread");
	put(s, mm, thread);
	owner = owner_at(s, 1);
	assert_int_equal(owner.pid, 11);
	assert_string_equal(owner.comm, "task11");
	scene_destroy(s);
}

/** A VMA whose process cannot be read: it is one that was not seen. */
static void unseen_mapper(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t v = vma(s, 0, 10, 11);
	struct hwp_owner owner;

	(void)state;
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, v);
	/* What is behind its vm_pgoff is no longer there. */
	for (size_t i = 0; i < s->m->synth.nr_segments; i++) {
		if (s->m->synth.segments[i].address == SLAB)
			s->m->synth.segments[i].size = v + AT_MM - SLAB;
	}
	hwp_target_destroy(s->m->target);
	s->m->target = synth_open(&s->m->synth);
	s->rmap.target = s->m->target;
	owner = owner_at(s, 3);
	assert_true(owner.has_file);
	assert_false(owner.found);
	assert_int_equal(owner.nr_mappers, 0);
	assert_false(owner.saw_all_mappers);
	scene_destroy(s);
}

static void trees_that_lie(void **state)
{
	struct scene *s = scene_create(true);
	uint64_t a = vma(s, 0, 10, 11), b = vma(s, 0, 10, 12);
	struct hwp_owner owner;

	(void)state;
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, a);
	link_nodes(s, a, b, b);
	link_nodes(s, b, a, a);
	owner = owner_at(s, 1);
	assert_true(owner.found);
	assert_false(owner.saw_all_mappers);
	assert_int_equal(owner.nr_mappers, 2);
	assert_true(s->m->synth.nr_reads < 20000);
	/* To nowhere. */
	link_nodes(s, a, 0xff11000200000000, 0);
	owner = owner_at(s, 2);
	assert_int_equal(owner.pid, 11);
	assert_false(owner.saw_all_mappers);
	/* A VMA that ends before it starts. */
	link_nodes(s, a, 0, 0);
	put(s, a + AT_END, 0);
	assert_int_equal(owner_at(s, 3).nr_mappers, 0);
	scene_destroy(s);
}

static void index_in_folio(void **state)
{
	struct scene *s = scene_create(true);
	struct hwp_page_words page = {};
	struct hwp_folio_facts folio = {
		.kind = HWP_FOLIO_LARGE,
		.head_pfn = 0x1200,
		.order = 9,
		.head = { .mapping = s->inode + AT_I_DATA, .index = 512 },
	};
	struct hwp_owner owner;

	(void)state;
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, vma(s, 600, 1, 11));
	assert_null(hwp_rmap_owner(&s->rmap, 0x1200 + 88, &page, &folio, &owner));
	assert_true(owner.found);
	assert_null(hwp_rmap_owner(&s->rmap, 0x1200 + 87, &page, &folio, &owner));
	assert_false(owner.found);
	/* HugeTLB: in pages, or in folios of the file. */
	folio.kind = HWP_FOLIO_HUGETLB;
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, vma(s, 512, 512, 12));
	assert_null(hwp_rmap_owner(&s->rmap, 0x1200 + 5, &page, &folio, &owner));
	assert_int_equal(owner.pid, 12);
	assert_int_equal(owner.user_address, 0x7f0000005000);
	s->counts_folios = true;
	layout(s, NULL);
	folio.head.index = 1;
	memset(s->rmap.known, 0, sizeof(s->rmap.known));
	assert_null(hwp_rmap_owner(&s->rmap, 0x1200 + 5, &page, &folio, &owner));
	assert_int_equal(owner.pid, 12);
	assert_int_equal(owner.user_address, 0x7f0000005000);
	assert_null(hwp_rmap_owner(&s->rmap, 0x1200 + 6, &page, &folio, &owner));
	assert_int_equal(owner.user_address, 0x7f0000006000);
	assert_int_equal(owner.offset, (512 + 6) * 4096);
	scene_destroy(s);
}

/** Pages of several files stand mixed: each file is read once. */
static void mixed_files(void **state)
{
	struct scene *s = scene_create(true);
	struct hwp_page_words page = { .index = 3 };
	struct hwp_folio_facts folio = { .kind = HWP_FOLIO_NONE };
	struct hwp_owner owner;

	(void)state;
	for (int i = 0; i < 3; i++) {
		page.mapping = s->inode + AT_I_DATA;
		assert_null(hwp_rmap_owner(&s->rmap, 0x1200, &page, &folio, &owner));
		assert_true(owner.has_file);
		assert_int_equal(owner.file, 0);
		/* No file's. */
		page.mapping += 64;
		assert_null(hwp_rmap_owner(&s->rmap, 0x1201, &page, &folio, &owner));
		assert_false(owner.has_file);
	}
	assert_int_equal(s->m->findings->files.nr, 1);
	scene_destroy(s);
}

/* Without CONFIG_MEMCG an address space does not name its process: that names it. */
static void without_memcg(void **state)
{
	static const char *const needed[] = { "init_task", "task_struct.tasks", "task_struct.mm" };
	struct scene *s = scene_create(true);
	uint64_t a = vma(s, 0, 10, 11), b = vma(s, 4, 4, 12), mm = machine_get(s->m, a + AT_MM);
	uint64_t task = machine_get(s->m, mm);
	struct hwp_owner owner;

	(void)state;
	put(s, s->inode + AT_I_DATA + AT_I_MMAP, b);
	link_nodes(s, b, a, 0);
	put(s, b + AT_SUBTREE_LAST, 9);
	layout(s, "mm_struct.owner");
	/* Not the word that was mm->owner. */
	put(s, mm, 0);
	owner = owner_at(s, 0);
	assert_true(owner.found);
	assert_int_equal(owner.pid, 11);
	assert_int_equal(owner.task, task);
	assert_int_equal(owner.mm, mm);
	/* A kernel's thread has borrowed it, and nobody has it as his own. */
	put(s, task + AT_TASK_MM, 0);
	assert_false(owner_at(s, 1).found);
	/* A list that does not come back. */
	put(s, task + AT_TASKS, task + AT_TASKS);
	assert_false(owner_at(s, 2).found);
	put(s, task + AT_TASK_MM, mm);
	assert_true(owner_at(s, 3).found);
	/* With mm->owner nothing else is asked for. */
	for (size_t i = 0; i < HWP_ARRAY_SIZE(needed); i++) {
		layout(s, needed[i]);
		put(s, mm, task);
		assert_int_equal(owner_at(s, 7 + i).pid, 11);
	}
	scene_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_is_mounted), cmocka_unit_test(other_names),
		cmocka_unit_test(block_device),	       cmocka_unit_test(large_folios),
		cmocka_unit_test(names_that_lie),      cmocka_unit_test(loops),
		cmocka_unit_test(loops_in_a_list),     cmocka_unit_test(no_file),
		cmocka_unit_test(who_maps_it),	       cmocka_unit_test(threads),
		cmocka_unit_test(trees_that_lie),      cmocka_unit_test(unseen_mapper),
		cmocka_unit_test(unreadable_mounts),   cmocka_unit_test(index_in_folio),
		cmocka_unit_test(mixed_files),	       cmocka_unit_test(io_error),
		cmocka_unit_test(anonymous),	       cmocka_unit_test(without_memcg),
		cmocka_unit_test(private_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
