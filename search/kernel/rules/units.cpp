// See units.hpp. Where each constant stands once, the analysis is exact: an unknown unit that goes
// through products and powers stays free to be any. What a custom operator writes twice is looked
// at twice, and a constant's copies may then get different units.
#include "rules/units.hpp"

#include <algorithm>
#include <cmath>

namespace symtick {
namespace {

constexpr double kSame = 1e-9;  // rational exponents are kept as doubles

class UnitAnalysis {
public:
    struct Scratch {
        std::vector<std::uint8_t> any;
        std::vector<double> powers;
    };

    UnitAnalysis(const Rules& rules, Scratch& scratch)
        : rules_(rules),
          units_(rules.settings().units),
          any_(scratch.any),
          powers_(scratch.powers) {
        any_.clear();
        powers_.clear();
    }

    bool run(const Tree& tree) {
        for (const Node& n : tree)
            if (!step(n)) return false;
        const auto& target = rules_.settings().target_units;
        if (any_.back() || target.empty()) return true;
        for (std::size_t u = 0; u < units_; ++u)
            if (std::fabs(powers_[u] - target[u]) > kSame) return false;
        return true;
    }

private:
    const Rules& rules_;
    const std::size_t units_;
    // the stack: whether a value has any unit, and its exponents if not
    std::vector<std::uint8_t>& any_;
    std::vector<double>& powers_;

    double* power(std::size_t k) { return powers_.data() + k * units_; }
    std::size_t top() const { return any_.size() - 1; }

    void push(bool any, const double* powers) {
        any_.push_back(any);
        const std::size_t at = powers_.size();
        powers_.resize(at + units_, 0.0);
        if (powers)
            for (std::size_t u = 0; u < units_; ++u) powers_[at + u] = powers[u];
    }

    void drop() {
        any_.pop_back();
        powers_.resize(powers_.size() - units_);
    }

    bool step(const Node& n) {
        if (arity(n.op) == 0) return leaf(n);
        if (n.op >= CUSTOM1)
            return custom(rules_.vocabulary().body(n.op), std::size_t(arity(n.op)));
        return operation(n.op);
    }

    bool leaf(const Node& n) {
        const int token = rules_.number(n);
        if (token < 0) return false;
        const bool free = n.op == CONST && n.feature != kLiteral;
        push(free,
             free ? nullptr : rules_.settings().token_units.data() + std::size_t(token) * units_);
        return true;
    }

    bool custom(const Tree& body, std::size_t count) {
        const std::size_t first = any_.size() - count;
        for (const Node& n : body) {
            if (n.op == INPUT) {
                const std::size_t from = first + std::size_t(n.feature);
                powers_.reserve(powers_.size() + units_);  // `power` stays where it is
                push(any_[from], power(from));
            } else if (n.op == CONST) {
                push(n.value == 0.0, nullptr);
            } else if (!operation(n.op)) {
                return false;
            }
        }
        any_[first] = any_.back();
        std::copy_n(power(top()), units_, power(first));
        while (top() > first) drop();
        return true;
    }

    bool operation(std::uint8_t op) {
        switch (op) {
            case ADD:
            case SUB:
            case MIN:
            case MAX: return same();
            case MUL: return product(1.0);
            case DIV: return product(-1.0);
            case NEG:
            case ABS: return true;
            case SQUARE: return scale(2.0);
            case CUBE: return scale(3.0);
            case SQRT: return scale(0.5);
            case SIGN: return no_unit();
            case ATAN2:
            case GE:
            case GT: return same() && no_unit();
            case WHERE: return choice();
            default: return plain_number();
        }
    }

    bool same() {
        const std::size_t b = top(), a = b - 1;
        if (any_[a] && !any_[b]) {
            std::copy_n(power(b), units_, power(a));
            any_[a] = false;
        } else if (!any_[a] && !any_[b]) {
            for (std::size_t u = 0; u < units_; ++u)
                if (std::fabs(power(a)[u] - power(b)[u]) > kSame) return false;
        }
        drop();
        return true;
    }

    // the two values have one unit; the condition, which is compared with 0, has any
    bool choice() {
        if (!same()) return false;
        const std::size_t values = top(), condition = values - 1;
        any_[condition] = any_[values];
        std::copy_n(power(values), units_, power(condition));
        drop();
        return true;
    }

    bool product(double sign) {
        const std::size_t b = top(), a = b - 1;
        any_[a] = any_[a] || any_[b];
        for (std::size_t u = 0; u < units_; ++u) power(a)[u] += sign * power(b)[u];
        drop();
        return true;
    }

    bool scale(double factor) {
        for (std::size_t u = 0; u < units_; ++u) power(top())[u] *= factor;
        return true;
    }

    // a plain number, whatever the units before
    bool no_unit() {
        std::fill_n(power(top()), units_, 0.0);
        any_[top()] = false;
        return true;
    }

    bool plain_number() {
        for (std::size_t u = 0; u < units_; ++u) {
            if (!any_[top()] && std::fabs(power(top())[u]) > kSame) return false;
            power(top())[u] = 0.0;
        }
        any_[top()] = false;
        return true;
    }
};

}  // namespace

bool keeps_units(const Tree& tree, const Rules& rules) {
    if (rules.settings().units == 0) return true;
    thread_local UnitAnalysis::Scratch scratch;
    return UnitAnalysis(rules, scratch).run(tree);
}

}  // namespace symtick
