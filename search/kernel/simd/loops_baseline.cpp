// Room: search/kernel. The inner loops at the baseline level.
#define VB 16
#define HOT_TABLE kHotBaseline
#define HOT_NAME "baseline"
#include "simd/loops.inc"
