// Room: search/kernel. The inner loops at the avx2 level.
#define VB 32
#define HOT_TABLE kHotAvx2
#define HOT_NAME "avx2"
#include "simd/loops.inc"
