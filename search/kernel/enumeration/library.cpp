// The library of enumerated functions, and lookups in it; see library.hpp.
#include "enumeration/library.hpp"

#include "enumeration/inverse_ops.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace symtick {
namespace {

constexpr double kLeastSpread = 1e-6;   // of the greatest value: less is lost in rounding
constexpr double kOnLine = 1e-8;        // of a row's distance from the mean
constexpr double kOnLineNoise = 1e-12;  // of the spread
// Part of the squares that all rows but the farthest have: with less, functions that share a pole
// would look alike.
constexpr double kLeastRest = 1e-6;

// Rows of no weight say nothing: what a function is there must not keep it from being found.
std::vector<std::size_t> spread_rows(const Data& data, std::size_t most) {
    const double* weights = data.w64.get();
    const auto heavy = std::size_t(
        std::count_if(weights, weights + data.rows, [](double weight) { return weight > 0.0; }));
    const std::size_t n = std::min({heavy, most, kMostRows});
    if (n == 0) throw std::invalid_argument("a library needs at least one row that has a weight");
    std::vector<std::size_t> out;
    for (std::size_t r = 0, seen = 0; out.size() < n; ++r)
        if (weights[r] > 0.0 && seen++ == out.size() * heavy / n) out.push_back(r);
    return out;
}

constexpr double kLargest = 1e9;  // functions that are greater in some row are left out

EnumerationSettings enumeration_settings(const LibrarySettings& settings) {
    EnumerationSettings out;
    out.shared = true;
    out.max_level = settings.max_level;
    out.table.max_functions = settings.max_functions;
    out.table.largest = kLargest;
    return out;
}

constexpr double kRounding = 1e-12;  // between the rows of a constant

}  // namespace

Library::Library(const Rules& rules, const Data& data, const LibrarySettings& settings)
    : rules_(rules),
      max_level_(settings.max_level),
      chosen_(spread_rows(data, settings.max_rows)),
      data_(data, chosen_),
      enumeration_(rules, data_, enumeration_settings(settings)) {
    tokens_.fill(-1);
    for (std::size_t t = 0; t < rules.vocabulary().tokens.size(); ++t) {
        const Node& n = rules.vocabulary().tokens[t].node;
        if (n.op > CONST && n.op < OP_COUNT) tokens_[n.op] = std::int16_t(t);
        free_ = free_ || (n.op == CONST && n.feature == kFree);
    }
    for (const InverseOp& u : inverse_ops(rules.vocabulary())) {
        const bool last =
            u.branch == 1 && (u.unknown == InverseOp::ONLY || u.unknown == InverseOp::BOTH);
        if (last) folds_.push_back({std::size_t(u.token), u.unknown == InverseOp::BOTH});
    }
    for (std::size_t t = 0; t < rules.vocabulary().tokens.size(); ++t)
        if (rules.vocabulary().tokens[t].node.op >= CUSTOM1 &&
            rules.vocabulary().arity_of(int(t)) == 1)
            folds_.push_back({t, false});
    index();
    blocks_ = {0, table().size()};
    level_blocks_ = {0};
    level_costs_ = {double(evaluations())};
    level_start_ = evaluations();
}

double Library::growth_cost(Growth how) const {
    const double none = std::numeric_limits<double>::infinity();
    if (table().full()) return none;
    const std::size_t block = level_blocks_.back();
    const double last = double(blocks_[block + 1] - blocks_[block]);
    if (how == FOLDS) return folded_ || folds_.empty() ? none : last * double(folds_.size());
    if (enumeration_.complete() >= max_level_) return none;
    if (level_costs_.size() > 1) {
        const double before = level_costs_[level_costs_.size() - 2];
        return level_costs_.back() * level_costs_.back() / std::max(before, 1.0);
    }
    return last * last * double(rules_.vocabulary().tokens.size());
}

bool Library::grow(Growth how, std::uint64_t evaluations) {
    const bool whole = how == LEVEL ? enumeration_.run_level(evaluations) : fold(evaluations);
    index();
    if (!whole) return false;
    blocks_.push_back(table().size());
    if (how == FOLDS) {
        folded_ = true;
        return true;
    }
    level_blocks_.push_back(blocks_.size() - 2);
    level_costs_.push_back(double(this->evaluations() - level_start_));
    level_start_ = this->evaluations();
    fold_ = 0;
    folded_ = false;
    return true;
}

bool Library::fold(std::uint64_t evaluations) {
    const std::size_t block = level_blocks_.back(), first = blocks_[block];
    for (; fold_ < (blocks_[block + 1] - first) * folds_.size(); ++fold_) {
        if (this->evaluations() >= evaluations || table().full()) return false;
        const Fold& f = folds_[fold_ % folds_.size()];
        const std::int32_t form = table().first_form(first + fold_ / folds_.size());
        enumeration_.table().consider(f.token, form, f.twice ? form : -1,
                                      enumeration_.complete() + 1);
    }
    level_start_ = this->evaluations();
    return true;
}

void Library::fill(std::uint64_t evaluations) {
    while (double(this->evaluations()) + growth_cost(LEVEL) <= double(evaluations))
        if (!grow(LEVEL, evaluations)) return;
}

// what came into the table since the last time
void Library::index() {
    const FunctionTable& t = table();
    for (std::size_t f = means_.size(); f < t.size(); ++f) {
        const double* values = t.values(f);
        const LineShape shape = shape_of(values);
        means_.push_back(shape.mean);
        spreads_.push_back(shape.spread);
        const auto [least, most] = std::minmax_element(values, values + rows());
        if (*most - *least <= kRounding * std::fabs(*most))
            constants_.push_back({values[0], std::int32_t(f)});
        else if (shape.spread > 0 && !up_to_line(values, shape))
            by_shape_.insert(shape.key.here, std::int32_t(f));
    }
    std::stable_sort(constants_.begin(), constants_.end(),
                     [](const Constant& a, const Constant& b) { return a.value < b.value; });
}

LineShape Library::shape_of(const double* values) const {
    const std::size_t n = rows();
    LineShape s;
    double most = 0;
    for (std::size_t r = 0; r < n; ++r) {
        s.mean += values[r];
        most = std::max(most, std::fabs(values[r]));
    }
    s.mean /= double(n);
    double farthest = 0;
    for (std::size_t r = 0; r < n; ++r) {
        const double square = (values[r] - s.mean) * (values[r] - s.mean);
        s.spread += square;
        farthest = std::max(farthest, square);
    }
    // without the farthest row, and with the mean of the others
    const double rest = s.spread - farthest * double(n) / double(n - 1);
    const bool pole = n > 2 && !(rest > kLeastRest * s.spread);
    s.spread = std::sqrt(s.spread / double(n));
    if (pole || !(s.spread > kLeastSpread * most)) {
        s.spread = 0;
        return s;
    }
    double sum = 0;
    for (std::size_t r = 0; r < n; ++r) {
        const double u = (values[r] - s.mean) / s.spread;
        sum += kRowWeights[r] * u * u;
    }
    s.key = value_key(sum);
    return s;
}

LineMatch Library::find(const double* wanted, const LineShape& shape) const {
    // all functions but constants are found by their shape
    const LineMatch line = shape.spread > 0 ? up_to_line(wanted, shape) : LineMatch{};
    if (!line && shape.spread > 0) return line;
    const std::int32_t same = table().find(wanted);
    return same >= 0 ? LineMatch{same, 1.0, 0.0} : line;
}

bool Library::fits_line(const double* wanted, const LineShape& shape, LineMatch& match) const {
    const auto f = std::size_t(match.function);
    const double* values = table().values(f);
    double product = 0;
    for (std::size_t r = 0; r < rows(); ++r)
        product += (values[r] - means_[f]) * (wanted[r] - shape.mean);
    match.scale = product / (double(rows()) * spreads_[f] * spreads_[f]);
    match.shift = shape.mean - match.scale * means_[f];
    for (std::size_t r = 0; r < rows(); ++r) {
        const double far = wanted[r] - shape.mean;
        const double miss = far - match.scale * (values[r] - means_[f]);
        if (!(std::fabs(miss) <= kOnLine * std::fabs(far) + kOnLineNoise * shape.spread))
            return false;
    }
    const double size = std::fabs(shape.mean) + std::fabs(match.scale * means_[f]) + shape.spread;
    if (std::fabs(match.shift) <= kOnLine * size) match.shift = 0.0;
    if (std::fabs(match.scale - 1.0) <= kOnLine) match.scale = 1.0;
    return true;
}

LineMatch Library::up_to_line(const double* wanted, const LineShape& shape) const {
    LineMatch match;
    const auto fits = [&](std::int32_t k) {
        match.function = k;
        return fits_line(wanted, shape, match);
    };
    if (by_shape_.find(shape.key.here, fits) >= 0 || by_shape_.find(shape.key.near, fits) >= 0)
        return match;
    return {};
}

std::int32_t Library::constant_function(double value) const {
    const double slack = kAgree * std::fabs(value);
    const auto first = std::lower_bound(constants_.begin(), constants_.end(), value - slack,
                                        [](const Constant& c, double v) { return c.value < v; });
    std::int32_t best = -1;
    for (auto c = first; c != constants_.end() && c->value <= value + slack; ++c)
        if (best < 0 || c->function < best) best = c->function;
    return best;
}

Tree Library::join(std::uint8_t op, const Tree& a, const Tree& b) const {
    if (tokens_[op] < 0 || a.empty() || b.empty()) return {};
    Tree out = a;
    out.insert(out.end(), b.begin(), b.end());
    out.push_back({op, 0, 0.0});
    return out;
}

// A tree for the constant, empty where there is none: a free one, an enumerated one, one that two
// of those make.
Tree Library::constant(double value) const {
    if (free_) return {{CONST, kFree, value}};
    const auto tree = [&](std::int32_t k) { return table().tree(std::size_t(k)); };
    if (const std::int32_t known = constant_function(value); known >= 0) return tree(known);
    Tree best;
    const auto better = [&](std::uint8_t op, const Constant& a, double wanted) {
        const std::int32_t b = std::isfinite(wanted) ? constant_function(wanted) : -1;
        if (b < 0) return;
        const Tree made = join(op, tree(a.function), tree(b));
        if (!made.empty() && (best.empty() || made.size() < best.size())) best = made;
    };
    for (const Constant& a : constants_) {
        better(ADD, a, value - a.value);
        better(SUB, a, a.value - value);
        if (a.value == 0.0) continue;
        better(MUL, a, value / a.value);
        better(DIV, a, a.value / value);
    }
    return best;
}

// scale * tree for a positive scale
std::vector<Tree> Library::multiples(const Tree& tree, double scale) const {
    if (std::fabs(scale - 1.0) <= kOnLine) return {tree};
    std::vector<Tree> out;
    for (int k = 2; k <= 3; ++k) {
        if (std::fabs(scale - k) > kOnLine) continue;
        const Tree two = join(ADD, tree, tree);
        out.push_back(k == 2 || two.empty() ? two : join(ADD, two, tree));
    }
    const Tree one = tokens_[MUL] < 0 ? Tree{} : join(MUL, constant(scale), tree);
    out.push_back(one);
    if (!free_ && tokens_[DIV] >= 0) out.push_back(join(DIV, tree, constant(1.0 / scale)));
    std::erase_if(out, [](const Tree& t) { return t.empty(); });
    return out;
}

std::vector<Tree> Library::on_line(const Tree& tree, double scale, double shift) const {
    std::vector<Tree> out;
    const bool none = shift == 0.0;
    const auto add = [&](Tree made) {
        if (!made.empty()) out.push_back(std::move(made));
    };
    for (const Tree& part : multiples(tree, std::fabs(scale))) {
        if (scale > 0) {
            if (none)
                add(part);
            else if (shift > 0 || free_)
                add(join(ADD, part, constant(shift)));
            if (!none && shift < 0 && !free_) add(join(SUB, part, constant(-shift)));
        } else if (tokens_[SUB] >= 0) {
            add(join(SUB, constant(none ? 0.0 : shift), part));
        }
        if (scale < 0 && tokens_[NEG] >= 0) {
            Tree minus = part;
            minus.push_back({NEG, 0, 0.0});
            add(none ? minus : join(ADD, minus, constant(shift)));
        }
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Tree& a, const Tree& b) { return a.size() < b.size(); });
    return out;
}

std::vector<Tree> Library::written(const LineMatch& match) const {
    return on_line(table().tree(std::size_t(match.function)), match.scale, match.shift);
}

}  // namespace symtick
