// Checks, bounds, hashes and scalar values of trees; see program.hpp.
#include "core/program.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace symtick {

void check(const Tree& tree, std::size_t features, std::size_t number) {
    const std::string where = "program " + std::to_string(number) + ": ";
    std::size_t depth = 0;
    for (const Node& n : tree) {
        if (!built_in(n.op))
            throw std::invalid_argument(where + "opcode " + std::to_string(n.op) + " is unknown");
        if (n.op == INPUT && (n.feature < 0 || std::size_t(n.feature) >= features))
            throw std::invalid_argument(where + "input " + std::to_string(n.feature) +
                                        " does not exist: there are " + std::to_string(features));
        if (n.op == CONST && !std::isfinite(n.value))
            throw std::invalid_argument(where + "a constant is not finite");
        const auto wanted = std::size_t(arity(n.op));
        if (depth < wanted) throw std::invalid_argument(where + "an operator lacks arguments");
        depth += 1 - wanted;
    }
    if (depth != 1)
        throw std::invalid_argument(where + "it must leave one value, not " +
                                    std::to_string(depth));
}

std::size_t first_of(const Tree& tree, std::size_t root) {
    int need = 1;
    std::size_t k = root + 1;
    while (need > 0) need += arity(tree[--k].op) - 1;
    return k;
}

std::size_t constants_of(const Tree& tree) {
    return std::size_t(
        std::count_if(tree.begin(), tree.end(), [](const Node& n) { return n.op == CONST; }));
}

namespace {

std::uint64_t mixed(std::uint64_t h) {
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    return h ^ (h >> 32);
}

bool commutes(std::uint8_t op) { return op == ADD || op == MUL || op == MIN || op == MAX; }

std::uint64_t payload(const Node& n) {
    if (n.op == INPUT) return std::uint64_t(n.feature);
    return n.op == CONST ? std::bit_cast<std::uint64_t>(n.value) : 0;
}

}  // namespace

std::uint64_t hash_of(const Tree& tree) {
    std::vector<std::uint64_t> hashes;
    for (const Node& n : tree) {
        std::uint64_t h = mixed(payload(n) * 32 + n.op + 1);
        const auto count = std::size_t(arity(n.op));
        std::uint64_t* arguments = hashes.data() + hashes.size() - count;
        if (commutes(n.op) && arguments[1] < arguments[0]) std::swap(arguments[0], arguments[1]);
        for (std::size_t a = 0; a < count; ++a) h = mixed(h + arguments[a]);
        hashes.resize(hashes.size() - count);
        hashes.push_back(h);
    }
    return hashes.back();
}

double apply_scalar(std::uint8_t op, double a, double b, double c) {
    switch (op) {
        case ADD: return a + b;
        case SUB: return a - b;
        case MUL: return a * b;
        case DIV: return a / b;
        case NEG: return -a;
        case ABS: return std::fabs(a);
        case MIN: return std::isnan(a) || a < b ? a : b;
        case MAX: return std::isnan(a) || a > b ? a : b;
        case SQUARE: return a * a;
        case CUBE: return a * a * a;
        case SQRT: return std::sqrt(a);
        case EXP: return std::exp(a);
        case LOG: return std::log(a);
        case SIN: return std::sin(a);
        case COS: return std::cos(a);
        case TANH: return std::tanh(a);
        case ASIN: return std::asin(a);
        case ACOS: return std::acos(a);
        case ATAN: return std::atan(a);
        case ATAN2: return std::atan2(a + 0.0, b + 0.0);  // real numbers have one zero
        case ERF: return std::erf(a);
        case SIGN: return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a == 0.0 ? 0.0 : a;
        case FLOOR: return std::floor(a);
        case GE: return a >= b ? 1.0 : 0.0;
        case GT: return a > b ? 1.0 : 0.0;
        case WHERE: return a != 0.0 ? b : c;
        default: return kNaN;
    }
}

}  // namespace symtick
