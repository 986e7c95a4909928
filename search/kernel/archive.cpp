// Room: search/kernel. See archive.hpp.
#include "archive.hpp"

#include <cmath>
#include <iterator>
#include <tuple>

namespace symtick {

namespace {

constexpr double kBinsPerOctave = 8.0;  // of LUT
constexpr double kWorth = 1e-4;

}  // namespace

Archive::Key Archive::key_of(const Cost& cost) {
    return {cost.ticks, int(std::floor(std::log2(1.0 + std::max(0.0, cost.lut)) * kBinsPerOctave))};
}

bool Archive::wanted(double loss, const Cost& cost, bool screen) const {
    const Key key = key_of(cost);
    for (const auto& [place, one] : held_) {
        if (place.first > key.first || place.second > key.second) continue;
        const double theirs = screen ? one.screen : one.loss;
        if (place == key ? theirs < loss : theirs <= loss * (1.0 + kWorth) + floor_) return false;
    }
    return true;
}

bool Archive::offer(const Individual& one) {
    const Key key = key_of(one.cost);
    if (!wanted(one.loss, one.cost, false)) return false;
    if (const auto found = held_.find(key); found != held_.end()) {
        const auto rank = [](const Individual& i) {
            return std::tuple(i.loss, i.cost.lut, i.tree.size(), i.hash);
        };
        if (rank(found->second) <= rank(one)) return false;
    }
    held_[key] = one;
    for (auto it = held_.begin(); it != held_.end();) {
        const auto& [place, other] = *it;
        const bool beaten = place != key && place.first >= key.first &&
                            place.second >= key.second && other.loss >= one.loss;
        it = beaten ? held_.erase(it) : std::next(it);
    }
    return true;
}

const Individual& Archive::pick(std::size_t number) const {
    return std::next(held_.begin(), std::ptrdiff_t(number))->second;
}

std::vector<const Individual*> Archive::all() const {
    std::vector<const Individual*> out;
    for (const auto& entry : held_) out.push_back(&entry.second);
    return out;
}

}  // namespace symtick
