// Arithmetic in the integers modulo the prime 2^61 - 1.
#pragma once
#include <bit>
#include <cstdint>

#include "core/wide.hpp"

namespace symtick {

using Element = std::uint64_t;  // of the field of 2^61 - 1 elements, always below it

constexpr int kBits = 61;
constexpr Element kPrime = (Element(1) << kBits) - 1;

// no branches here: they would be guessed wrong half of the time
inline Element reduced(Element a) { return a - (kPrime & -Element(a >= kPrime)); }
inline Element plus(Element a, Element b) { return reduced(a + b); }
inline Element minus(Element a, Element b) { return a - b + (kPrime & -Element(a < b)); }
inline Element negated(Element a) { return (kPrime - a) & -Element(a != 0); }

inline Element times(Element a, Element b) {
    const Wide p = static_cast<Wide>(a) * b;
    return reduced(Element(p & kPrime) + Element(p >> kBits));
}

// a * 2^-k: the bits go round, since 2^61 is 1
inline Element turned(Element a, unsigned k) { return (a >> k | a << (kBits - k)) & kPrime; }

// 1 / a, a not 0: the binary Euclidean algorithm, whose halvings are turns here
inline Element inverse(Element a) {
    Element u = a, v = kPrime, r = 1, s = 0;  // a * r = u and a * s = v
    for (;;) {
        const unsigned k = unsigned(std::countr_zero(u));
        u >>= k;
        r = turned(r, k);
        if (u == v) return r;
        const bool less = u < v;
        const Element du = less ? v - u : u - v, dr = less ? minus(s, r) : minus(r, s);
        v = less ? u : v;
        s = less ? r : s;
        u = du;
        r = dr;
    }
}

// a bijection of the 64-bit words that looks random (the finaliser of splitmix64)
inline std::uint64_t stirred(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

// an element that depends on `a` as if drawn at random for each `kind`
inline Element drawn(std::uint64_t kind, Element a) {
    const std::uint64_t z = stirred(a + kind * 0x9e3779b97f4a7c15ULL);
    return reduced((stirred(z + 0xd1b54a32d192ed03ULL) >> 3) & kPrime);
}

// the dyadic rational that a finite double is
inline Element exact(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const unsigned field = unsigned(bits >> 52) & 0x7ff;
    const Element hidden = Element(1) << 52;
    const Element whole = (bits & (hidden - 1)) | (field ? hidden : 0);
    const unsigned right = 1075 + 16 * kBits - (field ? field : 1);  // |value| = whole * 2^-right
    const Element a = turned(whole, right % kBits);
    return minus(a & -Element(value > 0), a & -Element(value < 0));
}

}  // namespace symtick
