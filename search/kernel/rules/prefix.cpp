// A sequence that is being written, and the mask of its next token; see rules.hpp.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "rules/rules.hpp"

namespace symtick {
Prefix::Prefix(const Rules& rules) : rules_(&rules), counts_(rules.traits_.size(), 0) {
    const RuleSettings& s = rules.settings_;
    sequence_.reserve(s.max_nodes);
    frames_.reserve(s.max_nodes);
    answers_.resize(std::size_t(rules.table_kinds_) + 1);
    clear();
}

void Prefix::clear() {
    const RuleSettings& s = rules_->settings_;
    sequence_.clear();
    frames_.clear();
    slot_ = {1, 0, rules_->root_need_, 1, s.max_complexity};
    std::fill(counts_.begin(), counts_.end(), 0);
    if (!rules_->limits_.empty()) {
        rows_.resize(std::max(rows_.size(), 2 * counts_.size()));
        std::fill_n(row(1), counts_.size(), kNoLimit);
    }
    open_ = 1;
    constants_ = inputs_ = 0;
    most_nodes_ = rules_->most_nodes(1, 0);
    needed_ = rules_->root_need_;
    expanded_ = 1;
    complexity_ = rules_->cheapest_;
    ticks_ = kNever;
    std::fill(answers_.begin(), answers_.end(), std::int8_t(-1));
    last_fill_ = -1;
    missing_ = {};
    missing_complexity_ = 0.0;
    for (std::size_t t = 0; t < counts_.size() && rules_->must_have_; ++t) {
        const int wanted = std::max(0, s.min_count[t]);
        missing_[rules_->traits_[t].arity] += wanted;
        missing_complexity_ += wanted * lack(int(t));
    }
}

// what one more of a token adds to the least complexity
double Prefix::lack(int token) const {
    const TokenTraits& l = rules_->traits_[std::size_t(token)];
    return l.complexity + (double(l.arity) - 1.0) * rules_->cheapest_;
}

// length and depth, which depend on the arity only
bool Prefix::fits(std::size_t arity) const {
    const RuleSettings& s = rules_->settings_;
    if (arity > 0 && std::size_t(slot_.depth) >= s.max_depth) return false;
    const std::size_t length = sequence_.size() + 1;
    if (length + open_ - 1 + arity > s.max_nodes) return false;
    const std::int64_t most_nodes =
        most_nodes_ - rules_->most_nodes(slot_.depth, slot_.path) +
        std::int64_t(arity) * rules_->most_nodes(slot_.depth + 1, slot_.path);
    return std::int64_t(length) + most_nodes >= std::int64_t(s.min_nodes);
}

bool Prefix::constant_stands(bool free) const {
    const RuleSettings& s = rules_->settings_;
    if (free && constants_ >= s.max_constants) return false;
    if (s.needs_input && inputs_ == 0 && open_ == 1) return false;
    return s.constant_arguments || frames_.empty() || frames_.back().left > 1 ||
           !frames_.back().constants;
}

bool Prefix::mask(std::vector<std::uint8_t>& out) {
    const std::size_t n = counts_.size();
    if (open_ == 0) {
        out.assign(n, 0);
        return false;
    }
    const bool leaf = fits(0);
    const std::size_t kinds =
        std::size_t(leaf) << TokenTraits::INPUT_LEAF |
        std::size_t(leaf && constant_stands(false)) << TokenTraits::LITERAL_LEAF |
        std::size_t(leaf && constant_stands(true)) << TokenTraits::FREE_LEAF |
        std::size_t(fits(1)) << TokenTraits::UNARY | std::size_t(fits(2)) << TokenTraits::BINARY |
        std::size_t(fits(3)) << TokenTraits::TERNARY;
    out = rules_->masks_[kinds];
    const RuleSettings& s = rules_->settings_;
    if (!s.max_count.empty())
        for (std::size_t t = 0; t < n; ++t) out[t] &= std::uint8_t(counts_[t] < s.max_count[t]);
    if (!s.barred.empty() && !frames_.empty()) {
        const std::uint8_t* barred = s.barred.data() + std::size_t(parent()) * n;
        for (std::size_t t = 0; t < n; ++t) out[t] &= std::uint8_t(barred[t] == 0);
    }
    if (!rules_->limits_.empty()) {
        const std::uint16_t* may = row(slot_.depth);
        for (std::size_t t = 0; t < n; ++t) out[t] &= std::uint8_t(may[t] != 0);
    }
    if (slow())
        for (std::size_t t = 0; t < n; ++t)
            if (out[t]) out[t] = std::uint8_t(can_end(int(t)) && in_time(int(t)));
    return std::find(out.begin(), out.end(), std::uint8_t(1)) != out.end();
}

bool Prefix::allows(int token) {
    if (open_ == 0 || token < 0 || std::size_t(token) >= counts_.size()) return false;
    return fits(rules_->traits_[std::size_t(token)].arity) && stands(token) &&
           (!slow() || (can_end(token) && in_time(token)));
}

// whether a token may stand in the slot, whatever comes after it
bool Prefix::stands(int token) const {
    const auto t = std::size_t(token);
    const RuleSettings& s = rules_->settings_;
    const TokenTraits& traits = rules_->traits_[t];
    if (traits.constant && !constant_stands(traits.free)) return false;
    if (!s.max_count.empty() && counts_[t] >= s.max_count[t]) return false;
    if (!frames_.empty() && rules_->barred(parent(), token)) return false;
    return rules_->limits_.empty() || row(slot_.depth)[t] != 0;
}

bool Prefix::slow() const {
    const Rules& r = *rules_;
    return r.slow_leaves_ || r.slow_needs_ || r.slow_complexity_ || r.must_have_ || r.custom_ ||
           r.settings_.max_ticks != kAnyNumber;
}

void Prefix::push(int token) {
    if (open_ == 0) throw std::logic_error("the sequence is complete: no token may follow");
    if (token < 0 || std::size_t(token) >= counts_.size())
        throw std::out_of_range("token " + std::to_string(token) + " does not exist");
    count(token);
    if (!frames_.empty()) {
        Frame& above = frames_.back();
        if (above.filled == 0) above.first = std::int16_t(token);
        above.constants = above.constants && rules_->traits_[std::size_t(token)].constant;
        ++above.filled;
        if (--above.left == 0) frames_.pop_back();
    }
    if (rules_->traits_[std::size_t(token)].arity > 0) enter(token);
    open_slot();
}

void Prefix::count(int token) {
    const auto t = std::size_t(token);
    const TokenTraits& l = rules_->traits_[t];
    if (rules_->must_have_ && rules_->settings_.min_count[t] > counts_[t]) {
        --missing_[l.arity];
        missing_complexity_ -= lack(token);
    }
    ++counts_[t];
    constants_ += l.free;
    inputs_ += l.input;
    complexity_ += lack(token);
    open_ += std::size_t(l.arity) - 1;
    most_nodes_ = most_nodes_after(token);
    needed_ += std::int64_t(l.arity) * l.need - slot_.need;
    expanded_ += slot_.copies * (l.own - 1 + l.copies());
    ticks_ = std::max(ticks_, slot_.path + (l.arity ? l.floor : l.ticks[0]));
    sequence_.push_back(std::int16_t(token));
    std::fill(answers_.begin(), answers_.end(), std::int8_t(-1));
}

void Prefix::enter(int token) {
    const TokenTraits& l = rules_->traits_[std::size_t(token)];
    if (!rules_->limits_.empty()) {
        const std::size_t size = std::size_t(slot_.depth + 2) * counts_.size();
        if (rows_.size() < size) rows_.resize(2 * size);
        rules_->narrow(row(slot_.depth), token, row(slot_.depth + 1));
    }
    frames_.push_back({std::int16_t(token), -1, l.arity, 0, true, slot_.depth, slot_.path, kNever,
                       slot_.copies, slot_.ceiling});
}

void Prefix::open_slot() {
    if (frames_.empty()) return;
    Frame& top = frames_.back();
    const TokenTraits& l = rules_->traits_[std::size_t(top.token)];
    top.late = frames_.size() > 1 ? frames_[frames_.size() - 2].late : kNever;
    for (int a = top.filled + 1; a < l.arity; ++a)
        top.late = std::max(top.late, top.path + l.ticks[a]);
    const double limit = rules_->argument_limit(top.token, top.filled) - rules_->cheapest_;
    slot_ = {top.depth + 1, top.path + l.ticks[top.filled], l.need, top.copies * l.uses[top.filled],
             std::min(top.ceiling, complexity_ + limit)};
}

}  // namespace symtick
