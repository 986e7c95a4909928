// Rows of inputs and targets as padded columns; see data.hpp.
#include "core/data.hpp"

#include <algorithm>
#include <cmath>

namespace symtick {

namespace {

constexpr double kRounding = 1e-14;  // a part of y that varies less is constant

}  // namespace

void Data::allocate() {
    stride = padded(rows);
    x64.resize(stride * features);
    for (auto* buffer : {&y64, &w64}) buffer->resize(stride);
}

void Data::pad() {
    weight_sum = 0;
    double mean = 0, square = 0;
    for (std::size_t r = 0; r < rows; ++r) weight_sum += w64[r];
    for (std::size_t r = 0; r < rows; ++r) mean += w64[r] * y64[r] / weight_sum;
    for (std::size_t r = 0; r < rows; ++r)
        square += w64[r] * (y64[r] - mean) * (y64[r] - mean) / weight_sum;
    level = std::sqrt(square + mean * mean);
    const bool varies = square > kRounding * kRounding * level * level;
    spread = varies ? std::sqrt(square) : 1.0;
    for (std::size_t r = rows; r < stride; ++r) {
        for (std::size_t f = 0; f < features; ++f) x64[f * stride + r] = x64[f * stride + rows - 1];
        y64[r] = y64[rows - 1];
        w64[r] = 0.0;
    }
}

const Data::Single& Data::single() const {
    std::call_once(single_->once, [this] {
        Single& to = single_->columns;
        to.x.resize(stride * features);
        for (auto* buffer : {&to.y, &to.w}) buffer->resize(stride);
        std::copy_n(x64.get(), stride * features, to.x.get());
        std::copy_n(y64.get(), stride, to.y.get());
        std::copy_n(w64.get(), stride, to.w.get());
    });
    return single_->columns;
}

Data::Data(const double* x, const double* y, const double* w, std::size_t rows_,
           std::size_t features_)
    : rows(rows_), features(features_) {
    allocate();
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t f = 0; f < features; ++f) x64[f * stride + r] = x[r * features + f];
        y64[r] = y[r];
        w64[r] = w[r];
    }
    pad();
}

Data::Data(const Data& all, const std::vector<std::size_t>& chosen)
    : rows(chosen.size()), features(all.features) {
    allocate();
    for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t from = chosen[r];
        for (std::size_t f = 0; f < features; ++f)
            x64[f * stride + r] = all.x64[f * all.stride + from];
        y64[r] = all.y64[from];
        w64[r] = all.w64[from];
    }
    pad();
}

}  // namespace symtick
