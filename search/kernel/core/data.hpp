// Rows of inputs and targets, column by column, padded for the vector loops.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "simd/loops.hpp"

namespace symtick {

// 64-byte aligned array of numbers
template <class T>
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t n) { resize(n); }
    void resize(std::size_t n) {
        if (n <= size_) return;
        void* p = std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64);
        if (!p) throw std::bad_alloc();
        data_.reset(static_cast<T*>(p));
        size_ = n;
        for (std::size_t k = 0; k < n; ++k) data_.get()[k] = T(0);
    }
    T* get() const { return data_.get(); }
    T& operator[](std::size_t k) const { return data_.get()[k]; }

private:
    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0;
};

constexpr std::size_t padded(std::size_t rows) { return (rows + kPad - 1) / kPad * kPad; }

// The padding repeats the last row at weight 0, so it changes no sum and is undefined nowhere else.
struct Data {
    std::size_t rows = 0, features = 0, stride = 0;
    double weight_sum = 0;
    double level = 0;   // weighted root mean square of y
    double spread = 1;  // weighted standard deviation of y, 1 where y is constant
    Buffer<double> x64, y64, w64;
    struct Single {
        Buffer<float> x, y, w;
    };

    // x: rows x features, C order; y, w: rows
    Data(const double* x, const double* y, const double* w, std::size_t rows, std::size_t features);
    // the rows with these numbers
    Data(const Data& all, const std::vector<std::size_t>& chosen);

    // the same in single precision, made by the first thread that asks for it
    const Single& single() const;

private:
    void allocate();
    void pad();

    struct Lazy {
        std::once_flag once;
        Single columns;
    };
    std::unique_ptr<Lazy> single_ = std::make_unique<Lazy>();
};

}  // namespace symtick
