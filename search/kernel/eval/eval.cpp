// Values and losses of programs, block by block; see eval.hpp.
#include "eval/eval.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "simd/dispatch.hpp"

namespace symtick {
namespace {

template <class T>
struct Precision;
template <>
struct Precision<float> {
    static constexpr auto eval = &LoopTable::eval32;
    static constexpr auto loss = &LoopTable::loss32;
    static const float* x(const Data& d) { return d.single().x.get(); }
    static const float* y(const Data& d) { return d.single().y.get(); }
    static const float* w(const Data& d) { return d.single().w.get(); }
};
template <>
struct Precision<double> {
    static constexpr auto eval = &LoopTable::eval64;
    static constexpr auto loss = &LoopTable::loss64;
    static const double* x(const Data& d) { return d.x64.get(); }
    static const double* y(const Data& d) { return d.y64.get(); }
    static const double* w(const Data& d) { return d.w64.get(); }
};

// rows of a block, rounded up to whole vectors of every ISA level
std::size_t block_rows(const Data& data, std::size_t row0) {
    const std::size_t left = (data.rows - row0 + 15) / 16 * 16;
    return std::min(kBlock, left);
}

template <class T, class F>
void blocks(const Tree& tree, const Data& data, Code<T>& code, Buffer<T>& slots, Buffer<T>& out,
            F use) {
    compile<T>(tree, code);
    slots.resize(std::size_t(code.slots) * kBlock);
    out.resize(kBlock);
    const auto eval = simd_loops().*Precision<T>::eval;
    const T* x = Precision<T>::x(data);
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kBlock) {
        const std::size_t rows = block_rows(data, row0);
        eval(code.steps.data(), int(code.steps.size()), x, data.stride, row0, rows, slots.get(),
             out.get());
        use(row0, rows);
    }
}

template <class T>
double loss(const Tree& tree, const Data& data, const LossSpec& spec, Code<T>& code,
            Buffer<T>& slots, Buffer<T>& out) {
    double sum = 0;
    const auto part = simd_loops().*Precision<T>::loss;
    const T *y = Precision<T>::y(data), *w = Precision<T>::w(data);
    blocks<T>(tree, data, code, slots, out, [&](std::size_t row0, std::size_t rows) {
        sum += part(out.get(), y + row0, w + row0, rows, spec.kind, T(spec.delta));
    });
    return reported(spec, sum, data);
}

template <class T>
void values_of(const Tree& tree, const Data& data, Code<T>& code, Buffer<T>& slots, Buffer<T>& out,
               T* to) {
    blocks<T>(tree, data, code, slots, out, [&](std::size_t row0, std::size_t rows) {
        std::memcpy(to + row0, out.get(), std::min(rows, data.rows - row0) * sizeof(T));
    });
}

}  // namespace

double reported(const LossSpec& spec, double sum, const Data& data) {
    double mean = sum / data.weight_sum;
    if (spec.kind == NRMSE) mean = std::sqrt(mean) / data.spread;
    return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
}

double custom_loss(const LossSpec& spec, const double* prediction, const Data& data) {
    const auto finite = [](double v) { return std::isfinite(v); };
    double value = std::numeric_limits<double>::infinity();
    if (std::all_of(prediction, prediction + data.rows, finite))
        value = spec.custom(prediction, data);
    return finite(value) ? value : std::numeric_limits<double>::infinity();
}

double Evaluator::custom(const Tree& tree, const Data& data, const LossSpec& spec) {
    all_.resize(data.rows);
    values(tree, data, all_.get());
    return custom_loss(spec, all_.get(), data);
}

Scaling Evaluator::scaling(const Tree& tree, const Data& data) {
    all_.resize(data.rows);
    values(tree, data, all_.get());
    const double *f = all_.get(), *y = data.y64.get(), *w = data.w64.get();
    double mean = 0, goal = 0, ff = 0, fy = 0;
    for (std::size_t k = 0; k < data.rows; ++k) mean += w[k] * f[k], goal += w[k] * y[k];
    mean /= data.weight_sum;
    goal /= data.weight_sum;
    for (std::size_t k = 0; k < data.rows; ++k) {
        const double v = f[k] - mean, t = y[k] - goal;
        ff += w[k] * v * v;
        fy += w[k] * v * t;
    }
    if (!std::isfinite(ff) || !std::isfinite(fy))
        return {0.0, 0.0, std::numeric_limits<double>::infinity()};
    // what is left of a constant is rounding
    const double scale = ff > 1e-28 * data.weight_sum * mean * mean ? fy / ff : 0.0;
    double sum = 0;
    for (std::size_t k = 0; k < data.rows; ++k) {
        const double r = scale * (f[k] - mean) - (y[k] - goal);
        sum += w[k] * r * r;
    }
    return {scale, goal - scale * mean, sum / data.weight_sum};
}

double Evaluator::loss32(const Tree& tree, const Data& data, const LossSpec& spec) {
    if (spec.kind == CUSTOM) return custom(tree, data, spec);
    ++passes_;
    return loss<float>(tree, data, spec, code32_, slots32_, out32_);
}

double Evaluator::loss64(const Tree& tree, const Data& data, const LossSpec& spec) {
    if (spec.kind == CUSTOM) return custom(tree, data, spec);
    ++passes_;
    return loss<double>(tree, data, spec, code64_, slots64_, out64_);
}

void Evaluator::values(const Tree& tree, const Data& data, float* out) {
    ++passes_;
    values_of<float>(tree, data, code32_, slots32_, out32_, out);
}

void Evaluator::values(const Tree& tree, const Data& data, double* out) {
    ++passes_;
    values_of<double>(tree, data, code64_, slots64_, out64_, out);
}

double value_scalar(const Tree& tree, const double* row, std::vector<double>& stack) {
    stack.clear();
    for (const Node& n : tree) {
        if (n.op == INPUT) {
            stack.push_back(row[n.feature]);
        } else if (n.op == CONST) {
            stack.push_back(n.value);
        } else {
            const auto count = std::size_t(arity(n.op));
            double args[kMostArguments] = {};
            std::copy(stack.end() - std::ptrdiff_t(count), stack.end(), args);
            stack.resize(stack.size() - count);
            stack.push_back(apply_scalar(n.op, args[0], args[1], args[2]));
        }
    }
    return stack.back();
}

}  // namespace symtick
