// The Pareto archive over (loss, ticks, LUT), one place per (ticks, LUT bin).
#pragma once
#include "cost/cost.hpp"

namespace symtick {

struct Individual {
    Tree tree;          // as it is bred: custom operators are not expanded
    double screen = 0;  // mean loss on the screening rows
    double loss = 0;    // mean loss on all rows, penalty included; 0 outside of archives
    Cost cost;
    std::uint64_t hash = 0;  // its function's fingerprint
    double penalty = 0;  // of this form, which `screen` leaves out; 0 where it was not asked for
};

// whether a form is cheaper than another of the same function: ticks, then LUT, then nodes
inline bool cheaper(const Cost& a, std::size_t a_nodes, const Cost& b, std::size_t b_nodes) {
    if (a.ticks != b.ticks) return a.ticks < b.ticks;
    return a.lut != b.lut ? a.lut < b.lut : a_nodes < b_nodes;
}

class Archive {
public:
    // a costlier one must be better by more than `floor` (and a part in ten thousand) to enter
    explicit Archive(double floor = 0.0) : floor_(floor) {}

    // could this loss at this cost enter?
    bool wanted(double loss, const Cost& cost, bool screen) const;
    // keeps it if nothing held is at least as good in all three; drops what it beats, and what is
    // the same function in a costlier form with no lower penalty
    bool offer(Individual one);
    // puts back what `all` gave, in that order; false where two are of one place
    bool restore(Individual one);
    // screening losses on new rows: f(individual) of each
    template <class F>
    void rescreen(F f) {
        for (std::size_t k = 0; k < individuals_.size(); ++k) {
            individuals_[k].screen = f(individuals_[k]);
            places_[k].screen = individuals_[k].screen + individuals_[k].penalty;
        }
    }
    const Individual& pick(std::size_t number) const { return individuals_[number]; }
    std::size_t size() const { return individuals_.size(); }
    const std::vector<Individual>& all() const { return individuals_; }  // by (ticks, LUT)
    double best() const;
    double floor() const { return floor_; }

private:
    // what `wanted` reads, side by side
    struct Key {
        int ticks, bin;
        double screen, loss;
    };
    double floor_;
    std::vector<Key> places_;
    std::vector<Individual> individuals_;

    static Key place_of(const Individual& one);
    std::size_t first_from(const Key& place) const;  // the first that is not before it
};

}  // namespace symtick
