// Room: search/kernel. See cost.hpp; the order of the additions is part of the contract.
//
// Costing a tree of up to kSmall nodes allocates nothing, and it works on the postfix order itself:
// equal sub-trees are looked for only where two hashes fall together. What kind of node comes next
// no branch predictor knows, so the passes over all nodes select by masks.
#include <algorithm>
#include <cmath>

#include "cost_room.hpp"

namespace symtick {
namespace {

using namespace cost_room;
using Step = Costing::Step;

constexpr Arrival kTick = Arrival(1) << 64;

std::uint64_t tick_of(Arrival at) { return std::uint64_t(at >> 64); }

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

// shared: some sub-trees are equal
template <bool chain, bool shared, class Room>
class Walk {
public:
    Walk(const Tree& tree, const Costing& costing, const Listed& listed, Room& room)
        : tree_(tree.data()),
          size_(tree.size()),
          costing_(costing),
          listed_(listed.paid_for),
          room_(room) {}

    Cost run() {
        const Arrival last = costing_.fuse ? fused() : plain();
        return {int(tick_of(last)) + chain, lut_};
    }

private:
    const Node* tree_;
    const std::size_t size_;
    const Costing& costing_;
    const std::size_t listed_;
    Room& room_;
    std::size_t items_ = 0, arrivals_ = 0, adders_ = 0;  // so many are in use
    double lut_ = 0;

    std::size_t first_equal(std::size_t k) const { return shared ? room_.same[k] : k; }

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
        if (shared && room_.table[k] != 0) pay_once(k, first);
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
        if (support == kMany && additive(op) && (!shared || room_.uses[room_.same[k]] <= 1))
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
        to.items[to.pending++] = {support, std::uint32_t(k), std::uint32_t(to.count++),
                                  op == INPUT};
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
        for (std::size_t j = 0; j < s.pending; ++j)
            s.operands[s.items[j].operand] = realise(s.items[j]);
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
        const Arrival high = later<chain>(waiting[0], waiting[1]);
        if (count == 2) return advance<chain>(high, adder);
        if (count == 3) {
            const Arrival low = std::min(waiting[0], waiting[1]), third = waiting[2];
            const Arrival middle = later<chain>(low, std::min(high, third));
            const Arrival first = advance<chain>(middle, adder);
            return advance<chain>(later<chain>(later<chain>(high, third), first), adder);
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
    using Here = Room<Array>;
    Here room(tree.size());
    const Listed listed = Survey<Here>(tree, costing.fuse, room).run();
    if (listed.shared)
        return costing.chain ? Walk<true, true, Here>(tree, costing, listed, room).run()
                             : Walk<false, true, Here>(tree, costing, listed, room).run();
    return costing.chain ? Walk<true, false, Here>(tree, costing, listed, room).run()
                         : Walk<false, false, Here>(tree, costing, listed, room).run();
}

Step step_of(double delay, double lut, const CostTable& table) {
    if (!table.chain) return {delay, 0, 0, kTick * std::uint64_t(std::ceil(delay)), lut};
    const double spans = std::ceil(delay / table.period) - 1.0;
    const double rest = delay - spans * table.period;
    const double limit = delay > 0.0 ? table.period : HUGE_VAL;
    return {delay, std::bit_cast<std::uint64_t>(limit), std::bit_cast<std::uint64_t>(rest),
            kTick * std::uint64_t(spans), lut};
}

}  // namespace

Costing::Costing(const CostTable& table)
    : CostTable(table), product(step_of(const_mul_delay, const_mul_lut, table)), tables(1) {
    for (std::size_t op = 0; op < OP_COUNT; ++op)
        ops[op] = step_of(op_delay[op], op_lut[op], table);
    for (std::size_t f = 0; f < table_lut.size(); ++f) {
        const Step step = step_of(table_delay[f], table_lut[f], table);
        tables.push_back({chain ? advance<true>(0, step) : advance<false>(0, step), step.lut});
    }
}

Cost cost_of(const Tree& tree, const Costing& costing) {
    return tree.size() <= kSmall ? cost_in<Inside>(tree, costing)
                                 : cost_in<Outside>(tree, costing);
}

}  // namespace symtick
