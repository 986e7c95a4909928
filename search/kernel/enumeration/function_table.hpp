// A table of different functions, each written as a token over earlier ones, with its values over
// the rows: what enumeration fills and semantic search looks into.
#pragma once
#include "core/data.hpp"
#include "core/program.hpp"
#include "enumeration/value_index.hpp"
#include "rules/form_needs.hpp"

namespace symtick {

struct TableSettings {
    std::size_t max_functions = 0;
    std::size_t symbols = 0;      // free constants that may stand in one function, at most 2
    double largest = 0;           // functions that are greater in some row are left out
    std::size_t first_level = 0;  // that of the leaves
    bool every_form = false;      // keep the forms of a function that the rules tell apart
    bool cheapest = false;  // look for the form of fewest (ticks, LUT, nodes) of each function
    Costing cost;           // for that
};

struct TableStats {
    // evaluations: vectors of values that were computed; known: candidates that the rules of a
    // field told to be equal to an earlier one; equal: those whose values did; not_allowed:
    // candidates that break a rule
    std::uint64_t evaluations = 0, known = 0, equal = 0, not_finite = 0, not_allowed = 0;
};

// Computes one token over vectors of values.
class TokenRunner {
public:
    TokenRunner(const Vocabulary& vocabulary, std::size_t stride);
    // `stride` numbers, good until the next call; b and c only of a token with so many arguments
    double* run(std::size_t token, const double* a, const double* b, const double* c = nullptr);

private:
    std::size_t stride_;
    std::vector<Code<double>> codes_;
    Buffer<double> x_, slots_, out_;
};

class FunctionTable {
public:
    // Reads the first rows, `kMostRows` at most; begins with the leaves. Rules that only a whole
    // expression can keep (fewest nodes, tokens that must stand, the target's unit) are left out.
    FunctionTable(const Rules& rules, const Data& data, const TableSettings& settings);
    FunctionTable(const FunctionTable&) = delete;

    // Puts a token over two forms (b is -1 for a token with one argument) into the table, as the
    // first form of a new function or another one of a known one. Returns the function's number, -1
    // where it is not finite, breaks a rule, adds nothing, or there is no room.
    std::int32_t consider(std::size_t token, std::int32_t a, std::int32_t b, std::size_t level);

    std::size_t size() const { return first_.size(); }
    std::size_t forms() const { return forms_.size(); }
    bool full() const { return size() >= settings_.max_functions; }
    const FunctionForm& form(std::size_t k) const { return forms_[k]; }
    std::int32_t first_form(std::size_t function) const { return first_[function]; }
    const FunctionForm& written(std::size_t function) const {
        return form(std::size_t(first_[function]));
    }
    std::size_t rows() const { return rows_; }
    std::size_t stride() const { return stride_; }
    const double* values(std::size_t function) const {
        return values_[function / kChunk].get() + function % kChunk * stride_;
    }
    // Number of the function with these values (`stride` numbers), -1 if there is none.
    std::int32_t find(const double* values) const;
    // the cheapest form known
    Tree tree(std::size_t function) const;
    // Looks for cheaper forms among all that were considered, where that is asked for.
    void settle();
    const Rules& rules() const { return rules_; }
    const TableStats& stats() const { return stats_; }
    bool commutes(std::size_t token) const;
    std::size_t leaves() const { return leaves_; }  // the first functions
    // the token's number of a symbol is past the vocabulary
    std::size_t tokens() const { return rules_.vocabulary().tokens.size(); }

private:
    static constexpr std::size_t kChunk = 1024;
    // that free constants have while functions are told apart
    static constexpr std::array<double, 2> kSymbolValues = {0.8236167, 1.3719423};

    // the best form known; forms of its parts may have become better since `changes_` was `at`
    struct Cheapest {
        FunctionForm form;
        PartCost cost;
        std::size_t nodes, at;
    };

    Rules rules_;
    TableSettings settings_;
    std::size_t rows_, stride_, leaves_ = 0;
    TokenRunner runner_;
    FormNeeds needs_;
    std::vector<Tree> bodies_;            // of the tokens, over INPUT 0 and INPUT 1
    std::vector<Buffer<double>> values_;  // of `kChunk` functions each, so that none are moved
    std::vector<FunctionForm> forms_;
    std::vector<std::int32_t> first_;           // of each function
    std::vector<Element> elements_, inverses_;  // of each function; 0: not yet inverted
    std::vector<Cheapest> cheapest_;            // of each function, if asked for
    std::vector<FunctionForm> others_;          // the further forms that were considered
    std::size_t changes_ = 0;
    KeyIndex by_element_, by_value_, dead_;
    TableStats stats_;

    void add_leaves(const Data& data);
    void add_leaf(const Node& node, std::size_t token, const double* values, std::uint8_t symbols);
    bool pointless(const FunctionForm& form) const;
    std::uint8_t flags_of(const FunctionForm& form) const;
    const Node& node_of(const FunctionForm& form) const;
    Element element_of(const FunctionForm& form);
    Element inverse_of(std::int32_t function);
    std::int32_t computed(FunctionForm& form, Element element);
    bool clean(double* values, const FunctionForm& form) const;
    void add_function(FunctionForm& form, Element element, const double* values);
    void another(FunctionForm& form, std::int32_t function);
    bool compare(const FunctionForm& form);
    const Cheapest& refreshed(std::int32_t function);
    bool contains(std::int32_t form, std::int32_t function) const;
    void write(const FunctionForm& form, bool cheapest, Tree& out) const;
    Tree tree_of(const FunctionForm& form, bool cheapest) const;
    bool accepts(const Tree& tree) const;
    PartCost cost_of_part(const Tree& tree) const;
};

}  // namespace symtick
