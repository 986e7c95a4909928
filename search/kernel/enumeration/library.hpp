// All functions of a vocabulary up to a size, with an index from values on the data's rows to the
// function that has them, up to a scale and a shift. Threads may share it while it does not grow.
#pragma once
#include "enumeration/enumerate.hpp"

namespace symtick {

struct LibrarySettings {
    std::size_t max_level = 0;  // operations, see EnumerationSettings::shared
    std::size_t max_functions = 0;
    std::size_t max_rows = 0;
};

// wanted = scale * function + shift
struct LineMatch {
    std::int32_t function = -1;  // none
    double scale = 1.0, shift = 0.0;
    explicit operator bool() const { return function >= 0; }
};

// What all a * f + b have in common.
struct LineShape {
    double mean = 0,
           spread = 0;  // spread: root of the mean square; 0 where there is as good as none
    ValueKey key{0, 0};
};

class Library {
public:
    // Reads `max_rows` of the rows that have a weight, evenly spread. Throws std::invalid_argument.
    Library(const Rules& rules, const Data& data, const LibrarySettings& settings);

    // The library grows by one block of functions at a time: the next whole level, or what tokens
    // that cannot be gone back through (a sine hides its argument's turns) make of the last level.
    enum Growth { LEVEL, FOLDS };
    // how many evaluations that may take; infinite where the limits are reached
    double growth_cost(Growth how) const;
    // Goes on until the block is whole (true) or there were so many evaluations in all (false).
    bool grow(Growth how, std::uint64_t evaluations);
    // Grows by levels as long as the next, should it grow like the last, stays within these
    // evaluations.
    void fill(std::uint64_t evaluations);

    const FunctionTable& table() const { return enumeration_.table(); }
    const Rules& rules() const { return rules_; }  // of whole expressions
    std::size_t rows() const { return table().rows(); }
    std::size_t stride() const { return table().stride(); }
    const Data& data() const { return data_; }  // the chosen rows
    bool free() const { return free_; }         // the vocabulary has free constants
    // rows of the data that the functions' values belong to
    const std::vector<std::size_t>& chosen() const { return chosen_; }
    std::uint64_t evaluations() const { return table().stats().evaluations; }
    // number of a block's first function, or where the last block ends
    std::size_t block_begin(std::size_t block) const { return blocks_[block]; }
    std::size_t blocks() const { return blocks_.size() - 1; }

    LineShape shape_of(const double* wanted) const;
    // the function with these values (`stride` numbers), or else one that is scaled and shifted
    LineMatch find(const double* wanted, const LineShape& shape) const;
    LineMatch find(const double* wanted) const { return find(wanted, shape_of(wanted)); }
    // Trees for scale * tree + shift within the vocabulary, shortest first; empty where it has no
    // such constants. Not judged by the rules.
    std::vector<Tree> on_line(const Tree& tree, double scale, double shift) const;
    std::vector<Tree> written(const LineMatch& match) const;

private:
    struct Constant {
        double value;
        std::int32_t function;
    };

    Rules rules_;
    std::size_t max_level_;
    std::vector<std::size_t> chosen_;
    Data data_;
    Enumeration enumeration_;
    std::vector<std::size_t> blocks_;        // where each begins, and the last ends
    std::vector<std::size_t> level_blocks_;  // block of each whole level
    std::vector<double> level_costs_;
    std::uint64_t level_start_ = 0;  // evaluations before the level in work
    struct Fold {
        std::size_t token;
        bool twice;  // both arguments the same
    };
    std::vector<Fold> folds_;
    std::size_t fold_ = 0;                 // where the block of folds in work stands
    bool folded_ = false;                  // that of the last level is there
    std::vector<double> means_, spreads_;  // of each function
    KeyIndex by_shape_;
    std::vector<Constant> constants_;            // by value
    std::array<std::int16_t, OP_COUNT> tokens_;  // token number of each built-in operator or -1
    bool free_ = false;

    void index();
    bool fold(std::uint64_t evaluations);
    LineMatch up_to_line(const double* wanted, const LineShape& shape) const;
    bool fits_line(const double* wanted, const LineShape& shape, LineMatch& match) const;
    std::int32_t constant_function(double value) const;
    Tree constant(double value) const;
    Tree join(std::uint8_t op, const Tree& a, const Tree& b) const;
    std::vector<Tree> multiples(const Tree& tree, double scale) const;
};

}  // namespace symtick
