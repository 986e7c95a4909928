// The table of enumerated functions; see function_table.hpp.
#include "enumeration/function_table.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/fingerprint.hpp"
#include "simd/dispatch.hpp"

namespace symtick {
namespace {

// Flags of a form: a constant; f + c; f * c. What stands at the top of a function that is scaled
// and shifted anyway, or can rise to it, need not be written below.
enum Flag : std::uint8_t { SYMBOL = 1, SHIFTED = 2, SCALED = 4 };

constexpr double kTiniest = 1e-100;

std::size_t whole_vectors(std::size_t rows) { return (rows + 15) / 16 * 16; }

// the token as an expression of INPUT 0 and INPUT 1
Tree body_of(const Vocabulary& vocabulary, std::size_t token) {
    const std::uint8_t op = vocabulary.tokens[token].node.op;
    if (op >= CUSTOM1) return vocabulary.body(op);
    Tree body{{INPUT, 0, 0.0}};
    for (int a = 1; a < arity(op); ++a) body.push_back({INPUT, a, 0.0});
    body.push_back({op, 0, 0.0});
    return body;
}

// without what only a whole expression can keep
RuleSettings of_parts(RuleSettings settings) {
    settings.min_nodes = 1;
    settings.min_count.clear();
    settings.needs_input = false;
    settings.target_units.clear();
    settings.parts = true;
    return settings;
}

double greatest(const double* values, std::size_t rows) {
    double most = 0;
    for (std::size_t r = 0; r < rows; ++r) most = std::max(most, std::fabs(values[r]));
    return most;
}

std::uint64_t key_of(const FunctionForm& form) {
    return stirred(stirred(std::uint64_t(form.token) << 32 | std::uint32_t(form.a)) ^
                   std::uint32_t(form.b));
}

}  // namespace

TokenRunner::TokenRunner(const Vocabulary& vocabulary, std::size_t stride) : stride_(stride) {
    int slots = 0;
    for (std::size_t t = 0; t < vocabulary.tokens.size(); ++t) {
        codes_.emplace_back();
        if (vocabulary.arity_of(int(t)) == 0) continue;
        compile(body_of(vocabulary, t), codes_.back());
        slots = std::max(slots, codes_.back().slots);
    }
    x_.resize(kMostArguments * stride);
    slots_.resize(std::size_t(slots) * kBlock);
    out_.resize(kBlock);
}

double* TokenRunner::run(std::size_t token, const double* a, const double* b, const double* c) {
    std::copy_n(a, stride_, x_.get());
    if (b) std::copy_n(b, stride_, x_.get() + stride_);
    if (c) std::copy_n(c, stride_, x_.get() + 2 * stride_);
    const Code<double>& code = codes_[token];
    simd_loops().eval64(code.steps.data(), int(code.steps.size()), x_.get(), stride_, 0, stride_,
                        slots_.get(), out_.get());
    return out_.get();
}

FunctionTable::FunctionTable(const Rules& rules, const Data& data, const TableSettings& settings)
    : rules_(rules.vocabulary(), of_parts(rules.settings())),
      settings_(settings),
      rows_(std::min(data.rows, kMostRows)),
      stride_(whole_vectors(rows_)),
      runner_(rules_.vocabulary(), stride_),
      needs_(rules_) {
    if (settings.symbols > kSymbolValues.size())
        throw std::invalid_argument("at most 2 free constants may stand in an enumerated function");
    if (settings.symbols > 0) {  // of no value yet: at least a shift
        CostTable cost = settings.cost;
        cost.factor_bits = 1;
        settings_.cost = Costing(cost);
    }
    for (std::size_t t = 0; t < tokens(); ++t) bodies_.push_back(body_of(rules_.vocabulary(), t));
    add_leaves(data);
    leaves_ = size();
}

void FunctionTable::add_leaves(const Data& data) {
    std::vector<double> column(stride_);
    const auto padded = [&] {
        std::fill(column.begin() + std::ptrdiff_t(rows_), column.end(), column[rows_ - 1]);
    };
    for (std::size_t t = 0; t < tokens(); ++t) {
        const Node& n = rules_.vocabulary().tokens[t].node;
        if (n.op == INPUT)
            std::copy_n(data.x64.get() + std::size_t(n.feature) * data.stride, rows_,
                        column.begin());
        else if (n.op == CONST && n.feature == kLiteral)
            std::fill(column.begin(), column.end(), n.value);
        else
            continue;
        padded();
        add_leaf(n, t, column.data(), 0);
    }
    if (rules_.vocabulary().find({CONST, kFree, 0.0}) < 0) return;
    for (std::size_t k = 0; k < settings_.symbols; ++k) {
        std::fill(column.begin(), column.end(), kSymbolValues[k]);
        add_leaf({CONST, kFree, kSymbolValues[k]}, tokens() + k, column.data(),
                 std::uint8_t(1u << k));
    }
}

void FunctionTable::add_leaf(const Node& node, std::size_t token, const double* values,
                             std::uint8_t symbols) {
    FunctionForm form;
    form.token = std::int16_t(token);
    form.level = std::uint8_t(settings_.first_level);
    form.symbols = symbols;
    form.flags = symbols ? SYMBOL : 0;
    if (!rules_.accepts({node})) return;
    ++stats_.evaluations;
    const std::int32_t same = find(values);
    if (same >= 0) return another(form, same);
    add_function(form, fingerprint({node}), values);
}

bool FunctionTable::commutes(std::size_t token) const {
    const std::uint8_t op = rules_.vocabulary().tokens[token].node.op;
    return (op == ADD || op == MUL || op == MIN || op == MAX) &&
           rules_.settings().max_argument.empty();
}

const Node& FunctionTable::node_of(const FunctionForm& form) const {
    return rules_.vocabulary().tokens[std::size_t(form.token)].node;
}

// a free constant that another one does the work of
bool FunctionTable::pointless(const FunctionForm& form) const {
    const std::uint8_t op = node_of(form).op;
    const FunctionForm& a = forms_[std::size_t(form.a)];
    const FunctionForm none, &b = form.b < 0 ? none : forms_[std::size_t(form.b)];
    if (a.symbols & b.symbols) return true;
    const int flags = a.flags | b.flags;
    if ((a.flags & SYMBOL) && (form.b < 0 || (b.flags & SYMBOL))) return true;
    switch (op) {
        case ADD: return flags & SHIFTED;
        case SUB: return (flags & SHIFTED) || (b.flags & SYMBOL);
        case MUL: return (flags & SCALED) || ((flags & SYMBOL) && (flags & SHIFTED));
        case DIV: return (flags & SCALED) || (b.flags & SYMBOL);
        case EXP: return flags & SHIFTED;
        case LOG:
        case SQUARE:
        case CUBE:
        case SQRT:
        case ABS: return flags & SCALED;
        case NEG: return flags & (SHIFTED | SCALED);
        default: return false;
    }
}

std::uint8_t FunctionTable::flags_of(const FunctionForm& form) const {
    const std::uint8_t op = node_of(form).op;
    const auto constant = [&](std::int32_t k) {
        return k >= 0 && (forms_[std::size_t(k)].flags & SYMBOL);
    };
    if (!constant(form.a) && !constant(form.b)) return 0;
    if (op == ADD || op == SUB) return SHIFTED;
    return op == MUL || op == DIV ? SCALED : 0;
}

Element FunctionTable::inverse_of(std::int32_t function) {
    Element& inverted = inverses_[std::size_t(function)];
    if (inverted == 0) inverted = inverse(elements_[std::size_t(function)]);
    return inverted;
}

Element FunctionTable::element_of(const FunctionForm& form) {
    const std::int32_t fa = forms_[std::size_t(form.a)].function;
    const std::int32_t fb = form.b < 0 ? fa : forms_[std::size_t(form.b)].function;
    const Element a = elements_[std::size_t(fa)], b = elements_[std::size_t(fb)];
    switch (node_of(form).op) {
        case ADD: return plus(a, b);
        case SUB: return minus(a, b);
        case MUL: return times(a, b);
        case DIV: return b == 0 ? kUndefined : times(a, inverse_of(fb));
        default: {
            const std::array<Element, 2> arguments = {a, b};
            return fingerprint(bodies_[std::size_t(form.token)], arguments);
        }
    }
}

std::int32_t FunctionTable::consider(std::size_t token, std::int32_t a, std::int32_t b,
                                     std::size_t level) {
    FunctionForm form;
    form.token = std::int16_t(token);
    form.level = std::uint8_t(level);
    form.a = a;
    form.b = b;
    if (settings_.symbols > 0) {
        if (pointless(form)) return -1;
        form.flags = flags_of(form);
        form.symbols = forms_[std::size_t(a)].symbols;
        if (b >= 0) form.symbols |= forms_[std::size_t(b)].symbols;
    }
    const Element element = element_of(form);
    if (element == kUndefined) return -1;
    const std::int32_t known = by_element_.find(element);
    if (known >= 0) {
        ++stats_.known;
        another(form, known);
        return known;
    }
    return full() ? -1 : computed(form, element);
}

std::int32_t FunctionTable::computed(FunctionForm& form, Element element) {
    const std::uint64_t key = key_of(form);
    if (dead_.find(key) >= 0) return -1;
    const auto row = [&](std::int32_t k) {
        return k < 0 ? nullptr : values(std::size_t(forms_[std::size_t(k)].function));
    };
    const bool units = rules_.settings().units > 0;
    if (units && !accepts(tree_of(form, false))) {  // not worth an evaluation
        ++stats_.not_allowed;
        dead_.insert(key, 0);
        return -1;
    }
    double* out = runner_.run(std::size_t(form.token), row(form.a), row(form.b));
    ++stats_.evaluations;
    if (!clean(out, form)) {
        ++stats_.not_finite;
        dead_.insert(key, 0);
        return -1;
    }
    const std::int32_t same = find(out);
    if (same >= 0) {
        ++stats_.equal;
        by_element_.insert(element, same);
        another(form, same);
        return same;
    }
    if (!units && !accepts(tree_of(form, false))) {
        ++stats_.not_allowed;
        dead_.insert(key, 0);
        return -1;
    }
    add_function(form, element, out);
    return form.function;
}

// Whether the values are finite; a sum that is nothing but rounding becomes 0.
bool FunctionTable::clean(double* out, const FunctionForm& form) const {
    for (std::size_t r = 0; r < rows_; ++r)
        if (!(std::fabs(out[r]) <= settings_.largest)) return false;
    const double most = greatest(out, rows_);
    const std::uint8_t op = node_of(form).op;
    if (op == ADD || op == SUB) {
        const double from =
            greatest(values(std::size_t(forms_[std::size_t(form.a)].function)), rows_);
        if (most <= kNoise * from) std::fill_n(out, stride_, 0.0);
    }
    return most == 0.0 || most > kTiniest;
}

std::int32_t FunctionTable::find(const double* wanted) const {
    const double squares = weighted_squares(wanted, rows_), scale = std::sqrt(squares);
    const auto same = [&](std::int32_t k) {
        return agree(wanted, values(std::size_t(k)), rows_, scale);
    };
    const ValueKey key = value_key(squares);
    const std::int32_t function = by_value_.find(key.here, same);
    return function >= 0 ? function : by_value_.find(key.near, same);
}

void FunctionTable::add_function(FunctionForm& form, Element element, const double* values) {
    const std::size_t number = size();
    if (number % kChunk == 0) values_.emplace_back(kChunk * stride_);
    std::copy_n(values, stride_, values_.back().get() + number % kChunk * stride_);
    form.function = std::int32_t(number);
    const Tree tree = needs_.any() || settings_.cheapest ? tree_of(form, false) : Tree{};
    needs_.push(form, tree);
    first_.push_back(std::int32_t(forms_.size()));
    forms_.push_back(form);
    elements_.push_back(element);
    inverses_.push_back(0);
    by_element_.insert(element, form.function);
    by_value_.insert(value_key(weighted_squares(values, rows_)).here, form.function);
    if (settings_.cheapest) cheapest_.push_back({form, cost_of_part(tree), tree.size(), changes_});
}

// A further form of a known function: kept if the rules may let it stand where no other form can.
void FunctionTable::another(FunctionForm& form, std::int32_t function) {
    form.function = function;
    if (settings_.cheapest && form.a >= 0) others_.push_back(form);
    if (!needs_.any() || !settings_.every_form) return;
    const Tree tree = tree_of(form, false);
    needs_.push(form, tree);
    std::int32_t last = first_[std::size_t(function)];
    for (std::int32_t k = last; k >= 0; k = forms_[std::size_t(k)].next) {
        if (needs_.as_frugal(std::size_t(k))) return needs_.pop();
        last = k;
    }
    if (!accepts(tree)) return needs_.pop();
    forms_[std::size_t(last)].next = std::int32_t(forms_.size());
    forms_.push_back(form);
}

}  // namespace symtick
