// Whether a whole tree keeps every rule; see rules.hpp.
#include <algorithm>

#include "rules/rules.hpp"
#include "rules/units.hpp"

namespace symtick {
namespace {

constexpr double kSlack = 1e-9;  // complexities are added in different orders

}  // namespace

bool Rules::in_time(const Tree& tree, int bound) const {
    if (settings_.max_ticks == kAnyNumber || bound + last_tick_ <= settings_.max_ticks) return true;
    if (exact_ticks_) return false;
    const PartCost cost = form_cost(tree);
    return (settings_.parts ? cost.least : cost.whole).ticks <= settings_.max_ticks;
}

// One walk over a tree from its root, last arguments first: every rule but ticks and units.
class TreeJudge {
public:
    struct Frame {
        const TokenTraits* traits;
        int token, depth, path;
        std::uint8_t left;
        bool constants;
        std::int64_t copies;
        double ceiling;
    };
    struct Scratch {
        std::vector<Frame> frames;
        std::vector<int> counts;
        std::vector<std::uint16_t> rows;
    };

    TreeJudge(const Rules& rules, Scratch& scratch)
        : rules_(rules),
          s_(rules.settings_),
          n_(rules.traits_.size()),
          frames_(scratch.frames),
          counts_(scratch.counts),
          rows_(scratch.rows) {
        frames_.clear();
        counted_ = !s_.min_count.empty() || !s_.max_count.empty();
        if (counted_) counts_.assign(n_, 0);
        if (!rules_.limits_.empty()) {
            rows_.resize(std::max(rows_.size(), 2 * n_));
            std::fill_n(rows_.begin() + std::ptrdiff_t(n_), n_, kNoLimit);
        }
    }

    bool run(const Tree& tree) {
        if (tree.size() < s_.min_nodes || tree.size() > s_.max_nodes || tree.empty()) return false;
        for (std::size_t k = tree.size(); k-- > 0;) {
            if (frames_.empty() && k + 1 < tree.size()) return false;
            if (!step(rules_.number(tree[k]))) return false;
        }
        if (!frames_.empty() || (s_.needs_input && inputs_ == 0)) return false;
        for (std::size_t t = 0; t < n_ && counted_; ++t) {
            if (!s_.min_count.empty() && counts_[t] < s_.min_count[t]) return false;
            if (!s_.max_count.empty() && counts_[t] > s_.max_count[t]) return false;
        }
        return true;
    }

    int ticks = kNever;

private:
    const Rules& rules_;
    const RuleSettings& s_;
    const std::size_t n_;
    std::vector<Frame>& frames_;
    std::vector<int>& counts_;
    std::vector<std::uint16_t>& rows_;  // by depth: how many of each token may stand from there on
    bool counted_;
    std::size_t constants_ = 0, inputs_ = 0;
    std::int64_t expanded_ = 0;
    double complexity_ = 0.0;

    bool step(int token) {
        if (token < 0) return false;
        const TokenTraits& traits = rules_.traits_[std::size_t(token)];
        Frame here{&traits, token, 1, 0, traits.arity, true, 1, s_.max_complexity};
        if (!frames_.empty() && !below(frames_.back(), here)) return false;
        if (std::size_t(here.depth) > s_.max_depth) return false;
        complexity_ += traits.complexity;
        if (complexity_ > here.ceiling + kSlack) return false;
        if (traits.free && ++constants_ > s_.max_constants) return false;
        inputs_ += traits.input;
        if (counted_) ++counts_[std::size_t(token)];
        if (rules_.custom_) expanded_ += here.copies * traits.own;
        if (expanded_ > std::int64_t(s_.max_expanded)) return false;
        if (!rules_.limits_.empty() && !nest(token, traits, here.depth)) return false;
        ticks = std::max(ticks, here.path + (traits.arity ? traits.floor : traits.ticks[0]));
        if (!frames_.empty() && frames_.back().left == 0) frames_.pop_back();
        if (traits.arity > 0) frames_.push_back(here);
        return true;
    }

    // fills in what the slot says; false where the operator above does not allow it
    bool below(Frame& above, Frame& here) {
        if (rules_.barred(above.token, here.token)) return false;
        const std::size_t a = --above.left;
        above.constants = above.constants && here.traits->constant;
        if (a == 0 && above.constants && !s_.constant_arguments) return false;
        here.depth = above.depth + 1;
        here.path = above.path + above.traits->ticks[a];
        here.copies = above.copies * above.traits->uses[a];
        here.ceiling = std::min(above.ceiling, complexity_ + rules_.argument_limit(above.token, a));
        return true;
    }

    bool nest(int token, const TokenTraits& traits, int depth) {
        const std::size_t at = std::size_t(depth) * n_;
        if (rows_[at + std::size_t(token)] == 0) return false;
        if (traits.arity == 0) return true;
        if (rows_.size() < at + 2 * n_) rows_.resize(2 * at + 2 * n_);
        rules_.narrow(rows_.data() + at, token, rows_.data() + at + n_);
        return true;
    }
};

bool Rules::accepts(const Tree& tree) const {
    thread_local TreeJudge::Scratch scratch;
    TreeJudge judge(*this, scratch);
    return judge.run(tree) && in_time(tree, judge.ticks) && keeps_units(tree, *this);
}

}  // namespace symtick
