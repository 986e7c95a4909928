// Lookahead: whether a prefix with one more token can still end well; see rules.hpp. Every test but
// that of ticks is a bound that no good ending passes, so nothing good is masked.
#include <algorithm>

#include "rules/rules.hpp"

namespace symtick {
namespace {

constexpr double kSlack = 1e-9;  // complexities are added in different orders

}  // namespace

bool Prefix::can_end(int token) const {
    const Rules& r = *rules_;
    const TokenTraits& l = r.traits_[std::size_t(token)];
    if (r.custom_ && expanded_ + slot_.copies * (l.own + l.copies() - 1) >
                         std::int64_t(r.settings_.max_expanded))
        return false;
    if (r.slow_needs_) {
        const std::int64_t needed = needed_ - slot_.need + std::int64_t(l.arity) * l.need;
        if (std::int64_t(sequence_.size()) + 1 + needed > std::int64_t(r.settings_.max_nodes) ||
            (l.arity > 0 && std::size_t(slot_.depth + l.levels) > r.settings_.max_depth))
            return false;
    }
    return (!r.must_have_ || counts_can_end(token)) &&
           (!r.slow_complexity_ || complexity_can_end(token)) &&
           (!r.slow_leaves_ || leaves_suffice(token));
}

// whether, after the token, some operator must still get an argument with an input in it
bool Prefix::input_wanted(int token) const {
    if (rules_->settings_.constant_arguments) return false;
    const TokenTraits& traits = rules_->traits_[std::size_t(token)];
    if (traits.arity > 0) return true;
    // operators further up have an operator as argument, and an input below that
    return traits.constant && !frames_.empty() && frames_.back().left > 1 &&
           frames_.back().constants;
}

// whether, after the token, some slot must still get an input for the whole to have one
bool Prefix::input_missing(int token) const {
    return rules_->settings_.needs_input && inputs_ == 0 &&
           !rules_->traits_[std::size_t(token)].input;
}

// Whether there are leaves for the open slots: those that may stand under the token, and as many
// as the counts still allow.
bool Prefix::leaves_suffice(int token) const {
    const RuleSettings& s = rules_->settings_;
    const auto n = counts_.size();
    const TokenTraits& traits = rules_->traits_[std::size_t(token)];
    const std::uint16_t* may = rules_->limits_.empty() ? nullptr : row(slot_.depth);
    const std::uint16_t* most =
        traits.nests ? rules_->limits_.data() + std::size_t(token) * n : nullptr;
    std::int64_t inputs = 0, free = 0, others = 0;
    bool input_below = false, leaf_below = false;
    for (std::size_t t = 0; t < n; ++t) {
        const TokenTraits& leaf = rules_->traits_[t];
        if (leaf.arity > 0) continue;
        std::int64_t left =
            s.max_count.empty() ? std::int64_t(s.max_nodes) : s.max_count[t] - counts_[t];
        if (leaf.free)
            left = std::min(left, std::int64_t(s.max_constants) - std::int64_t(constants_));
        if (int(t) == token) --left;
        if (left <= 0) continue;
        (leaf.input ? inputs : leaf.free ? free : others) += left;
        if ((may && may[t] == 0) || (most && most[t] == 0)) continue;
        leaf_below = true;
        input_below = input_below || leaf.input;
    }
    const bool wanted = input_wanted(token);
    if (traits.arity > 0 && !(wanted ? input_below : leaf_below)) return false;
    return inputs >= std::int64_t(wanted || input_missing(token)) &&
           inputs + free + others >= std::int64_t(open_ - 1 + traits.arity);
}

// Whether what min_count asks for still fits in: every missing operator, and enough operators of
// several arguments to make slots for the missing leaves, those of the most arguments first, which
// take the fewest nodes.
bool Prefix::counts_can_end(int token) const {
    const RuleSettings& s = rules_->settings_;
    const TokenTraits& traits = rules_->traits_[std::size_t(token)];
    std::array<std::int64_t, kMostArguments + 1> missing{};
    std::copy(missing_.begin(), missing_.end(), missing.begin());
    if (s.min_count[std::size_t(token)] > counts_[std::size_t(token)]) --missing[traits.arity];
    const auto open = std::int64_t(open_) - 1 + traits.arity;
    const std::int64_t asked = missing[1] + missing[2] + missing[3];
    const std::int64_t made = missing[2] + 2 * missing[3];  // slots
    const std::int64_t lack = std::max<std::int64_t>(0, missing[0] - open - made);
    if (open == 0 && missing[0] + asked > 0) return false;
    const int most = rules_->most_arguments_ - 1;
    if (lack > 0 && most < 1) return false;
    const std::int64_t further = lack > 0 ? (lack + most - 1) / most : 0;
    const std::int64_t length =
        std::int64_t(sequence_.size()) + 1 + asked + further + open + made + lack;
    return length <= std::int64_t(s.max_nodes) &&
           length <= std::int64_t(sequence_.size()) + 1 + most_nodes_after(token);
}

// most nodes that the open slots can take after the token
std::int64_t Prefix::most_nodes_after(int token) const {
    const TokenTraits& l = rules_->traits_[std::size_t(token)];
    std::int64_t most_nodes = most_nodes_ - rules_->most_nodes(slot_.depth, slot_.path);
    for (int a = 0; a < l.arity; ++a)
        most_nodes += rules_->most_nodes(slot_.depth + 1, slot_.path + l.ticks[a]);
    return most_nodes;
}

bool Prefix::complexity_can_end(int token) const {
    const Rules& r = *rules_;
    for (std::size_t a = 0; a < r.traits_[std::size_t(token)].arity; ++a)
        if (r.argument_limit(token, a) + kSlack < r.cheapest_) return false;
    const double total = complexity_ + lack(token);
    if (total > slot_.ceiling + kSlack) return false;
    if (!r.must_have_) return true;
    const bool asked = r.settings_.min_count[std::size_t(token)] > counts_[std::size_t(token)];
    const double missing = missing_complexity_ - (asked ? lack(token) : 0.0);
    return total + missing <= r.settings_.max_complexity + kSlack;
}

// most ticks, were every slot after the token filled with the fastest input
int Prefix::bound(int token) const {
    const TokenTraits& l = rules_->traits_[std::size_t(token)];
    int most = std::max(ticks_, slot_.path + (l.arity ? l.floor : l.ticks[0]));
    int late = kNever;
    for (int a = 0; a < l.arity; ++a) late = std::max(late, slot_.path + l.ticks[a]);
    if (!frames_.empty()) late = std::max(late, frames_.back().late);
    return std::max(most, late + rules_->first_tick_) + rules_->last_tick_;
}

// Whether some one leaf in all slots after the token keeps the tick budget.
bool Prefix::in_time(int token) {
    const Rules& r = *rules_;
    if (r.settings_.max_ticks == kAnyNumber) return true;
    if (r.fastest_ > 0 && std::int64_t(sequence_.size()) + 1 + most_nodes_after(token) <
                              std::int64_t(r.settings_.min_nodes))
        return false;
    if (bound(token) <= r.settings_.max_ticks) return true;
    if (r.exact_ticks_) return false;
    const TokenTraits& traits = r.traits_[std::size_t(token)];
    if (!r.settings_.cost.fuse) return tried(token);
    // An operator whose arguments are one input or constants is a table or a constant whatever it
    // does, and inputs that do not occur yet differ by their tables only: one answer for all.
    const bool absent = traits.input && counts_[std::size_t(token)] == 0;
    if (traits.arity == 0 && !absent) return tried(token);
    std::int8_t& answer = answers_[absent ? std::size_t(traits.alike) + 1 : 0];
    if (answer < 0)
        answer = tried(traits.arity > 0 && r.any_operator_ >= 0 ? r.any_operator_ : token);
    return answer != 0;
}

bool Prefix::tried(int token) {
    const Rules& r = *rules_;
    const TokenTraits& traits = r.traits_[std::size_t(token)];
    const std::size_t slots = open_ - 1 + traits.arity;
    if (slots == 0) return filled_in_time(token, token, 0);
    if (filled_by_input(token, slots)) return true;
    if (input_wanted(token) || input_missing(token)) return false;
    const std::size_t written = constants_ + traits.free;
    if (r.free_ >= 0 && written + slots <= r.settings_.max_constants &&
        filled_in_time(token, r.free_, slots))
        return true;
    return !r.literals_.empty() && filled_in_time(token, r.literals_[0], slots);
}

// the input that did last time, those that occur, and the fastest of the others
bool Prefix::filled_by_input(int token, std::size_t slots) {
    const int last = last_fill_;
    if (last >= 0 && filled_in_time(token, last, slots)) return true;
    bool absent = false;
    for (const std::int16_t leaf : rules_->inputs_) {
        const bool occurs = leaf == token || counts_[std::size_t(leaf)] > 0;
        if (leaf == last || (!occurs && absent)) continue;
        absent = absent || !occurs;
        if (!filled_in_time(token, leaf, slots)) continue;
        last_fill_ = leaf;
        return true;
    }
    return false;
}

bool Prefix::filled_in_time(int token, int leaf, std::size_t slots) {
    const Rules& r = *rules_;
    trial_.assign(sequence_.begin(), sequence_.end());
    trial_.push_back(std::int16_t(token));
    trial_.insert(trial_.end(), slots, std::int16_t(leaf));
    to_tree(trial_, r.vocabulary_, {}, trial_tree_);
    return r.form_cost(trial_tree_).whole.ticks <= r.settings_.max_ticks;
}

}  // namespace symtick
