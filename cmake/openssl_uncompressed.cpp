// SPDX-License-Identifier: MIT
// In a static program Debian 13's OpenSSL would bring zlib and zstd along, 0.8 MB, to compress certificates and the
// bytes of a BIO. dproxy switches the one off and never does the other: none of these is ever called.
#include <cstdlib>

#define NEVER_CALLED(name) \
    extern "C" [[noreturn]] void name() { std::abort(); }

NEVER_CALLED(ZSTD_CStreamInSize)
NEVER_CALLED(ZSTD_DStreamInSize)
NEVER_CALLED(ZSTD_compress)
NEVER_CALLED(ZSTD_compressStream2)
NEVER_CALLED(ZSTD_createCStream_advanced)
NEVER_CALLED(ZSTD_createDStream_advanced)
NEVER_CALLED(ZSTD_decompress)
NEVER_CALLED(ZSTD_decompressStream)
NEVER_CALLED(ZSTD_endStream)
NEVER_CALLED(ZSTD_flushStream)
NEVER_CALLED(ZSTD_freeCStream)
NEVER_CALLED(ZSTD_freeDStream)
NEVER_CALLED(ZSTD_getErrorName)
NEVER_CALLED(ZSTD_initCStream)
NEVER_CALLED(ZSTD_initDStream)
NEVER_CALLED(ZSTD_isError)
NEVER_CALLED(compress)
NEVER_CALLED(deflate)
NEVER_CALLED(deflateEnd)
NEVER_CALLED(deflateInit_)
NEVER_CALLED(inflate)
NEVER_CALLED(inflateEnd)
NEVER_CALLED(inflateInit_)
NEVER_CALLED(uncompress)
NEVER_CALLED(zError)
