// Making new trees from old ones. Nothing here looks at a loss.
#pragma once
#include <array>

#include "core/data.hpp"
#include "core/interval.hpp"
#include "core/program.hpp"
#include "core/rng.hpp"
#include "rules/vocabulary.hpp"

namespace symtick {

// One summand of the sum at the root of a tree.
struct Summand {
    Tree tree;
    bool negative;
};

struct BreedSettings {
    std::vector<Range>
        ranges;              // of the inputs; empty: those of the data, and no interval is checked
    double interaction = 0;  // chance that a new term reads two inputs
    // trees are simplified and new parts are made of terms; else they are tokens only, as they are
    bool simplify = false;
    double inner = 0;       // chance that a crossover takes operators only
    int subtree_depth = 0;  // of a new sub-tree
};

// One per thread. The moves write their child into `out`, which keeps its memory, and return false
// where a move cannot be made. Moves are after Koza (1992) unless said.
class Breeder {
public:
    Breeder(const BreedSettings& settings, const Vocabulary& vocabulary, const Data& data);

    bool terms() const { return terms_; }  // has the vocabulary what c * u(a * x + b) + d needs?
    // u(affine of one or two inputs), without its coefficient
    Tree term(Rng& rng) const;
    // a tree of tokens; every branch `depth` deep where `full`, else some end earlier
    void grow(Rng& rng, int depth, bool full, Tree& out) const;

    bool crossover(const Tree& parent, const Tree& donor, Rng& rng, Tree& out);
    // both parents cut at one place of the region where they have the same shape
    // (Poli, Langdon 1998)
    bool one_point(const Tree& parent, const Tree& donor, Rng& rng, Tree& out);
    bool exchange_terms(const Tree& parent, const Tree& donor, Rng& rng, Tree& out);
    bool drop_term(const Tree& tree, Rng& rng, Tree& out);
    bool jitter(const Tree& tree, Rng& rng, Tree& out);
    bool point(const Tree& tree, Rng& rng, Tree& out);
    bool other_operator(const Tree& tree, Rng& rng, Tree& out);
    bool feature(const Tree& tree, Rng& rng, Tree& out);
    bool replace(const Tree& tree, Rng& rng, Tree& out);
    bool insert(const Tree& tree, Rng& rng, Tree& out);
    bool hoist(const Tree& tree, Rng& rng, Tree& out);
    // an operator and one below it change places, as in a balanced tree's rotation
    // (Cranmer 2023, PySR)
    bool rotate(const Tree& tree, Rng& rng, Tree& out);

private:
    enum TermShape { LINEAR, PLAIN, GAUSS, LORENTZ, RAMP, CEILING };
    struct TermForm {
        TermShape shape;
        std::uint8_t op;
    };
    BreedSettings settings_;
    const Data& data_;
    std::vector<Range> ranges_;
    std::vector<bool> allowed_ = std::vector<bool>(OP_COUNT, false);
    bool terms_ = false;
    std::vector<TermForm> forms_;
    std::vector<Node> leaves_, inputs_, operators_;
    std::array<std::vector<Node>, kMostArguments + 1> by_arity_;  // the operators

    std::vector<std::uint32_t> first_, second_;  // of sub-trees, while a move is made
    std::vector<std::pair<std::uint32_t, std::uint32_t>> common_, waiting_;
    std::vector<std::uint32_t> chosen_;

    Tree affine(Rng& rng, std::size_t feature) const;
    Tree argument(Rng& rng, bool pair) const;
    void shift_into_domain(Tree& z, std::uint8_t op, Rng& rng) const;
    Tree shaped(Tree z, const TermForm& form, Rng& rng) const;
    bool ok(std::uint8_t op) const { return allowed_[op]; }

    Node leaf(Rng& rng) const;
    void grow_terms(Rng& rng, int depth, Tree& out) const;
    void part(Rng& rng, int depth, Tree& out) const;  // appended to `out`
    bool three(Rng& rng) const;  // whether an operator of three arguments is drawn
    void condition(Rng& rng, int depth, Tree& out) const;
    void with_three(const Tree* kept, std::size_t first, std::size_t last, Rng& rng, int depth,
                    Tree& out) const;
    std::size_t cut(const Tree& tree, Rng& rng) const;
    const Node& another(const std::vector<Node>& nodes, const Node& than, Rng& rng) const;
    void common_region(const Tree& parent, const Tree& donor);
};

std::vector<Summand> summands(const Tree& tree);
Tree sum_of(const std::vector<Summand>& terms);
// index of the first node of every sub-tree
void firsts(const Tree& tree, std::vector<std::uint32_t>& out);
// nodes [first, last] of a tree
void append(Tree& tree, const Tree& more, std::size_t first, std::size_t last);
void append(Tree& tree, const Tree& more);
void append_op(Tree& tree, std::uint8_t op);
void append_const(Tree& tree, double value);

}  // namespace symtick
