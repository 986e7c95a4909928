// Room: search/kernel. The evolutionary search: islands, each with its own random stream.
#pragma once
#include <atomic>
#include <memory>

#include "archive.hpp"
#include "breed.hpp"
#include "fit.hpp"
#include "stream.hpp"

namespace symtick {

enum Move : int {
    CROSSOVER, EXCHANGE, ADD_TERM, SWAP_TERM, DROP_TERM, JITTER, POINT, FEATURE, REPLACE, INSERT,
    HOIST, TUNE, MOVE_COUNT
};

struct EngineSettings {
    std::uint64_t seed = 0;
    std::size_t islands = 4, population = 64, tournament = 5;
    std::size_t max_nodes = 120, max_depth = 64, max_constants = 64;
    int max_ticks = 1 << 30;
    double max_lut = 1e300, max_magnitude = 1e6;
    std::size_t screen_rows = 2048, trial_terms = 32;
    int tune_iterations = 8;
    double tune_probability = 0.5;
    std::size_t migration_interval = 10, migrants = 2;
    double elite_probability = 0.5;
    std::array<double, MOVE_COUNT> moves{};
    LossSpec loss;
};

struct Stats {
    std::uint64_t generation = 0, evaluations = 0, fits = 0, rejected = 0;
};

class Engine {
public:
    Engine(Data data, const EngineSettings& settings, const BreedSettings& breed,
           const CostTable& cost, std::vector<Tree> guesses);

    Engine(const Engine&) = delete;  // the breeder refers to the screening rows held here

    std::atomic_flag busy;  // set while a thread of Python's is in one of these

    Stats step(std::size_t generations, int threads);
    std::vector<Individual> front() const;
    double best_loss() const;
    Stats stats() const;
    Arrays save() const;
    void load(const Arrays& state);

private:
    struct Island {
        Rng rng;
        std::vector<Individual> people;
        Archive elites;
        std::vector<std::uint64_t> seen;  // hashes tried lately, one per place
        Stats stats;
        std::uint64_t births = 0;
    };
    struct Worker {
        Evaluator evaluator;
        Fitter fitter;
        std::vector<Range> ranges;
        std::vector<double> residual, trial, best;
    };

    Data data_, screen_;
    bool same_rows_;
    EngineSettings settings_;
    BreedSettings breed_settings_;
    Breeder breeder_;
    CostTable cost_;
    std::vector<Tree> guesses_;
    std::vector<Island> islands_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::uint64_t generation_ = 0;

    std::uint64_t fingerprint() const;
    void found(Island& island, std::size_t number, Worker& worker);
    void generation(Island& island, Worker& worker);
    void migrate();

    const Individual& parent(Island& island);
    const Individual& tournament(Island& island);
    Move choose(Rng& rng) const;
    Tree bred(Island& island, const Individual& mother, Move move, Worker& worker);
    Tree with_term(const Tree& tree, Rng& rng, Worker& worker);
    bool full(const Tree& tree) const;
    bool fits(const Tree& tree, Worker& worker) const;
    bool affordable(const Tree& tree, Cost& cost) const;
    bool new_here(Island& island, std::uint64_t hash) const;
    // scores a child, tunes it where it may pay; false where it is not viable
    bool raise(Island& island, Individual& child, const Individual& mother, Move move,
               Worker& worker);
    void tune(Island& island, Individual& child, int iterations, Worker& worker);
    void settle(Island& island, Individual child, Worker& worker);
};

}  // namespace symtick
