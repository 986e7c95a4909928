// Room: search/kernel. See breed.hpp.
#include "breed.hpp"

#include <algorithm>
#include <cmath>

namespace symtick {

void append(Tree& tree, const Tree& more) { tree.insert(tree.end(), more.begin(), more.end()); }
void append_op(Tree& tree, std::uint8_t op) { tree.push_back({op, 0, 0.0}); }
void append_const(Tree& tree, double value) { tree.push_back({CONST, 0, value}); }

Tree replaced(const Tree& tree, std::size_t root, const Tree& part) {
    const auto first = tree.begin() + std::ptrdiff_t(first_of(tree, root));
    Tree out(tree.begin(), first);
    append(out, part);
    out.insert(out.end(), tree.begin() + std::ptrdiff_t(root) + 1, tree.end());
    return out;
}

namespace {

Tree sub_tree(const Tree& tree, std::size_t root) {
    return Tree(tree.begin() + std::ptrdiff_t(first_of(tree, root)),
                tree.begin() + std::ptrdiff_t(root) + 1);
}

void gather(const Tree& tree, std::size_t root, bool negative, std::vector<Summand>& out) {
    const std::uint8_t op = tree[root].op;
    if (op == NEG) return gather(tree, root - 1, !negative, out);
    if (op != ADD && op != SUB) {
        out.push_back({sub_tree(tree, root), negative});
        return;
    }
    gather(tree, first_of(tree, root - 1) - 1, negative, out);
    gather(tree, root - 1, negative != (op == SUB), out);
}

}  // namespace

std::vector<Summand> summands(const Tree& tree) {
    std::vector<Summand> out;
    gather(tree, tree.size() - 1, false, out);
    return out;
}

Tree sum_of(const std::vector<Summand>& terms) {
    Tree out;
    for (std::size_t k = 0; k < terms.size(); ++k) {
        append(out, terms[k].tree);
        if (k) append_op(out, terms[k].negative ? SUB : ADD);
        else if (terms[k].negative) append_op(out, NEG);
    }
    if (out.empty()) append_const(out, 0.0);
    return out;
}

Breeder::Breeder(const BreedSettings& settings, const Data& data)
    : settings_(settings), data_(data) {
    for (std::uint8_t op = ADD; op < OP_COUNT; ++op)
        if (ok(op)) (arity(op) == 1 ? unary_ : binary_).push_back(op);
    forms_.push_back({LINEAR, CONST});
    for (std::uint8_t op : unary_)
        if (op != NEG) forms_.push_back({PLAIN, op});
    if (ok(EXP) && ok(NEG) && ok(SQUARE)) forms_.push_back({GAUSS, EXP});
    if (ok(DIV) && ok(SQUARE) && ok(ADD)) forms_.push_back({LORENTZ, DIV});
    if (ok(MAX)) forms_.push_back({RAMP, MAX});
    if (ok(MIN)) forms_.push_back({CEILING, MIN});
}

// (x - p) / s with p where data is and s from a twentieth to twice the input's range
Tree Breeder::affine(Rng& rng, std::size_t feature) const {
    const Range& range = settings_.ranges[feature];
    const double width = range.hi > range.lo ? range.hi - range.lo : 1.0;
    const double p = data_.x64[feature * data_.stride + rng.below(data_.rows)];
    double slope = 1.0 / (width * std::pow(10.0, rng.uniform(-1.3, 0.3)));
    if (rng.chance(0.5)) slope = -slope;
    Tree z{{INPUT, std::int32_t(feature), 0.0}};
    append_const(z, slope);
    append_op(z, MUL);
    append_const(z, -p * slope);
    append_op(z, ADD);
    return z;
}

Tree Breeder::argument(Rng& rng, bool pair) const {
    const std::size_t n = data_.features, i = rng.below(n);
    Tree z = affine(rng, i);
    if (pair && n > 1) {
        append(z, affine(rng, (i + 1 + rng.below(n - 1)) % n));
        append_op(z, ADD);
    }
    return simplified(z);
}

void Breeder::shift_into_domain(Tree& z, std::uint8_t op, Rng& rng) const {
    if (op != EXP && op != LOG && op != SQRT) return;
    std::vector<Range> held;
    if (intervals(z, settings_.ranges, held) != z.size()) return;
    const Range r = held.back();
    // exp: largest value 1; log, sqrt: smallest argument a little above 0
    const double shift = op == EXP ? -r.hi : std::pow(10.0, rng.uniform(-2.5, 0.0)) - r.lo;
    append_const(z, shift);
    append_op(z, ADD);
}

Tree Breeder::shaped(Tree z, const Form& form, Rng& rng) const {
    switch (form.shape) {
        case LINEAR: return z;
        case PLAIN:
            shift_into_domain(z, form.op, rng);
            append_op(z, form.op);
            return z;
        case GAUSS:
            append_op(z, SQUARE);
            append_op(z, NEG);
            append_op(z, EXP);
            return z;
        case LORENTZ: {
            Tree out;
            append_const(out, 1.0);
            append(out, z);
            append_op(out, SQUARE);
            append_const(out, 1.0);
            append_op(out, ADD);
            append_op(out, DIV);
            return out;
        }
        default:
            append_const(z, 0.0);
            append_op(z, form.op);
            return z;
    }
}

Tree Breeder::term(Rng& rng) const {
    const bool two = rng.chance(settings_.interaction) && data_.features > 1;
    if (two && ok(MUL) && rng.chance(0.35)) {
        Tree a = shaped(argument(rng, false), forms_[rng.below(forms_.size())], rng);
        append(a, shaped(argument(rng, false), forms_[rng.below(forms_.size())], rng));
        append_op(a, MUL);
        return simplified(a);
    }
    return simplified(shaped(argument(rng, two), forms_[rng.below(forms_.size())], rng));
}

Tree Breeder::leaf(Rng& rng) const {
    if (rng.chance(0.3)) return {{CONST, 0, rng.normal() * 2.0}};
    return {{INPUT, std::int32_t(rng.below(data_.features)), 0.0}};
}

Tree Breeder::grow(Rng& rng, int depth) const {
    if (depth <= 1 || rng.chance(0.15)) return leaf(rng);
    if (rng.chance(0.25)) return term(rng);
    const bool two = !binary_.empty() && (unary_.empty() || rng.chance(0.6));
    if (!two && unary_.empty()) return leaf(rng);
    Tree out = grow(rng, depth - 1);
    if (two) {
        append(out, grow(rng, depth - 1));
        append_op(out, binary_[rng.below(binary_.size())]);
    } else {
        append_op(out, unary_[rng.below(unary_.size())]);
    }
    return out;
}

Tree Breeder::crossover(const Tree& mother, const Tree& father, Rng& rng) const {
    return replaced(mother, rng.below(mother.size()), sub_tree(father, rng.below(father.size())));
}

Tree Breeder::exchange_terms(const Tree& mother, const Tree& father, Rng& rng) const {
    std::vector<Summand> mine = summands(mother);
    const std::vector<Summand> theirs = summands(father);
    const Summand& gift = theirs[rng.below(theirs.size())];
    if (rng.chance(0.5)) mine[rng.below(mine.size())] = gift;
    else mine.push_back(gift);
    return sum_of(mine);
}

Tree Breeder::jitter(const Tree& tree, Rng& rng) const {
    Tree out = tree;
    const double size = std::pow(10.0, rng.uniform(-2.0, 0.0));
    for (Node& n : out) {
        if (n.op != CONST || !rng.chance(0.5)) continue;
        n.value = n.value * (1.0 + size * rng.normal()) + 0.05 * size * rng.normal();
    }
    return out;
}

Tree Breeder::point(const Tree& tree, Rng& rng) const {
    Tree out = tree;
    Node& n = out[rng.below(out.size())];
    if (arity(n.op) == 0) {
        n = leaf(rng)[0];
        return out;
    }
    const auto& same = arity(n.op) == 1 ? unary_ : binary_;
    if (!same.empty()) n.op = same[rng.below(same.size())];
    return out;
}

Tree Breeder::swap_feature(const Tree& tree, Rng& rng) const {
    Tree out = tree;
    std::vector<std::size_t> inputs;
    for (std::size_t k = 0; k < out.size(); ++k)
        if (out[k].op == INPUT) inputs.push_back(k);
    if (!inputs.empty())
        out[inputs[rng.below(inputs.size())]].feature = std::int32_t(rng.below(data_.features));
    return out;
}

Tree Breeder::replace(const Tree& tree, Rng& rng) const {
    return replaced(tree, rng.below(tree.size()), grow(rng, 3));
}

Tree Breeder::insert(const Tree& tree, Rng& rng) const {
    const std::size_t k = rng.below(tree.size());
    Tree part = sub_tree(tree, k);
    if (!unary_.empty() && rng.chance(0.5)) {
        append_op(part, unary_[rng.below(unary_.size())]);
    } else if (!binary_.empty()) {
        Tree other = grow(rng, 2);
        if (rng.chance(0.5)) std::swap(part, other);
        append(part, other);
        append_op(part, binary_[rng.below(binary_.size())]);
    }
    return replaced(tree, k, part);
}

Tree Breeder::hoist(const Tree& tree, Rng& rng) const {
    const std::size_t k = rng.below(tree.size()), first = first_of(tree, k);
    return replaced(tree, k, sub_tree(tree, first + rng.below(k - first + 1)));
}

Tree Breeder::drop_term(const Tree& tree, Rng& rng) const {
    std::vector<Summand> terms = summands(tree);
    if (terms.size() < 2) return hoist(tree, rng);
    terms.erase(terms.begin() + std::ptrdiff_t(rng.below(terms.size())));
    return sum_of(terms);
}

}  // namespace symtick
