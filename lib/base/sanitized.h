// SPDX-License-Identifier: GPL-2.0-or-later
/** Was this built with a sanitizer? Its runtime library has needs of its own. */
#ifndef HWP_BASE_SANITIZED_H
#define HWP_BASE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HWP_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HWP_IS_SANITIZED 1
#endif
#endif
#ifndef HWP_IS_SANITIZED
#define HWP_IS_SANITIZED 0
#endif

#endif /* HWP_BASE_SANITIZED_H */
