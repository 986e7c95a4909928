// The loops of layered forms at the avx2 level.
#define VB 32
#define LAYERED_TABLE kLayeredAvx2
#define LAYERED_NAME "avx2"
#include "layered/layers.inc"
