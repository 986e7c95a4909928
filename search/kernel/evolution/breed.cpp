// Moves on trees of tokens; see breed.hpp.
#include "evolution/breed.hpp"

#include <algorithm>
#include <cmath>

namespace symtick {

void append(Tree& tree, const Tree& more, std::size_t first, std::size_t last) {
    tree.insert(tree.end(), more.begin() + std::ptrdiff_t(first),
                more.begin() + std::ptrdiff_t(last) + 1);
}
void append(Tree& tree, const Tree& more) { tree.insert(tree.end(), more.begin(), more.end()); }
void append_op(Tree& tree, std::uint8_t op) { tree.push_back({op, 0, 0.0}); }
void append_const(Tree& tree, double value) { tree.push_back({CONST, 0, value}); }

void firsts(const Tree& tree, std::vector<std::uint32_t>& out) {
    out.resize(tree.size());
    for (std::uint32_t k = 0; k < tree.size(); ++k) {
        std::uint32_t first = k;
        for (int a = arity(tree[k].op); a > 0; --a) first = out[first - 1];
        out[k] = first;
    }
}

namespace {

bool same(const Node& a, const Node& b) {
    return a.op == b.op && a.feature == b.feature &&
           (a.op != CONST || a.feature != kLiteral || a.value == b.value);
}

// nodes [first, last) of a tree, which may be none
void append_before(Tree& out, const Tree& tree, std::size_t first, std::size_t last) {
    out.insert(out.end(), tree.begin() + std::ptrdiff_t(first),
               tree.begin() + std::ptrdiff_t(last));
}

// `tree` with nodes [first, root] replaced by nodes [from, to] of `part`
void spliced(const Tree& tree, std::size_t first, std::size_t root, const Tree& part,
             std::size_t from, std::size_t to, Tree& out) {
    out.clear();
    append_before(out, tree, 0, first);
    append(out, part, from, to);
    append_before(out, tree, root + 1, tree.size());
}

std::vector<Range> ranges_of(const Data& data) {
    std::vector<Range> out;
    for (std::size_t f = 0; f < data.features; ++f) {
        const double* x = data.x64.get() + f * data.stride;
        const auto [lo, hi] = std::minmax_element(x, x + data.rows);
        out.push_back({*lo, *hi});
    }
    return out;
}

}  // namespace

Breeder::Breeder(const BreedSettings& settings, const Vocabulary& vocabulary, const Data& data)
    : settings_(settings),
      data_(data),
      ranges_(settings.ranges.empty() ? ranges_of(data) : settings.ranges) {
    for (const Token& t : vocabulary.tokens) {
        const Node& n = t.node;
        const int count = arity(n.op);
        if (n.op < OP_COUNT && (n.op != CONST || n.feature != kLiteral)) allowed_[n.op] = true;
        if (n.op == INPUT) inputs_.push_back(n);
        if (count == 0)
            leaves_.push_back(n);
        else
            by_arity_[std::size_t(count)].push_back(n);
        if (count > 0) operators_.push_back(n);
    }
    terms_ = ok(CONST) && ok(MUL) && ok(ADD) && !inputs_.empty();
    forms_.push_back({LINEAR, CONST});
    for (const Node& n : by_arity_[1])
        if (n.op != NEG && n.op < OP_COUNT) forms_.push_back({PLAIN, n.op});
    if (ok(EXP) && ok(NEG) && ok(SQUARE)) forms_.push_back({GAUSS, EXP});
    if (ok(DIV) && ok(SQUARE) && ok(ADD)) forms_.push_back({LORENTZ, DIV});
    if (ok(MAX)) forms_.push_back({RAMP, MAX});
    if (ok(MIN)) forms_.push_back({CEILING, MIN});
}

Node Breeder::leaf(Rng& rng) const {
    // in sums of terms the constants come with the terms, so that fewer are drawn here
    if (settings_.simplify && ok(CONST) && !inputs_.empty()) {
        if (rng.chance(0.3)) return {CONST, 0, rng.normal() * 2.0};
        return inputs_[rng.below(inputs_.size())];
    }
    Node n = leaves_[rng.below(leaves_.size())];
    if (n.op == CONST && n.feature == kFree) n.value = rng.normal() * 2.0;
    return n;
}

void Breeder::part(Rng& rng, int depth, Tree& out) const {
    if (settings_.simplify && terms_)
        grow_terms(rng, depth, out);
    else
        grow(rng, depth, false, out);
}

void Breeder::grow_terms(Rng& rng, int depth, Tree& out) const {
    if (depth <= 1 || operators_.empty() || rng.chance(0.15)) return out.push_back(leaf(rng));
    if (rng.chance(0.25)) return append(out, term(rng));
    if (three(rng)) return with_three(nullptr, 0, 0, rng, depth - 1, out);
    const bool two = !by_arity_[2].empty() && (by_arity_[1].empty() || rng.chance(0.6));
    grow_terms(rng, depth - 1, out);
    if (two) grow_terms(rng, depth - 1, out);
    const auto& nodes = by_arity_[two ? 2 : 1];
    out.push_back(nodes[rng.below(nodes.size())]);
}

// as often as there are such operators among all; draws nothing where there are none
bool Breeder::three(Rng& rng) const {
    const std::size_t count = by_arity_[3].size();
    return count > 0 && rng.below(operators_.size()) < count;
}

// What WHERE asks for: a comparison with a value of the data, where the tokens allow one. Any other
// number is hardly ever 0, so that nothing would be chosen by it.
void Breeder::condition(Rng& rng, int depth, Tree& out) const {
    if (!(ok(GT) || ok(GE)) || inputs_.empty()) return part(rng, depth, out);
    const Node& input = inputs_[rng.below(inputs_.size())];
    out.push_back(input);
    if (ok(CONST) && rng.chance(0.7)) {
        const double* x = data_.x64.get() + std::size_t(input.feature) * data_.stride;
        append_const(out, x[rng.below(data_.rows)]);
    } else {
        part(rng, depth - 1, out);
    }
    append_op(out, ok(GT) && (!ok(GE) || rng.chance(0.5)) ? GT : GE);
}

// An operator of three arguments over new parts, one of which may be nodes [first, last] of `kept`.
void Breeder::with_three(const Tree* kept, std::size_t first, std::size_t last, Rng& rng, int depth,
                         Tree& out) const {
    const Node& op = by_arity_[3][rng.below(by_arity_[3].size())];
    const bool choice = op.op == WHERE;
    const std::size_t place = choice ? 1 + rng.below(2) : rng.below(3);
    for (std::size_t a = 0; a < 3; ++a) {
        if (kept && a == place)
            append(out, *kept, first, last);
        else if (choice && a == 0)
            condition(rng, depth, out);
        else
            part(rng, depth, out);
    }
    out.push_back(op);
}

void Breeder::grow(Rng& rng, int depth, bool full, Tree& out) const {
    const std::size_t ops = operators_.size(), leaves = leaves_.size();
    if (depth <= 1 || ops == 0 || (!full && rng.below(ops + leaves) < leaves))
        return out.push_back(leaf(rng));
    const Node& op = operators_[rng.below(ops)];
    for (int k = arity(op.op); k > 0; --k) grow(rng, depth - 1, full, out);
    out.push_back(op);
}

std::size_t Breeder::cut(const Tree& tree, Rng& rng) const {
    const std::size_t any = rng.below(tree.size());
    if (tree.size() == 1 || arity(tree[any].op) > 0 || !rng.chance(settings_.inner)) return any;
    std::size_t k = any;
    while (arity(tree[k].op) == 0) k = rng.below(tree.size());
    return k;
}

bool Breeder::crossover(const Tree& parent, const Tree& donor, Rng& rng, Tree& out) {
    const std::size_t here = cut(parent, rng), there = cut(donor, rng);
    spliced(parent, first_of(parent, here), here, donor, first_of(donor, there), there, out);
    return true;
}

void Breeder::common_region(const Tree& parent, const Tree& donor) {
    firsts(parent, first_);
    firsts(donor, second_);
    common_.clear();
    waiting_.assign(1, {std::uint32_t(parent.size()) - 1, std::uint32_t(donor.size()) - 1});
    while (!waiting_.empty()) {
        const auto [a, b] = waiting_.back();
        waiting_.pop_back();
        common_.push_back({a, b});
        const int count = arity(parent[a].op);
        if (count == 0 || count != arity(donor[b].op)) continue;
        std::uint32_t here = a, there = b;
        for (int k = 0; k < count; ++k) {
            here = (k ? first_[here] : here) - 1;
            there = (k ? second_[there] : there) - 1;
            waiting_.push_back({here, there});
        }
    }
}

bool Breeder::one_point(const Tree& parent, const Tree& donor, Rng& rng, Tree& out) {
    common_region(parent, donor);
    const auto [a, b] = common_[rng.below(common_.size())];
    spliced(parent, first_[a], a, donor, second_[b], b, out);
    return true;
}

bool Breeder::jitter(const Tree& tree, Rng& rng, Tree& out) {
    out = tree;
    const double size = std::pow(10.0, rng.uniform(-2.0, 0.0));
    bool any = false;
    for (Node& n : out) {
        if (n.op != CONST || n.feature != kFree) continue;
        any = true;
        if (!rng.chance(0.5)) continue;
        n.value = n.value * (1.0 + size * rng.normal()) + 0.05 * size * rng.normal();
    }
    return any;
}

// a node of the list that is not this one, which may or may not be in it
const Node& Breeder::another(const std::vector<Node>& nodes, const Node& than, Rng& rng) const {
    const Node* other = &nodes[rng.below(nodes.size())];
    for (int tries = 0; tries < 8 && same(*other, than); ++tries)
        other = &nodes[rng.below(nodes.size())];
    return *other;
}

bool Breeder::point(const Tree& tree, Rng& rng, Tree& out) {
    out = tree;
    Node& n = out[rng.below(out.size())];
    const int count = arity(n.op);
    if (count == 0) {
        const Node old = n;
        for (int tries = 0; tries < 8 && same(n, old); ++tries) n = leaf(rng);
        return true;
    }
    n = another(by_arity_[std::size_t(count)], n, rng);
    return true;
}

bool Breeder::other_operator(const Tree& tree, Rng& rng, Tree& out) {
    chosen_.clear();
    for (std::uint32_t k = 0; k < tree.size(); ++k)
        if (const int count = arity(tree[k].op); count && by_arity_[std::size_t(count)].size() > 1)
            chosen_.push_back(k);
    if (chosen_.empty()) return false;
    out = tree;
    Node& n = out[chosen_[rng.below(chosen_.size())]];
    n = another(by_arity_[std::size_t(arity(n.op))], n, rng);
    return true;
}

bool Breeder::feature(const Tree& tree, Rng& rng, Tree& out) {
    chosen_.clear();
    for (std::uint32_t k = 0; k < tree.size(); ++k)
        if (tree[k].op == INPUT) chosen_.push_back(k);
    if (chosen_.empty() || inputs_.size() < 2) return false;
    out = tree;
    Node& n = out[chosen_[rng.below(chosen_.size())]];
    n = another(inputs_, n, rng);
    return true;
}

bool Breeder::replace(const Tree& tree, Rng& rng, Tree& out) {
    const std::size_t k = rng.below(tree.size()), first = first_of(tree, k);
    out.clear();
    append_before(out, tree, 0, first);
    const int depth = settings_.subtree_depth;
    part(rng, settings_.simplify ? depth : 1 + int(rng.below(std::size_t(depth))), out);
    append_before(out, tree, k + 1, tree.size());
    return true;
}

bool Breeder::insert(const Tree& tree, Rng& rng, Tree& out) {
    if (operators_.empty()) return false;
    const std::size_t k = rng.below(tree.size()), first = first_of(tree, k);
    out.clear();
    append_before(out, tree, 0, first);
    if (three(rng)) {
        with_three(&tree, first, k, rng, 2, out);
        append_before(out, tree, k + 1, tree.size());
        return true;
    }
    const bool one = by_arity_[2].empty() || (!by_arity_[1].empty() && rng.chance(0.5));
    const bool before = !one && rng.chance(0.5);
    if (before) part(rng, 2, out);
    append(out, tree, first, k);
    if (!one && !before) part(rng, 2, out);
    const auto& nodes = by_arity_[one ? 1 : 2];
    out.push_back(nodes[rng.below(nodes.size())]);
    append_before(out, tree, k + 1, tree.size());
    return true;
}

bool Breeder::hoist(const Tree& tree, Rng& rng, Tree& out) {
    if (tree.size() < 2) return false;
    const std::size_t k = rng.below(tree.size()), first = first_of(tree, k);
    const std::size_t kept = first + rng.below(k - first + 1);
    spliced(tree, first, k, tree, first_of(tree, kept), kept, out);
    return true;
}

bool Breeder::rotate(const Tree& tree, Rng& rng, Tree& out) {
    firsts(tree, first_);
    // pairs of an operator and one of its arguments that is an operator too
    common_.clear();
    for (std::uint32_t r = 1; r < tree.size(); ++r) {
        std::uint32_t at = r;
        for (int a = arity(tree[r].op); a > 0; --a) {
            at = (at == r ? r : first_[at]) - 1;
            if (arity(tree[at].op)) common_.push_back({r, at});
        }
    }
    if (common_.empty()) return false;
    const auto [root, pivot] = common_[rng.below(common_.size())];
    // which of the pivot's arguments comes into its place, counted from the last
    const int count = arity(tree[pivot].op);
    const std::size_t places = count == 2 ? rng.chance(0.5) : count > 2 ? rng.below(3) : 0;
    std::uint32_t grand = pivot - 1;
    for (std::size_t a = 0; a < places; ++a) grand = first_[grand] - 1;
    out.clear();
    append_before(out, tree, 0, first_[root]);
    append_before(out, tree, first_[pivot], first_[grand]);
    // the old root, with the pivot's argument in the pivot's place
    append_before(out, tree, first_[root], first_[pivot]);
    append(out, tree, first_[grand], grand);
    append_before(out, tree, pivot + 1, root + 1);
    append_before(out, tree, grand + 1, pivot + 1);
    append_before(out, tree, root + 1, tree.size());
    return true;
}

}  // namespace symtick
