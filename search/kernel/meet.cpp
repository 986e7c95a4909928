// Room: search/kernel. See meet.hpp.
#include "meet.hpp"

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

Meeting::Meeting(const Library& library, std::vector<double> target,
                 const MeetingSettings& settings)
    : library_(&library), settings_(settings), target_(std::move(target)) {
    if (target_.size() != library.rows())
        throw std::invalid_argument("the target needs one number for each row of the library");
    target_.resize(library.stride(), target_.back());
    for (const Undo& u : undos(library.rules().alphabet())) {
        const bool pair = u.unknown == Undo::FIRST || u.unknown == Undo::SECOND;
        (pair ? paired_ : alone_).push_back(u);
    }
    out_.resize(library.stride());
    scratch_.resize(library.stride());
}

const Undo& Meeting::undo(const Part& part) const {
    return (part.function < 0 ? alone_ : paired_)[std::size_t(part.undo)];
}

void Meeting::plan(std::size_t family) {
    const Family& f = families_[family];
    const double parents =
        double(f.end - f.begin) * std::pow(settings_.patience, double(f.steps));
    const auto add = [&](int level, double ways) {
        if (parents * ways > 0) plans_.push({parents * ways, planned_++, family, level});
    };
    add(-1, double(alone_.size()));
    for (std::size_t l = 0; l < library_->levels(); ++l)
        add(int(l), double(paired_.size()) *
                        double(library_->level_begin(l + 1) - library_->level_begin(l)));
}

bool Meeting::run(std::uint64_t lookups, const Offer& offer) {
    if (!begun_) {
        if (lookups == 0) return true;
        begun_ = true;
        ended_ = !usable(target_.data());
        parts_.push_back({-1, -1, -1});
        families_.push_back({0, 1, 0});
        ++lookups_;
        const Found whole = library_->find(target_.data());
        if (whole && complete(parts_[0], whole, offer)) ended_ = true;
        plan(0);
    }
    while (!ended_) {
        if (!working_) {
            if (plans_.empty() || parts_.size() >= kMostParts) return false;
            plan_ = plans_.top();
            plans_.pop();
            families_.push_back({parts_.size(), parts_.size(), families_[plan_.parents].steps + 1});
            parent_ = families_[plan_.parents].begin;
            step_ = 0;
            working_ = true;
        }
        if (!work(lookups, offer)) return !ended_;
        families_.back().end = parts_.size();
        working_ = false;
        plan(families_.size() - 1);
    }
    return false;
}

// Goes on with the plan; false where it has to stop before the plan's end.
bool Meeting::work(std::uint64_t lookups, const Offer& offer) {
    for (; parent_ < families_[plan_.parents].end; ++parent_, step_ = 0) {
        values_of(parent_, wanted_);
        if (!children(lookups, offer)) return false;
    }
    return true;
}

bool Meeting::children(std::uint64_t lookups, const Offer& offer) {
    const bool pair = plan_.level >= 0;
    const std::size_t first = pair ? library_->level_begin(std::size_t(plan_.level)) : 0;
    const std::size_t count = pair ? library_->level_begin(std::size_t(plan_.level) + 1) - first : 1;
    const std::vector<Undo>& ways = pair ? paired_ : alone_;
    for (; step_ < count * ways.size(); ++step_) {
        if (lookups_ >= lookups) return false;
        const std::size_t function = first + step_ / ways.size(), way = step_ % ways.size();
        const double* other = pair ? library_->table().values(function) : nullptr;
        undone(ways[way], wanted_.data(), other, out_.data(), library_->stride());
        if (!usable(out_.data())) continue;
        const Part part{std::int32_t(parent_), pair ? std::int32_t(function) : -1,
                        std::int16_t(way)};
        if (look(part, offer)) {
            ended_ = true;
            return false;
        }
    }
    return true;
}

bool Meeting::usable(const double* values) const {
    double most = 0;
    for (std::size_t r = 0; r < library_->rows(); ++r) {
        if (!(std::fabs(values[r]) <= kLargest)) return false;
        most = std::max(most, std::fabs(values[r]));
    }
    return most > kLeast;
}

// Looks up what `out_` holds; true where an offer ends the search.
bool Meeting::look(const Part& part, const Offer& offer) {
    const std::uint64_t key = rough_key(out_.data(), library_->rows());
    if (seen_.find(key) >= 0) return false;
    seen_.insert(key, 0);
    const Shape shape = library_->shape_of(out_.data());
    if (shape.spread == 0) return false;  // a constant: found already, one step before
    parts_.push_back(part);
    // what differs from an earlier part by a scale and a shift is not found either
    if (shapes_.find(shape.key.here) >= 0) return false;
    ++lookups_;
    const Found found = library_->find(out_.data(), shape);
    if (found) return complete(part, found, offer);
    shapes_.insert(shape.key.here, 0);
    return false;
}

void Meeting::values_of(std::size_t part, std::vector<double>& out) {
    std::vector<std::size_t> chain;
    for (std::size_t k = part; k != 0; k = std::size_t(parts_[k].parent)) chain.push_back(k);
    out = target_;
    for (std::size_t k = chain.size(); k-- > 0;) {
        const Part& p = parts_[chain[k]];
        const double* other =
            p.function < 0 ? nullptr : library_->table().values(std::size_t(p.function));
        undone(undo(p), out.data(), other, scratch_.data(), library_->stride());
        std::swap(out, scratch_);
    }
}

// Writes the whole formula around a part that was found; the shortest that the rules accept is
// offered. True where the offer ends the search.
bool Meeting::complete(const Part& part, const Found& found, const Offer& offer) {
    for (Tree tree : library_->written(found)) {
        for (Part p = part; p.parent >= 0; p = parts_[std::size_t(p.parent)]) {
            const Tree other =
                p.function < 0 ? Tree{} : library_->table().tree(std::size_t(p.function));
            tree = redone(undo(p), library_->rules().alphabet(), tree, other);
        }
        if (!library_->rules().accepts(tree)) continue;
        ++found_;
        return offer(tree);
    }
    return false;
}

}  // namespace symtick
