// Room: search/kernel. Making new trees from old ones. Nothing here looks at a loss.
#pragma once
#include "data.hpp"
#include "interval.hpp"
#include "program.hpp"
#include "rng.hpp"

namespace symtick {

// One summand of the sum at the root of a tree.
struct Summand {
    Tree tree;
    bool negative;
};

struct BreedSettings {
    std::vector<bool> allowed = std::vector<bool>(OP_COUNT, true);
    std::vector<Range> ranges;
    double interaction = 0.25;  // chance that a new term reads two inputs
};

class Breeder {
public:
    Breeder(const BreedSettings& settings, const Data& data);

    // u(affine of one or two inputs), without its coefficient
    Tree term(Rng& rng) const;
    // a small tree of at most this depth
    Tree grow(Rng& rng, int depth) const;

    Tree crossover(const Tree& mother, const Tree& father, Rng& rng) const;
    Tree exchange_terms(const Tree& mother, const Tree& father, Rng& rng) const;
    Tree jitter(const Tree& tree, Rng& rng) const;
    Tree point(const Tree& tree, Rng& rng) const;
    Tree swap_feature(const Tree& tree, Rng& rng) const;
    Tree replace(const Tree& tree, Rng& rng) const;
    Tree insert(const Tree& tree, Rng& rng) const;
    Tree hoist(const Tree& tree, Rng& rng) const;
    Tree drop_term(const Tree& tree, Rng& rng) const;

private:
    enum Shape { LINEAR, PLAIN, GAUSS, LORENTZ, RAMP, CEILING };
    struct Form {
        Shape shape;
        std::uint8_t op;
    };
    BreedSettings settings_;
    const Data& data_;
    std::vector<Form> forms_;
    std::vector<std::uint8_t> unary_, binary_;

    Tree affine(Rng& rng, std::size_t feature) const;
    Tree argument(Rng& rng, bool pair) const;
    void shift_into_domain(Tree& z, std::uint8_t op, Rng& rng) const;
    Tree shaped(Tree z, const Form& form, Rng& rng) const;
    Tree leaf(Rng& rng) const;
    bool ok(std::uint8_t op) const { return settings_.allowed[op]; }
};

std::vector<Summand> summands(const Tree& tree);
Tree sum_of(const std::vector<Summand>& terms);
// sub-tree that ends at `root` replaced by `part`
Tree replaced(const Tree& tree, std::size_t root, const Tree& part);
void append(Tree& tree, const Tree& more);
void append_op(Tree& tree, std::uint8_t op);
void append_const(Tree& tree, double value);

}  // namespace symtick
