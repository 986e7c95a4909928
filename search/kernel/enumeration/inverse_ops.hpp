// The operators backwards: which values an argument must have, so that an operator gives wanted
// ones.
#pragma once
#include "rules/vocabulary.hpp"

namespace symtick {

// One way back through a token.
struct InverseOp {
    enum Unknown : std::uint8_t { ONLY, FIRST, SECOND, BOTH };  // BOTH: the same twice
    std::int16_t token = 0;
    std::uint8_t op = 0;
    Unknown unknown = ONLY;
    std::uint8_t branch = 0;  // of an inverse with several values, the principal one first
};

// Every way back through the built-in tokens of the vocabulary.
std::vector<InverseOp> inverse_ops(const Vocabulary& vocabulary);

// Values of the unknown argument(s) that make `wanted`, where the other one is `other` (of FIRST
// and SECOND). NaN where there is none; infinite where any will do (MIN, MAX: any that is greater,
// less).
void inverted(const InverseOp& inverse, const double* wanted, const double* other, double* out,
              std::size_t rows);

// the token over `part`, which stands in the unknown's place, and `other`
Tree applied(const InverseOp& inverse, const Vocabulary& vocabulary, const Tree& part,
             const Tree& other);

}  // namespace symtick
