// The inner loops at the baseline level.
#define VB 16
#define LOOP_TABLE kLoopsBaseline
#define LOOP_NAME "baseline"
#include "simd/loops.inc"
