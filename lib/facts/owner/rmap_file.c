// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/rmap_file.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"

/* For what is too long; there is always room for it. */
#define CUT "..."
/* NAME_MAX, and its NUL. */
#define NAME_SIZE 256
/* Names of one inode, mounts of one super block, mounts on top of each other. */
#define MAX_ALIASES 64
#define MAX_MOUNTS 4096
#define MAX_MOUNT_DEPTH 64
/* Directories in a path; the kernel takes no longer one than PATH_MAX, 4096 characters. */
#define MAX_DEPTH 256

/** From a mapping to its file, and to the names of that. */
struct file_layout {
	uint32_t host, i_data, ino, nlink, sb, aliases, alias, parent, name, hash, sb_id, sb_type,
		type_name;
	/** Whether its mapping holds large folios: by one of the two, and with nr_thps by none. */
	uint32_t flags, nr_thps, order_bits, max_order, large_folios;
	/** Bit of flags. */
	uint32_t io_error;
};

static const struct hwp_need file_rows[] = {
	HWP_OFFSET(struct file_layout, host, "address_space.host"),
	HWP_OFFSET(struct file_layout, i_data, "inode.i_data"),
	HWP_OFFSET(struct file_layout, ino, "inode.i_ino"),
	HWP_OFFSET(struct file_layout, nlink, "inode.i_nlink"),
	HWP_OFFSET(struct file_layout, sb, "inode.i_sb"),
	HWP_OFFSET(struct file_layout, aliases, "inode.i_dentry"),
	/* The union d_u has no name in v7.3. */
	HWP_OFFSET(struct file_layout, alias, "dentry.d_alias dentry.d_u.d_alias"),
	HWP_OFFSET(struct file_layout, parent, "dentry.d_parent"),
	HWP_OFFSET(struct file_layout, name, "dentry.d_name.name"),
	HWP_OFFSET(struct file_layout, hash, "dentry.d_hash.pprev"),
	HWP_OFFSET(struct file_layout, sb_id, "super_block.s_id"),
	HWP_OFFSET(struct file_layout, sb_type, "super_block.s_type"),
	HWP_OFFSET(struct file_layout, type_name, "file_system_type.name"),
	HWP_OFFSET(struct file_layout, flags, "address_space.flags", .optional = true),
	/* CONFIG_READ_ONLY_THP_FOR_FS */
	HWP_OFFSET(struct file_layout, nr_thps, "address_space.nr_thps", .optional = true),
	/* "fs: Allow fine-grained control of folio sizes" (in v6.12) made the bit two numbers. */
	HWP_VALUE(struct file_layout, order_bits, "mapping_flags:AS_FOLIO_ORDER_BITS",
		  .optional = true),
	HWP_VALUE(struct file_layout, max_order, "mapping_flags:AS_FOLIO_ORDER_MAX",
		  .optional = true),
	HWP_VALUE(struct file_layout, large_folios, "mapping_flags:AS_LARGE_FOLIO_SUPPORT",
		  .optional = true),
	HWP_VALUE(struct file_layout, io_error, "mapping_flags:AS_EIO", .optional = true),
};

const struct hwp_needs hwp_rmap_file_needs = {
	.rows = file_rows,
	.nr = HWP_ARRAY_SIZE(file_rows),
	.sources = (const char *const[]){ "fs/namespace.c", NULL },
	.size = sizeof(struct file_layout),
};

/** From a super block to where it is mounted. */
struct mount_layout {
	uint64_t init_nsproxy;
	uint32_t sb_mounts, root, mountpoint, parent, ns, nsproxy_ns;
	/** How the mounts of a super block are linked: a kernel has one of the two. */
	uint32_t next_for_sb, instance;
};

static const struct hwp_need mount_rows[] = {
	HWP_SYMBOL(struct mount_layout, init_nsproxy, "init_nsproxy"),
	HWP_OFFSET(struct mount_layout, sb_mounts, "super_block.s_mounts"),
	HWP_OFFSET(struct mount_layout, root, "mount.mnt.mnt_root"),
	HWP_OFFSET(struct mount_layout, mountpoint, "mount.mnt_mountpoint"),
	HWP_OFFSET(struct mount_layout, parent, "mount.mnt_parent"),
	HWP_OFFSET(struct mount_layout, ns, "mount.mnt_ns"),
	HWP_OFFSET(struct mount_layout, nsproxy_ns, "nsproxy.mnt_ns"),
	/* Linux kernel commit 09a1b33c080f ("preparations to taking MNT_WRITE_HOLD out of
	 * ->mnt_flags") (in v6.18) made a list of pointers of s_mounts. */
	HWP_OFFSET(struct mount_layout, next_for_sb, "mount.mnt_next_for_sb", .optional = true),
	HWP_OFFSET(struct mount_layout, instance, "mount.mnt_instance", .optional = true),
};

static bool decide_mount(struct hwp_resolver *r, void *own)
{
	const struct mount_layout *at = own;

	(void)r;
	return at->next_for_sb != HWP_ABSENT || at->instance != HWP_ABSENT;
}

const struct hwp_needs hwp_rmap_mount_needs = {
	.rows = mount_rows,
	.nr = HWP_ARRAY_SIZE(mount_rows),
	.sources = (const char *const[]){ "fs/namespace.c", NULL },
	.size = sizeof(struct mount_layout),
	.decide = decide_mount,
};

struct walk {
	struct hwp_target *target;
	const struct file_layout *at;
	/** NULL where this kernel lacks something of it. */
	const struct mount_layout *mount;
	/** The path grows to the left: it starts here in file->path, which it fills to its end. */
	struct hwp_file *file;
	size_t start;
	bool is_cut;
	/** The dentry and those above it, the file system's root last. */
	uint64_t dentries[MAX_DEPTH];
	size_t nr_dentries;
};

static bool read_word(struct walk *w, uint64_t address, uint64_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_u64(w->target, address, ret);

	return !err;
}

static bool read_string(struct walk *w, uint64_t address, char *buf, size_t size)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_string(w->target, address, buf,
								       size);

	return !err;
}

/** Nothing in a name may steer a terminal: ASCII's control characters, or C1 in UTF-8. */
static void clean(char *name)
{
	for (unsigned char *s = (unsigned char *)name; *s; s++) {
		bool is_c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		if (*s < 0x20 || *s == 0x7f || is_c1)
			*s = '?';
		if (is_c1)
			*++s = '?';
	}
}

/** "/" and the name of @p dentry to the left of the path; what does not fit is cut. */
static bool put_name(struct walk *w, uint64_t dentry)
{
	char name[NAME_SIZE], *path = w->file->path;
	uint64_t address;
	size_t len;

	if (!read_word(w, dentry + w->at->name, &address) ||
	    !read_string(w, address, name, sizeof(name)) || !*name)
		return false;
	clean(name);
	len = strlen(name);
	if (w->is_cut)
		return true;
	w->is_cut = len + 1 + strlen(CUT) > w->start;
	if (w->is_cut) {
		w->start -= strlen(CUT);
		memcpy(path + w->start, CUT, strlen(CUT));
		return true;
	}
	w->start -= len;
	memcpy(path + w->start, name, len);
	path[--w->start] = '/';
	return true;
}

/** A name of the inode that the kernel still finds by it, or else any. */
static bool find_dentry(struct walk *w, uint64_t inode, uint64_t *dentry_ret, bool *hashed_ret)
{
	const struct file_layout *at = w->at;
	uint64_t node, hash;
	bool found = false;

	if (!read_word(w, inode + at->aliases, &node))
		return false;
	for (unsigned int i = 0; node && i < MAX_ALIASES; i++) {
		uint64_t dentry = node - at->alias;

		if (!read_word(w, dentry + at->hash, &hash))
			break;
		if (!found || hash) {
			*dentry_ret = dentry;
			*hashed_ret = hash != 0;
			found = true;
		}
		/* hlist_node starts with next. */
		if (hash || !read_word(w, node, &node))
			break;
	}
	return found;
}

/** The dentries from @p dentry up; false when there is no end. */
static bool climb(struct walk *w, uint64_t dentry)
{
	uint64_t parent;

	for (w->nr_dentries = 0; w->nr_dentries < MAX_DEPTH; dentry = parent) {
		w->dentries[w->nr_dentries++] = dentry;
		if (!read_word(w, dentry + w->at->parent, &parent))
			return false;
		if (parent == dentry)
			return true;
	}
	return false;
}

static bool put_names_below(struct walk *w, size_t end)
{
	for (size_t i = 0; i < end; i++) {
		if (!put_name(w, w->dentries[i]))
			return false;
	}
	return true;
}

/** How many names lead from the root of @p mount to the file; false if none do. */
static bool find_depth(const struct walk *w, uint64_t root, size_t *ret)
{
	for (size_t i = 0; i < w->nr_dentries; i++) {
		if (w->dentries[i] == root) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool first_mount(struct walk *w, uint64_t sb, uint64_t *ret)
{
	const struct mount_layout *at = w->mount;

	if (!read_word(w, sb + at->sb_mounts, ret))
		return false;
	if (at->next_for_sb == HWP_ABSENT)
		*ret = *ret == sb + at->sb_mounts ? 0 : *ret - at->instance;
	return *ret != 0;
}

static bool next_mount(struct walk *w, uint64_t sb, uint64_t mount, uint64_t *ret)
{
	const struct mount_layout *at = w->mount;
	bool is_list = at->next_for_sb == HWP_ABSENT;

	if (!read_word(w, mount + (is_list ? at->instance : at->next_for_sb), ret))
		return false;
	if (is_list)
		*ret = *ret == sb + at->sb_mounts ? 0 : *ret - at->instance;
	return *ret != 0;
}

/**
 * The mount that init sees @p sb by, and how many names lead from its root to the file. If
 * there are several, the one with the highest root is preferred, then the oldest (first in the
 * list up to v6.17, last in the pointers from v6.18).
 */
static bool find_mount(struct walk *w, uint64_t sb, uint64_t *mount_ret, size_t *depth_ret)
{
	const struct mount_layout *at = w->mount;
	uint64_t init_ns, mount, ns, root;
	bool more, found = false;
	size_t depth;

	if (!at || !read_word(w, at->init_nsproxy + at->nsproxy_ns, &init_ns))
		return false;
	more = first_mount(w, sb, &mount);
	for (unsigned int i = 0; more && i < MAX_MOUNTS; i++) {
		if (read_word(w, mount + at->ns, &ns) && ns == init_ns &&
		    read_word(w, mount + at->root, &root) && find_depth(w, root, &depth) &&
		    (!found || depth > *depth_ret ||
		     (depth == *depth_ret && at->next_for_sb != HWP_ABSENT))) {
			found = true;
			*mount_ret = mount;
			*depth_ret = depth;
		}
		more = next_mount(w, sb, mount, &mount);
	}
	return found;
}

/** The names that lead to the place where @p mount is mounted. */
static bool put_mountpoints(struct walk *w, uint64_t mount)
{
	const struct mount_layout *at = w->mount;
	uint64_t parent, dentry, root;
	size_t depth;

	for (unsigned int i = 0; i < MAX_MOUNT_DEPTH; i++) {
		if (!read_word(w, mount + at->parent, &parent))
			return false;
		if (parent == mount)
			return true;
		if (!read_word(w, mount + at->mountpoint, &dentry) || !climb(w, dentry) ||
		    !read_word(w, parent + at->root, &root) || !find_depth(w, root, &depth) ||
		    !put_names_below(w, depth))
			return false;
		mount = parent;
	}
	return false;
}

static void begin_path(struct walk *w)
{
	w->start = sizeof(w->file->path) - 1;
	w->is_cut = false;
}

/** A file that never was in a directory, like a memfd, has the name of its root. */
static bool put_names_in_file_system(struct walk *w, uint64_t dentry)
{
	return climb(w, dentry) && put_names_below(w, w->nr_dentries > 1 ? w->nr_dentries - 1 : 1);
}

static void find_path(struct walk *w, uint64_t sb, uint64_t dentry)
{
	struct hwp_file *file = w->file;
	uint64_t mount = 0;
	size_t depth = 0;

	begin_path(w);
	file->is_mounted = climb(w, dentry) && find_mount(w, sb, &mount, &depth) &&
			   put_names_below(w, depth) && put_mountpoints(w, mount);
	if (!file->is_mounted) {
		begin_path(w);
		if (!put_names_in_file_system(w, dentry))
			begin_path(w);
	}
	memmove(file->path, file->path + w->start, sizeof(file->path) - w->start);
}

static bool read_file_system(struct walk *w, uint64_t sb)
{
	const struct file_layout *at = w->at;
	struct hwp_file *file = w->file;
	uint64_t type, name;

	if (!read_word(w, sb + at->sb_type, &type) || !read_word(w, type + at->type_name, &name) ||
	    !read_string(w, name, file->filesystem, sizeof(file->filesystem)) ||
	    !read_string(w, sb + at->sb_id, file->device, sizeof(file->device)))
		return false;
	clean(file->filesystem);
	clean(file->device);
	/* The inode of a block device has its number; the kernel's MAJOR() and MINOR(). */
	if (strcmp(file->filesystem, "bdev") == 0)
		snprintf(file->device, sizeof(file->device), "%u:%u",
			 (unsigned int)file->inode >> 20, (unsigned int)file->inode & 0xfffff);
	return true;
}

/**
 * khugepaged puts huge pages into the page cache of read-only files whatever their mapping
 * says; so it does with shmem, whose pages are known by PG_swapbacked.
 */
static enum hwp_answer has_large_folios(struct walk *w, uint64_t mapping)
{
	const struct file_layout *at = w->at;
	uint64_t flags, mask = 0;

	if (at->order_bits < 8 && at->max_order < 64 - at->order_bits)
		mask = ((UINT64_C(1) << at->order_bits) - 1) << at->max_order;
	else if (at->large_folios < 64)
		mask = UINT64_C(1) << at->large_folios;
	if (!mask || at->flags == HWP_ABSENT || !read_word(w, mapping + at->flags, &flags))
		return HWP_ANSWER_UNKNOWN;
	if (flags & mask)
		return HWP_ANSWER_YES;
	return at->nr_thps == HWP_ABSENT ? HWP_ANSWER_NO : HWP_ANSWER_UNKNOWN;
}

/** mapping_set_error() sets the flag; filemap_check_errors(), which fsync() asks, clears it. */
static enum hwp_answer has_io_error(struct walk *w, uint64_t mapping)
{
	const struct file_layout *at = w->at;
	uint64_t flags;

	if (at->io_error >= 64 || at->flags == HWP_ABSENT ||
	    !read_word(w, mapping + at->flags, &flags))
		return HWP_ANSWER_UNKNOWN;
	return flags >> at->io_error & 1 ? HWP_ANSWER_YES : HWP_ANSWER_NO;
}

bool hwp_rmap_file(struct hwp_target *target, const struct hwp_layout *l, uint64_t mapping,
		   struct hwp_file *ret)
{
	const struct file_layout *at = hwp_layout_of(l, &hwp_rmap_file_needs);
	struct walk w = { .target = target,
			  .at = at,
			  .mount = hwp_layout_of(l, &hwp_rmap_mount_needs),
			  .file = ret };
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t inode, sb, dentry, parent;
	uint32_t nr_links;
	bool is_hashed;

	memset(ret, 0, sizeof(*ret));
	/* Anybody may use the word; only a mapping in its own inode is the page cache's. */
	if (!at || !read_word(&w, mapping + at->host, &inode) || inode + at->i_data != mapping ||
	    !read_word(&w, inode + at->ino, &ret->inode) || !read_word(&w, inode + at->sb, &sb) ||
	    !read_file_system(&w, sb))
		return false;
	ret->large_folios = has_large_folios(&w, mapping);
	ret->io_error = has_io_error(&w, mapping);
	err = hwp_target_read_u32(target, inode + at->nlink, &nr_links);
	ret->is_deleted = !err && nr_links == 0;
	if (find_dentry(&w, inode, &dentry, &is_hashed)) {
		find_path(&w, sb, dentry);
		/* d_unlinked() */
		ret->is_deleted |= !is_hashed && read_word(&w, dentry + at->parent, &parent) &&
				   parent != dentry;
	}
	return true;
}
