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
    // a costlier one must be better by more than `floor` (and a part in ten thousand) to enter
    explicit Archive(double floor = 0.0) : floor_(floor) {}

    // could this loss at this cost enter?
    bool wanted(double loss, const Cost& cost, bool screen) const;
    // keeps it if nothing held is at least as good in all three; drops what it beats
    bool offer(const Individual& one);
    // puts back what `all` gave
    bool restore(const Individual& one) { return held_.emplace(key_of(one.cost), one).second; }
    const Individual& pick(std::size_t number) const;
    std::size_t size() const { return held_.size(); }
    std::vector<const Individual*> all() const;  // by (ticks, LUT)
    double floor() const { return floor_; }

private:
    using Key = std::pair<int, int>;
    double floor_;
    std::map<Key, Individual> held_;
    static Key key_of(const Cost& cost);
};

}  // namespace symtick
