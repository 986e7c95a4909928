// What a candidate may look like. The same rules mask a policy's next token and judge a bred tree,
// so both obey them by construction.
#pragma once
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "cost/cost.hpp"
#include "rules/vocabulary.hpp"

namespace symtick {

constexpr int kAnyNumber = std::numeric_limits<int>::max();

struct RuleSettings {
    std::size_t min_nodes = 0, max_nodes = 0, max_depth = 0, max_constants = 0;
    // nodes with the custom operators' bodies in place
    std::size_t max_expanded = 0;
    double max_complexity = 0;
    // tokens x kMostArguments: most complexity of each argument of an operator; empty: no limit
    std::vector<double> max_argument;
    // per token: fewest and most in an expression; empty: no limit
    std::vector<int> min_count, max_count;
    // nested[outer * tokens + inner]: most `inner` on any way down from (and not counting) an
    // `outer`; empty: no limit. No trig in trig is 0 for every pair of trigonometric tokens.
    std::vector<int> nested;
    // barred[parent * tokens + child]: child must not be an argument of parent (inverse of an
    // inverse); empty: nothing barred
    std::vector<std::uint8_t> barred;
    bool constant_arguments = false;  // an operator may have free constants and literals only
    bool needs_input = false;         // at least one INPUT
    // exponents of the base units, tokens x units, for INPUTs and literals; empty: no units.
    // A free CONST has any unit. `target` empty: the result may have any unit.
    std::size_t units = 0;
    std::vector<double> token_units, target_units;
    // the tick budget as a mask; kAnyNumber: none
    Costing cost;
    int max_ticks = 0;
    // the trees are parts of others: their ticks are what they need at least in one of these
    bool parts = false;
};

// far below any number of ticks, and far from an overflow
constexpr int kNever = -(1 << 29);
constexpr std::uint16_t kNoLimit = std::numeric_limits<std::uint16_t>::max();

// What the rules need to know of a token, worked out once.
struct TokenTraits {
    enum Kind : std::uint8_t { INPUT_LEAF, LITERAL_LEAF, FREE_LEAF, UNARY, BINARY, TERNARY, KINDS };
    std::uint8_t arity = 0;
    Kind kind = INPUT_LEAF;
    bool input = false, constant = false, free = false;  // constant: free or literal
    bool nests = false;                                  // has a limit on what is below it
    // nodes it adds when expanded, copies of an argument (0 where it has no such one)
    std::int32_t own = 1, uses[kMostArguments] = {};
    // nodes of its arguments when expanded, were each a leaf
    std::int32_t copies() const { return std::accumulate(uses, uses + kMostArguments, 0); }
    // Upper bounds of ticks, exact for whole-tick tables without fusion: from an argument's arrival
    // to the value (of a leaf: its arrival), and from the start through literals of its body.
    int ticks[kMostArguments] = {}, floor = kNever;
    double delay = 0.0;  // of an input's table, where there are tables
    int alike = -1;      // number of the inputs with tables as slow as its own
    double complexity = 1.0;
    int need = 1, levels = 1;  // fewest nodes and levels that one of its arguments takes
};

class Rules {
public:
    // throws std::invalid_argument naming the setting that does not fit
    Rules(Vocabulary vocabulary, RuleSettings settings);
    const Vocabulary& vocabulary() const { return vocabulary_; }
    const RuleSettings& settings() const { return settings_; }

    // Whether a whole tree keeps every rule (ticks and units included).
    bool accepts(const Tree& tree) const;
    // What a tree costs at least, whatever its free constants are: every constant factor is a power
    // of two. The rules count ticks so; what is found with known constants is judged by its cost.
    PartCost form_cost(const Tree& tree) const;
    // Token number of a node, -1 where it is no token; faster than Vocabulary::find.
    int number(const Node& node) const {
        if (node.op == INPUT) {
            const auto f = std::size_t(node.feature);
            return f < of_feature_.size() ? of_feature_[f] : -1;
        }
        if (node.op != CONST) return of_op_[node.op];
        return node.feature == kLiteral ? literal(node.value) : free_;
    }

private:
    friend class Prefix;
    friend class TreeJudge;
    Vocabulary vocabulary_;
    RuleSettings settings_;
    std::vector<TokenTraits> traits_;
    std::vector<std::int16_t> of_op_, of_feature_, literals_, inputs_;
    std::vector<std::uint16_t> limits_;     // settings_.nested with kNoLimit for none
    std::vector<std::int64_t> most_nodes_;  // most nodes of a sub-tree, by its levels
    std::vector<std::vector<std::uint8_t>>
        masks_;      // by the set of classes (TokenTraits::kind) that fit
    Costing forms_;  // settings_.cost with constant factors that cost nothing
    std::int16_t free_ = -1;
    int table_kinds_ = 0, any_operator_ = -1;
    int root_need_ = 1, first_tick_ = 0;  // least arrival of an input that fills a slot
    int last_tick_ = 0;                   // what registering the output adds
    int fastest_ = 0;                     // ticks that every operator takes at least; 0: not known
    double cheapest_ = 0.0;               // least complexity of a leaf
    bool custom_ = false, exact_ticks_ = false;
    int most_arguments_ = 0;  // of a usable token
    // what a prefix must look at one token at a time
    bool slow_leaves_ = false, slow_needs_ = false, slow_complexity_ = false, must_have_ = false;

    int literal(double value) const;
    void check_sizes() const;
    void index();
    void measure();
    void find_needs();
    void find_most_nodes();
    void find_ticks();
    void find_slow();
    void find_masks();
    bool usable(std::size_t token) const {
        return settings_.max_count.empty() || settings_.max_count[token] > 0;
    }
    bool barred(int parent, int child) const {
        return !settings_.barred.empty() &&
               settings_.barred[std::size_t(parent) * traits_.size() + std::size_t(child)] != 0;
    }
    double argument_limit(int token, std::size_t argument) const {
        return settings_.max_argument.empty()
                   ? std::numeric_limits<double>::infinity()
                   : settings_.max_argument[kMostArguments * std::size_t(token) + argument];
    }
    // most nodes of a sub-tree at this depth, `path` ticks above the output
    std::int64_t most_nodes(int depth, int path) const {
        auto levels = std::int64_t(most_nodes_.size()) - depth;
        if (fastest_ > 0)
            levels = std::min<std::int64_t>(levels, (settings_.max_ticks - path) / fastest_ + 1);
        return levels > 0 ? most_nodes_[std::size_t(levels)] : 0;
    }
    // what may stand below `token`, where `above` may stand at its place
    void narrow(const std::uint16_t* above, int token, std::uint16_t* below) const;
    bool in_time(const Tree& tree, int bound) const;
};

// A sequence that is being written. Kept and cleared, so that writing allocates nothing.
class Prefix {
public:
    explicit Prefix(const Rules& rules);
    void clear();
    bool complete() const { return open_ == 0; }  // no slot is open
    std::size_t length() const { return sequence_.size(); }
    std::size_t open() const { return open_; }  // slots still to be filled
    int parent() const { return frames_.empty() ? -1 : frames_.back().token; }
    // token number of the parent's first argument, -1 if none yet
    int sibling() const { return frames_.empty() ? -1 : frames_.back().first; }
    int previous() const { return sequence_.empty() ? -1 : sequence_.back(); }
    // levels of the next slot, 1 at the root
    int depth() const { return frames_.empty() ? 1 : frames_.back().depth + 1; }
    // Whether some token may stand next: 1 or 0 per token. A token is allowed only where leaves can
    // still end the expression within every rule that leaves can break (length, depth, constants,
    // counts, ticks); true if any is. Units are judged at the end only, by `Rules::accepts`.
    // But for ticks, nothing is masked that could still end well.
    bool mask(std::vector<std::uint8_t>& out);
    bool allows(int token);
    void push(int token);
    const Sequence& sequence() const { return sequence_; }

private:
    // an operator with open arguments
    struct Frame {
        std::int16_t token, first;
        std::uint8_t left, filled;
        bool constants;  // all arguments so far are constants
        // late: most `path` of the slots of this and the frames below that are open once the
        // argument in work is done
        int depth, path, late;
        std::int64_t copies;
        double ceiling;
    };
    // the slot that is filled next
    struct Slot {
        int depth = 1, path = 0, need = 1;
        std::int64_t copies = 1;
        double ceiling = 0.0;  // on complexity_
    };

    const Rules* rules_;
    Sequence sequence_;
    std::vector<Frame> frames_;
    Slot slot_;
    std::vector<int> counts_;
    std::vector<std::uint16_t> rows_;  // by depth of the slot: how many of each may stand below
    std::size_t open_ = 1, constants_ = 0, inputs_ = 0;
    // sums over the open slots: most nodes, fewest nodes; expanded nodes and complexity of the
    // whole, were each slot filled with the cheapest leaf
    std::int64_t most_nodes_ = 0, needed_ = 0, expanded_ = 1;
    double complexity_ = 0.0;
    int ticks_ = kNever;                             // of the leaves and literals written so far
    std::array<int, kMostArguments + 1> missing_{};  // what min_count still asks for, by arity
    double missing_complexity_ = 0.0;
    int last_fill_ = -1;
    // what was found of an operator, and of inputs that do not occur yet, by TokenTraits::alike;
    // -1: not asked yet
    std::vector<std::int8_t> answers_;
    Sequence trial_;
    Tree trial_tree_;
    bool fits(std::size_t arity) const;
    bool constant_stands(bool free) const;
    bool stands(int token) const;
    bool slow() const;
    bool can_end(int token) const;
    bool leaves_suffice(int token) const;
    std::int64_t most_nodes_after(int token) const;
    bool counts_can_end(int token) const;
    bool complexity_can_end(int token) const;
    double lack(int token) const;
    bool input_wanted(int token) const;
    bool input_missing(int token) const;
    bool in_time(int token);
    bool tried(int token);
    bool filled_by_input(int token, std::size_t slots);
    int bound(int token) const;
    bool filled_in_time(int token, int leaf, std::size_t slots);
    void count(int token);
    void enter(int token);
    void open_slot();
    std::uint16_t* row(int depth) { return rows_.data() + std::size_t(depth) * counts_.size(); }
    const std::uint16_t* row(int depth) const {
        return rows_.data() + std::size_t(depth) * counts_.size();
    }
};

}  // namespace symtick
