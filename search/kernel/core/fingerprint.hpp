// A number for each function: equal for trees that the rules of a commutative field make equal
// (order, grouping, distributing, cancelling), whatever their shape.
#pragma once
#include <cstdint>
#include <span>

#include "core/ops.hpp"

namespace symtick {

// a part divides by what is zero everywhere, or takes its logarithm
constexpr std::uint64_t kUndefined = ~std::uint64_t(0);

// Evaluates the tree in the integers modulo 2^61 - 1 at one random point (Schwartz 1980, Zippel
// 1979: two different rational functions agree there with a chance of about degree / 2^61). Inputs
// are random elements, constants exact dyadic rationals; other functions are random maps of their
// argument, so that only their arguments' equality counts, with the simple identities of NEG, ABS,
// SQUARE, CUBE, MIN, MAX, EXP of LOG and LOG of EXP, parity of SIN, COS and TANH. Equal functions
// may differ in where they are defined (x / x and 1, exp(log(x)) and x). Built-in operators only:
// expand custom ones first.
std::uint64_t fingerprint(const Tree& tree);
// The same where the inputs are functions of these fingerprints. EXP of LOG and the like are known
// within the tree only.
std::uint64_t fingerprint(const Tree& tree, std::span<const std::uint64_t> inputs);

}  // namespace symtick
