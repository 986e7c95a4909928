// The evolutionary search: islands, each with its own random stream.
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>

#include "cost/archive.hpp"
#include "cost/cache.hpp"
#include "eval/fit.hpp"
#include "eval/round.hpp"
#include "evolution/breed.hpp"
#include "evolution/matcher.hpp"
#include "evolution/stream.hpp"
#include "rules/rules.hpp"

namespace symtick {

// clang-format off
enum MoveKind : int {
    CROSSOVER, ONE_POINT, EXCHANGE, ADD_TERM, SWAP_TERM, DROP_TERM, JITTER, POINT, OPERATOR, FEATURE,
    REPLACE, INSERT, HOIST, ROTATE, TUNE, MATCH, MOVE_COUNT
};
// clang-format on

struct EngineSettings {
    std::uint64_t seed = 0;
    std::size_t islands = 0, population = 0, tournament = 0;
    double tournament_best = 0;  // chance that the best wins, else the next with the same chance
    double lut_tournament =
        0;  // chance of a tournament under a LUT limit drawn from its individuals
    double max_lut = 0, max_magnitude = 0;
    std::size_t screen_rows = 0, screen_interval = 0, trial_terms = 0;
    int tune_iterations = 0;
    double tune_probability = 0;
    std::size_t tune_repeats = 0;  // fits of one shape from nearly the same constants
    std::size_t migration_interval = 0, migrants = 0;
    double elite_probability = 0, tick_elite_probability = 0;
    double parsimony = 0;              // scale of adaptive parsimony
    std::size_t parsimony_window = 0;  // offspring that its histogram spans
    std::uint64_t library = 0;         // evaluations that MATCH may take for its library
    std::size_t cache_size = 0;        // functions remembered on an island
    std::size_t copies = 0;            // individuals of one function that a known one may join
    int founder_depth = 0;             // of founders that are no sums of terms
    std::size_t patience = 0;  // generations without a better one before new founders; 0: for ever
    int constant_bits = 0;     // of constants in the archive; 0: as they were tuned
    bool constant_fraction = false;  // these are bits after the point
    double target_loss = 0;          // minus infinity: the search does not end at a loss
    std::array<double, MOVE_COUNT> moves{};
    LossSpec loss;
};

struct Stats {
    std::uint64_t generation = 0, evaluations = 0, cache_hits = 0, fits = 0, rejected = 0;
    // all that was computed over rows: evaluations, terms that were tried, steps of fits
    std::uint64_t passes = 0;
};

constexpr std::uint16_t kMostTicks = 1023;  // more count as these in histogram and tick elites

class Engine {
public:
    // of an expanded tree; at least 0
    using Penalty = std::function<double(const Tree&)>;

    // refers to the data
    Engine(const Data& data, const EngineSettings& settings, const BreedSettings& breed,
           Rules rules, const CostTable& cost, std::vector<Tree> guesses, Penalty penalty = {});

    Engine(const Engine&) = delete;  // the breeders refer to the screening rows held here

    std::atomic_flag busy;  // set while a thread of Python's is in one of these

    // Ends before `generations` when there are `max_evaluations` in all, never more, or when the
    // best loss reaches the target.
    Stats step(std::size_t generations, int threads, std::uint64_t max_evaluations);
    std::vector<Individual> front() const;
    double best_loss() const;
    Stats stats() const;
    // Screening losses of the given trees, tuned where they have constants; infinity where one
    // breaks a rule or is not finite. They join the archives and, in turn, the islands'
    // individuals.
    std::vector<double> offer(const std::vector<Tree>& given, int threads);
    // the same after all individuals are gone
    std::vector<double> replant(const std::vector<Tree>& given, int threads);
    // the best different functions among individuals and archives, by screening loss
    std::vector<Individual> individuals(std::size_t most) const;
    Tree phenotype(const Tree& tree) const { return custom_ ? expanded(tree, vocabulary()) : tree; }
    const Vocabulary& vocabulary() const { return rules_.vocabulary(); }
    Arrays save() const;
    void load(const Arrays& state);

private:
    struct Island {
        Rng rng;
        bool founded = false;
        std::vector<Individual> individuals;
        std::size_t oldest = 0;  // of the individuals, once they are all there
        double lead = std::numeric_limits<double>::infinity();  // best screening loss since founded
        std::size_t waited = 0;                                 // generations since it fell
        Archive elites;
        double best = std::numeric_limits<double>::infinity();  // loss in there
        std::vector<Individual> by_tick;         // best of each number of ticks; no tree: none yet
        std::vector<std::uint32_t> tick_elites;  // the numbers that have one, as they came
        Cache cache;
        std::vector<std::uint64_t> starts;  // of fits: key and how often, one per place
        std::vector<std::uint16_t> recent;  // ticks of the latest offspring, in a ring
        std::size_t recent_next = 0;
        std::vector<std::uint32_t> histogram;  // of `recent`
        std::vector<double> factors;           // of the tournament, by ticks
        Stats stats;
    };
    struct Worker {
        Worker(const Breeder& b, const Rules& rules) : breeder(b), prefix(rules) {}
        std::uint64_t passes() const { return evaluator.passes() + fitter.passes(); }

        Evaluator evaluator;
        Fitter fitter;
        Breeder breeder;
        Prefix prefix;
        std::vector<std::uint8_t> mask;
        Individual child;
        Tree half, body, tuned;
        Matcher::Scratch matching;
        std::vector<Range> ranges;
        std::vector<double> residual, trial;
        std::vector<std::pair<double, std::size_t>> ranks;
    };

    const Data& data_;
    Data screen_;
    bool same_rows_, exact_;  // exact: few rows, so that scores are in double precision
    EngineSettings settings_;
    BreedSettings breed_settings_;
    Rules rules_;
    Breeder breeder_;
    Costing cost_;
    std::vector<Tree> guesses_;
    Penalty penalty_;
    bool custom_, free_constants_;
    double floor_;
    std::array<double, MOVE_COUNT> moves_{};  // cumulated
    std::vector<Island> islands_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::uint64_t generation_ = 0, screen_number_ = 0;
    std::uint64_t library_limit_ =
        0;  // evaluations that the library was built within; 0: no library
    std::unique_ptr<Library> library_;  // shared by the islands, which only read it
    std::unique_ptr<Matcher> matcher_;

    // engine.cpp: the course
    void make_workers(std::size_t count);
    std::uint64_t left_of(std::uint64_t max_evaluations) const;
    void collect(std::uint64_t most);
    std::size_t unwatched(std::uint64_t max_evaluations) const;
    void advance(std::size_t generations, int threads, std::uint64_t max_evaluations);
    void migrate();
    void draw_screen(std::uint64_t number);
    void redraw(int threads, std::uint64_t max_evaluations);
    void rescore(Island& island, Worker& worker);
    void generation(Island& island, std::uint64_t quota, Worker& worker);
    void clear(Island& island);
    bool stuck(Island& island) const;
    bool over(const Island& island, std::uint64_t quota) const;
    void deal(const std::vector<Tree>& given, int threads, std::vector<double>& losses);
    // work on every island, each by one thread, whose passes are counted
    template <class Work>
    void on_islands(int threads, Work work);

    // engine_founders.cpp
    void found_island(Island& island, std::size_t number, std::uint64_t quota, Worker& worker);
    void found_anew(Island& island, std::size_t number, std::uint64_t quota, Worker& worker);
    bool take_in(Island& island, double tuning, Worker& worker);
    bool written_tree(Island& island, Worker& worker) const;
    void first_tree(Island& island, std::size_t number, Worker& worker) const;
    void first_sum(Island& island, std::size_t terms, Worker& worker) const;

    // engine_offspring.cpp: one child
    int tries() const;
    std::uint64_t most_of_generation() const;  // evaluations that one of an island takes at most
    void breed_one(Island& island, std::uint64_t quota, Worker& worker);
    const Individual& choose_parent(Island& island, Worker& worker) const;
    const Individual& tournament(Island& island, Worker& worker) const;
    MoveKind choose(Rng& rng) const;
    bool bred(Island& island, const Individual& parent, MoveKind move, Worker& worker) const;
    bool move_made(Island& island, const Individual& parent, MoveKind move, Worker& worker) const;
    bool with_term(const Tree& tree, Rng& rng, Worker& worker, Tree& out) const;
    bool full(const Tree& tree) const;

    // engine_score.cpp: what a child is worth, and where it goes
    const Tree& body_of(const Tree& tree, Tree& scratch) const;
    bool fits(const Tree& tree, const Tree& body, Worker& worker) const;
    bool judged(Island& island, Worker& worker) const;  // rules, cost and function of the child
    bool evaluate_child(Island& island, const Individual& parent, MoveKind move, Worker& worker);
    bool take_known(Island& island, Known& known, std::size_t copies, Worker& worker);
    double score_child(Island& island, double tuning, Worker& worker);
    double offered(Island& island, const Tree& tree, Worker& worker);
    double score(const Tree& body, Worker& worker) const;
    void tune(Island& island, Individual& child, int iterations, Worker& worker) const;
    bool take_tuned(Individual& one, double loss, Worker& worker) const;
    bool fresh_start(Island& island, const Tree& body) const;
    void remember(Island& island, const Individual& child) const;
    void settle(Island& island, Individual& child, Worker& worker);
    void admit(Island& island, Individual& child, Worker& worker) const;
    bool rounded(Individual& one, Worker& worker) const;
    void join(Island& island, Individual& child);
    void replace_living(Island& island, const Individual& child) const;
    void count_ticks(Island& island, int ticks) const;
    void weigh_ticks(Island& island) const;

    // engine_state.cpp
    std::uint64_t digest() const;
    void write(StateWriter& w, const Island& island) const;
    Island read_island(StateReader& r) const;
    void check(const Island& island) const;
};

}  // namespace symtick
