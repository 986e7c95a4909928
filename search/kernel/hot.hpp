// Room: search/kernel. What the per-ISA translation units offer: plain pointers, no templates of
// the standard library, so that no code compiled for a newer CPU can leak into the others.
#pragma once
#include <cstddef>
#include <cstdint>

namespace symtick {

constexpr std::size_t kBlock = 512;      // rows of one evaluation block: a slot is 2-4 KiB of L1
constexpr std::size_t kGradBlock = 256;  // rows of one derivative block
constexpr std::size_t kPad = 64;         // rows are padded to a multiple of this

enum Mode : std::uint8_t { VV, VC, CV };  // operands: vectors, or one a constant
enum Fused : std::uint8_t { MULADD = 64, AXPY = 65 };  // a * ca + cb; a + ca * b
// NRMSE is minimised as MSE; CUSTOM has no loop here.
enum LossKind : int { MSE, MAE, HUBER, NRMSE, MARGIN, CROSS_ENTROPY, CUSTOM, LOSS_COUNT };

// One step over a block. a, b: slot number, or ~column of the data.
template <class T>
struct Instr {
    std::uint8_t op;
    std::uint8_t mode;
    std::int32_t dst;
    std::int32_t a;
    std::int32_t b;
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
};

struct HotTable {
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
    // values and adjoints: one slot of kGradBlock rows per tape step; jac: one for each of the
    // first `columns` constants
    void (*forward)(const TapeInstr*, int, const double* consts, const double* x,
                    std::size_t stride, std::size_t row0, std::size_t rows, double* values);
    void (*backward)(const TapeInstr*, int, const double* consts, int columns, const double* x,
                     std::size_t stride, std::size_t row0, std::size_t rows, const double* values,
                     double* adjoints, double* jac);
    // upper triangle of sum w J J^T into jtj (m x m) and sum w J r into jtr; w, r per row
    void (*normal)(double* jac, int m, const double* r, const double* w, std::size_t rows,
                   double* jtj, double* jtr);
    double (*dot)(const double* a, const double* b, std::size_t rows);
};

extern const HotTable kHotBaseline;
extern const HotTable kHotAvx2;
extern const HotTable kHotAvx512;

}  // namespace symtick
