// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/codec.h"

#include <stdbool.h>
#include <stdlib.h>

#ifdef HWP_HAVE_LIBDEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zstd.h>

/* Pages are small: a higher level takes long and gains little. */
#define ZSTD_LEVEL 6

/* Each is made when the first page asks for it. */
struct hwp_codec {
#ifdef HWP_HAVE_LIBDEFLATE
	struct libdeflate_decompressor *deflate;
#else
	z_stream deflate;
	bool has_deflate;
#endif
	ZSTD_DCtx *zstd;
	ZSTD_CCtx *zstd_packer;
};

struct hwp_error *hwp_codec_create(struct hwp_codec **ret)
{
	struct hwp_codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return hwp_error_no_memory();
	*ret = codec;
	return NULL;
}

#ifdef HWP_HAVE_LIBDEFLATE
static void deflate_deinit(struct hwp_codec *codec)
{
	libdeflate_free_decompressor(codec->deflate);
}

static struct hwp_error *unpack_zlib(struct hwp_codec *codec, const void *from, size_t from_size,
				     void *to, size_t to_size, size_t *nr_ret)
{
	if (!codec->deflate)
		codec->deflate = libdeflate_alloc_decompressor();
	if (!codec->deflate)
		return hwp_error_no_memory();
	if (libdeflate_zlib_decompress(codec->deflate, from, from_size, to, to_size, nr_ret) !=
	    LIBDEFLATE_SUCCESS)
		*nr_ret = 0;
	return NULL;
}
#else
static void deflate_deinit(struct hwp_codec *codec)
{
	if (codec->has_deflate)
		inflateEnd(&codec->deflate);
}

static struct hwp_error *unpack_zlib(struct hwp_codec *codec, const void *from, size_t from_size,
				     void *to, size_t to_size, size_t *nr_ret)
{
	z_stream *z = &codec->deflate;

	if (!codec->has_deflate && inflateInit(z) != Z_OK)
		return hwp_error_no_memory();
	codec->has_deflate = true;
	if (inflateReset(z) != Z_OK)
		return NULL;
	z->next_in = (unsigned char *)from;
	z->avail_in = (unsigned int)from_size;
	z->next_out = to;
	z->avail_out = (unsigned int)to_size;
	if (inflate(z, Z_FINISH) == Z_STREAM_END)
		*nr_ret = to_size - z->avail_out;
	return NULL;
}
#endif

void hwp_codec_destroy(struct hwp_codec *codec)
{
	if (!codec)
		return;
	deflate_deinit(codec);
	ZSTD_freeDCtx(codec->zstd);
	ZSTD_freeCCtx(codec->zstd_packer);
	free(codec);
}

/* ZSTD_decompress() makes a context for each page, which takes four times as long as the page. */
static struct hwp_error *unpack_zstd(struct hwp_codec *codec, const void *from, size_t from_size,
				     void *to, size_t to_size, size_t *nr_ret)
{
	size_t nr;

	if (!codec->zstd)
		codec->zstd = ZSTD_createDCtx();
	if (!codec->zstd)
		return hwp_error_no_memory();
	nr = ZSTD_decompressDCtx(codec->zstd, to, to_size, from, from_size);
	*nr_ret = ZSTD_isError(nr) ? 0 : nr;
	return NULL;
}

static size_t unpack_lzo(const void *from, size_t from_size, void *to, size_t to_size)
{
	lzo_uint nr = to_size;

	return lzo1x_decompress_safe(from, from_size, to, &nr, NULL) == LZO_E_OK ? nr : 0;
}

static size_t unpack_snappy(const void *from, size_t from_size, void *to, size_t to_size)
{
	size_t nr = to_size;

	return snappy_uncompress(from, from_size, to, &nr) == SNAPPY_OK ? nr : 0;
}

struct hwp_error *hwp_codec_unpack(struct hwp_codec *codec, unsigned int method, const void *from,
				   size_t from_size, void *to, size_t to_size)
{
	struct hwp_error *err = NULL;
	size_t nr = 0;

	switch (method) {
	case HWP_PACKED_ZLIB:
		err = unpack_zlib(codec, from, from_size, to, to_size, &nr);
		break;
	case HWP_PACKED_ZSTD:
		err = unpack_zstd(codec, from, from_size, to, to_size, &nr);
		break;
	case HWP_PACKED_LZO:
		nr = unpack_lzo(from, from_size, to, to_size);
		break;
	case HWP_PACKED_SNAPPY:
		nr = unpack_snappy(from, from_size, to, to_size);
		break;
	default:
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"a page is packed by a method that is not known (0x%x)",
					method);
	}
	if (!err && nr != to_size)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "a page cannot be unpacked");
	return err;
}

size_t hwp_codec_pack(struct hwp_codec *codec, const void *from, size_t from_size, void *to,
		      size_t room)
{
	size_t nr;

	if (!codec->zstd_packer)
		codec->zstd_packer = ZSTD_createCCtx();
	if (!codec->zstd_packer)
		return 0;
	nr = ZSTD_compressCCtx(codec->zstd_packer, to, room, from, from_size, ZSTD_LEVEL);
	return ZSTD_isError(nr) ? 0 : nr;
}
