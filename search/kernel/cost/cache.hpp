// A cache of losses and costs of functions that a search has already evaluated, by fingerprint, so
// that another way of writing the same function is not evaluated again.
#pragma once
#include <algorithm>
#include <vector>

#include "cost/cost.hpp"

namespace symtick {

// One function: its loss on the screening rows, the cheapest form met, and how many individuals
// have it.
struct Known {
    std::uint64_t key = 0;  // one more than the fingerprint; 0: empty
    double loss = 0;
    float lut = 0;
    std::int32_t ticks = 0;
    std::uint16_t nodes = 0, living = 0;

    void take(double loss_, const Cost& cost, std::size_t size) {
        loss = loss_;
        lut = float(cost.lut);
        ticks = cost.ticks;
        nodes = std::uint16_t(std::min<std::size_t>(size, 0xffff));
    }
    // would this form be cheaper? By ticks, then LUT, then nodes.
    bool dearer(const Cost& cost, std::size_t size) const {
        if (cost.ticks != ticks) return cost.ticks < ticks;
        return float(cost.lut) != lut ? float(cost.lut) < lut : size < nodes;
    }
};

// A table of fixed size in sets of four; in a set the one not met for longest makes room.
class Cache {
public:
    explicit Cache(std::size_t entries = 4) {
        std::size_t sets = 1;
        while (sets * kWays < entries) sets *= 2;
        sets_.resize(sets);
    }

    // null where it is not known; valid until the next call of anything here
    Known* find(std::uint64_t hash) {
        const std::uint64_t key = hash + 1;  // 0 marks an empty place
        Known* set = set_of(key);
        for (std::size_t k = 0; k < kWays; ++k) {
            if (set[k].key != key) continue;
            std::rotate(set, set + k, set + k + 1);
            return set;
        }
        return nullptr;
    }
    // the new entry of one that is not known
    Known& add(std::uint64_t hash) {
        const std::uint64_t key = hash + 1;
        Known* set = set_of(key);
        std::move_backward(set, set + kWays - 1, set + kWays);
        set[0] = Known{};
        set[0].key = key;
        return set[0];
    }
    void prefetch(std::uint64_t hash) {
        __builtin_prefetch(set_of(hash + 1));
        __builtin_prefetch(set_of(hash + 1) + 2);
    }
    void clear() { std::fill(sets_.begin(), sets_.end(), Set{}); }
    std::size_t size() const { return sets_.size() * kWays; }
    Known& at(std::size_t place) { return sets_[place / kWays].ways[place % kWays]; }
    const Known& at(std::size_t place) const { return sets_[place / kWays].ways[place % kWays]; }

private:
    static constexpr std::size_t kWays = 4;
    struct alignas(64) Set {  // two lines of the CPU's cache
        Known ways[kWays];
    };
    std::vector<Set> sets_;

    Known* set_of(std::uint64_t key) { return sets_[key & (sets_.size() - 1)].ways; }
};

}  // namespace symtick
