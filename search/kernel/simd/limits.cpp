// Measurements of what a core can do; see limits.hpp.
#include "simd/limits.hpp"

#include <algorithm>
#include <chrono>

#include "core/data.hpp"
#include "simd/dispatch.hpp"

namespace symtick {
namespace {

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// units of work per second; f does `rounds` and returns how many units that was
template <class F>
double best_rate(int tries, double seconds, F f) {
    std::size_t rounds = 16;
    double best = 0;
    for (int k = 0; k < tries;) {
        const double start = now();
        const double work = double(f(rounds));
        const double spent = now() - start;
        if (spent < seconds / 2) {
            rounds *= 2;
            continue;
        }
        best = std::max(best, work / spent);
        ++k;
    }
    return best;
}

template <class T, class Sums, class Eval>
class Loops {
public:
    Loops(Sums sums, Eval eval, int tries, double seconds)
        : sums_(sums), eval_(eval), tries_(tries), seconds_(seconds), x_(2 * kBlock), d_(kBlock) {
        for (std::size_t k = 0; k < 2 * kBlock; ++k) x_[k] = T(0.5 + 1.5 * double(k % 97) / 96.0);
    }

    double sum() {
        return best_rate(tries_, seconds_, [&](std::size_t rounds) {
            sums_(rounds, kBlock, x_.get(), x_.get() + kBlock, d_.get());
            return rounds * kBlock;
        });
    }

    double step(std::uint8_t op) {
        const Instr<T> s{op, VV, 0, ~0, ~1, ~1, T(0), T(0)};
        return best_rate(tries_, seconds_, [&](std::size_t rounds) {
            for (std::size_t k = 0; k < rounds; ++k)
                eval_(&s, 1, x_.get(), kBlock, 0, kBlock, nullptr, d_.get());
            return rounds * kBlock;
        });
    }

private:
    Sums sums_;
    Eval eval_;
    int tries_;
    double seconds_;
    Buffer<T> x_, d_;
};

}  // namespace

MachineLimits machine_limits(int tries, double seconds) {
    MachineLimits limits;
    const LoopTable& table = simd_loops();
    Buffer<float> out32(16);
    Buffer<double> out64(8);
    limits.multiply_adds32 = best_rate(tries, seconds, [&](std::size_t rounds) {
        return table.multiply_adds32(rounds, 0.5f, out32.get());
    });
    limits.multiply_adds64 = best_rate(tries, seconds, [&](std::size_t rounds) {
        return table.multiply_adds64(rounds, 0.5, out64.get());
    });
    Loops<float, decltype(table.sums32), decltype(table.eval32)> single(table.sums32, table.eval32,
                                                                        tries, seconds);
    Loops<double, decltype(table.sums64), decltype(table.eval64)> full(table.sums64, table.eval64,
                                                                       tries, seconds);
    limits.sums32 = single.sum();
    limits.sums64 = full.sum();
    for (std::uint8_t op = ADD; op < OP_COUNT; ++op) {
        if (!built_in(op)) continue;
        limits.operators32[op] = single.step(op);
        limits.operators64[op] = full.step(op);
    }
    return limits;
}

}  // namespace symtick
