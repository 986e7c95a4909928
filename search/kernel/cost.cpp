// Room: search/kernel. See cost.hpp; the order of the additions is part of the contract.
#include "cost.hpp"

#include <algorithm>
#include <cmath>
#include <queue>

namespace symtick {
namespace {

struct Arrival {
    int tick = 0;
    double ns = 0;
    auto operator<=>(const Arrival&) const = default;
};

constexpr std::int32_t kNone = -1, kMany = -2;  // support of a node; else the one input's number

bool additive(std::uint8_t op) { return op == ADD || op == SUB || op == NEG; }

class Walk {
public:
    Walk(const Tree& tree, const CostTable& table) : table_(table), nodes_(hash_consed(tree)) {}

    Cost run() {
        const Arrival last = table_.fuse ? fused() : plain();
        return {table_.chain ? last.tick + 1 : last.tick, lut_};
    }

private:
    struct Term {
        std::int32_t node;
        bool negative;
    };
    struct Item {
        std::int32_t feature;  // of a merged table, or kMany
        std::int32_t node;
        bool negative;
        bool bare;
    };

    const CostTable& table_;
    std::vector<DagNode> nodes_;
    std::vector<std::int32_t> support_, uses_;
    std::vector<Arrival> arrival_;
    std::vector<bool> known_;
    double lut_ = 0;

    Arrival advance(Arrival at, double delay) const {
        if (!table_.chain) return {at.tick + int(std::ceil(delay)), 0.0};
        if (delay <= 0.0) return at;
        if (at.ns + delay <= table_.period) return {at.tick, at.ns + delay};
        const int spans = int(std::ceil(delay / table_.period));
        const int start = at.ns > 0.0 ? at.tick + 1 : at.tick;
        return {start + spans - 1, delay - (spans - 1) * table_.period};
    }

    Arrival spend(Arrival at, double delay, double lut) {
        lut_ += lut;
        return advance(at, delay);
    }

    Arrival operation(Arrival at, std::uint8_t op) {
        return spend(at, table_.op_delay[op], table_.op_lut[op]);
    }

    Arrival lookup(std::int32_t feature) {
        const auto f = std::size_t(feature);
        return spend({}, table_.table_delay[f], table_.table_lut[f]);
    }

    Arrival plain() {
        arrival_.clear();
        for (const DagNode& n : nodes_) {
            Arrival at;
            if (n.a >= 0) at = arrival_[std::size_t(n.a)];
            if (n.b >= 0) at = std::max(at, arrival_[std::size_t(n.b)]);
            arrival_.push_back(n.op > CONST ? operation(at, n.op) : at);
        }
        return arrival_.back();
    }

    Arrival fused() {
        support_.clear();
        uses_.assign(nodes_.size(), 0);
        for (const DagNode& n : nodes_) {
            std::int32_t s = n.op == INPUT ? n.feature : kNone;
            for (std::int32_t arg : {n.a, n.b}) {
                if (arg < 0) continue;
                ++uses_[std::size_t(arg)];
                const std::int32_t other = support_[std::size_t(arg)];
                s = s == kNone || s == other ? other : other == kNone ? s : kMany;
            }
            support_.push_back(s);
        }
        arrival_.assign(nodes_.size(), {});
        known_.assign(nodes_.size(), false);
        return realise(std::int32_t(nodes_.size()) - 1);
    }

    Arrival realise(std::int32_t number) {
        const auto k = std::size_t(number);
        if (!known_[k]) {
            arrival_[k] = fresh(number);
            known_[k] = true;
        }
        return arrival_[k];
    }

    Arrival fresh(std::int32_t number) {
        const DagNode& n = nodes_[std::size_t(number)];
        const std::int32_t s = support_[std::size_t(number)];
        if (s == kNone || n.op == INPUT) return {};
        if (s != kMany) return lookup(s);
        if (additive(n.op)) return sum(number);
        const bool constant_b = n.b >= 0 && support_[std::size_t(n.b)] == kNone;
        const bool constant_a = support_[std::size_t(n.a)] == kNone;
        if ((n.op == MUL && (constant_a || constant_b)) || (n.op == DIV && constant_b)) {
            const Arrival at = realise(constant_a ? n.b : n.a);
            return spend(at, table_.const_mul_delay, table_.const_mul_lut);
        }
        Arrival at = realise(n.a);
        if (n.b >= 0) at = std::max(at, realise(n.b));
        return operation(at, n.op);
    }

    void collect(std::int32_t number, bool negative, bool top, std::vector<Term>& terms) {
        const DagNode& n = nodes_[std::size_t(number)];
        const bool inner = additive(n.op) && support_[std::size_t(number)] == kMany;
        if (!inner || (!top && uses_[std::size_t(number)] > 1)) {
            terms.push_back({number, negative});
            return;
        }
        collect(n.a, negative != (n.op == NEG), false, terms);
        if (n.b >= 0) collect(n.b, negative != (n.op == SUB), false, terms);
    }

    // one item per multi-input term and per input with single-input terms, in order of appearance
    std::vector<Item> items_of(const std::vector<Term>& terms, bool& constant) const {
        std::vector<Item> items;
        constant = false;
        for (const Term& t : terms) {
            const std::int32_t s = support_[std::size_t(t.node)];
            if (s == kNone) {
                constant = true;
                continue;
            }
            const auto same = [&](const Item& i) { return s != kMany && i.feature == s; };
            const auto found = std::find_if(items.begin(), items.end(), same);
            if (found != items.end()) found->bare = false;
            else items.push_back({s, t.node, t.negative, nodes_[std::size_t(t.node)].op == INPUT});
        }
        return items;
    }

    // a constant goes into some table; true where there is none and it needs an adder
    static bool constant_left(std::vector<Item>& items) {
        const auto table = [](const Item& i) { return i.feature != kMany && !i.bare; };
        if (std::any_of(items.begin(), items.end(), table)) return false;
        for (Item& i : items) {
            if (i.feature == kMany) continue;
            i.bare = false;
            return false;
        }
        return true;
    }

    Arrival sum(std::int32_t number) {
        std::vector<Term> terms;
        collect(number, false, true, terms);
        bool constant = false;
        std::vector<Item> items = items_of(terms, constant);
        const bool extra = constant && constant_left(items);
        using Entry = std::pair<Arrival, int>;
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> waiting;
        int order = 0;
        for (const Item& i : items) {
            const bool free = i.feature != kMany && i.bare;
            const Arrival at = free ? Arrival{} : i.feature == kMany ? realise(i.node)
                                                                     : lookup(i.feature);
            waiting.push({at, order++});
        }
        if (extra) waiting.push({Arrival{}, order++});
        if (waiting.size() == 1 && items[0].negative) return operation(waiting.top().first, NEG);
        while (waiting.size() > 1) {
            waiting.pop();
            const Arrival later = waiting.top().first;
            waiting.pop();
            waiting.push({operation(later, ADD), order++});
        }
        return waiting.top().first;
    }
};

}  // namespace

Cost cost_of(const Tree& tree, const CostTable& table) { return Walk(tree, table).run(); }

}  // namespace symtick
