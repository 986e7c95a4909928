// Checks of a vocabulary, and conversion between trees and sequences; see vocabulary.hpp.
#include "rules/vocabulary.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "core/program.hpp"

namespace symtick {
namespace {

bool same_token(const Node& token, const Node& node) {
    if (token.op != node.op) return false;
    if (node.op == INPUT) return token.feature == node.feature;
    if (node.op != CONST) return true;
    if ((token.feature == kLiteral) != (node.feature == kLiteral)) return false;
    return node.feature != kLiteral ||
           std::bit_cast<std::uint64_t>(token.value) == std::bit_cast<std::uint64_t>(node.value);
}

bool known(std::uint8_t op, const Vocabulary& vocabulary) {
    if (op < CUSTOM1) return built_in(op);
    return op < CUSTOM3 + kCustom && std::size_t(op - CUSTOM1) % kCustom <
                                         vocabulary.bodies[std::size_t(arity(op)) - 1].size();
}

void check_bodies(const std::vector<Tree>& bodies, std::size_t arguments) {
    if (bodies.size() > std::size_t(kCustom))
        throw std::invalid_argument("there can be " + std::to_string(kCustom) +
                                    " custom operators of each arity, not " +
                                    std::to_string(bodies.size()));
    for (std::size_t k = 0; k < bodies.size(); ++k) {
        check(bodies[k], arguments, k);
        for (std::size_t a = 0; a < arguments; ++a) {
            const auto reads = [&](const Node& n) {
                return n.op == INPUT && std::size_t(n.feature) == a;
            };
            if (std::none_of(bodies[k].begin(), bodies[k].end(), reads))
                throw std::invalid_argument("the body of custom operator " + std::to_string(k) +
                                            " does not use argument " + std::to_string(a));
        }
    }
}

// The expanded tree, and for each of its free constants the node of the tree that it comes from.
class Expander {
public:
    Expander(const Tree& tree, const Vocabulary& vocabulary) {
        for (std::size_t k = 0; k < tree.size(); ++k) {
            const Node& n = tree[k];
            if (n.op >= CUSTOM1) {
                custom(vocabulary.body(n.op), arity(n.op));
                continue;
            }
            for (int a = arity(n.op); a > 1; --a) first_.pop_back();
            if (arity(n.op) == 0) first_.push_back(out.size());
            add(n, std::int32_t(k));
        }
    }

    Tree out;
    std::vector<std::int32_t> origin;

private:
    std::vector<std::size_t> first_;  // where each value on the stack begins
    Tree arguments_;
    std::vector<std::int32_t> origins_;

    void add(const Node& n, std::int32_t from) {
        out.push_back(n);
        origin.push_back(from);
    }

    void custom(const Tree& body, int count) {
        const std::size_t begin = first_[first_.size() - std::size_t(count)];
        std::array<std::size_t, kMostArguments + 1>
            ends{};  // where each argument begins, and all end
        for (std::size_t a = std::size_t(count); a > 0; --a)
            ends[a] = (a == std::size_t(count) ? out.size()
                                               : first_[first_.size() - std::size_t(count) + a]) -
                      begin;
        first_.resize(first_.size() - std::size_t(count) + 1);
        arguments_.assign(out.begin() + std::ptrdiff_t(begin), out.end());
        origins_.assign(origin.begin() + std::ptrdiff_t(begin), origin.end());
        out.resize(begin);
        origin.resize(begin);
        for (const Node& n : body) {
            if (n.op != INPUT) {
                add(n.op == CONST ? Node{CONST, kLiteral, n.value} : n, -1);
                continue;
            }
            const auto a = std::size_t(n.feature);
            for (std::size_t k = ends[a]; k < ends[a + 1]; ++k) add(arguments_[k], origins_[k]);
        }
    }
};

bool is_free(const Node& n) { return n.op == CONST && n.feature != kLiteral; }

}  // namespace

int Vocabulary::find(const Node& node) const {
    for (std::size_t k = 0; k < tokens.size(); ++k)
        if (same_token(tokens[k].node, node)) return int(k);
    return -1;
}

void check(const Vocabulary& vocabulary) {
    for (std::size_t k = 0; k < vocabulary.bodies.size(); ++k)
        check_bodies(vocabulary.bodies[k], k + 1);
    if (vocabulary.tokens.size() > 32'000)
        throw std::invalid_argument("a vocabulary has at most 32000 tokens, not " +
                                    std::to_string(vocabulary.tokens.size()));
    bool leaf = false;
    for (std::size_t k = 0; k < vocabulary.tokens.size(); ++k) {
        const Node& n = vocabulary.tokens[k].node;
        if (!known(n.op, vocabulary))
            throw std::invalid_argument("token " + std::to_string(k) + ": opcode " +
                                        std::to_string(n.op) + " is unknown");
        if (n.op == INPUT && n.feature < 0)
            throw std::invalid_argument("token " + std::to_string(k) +
                                        ": an input's number must not be negative");
        if (vocabulary.find(n) != int(k))
            throw std::invalid_argument("token " + std::to_string(k) + " stands twice, first as " +
                                        std::to_string(vocabulary.find(n)));
        leaf = leaf || arity(n.op) == 0;
    }
    if (!leaf) throw std::invalid_argument("a vocabulary needs an input or a constant");
}

bool to_sequence(const Tree& tree, const Vocabulary& vocabulary, Sequence& out) {
    out.resize(tree.size());
    // Read backwards, a postfix tree is root first with the last argument before the others; the
    // arguments' places follow from their lengths.
    struct Span {
        std::size_t end, at;  // tree nodes up to and without `end` go to `at` and on
    };
    std::vector<Span> parts{{tree.size(), 0}};
    std::vector<std::size_t> length(tree.size());
    for (std::size_t k = 0; k < tree.size(); ++k) {
        length[k] = 1;
        for (int a = arity(tree[k].op); a > 0; --a) length[k] += length[k - length[k]];
    }
    while (!parts.empty()) {
        const auto [end, at] = parts.back();
        parts.pop_back();
        const Node& n = tree[end - 1];
        const int token = vocabulary.find(n);
        if (token < 0) return false;
        out[at] = std::int16_t(token);
        const int count = arity(n.op);
        if (count == 0) continue;
        std::size_t to = at + length[end - 1], argument = end - 1;
        for (int a = count; a > 0; --a) {  // the last one first
            const std::size_t size = length[argument - 1];
            to -= size;
            parts.push_back({argument, to});
            argument -= size;
        }
    }
    return true;
}

bool whole(std::span<const std::int16_t> sequence, const Vocabulary& vocabulary) {
    std::size_t open = 1;
    for (const std::int16_t token : sequence) {
        if (open == 0 || token < 0 || std::size_t(token) >= vocabulary.tokens.size()) return false;
        open += std::size_t(vocabulary.arity_of(token)) - 1;
    }
    return open == 0;
}

void to_tree(std::span<const std::int16_t> sequence, const Vocabulary& vocabulary,
             std::span<const double> constants, Tree& out) {
    struct Waiting {
        std::int16_t token;
        int left;
    };
    thread_local std::vector<Waiting> kept;
    std::vector<Waiting>& waiting = kept;
    waiting.clear();
    out.clear();
    out.reserve(sequence.size());
    std::size_t used = 0;
    for (const std::int16_t token : sequence) {
        const Node& node = vocabulary.tokens[std::size_t(token)].node;
        if (const int count = arity(node.op); count > 0) {
            waiting.push_back({token, count});
            continue;
        }
        out.push_back(node);
        if (is_free(node) && used < constants.size()) out.back().value = constants[used++];
        while (!waiting.empty() && --waiting.back().left == 0) {
            out.push_back(vocabulary.tokens[std::size_t(waiting.back().token)].node);
            waiting.pop_back();
        }
    }
}

Tree to_tree(std::span<const std::int16_t> sequence, const Vocabulary& vocabulary,
             std::span<const double> constants) {
    Tree out;
    to_tree(sequence, vocabulary, constants, out);
    return out;
}

bool has_custom(const Tree& tree) {
    return std::any_of(tree.begin(), tree.end(), [](const Node& n) { return n.op >= CUSTOM1; });
}

Tree expanded(const Tree& tree, const Vocabulary& vocabulary) {
    if (!has_custom(tree)) return tree;
    Expander whole(tree, vocabulary);
    std::vector<std::int32_t> copies(tree.size(), 0), number(tree.size(), 0);
    for (std::size_t k = 0; k < whole.out.size(); ++k)
        if (is_free(whole.out[k])) ++copies[std::size_t(whole.origin[k])];
    std::int32_t ties = 0;
    for (std::size_t k = 0; k < whole.out.size(); ++k) {
        if (!is_free(whole.out[k])) continue;
        const auto from = std::size_t(whole.origin[k]);
        if (copies[from] > 1 && number[from] == 0) number[from] = ++ties;
        whole.out[k].feature = number[from];
    }
    return std::move(whole.out);
}

void take_constants(Tree& tree, const Tree& from, const Vocabulary& vocabulary) {
    if (!has_custom(tree)) {
        for (std::size_t k = 0; k < tree.size() && k < from.size(); ++k)
            if (is_free(tree[k])) tree[k].value = from[k].value;
        return;
    }
    const Expander whole(tree, vocabulary);
    for (std::size_t k = 0; k < whole.out.size() && k < from.size(); ++k)
        if (is_free(whole.out[k])) tree[std::size_t(whole.origin[k])].value = from[k].value;
}

}  // namespace symtick
