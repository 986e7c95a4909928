// Sums of terms c * u(a * x + b), the form that suits hardware tables; see breed.hpp.
#include <cmath>

#include "evolution/breed.hpp"

namespace symtick {
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
        if (k)
            append_op(out, terms[k].negative ? SUB : ADD);
        else if (terms[k].negative)
            append_op(out, NEG);
    }
    if (out.empty()) append_const(out, 0.0);
    return out;
}

// (x - p) / s with p where data is and s from a twentieth to twice the input's range
Tree Breeder::affine(Rng& rng, std::size_t feature) const {
    const Range& range = ranges_[feature];
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
    const std::size_t n = inputs_.size(), i = rng.below(n);
    Tree z = affine(rng, std::size_t(inputs_[i].feature));
    if (pair && n > 1) {
        append(z, affine(rng, std::size_t(inputs_[(i + 1 + rng.below(n - 1)) % n].feature)));
        append_op(z, ADD);
    }
    return settings_.simplify ? simplified(z) : z;
}

void Breeder::shift_into_domain(Tree& z, std::uint8_t op, Rng& rng) const {
    if (op != EXP && op != LOG && op != SQRT) return;
    std::vector<Range> ranges;
    if (intervals(z, ranges_, ranges) != z.size()) return;
    const Range r = ranges.back();
    // exp: largest value 1; log, sqrt: smallest argument a little above 0
    const double shift = op == EXP ? -r.hi : std::pow(10.0, rng.uniform(-2.5, 0.0)) - r.lo;
    append_const(z, shift);
    append_op(z, ADD);
}

Tree Breeder::shaped(Tree z, const TermForm& form, Rng& rng) const {
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
    const bool two = rng.chance(settings_.interaction) && inputs_.size() > 1;
    Tree out;
    if (two && rng.chance(0.35)) {
        out = shaped(argument(rng, false), forms_[rng.below(forms_.size())], rng);
        append(out, shaped(argument(rng, false), forms_[rng.below(forms_.size())], rng));
        append_op(out, MUL);
    } else {
        out = shaped(argument(rng, two), forms_[rng.below(forms_.size())], rng);
    }
    return settings_.simplify ? simplified(out) : out;
}

bool Breeder::exchange_terms(const Tree& parent, const Tree& donor, Rng& rng, Tree& out) {
    std::vector<Summand> mine = summands(parent);
    const std::vector<Summand> theirs = summands(donor);
    const Summand& gift = theirs[rng.below(theirs.size())];
    if (rng.chance(0.5))
        mine[rng.below(mine.size())] = gift;
    else
        mine.push_back(gift);
    out = sum_of(mine);
    return true;
}

bool Breeder::drop_term(const Tree& tree, Rng& rng, Tree& out) {
    std::vector<Summand> terms = summands(tree);
    if (terms.size() < 2) return hoist(tree, rng, out);
    terms.erase(terms.begin() + std::ptrdiff_t(rng.below(terms.size())));
    out = sum_of(terms);
    return true;
}

}  // namespace symtick
