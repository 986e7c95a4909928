// The inner loops at the avx512 level.
#define VB 64
#define LOOP_TABLE kLoopsAvx512
#define LOOP_NAME "avx512"
#include "simd/loops.inc"
