// Room: search/kernel. What a candidate may look like. The same rules mask a policy's next token and
// judge a bred tree, so both obey them by construction.
#pragma once
#include <limits>

#include "alphabet.hpp"
#include "cost.hpp"

namespace symtick {

constexpr int kAnyNumber = std::numeric_limits<int>::max();

struct RuleSettings {
    std::size_t min_nodes = 1, max_nodes = 140, max_depth = 64, max_constants = 64;
    double max_complexity = std::numeric_limits<double>::infinity();
    // per token: fewest and most in an expression; empty: no limit
    std::vector<int> min_count, max_count;
    // nested[outer * tokens + inner]: most `inner` on any way down from (and not counting) an
    // `outer`; empty: no limit. No trig in trig is 0 for every pair of trigonometric tokens.
    std::vector<int> nested;
    // barred[parent * tokens + child]: child must not be an argument of parent (inverse of an
    // inverse); empty: nothing barred
    std::vector<std::uint8_t> barred;
    bool constant_arguments = true;  // an operator may have free constants and literals only
    // exponents of the base units, tokens x units, for INPUTs and literals; empty: no units.
    // A free CONST has any unit. `target` empty: the result may have any unit.
    std::size_t units = 0;
    std::vector<double> token_units, target_units;
    // the tick budget as a mask; kAnyNumber: none
    CostTable cost;
    int max_ticks = kAnyNumber;
};

class Rules {
public:
    Rules(Alphabet alphabet, RuleSettings settings);
    const Alphabet& alphabet() const { return alphabet_; }
    const RuleSettings& settings() const { return settings_; }

    // Whether a whole tree keeps every rule (ticks and units included).
    bool accepts(const Tree& tree) const;

private:
    friend class Prefix;
    Alphabet alphabet_;
    RuleSettings settings_;
};

// A sequence that is being written. Kept and cleared, so that writing allocates nothing.
class Prefix {
public:
    explicit Prefix(const Rules& rules);
    void clear();
    bool complete() const;           // no slot is open
    std::size_t length() const;
    std::size_t open() const;        // slots still to be filled
    int parent() const;              // token number above the next slot, -1 at the root
    int sibling() const;             // token number of the parent's first argument, -1 if none yet
    int previous() const;            // token number written last, -1 at the start
    // Whether some token may stand next: 1 or 0 per token. A token is allowed only where leaves can
    // still end the expression within every rule that leaves can break (length, depth, constants,
    // counts, ticks); true if any is. Units are judged at the end only, by `Rules::accepts`.
    bool mask(std::vector<std::uint8_t>& out);
    bool allows(int token);
    void push(int token);
    const Sequence& sequence() const;
    // (private members are the implementer's)
};

}  // namespace symtick
