// Room: search/kernel. The Pareto archive over (loss, ticks, LUT), one place per (ticks, LUT bin).
#pragma once
#include <map>

#include "cost.hpp"

namespace symtick {

struct Individual {
    Tree tree;
    double screen = 0;  // mean loss on the screening rows
    double loss = 0;    // mean loss on all rows; meaningful in an archive
    Cost cost;
    std::uint64_t hash = 0;
    std::uint64_t birth = 0;
};

class Archive {
public:
    explicit Archive(double bins_per_octave = 8.0) : bins_(bins_per_octave) {}

    // could this loss at this cost enter?
    bool wanted(double loss, const Cost& cost, bool screen) const;
    // keeps it if nothing held is at least as good in all three; drops what it beats
    bool offer(const Individual& one);
    const Individual& pick(std::size_t number) const;
    std::size_t size() const { return held_.size(); }
    std::vector<const Individual*> all() const;  // by (ticks, LUT)
    void clear() { held_.clear(); }

private:
    using Key = std::pair<int, int>;
    double bins_;
    std::map<Key, Individual> held_;
    Key key_of(const Cost& cost) const;
};

}  // namespace symtick
