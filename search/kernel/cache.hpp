// Room: search/kernel. What is known of functions that were met before, by their fingerprints.
#pragma once
#include <algorithm>
#include <vector>

#include "cost.hpp"

namespace symtick {

// One function: its loss on the screening rows, the cheapest form met, and how many people have it.
struct Known {
    std::uint64_t key = 0;  // one more than the fingerprint; 0: empty
    double loss = 0;
    Cost cost;
    std::uint32_t nodes = 0;
    std::uint32_t living = 0;
};

// A table of fixed size in sets of four; in a set the one not met for longest makes room.
class Cache {
public:
    explicit Cache(std::size_t entries = 4) {
        std::size_t sets = 1;
        while (sets * kWays < entries) sets *= 2;
        held_.resize(sets * kWays);
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
    void clear() { std::fill(held_.begin(), held_.end(), Known{}); }
    std::vector<Known>& all() { return held_; }
    const std::vector<Known>& all() const { return held_; }

private:
    static constexpr std::size_t kWays = 4;
    std::vector<Known> held_;

    Known* set_of(std::uint64_t key) {
        const std::size_t sets = held_.size() / kWays;
        return &held_[(key & (sets - 1)) * kWays];
    }
};

}  // namespace symtick
