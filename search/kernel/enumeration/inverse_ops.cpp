// Values that an argument must have; see inverse_ops.hpp.
#include "enumeration/inverse_ops.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace symtick {
namespace {

constexpr double kAny = std::numeric_limits<double>::infinity();

int branches(std::uint8_t op, InverseOp::Unknown unknown) {
    if (unknown == InverseOp::BOTH) return op == MUL ? 2 : 1;
    return op == SIN || op == COS || op == SQUARE || op == ABS ? 2 : 1;
}

// y: wanted, s: the other argument
double first_of(std::uint8_t op, double y, double s) {
    switch (op) {
        case ADD: return y - s;
        case SUB: return y + s;
        case MUL: return s == 0.0 && y == 0.0 ? kAny : y / s;
        case DIV: return y * s;
        case MIN: return y < s ? y : y == s ? kAny : kNaN;
        case MAX: return y > s ? y : y == s ? -kAny : kNaN;
        default: return kNaN;
    }
}

double second_of(std::uint8_t op, double y, double s) {
    if (op == SUB) return s - y;
    if (op == DIV) return y != 0.0 ? s / y : kNaN;
    return first_of(op, y, s);
}

double only_of(std::uint8_t op, int branch, double y) {
    const double sign = branch == 0 ? 1.0 : -1.0;
    switch (op) {
        case NEG: return -y;
        case ABS: return y >= 0.0 ? sign * y : kNaN;
        case SQUARE: return sign * std::sqrt(y);
        case CUBE: return std::cbrt(y);
        case SQRT: return y >= 0.0 ? y * y : kNaN;
        case EXP: return y > 0.0 ? std::log(y) : kNaN;
        case LOG: return std::exp(y);
        case SIN: return branch == 0 ? std::asin(y) : std::numbers::pi - std::asin(y);
        case COS: return sign * std::acos(y);
        case TANH: return std::fabs(y) < 1.0 ? std::atanh(y) : kNaN;
        case ASIN: return std::fabs(y) <= std::numbers::pi / 2.0 ? std::sin(y) : kNaN;
        case ACOS: return y >= 0.0 && y <= std::numbers::pi ? std::cos(y) : kNaN;
        case ATAN: return std::fabs(y) < std::numbers::pi / 2.0 ? std::tan(y) : kNaN;
        default: return kNaN;
    }
}

// steps have no inverse, nor have choices; an angle has many, and the error function's is no
// function of the language
bool invertible(std::uint8_t op) {
    return op != SIGN && op != FLOOR && op != GE && op != GT && op != ATAN2 && op != ERF &&
           op != WHERE;
}

double both_of(std::uint8_t op, int branch, double y) {
    if (op == ADD) return y / 2.0;
    return branch == 0 ? std::sqrt(y) : -std::sqrt(y);
}

}  // namespace

std::vector<InverseOp> inverse_ops(const Vocabulary& vocabulary) {
    std::vector<InverseOp> out;
    for (std::size_t t = 0; t < vocabulary.tokens.size(); ++t) {
        const std::uint8_t op = vocabulary.tokens[t].node.op;
        if (op <= CONST || op >= CUSTOM1 || !invertible(op)) continue;
        std::vector<InverseOp::Unknown> places = {InverseOp::ONLY};
        if (arity(op) == 2) places = {InverseOp::FIRST};
        if (op == SUB || op == DIV) places.push_back(InverseOp::SECOND);
        if (op == ADD || op == MUL) places.push_back(InverseOp::BOTH);
        for (const InverseOp::Unknown place : places)
            for (int b = 0; b < branches(op, place); ++b)
                out.push_back({std::int16_t(t), op, place, std::uint8_t(b)});
    }
    return out;
}

void inverted(const InverseOp& inverse, const double* wanted, const double* other, double* out,
              std::size_t rows) {
    for (std::size_t r = 0; r < rows; ++r) {
        switch (inverse.unknown) {
            case InverseOp::ONLY: out[r] = only_of(inverse.op, inverse.branch, wanted[r]); break;
            case InverseOp::FIRST: out[r] = first_of(inverse.op, wanted[r], other[r]); break;
            case InverseOp::SECOND: out[r] = second_of(inverse.op, wanted[r], other[r]); break;
            case InverseOp::BOTH: out[r] = both_of(inverse.op, inverse.branch, wanted[r]); break;
        }
    }
}

Tree applied(const InverseOp& inverse, const Vocabulary& vocabulary, const Tree& part,
             const Tree& other) {
    Tree out;
    const auto add = [&](const Tree& tree) { out.insert(out.end(), tree.begin(), tree.end()); };
    if (inverse.unknown == InverseOp::SECOND) add(other);
    add(part);
    if (inverse.unknown == InverseOp::FIRST) add(other);
    if (inverse.unknown == InverseOp::BOTH) add(part);
    out.push_back(vocabulary.tokens[std::size_t(inverse.token)].node);
    return out;
}

}  // namespace symtick
