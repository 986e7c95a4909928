// Trees: checking, sub-tree bounds, hashing, and compiling to the instructions and
// the derivative tape of loops.hpp.
#pragma once
#include <string>

#include "core/ops.hpp"
#include "simd/loops.hpp"

namespace symtick {

// throws std::invalid_argument naming program `number` and what is wrong with it
void check(const Tree& tree, std::size_t features, std::size_t number);

// index of the first node of the sub-tree that ends at `root`
std::size_t first_of(const Tree& tree, std::size_t root);
std::size_t constants_of(const Tree& tree);
// constants that may be tuned, those with a common number counted once
std::size_t parameters_of(const Tree& tree);
// equal trees (bit-equal constants; arguments of + * min max in any order) have equal hashes
std::uint64_t hash_of(const Tree& tree);
// a sum, product and so on of constants becomes one constant; x*1, x+0, --x and the like go
Tree simplified(const Tree& tree);
double apply_scalar(std::uint8_t op, double a, double b, double c = 0.0);

// where a compiled sub-tree's value is: a slot, ~column of the data, or `value` itself
struct Operand {
    static constexpr std::int32_t kConstant = INT32_MIN;
    std::int32_t at;
    double value;
};

// Kept and filled again for each program, so that compiling allocates nothing.
template <class T>
struct Code {
    std::vector<Instr<T>> steps;
    int slots = 0;  // beyond the output's own
    std::vector<Operand> stack;
};
template <class T>
void compile(const Tree& tree, Code<T>& code);

// The constants are numbered so: the parameters in order of appearance (one for each free constant,
// the first of each tied group), the further ones of tied groups, the literals.
struct Tape {
    std::vector<TapeInstr> steps;
    std::vector<double> consts;
    std::vector<std::size_t> places;   // node number of each constant
    std::vector<std::int32_t> copies;  // for each further one of a group: its parameter
    int parameters = 0;

    int columns() const { return parameters + int(copies.size()); }  // that backward writes
    void spread();  // a tied group has the value of its parameter
};
// filled again for each tree, so that little is allocated
void make_tape(const Tree& tree, Tape& tape);

}  // namespace symtick
