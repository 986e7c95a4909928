// The recurrent network's loops at the avx2 level.
#define VB 32
#define LSTM_TABLE kLstmAvx2
#define LSTM_NAME "avx2"
#include "policy/lstm.inc"
