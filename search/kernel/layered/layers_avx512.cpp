// The loops of layered forms at the avx512 level.
#define VB 64
#define LAYERED_TABLE kLayeredAvx512
#define LAYERED_NAME "avx512"
#include "layered/layers.inc"
