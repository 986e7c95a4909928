// What the rules count in a form of a function; see form_needs.hpp.
#include "rules/form_needs.hpp"

#include <algorithm>
#include <cmath>

namespace symtick {

FormNeeds::FormNeeds(const Rules& rules) : rules_(&rules) {
    const RuleSettings& s = rules.settings();
    const std::size_t n = rules.vocabulary().tokens.size();
    for (std::size_t t = 0; t < n; ++t) {
        const auto limits = [&](std::size_t outer) { return s.nested[outer * n + t] < kAnyNumber; };
        const auto bars = [&](std::size_t child) { return s.barred[t * n + child] != 0; };
        bool path = false, parent = false;
        for (std::size_t k = 0; k < n; ++k) {
            path = path || (!s.nested.empty() && limits(k));
            parent = parent || (!s.barred.empty() && bars(k));
        }
        if (path) paths_.push_back(std::int16_t(t));
        if (parent) parents_.push_back(std::int16_t(t));
        if (!s.max_count.empty() && s.max_count[t] < kAnyNumber) counts_.push_back(std::int16_t(t));
    }
    // a limit that no small form comes near tells none apart
    constexpr std::size_t kSmall = 24;
    depth_ = s.max_depth < kSmall;
    nodes_ = std::min(s.max_nodes, s.max_expanded) < kSmall;
    constants_ = s.max_constants < kSmall;
    complexity_ =
        std::isfinite(s.max_complexity) || std::any_of(s.max_argument.begin(), s.max_argument.end(),
                                                       [](double m) { return std::isfinite(m); });
    ticks_ = s.max_ticks != kAnyNumber;
    arguments_ = !s.constant_arguments;
    if (ticks_ && s.cost.fuse) {
        for (const Token& t : rules.vocabulary().tokens)
            if (t.node.op == INPUT) inputs_ = std::max(inputs_, std::size_t(t.node.feature) + 1);
    }
    width_ = paths_.size() + counts_.size() + parents_.size() + depth_ + nodes_ + constants_ +
             complexity_ + ticks_ + arguments_ + (inputs_ > 0 ? inputs_ + 4 : 0);
}

void FormNeeds::push(const FunctionForm& form, const Tree& tree) {
    if (!any()) return;
    const Vocabulary& vocabulary = rules_->vocabulary();
    const std::size_t n = vocabulary.tokens.size(), first = needs_.size();
    needs_.resize(first + width_, 0.0f);
    float* to = needs_.data() + first;
    const float* a = form.a < 0 ? nullptr : needs_.data() + std::size_t(form.a) * width_;
    const float* b = form.b < 0 ? nullptr : needs_.data() + std::size_t(form.b) * width_;
    std::size_t k = 0;
    const auto most = [&] { return std::max(a ? a[k] : 0.0f, b ? b[k] : 0.0f); };
    const auto both = [&] { return (a ? a[k] : 0.0f) + (b ? b[k] : 0.0f); };
    const bool symbol = std::size_t(form.token) >= n;
    for (const std::int16_t t : paths_) to[k] = most() + float(t == form.token), ++k;
    for (const std::int16_t t : counts_) to[k] = both() + float(t == form.token), ++k;
    for (const std::int16_t t : parents_) {
        const auto place = std::size_t(t) * n + std::size_t(form.token);
        to[k++] = symbol ? 0.0f : float(rules_->settings().barred[place]);
    }
    if (depth_) to[k] = most() + 1.0f, ++k;
    if (nodes_) to[k] = both() + 1.0f, ++k;
    if (constants_) to[k] = both() + float(symbol), ++k;
    if (complexity_) {
        const int token = symbol ? vocabulary.find({CONST, kFree, 0.0}) : form.token;
        const double own = vocabulary.tokens[std::size_t(token)].complexity;
        to[k] = both() + float(own), ++k;
    }
    if (arguments_) to[k] = float(tree.size() == 1 && tree[0].op == CONST), ++k;
    if (!ticks_) return;
    const PartCost cost = rules_->form_cost(tree);
    to[k++] = float(cost.whole.ticks);
    if (inputs_ == 0) return;
    to[k++] = float(cost.least.ticks);
    to[k++] = float(!cost.table);
    const Tree whole = expanded(tree, vocabulary);
    for (const Node& node : whole)
        if (node.op == INPUT) to[k + std::size_t(node.feature)] = 1.0f;
    const std::uint8_t top = whole.back().op;
    const bool sum = top == ADD || top == SUB || top == NEG;
    to[k + inputs_ + (sum ? 0 : 1)] = 1.0f;
}

bool FormNeeds::as_frugal(std::size_t number) const {
    const float* one = needs_.data() + number * width_;
    const float* last = needs_.data() + needs_.size() - width_;
    for (std::size_t k = 0; k < width_; ++k)
        if (one[k] > last[k]) return false;
    return true;
}

}  // namespace symtick
