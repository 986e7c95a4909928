// The tokens that candidates are written in, and the two ways to write them: postfix trees (what is
// bred and evaluated) and sequences, root first (what a policy writes).
#pragma once
#include <algorithm>
#include <span>

#include "core/ops.hpp"

namespace symtick {

// One token: an INPUT, the free CONST, a literal (CONST with feature kLiteral), an operator or a
// custom operator. `value` of the free CONST is where its tuning starts.
struct Token {
    Node node;
    double complexity = 1.0;
};

// Token numbers, root first, arguments from left to right.
using Sequence = std::vector<std::int16_t>;

struct Vocabulary {
    std::vector<Token> tokens;
    // bodies of the custom operators CUSTOM1 + k, CUSTOM2 + k and CUSTOM3 + k: postfix over
    // built-in operators and literals, where INPUT 0 and so on are the arguments
    std::array<std::vector<Tree>, kMostArguments> bodies;

    int find(const Node& node) const;  // token number, -1 where it is no token
    int arity_of(int token) const { return arity(tokens[std::size_t(token)].node.op); }
    bool custom() const {
        return std::any_of(bodies.begin(), bodies.end(), [](const auto& b) { return !b.empty(); });
    }
    const Tree& body(std::uint8_t op) const {
        const auto count = std::size_t(arity(op));
        return bodies[count - 1][std::size_t(op - CUSTOM1) % kCustom];
    }
};

// throws std::invalid_argument naming what is wrong: a token twice, a custom operator without a
// body, a body that is no expression of its arguments, no leaf
void check(const Vocabulary& vocabulary);

// false where a node is no token of the vocabulary
bool to_sequence(const Tree& tree, const Vocabulary& vocabulary, Sequence& out);
// free constants take their values from `constants` in order of the sequence, while there are some
Tree to_tree(std::span<const std::int16_t> sequence, const Vocabulary& vocabulary,
             std::span<const double> constants = {});
// the same into a tree that is kept and filled again
void to_tree(std::span<const std::int16_t> sequence, const Vocabulary& vocabulary,
             std::span<const double> constants, Tree& out);
// whether the token numbers exist and make one whole expression
bool whole(std::span<const std::int16_t> sequence, const Vocabulary& vocabulary);
// Built-in operators only. An argument that a body uses twice is written twice, and the copies of a
// free constant in it get a common number (Node::feature from 1 on); others stay kFree.
Tree expanded(const Tree& tree, const Vocabulary& vocabulary);
bool has_custom(const Tree& tree);
// the free constants of `from` (an expanded tree that was tuned) put back into the tree it came
// from
void take_constants(Tree& tree, const Tree& from, const Vocabulary& vocabulary);

}  // namespace symtick
