// Room: search/kernel. See cost.hpp; the order of the additions is part of the contract.
//
// Costing a tree of up to kSmall nodes allocates nothing, and it works on the postfix order itself:
// equal sub-trees are looked for only where a bitmap of hashes says that there may be some. What
// kind of node comes next no branch predictor knows, so the first pass selects by masks.
#include "cost.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

namespace symtick {
namespace {

using Step = Costing::Step;

constexpr Arrival kTick = Arrival(1) << 64, kUnknown = ~Arrival(0);

std::uint64_t tick_of(Arrival at) { return std::uint64_t(at >> 64); }

// Support of a sub-tree: all bits set, all but the sign, or the number of the one input below it.
constexpr std::int32_t kNone = -1, kMany = 0x7fffffff;

std::int32_t merged(std::int32_t s, std::int32_t t) {
    const std::int32_t differ = (s != t) & ((s | t) >= 0);
    return (s & t) | (kMany & -differ);
}

constexpr bool additive(std::uint8_t op) { return (op == ADD) | (op == SUB) | (op == NEG); }

// What an opcode takes of its node's fields, as masks, and what kind of operator it is.
struct Shapes {
    std::array<std::uint64_t, OP_COUNT> value;  // of a constant
    std::array<std::uint64_t, OP_COUNT> salt;   // of the hash
    std::array<std::int32_t, OP_COUNT> input, other;  // an input's number; the opposite
    std::array<std::uint32_t, OP_COUNT> arity, some;  // `some`: 1 where there are arguments
    std::array<std::uint32_t, OP_COUNT> sum;          // 1 where it is flattened into a sum
};

constexpr Shapes kShapes = [] {
    Shapes held{};
    for (std::size_t op = 0; op < OP_COUNT; ++op) {
        held.value[op] = op == CONST ? ~0ull : 0;
        held.salt[op] = op * 0xd6e8feb86659fd93;
        held.input[op] = op == INPUT ? -1 : 0;
        held.other[op] = ~held.input[op];
        held.arity[op] = std::uint32_t(arity(std::uint8_t(op)));
        held.some[op] = held.arity[op] > 0;
        held.sum[op] = additive(std::uint8_t(op));
    }
    return held;
}();

constexpr std::uint32_t kNowhere = ~0u;

// The table in a flattened sum of all its terms in one input, or another sum in it that is used
// elsewhere too and not yet known.
struct Item {
    std::int32_t feature;   // or kMany
    std::uint32_t place;    // of the first of them
    std::uint32_t operand;  // its number among the sum's operands
    bool bare;              // the input itself: free
};

constexpr std::size_t kSmall = 256, kSeen = 4096;

// Where the walk works: what is known of the sub-tree that ends at each place of the postfix order.
// A sum is flattened once, into the sum above it or as its own, so all sums together have no more
// terms than the tree has edges.
template <template <class, std::size_t> class Array>
struct Room {
    explicit Room(std::size_t n)
        : support(n),
          first(n),
          table(n),
          at(n),
          hash(n),
          lut(n),
          adders(n),
          spent(n),
          operators(n),
          list(n),
          stack(n),
          same(n),
          uses(n),
          paid(n),
          known(n),
          items(n),
          arrivals(n) {}

    Array<std::int32_t, 1> support;
    Array<std::uint32_t, 1> first;  // where an operator's first argument ends; the last: before it
    Array<std::uint32_t, 1> table;  // the number of its table; 0 where it is none
    Array<Arrival, 1> at;  // of an operator on several inputs; a sum's is kUnknown at first
    Array<std::uint64_t, 1> hash;
    Array<double, 1> lut;            // spent here
    Array<std::uint32_t, 1> adders;  // and after that
    Array<double, 2> spent;          // in order
    Array<std::uint32_t, 1> operators, list;  // all, and those that are paid for themselves
    Array<std::uint32_t, 1> stack;
    // only where there are equal sub-trees
    Array<std::uint32_t, 1> same;  // the first place with an equal one
    Array<std::uint32_t, 1> uses;  // of the first one
    Array<std::uint32_t, 1> paid;  // of the first one: the place where the table of all is paid for
    Array<std::uint32_t, 4> known;  // places by hash, open addressing
    Array<Item, 1> items;
    Array<Arrival, 1> arrivals;
};

// not initialised: the walk writes before it reads
template <class T, std::size_t n>
struct Inside {
    explicit Inside(std::size_t) {}
    alignas(T) std::byte held[n * kSmall * sizeof(T)];
    T* get() { return reinterpret_cast<T*>(held); }
    T& operator[](std::size_t k) { return get()[k]; }
};

template <class T, std::size_t n>
struct Outside {
    explicit Outside(std::size_t size) : held(new T[n * size]) {}
    std::unique_ptr<T[]> held;
    T* get() { return held.get(); }
    T& operator[](std::size_t k) { return held[k]; }
};

template <bool chain>
Arrival later(Arrival a, Arrival b) {
    if constexpr (!chain) return Arrival(std::max(tick_of(a), tick_of(b))) << 64;
    const Arrival take = 0 - Arrival(a < b);
    return a ^ ((a ^ b) & take);
}

template <bool chain>
Arrival advance(Arrival at, const Step& step) {
    if constexpr (!chain) return at + step.ticks;
    const std::uint64_t ns = std::uint64_t(at);
    const auto sum = std::bit_cast<std::uint64_t>(std::bit_cast<double>(ns) + step.delay);
    const std::uint64_t late = 0 - std::uint64_t(sum > step.limit);
    const std::uint64_t moved = (tick_of(step.ticks) + (ns != 0)) & late;
    return (at >> 64 << 64) + (Arrival(moved) << 64) + (sum ^ ((sum ^ step.rest) & late));
}

template <bool chain, class Room>
class Walk {
public:
    Walk(const Tree& tree, const Costing& costing, Room& room)
        : tree_(tree.data()), size_(tree.size()), costing_(costing), room_(room) {}

    Cost run() {
        read();
        if (survey()) find_equal();
        const Arrival last = costing_.fuse ? fused() : plain();
        return {int(tick_of(last)) + chain, lut_};
    }

private:
    const Node* tree_;
    const std::size_t size_;
    const Costing& costing_;
    Room& room_;
    std::size_t operators_ = 0, listed_ = 0, items_ = 0, arrivals_ = 0;  // so many are in use
    std::size_t adders_ = 0;
    bool shared_ = false;
    double lut_ = 0;

    // the places of arguments, and all about leaves
    void read() {
        std::size_t top = 0, operators = 0;
        for (std::size_t k = 0; k < size_; ++k) {
            const Node& n = tree_[k];
            room_.stack[top] = std::uint32_t(k);
            top -= kShapes.arity[n.op];
            room_.first[k] = room_.stack[top];
            room_.stack[top++] = std::uint32_t(k);
            room_.support[k] = n.feature | kShapes.other[n.op];
            room_.table[k] = 0;
            room_.at[k] = 0;
            room_.hash[k] = ((std::bit_cast<std::uint64_t>(n.value) & kShapes.value[n.op]) +
                             std::uint32_t(n.feature & kShapes.input[n.op]) + kShapes.salt[n.op]) *
                            0x9e3779b97f4a7c15;
            room_.operators[operators] = std::uint32_t(k);
            operators += kShapes.some[n.op];
        }
        operators_ = operators;
    }

    // Support and hash of operators, and the list of those that are paid for themselves. True where
    // two operators may be equal sub-trees.
    bool survey() {
        std::uint32_t seen[kSeen];  // not initialised: only what was written is read
        const std::uint32_t fuse = costing_.fuse, plain = 1 - fuse;
        std::size_t listed = 0;
        for (std::size_t j = 0; j < operators_; ++j) {
            const std::size_t k = room_.operators[j], a = room_.first[k], b = k - 1;
            const std::uint64_t hash = room_.hash[k] + room_.hash[a] * 0xc2b2ae3d27d4eb4f +
                                       room_.hash[b] * 0x9e3779b97f4a7c15;
            room_.hash[k] = hash ^ hash >> 32;
            seen[room_.hash[k] % kSeen] = std::uint32_t(k);
            const std::int32_t support = merged(room_.support[a], room_.support[b]);
            const std::uint32_t several = support == kMany, sum = kShapes.sum[tree_[k].op];
            room_.support[k] = support;
            room_.table[k] = std::uint32_t(support + 1) & (several - 1);
            room_.at[k] = 0 - Arrival(fuse & several & sum);
            room_.list[listed] = std::uint32_t(k);
            listed += plain | (several & ~sum);
        }
        listed_ = listed;
        std::uint64_t clash = 0;
        for (std::size_t j = 0; j < operators_; ++j) {
            const std::size_t k = room_.operators[j];
            clash |= seen[room_.hash[k] % kSeen] ^ k;
        }
        return clash != 0;
    }

    // Equal sub-trees get the place of the first of them, and that the number of its uses.
    void find_equal() {
        const std::size_t mask = std::bit_ceil(2 * size_) - 1;
        std::fill_n(room_.known.get(), mask + 1, kNowhere);
        for (std::size_t k = 0; k < size_; ++k) {
            room_.same[k] = std::uint32_t(k);
            room_.uses[k] = 0;
            room_.paid[k] = kNowhere;
        }
        for (std::size_t j = 0; j < operators_; ++j) {
            const std::uint32_t k = room_.operators[j];
            std::size_t h = room_.hash[k] & mask;
            while (room_.known[h] != kNowhere && !equal(room_.known[h], k)) h = (h + 1) & mask;
            if (room_.known[h] != kNowhere) {
                room_.same[k] = room_.known[h];
                shared_ = true;
                continue;
            }
            room_.known[h] = k;
            ++room_.uses[room_.same[k - 1]];
            if (arity(tree_[k].op) == 2) ++room_.uses[room_.same[room_.first[k]]];
        }
    }

    bool equal(std::uint32_t j, std::uint32_t k) const {
        return room_.hash[j] == room_.hash[k] && tree_[j].op == tree_[k].op &&
               alike(j - 1, k - 1) && alike(room_.first[j], room_.first[k]);
    }

    // of arguments, whose own `same` is known
    bool alike(std::uint32_t j, std::uint32_t k) const {
        const Node &m = tree_[j], &n = tree_[k];
        if (m.op != n.op) return false;
        if (m.op == INPUT) return m.feature == n.feature;
        if (m.op != CONST) return room_.same[j] == room_.same[k];
        return std::bit_cast<std::uint64_t>(m.value) == std::bit_cast<std::uint64_t>(n.value);
    }

    std::size_t first_equal(std::size_t k) const { return shared_ ? room_.same[k] : k; }

    Arrival plain() {
        for (std::size_t j = 0; j < listed_; ++j) {
            const std::size_t k = room_.list[j];
            if (first_equal(k) != k) continue;
            const Arrival a = room_.at[first_equal(room_.first[k])];
            const Arrival b = room_.at[first_equal(k - 1)];
            const Step& step = costing_.ops[tree_[k].op];
            room_.at[k] = advance<chain>(later<chain>(a, b), step);
            lut_ += step.lut;
        }
        return room_.at[size_ - 1];
    }

    Arrival fused() {
        std::fill_n(room_.lut.get(), size_, 0.0);
        std::fill_n(room_.adders.get(), size_, 0);
        for (std::size_t j = 0; j < listed_; ++j)
            if (first_equal(room_.list[j]) == room_.list[j]) operation(room_.list[j]);
        const Arrival last = operand(size_ - 1);
        add_up();
        return last;
    }

    // what was spent, in the order of the tree: an operator, table or adder, then more adders
    void add_up() {
        double* const spent = room_.spent.get();
        std::fill_n(spent, size_ + adders_, costing_.ops[ADD].lut);
        std::size_t count = 0;
        for (std::size_t k = 0; k < size_; ++k) {
            spent[count] = room_.lut[k];
            count += room_.lut[k] != 0.0;
            count += room_.adders[k];
        }
        for (std::size_t j = 0; j < count; ++j) lut_ += spent[j];
    }

    void operation(std::size_t k) {
        const std::uint8_t op = tree_[k].op;
        const std::size_t a = room_.first[k], b = k - 1;
        const bool product = ((op == MUL) & (room_.support[a] == kNone)) |
                             (((op == MUL) | (op == DIV)) & (room_.support[b] == kNone));
        const Step& step = product ? costing_.product : costing_.ops[op];
        room_.at[k] = advance<chain>(later<chain>(operand(a), operand(b)), step);
        room_.lut[k] = step.lut;
    }

    // When an operator's argument is there. What depends on one input only is a table.
    Arrival operand(std::size_t k) {
        const std::size_t first = first_equal(k);
        if (room_.at[first] == kUnknown) room_.at[first] = sum(first);
        const Costing::Table& table = costing_.tables[room_.table[k]];
        if (shared_ && room_.table[k] != 0) pay_once(k, first);
        else room_.lut[k] += table.lut;
        return room_.at[first] | table.at;  // one of them is 0
    }

    // equal tables are one, paid for at the first place in the order of the tree
    void pay_once(std::size_t k, std::size_t first) {
        const std::size_t paid = room_.paid[first];
        if (paid <= k) return;
        if (paid != kNowhere) room_.lut[paid] = 0.0;
        room_.paid[first] = std::uint32_t(k);
        room_.lut[k] = costing_.tables[room_.table[k]].lut;
    }

    // a sum's operands and, of these, those still to be found, in order of appearance
    struct Sum {
        Arrival* operands;
        Item* items;
        std::size_t count = 0, pending = 0;
        bool constant = false, negative = false;  // of the first
    };

    void collect(std::size_t k, bool negative, Sum& to) {
        const std::uint8_t op = tree_[k].op;
        if (op != NEG) term(room_.first[k], negative, to);
        term(k - 1, negative != (op != ADD), to);
    }

    // a several-input term, or a table of one input with all that depends on it
    void term(std::size_t k, bool negative, Sum& to) {
        const std::int32_t support = room_.support[k];
        const std::uint8_t op = tree_[k].op;
        if (support == kMany && additive(op) && (!shared_ || room_.uses[room_.same[k]] <= 1))
            return collect(k, negative, to);
        if (support == kNone) {
            to.constant = true;
            return;
        }
        if (to.count == 0) to.negative = negative;
        if (support == kMany && room_.at[first_equal(k)] != kUnknown) {
            to.operands[to.count++] = room_.at[first_equal(k)];
            return;
        }
        for (Item* i = to.items; i < to.items + to.pending && support != kMany; ++i) {
            if (i->feature != support) continue;
            i->bare = false;
            return;
        }
        to.items[to.pending++] = {support, std::uint32_t(k), std::uint32_t(to.count++), op == INPUT};
    }

    // a constant goes into some table; true where there is none and it needs an adder
    static bool constant_left(const Sum& s) {
        Item* bare = nullptr;
        for (Item* i = s.items; i < s.items + s.pending; ++i) {
            if (i->feature == kMany) continue;
            if (!i->bare) return false;
            if (!bare) bare = i;
        }
        if (bare) bare->bare = false;
        return !bare;
    }

    Arrival sum(std::size_t k) {
        Sum s{room_.arrivals.get() + arrivals_, room_.items.get() + items_};
        collect(k, false, s);
        if (s.constant && constant_left(s)) s.operands[s.count++] = 0;
        arrivals_ += s.count;
        items_ += s.pending;
        for (std::size_t j = 0; j < s.pending; ++j) s.operands[s.items[j].operand] = realise(s.items[j]);
        if (s.count == 1 && s.negative) {
            room_.lut[k] = costing_.ops[NEG].lut;
            return advance<chain>(s.operands[0], costing_.ops[NEG]);
        }
        if (s.count == 1) return s.operands[0];
        room_.lut[k] = costing_.ops[ADD].lut;
        room_.adders[k] = std::uint32_t(s.count - 2);
        adders_ += s.count - 2;
        return joined(s.operands, s.count);
    }

    Arrival realise(const Item& i) {
        if (i.feature == kMany) return operand(i.place);
        const Costing::Table& table = costing_.tables[i.bare ? 0 : std::size_t(i.feature) + 1];
        room_.lut[i.place] = table.lut;
        return table.at;
    }

    // Adders join the two earliest until one is left. A sum is ready no earlier than one made
    // before it, so the sums wait in a queue of their own, written over the operands used up.
    Arrival joined(Arrival* waiting, std::size_t count) const {
        const Step& adder = costing_.ops[ADD];
        if (count == 2) return advance<chain>(later<chain>(waiting[0], waiting[1]), adder);
        if (count == 3) {
            const Arrival low = std::min(waiting[0], waiting[1]);
            const Arrival high = later<chain>(waiting[0], waiting[1]);
            const Arrival middle = later<chain>(low, std::min(high, waiting[2]));
            return advance<chain>(later<chain>(later<chain>(high, waiting[2]), advance<chain>(middle, adder)), adder);
        }
        sort(waiting, waiting + count);
        std::size_t next = 0, first = 0, last = 0;
        for (std::size_t left = count; left > 1; --left) {
            Arrival at;
            for (int k = 0; k < 2; ++k) {
                const bool operand = first == last ||
                                     (next < count && waiting[next] <= waiting[first]);
                at = operand ? waiting[next++] : waiting[first++];
            }
            waiting[last++] = advance<chain>(at, adder);
        }
        return waiting[last - 1];
    }

    static void sort(Arrival* from, Arrival* to) {
        if (to - from > 24) return std::sort(from, to);
        for (Arrival* k = from + 1; k < to; ++k) {
            const Arrival held = *k;
            Arrival* j = k;
            for (; j > from && held < j[-1]; --j) *j = j[-1];
            *j = held;
        }
    }
};

template <template <class, std::size_t> class Array>
Cost cost_in(const Tree& tree, const Costing& costing) {
    Room<Array> room(tree.size());
    return costing.chain ? Walk<true, Room<Array>>(tree, costing, room).run()
                         : Walk<false, Room<Array>>(tree, costing, room).run();
}

Step step_of(double delay, double lut, const CostTable& table) {
    if (!table.chain) return {delay, 0, 0, kTick * std::uint64_t(std::ceil(delay)), lut};
    const double spans = std::ceil(delay / table.period) - 1.0;
    const double rest = delay - spans * table.period;
    const double limit = delay > 0.0 ? table.period : HUGE_VAL;
    return {delay, std::bit_cast<std::uint64_t>(limit), std::bit_cast<std::uint64_t>(rest), kTick * std::uint64_t(spans), lut};
}

}  // namespace

Costing::Costing(const CostTable& table)
    : chain(table.chain),
      fuse(table.fuse),
      product(step_of(table.const_mul_delay, table.const_mul_lut, table)),
      tables(1) {
    for (std::size_t op = 0; op < OP_COUNT; ++op)
        ops[op] = step_of(table.op_delay[op], table.op_lut[op], table);
    for (std::size_t f = 0; f < table.table_lut.size(); ++f) {
        const Step step = step_of(table.table_delay[f], table.table_lut[f], table);
        tables.push_back({chain ? advance<true>(0, step) : advance<false>(0, step), step.lut});
    }
}

Cost Costing::of(const Tree& tree) const {
    return tree.size() <= kSmall ? cost_in<Inside>(tree, *this) : cost_in<Outside>(tree, *this);
}

Cost cost_of(const Tree& tree, const CostTable& table) { return Costing(table).of(tree); }

}  // namespace symtick
