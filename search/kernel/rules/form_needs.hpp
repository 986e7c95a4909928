// The features of an expression that structural rules look at: nodes, depth, complexity, ticks,
// counts of tokens, nesting. Enumeration keeps one of two forms of a function and drops the other
// only if the first needs no more of any feature, so that it is allowed wherever the other would
// be.
#pragma once
#include "rules/rules.hpp"

namespace symtick {

// One way of writing a function: a token over earlier forms.
struct FunctionForm {
    std::int16_t token = 0;
    std::uint8_t level = 0;
    std::uint8_t symbols = 0;  // which of the free constants stand in it, a bit each
    std::uint8_t flags = 0;
    std::int32_t a = -1, b = -1;
    std::int32_t function = -1;
    std::int32_t next = -1;  // the next form of the same function
};

class FormNeeds {
public:
    explicit FormNeeds(const Rules& rules);

    // whether forms of one function can differ in what they need
    bool any() const { return width_ > 0; }
    // adds what a form needs to the list, the arguments' being there; `tree`: the form written out
    void push(const FunctionForm& form, const Tree& tree);
    void pop() { needs_.resize(needs_.size() - width_); }
    // whether form number `k` needs no more than the one pushed last
    bool as_frugal(std::size_t k) const;

private:
    const Rules* rules_;
    std::vector<std::int16_t> paths_;    // tokens of which only so many may stand on a way down
    std::vector<std::int16_t> counts_;   // tokens of which only so many may stand at all
    std::vector<std::int16_t> parents_;  // tokens that bar some argument
    // Where what reads one input is a table, the inputs that a form reads decide the ticks of what
    // is built on it, and so does whether it is a sum, whose terms can be added in another order.
    std::size_t inputs_ = 0;  // 0 where that tells no forms apart
    bool depth_ = false, complexity_ = false, constants_ = false, nodes_ = false, ticks_ = false,
         arguments_ = false;
    std::size_t width_ = 0;
    std::vector<float> needs_;  // of each form
};

}  // namespace symtick
