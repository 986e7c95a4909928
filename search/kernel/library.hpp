// Room: search/kernel. The enumerated functions, found again by the values that one must have.
// Read-only once built, so that threads share it.
#pragma once
#include "enumerate.hpp"

namespace symtick {

struct LibrarySettings {
    // operations, see EnumerationSettings::shared; whole levels as long as the next one, should it
    // grow like the last, stays within the evaluations
    std::size_t max_level = 6;
    std::size_t max_functions = 500'000;
    std::uint64_t max_evaluations = 200'000;
    std::size_t max_rows = 64;
};

// wanted = scale * function + shift
struct Found {
    std::int32_t function = -1;  // none
    double scale = 1.0, shift = 0.0;
    explicit operator bool() const { return function >= 0; }
};

// What all a * f + b have in common.
struct Shape {
    double mean = 0, spread = 0;  // spread: root of the mean square; 0 where there is as good as none
    ValueKey key{0, 0};
};

class Library {
public:
    // Reads `max_rows` of the rows, evenly spread. Throws std::invalid_argument.
    Library(const Rules& rules, const Data& data, const LibrarySettings& settings);

    const FunctionTable& table() const { return enumeration_.table(); }
    const Rules& rules() const { return rules_; }  // of whole expressions
    std::size_t rows() const { return table().rows(); }
    std::size_t stride() const { return table().stride(); }
    // rows of the data that the functions' values belong to
    const std::vector<std::size_t>& chosen() const { return chosen_; }
    std::uint64_t evaluations() const { return table().stats().evaluations; }
    // numbers of the functions of a level, in order
    std::size_t level_begin(std::size_t level) const;
    std::size_t levels() const { return level_starts_.size() - 1; }

    Shape shape_of(const double* wanted) const;
    // the function with these values (`stride` numbers), or else one that is scaled and shifted
    Found find(const double* wanted, const Shape& shape) const;
    Found find(const double* wanted) const { return find(wanted, shape_of(wanted)); }
    // Trees for scale * tree + shift within the alphabet, shortest first; empty where it has no such
    // constants. Not judged by the rules.
    std::vector<Tree> on_line(const Tree& tree, double scale, double shift) const;
    std::vector<Tree> written(const Found& found) const;

private:
    struct Constant {
        double value;
        std::int32_t function;
    };

    Rules rules_;
    std::vector<std::size_t> chosen_;
    Enumeration enumeration_;
    std::vector<std::size_t> level_starts_;
    std::vector<double> means_, spreads_;  // of each function
    KeyIndex by_shape_;
    std::vector<Constant> constants_;  // by value
    std::array<std::int16_t, OP_COUNT> letters_;  // token number of each built-in operator or -1
    bool free_ = false;

    void fill(std::uint64_t evaluations);
    void index();
    Found up_to_line(const double* wanted, const Shape& shape) const;
    bool fits_line(const double* wanted, const Shape& shape, Found& found) const;
    std::int32_t constant_function(double value) const;
    Tree constant(double value) const;
    Tree join(std::uint8_t op, const Tree& a, const Tree& b) const;
    std::vector<Tree> multiples(const Tree& tree, double scale) const;
};

}  // namespace symtick
