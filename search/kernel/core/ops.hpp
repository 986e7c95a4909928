// The opcodes (equal to symtick.expr.Op) and the tree they stand in.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace symtick {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// clang-format off
enum Op : std::uint8_t {
    INPUT, CONST, ADD, SUB, MUL, DIV, NEG, ABS, MIN, MAX,
    SQUARE, CUBE, SQRT, EXP, LOG, SIN, COS, TANH,
    ASIN = 21, ACOS, ATAN, ATAN2, SIGN = 30, FLOOR, GE, GT, WHERE, ERF = 38, OP_COUNT
};

// empty: a number of the compiler's
constexpr std::array<const char*, OP_COUNT> kOpNames = {
    "INPUT", "CONST", "ADD", "SUB", "MUL", "DIV", "NEG", "ABS", "MIN", "MAX",
    "SQUARE", "CUBE", "SQRT", "EXP", "LOG", "SIN", "COS", "TANH",
    "", "", "", "ASIN", "ACOS", "ATAN", "ATAN2", "", "", "", "", "",
    "SIGN", "FLOOR", "GE", "GT", "WHERE", "", "", "", "ERF"};
// clang-format on

// whether this is a built-in opcode
constexpr bool built_in(std::size_t op) { return op < OP_COUNT && kOpNames[op][0] != '\0'; }

// First opcodes of custom operators with one, two and three arguments, kCustom of each. They stand
// in trees that are bred and sampled only: `expanded` puts their bodies in place before anything is
// evaluated, tuned or costed.
constexpr std::uint8_t CUSTOM1 = 96, CUSTOM2 = 128, CUSTOM3 = 160;
constexpr int kCustom = 32;

constexpr int kMostArguments = 3;

constexpr std::array<std::uint8_t, 256> kArities = [] {
    std::array<std::uint8_t, 256> out{};
    for (int op = 0; op < 256; ++op) {
        const bool two = op >= CUSTOM2 || (op > CONST && op <= DIV) || op == MIN || op == MAX ||
                         op == ATAN2 || op == GE || op == GT;
        const bool three = op >= CUSTOM3 || op == WHERE;
        out[std::size_t(op)] = op <= CONST ? 0 : three ? 3 : two ? 2 : 1;
    }
    return out;
}();

constexpr int arity(std::uint8_t op) { return kArities[op]; }

// What `feature` says of a CONST: that it may be tuned, that its value is part of the language, or
// (from 1 on) that it is tuned together with all constants of the same number.
constexpr std::int32_t kFree = 0, kLiteral = -1;

struct Node {
    std::uint8_t op = CONST;
    std::int32_t feature = 0;  // of an INPUT; of a CONST see above
    double value = 0.0;        // of a CONST
};

// One output in postfix order, arguments before their operator.
using Tree = std::vector<Node>;

}  // namespace symtick
