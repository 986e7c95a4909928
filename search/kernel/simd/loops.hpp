// What the per-ISA translation units offer: plain pointers, no templates of the standard library,
// so that no code compiled for a newer CPU can leak into the others.
#pragma once
#include <cstddef>
#include <cstdint>

namespace symtick {

constexpr std::size_t kBlock = 1024;     // rows of one evaluation block: a slot is 4-8 KiB of L1
constexpr std::size_t kGradBlock = 256;  // rows of one derivative block
constexpr std::size_t kLanes = 8;        // doubles of the widest vector
constexpr std::size_t kPad = 64;         // rows are padded to a multiple of this

// operands: vectors, or the second, the first or both constants; of WHERE, its two values
enum Mode : std::uint8_t { VV, VC, CV, CC };
enum Fused : std::uint8_t { MULADD = 64, AXPY = 65 };  // a * ca + cb; a + ca * b
// NRMSE is minimised as MSE; CUSTOM has no loop here.
enum LossKind : int { MSE, MAE, HUBER, NRMSE, MARGIN, CROSS_ENTROPY, CUSTOM, LOSS_COUNT };

// One step over a block. a, b, c: slot number, or ~column of the data. WHERE: a is the condition, b
// and c (or the constants ca and cb) are the values.
template <class T>
struct Instr {
    std::uint8_t op;
    std::uint8_t mode;
    std::int32_t dst;
    std::int32_t a;
    std::int32_t b;
    std::int32_t c;
    T ca;
    T cb;
};

// One step of the derivative tape. A constant operand is its number in the constants.
struct TapeInstr {
    std::uint8_t op;
    std::uint8_t mode;
    bool active;  // a constant with a column stands below, so the adjoint is wanted
    std::int32_t a;
    std::int32_t b;
    std::int32_t c;  // of WHERE, none of whose operands is a constant
};

// One block of rows of a derivative tape. The pointers that backward sets may point to values of
// the block or to the seed.
struct GradBlock {
    const TapeInstr* tape;
    int steps;
    const double* consts;
    int columns;  // the first ones of the constants, that have a column of derivatives
    const double* x;
    std::size_t stride, row0, rows;
    double* values;          // kGradBlock numbers for each step
    double* adjoints;        // room for as many
    double* jac;             // room for kGradBlock numbers for each column
    const double* ones;      // kGradBlock times 1
    const double* seed;      // the adjoint of the last step
    const double** adjoint;  // of each step
    const double** column;   // derivatives with respect to each constant that has a column
};

struct LoopTable {
    const char* name;
    void (*eval32)(const Instr<float>*, int, const float*, std::size_t stride, std::size_t row0,
                   std::size_t rows, float* slots, float* out);
    void (*eval64)(const Instr<double>*, int, const double*, std::size_t stride, std::size_t row0,
                   std::size_t rows, double* slots, double* out);
    double (*loss32)(const float* p, const float* y, const float* w, std::size_t rows, int kind,
                     float delta);
    double (*loss64)(const double* p, const double* y, const double* w, std::size_t rows, int kind,
                     double delta);
    // For one step of a fit: the sum of w * loss, and for each row the curvature h of a parabola
    // that stands for w * loss near p, and r = slope / h. `floor`: the least |residual| that the
    // curvature of MAE and MARGIN is taken at.
    double (*slopes)(const double* p, const double* y, const double* w, std::size_t rows, int kind,
                     double delta, double floor, double* r, double* h);
    void (*forward)(const GradBlock&);
    void (*backward)(const GradBlock&);
    // Adds to `sums`, kLanes partial sums each, row by row of the triangle p < m, p <= q <= m: the
    // products w * column p * column q over the rows. Column m is a residual.
    void (*normal)(const double* const* column, int m, const double* w, std::size_t rows,
                   double* sums);
    double (*dot)(const double* a, const double* b, std::size_t rows);
    // see limits.inc
    std::size_t (*multiply_adds32)(std::size_t rounds, float factor, float* out);
    std::size_t (*multiply_adds64)(std::size_t rounds, double factor, double* out);
    void (*sums32)(std::size_t rounds, std::size_t rows, const float*, const float*, float*);
    void (*sums64)(std::size_t rounds, std::size_t rows, const double*, const double*, double*);
};

extern const LoopTable kLoopsBaseline;
extern const LoopTable kLoopsAvx2;
extern const LoopTable kLoopsAvx512;

}  // namespace symtick
