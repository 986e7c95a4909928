// Room: search/kernel. Search from both ends: what must an inner part of the target be, so that
// operators and small functions around it make the target? Each such part is looked up among the
// enumerated functions, so that a formula costs what its halves cost.
#pragma once
#include <functional>
#include <queue>

#include "library.hpp"
#include "undo.hpp"

namespace symtick {

struct MeetingSettings {
    // A family of parts is made the later, the more lookups it may take, and this many times later
    // for each step that its parts are away from the target.
    double patience = 4.0;
};

class Meeting {
public:
    // target: one number for each of the library's rows
    Meeting(const Library& library, std::vector<double> target, const MeetingSettings& settings);

    // A whole tree that the rules accept and that is the target on the library's rows; true to end.
    using Offer = std::function<bool(const Tree&)>;

    // Looks parts up until there were this many lookups in all (never more) or an offer ends it;
    // false when nothing is left within the limits. In steps or at once, the same is found.
    bool run(std::uint64_t lookups, const Offer& offer);

    std::uint64_t lookups() const { return lookups_; }
    std::uint64_t found() const { return found_; }  // offers

private:
    // A part of the target: what is left of `parent` when one way back was gone.
    struct Part {
        std::int32_t parent;
        std::int32_t function;  // the other argument, -1
        std::int16_t undo;
    };
    // All parts that have the same history of levels.
    struct Family {
        std::size_t begin, end, steps;
    };
    // A family to be made from `parents` with functions of one level; level -1: with none.
    struct Plan {
        double size;  // lookups that it may take, by the patience for its steps
        std::uint64_t number;
        std::size_t parents;
        int level;
        bool operator<(const Plan& other) const {  // the greatest is taken first
            return size != other.size ? size > other.size : number > other.number;
        }
    };

    const Library* library_;
    MeetingSettings settings_;
    std::vector<double> target_;
    std::vector<Undo> alone_, paired_;
    std::vector<Part> parts_;
    std::vector<Family> families_;
    std::priority_queue<Plan> plans_;
    std::uint64_t planned_ = 0, lookups_ = 0, found_ = 0;
    KeyIndex seen_, shapes_;
    bool begun_ = false, ended_ = false;
    // where the plan in work stands
    Plan plan_{};
    bool working_ = false;
    std::size_t parent_ = 0, step_ = 0;
    std::vector<double> wanted_, out_, scratch_;

    void plan(std::size_t family);
    bool work(std::uint64_t lookups, const Offer& offer);
    bool children(std::uint64_t lookups, const Offer& offer);
    bool look(const Part& part, const Offer& offer);
    bool usable(const double* values) const;
    void values_of(std::size_t part, std::vector<double>& out);
    const Undo& undo(const Part& part) const;
    bool complete(const Part& part, const Found& found, const Offer& offer);
};

}  // namespace symtick
