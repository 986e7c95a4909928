// Room: search/kernel. The inner loops at the avx512 level.
#define VB 64
#define HOT_TABLE kHotAvx512
#define HOT_NAME "avx512"
#include "simd/loops.inc"
