// The engine's state as flat arrays, written and read in one order.
#pragma once
#include <cmath>
#include <stdexcept>

#include "cost/archive.hpp"
#include "rules/rules.hpp"

namespace symtick {

struct Arrays {
    std::vector<std::uint64_t> words;  // counters, hashes, random streams
    std::vector<double> numbers;       // losses, areas
    std::vector<std::uint8_t> ops;     // nodes of all trees, one after another
    std::vector<std::int32_t> features;
    std::vector<double> values;
};

class StateWriter {
public:
    Arrays out;
    void word(std::uint64_t w) { out.words.push_back(w); }
    void number(double d) { out.numbers.push_back(d); }
    void tree(const Tree& t) {
        word(t.size());
        for (const Node& n : t) {
            out.ops.push_back(n.op);
            out.features.push_back(n.feature);
            out.values.push_back(n.value);
        }
    }
    void individual(const Individual& i) {
        tree(i.tree);
        number(i.screen);
        number(i.loss);
        number(i.penalty);
        number(i.cost.lut);
        word(std::uint64_t(i.cost.ticks));
        word(i.hash);
    }
};

// Throws std::invalid_argument where the arrays end early or hold a tree that is none.
class StateReader {
public:
    StateReader(const Arrays& in, const Rules& rules) : in_(in), rules_(rules) {
        if (in.ops.size() != in.features.size() || in.ops.size() != in.values.size())
            throw std::invalid_argument("the saved node arrays differ in length");
    }
    std::uint64_t word() { return take(in_.words, word_); }
    double number() { return take(in_.numbers, number_); }
    // a count of things that each take at least one word
    std::size_t count() {
        const std::uint64_t n = word();
        if (n > in_.words.size()) bad();
        return std::size_t(n);
    }
    Tree tree() {
        const std::uint64_t size = word();
        if (size > in_.ops.size() - node_) bad();
        Tree t;
        for (std::uint64_t k = 0; k < size; ++k, ++node_)
            t.push_back({in_.ops[node_], in_.features[node_], in_.values[node_]});
        if (!t.empty()) checked(t);
        return t;
    }
    Individual individual() {
        Individual i;
        i.tree = tree();
        i.screen = number();
        i.loss = number();
        i.penalty = number();
        i.cost.lut = number();
        i.cost.ticks = int(word());
        i.hash = word();
        return i;
    }
    void finish() const {
        if (word_ != in_.words.size() || number_ != in_.numbers.size() || node_ != in_.ops.size())
            throw std::invalid_argument("the saved arrays hold more than one state");
    }

private:
    const Arrays& in_;
    const Rules& rules_;
    std::size_t word_ = 0, number_ = 0, node_ = 0, trees_ = 0;

    // tokens only, and one whole expression
    void checked(const Tree& tree) {
        const std::string where = "saved expression " + std::to_string(trees_++) + ": ";
        std::size_t open = 0;
        for (const Node& n : tree) {
            const auto wanted = std::size_t(arity(n.op));
            if (rules_.number(n) < 0)
                throw std::invalid_argument(where + "opcode " + std::to_string(n.op) +
                                            " is no token of this search");
            if (n.op == CONST && !std::isfinite(n.value))
                throw std::invalid_argument(where + "a constant is not finite");
            if (open < wanted) throw std::invalid_argument(where + "an operator lacks arguments");
            open += 1 - wanted;
        }
        if (open != 1) throw std::invalid_argument(where + "it does not leave one value");
    }

    [[noreturn]] static void bad() {
        throw std::invalid_argument("the saved arrays end before the state does");
    }
    template <class T>
    static T take(const std::vector<T>& from, std::size_t& at) {
        if (at >= from.size()) bad();
        return from[at++];
    }
};

}  // namespace symtick
