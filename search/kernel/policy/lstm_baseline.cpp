// The recurrent network's loops at the baseline level.
#define VB 16
#define LSTM_TABLE kLstmBaseline
#define LSTM_NAME "baseline"
#include "policy/lstm.inc"
