// The processor's vector instructions, where it has any that lanes.inc names. Not inside a
// namespace, so the .inc files cannot include it themselves.
#pragma once
#include <limits>
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif
