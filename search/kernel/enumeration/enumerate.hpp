// Exhaustive search from the smallest functions up: every function that the vocabulary can write
// within the rules, once, in order of size.
#pragma once
#include "core/interrupt.hpp"
#include "enumeration/function_table.hpp"

namespace symtick {

struct EnumerationSettings {
    // A level is a number of nodes of the tree; `shared`: of operations, where what is used twice
    // is counted once (x * x is one, its square another one).
    bool shared = false;
    std::size_t max_level = 0;
    TableSettings table;
};

class Enumeration {
public:
    // Throws std::invalid_argument.
    Enumeration(const Rules& rules, const Data& data, const EnumerationSettings& settings);

    // Goes on until there are this many evaluations in all (never more), or there were very many
    // candidates for so few new functions (`kAttempts`), or nothing is left within the limits
    // (false). In steps or at once, the functions are the same.
    bool run(std::uint64_t evaluations);
    // The same to the end of the level in work; false also where the evaluations end before it
    // does.
    bool run_level(std::uint64_t evaluations);

    const FunctionTable& table() const { return table_; }
    FunctionTable& table() { return table_; }           // what is put in is found known later
    std::size_t complete() const { return complete_; }  // last level of which nothing is missing

private:
    // where the enumeration by nodes stands: a token, the level of its first argument, two forms
    struct Cursor {
        std::size_t level = 1, token = 0, left = 1, i = 0, j = 0;
    };
    // Sets of functions that are computed together, as many as the level has operations, in order
    // of their last members: a set of the level before and one function more.
    struct States {
        std::vector<std::int32_t> parents, functions;
        std::vector<std::uint8_t> used;  // a bit for each member that another one is made of
        KeySet known;                    // while the level is made
    };

    EnumerationSettings settings_;
    FunctionTable table_;
    std::vector<std::size_t> starts_;  // of each level: its first form
    std::size_t complete_ = 0;
    Cursor cursor_;
    std::vector<States> levels_;         // up to the one in the making, past `complete_`
    std::vector<std::int32_t> members_;  // of the set in work
    std::size_t state_ = 0, step_ = 0;   // where the enumeration by operations stands
    std::uint64_t attempts_ = 0;         // candidates, known and undefined ones too
    Patience patience_;

    // An evaluation allows so many candidates, and so many evaluations' worth are free: where all
    // inputs are alike, there is no end of them and next to nothing to evaluate.
    static constexpr std::uint64_t kAttempts = 200, kFreeEvaluations = 5'000;

    bool spent(std::uint64_t evaluations) const {
        return table_.stats().evaluations >= evaluations ||
               attempts_ / kAttempts >= evaluations + kFreeEvaluations;
    }
    void attempt() {
        ++attempts_;
        patience_.step();
    }
    bool run_to(std::size_t level, std::uint64_t evaluations);
    bool run_nodes(std::size_t level, std::uint64_t evaluations);
    void begin(Cursor at);
    bool advance();
    bool run_operations(std::size_t level, std::uint64_t evaluations);
    void end_level();
    bool extend(std::uint64_t evaluations);
    void take_members();
    void keep(std::uint8_t used, std::int32_t function, std::uint8_t bits);
};

}  // namespace symtick
