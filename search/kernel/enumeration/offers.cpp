// Scoring of trees for an archive; see offers.hpp.
#include "enumeration/offers.hpp"

#include <cmath>
#include <limits>

#include "core/fingerprint.hpp"

namespace symtick {

double Offers::offer(const Tree& tree) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    if (!rules_.accepts(tree)) return kInfinite;
    ++scored_;
    const Tree whole = phenotype(tree);
    Individual one;
    one.screen = evaluator_.loss64(whole, screen_, loss_);
    if (!std::isfinite(one.screen)) return kInfinite;
    one.cost = cost_of(whole, cost_);
    if (one.cost.ticks > rules_.settings().max_ticks) return kInfinite;
    if (!archive_.wanted(one.screen, one.cost, true)) return kInfinite;
    one.loss = &screen_ == &all_ ? one.screen : evaluator_.loss64(whole, all_, loss_);
    if (!std::isfinite(one.loss)) return kInfinite;
    one.tree = tree;
    one.hash = fingerprint(whole);
    const double loss = one.loss;
    archive_.offer(std::move(one));
    return loss;
}

}  // namespace symtick
