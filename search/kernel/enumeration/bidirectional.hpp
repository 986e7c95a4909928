// Search from both ends: what must an inner part of the target be, so that operators and small
// functions around it make the target? Each such part is looked up among the enumerated functions,
// so that a formula costs what its halves cost.
#pragma once
#include <functional>
#include <queue>

#include "enumeration/inverse_ops.hpp"
#include "enumeration/library.hpp"

namespace symtick {

struct BidirectionalSettings {
    // A family of parts is made the later, the more lookups it may take, and this many times later
    // for each step that its parts are away from the target.
    double patience = 4.0;
};

class BidirectionalSearch {
public:
    // target: one number for each of the library's rows. The library grows when that is the
    // likelier way on than more lookups.
    BidirectionalSearch(Library& library, std::vector<double> target,
                        const BidirectionalSettings& settings);

    // A whole tree that the rules accept and that is the target on the library's rows; true to end.
    using Offer = std::function<bool(const Tree&)>;

    // Goes on until there were this many evaluations in all, those of the library and offers
    // included (never more), or an offer ends it; false when nothing is left within the limits. In
    // steps or at once, the same is found.
    bool run(std::uint64_t evaluations, const Offer& offer);

    std::uint64_t evaluations() const { return library_->evaluations() + lookups_ + offers_; }
    std::uint64_t lookups() const { return lookups_; }
    std::uint64_t offers() const { return offers_; }

private:
    // A part of the target: what is left of `parent` when one way back was gone.
    struct TargetPart {
        std::int32_t parent;
        std::int32_t function;  // the other argument, -1
        std::int16_t inverse;
    };
    // All parts that have the same history of blocks.
    struct Family {
        std::size_t begin, end, steps;
    };
    // What may be done next: make a family of `parents` with the functions of a block, or with none
    // (ALONE), or let the library grow.
    enum : int { ALONE = -1, GROW_LEVEL = -2, GROW_FOLDS = -3 };
    struct PlannedBlock {
        double size;  // evaluations that it may take, times the patience for its steps
        std::uint64_t number;
        std::size_t parents;
        int block;
        bool operator<(const PlannedBlock& other) const {  // the greatest is taken first
            return size != other.size ? size > other.size : number > other.number;
        }
    };

    Library* library_;
    BidirectionalSettings settings_;
    std::vector<double> target_;
    std::vector<InverseOp> alone_, paired_;
    std::vector<TargetPart> parts_;
    std::vector<Family> families_;
    std::priority_queue<PlannedBlock> plans_;
    std::uint64_t planned_ = 0, lookups_ = 0, offers_ = 0, attempts_ = 0;
    KeySet seen_;                // parts
    KeyIndex wanted_shapes_;     // part of each shape that was not found
    std::uint64_t limit_ = 0;    // evaluations that `run` may take in all
    std::vector<Tree> pending_;  // found when no evaluation was left to score it, at most one
    bool ended_ = false, working_ = false, constant_ = false;
    // where the plan in work stands
    PlannedBlock plan_{};
    std::size_t parent_ = 0, step_ = 0, checked_ = 0;
    std::vector<double> wanted_, out_, scratch_;
    Patience patience_;

    // As in an enumeration: parts that are useless or known cost nothing, but there is an end of
    // them.
    static constexpr std::uint64_t kAttempts = 200, kFreeEvaluations = 5'000;
    bool spent(std::uint64_t evaluations) const {
        return this->evaluations() >= evaluations ||
               attempts_ / kAttempts >= evaluations + kFreeEvaluations;
    }
    void begin(const Offer& offer);
    bool next_plan();
    void plan(std::size_t family, int block);
    void plan_growth();
    bool work(std::uint64_t evaluations, const Offer& offer);
    bool grow(std::uint64_t evaluations, const Offer& offer);
    bool check_wanted(std::uint64_t evaluations, const Offer& offer);
    bool make_family(std::uint64_t evaluations, const Offer& offer);
    bool children(std::uint64_t evaluations, const Offer& offer);
    bool look(const TargetPart& part, const Offer& offer);
    bool usable(const double* values) const;
    void values_of(std::size_t part, std::vector<double>& out);
    const InverseOp& inverse(const TargetPart& part) const;
    bool complete(const TargetPart& part, const LineMatch& match, const Offer& offer);
};

}  // namespace symtick
