// What the rules know of each token, worked out at construction; see rules.hpp.
#include "rules/rules.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace symtick {
namespace {

constexpr int kNoEnd = 1 << 29;  // nodes of an argument that nothing may be
constexpr std::int64_t kManyNodes = std::int64_t(1) << 30;

// most ticks that a delay adds to any arrival
int span(double delay, const CostTable& cost) {
    if (!cost.chain) return int(std::ceil(delay));
    return delay <= 0.0 ? 0 : int(std::ceil(delay / cost.period));
}

// From an argument's arrival to the value. Where tables are fused, a sum takes adders whatever its
// signs, a quotient a product and, for the divisor, a table before it, and a constant factor is the
// least that it can be: a shift.
int ticks_of(std::uint8_t op, std::size_t argument, const CostTable& cost) {
    const int own = span(cost.op_delay[op], cost);
    if (!cost.fuse) return own;
    if (op == SUB) return span(cost.op_delay[ADD], cost);
    if (op == DIV) return span(cost.op_delay[MUL], cost) + (argument == 1 ? own : 0);
    return own;
}

// ticks from each node of a body to its root
std::vector<int> ticks_to_root(const Tree& body, const CostTable& cost) {
    std::vector<int> out(body.size(), 0);
    for (std::size_t k = body.size(); k-- > 0;) {
        std::size_t argument = k;
        for (int a = arity(body[k].op); a > 0; --a) {
            out[argument - 1] = out[k] + ticks_of(body[k].op, std::size_t(a - 1), cost);
            argument = first_of(body, argument - 1);
        }
    }
    return out;
}

void measure_custom(TokenTraits& traits, const Tree& body, const CostTable& cost) {
    const std::vector<int> to_root = ticks_to_root(body, cost);
    traits.own = 0;
    for (int a = 0; a < kMostArguments; ++a) traits.uses[a] = 0, traits.ticks[a] = kNever;
    for (std::size_t k = 0; k < body.size(); ++k) {
        if (body[k].op == INPUT) {
            const auto a = std::size_t(body[k].feature);
            ++traits.uses[a];
            traits.ticks[a] = std::max(traits.ticks[a], to_root[k]);
            continue;
        }
        ++traits.own;
        if (body[k].op == CONST) traits.floor = std::max(traits.floor, to_root[k]);
    }
}

void need(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

}  // namespace

Rules::Rules(Vocabulary vocabulary, RuleSettings settings)
    : vocabulary_(std::move(vocabulary)), settings_(std::move(settings)) {
    check(vocabulary_);
    check_sizes();
    CostTable forms = settings_.cost;
    forms.factor_bits = 1;
    forms_ = Costing(forms);
    index();
    measure();
    find_needs();
    find_most_nodes();
    find_slow();
    find_masks();
}

void Rules::check_sizes() const {
    const std::size_t n = vocabulary_.tokens.size();
    const RuleSettings& s = settings_;
    const auto empty_or = [](std::size_t size, std::size_t wanted) {
        return size == 0 || size == wanted;
    };
    need(s.max_nodes >= 1 && s.max_nodes <= 100'000, "max_nodes must be from 1 to 100000");
    need(s.min_nodes <= s.max_nodes, "min_nodes must not be over max_nodes");
    need(s.max_depth >= 1, "max_depth must be at least 1");
    need(empty_or(s.max_argument.size(), kMostArguments * n),
         "max_argument needs three limits for each token");
    need(empty_or(s.min_count.size(), n), "min_count needs a number for each token");
    need(empty_or(s.max_count.size(), n), "max_count needs a number for each token");
    need(empty_or(s.nested.size(), n * n), "nested needs a number for each pair of tokens");
    need(empty_or(s.barred.size(), n * n), "barred needs a number for each pair of tokens");
    need(s.token_units.size() == n * s.units, "token_units needs exponents for each token");
    need(empty_or(s.target_units.size(), s.units), "target_units needs an exponent for each unit");
    for (const Token& t : vocabulary_.tokens) {
        need(t.complexity >= 0.0 && std::isfinite(t.complexity),
             "complexities must be finite and not negative");
        need(s.max_ticks == kAnyNumber || !s.cost.fuse || t.node.op != INPUT ||
                 std::size_t(t.node.feature) < s.cost.table_delay.size(),
             "the cost table lacks an input of the vocabulary");
    }
}

void Rules::index() {
    of_op_.assign(256, -1);
    for (std::size_t k = 0; k < vocabulary_.tokens.size(); ++k) {
        const Node& n = vocabulary_.tokens[k].node;
        const auto token = std::int16_t(k);
        if (n.op == INPUT) {
            const auto f = std::size_t(n.feature);
            if (of_feature_.size() <= f) of_feature_.resize(f + 1, -1);
            of_feature_[f] = token;
            inputs_.push_back(token);
        } else if (n.op == CONST && n.feature == kLiteral) {
            literals_.push_back(token);
        } else if (n.op == CONST) {
            free_ = token;
        } else {
            of_op_[n.op] = token;
        }
    }
    if (settings_.nested.empty()) return;
    for (const int most : settings_.nested)
        limits_.push_back(most < 0 ? 0 : most >= kNoLimit ? kNoLimit : std::uint16_t(most));
}

int Rules::literal(double value) const {
    for (const std::int16_t t : literals_)
        if (const double v = vocabulary_.tokens[std::size_t(t)].node.value;
            v == value && std::signbit(v) == std::signbit(value))
            return t;
    return -1;
}

void Rules::measure() {
    const CostTable& cost = settings_.cost;
    cheapest_ = std::numeric_limits<double>::infinity();
    exact_ticks_ = !cost.fuse && !cost.chain;
    last_tick_ = cost.chain ? 1 : 0;
    for (std::size_t k = 0; k < vocabulary_.tokens.size(); ++k) {
        const Token& token = vocabulary_.tokens[k];
        const std::uint8_t op = token.node.op;
        TokenTraits traits;
        traits.arity = std::uint8_t(arity(op));
        traits.input = op == INPUT;
        traits.constant = op == CONST;
        traits.free = op == CONST && token.node.feature != kLiteral;
        traits.kind = traits.arity > 0 ? TokenTraits::Kind(TokenTraits::FREE_LEAF + traits.arity)
                      : traits.input   ? TokenTraits::INPUT_LEAF
                      : traits.free    ? TokenTraits::FREE_LEAF
                                       : TokenTraits::LITERAL_LEAF;
        std::fill_n(traits.uses, traits.arity, 1);
        traits.complexity = token.complexity;
        if (traits.arity == 0) cheapest_ = std::min(cheapest_, token.complexity);
        if (usable(k)) most_arguments_ = std::max(most_arguments_, int(traits.arity));
        if (op >= CUSTOM1) {
            measure_custom(traits, vocabulary_.body(op), cost);
            custom_ = true;
        } else if (traits.arity > 0) {
            for (std::size_t a = 0; a < kMostArguments; ++a)
                traits.ticks[a] = ticks_of(op, a, cost);
        } else if (traits.input && cost.fuse && settings_.max_ticks != kAnyNumber) {
            traits.delay = cost.table_delay[std::size_t(token.node.feature)];
            traits.ticks[0] = span(traits.delay, cost);
        }
        if (!limits_.empty()) {
            const auto row = limits_.begin() + std::ptrdiff_t(k * vocabulary_.tokens.size());
            traits.nests = std::any_of(row, row + std::ptrdiff_t(vocabulary_.tokens.size()),
                                       [](std::uint16_t most) { return most != kNoLimit; });
        }
        traits_.push_back(traits);
    }
    find_ticks();
}

// inputs with fast tables first, and what stands for what where ticks are counted
void Rules::find_ticks() {
    const auto delay = [&](std::int16_t t) -> double { return traits_[std::size_t(t)].delay; };
    std::stable_sort(inputs_.begin(), inputs_.end(),
                     [&](std::int16_t a, std::int16_t b) { return delay(a) < delay(b); });
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
        if (k == 0 || delay(inputs_[k]) > delay(inputs_[k - 1])) ++table_kinds_;
        traits_[std::size_t(inputs_[k])].alike = table_kinds_ - 1;
    }
    if (!inputs_.empty()) first_tick_ = traits_[std::size_t(inputs_[0])].ticks[0];
    for (std::size_t t = 0; t < traits_.size() && any_operator_ < 0; ++t)
        if (traits_[t].arity > 0 && vocabulary_.tokens[t].node.op < CUSTOM1) any_operator_ = int(t);
    if (!exact_ticks_ || settings_.max_ticks == kAnyNumber) return;
    fastest_ = kAnyNumber;
    for (const TokenTraits& l : traits_)
        for (int a = 0; a < l.arity; ++a) fastest_ = std::min(fastest_, l.ticks[a]);
}

// Fewest nodes and levels of an argument of each operator, the barred children left out: paths in
// the graph of who may stand below whom, made shorter until nothing changes (Bellman, Ford).
void Rules::find_needs() {
    const std::size_t n = traits_.size();
    std::vector<int> nodes(n, kNoEnd), levels(n, kNoEnd);  // of a sub-tree with this root
    for (TokenTraits& l : traits_) l.need = l.levels = kNoEnd;
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t t = 0; t < n; ++t) {
            TokenTraits& l = traits_[t];
            for (std::size_t c = 0; c < n && l.arity > 0; ++c) {
                if (barred(int(t), int(c)) || !usable(c)) continue;
                l.need = std::min(l.need, nodes[c]);
                l.levels = std::min(l.levels, levels[c]);
            }
            const int own = int(std::min<std::int64_t>(kNoEnd, 1 + std::int64_t(l.arity) * l.need));
            const int high = std::min(kNoEnd, l.arity > 0 ? 1 + l.levels : 1);
            changed = changed || own < nodes[t] || high < levels[t];
            nodes[t] = std::min(nodes[t], own);
            levels[t] = std::min(levels[t], high);
        }
    }
    root_need_ = kNoEnd;
    for (std::size_t t = 0; t < n; ++t)
        if (usable(t)) root_need_ = std::min(root_need_, nodes[t]);
}

void Rules::find_most_nodes() {
    const std::size_t levels = std::min(settings_.max_depth, settings_.max_nodes);
    most_nodes_.assign(levels + 1, 0);
    for (std::size_t k = 1; k <= levels; ++k) {
        most_nodes_[k] = std::min(kManyNodes, 1 + most_arguments_ * most_nodes_[k - 1]);
    }
}

void Rules::find_slow() {
    const RuleSettings& s = settings_;
    const std::size_t n = traits_.size();
    slow_leaves_ = true;  // no input that may always fill a slot
    for (const std::int16_t t : inputs_) {
        bool always = s.max_count.empty() || s.max_count[std::size_t(t)] >= int(s.max_nodes);
        for (std::size_t outer = 0; outer < n && !limits_.empty(); ++outer)
            always = always && limits_[outer * n + std::size_t(t)] != 0;
        slow_leaves_ = slow_leaves_ && !always;
    }
    for (const TokenTraits& l : traits_)
        slow_needs_ = slow_needs_ || (l.arity > 0 && (l.need != 1 || l.levels != 1));
    slow_complexity_ = !s.max_argument.empty() || std::isfinite(s.max_complexity);
    must_have_ = std::any_of(s.min_count.begin(), s.min_count.end(), [](int k) { return k > 0; });
}

void Rules::find_masks() {
    for (std::size_t kinds = 0; kinds < (1U << TokenTraits::KINDS); ++kinds) {
        std::vector<std::uint8_t> mask;
        for (const TokenTraits& l : traits_) mask.push_back(std::uint8_t(kinds >> l.kind & 1U));
        masks_.push_back(std::move(mask));
    }
}

// Free constants are made to differ, as they do once they are fitted: parts that are equal but for
// them are two.
PartCost Rules::form_cost(const Tree& tree) const {
    thread_local Tree form;
    form = custom_ ? expanded(tree, vocabulary_) : tree;
    for (std::size_t k = 0; k < form.size(); ++k) {
        Node& n = form[k];
        if (n.op != CONST || n.feature == kLiteral) continue;
        n.value = 0x1p200 * (n.feature > 0 ? double(-n.feature) : double(k + 2));
    }
    return part_cost_of(form, forms_);
}

void Rules::narrow(const std::uint16_t* above, int token, std::uint16_t* below) const {
    const std::size_t n = traits_.size(), t = std::size_t(token);
    std::copy_n(above, n, below);
    if (below[t] != kNoLimit && below[t] != 0) --below[t];
    if (!traits_[t].nests) return;
    const std::uint16_t* most = limits_.data() + t * n;
    for (std::size_t k = 0; k < n; ++k) below[k] = std::min(below[k], most[k]);
}

}  // namespace symtick
