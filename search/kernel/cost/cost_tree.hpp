// For cost.cpp only: what is known of each sub-tree while a tree is costed, in arrays on the stack
// for a small tree and on the heap for a large one, and the first passes over the tree that find
// it.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>

#include "cost/cost.hpp"

namespace symtick::cost_tree {

// Support of a sub-tree: all bits set, all but the sign, or the number of the one input below it.
constexpr std::int32_t kNone = -1, kMany = 0x7fffffff;

inline std::int32_t merged(std::int32_t s, std::int32_t t) {
    const std::int32_t differ = (s != t) & ((s | t) >= 0);
    return (s & t) | (kMany & -differ);
}

constexpr bool additive(std::uint8_t op) { return (op == ADD) | (op == SUB) | (op == NEG); }

// What an opcode takes of its node's fields, as masks, and what kind of operator it is.
struct OpMasks {
    std::array<std::uint64_t, OP_COUNT> value;        // of a constant
    std::array<std::uint64_t, OP_COUNT> salt;         // of the hash
    std::array<std::int32_t, OP_COUNT> input, other;  // an input's number; the opposite
    std::array<std::uint32_t, OP_COUNT> arity, some;  // `some`: 1 where there are arguments
    std::array<std::uint32_t, OP_COUNT> sum;          // 1 where it is flattened into a sum
};

constexpr OpMasks kOpMasks = [] {
    OpMasks masks{};
    for (std::size_t op = 0; op < OP_COUNT; ++op) {
        masks.value[op] = op == CONST ? ~0ull : 0;
        masks.salt[op] = op * 0xd6e8feb86659fd93;
        masks.input[op] = op == INPUT ? -1 : 0;
        masks.other[op] = ~masks.input[op];
        masks.arity[op] = std::uint32_t(arity(std::uint8_t(op)));
        masks.some[op] = masks.arity[op] > 0;
        masks.sum[op] = additive(std::uint8_t(op));
    }
    return masks;
}();

constexpr std::uint32_t kNowhere = ~0u;
constexpr Arrival kUnknown = ~Arrival(0);

// The table in a flattened sum of all its terms in one input, or another sum in it that is used
// elsewhere too and not yet known.
struct Item {
    std::int32_t feature;   // or kMany
    std::uint32_t place;    // of the first of them
    std::uint32_t operand;  // its number among the sum's operands
    bool bare;              // the input itself: free
    bool negative;
};

// of a node of several inputs: a table gives its value; a constant factor goes into some table
constexpr std::uint8_t kTable = 1, kTakes = 2;

constexpr std::size_t kSmall = 256, kSeen = 4096;

// Where the walk works: what is known of the sub-tree that ends at each place of the postfix order.
// A sum is flattened once, into the sum above it or as its own, so all sums together have no more
// terms than the tree has edges.
template <template <class, std::size_t> class Array>
struct SubtreeArrays {
    explicit SubtreeArrays(std::size_t n)
        : support(n),
          first(n),
          middle(n),
          table(n),
          at(n),
          base(n),
          hash(n),
          spent(n),
          flags(n),
          operators(n),
          list(n),
          stack(n),
          same(n),
          uses(n),
          paid(n),
          known(n),
          items(n),
          arrivals(n),
          copies(n) {}

    Array<std::int32_t, 1> support;
    Array<std::uint32_t, 1> first;   // where an operator's first argument ends; the last: before it
    Array<std::uint32_t, 1> middle;  // only of three: where the second argument ends
    Array<std::uint32_t, 1> table;   // the number of its table; 0 where it is none
    // Of an operator on several inputs; a sum's arrival is kUnknown at first. A table in its place
    // would read the signal that arrives at `base`, and save the LUTs that are `spent` since.
    Array<Arrival, 1> at, base;
    Array<std::uint64_t, 1> hash;
    Array<double, 1> spent;
    Array<std::uint8_t, 1> flags;
    Array<std::uint32_t, 1> operators, list;  // all, and those that are paid for themselves
    Array<std::uint32_t, 1> stack;
    // only where there are equal sub-trees
    Array<std::uint32_t, 1> same;   // the first place with an equal one
    Array<std::uint32_t, 1> uses;   // of the first one
    Array<std::uint8_t, 1> paid;    // of the first one: the table of all is paid for
    Array<std::uint32_t, 4> known;  // places by hash, open addressing
    Array<Item, 1> items;
    Array<Arrival, 1> arrivals, copies;
};

// not initialised: the walk writes before it reads
template <class T, std::size_t n>
struct Inside {
    explicit Inside(std::size_t) {}
    alignas(T) std::byte storage[n * kSmall * sizeof(T)];
    T* get() { return reinterpret_cast<T*>(storage); }
    T& operator[](std::size_t k) { return get()[k]; }
};

template <class T, std::size_t n>
struct Outside {
    explicit Outside(std::size_t size) : storage(new T[n * size]) {}
    std::unique_ptr<T[]> storage;
    T* get() { return storage.get(); }
    T& operator[](std::size_t k) { return storage[k]; }
};

struct Listed {
    std::size_t paid_for;  // operators that are paid for themselves: so many in the list
    bool shared;           // some sub-trees are equal
};

// Fills the arrays: reads the tree and finds what is equal in it.
template <class SubtreeArrays>
class TreeSurvey {
public:
    TreeSurvey(const Tree& tree, bool fuse, SubtreeArrays& subtrees)
        : tree_(tree.data()), size_(tree.size()), fuse_(fuse), subtrees_(subtrees) {}

    Listed run() {
        read();
        const bool shared = survey() && find_equal();
        return {paid_for_, shared};
    }

private:
    const Node* tree_;
    const std::size_t size_;
    const bool fuse_;
    SubtreeArrays& subtrees_;
    std::size_t operators_ = 0, paid_for_ = 0;

    // the places of arguments, and all about leaves
    void read() {
        std::size_t top = 0, operators = 0;
        for (std::size_t k = 0; k < size_; ++k) {
            const Node& n = tree_[k];
            subtrees_.stack[top] = std::uint32_t(k);
            top -= kOpMasks.arity[n.op];
            subtrees_.first[k] = subtrees_.stack[top];
            if (kOpMasks.arity[n.op] == 3) subtrees_.middle[k] = subtrees_.stack[top + 1];
            subtrees_.stack[top++] = std::uint32_t(k);
            subtrees_.support[k] = n.feature | kOpMasks.other[n.op];
            subtrees_.table[k] = 0;
            subtrees_.at[k] = 0;
            subtrees_.hash[k] =
                ((std::bit_cast<std::uint64_t>(n.value) & kOpMasks.value[n.op]) +
                 std::uint32_t(n.feature & kOpMasks.input[n.op]) + kOpMasks.salt[n.op]) *
                0x9e3779b97f4a7c15;
            subtrees_.operators[operators] = std::uint32_t(k);
            operators += kOpMasks.some[n.op];
        }
        operators_ = operators;
    }

    // Support and hash of operators, and the list of those that are paid for themselves. True where
    // two operators may be equal sub-trees.
    bool survey() {
        std::uint32_t seen[kSeen];  // not initialised: only what was written is read
        const std::uint32_t fuse = fuse_, plain = 1 - fuse;
        std::size_t listed = 0;
        for (std::size_t j = 0; j < operators_; ++j) {
            const std::size_t k = subtrees_.operators[j], a = subtrees_.first[k], b = k - 1;
            std::uint64_t hash = subtrees_.hash[k] + subtrees_.hash[a] * 0xc2b2ae3d27d4eb4f +
                                 subtrees_.hash[b] * 0x9e3779b97f4a7c15;
            std::int32_t support = merged(subtrees_.support[a], subtrees_.support[b]);
            if (kOpMasks.arity[tree_[k].op] == 3) {
                const std::size_t m = subtrees_.middle[k];
                hash += subtrees_.hash[m] * 0x165667b19e3779f9;
                support = merged(support, subtrees_.support[m]);
            }
            subtrees_.hash[k] = hash ^ hash >> 32;
            seen[subtrees_.hash[k] % kSeen] = std::uint32_t(k);
            const std::uint32_t several = support == kMany, sum = kOpMasks.sum[tree_[k].op];
            subtrees_.support[k] = support;
            subtrees_.table[k] = (std::uint32_t(support) + 1) & (several - 1);
            subtrees_.at[k] = 0 - Arrival(fuse & several & sum);
            subtrees_.list[listed] = std::uint32_t(k);
            listed += plain | (several & ~sum);
        }
        paid_for_ = listed;
        std::uint64_t clash = 0;
        for (std::size_t j = 0; j < operators_; ++j) {
            const std::size_t k = subtrees_.operators[j];
            clash |= seen[subtrees_.hash[k] % kSeen] ^ k;
        }
        return clash != 0;
    }

    // Equal sub-trees get the place of the first of them, and that the number of its uses. False
    // where there are none after all.
    bool find_equal() {
        bool repeated = false;
        const std::size_t mask = std::bit_ceil(2 * size_) - 1;
        std::fill_n(subtrees_.known.get(), mask + 1, kNowhere);
        for (std::size_t k = 0; k < size_; ++k) {
            subtrees_.same[k] = std::uint32_t(k);
            subtrees_.uses[k] = 0;
            subtrees_.paid[k] = 0;
        }
        for (std::size_t j = 0; j < operators_; ++j) {
            const std::uint32_t k = subtrees_.operators[j];
            std::size_t h = subtrees_.hash[k] & mask;
            while (subtrees_.known[h] != kNowhere && !equal(subtrees_.known[h], k))
                h = (h + 1) & mask;
            if (subtrees_.known[h] != kNowhere) {
                subtrees_.same[k] = subtrees_.known[h];
                repeated = true;
                continue;
            }
            subtrees_.known[h] = k;
            ++subtrees_.uses[subtrees_.same[k - 1]];
            const int count = arity(tree_[k].op);
            if (count > 1) ++subtrees_.uses[subtrees_.same[subtrees_.first[k]]];
            if (count > 2) ++subtrees_.uses[subtrees_.same[subtrees_.middle[k]]];
        }
        return repeated;
    }

    bool equal(std::uint32_t j, std::uint32_t k) const {
        return subtrees_.hash[j] == subtrees_.hash[k] && tree_[j].op == tree_[k].op &&
               alike(j - 1, k - 1) && alike(subtrees_.first[j], subtrees_.first[k]) &&
               (arity(tree_[k].op) < 3 || alike(subtrees_.middle[j], subtrees_.middle[k]));
    }

    // of arguments, whose own `same` is known
    bool alike(std::uint32_t j, std::uint32_t k) const {
        const Node &m = tree_[j], &n = tree_[k];
        if (m.op != n.op) return false;
        if (m.op == INPUT) return m.feature == n.feature;
        if (m.op != CONST) return subtrees_.same[j] == subtrees_.same[k];
        return std::bit_cast<std::uint64_t>(m.value) == std::bit_cast<std::uint64_t>(n.value);
    }
};

}  // namespace symtick::cost_tree
