// Bidirectional enumeration: parts of the target looked up; see bidirectional.hpp.
#include "enumeration/bidirectional.hpp"

#include <cmath>
#include <stdexcept>

namespace symtick {
namespace {

constexpr double kLargest = 1e9, kLeast = 1e-9;
constexpr std::size_t kMostParts = 8'000'000;

// Two numbers that differ for what differs; equal vectors may fall apart, which costs a lookup.
std::uint64_t rough_key(const double* values, std::size_t rows) {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += values[r] * kRowWeights[rows - 1 - r];
    const double place = std::log2(std::fabs(sum)) * 0x1p26;
    return stirred(value_key(weighted_squares(values, rows)).here) ^
           std::uint64_t(std::int64_t(sum < 0 ? place + 0.5e18 : place));
}

}  // namespace

BidirectionalSearch::BidirectionalSearch(Library& library, std::vector<double> target,
                                         const BidirectionalSettings& settings)
    : library_(&library), settings_(settings), target_(std::move(target)) {
    if (target_.size() != library.rows())
        throw std::invalid_argument("the target needs one number for each row of the library");
    target_.resize(library.stride(), target_.back());
    for (const InverseOp& u : inverse_ops(library.rules().vocabulary())) {
        const bool pair = u.unknown == InverseOp::FIRST || u.unknown == InverseOp::SECOND;
        (pair ? paired_ : alone_).push_back(u);
    }
    out_.resize(library.stride());
    scratch_.resize(library.stride());
}

const InverseOp& BidirectionalSearch::inverse(const TargetPart& part) const {
    return (part.function < 0 ? alone_ : paired_)[std::size_t(part.inverse)];
}

void BidirectionalSearch::plan(std::size_t family, int block) {
    const Family& f = families_[family];
    double ways = double(alone_.size());
    if (block != ALONE) {
        const auto k = std::size_t(block);
        ways = double(paired_.size()) *
               double(library_->block_begin(k + 1) - library_->block_begin(k));
    }
    const double size =
        ways * double(f.end - f.begin) * std::pow(settings_.patience, double(f.steps));
    if (size > 0) plans_.push({size, planned_++, family, block});
}

void BidirectionalSearch::plan_growth() {
    for (const auto& [how, block] :
         {std::pair(Library::LEVEL, GROW_LEVEL), std::pair(Library::FOLDS, GROW_FOLDS)}) {
        const double cost = library_->growth_cost(how);
        if (std::isfinite(cost)) plans_.push({cost, planned_++, 0, block});
    }
}

void BidirectionalSearch::begin(const Offer& offer) {
    families_.push_back({0, 1, 0});
    if (usable(target_.data())) {
        out_ = target_;
        ended_ = look({-1, -1, -1}, offer);
    }
    if (parts_.empty()) {  // a constant, or out of range: nothing to take off it
        constant_ = true;
        parts_.push_back({-1, -1, -1});
        families_[0].end = 0;
        ++lookups_;
        const LineMatch match = library_->find(target_.data());
        ended_ = match && complete(parts_[0], match, offer);
    }
    plan(0, ALONE);
    for (std::size_t b = 0; b < library_->blocks(); ++b) plan(0, int(b));
    plan_growth();
    checked_ = library_->table().size();
}

bool BidirectionalSearch::run(std::uint64_t evaluations, const Offer& offer) {
    limit_ = evaluations;
    if (!pending_.empty()) {
        if (spent(evaluations)) return true;
        ++offers_;
        ended_ = offer(pending_[0]);
        pending_.clear();
    }
    if (families_.empty()) {
        if (spent(evaluations)) return true;
        begin(offer);
    }
    while (!ended_) {
        if (!working_ && !next_plan()) return false;
        if (spent(evaluations) || !work(evaluations, offer)) return !ended_;
        working_ = false;
    }
    return false;
}

bool BidirectionalSearch::next_plan() {
    while (!plans_.empty() && parts_.size() < kMostParts) {
        plan_ = plans_.top();
        plans_.pop();
        working_ = true;
        if (plan_.block >= ALONE) {
            families_.push_back({parts_.size(), parts_.size(), families_[plan_.parents].steps + 1});
            parent_ = families_[plan_.parents].begin;
            step_ = 0;
            return true;
        }
        // another growth may have come first, and changed what this one is
        const auto how = plan_.block == GROW_LEVEL ? Library::LEVEL : Library::FOLDS;
        if (library_->growth_cost(how) <= plan_.size) return true;
    }
    working_ = false;
    return false;
}

// Goes on with the plan; false where it has to stop before the plan's end.
bool BidirectionalSearch::work(std::uint64_t evaluations, const Offer& offer) {
    return plan_.block >= ALONE ? make_family(evaluations, offer) : grow(evaluations, offer);
}

bool BidirectionalSearch::grow(std::uint64_t evaluations, const Offer& offer) {
    const auto how = plan_.block == GROW_LEVEL ? Library::LEVEL : Library::FOLDS;
    const std::uint64_t own = lookups_ + offers_;
    const bool whole = library_->grow(how, evaluations - own);
    if (!check_wanted(evaluations, offer)) return false;
    if (!whole && !library_->table().full()) return false;
    if (whole) {
        const int block = int(library_->blocks()) - 1;
        for (std::size_t f = 0; f < families_.size(); ++f) plan(f, block);
    }
    plan_growth();
    return true;
}

// Whether the new functions are what was looked for before.
bool BidirectionalSearch::check_wanted(std::uint64_t evaluations, const Offer& offer) {
    for (; checked_ < library_->table().size(); ++checked_) {
        if (spent(evaluations)) return false;
        const LineShape shape = library_->shape_of(library_->table().values(checked_));
        std::int32_t part = constant_ ? 0 : -1;
        if (shape.spread > 0) part = wanted_shapes_.find(shape.key.here);
        if (shape.spread > 0 && part < 0) part = wanted_shapes_.find(shape.key.near);
        if (part < 0) continue;
        values_of(std::size_t(part), wanted_);
        const LineMatch match = library_->find(wanted_.data());
        if (match && complete(parts_[std::size_t(part)], match, offer)) {
            ended_ = true;
            return false;
        }
    }
    return true;
}

bool BidirectionalSearch::make_family(std::uint64_t evaluations, const Offer& offer) {
    for (; parent_ < families_[plan_.parents].end; ++parent_, step_ = 0) {
        values_of(parent_, wanted_);
        if (!children(evaluations, offer)) return false;
    }
    families_.back().end = parts_.size();
    const std::size_t family = families_.size() - 1;
    plan(family, ALONE);
    for (std::size_t b = 0; b < library_->blocks(); ++b) plan(family, int(b));
    return true;
}

bool BidirectionalSearch::children(std::uint64_t evaluations, const Offer& offer) {
    const bool pair = plan_.block != ALONE;
    const auto block = std::size_t(plan_.block);
    const std::size_t first = pair ? library_->block_begin(block) : 0;
    const std::size_t count = pair ? library_->block_begin(block + 1) - first : 1;
    const std::vector<InverseOp>& ways = pair ? paired_ : alone_;
    for (; step_ < count * ways.size(); ++step_) {
        if (spent(evaluations)) return false;
        ++attempts_;
        patience_.step();
        const std::size_t function = first + step_ / ways.size(), way = step_ % ways.size();
        const double* other = pair ? library_->table().values(function) : nullptr;
        inverted(ways[way], wanted_.data(), other, out_.data(), library_->stride());
        if (!usable(out_.data())) continue;
        const TargetPart part{std::int32_t(parent_), pair ? std::int32_t(function) : -1,
                              std::int16_t(way)};
        if (look(part, offer)) {
            ended_ = true;
            return false;
        }
    }
    return true;
}

bool BidirectionalSearch::usable(const double* values) const {
    double most = 0;
    for (std::size_t r = 0; r < library_->rows(); ++r) {
        if (!(std::fabs(values[r]) <= kLargest)) return false;
        most = std::max(most, std::fabs(values[r]));
    }
    return most > kLeast;
}

// Looks up what `out_` holds; true where an offer ends the search.
bool BidirectionalSearch::look(const TargetPart& part, const Offer& offer) {
    const std::uint64_t key = rough_key(out_.data(), library_->rows());
    if (!seen_.insert(key)) return false;
    const LineShape shape = library_->shape_of(out_.data());
    if (shape.spread == 0) return false;  // a constant: found already, one step before
    const auto number = std::int32_t(parts_.size());
    parts_.push_back(part);
    // what differs from an earlier part by a scale and a shift is not found either
    if (wanted_shapes_.find(shape.key.here) >= 0) return false;
    ++lookups_;
    const LineMatch match = library_->find(out_.data(), shape);
    if (match) return complete(part, match, offer);
    wanted_shapes_.insert(shape.key.here, number);
    return false;
}

void BidirectionalSearch::values_of(std::size_t part, std::vector<double>& out) {
    std::vector<std::size_t> chain;
    for (std::size_t k = part; k != 0; k = std::size_t(parts_[k].parent)) chain.push_back(k);
    out = target_;
    for (std::size_t k = chain.size(); k-- > 0;) {
        const TargetPart& p = parts_[chain[k]];
        const double* other =
            p.function < 0 ? nullptr : library_->table().values(std::size_t(p.function));
        inverted(inverse(p), out.data(), other, scratch_.data(), library_->stride());
        std::swap(out, scratch_);
    }
}

// Writes the whole formula around a part that was found; the shortest that the rules accept is
// offered. True where the offer ends the search.
bool BidirectionalSearch::complete(const TargetPart& part, const LineMatch& match,
                                   const Offer& offer) {
    for (Tree tree : library_->written(match)) {
        for (TargetPart p = part; p.parent >= 0; p = parts_[std::size_t(p.parent)]) {
            const Tree other =
                p.function < 0 ? Tree{} : library_->table().tree(std::size_t(p.function));
            tree = applied(inverse(p), library_->rules().vocabulary(), tree, other);
        }
        if (!library_->rules().accepts(tree)) continue;
        if (spent(limit_)) {
            pending_ = {tree};
            return false;
        }
        ++offers_;
        return offer(tree);
    }
    return false;
}

}  // namespace symtick
