// Vectors of values found again: by a number that rounding hardly moves, then compared row by row.
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/prime_field.hpp"
#include "simd/loops.hpp"

namespace symtick {

// From 64-bit keys to numbers, several for a key where it must be. Open addressing.
class KeyIndex {
public:
    KeyIndex() : places_(1 << 10) {}

    void insert(std::uint64_t key, std::int32_t number) {
        if (4 * ++size_ > 3 * places_.size()) grow();
        put(key, number);
    }
    // the first number of this key that `wanted` takes, in order of insertion; -1: none
    template <class F>
    std::int32_t find(std::uint64_t key, F wanted) const {
        for (std::size_t k = first(key);; k = (k + 1) & (places_.size() - 1)) {
            const Entry& p = places_[k];
            if (p.number < 0) return -1;
            if (p.key == key && wanted(p.number)) return p.number;
        }
    }
    std::int32_t find(std::uint64_t key) const {
        return find(key, [](std::int32_t) { return true; });
    }
    std::size_t size() const { return size_; }

private:
    struct Entry {
        std::uint64_t key = 0;
        std::int32_t number = -1;
    };
    std::vector<Entry> places_;  // a power of two, at most three quarters of them taken
    std::size_t size_ = 0;

    std::size_t first(std::uint64_t key) const {
        return std::size_t(stirred(key)) & (places_.size() - 1);
    }
    void put(std::uint64_t key, std::int32_t number) {
        std::size_t k = first(key);
        while (places_[k].number >= 0) k = (k + 1) & (places_.size() - 1);
        places_[k] = {key, number};
    }
    void grow() {
        std::vector<Entry> old(2 * places_.size());
        old.swap(places_);
        // from behind an empty place on, so that numbers of one key keep their order
        std::size_t start = 0;
        while (old[start].number >= 0) ++start;
        for (std::size_t k = 0; k < old.size(); ++k) {
            const Entry& p = old[(start + k) & (old.size() - 1)];
            if (p.number >= 0) put(p.key, p.number);
        }
    }
};

// A set of 64-bit keys. Open addressing.
class KeySet {
public:
    KeySet() : places_(1 << 10) {}

    // false where it was there before
    bool insert(std::uint64_t key) {
        if (4 * (size_ + 1) > 3 * places_.size()) grow();
        const bool fresh = put(key ? key : 1);  // 0: an empty place
        size_ += fresh;
        return fresh;
    }

private:
    std::vector<std::uint64_t> places_;  // a power of two, at most three quarters of them taken
    std::size_t size_ = 0;

    bool put(std::uint64_t key) {
        std::size_t k = std::size_t(stirred(key)) & (places_.size() - 1);
        while (places_[k] && places_[k] != key) k = (k + 1) & (places_.size() - 1);
        return !std::exchange(places_[k], key);
    }
    void grow() {
        std::vector<std::uint64_t> old(2 * places_.size());
        old.swap(places_);
        for (const std::uint64_t key : old)
            if (key) put(key);
    }
};

// Vectors that agree to `kAgree` of each row have keys that are equal or next to each other.
struct ValueKey {
    std::uint64_t here, near;  // near: the neighbour that rounding might have chosen
};

constexpr double kAgree = 1e-9;   // of the value in the row
constexpr double kNoise = 1e-13;  // of the root of the sum of squares of all rows

constexpr std::size_t kMostRows = 512;
static_assert(kMostRows <= kBlock);

// One weight for each row, without a pattern: rows on a grid and functions have symmetries.
inline const std::array<double, kMostRows> kRowWeights = [] {
    std::array<double, kMostRows> out{};
    for (std::size_t r = 0; r < kMostRows; ++r)
        out[r] = 0.5 + double(stirred(r + 1) >> 11) * 0x1p-53;
    return out;
}();

// a sum of positive terms, which loses nothing to rounding
inline double weighted_squares(const double* values, std::size_t rows) {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += kRowWeights[r] * values[r] * values[r];
    return sum;
}

// of the weighted squares
inline ValueKey value_key(double squares) {
    if (!(squares > 0)) return {0, 0};
    const double place = std::log(squares) * 0x1p28, floor = std::floor(place);
    const auto here = std::uint64_t(std::int64_t(floor)) ^ (std::uint64_t(1) << 63);
    return {here, place - floor < 0.5 ? here - 1 : here + 1};
}

inline bool agree(const double* a, const double* b, std::size_t rows, double scale) {
    for (std::size_t r = 0; r < rows; ++r)
        if (!(std::fabs(a[r] - b[r]) <= kAgree * std::fabs(a[r]) + kNoise * scale)) return false;
    return true;
}

}  // namespace symtick
