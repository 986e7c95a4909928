// The random streams: xoshiro256** (Blackman, Vigna 2018) seeded by splitmix64, written here so
// that a seed gives the same run with every standard library.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>

#include "core/wide.hpp"

namespace symtick {

class Rng {
public:
    std::array<std::uint64_t, 4> state{};

    Rng() = default;
    Rng(std::uint64_t seed, std::uint64_t stream) {
        std::uint64_t z = seed * 0x9e3779b97f4a7c15ULL + stream * 0xd1b54a32d192ed03ULL;
        for (auto& s : state) {
            z += 0x9e3779b97f4a7c15ULL;
            std::uint64_t v = z;
            v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ULL;
            v = (v ^ (v >> 27)) * 0x94d049bb133111ebULL;
            s = v ^ (v >> 31);
        }
    }

    std::uint64_t next() {
        const auto rotl = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
        const std::uint64_t result = rotl(state[1] * 5, 7) * 9, t = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= t;
        state[3] = rotl(state[3], 45);
        return result;
    }

    double uniform() { return double(next() >> 11) * 0x1.0p-53; }
    double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
    bool chance(double p) { return uniform() < p; }
    // 0 .. n-1, n > 0; the bias of the multiplication is far below what a search can see
    std::size_t below(std::size_t n) { return std::size_t((static_cast<Wide>(next()) * n) >> 64); }
    double normal() {
        const double u = 1.0 - uniform(), v = uniform();
        return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
    }
};

}  // namespace symtick
