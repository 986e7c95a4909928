// The cheapest form of each enumerated function, and forms written out as trees; see
// function_table.hpp.
#include <tuple>

#include "enumeration/function_table.hpp"

namespace symtick {

void FunctionTable::settle() {
    // a cheaper part may make a form cheaper that was not so before; few rounds do
    for (bool changed = true; changed;) {
        changed = false;
        for (const FunctionForm& form : others_) changed = compare(form) || changed;
    }
}

const FunctionTable::Cheapest& FunctionTable::refreshed(std::int32_t function) {
    Cheapest& cheapest = cheapest_[std::size_t(function)];
    if (cheapest.at == changes_) return cheapest;
    const Tree tree = tree_of(cheapest.form, true);
    cheapest = {cheapest.form, cost_of_part(tree), tree.size(), changes_};
    return cheapest;
}

// Whether the form is cheaper than the one known, whose place it takes then.
bool FunctionTable::compare(const FunctionForm& form) {
    const auto rank = [](const Cost& c, std::size_t nodes) {
        return std::tuple(c.ticks, c.lut, nodes);
    };
    const Cheapest& known = refreshed(form.function);
    const auto best = rank(known.cost.whole, known.nodes);
    for (const std::int32_t k : {form.a, form.b}) {
        if (k < 0) continue;
        // what contains something dearer is dearer, but for what a table takes in
        const Cheapest& part = refreshed(forms_[std::size_t(k)].function);
        if (rank(part.cost.least, part.nodes) >= best) return false;
    }
    const Tree tree = tree_of(form, true);
    const Cheapest made{form, cost_of_part(tree), tree.size(), changes_ + 1};
    if (rank(made.cost.whole, made.nodes) >= best || !accepts(tree)) return false;
    if (contains(form.a, form.function) || contains(form.b, form.function)) return false;
    ++changes_;
    cheapest_[std::size_t(form.function)] = made;
    return true;
}

bool FunctionTable::contains(std::int32_t form, std::int32_t function) const {
    if (form < 0) return false;
    const std::int32_t own = forms_[std::size_t(form)].function;
    if (own == function) return true;
    const FunctionForm& next = cheapest_[std::size_t(own)].form;
    return contains(next.a, function) || contains(next.b, function);
}

void FunctionTable::write(const FunctionForm& form, bool cheapest, Tree& out) const {
    for (const std::int32_t k : {form.a, form.b}) {
        if (k < 0) continue;
        const FunctionForm& part = forms_[std::size_t(k)];
        write(cheapest ? cheapest_[std::size_t(part.function)].form : part, cheapest, out);
    }
    if (form.symbols && form.a < 0)
        out.push_back({CONST, kFree, kSymbolValues[std::size_t(form.token) - tokens()]});
    else
        out.push_back(node_of(form));
}

Tree FunctionTable::tree_of(const FunctionForm& form, bool cheapest) const {
    Tree out;
    write(form, cheapest, out);
    return out;
}

Tree FunctionTable::tree(std::size_t function) const {
    if (settings_.cheapest) {
        Tree out = tree_of(cheapest_[function].form, true);
        // cheaper parts may have broken a rule of the whole
        if (accepts(out)) return out;
    }
    return tree_of(written(function), false);
}

bool FunctionTable::accepts(const Tree& tree) const { return rules_.accepts(tree); }

PartCost FunctionTable::cost_of_part(const Tree& tree) const {
    return part_cost_of(has_custom(tree) ? expanded(tree, rules_.vocabulary()) : tree,
                        settings_.cost);
}

}  // namespace symtick
