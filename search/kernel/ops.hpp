// Room: search/kernel. The opcodes (equal to symtick.expr.Op) and the tree they stand in.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace symtick {

enum Op : std::uint8_t {
    INPUT, CONST, ADD, SUB, MUL, DIV, NEG, ABS, MIN, MAX,
    SQUARE, CUBE, SQRT, EXP, LOG, SIN, COS, TANH, OP_COUNT
};

constexpr std::array<const char*, OP_COUNT> kOpNames = {
    "INPUT", "CONST", "ADD", "SUB", "MUL", "DIV", "NEG", "ABS", "MIN", "MAX",
    "SQUARE", "CUBE", "SQRT", "EXP", "LOG", "SIN", "COS", "TANH"};

constexpr int arity(std::uint8_t op) {
    if (op <= CONST) return 0;
    return (op <= DIV || op == MIN || op == MAX) ? 2 : 1;
}

struct Node {
    std::uint8_t op = CONST;
    std::int32_t feature = 0;  // of an INPUT
    double value = 0.0;        // of a CONST
};

// One output in postfix order, arguments before their operator.
using Tree = std::vector<Node>;

}  // namespace symtick
