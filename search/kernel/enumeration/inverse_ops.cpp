// Room: search/kernel. See undo.hpp.
#include "enumeration/inverse_ops.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace symtick {
namespace {

constexpr double kAny = std::numeric_limits<double>::infinity();

int branches(std::uint8_t op, Undo::Unknown unknown) {
    if (unknown == Undo::BOTH) return op == MUL ? 2 : 1;
    return op == SIN || op == COS || op == SQUARE || op == ABS ? 2 : 1;
}

// y: wanted, s: the other argument
double first_of(std::uint8_t op, double y, double s) {
    switch (op) {
        case ADD: return y - s;
        case SUB: return y + s;
        case MUL: return s == 0.0 && y == 0.0 ? kAny : y / s;
        case DIV: return y * s;
        case MIN: return y < s ? y : y == s ? kAny : NAN;
        case MAX: return y > s ? y : y == s ? -kAny : NAN;
        default: return NAN;
    }
}

double second_of(std::uint8_t op, double y, double s) {
    if (op == SUB) return s - y;
    if (op == DIV) return y != 0.0 ? s / y : NAN;
    return first_of(op, y, s);
}

double only_of(std::uint8_t op, int branch, double y) {
    const double sign = branch == 0 ? 1.0 : -1.0;
    switch (op) {
        case NEG: return -y;
        case ABS: return y >= 0.0 ? sign * y : NAN;
        case SQUARE: return sign * std::sqrt(y);
        case CUBE: return std::cbrt(y);
        case SQRT: return y >= 0.0 ? y * y : NAN;
        case EXP: return y > 0.0 ? std::log(y) : NAN;
        case LOG: return std::exp(y);
        case SIN: return branch == 0 ? std::asin(y) : std::numbers::pi - std::asin(y);
        case COS: return sign * std::acos(y);
        case TANH: return std::fabs(y) < 1.0 ? std::atanh(y) : NAN;
        default: return NAN;
    }
}

double both_of(std::uint8_t op, int branch, double y) {
    if (op == ADD) return y / 2.0;
    return branch == 0 ? std::sqrt(y) : -std::sqrt(y);
}

}  // namespace

std::vector<Undo> undos(const Vocabulary& vocabulary) {
    std::vector<Undo> out;
    for (std::size_t t = 0; t < vocabulary.tokens.size(); ++t) {
        const std::uint8_t op = vocabulary.tokens[t].node.op;
        if (op <= CONST || op >= CUSTOM1) continue;
        std::vector<Undo::Unknown> places = {Undo::ONLY};
        if (arity(op) == 2) places = {Undo::FIRST};
        if (op == SUB || op == DIV) places.push_back(Undo::SECOND);
        if (op == ADD || op == MUL) places.push_back(Undo::BOTH);
        for (const Undo::Unknown place : places)
            for (int b = 0; b < branches(op, place); ++b)
                out.push_back({std::int16_t(t), op, place, std::uint8_t(b)});
    }
    return out;
}

void undone(const Undo& undo, const double* wanted, const double* other, double* out,
            std::size_t rows) {
    for (std::size_t r = 0; r < rows; ++r) {
        switch (undo.unknown) {
            case Undo::ONLY: out[r] = only_of(undo.op, undo.branch, wanted[r]); break;
            case Undo::FIRST: out[r] = first_of(undo.op, wanted[r], other[r]); break;
            case Undo::SECOND: out[r] = second_of(undo.op, wanted[r], other[r]); break;
            case Undo::BOTH: out[r] = both_of(undo.op, undo.branch, wanted[r]); break;
        }
    }
}

Tree redone(const Undo& undo, const Vocabulary& vocabulary, const Tree& part, const Tree& other) {
    Tree out;
    const auto add = [&](const Tree& tree) { out.insert(out.end(), tree.begin(), tree.end()); };
    if (undo.unknown == Undo::SECOND) add(other);
    add(part);
    if (undo.unknown == Undo::FIRST) add(other);
    if (undo.unknown == Undo::BOTH) add(part);
    out.push_back(vocabulary.tokens[std::size_t(undo.token)].node);
    return out;
}

}  // namespace symtick
