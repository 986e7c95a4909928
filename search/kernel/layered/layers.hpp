// The inner loops of layered forms (search.layered.layers), compiled once for each ISA level like
// simd/loops.hpp's: output k is bias + sum over j of alpha * tanh(beta * h_j + gamma), where h_j is
// a sum of tables, one of each input's codes.
#pragma once
#include <cstddef>
#include <cstdint>

namespace symtick {

constexpr std::size_t kBlockRows = 256;  // rows of a block: what it needs stays in L2
constexpr std::size_t kLaneSums = 16;    // hidden sums are padded to a multiple of this

enum class InnerShape : std::int8_t { TANH, GAUSS, SIN, COUNT };
enum class LayeredLoss : int { CROSS_ENTROPY, CHOICE, SQUARES, COUNT };

// One hidden sum that leads to one output.
struct OuterPair {
    std::int32_t sum, output;
};

// What the loops read of a form. Arrays of inner constants are (inputs x width), padded with
// zeros; those of codes (codes x width).
struct LayeredView {
    std::size_t width;                           // hidden sums, padded
    const std::int32_t* inputs;                  // those with a live summand
    std::size_t live;                            // their number
    const std::int32_t* first;                   // (inputs + 1,) place of each input's first code
    const float* code;                           // value of each code
    const float *a, *b, *c;                      // a is 0 where the summand is dead
    const float* shape[int(InnerShape::COUNT)];  // 1 where the function is this one; null: nowhere
    const float* step;  // (width,) of the stored tables; 0 where they are not rounded
    const OuterPair* pairs;
    std::size_t count;                  // of the pairs
    const float *alpha, *beta, *gamma;  // of each pair
    const float* bias;                  // of each output
    std::size_t sums, outputs;
    float scale;  // steps of an output's term in 1, or 0 for real arithmetic
};

// How the address of a table sees a hidden sum: cells of so many steps, within its range.
struct Address {
    float step = 0;  // 0: as it is
    float cell = 1, low = 0, high = 0;
};

// One block of rows, and room for what is computed of it; rows are padded with zeros to
// kBlockRows. Loss and slopes are shares of those of a batch of `batch` rows.
struct LayeredBlock {
    const std::int32_t* places;  // (rows x stride): where each input's code stands
    std::size_t stride, rows, batch;
    const float* goal;  // (outputs x goal_stride)
    std::size_t goal_stride;
    LayeredLoss loss;
    float sharpness, calibration;        // of CHOICE
    const float* weight;                 // of each output, for SQUARES
    float decay;                         // slope of the squared hidden sums
    float *by_row, *sums, *seen, *down;  // (kBlockRows x width), (width x kBlockRows) three times
    float* bent;                         // (pairs x kBlockRows)
    float *values, *slopes, *spare;      // (outputs x kBlockRows), two more `spare`
};

// Sums of the gradient over rows.
struct LayeredSlopes {
    float* column;                       // (codes x width): by the value of each table entry
    float *alpha, *beta, *gamma, *bias;  // of each pair; of each output
};

struct LayeredTable {
    const char* name;
    // arguments' functions t, their derivatives d, and the stored tables, all (codes x width)
    void (*curves)(const LayeredView&, float* t, float* d, float* stored);
    // least and largest of each stored table, summed over the inputs, (width,) each
    void (*range)(const LayeredView&, const float* stored, float* low, float* high);
    // the loss of a block; adds its gradient to the slopes
    double (*block)(const LayeredView&, const float* stored, const Address*, const LayeredBlock&,
                    const LayeredSlopes&);
    // slopes by a, b and c (inputs x width) from those by the table entries
    void (*inner)(const LayeredView&, const float* t, const float* d, const float* column,
                  const float* alive, float* a, float* b, float* c);
};

extern const LayeredTable kLayeredBaseline;
extern const LayeredTable kLayeredAvx2;
extern const LayeredTable kLayeredAvx512;

const LayeredTable& layered_loops();  // of the level that dispatch.hpp chose

}  // namespace symtick
