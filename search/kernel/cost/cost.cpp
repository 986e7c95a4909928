// See cost.hpp. LUTs are whole 64ths, so that sums are exact in any order.
//
// Costing a tree of up to kSmall nodes allocates nothing, and it works on the postfix order itself:
// equal sub-trees are looked for only where two hashes fall together. What kind of node comes next
// no branch predictor knows, so the passes over all nodes select by masks.
#include <algorithm>
#include <cmath>

#include "cost/cost_tree.hpp"

namespace symtick {
namespace {

using namespace cost_tree;
using Step = Costing::OpStep;

constexpr Arrival kTick = Arrival(1) << 64;

// functions of a signal that are tables on it
constexpr std::array<bool, OP_COUNT> kTables = [] {
    std::array<bool, OP_COUNT> tables{};
    for (const int op : {SQRT, EXP, LOG, SIN, COS, TANH, ASIN, ACOS, ATAN, ERF})
        tables[std::size_t(op)] = true;
    return tables;
}();

// Non-zero canonical signed digits of a factor's first `bits` significant bits, halves up. None of
// what is 0, subnormal or not finite.
int signed_digits(double value, int bits) {
    const std::uint64_t all = std::bit_cast<std::uint64_t>(value) & ~0ull >> 1;
    if (all >> 52 == 0 || all >> 52 == 0x7ff) return 0;
    const std::uint64_t mantissa = (all & ((1ull << 52) - 1)) | 1ull << 52;
    const std::uint64_t kept = (mantissa + (1ull << (52 - bits))) >> (53 - bits);
    return std::popcount(kept ^ 3 * kept);
}

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
template <bool chain, bool shared, class SubtreeArrays>
class Walk {
public:
    Walk(const Tree& tree, const Costing& costing, const Listed& listed, SubtreeArrays& subtrees)
        : tree_(tree.data()),
          size_(tree.size()),
          costing_(costing),
          listed_(listed.paid_for),
          subtrees_(subtrees) {}

    PartCost run() {
        const Arrival last = costing_.fuse ? fused() : plain();
        PartCost out{cost(last, lut_), cost(last, lut_)};
        if (!costing_.fuse || subtrees_.support[size_ - 1] != kMany) return out;
        const std::size_t k = first_equal(size_ - 1);
        out.table = subtrees_.flags[k] & kTable;
        if (!out.table) out.least = cost(subtrees_.base[k], lut_ - subtrees_.spent[k]);
        return out;
    }

private:
    const Node* tree_;
    const std::size_t size_;
    const Costing& costing_;
    const std::size_t listed_;
    SubtreeArrays& subtrees_;
    std::size_t items_ = 0, arrivals_ = 0;  // so many are in use
    double lut_ = 0;

    static Cost cost(Arrival at, double lut) { return {int(tick_of(at)) + chain, lut}; }
    std::size_t first_equal(std::size_t k) const { return shared ? subtrees_.same[k] : k; }
    bool alone(std::size_t k) const { return !shared || subtrees_.uses[subtrees_.same[k]] <= 1; }

    Arrival plain() {
        for (std::size_t j = 0; j < listed_; ++j) {
            const std::size_t k = subtrees_.list[j];
            if (first_equal(k) != k) continue;
            const Arrival a = subtrees_.at[first_equal(subtrees_.first[k])];
            const Arrival b = subtrees_.at[first_equal(k - 1)];
            Arrival at = later<chain>(a, b);
            if (tree_[k].op == WHERE)
                at = later<chain>(at, subtrees_.at[first_equal(subtrees_.middle[k])]);
            subtrees_.at[k] = charged(at, costing_.ops[tree_[k].op]);
        }
        return subtrees_.at[size_ - 1];
    }

    Arrival fused() {
        for (std::size_t j = 0; j < listed_; ++j)
            if (first_equal(subtrees_.list[j]) == subtrees_.list[j]) operation(subtrees_.list[j]);
        return operand(size_ - 1);
    }

    Arrival charged(Arrival at, const Step& step) {
        lut_ += step.lut;
        return advance<chain>(at, step);
    }

    // an operator on several inputs that is no sum
    void operation(std::size_t k) {
        const std::size_t a = subtrees_.first[k], b = k - 1;
        if (tree_[k].op == WHERE) return choice(k);
        if (a == b || subtrees_.support[a] == kNone) return of_one(k, b);
        if (subtrees_.support[b] == kNone) return of_one(k, a);
        const std::uint8_t op = tree_[k].op;
        bool takes = op == DIV;
        Arrival at = operand(a);
        if (op == DIV)
            at = later<chain>(at, inverse(b));
        else
            at = later<chain>(at, operand(b));
        if (op == MUL) takes = takes_factor(a) || takes_factor(b);
        at = charged(at, costing_.ops[op == DIV ? std::uint8_t(MUL) : op]);
        set(k, at, at, 0.0, takes ? kTakes : 0);
    }

    void choice(std::size_t k) {
        std::size_t last = k, count = 0;  // of those arguments that are no constants
        for (const std::size_t j :
             {std::size_t(subtrees_.first[k]), std::size_t(subtrees_.middle[k]), k - 1}) {
            if (subtrees_.support[j] == kNone) continue;
            last = j;
            ++count;
        }
        if (count == 1) return of_one(k, last);
        Arrival at = 0;
        for (const std::size_t j :
             {std::size_t(subtrees_.first[k]), std::size_t(subtrees_.middle[k]), k - 1})
            at = later<chain>(at, operand(j));
        at = charged(at, costing_.ops[WHERE]);
        set(k, at, at, 0.0, 0);
    }

    void set(std::size_t k, Arrival at, Arrival base, double spent, std::uint8_t flags) {
        subtrees_.at[k] = at;
        subtrees_.base[k] = base;
        subtrees_.spent[k] = spent;
        subtrees_.flags[k] = flags;
    }

    // An operator that sees its inputs through one signal `j` of several. What lies between a table
    // and the signal that it reads goes into the table, and what follows it.
    void of_one(std::size_t k, std::size_t j) {
        const std::uint8_t op = tree_[k].op;
        const Arrival at = operand(j);
        const std::size_t inner = first_equal(j);
        const bool one = alone(j);
        const std::uint8_t flags = one ? subtrees_.flags[inner] : 0;
        if (flags & kTable && kTables[op])  // free ones would be nested without end
            return set(k, charged(at, costing_.ops[op]), at, 0.0, kTable | kTakes);
        if (flags & kTable) return set(k, at, at, 0.0, flags);
        const Arrival base = one ? subtrees_.base[inner] : at;
        const double spent = one ? subtrees_.spent[inner] : 0.0;
        if (kTables[op]) {
            lut_ -= spent;
            return set(k, charged(base, costing_.ops[op]), base, 0.0, kTable | kTakes);
        }
        if (op == DIV && j == k - 1)  // of a constant: a table of the reciprocal
            return set(k, charged(at, costing_.ops[DIV]), at, 0.0, kTable | kTakes);
        if (op != MUL && op != DIV)
            return set(k, charged(at, costing_.ops[op]), base, spent + costing_.ops[op].lut, 0);
        const int digits = flags & kTakes ? 1 : digits_of(k, j);
        Arrival end = at;
        for (int most = 1; most < digits; most *= 2) end = advance<chain>(end, costing_.ops[ADD]);
        const double more = std::max(0, digits - 1) * costing_.ops[ADD].lut;
        lut_ += more;
        set(k, end, base, spent + more, flags & kTakes);
    }

    // non-zero signed digits of the constant at `k`, a product with or a quotient of `j`
    int digits_of(std::size_t k, std::size_t j) const {
        if (costing_.factor_bits == 1) return 1;
        const double value = constant(j == k - 1 ? subtrees_.first[k] : k - 1);
        return signed_digits(tree_[k].op == DIV ? 1.0 / value : value, costing_.factor_bits);
    }

    double constant(std::size_t k) const {
        const Node& n = tree_[k];
        if (n.op == CONST) return n.value;
        const double middle = n.op == WHERE ? constant(subtrees_.middle[k]) : constant(k - 1);
        return apply_scalar(n.op, constant(subtrees_.first[k]), middle, constant(k - 1));
    }

    // when 1 / divisor is there
    Arrival inverse(std::size_t k) {
        if (tree_[k].op == INPUT) {
            const Costing::InputTable& table =
                costing_.tables[std::size_t(subtrees_.support[k]) + 1];
            lut_ += table.lut;
            return table.at;
        }
        const Arrival at = operand(k);
        if (subtrees_.support[k] != kMany || (alone(k) && subtrees_.flags[first_equal(k)] & kTable))
            return at;
        return charged(at, costing_.ops[DIV]);
    }

    bool takes_factor(std::size_t k) const {
        if (!alone(k)) return false;
        return subtrees_.support[k] == kMany ? subtrees_.flags[first_equal(k)] & kTakes
                                             : tree_[k].op != INPUT;
    }

    // When an operator's argument is there. What depends on one input only is a table.
    Arrival operand(std::size_t k) {
        const std::size_t first = first_equal(k);
        if (subtrees_.at[first] == kUnknown) sum(first);
        const Costing::InputTable& table = costing_.tables[subtrees_.table[k]];
        if (!shared || !subtrees_.paid[first]) lut_ += table.lut;
        if (shared && subtrees_.table[k] != 0) subtrees_.paid[first] = 1;
        return subtrees_.at[first] | table.at;  // one of them is 0
    }

    // A sum's operands and, of these, those still to be found, in order of appearance. Of those of
    // several inputs that nothing else uses: whether one is a table, and the last.
    struct Sum {
        Arrival* operands;
        Item* items;
        std::size_t count = 0, pending = 0, several = 0, last = 0;
        bool constant = false, positive = false, table = false;
    };

    void collect(std::size_t k, bool negative, Sum& to) {
        const std::uint8_t op = tree_[k].op;
        if (op != NEG) term(subtrees_.first[k], negative, to);
        term(k - 1, negative != (op != ADD), to);
    }

    // a several-input term, or a table of one input with all that depends on it
    void term(std::size_t k, bool negative, Sum& to) {
        const std::int32_t support = subtrees_.support[k];
        const std::uint8_t op = tree_[k].op;
        if (support == kMany && additive(op) && alone(k)) return collect(k, negative, to);
        if (support == kNone) {
            to.constant = true;
            return;
        }
        if (support == kMany) {
            ++to.several;
            to.last = k;
            to.positive |= !negative;
            const Arrival at = subtrees_.at[first_equal(k)];
            to.table |= at != kUnknown && alone(k) && subtrees_.flags[first_equal(k)] & kTable;
            if (at != kUnknown) {
                to.operands[to.count++] = at;
                return;
            }
        }
        for (Item* i = to.items; i < to.items + to.pending && support != kMany; ++i) {
            if (i->feature != support) continue;
            i->bare = false;
            return;
        }
        to.items[to.pending++] = {support, std::uint32_t(k), std::uint32_t(to.count++), op == INPUT,
                                  negative};
    }

    void sum(std::size_t k) {
        Sum s{subtrees_.arrivals.get() + arrivals_, subtrees_.items.get() + items_};
        collect(k, false, s);
        arrivals_ += s.count + s.constant;
        items_ += s.pending;
        for (std::size_t j = 0; j < s.pending; ++j)
            s.operands[s.items[j].operand] = realise(s.items[j]);
        if (s.count == 1) return of_one_term(k, s);
        bool tables = false;  // of inputs
        std::size_t rest = s.several;
        Item* bare = nullptr;
        for (Item* i = s.items; i < s.items + s.pending; ++i) {
            if (i->feature == kMany) continue;
            tables |= !i->bare;
            if (!i->bare) continue;
            ++rest;
            s.positive |= !i->negative;
            if (!bare) bare = i;
        }
        const bool apart = s.constant && !tables && !s.table;  // the constant costs something
        rest -= apart && bare;
        const bool takes = rest == 0 || (rest == 1 && s.several == 1 && takes_factor(s.last));
        lut_ += double(s.count - 1) * costing_.ops[ADD].lut;
        const double before = lut_;
        Arrival base = 0;
        if (apart) {
            std::copy_n(s.operands, s.count, subtrees_.copies.get());
            base = joined(subtrees_.copies.get(), s.count);
            if (bare) {
                const Costing::InputTable& table = costing_.tables[std::size_t(bare->feature) + 1];
                s.operands[bare->operand] = table.at;
                lut_ += table.lut;
            } else {
                s.operands[s.count++] = 0;
                lut_ += costing_.ops[ADD].lut;
            }
        }
        Arrival at = joined(s.operands, s.count);
        if (!apart) base = at;
        if (!apart && !s.positive && !tables && !s.table) at = charged(at, costing_.ops[NEG]);
        set(k, at, base, lut_ - before, takes ? kTakes : 0);
    }

    // a sign, or a sum with a constant: see `of_one`
    void of_one_term(std::size_t k, const Sum& s) {
        const std::size_t inner = first_equal(s.last);
        const bool one = alone(s.last);
        const std::uint8_t flags = one ? subtrees_.flags[inner] : 0;
        const Arrival at = s.operands[0];
        if (flags & kTable) return set(k, at, at, 0.0, flags);
        const Arrival base = one ? subtrees_.base[inner] : at;
        const double before = lut_ - (one ? subtrees_.spent[inner] : 0.0);
        Arrival end = at;
        if (s.constant)
            end = charged(at, costing_.ops[ADD]);
        else if (!s.positive)
            end = charged(at, costing_.ops[NEG]);
        set(k, end, base, lut_ - before, flags);
    }

    Arrival realise(const Item& i) {
        if (i.feature == kMany) return operand(i.place);
        const Costing::InputTable& table = costing_.tables[i.bare ? 0 : std::size_t(i.feature) + 1];
        lut_ += table.lut;
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
                const bool operand =
                    first == last || (next < count && waiting[next] <= waiting[first]);
                at = operand ? waiting[next++] : waiting[first++];
            }
            waiting[last++] = advance<chain>(at, adder);
        }
        return waiting[last - 1];
    }

    static void sort(Arrival* from, Arrival* to) {
        if (to - from > 24) return std::sort(from, to);
        for (Arrival* k = from + 1; k < to; ++k) {
            const Arrival moved = *k;
            Arrival* j = k;
            for (; j > from && moved < j[-1]; --j) *j = j[-1];
            *j = moved;
        }
    }
};

template <template <class, std::size_t> class Array>
PartCost cost_in(const Tree& tree, const Costing& costing) {
    using Here = SubtreeArrays<Array>;
    Here subtrees(tree.size());
    const Listed listed = TreeSurvey<Here>(tree, costing.fuse, subtrees).run();
    if (listed.shared)
        return costing.chain ? Walk<true, true, Here>(tree, costing, listed, subtrees).run()
                             : Walk<false, true, Here>(tree, costing, listed, subtrees).run();
    return costing.chain ? Walk<true, false, Here>(tree, costing, listed, subtrees).run()
                         : Walk<false, false, Here>(tree, costing, listed, subtrees).run();
}

// A stage may be longer than its budget by so much, as in the compiler's scheduler.
constexpr double kTolerance = 1e-9;

Step step_of(double delay, double lut, const CostTable& table) {
    if (!table.chain) return {delay, 0, 0, kTick * std::uint64_t(std::ceil(delay)), lut};
    const double spans = std::max(1.0, std::ceil((delay - kTolerance) / table.period)) - 1.0;
    const double rest = delay - spans * table.period;
    const double limit = delay > 0.0 ? table.period + kTolerance : HUGE_VAL;
    return {delay, std::bit_cast<std::uint64_t>(limit), std::bit_cast<std::uint64_t>(rest),
            kTick * std::uint64_t(spans), lut};
}

}  // namespace

Costing::Costing(const CostTable& table) : CostTable(table), tables(1) {
    for (std::size_t op = 0; op < OP_COUNT; ++op)
        ops[op] = step_of(op_delay[op], op_lut[op], table);
    for (std::size_t f = 0; f < table_lut.size(); ++f) {
        const Step step = step_of(table_delay[f], table_lut[f], table);
        tables.push_back({chain ? advance<true>(0, step) : advance<false>(0, step), step.lut});
    }
}

PartCost part_cost_of(const Tree& tree, const Costing& costing) {
    return tree.size() <= kSmall ? cost_in<Inside>(tree, costing) : cost_in<Outside>(tree, costing);
}

Cost cost_of(const Tree& tree, const Costing& costing) { return part_cost_of(tree, costing).whole; }

}  // namespace symtick
