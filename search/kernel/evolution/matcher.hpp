// A move of evolution: a part of a tree gives way to the enumerated function that comes nearest to
// what would make the whole the target. After the random desired operator of Pawlak, Wieloch,
// Krawiec, IEEE Trans. Evol. Comput. 19 (2015) 326.
#pragma once
#include <memory>

#include "core/rng.hpp"
#include "enumeration/inverse_ops.hpp"
#include "enumeration/library.hpp"

namespace symtick {

struct MatcherSettings {
    std::size_t candidates = 0;  // functions that are looked at, drawn with small ones preferred
    std::size_t max_part = 0;    // most nodes of a part that gives way
};

// Reads a library only, so that threads share it; each has a Scratch.
class Matcher {
public:
    Matcher(const Library& library, const MatcherSettings& settings);

    class Scratch {
        friend class Matcher;
        std::unique_ptr<TokenRunner> runner;
        std::vector<double> values, wanted, weights, other;
        std::vector<std::size_t> first, parents, way;
        std::vector<std::uint8_t> place;  // of each node among its parent's arguments
    };

    // A child of the given tree; false where no part of it can be matched. Counts as one
    // evaluation. The child is not judged by the rules.
    bool matched(const Tree& given, Rng& rng, Scratch& scratch, Tree& child) const;

private:
    const Library* library_;
    MatcherSettings settings_;
    std::vector<std::vector<InverseOp>> inverse_ops_;  // of each token

    bool evaluate(const Tree& given, Scratch& s) const;
    bool wanted_at(const Tree& given, std::size_t node, Scratch& s) const;
    bool back(const Tree& given, std::size_t node, Scratch& s) const;
    bool chosen(std::size_t node, Scratch& s) const;
    LineMatch nearest(Rng& rng, Scratch& s) const;
    double miss(std::size_t function, const Scratch& s, LineMatch& match) const;
};

}  // namespace symtick
