// Whether tests, library and program are built with a sanitizer. Sanitizers take memory, address space and
// threads of their own, so that tests of exactly these have nothing to say.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LAZYGAP_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LAZYGAP_TEST_SANITIZED 1
#endif
#endif
#ifndef LAZYGAP_TEST_SANITIZED
#define LAZYGAP_TEST_SANITIZED 0
#endif

namespace lazygap {

inline constexpr bool kSanitized = LAZYGAP_TEST_SANITIZED;

}  // namespace lazygap
