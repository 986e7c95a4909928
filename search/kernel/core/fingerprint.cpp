// Fingerprints of functions, in the prime field of 2^61 - 1 elements; see fingerprint.hpp.
#include "core/fingerprint.hpp"

#include "core/prime_field.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace symtick {
namespace {

struct Fraction {
    Element n, d;  // d is never 0
};

bool same(const Fraction& a, const Fraction& b) { return times(a.n, b.d) == times(b.n, a.d); }
Element value(const Fraction& a) { return a.d == 1 ? a.n : times(a.n, inverse(a.d)); }
Element over(Element a, Element b) { return b == 1 ? a : times(a, b); }

Fraction sum(const Fraction& a, const Fraction& b) {
    if (a.d == b.d) return {plus(a.n, b.n), a.d};
    return {plus(over(a.n, b.d), over(b.n, a.d)), over(b.d, a.d)};
}
Fraction difference(const Fraction& a, const Fraction& b) {
    if (a.d == b.d) return {minus(a.n, b.n), a.d};
    return {minus(over(a.n, b.d), over(b.n, a.d)), over(b.d, a.d)};
}
Fraction product(const Fraction& a, const Fraction& b) { return {times(a.n, b.n), over(b.d, a.d)}; }
Fraction inverted(const Fraction& a) { return {a.d, a.n}; }  // of one that is not 0
Fraction negative(const Fraction& a) { return {negated(a.n), a.d}; }
Fraction halved(const Fraction& a) { return {turned(a.n, 1), a.d}; }

// A bounded list; what does not fit costs an identity, never a wrong answer.
template <class T>
class RecentList {
public:
    void keep(const T& one) {
        if (size_ < all_.size()) all_[size_++] = one;
    }
    const T* begin() const { return all_.data(); }
    const T* end() const { return all_.data() + size_; }

private:
    std::array<T, 48> all_;  // not cleared: there is one for each tree
    std::size_t size_ = 0;
};

struct KnownValue {
    Element argument;
    Fraction value;
};

// The functions that are no field operations. What was computed before is remembered by value, so
// that an identity holds for every way of writing its argument.
class Functions {
public:
    // the square root, the positive one of r * r where r is known to be positive
    Fraction root(Element square) {
        if (square < kSmall) {
            const auto r = Element(std::sqrt(double(square)));
            if (r * r == square) return {r, 1};
        }
        for (const KnownValue& p : positive_)
            if (p.argument == square) return p.value;
        const Element r = drawn(SQRT, square);
        positive_.keep({times(r, r), {r, 1}});
        return {r, 1};
    }
    Fraction exponential(Element a) {
        for (const KnownValue& p : logs_)
            if (p.argument == a) return p.value;
        if (a == 0) return {1, 1};
        const Fraction e{std::max<Element>(drawn(EXP, a), 1), 1};
        exps_.keep({a, e});
        return e;
    }
    // `a` is not 0
    Fraction logarithm(const Fraction& a) {
        if (a.n == a.d) return {0, 1};
        for (const KnownValue& p : exps_)
            if (same(p.value, a)) return {p.argument, 1};
        const Element l = drawn(LOG, value(a));
        logs_.keep({l, a});
        return {l, 1};
    }
    Fraction absolute(const Fraction& a) {
        for (const KnownValue& p : exps_)
            if (same(p.value, a) || same(p.value, negative(a))) return p.value;
        const Element v = value(a);
        return root(times(v, v));
    }

private:
    static constexpr Element kSmall = 4096;
    RecentList<KnownValue> positive_, exps_, logs_;  // of positive_: square and root
};

// the lesser of a and -a, and whether that is a
Element lesser(Element a, bool& kept) {
    const Element other = negated(a);
    kept = a < other;
    return kept ? a : other;
}

Fraction odd(std::uint8_t op, Element a) {
    bool kept;
    const Element v = drawn(op, lesser(a, kept)) & -Element(a != 0);
    return {kept ? v : negated(v), 1};
}

Fraction cosine(Element a) {
    bool kept;
    if (a == 0) return {1, 1};
    return {drawn(COS, lesser(a, kept)), 1};
}

// max(a, b) = (a + b + |a - b|) / 2, so it commutes, shifts and turns into min under negation
Fraction extreme(std::uint8_t op, const Fraction& a, const Fraction& b, Functions& functions) {
    const Fraction apart = functions.absolute(difference(a, b));
    const Fraction both = sum(a, b);
    return halved(op == MAX ? sum(both, apart) : difference(both, apart));
}

// where(c, a, b): what is chosen of what is zero everywhere, or between equals, is known
Fraction choice(const Fraction& c, const Fraction& a, const Fraction& b) {
    if (c.n == 0 || same(a, b)) return b;
    const Element chosen = drawn(WHERE, plus(drawn(WHERE, value(c)), value(a)));
    return {drawn(WHERE, plus(chosen, value(b))), 1};
}

class Stack {
public:
    explicit Stack(std::size_t nodes) {
        if (nodes > near_.size()) far_.resize(nodes);
        at_ = nodes > near_.size() ? far_.data() : near_.data();
    }
    void push(const Fraction& a) { *at_++ = a; }
    Fraction& top() { return at_[-1]; }
    template <class F>
    void join(F function) {
        --at_;
        function(at_[-1], *at_);
    }
    void choose() {
        at_ -= 2;
        at_[-1] = choice(at_[-1], at_[0], at_[1]);
    }

private:
    std::array<Fraction, 256> near_;
    std::vector<Fraction> far_;
    Fraction* at_;
};

constexpr std::size_t kNear = 32;  // inputs whose elements are drawn once and for all

const std::array<Element, kNear> kInputs = [] {
    std::array<Element, kNear> out;
    for (std::size_t k = 0; k < kNear; ++k) out[k] = drawn(INPUT, k);
    return out;
}();

Element drawn_input(std::int32_t feature) {
    const auto k = std::size_t(feature);
    return k < kNear ? kInputs[k] : drawn(INPUT, k);
}

// false where the value is undefined everywhere
bool apply(std::uint8_t op, Fraction& a, Functions& functions) {
    switch (op) {
        case NEG: a = negative(a); return true;
        case SQUARE: a = product(a, a); return true;
        case CUBE: a = product(product(a, a), a); return true;
        case ABS: a = functions.absolute(a); return true;
        case SQRT: a = functions.root(value(a)); return true;
        case EXP: a = functions.exponential(value(a)); return true;
        case LOG:
            if (a.n == 0) return false;
            a = functions.logarithm(a);
            return true;
        case COS: a = cosine(value(a)); return true;
        case ACOS:
        case FLOOR: a = {drawn(op, value(a)), 1}; return true;
        default: a = odd(op, value(a)); return true;
    }
}

template <class Inputs>
std::uint64_t evaluated(const Tree& tree, Inputs input) {
    Functions functions;
    Stack stack(tree.size());
    // one jump a node: which one it is cannot be guessed, so that a second would cost as much again
    for (const Node& n : tree) {
        switch (n.op) {
            case INPUT: stack.push({input(n.feature), 1}); break;
            case CONST:
                if (!std::isfinite(n.value)) return kUndefined;
                stack.push({exact(n.value), 1});
                break;
            case ADD: stack.join([](auto& a, auto& b) { a = sum(a, b); }); break;
            case SUB: stack.join([](auto& a, auto& b) { a = difference(a, b); }); break;
            case MUL: stack.join([](auto& a, auto& b) { a = product(a, b); }); break;
            case DIV:
                if (stack.top().n == 0) return kUndefined;
                stack.join([](auto& a, auto& b) { a = product(a, inverted(b)); });
                break;
            case MIN:
            case MAX:
                stack.join([&](auto& a, auto& b) { a = extreme(n.op, a, b, functions); });
                break;
            case ATAN2:
                stack.join([](auto& a, auto& b) {
                    a = {drawn(ATAN2, plus(drawn(ATAN2, value(a)), value(b))), 1};
                });
                break;
            case GE:
            case GT:
                stack.join(
                    [&](auto& a, auto& b) { a = {drawn(n.op, value(difference(a, b))), 1}; });
                break;
            case WHERE: stack.choose(); break;
            default:
                if (!apply(n.op, stack.top(), functions)) return kUndefined;
        }
    }
    return value(stack.top());
}

}  // namespace

std::uint64_t fingerprint(const Tree& tree) { return evaluated(tree, drawn_input); }

std::uint64_t fingerprint(const Tree& tree, std::span<const std::uint64_t> inputs) {
    return evaluated(tree, [&](std::int32_t k) { return inputs[std::size_t(k)]; });
}

}  // namespace symtick
