// The recurrent network's loops at the avx512 level.
#define VB 64
#define LSTM_TABLE kLstmAvx512
#define LSTM_NAME "avx512"
#include "policy/lstm.inc"
