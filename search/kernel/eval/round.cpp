// Rounding of constants to a grid; see round.hpp.
#include "eval/round.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace symtick {

double ConstantGrid::step(double value) const {
    if (fraction) return std::ldexp(1.0, -bits);
    int exponent = 0;
    std::frexp(value == 0.0 ? 1.0 : value, &exponent);
    return std::ldexp(1.0, exponent - bits);
}

double ConstantGrid::nearest(double value) const {
    const double by = step(value);
    const double on_grid = by * std::nearbyint(value / by);
    if (!(by > 0.0)) return 0.0;  // below all normal numbers
    return std::isfinite(on_grid) ? on_grid : value;
}

namespace {

constexpr int kPasses = 4;  // at most, over all constants, of tries one step up and down at the end

// The parameters of a tree as one settles them one by one.
class Rounding {
public:
    Rounding(Tree& tree, const Data& data, const LossSpec& spec, const RoundSettings& settings,
             Fitter& fitter, Evaluator& evaluator)
        : tree_(tree),
          data_(data),
          spec_(spec),
          settings_(settings),
          fitter_(fitter),
          evaluator_(evaluator),
          given_(tree) {
        Tape tape;
        make_tape(tree, tape);
        places_.resize(std::size_t(tape.parameters));
        for (std::size_t p = 0; p < places_.size(); ++p) places_[p].push_back(tape.places[p]);
        for (std::size_t e = 0; e < tape.copies.size(); ++e)
            places_[std::size_t(tape.copies[e])].push_back(tape.places[places_.size() + e]);
    }

    double run() {
        std::vector<std::size_t> left(places_.size());
        for (std::size_t p = 0; p < left.size(); ++p) left[p] = p;
        while (!left.empty()) {
            const std::size_t at = least_harmful(left);
            const std::size_t p = left[at];
            put(p, settings_.grid.nearest(value(p)));
            for (std::size_t place : places_[p]) tree_[place].feature = kLiteral;
            left.erase(left.begin() + std::ptrdiff_t(at));
            if (!left.empty()) fitter_.fit(tree_, data_, spec_, settings_.refit);
        }
        for (std::size_t k = 0; k < tree_.size(); ++k) tree_[k].feature = given_[k].feature;
        double loss = score();
        for (int pass = 0; pass < kPasses && nudge(loss); ++pass) continue;
        return loss;
    }

private:
    Tree& tree_;
    const Data& data_;
    const LossSpec& spec_;
    const RoundSettings& settings_;
    Fitter& fitter_;
    Evaluator& evaluator_;
    const Tree given_;
    std::vector<std::vector<std::size_t>> places_;  // nodes of each parameter

    double value(std::size_t p) const { return tree_[places_[p][0]].value; }
    void put(std::size_t p, double v) {
        for (std::size_t place : places_[p]) tree_[place].value = v;
    }
    double score() { return evaluator_.loss64(tree_, data_, spec_); }
    double tried(std::size_t p, double v) {
        const double before = value(p);
        put(p, v);
        const double loss = score();
        put(p, before);
        return loss;
    }

    std::size_t least_harmful(const std::vector<std::size_t>& left) {
        std::size_t best = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < left.size(); ++k) {
            const double loss = tried(left[k], settings_.grid.nearest(value(left[k])));
            if (loss < least) least = loss, best = k;
        }
        return best;
    }

    // each constant one step up or down where that lowers the loss; whether any moved
    bool nudge(double& loss) {
        bool moved = false;
        for (std::size_t p = 0; p < places_.size(); ++p) {
            for (const double sign : {1.0, -1.0}) {
                const double next = neighbour(value(p), sign);
                const double there = tried(p, next);
                if (!(there < loss)) continue;
                put(p, next);
                loss = there;
                moved = true;
            }
        }
        return moved;
    }

    // the steps below a power of two are half as long as those above
    double neighbour(double v, double sign) const {
        const double by = settings_.grid.step(v);
        const double inward = settings_.grid.step(v - std::copysign(0.25 * by, v));
        return settings_.grid.nearest(v + sign * (sign * v < 0.0 ? inward : by));
    }
};

}  // namespace

double round_constants(Tree& tree, const Data& data, const LossSpec& spec,
                       const RoundSettings& settings, Fitter& fitter, Evaluator& evaluator) {
    return Rounding(tree, data, spec, settings, fitter, evaluator).run();
}

}  // namespace symtick
