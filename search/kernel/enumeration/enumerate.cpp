// Enumeration level by level, by nodes or by operations; see enumerate.hpp.
#include "enumeration/enumerate.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace symtick {
namespace {

// tokens of three arguments are left out: forms of three parts are too many to enumerate
constexpr int kMostEnumerated = 2;
constexpr std::size_t kMostStates = 4'000'000, kMostOperations = 8, kMostNodes = 200;

TableSettings table_settings(const EnumerationSettings& settings) {
    TableSettings out = settings.table;
    out.first_level = settings.shared ? 0 : 1;
    // a set of functions has room for one form of each
    out.every_form = !settings.shared;
    return out;
}

}  // namespace

Enumeration::Enumeration(const Rules& rules, const Data& data, const EnumerationSettings& settings)
    : settings_(settings), table_(rules, data, table_settings(settings)) {
    const std::size_t most = settings.shared ? kMostOperations : kMostNodes;
    if (settings.max_level > most)
        throw std::invalid_argument("max_level must be at most " + std::to_string(most) + ", not " +
                                    std::to_string(settings.max_level));
    starts_ = {0, 0, table_.forms()};
    complete_ = settings.shared ? 0 : 1;
    levels_.resize(2);
    levels_[0].used.push_back(0);  // the empty set
    begin({.level = 2});
}

bool Enumeration::run(std::uint64_t evaluations) {
    const bool more = run_to(settings_.max_level, evaluations);
    table_.settle();
    return more;
}

bool Enumeration::run_level(std::uint64_t evaluations) {
    const std::size_t level = complete_ + 1;
    run_to(std::min(level, settings_.max_level), evaluations);
    return complete_ == level;
}

// false where nothing is left up to this level
bool Enumeration::run_to(std::size_t level, std::uint64_t evaluations) {
    return settings_.shared ? run_operations(level, evaluations) : run_nodes(level, evaluations);
}

void Enumeration::begin(Cursor at) { cursor_ = at; }

bool Enumeration::run_nodes(std::size_t level, std::uint64_t evaluations) {
    while (cursor_.level <= level && !table_.full()) {
        if (spent(evaluations)) return true;
        attempt();
        if (advance()) continue;
        complete_ = cursor_.level;
        starts_.push_back(table_.forms());
        begin({.level = cursor_.level + 1});
    }
    return false;
}

// Considers the candidate at the cursor, or moves it to where there is one; false at the level's
// end.
bool Enumeration::advance() {
    Cursor& c = cursor_;
    if (c.token >= table_.tokens()) return false;
    const int count = table_.rules().vocabulary().arity_of(int(c.token));
    const auto size = [&](std::size_t level) { return starts_[level + 1] - starts_[level]; };
    const auto form = [&](std::size_t level, std::size_t k) {
        return std::int32_t(starts_[level] + k);
    };
    const auto next_token = [&] {
        begin({.level = c.level, .token = c.token + 1});
        return true;
    };
    if (count == 0 || count > kMostEnumerated) return next_token();
    if (count == 1) {
        if (c.i >= size(c.level - 1)) return next_token();
        table_.consider(c.token, form(c.level - 1, c.i++), -1, c.level);
        return true;
    }
    if (c.left + 2 > c.level) return next_token();
    const std::size_t right = c.level - 1 - c.left;
    const bool either = table_.commutes(c.token);
    if (either && c.left > right) return next_token();
    if (c.i >= size(c.left)) {
        ++c.left;
        c.i = c.j = 0;
        return true;
    }
    if (either && c.left == right) c.j = std::max(c.j, c.i);
    if (c.j >= size(right)) {
        ++c.i;
        c.j = 0;
        return true;
    }
    table_.consider(c.token, form(c.left, c.i), form(right, c.j++), c.level);
    return true;
}

bool Enumeration::run_operations(std::size_t level, std::uint64_t evaluations) {
    while (complete_ < level && !table_.full()) {
        if (spent(evaluations)) return true;
        if (state_ < levels_[complete_].used.size()) {
            if (!extend(evaluations)) return true;
            ++state_;
            step_ = 0;
        } else {
            end_level();
        }
    }
    return false;
}

void Enumeration::end_level() {
    ++complete_;
    levels_[complete_].known = {};
    levels_.emplace_back();
    state_ = step_ = 0;
    if (levels_[complete_].used.size() >= kMostStates)
        settings_.max_level = complete_;  // some were left out
}

void Enumeration::take_members() {
    members_.resize(complete_);
    std::size_t state = state_;
    for (std::size_t level = complete_; level > 0; --level) {
        members_[level - 1] = levels_[level].functions[state];
        state = std::size_t(levels_[level].parents[state]);
    }
}

// All candidates of one set of functions and the leaves, from `step_` on; false if the evaluations
// ran out before the end.
bool Enumeration::extend(std::uint64_t evaluations) {
    const std::size_t count = complete_, leaves = table_.leaves();
    const bool last = count + 1 == settings_.max_level;
    take_members();
    const std::uint8_t used = levels_[complete_].used[state_];
    const std::size_t all = leaves + count;
    const auto function = [&](std::size_t k) {
        return k < leaves ? std::int32_t(k) : members_[k - leaves];
    };
    const auto form = [&](std::size_t k) { return table_.first_form(std::size_t(function(k))); };
    const auto bit = [&](std::size_t k) {
        return k < leaves ? std::uint8_t(0) : std::uint8_t(1u << (k - leaves));
    };
    const auto open = std::uint8_t(((1u << count) - 1) & ~used);  // members that nothing uses yet
    const std::int32_t newest = count ? members_[count - 1] : -1;
    std::size_t step = 0;
    for (std::size_t t = 0; t < table_.tokens(); ++t) {
        const int arguments = table_.rules().vocabulary().arity_of(int(t));
        if (arguments == 0 || arguments > kMostEnumerated) continue;
        for (std::size_t i = 0; i < all; ++i) {
            const std::size_t from = arguments == 2 && table_.commutes(t) ? i : 0;
            const std::size_t to = arguments == 2 ? all : from + 1;
            for (std::size_t j = from; j < to; ++j) {
                if (step++ < step_) continue;
                const auto bits = std::uint8_t(bit(i) | (arguments == 2 ? bit(j) : 0));
                // what does not need all of the set is found with a smaller one
                const bool idle = last && (open & ~bits);
                if (!idle && spent(evaluations)) {
                    step_ = step - 1;
                    return false;
                }
                attempt();
                if (idle) continue;
                const std::int32_t b = arguments == 2 ? form(j) : -1;
                const std::int32_t made = table_.consider(t, form(i), b, count + 1);
                if (last || made < std::int32_t(leaves)) continue;
                // each set in one order only: by number, but for what the newest is needed for
                const bool fresh =
                    made > newest || function(i) == newest || (b >= 0 && function(j) == newest);
                if (fresh) keep(used, made, bits);
            }
        }
    }
    return true;
}

void Enumeration::keep(std::uint8_t used, std::int32_t function, std::uint8_t bits) {
    if (std::find(members_.begin(), members_.end(), function) != members_.end()) return;
    const std::size_t count = members_.size();
    States& next = levels_.back();
    const auto both = std::uint8_t(used | bits);
    const std::size_t open = count + 1 - std::size_t(std::popcount(both));
    if (open > settings_.max_level - count || next.used.size() >= kMostStates) return;
    std::uint64_t key = stirred(std::uint64_t(function) + 1);
    for (const std::int32_t member : members_) key += stirred(std::uint64_t(member) + 1);
    if (!next.known.insert(key)) return;
    next.parents.push_back(std::int32_t(state_));
    next.functions.push_back(function);
    next.used.push_back(both);
}

}  // namespace symtick
