// Trees of a search that is no evolution, scored and offered to an archive.
#pragma once
#include "cost/archive.hpp"
#include "eval/eval.hpp"
#include "rules/rules.hpp"

namespace symtick {

class Offers {
public:
    // `screen`: the rows that are looked at first, may be `all`
    Offers(const Rules& rules, const Data& screen, const Data& all, const CostTable& cost,
           const LossSpec& loss)
        : rules_(rules), screen_(screen), all_(all), cost_(cost), loss_(loss) {}

    // Scores a tree that the rules accept; its loss on all rows, infinite where it is not finite,
    // not wanted or not accepted.
    double offer(const Tree& tree);

    const Rules& rules() const { return rules_; }
    const Data& screen() const { return screen_; }
    const Data& all() const { return all_; }
    const LossSpec& loss() const { return loss_; }
    const Archive& archive() const { return archive_; }
    std::uint64_t scored() const { return scored_; }
    Tree phenotype(const Tree& tree) const {
        return has_custom(tree) ? expanded(tree, rules_.vocabulary()) : tree;
    }

private:
    const Rules& rules_;
    const Data &screen_, &all_;
    const CostTable& cost_;
    const LossSpec& loss_;
    Archive archive_;
    Evaluator evaluator_;
    std::uint64_t scored_ = 0;
};

}  // namespace symtick
