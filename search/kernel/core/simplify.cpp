// Rewriting a tree to fewer nodes and fewer, independent constants. Constants rise to the top of
// their sum or product and merge there, so that Levenberg-Marquardt sees one.
#include <array>
#include <bit>
#include <cmath>

#include "core/program.hpp"

namespace symtick {
namespace {

class Rewriter {
public:
    Tree run(const Tree& tree) {
        std::vector<int> stack;
        for (const Node& n : tree) {
            std::array<int, kMostArguments> args{-1, -1, -1};
            const auto count = std::size_t(arity(n.op));
            for (std::size_t a = count; a-- > 0;) args[a] = stack.back(), stack.pop_back();
            stack.push_back(count == 3 ? choice(args)
                            : count    ? make(n.op, args[0], args[1])
                                       : leaf(n));
        }
        Tree out;
        write(stack.back(), out);
        return out;
    }

private:
    struct SharedNode {
        Node node;
        int a = -1, b = -1, c = -1;
    };
    std::vector<SharedNode> cells_;

    int leaf(const Node& n) {
        cells_.push_back({n});
        return int(cells_.size()) - 1;
    }
    int constant(double v) { return leaf({CONST, 0, v}); }
    int raw(std::uint8_t op, int a, int b, int c = -1) {
        cells_.push_back({{op, 0, 0.0}, a, b, c});
        return int(cells_.size()) - 1;
    }
    const SharedNode& at(int k) const { return cells_[std::size_t(k)]; }
    bool is(int k, std::uint8_t op) const { return k >= 0 && at(k).node.op == op; }
    double value(int k) const { return at(k).node.value; }
    // op(t, constant)
    bool scaled(int k, std::uint8_t op) const { return is(k, op) && is(at(k).b, CONST); }

    int make(std::uint8_t op, int a, int b) {
        if (is(a, CONST) && (b < 0 || is(b, CONST))) {
            const double v = apply_scalar(op, value(a), b < 0 ? 0.0 : value(b));
            if (std::isfinite(v)) return constant(v);
        }
        switch (op) {
            case ADD: return sum(a, b);
            case SUB: return difference(a, b);
            case MUL: return product(a, b);
            case DIV: return quotient(a, b);
            case NEG: return negative(a);
            case ABS:
                if (is(a, NEG)) return make(ABS, at(a).a, -1);
                if (is(a, ABS) || is(a, SQUARE) || is(a, EXP) || is(a, SQRT)) return a;
                break;
            case SQUARE:
                if (is(a, NEG) || is(a, ABS)) return make(SQUARE, at(a).a, -1);
                break;
            case MIN:
            case MAX:
                if (same(a, b)) return a;
                break;
            default: break;
        }
        return raw(op, a, b);
    }

    // WHERE of a condition and two values
    int choice(const std::array<int, kMostArguments>& args) {
        if (is(args[0], CONST)) return value(args[0]) != 0.0 ? args[1] : args[2];
        if (same(args[1], args[2])) return args[1];
        return raw(WHERE, args[0], args[1], args[2]);
    }

    int sum(int a, int b) {
        if (is(a, CONST)) std::swap(a, b);
        if (is(b, CONST)) {
            if (scaled(a, ADD)) return sum(at(a).a, constant(value(at(a).b) + value(b)));
            return value(b) == 0.0 ? a : raw(ADD, a, b);
        }
        if (scaled(a, ADD)) return sum(sum(at(a).a, b), at(a).b);
        if (scaled(b, ADD)) return sum(sum(a, at(b).a), at(b).b);
        return raw(ADD, a, b);
    }

    int difference(int a, int b) {
        if (is(b, CONST)) return sum(a, constant(-value(b)));
        if (scaled(a, ADD)) return sum(difference(at(a).a, b), at(a).b);
        if (scaled(b, ADD)) return sum(difference(a, at(b).a), constant(-value(at(b).b)));
        if (same(a, b)) return constant(0.0);
        return raw(SUB, a, b);
    }

    int product(int a, int b) {
        if (is(a, CONST)) std::swap(a, b);
        if (is(b, CONST)) {
            const double v = value(b);
            if (v == 0.0) return b;
            if (v == 1.0) return a;
            if (is(a, NEG)) return product(at(a).a, constant(-v));
            if (scaled(a, MUL) && std::isfinite(v * value(at(a).b)))
                return product(at(a).a, constant(v * value(at(a).b)));
            return raw(MUL, a, b);
        }
        if (scaled(a, MUL)) return product(product(at(a).a, b), at(a).b);
        if (scaled(b, MUL)) return product(product(a, at(b).a), at(b).b);
        return raw(MUL, a, b);
    }

    int quotient(int a, int b) {
        if (is(b, CONST) && value(b) != 0.0 && std::isfinite(1.0 / value(b)))
            return product(a, constant(1.0 / value(b)));
        return raw(DIV, a, b);
    }

    int negative(int a) {
        if (is(a, NEG)) return at(a).a;
        if (scaled(a, MUL)) return product(at(a).a, constant(-value(at(a).b)));
        return raw(NEG, a, -1);
    }

    bool same(int a, int b) const {
        const SharedNode &p = at(a), &q = at(b);
        if (p.node.op != q.node.op || p.node.feature != q.node.feature) return false;
        if (std::bit_cast<std::uint64_t>(p.node.value) !=
            std::bit_cast<std::uint64_t>(q.node.value))
            return false;
        return (p.a < 0 || same(p.a, q.a)) && (p.b < 0 || same(p.b, q.b)) &&
               (p.c < 0 || same(p.c, q.c));
    }

    void write(int k, Tree& out) const {
        if (at(k).a >= 0) write(at(k).a, out);
        if (at(k).b >= 0) write(at(k).b, out);
        if (at(k).c >= 0) write(at(k).c, out);
        out.push_back(at(k).node);
    }
};

}  // namespace

Tree simplified(const Tree& tree) { return Rewriter().run(tree); }

}  // namespace symtick
