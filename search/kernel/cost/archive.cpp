// The Pareto archive over (loss, ticks, LUT); see archive.hpp.
#include "cost/archive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace symtick {

namespace {

constexpr double kBinsPerOctave = 8.0;  // of LUT
constexpr double kWorth = 1e-4;

int bin_of(double lut) {
    return int(std::floor(std::log2(1.0 + std::max(0.0, lut)) * kBinsPerOctave));
}

}  // namespace

Archive::Key Archive::place_of(const Individual& one) {
    return {one.cost.ticks, bin_of(one.cost.lut), one.screen + one.penalty, one.loss};
}

std::size_t Archive::first_from(const Key& place) const {
    const auto before = [](const Key& a, const Key& b) {
        return std::pair(a.ticks, a.bin) < std::pair(b.ticks, b.bin);
    };
    return std::size_t(std::lower_bound(places_.begin(), places_.end(), place, before) -
                       places_.begin());
}

// from the costliest down, where the losses are lowest
bool Archive::wanted(double loss, const Cost& cost, bool screen) const {
    const int bin = bin_of(cost.lut);
    for (std::size_t k = places_.size(); k-- > 0;) {
        const Key& p = places_[k];
        if (p.ticks > cost.ticks || p.bin > bin) continue;
        const double theirs = screen ? p.screen : p.loss;
        const bool mine = p.ticks == cost.ticks && p.bin == bin;
        if (mine ? theirs < loss : theirs <= loss * (1.0 + kWorth) + floor_) return false;
    }
    return true;
}

bool Archive::offer(Individual one) {
    // equal functions have equal losses but for rounding: the lesser stands
    for (const Individual& other : individuals_)
        if (other.hash == one.hash && std::isfinite(one.loss))
            one.loss = std::min(one.loss, other.loss - other.penalty + one.penalty);
    if (!wanted(one.loss, one.cost, false)) return false;
    const Key here = place_of(one);
    const std::uint64_t hash = one.hash;
    const double penalty = one.penalty;
    const std::size_t at = first_from(here);
    const bool taken =
        at < places_.size() && places_[at].ticks == here.ticks && places_[at].bin == here.bin;
    if (taken) {
        const Individual& other = individuals_[at];
        const bool same = other.hash == one.hash && other.penalty == one.penalty;
        if (same && !cheaper(one.cost, one.tree.size(), other.cost, other.tree.size()))
            return false;
        const auto rank = [](const Individual& i) {
            return std::tuple(i.loss, i.cost.lut, i.tree.size(), i.hash);
        };
        if (!same && rank(other) <= rank(one)) return false;
        places_[at] = here;
        individuals_[at] = std::move(one);
    } else {
        places_.insert(places_.begin() + std::ptrdiff_t(at), here);
        individuals_.insert(individuals_.begin() + std::ptrdiff_t(at), std::move(one));
    }
    std::size_t kept = at + 1;
    for (std::size_t k = at + 1; k < places_.size(); ++k) {
        const Key& p = places_[k];
        const bool same = individuals_[k].hash == hash && individuals_[k].penalty >= penalty;
        if (p.bin >= here.bin && (p.loss >= here.loss || same)) continue;
        if (kept != k) places_[kept] = p, individuals_[kept] = std::move(individuals_[k]);
        ++kept;
    }
    places_.resize(kept);
    individuals_.resize(kept);
    return true;
}

bool Archive::restore(Individual one) {
    const Key here = place_of(one);
    if (first_from(here) != places_.size()) return false;
    places_.push_back(here);
    individuals_.push_back(std::move(one));
    return true;
}

double Archive::best() const {
    double least = std::numeric_limits<double>::infinity();
    for (const Key& p : places_) least = std::min(least, p.loss);
    return least;
}

}  // namespace symtick
