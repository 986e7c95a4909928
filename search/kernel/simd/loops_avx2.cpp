// The inner loops at the avx2 level.
#define VB 32
#define LOOP_TABLE kLoopsAvx2
#define LOOP_NAME "avx2"
#include "simd/loops.inc"
