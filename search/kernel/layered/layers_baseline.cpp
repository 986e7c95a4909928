// The loops of layered forms at the baseline level.
#define VB 16
#define LAYERED_TABLE kLayeredBaseline
#define LAYERED_NAME "baseline"
#include "layered/layers.inc"
