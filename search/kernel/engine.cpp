// Room: search/kernel. See engine.hpp. Nothing here depends on which thread runs an island.
#include "engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dispatch.hpp"
#include "parallel.hpp"

namespace symtick {
namespace {

constexpr std::size_t kSeen = 1 << 14;
constexpr double kNoise = 1e-13;  // part of the target's variance that is rounding
constexpr int kTries = 4;  // children that fail the checks before a birth is given up

double variance_of_target(const Data& data) {
    double mean = 0, sum = 0;
    for (std::size_t r = 0; r < data.rows; ++r) mean += data.w64[r] * data.y64[r];
    mean /= data.weight_sum;
    for (std::size_t r = 0; r < data.rows; ++r)
        sum += data.w64[r] * (data.y64[r] - mean) * (data.y64[r] - mean);
    return sum / data.weight_sum;
}

// a subset of the rows, drawn by the seed; all of them where there are few
std::vector<std::size_t> screening_rows(std::size_t rows, std::size_t wanted, std::uint64_t seed) {
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), std::size_t(0));
    if (wanted >= rows) return order;
    Rng rng(seed, 0x5c2ee4);
    for (std::size_t k = 0; k < wanted; ++k) std::swap(order[k], order[k + rng.below(rows - k)]);
    order.resize(wanted);
    std::sort(order.begin(), order.end());
    return order;
}

}  // namespace

Engine::Engine(Data data, const EngineSettings& settings, const BreedSettings& breed,
               const CostTable& cost, std::vector<Tree> guesses)
    : data_(std::move(data)),
      screen_(data_, screening_rows(data_.rows, settings.screen_rows, settings.seed)),
      same_rows_(screen_.rows == data_.rows),
      settings_(settings),
      breed_settings_(breed),
      breeder_(breed_settings_, screen_),
      cost_(cost),
      guesses_(std::move(guesses)),
      islands_(settings.islands) {
    for (std::size_t k = 0; k < islands_.size(); ++k) {
        islands_[k].rng = Rng(settings.seed, k);
        islands_[k].seen.assign(kSeen, 0);
        islands_[k].elites = Archive(kNoise * variance_of_target(data_));
    }
}

Stats Engine::step(std::size_t generations, int threads) {
    const std::size_t crew = crew_size(islands_.size(), threads);
    while (workers_.size() < std::max<std::size_t>(crew, 1))
        workers_.push_back(std::make_unique<Worker>());
    for (std::size_t done = 0; done < generations;) {
        const std::size_t interval = settings_.migration_interval;
        const std::size_t run =
            std::min(generations - done, interval - std::size_t(generation_ % interval));
        parallel_for(islands_.size(), threads, [&](std::size_t k, std::size_t me) {
            if (generation_ == 0) found(islands_[k], k, *workers_[me]);
            for (std::size_t g = 0; g < run; ++g) generation(islands_[k], *workers_[me]);
        });
        generation_ += run;
        done += run;
        if (generation_ % interval == 0) migrate();
    }
    return stats();
}

Stats Engine::stats() const {
    Stats sum;
    for (const Island& i : islands_) {
        sum.evaluations += i.stats.evaluations;
        sum.fits += i.stats.fits;
        sum.rejected += i.stats.rejected;
    }
    sum.generation = generation_;
    return sum;
}

std::vector<Individual> Engine::front() const {
    Archive all(islands_[0].elites.floor());
    for (const Island& island : islands_)
        for (const Individual* one : island.elites.all()) all.offer(*one);
    std::vector<Individual> out;
    for (const Individual* one : all.all()) out.push_back(*one);
    return out;
}

double Engine::best_loss() const {
    double best = std::numeric_limits<double>::infinity();
    for (const Island& island : islands_)
        for (const Individual* one : island.elites.all()) best = std::min(best, one->loss);
    return best;
}

// the first people: guesses, then constants with one to three terms
void Engine::found(Island& island, std::size_t number, Worker& worker) {
    Tree mean;
    append_const(mean, 0.0);
    const std::size_t limit = settings_.population;
    for (std::size_t k = 0; k < limit; ++k) {
        Individual one;
        if (k < guesses_.size()) {
            one.tree = guesses_[(k + number) % guesses_.size()];
        } else {
            one.tree = mean;
            const std::size_t terms = k == guesses_.size() ? 0 : 1 + island.rng.below(3);
            for (std::size_t t = 0; t < terms; ++t) {
                Tree more = with_term(one.tree, island.rng, worker);
                Cost cost;
                if (fits(more, worker) && affordable(more, cost)) one.tree = more;
            }
        }
        if (!fits(one.tree, worker) || !affordable(one.tree, one.cost)) {
            ++island.stats.rejected;
            continue;
        }
        one.screen = worker.evaluator.loss64(one.tree, screen_, settings_.loss);
        ++island.stats.evaluations;
        tune(island, one, settings_.tune_iterations, worker);
        if (std::isfinite(one.screen)) settle(island, one, worker);
    }
    if (island.people.empty()) throw std::invalid_argument(
        "no first expression could be made: the budgets or ranges rule out even a constant");
}

void Engine::generation(Island& island, Worker& worker) {
    for (std::size_t k = 0; k < settings_.population; ++k) {
        const Individual mother = parent(island);
        for (int attempt = 0; attempt < kTries; ++attempt) {
            const Move move = choose(island.rng);
            Individual child;
            child.tree = bred(island, mother, move, worker);
            if (!fits(child.tree, worker) || !affordable(child.tree, child.cost)) {
                ++island.stats.rejected;
                continue;
            }
            child.hash = hash_of(child.tree);
            if (move != TUNE && !new_here(island, child.hash)) continue;
            if (raise(island, child, mother, move, worker))
                settle(island, std::move(child), worker);
            break;
        }
    }
}

bool Engine::new_here(Island& island, std::uint64_t hash) const {
    std::uint64_t& place = island.seen[hash % kSeen];
    if (place == hash) return false;
    place = hash;
    return true;
}

bool Engine::raise(Island& island, Individual& child, const Individual& mother, Move move,
                   Worker& worker) {
    ++island.stats.evaluations;
    if (move == TUNE) {
        child.screen = mother.screen;
        tune(island, child, 4 * settings_.tune_iterations, worker);
        return std::isfinite(child.screen);
    }
    child.screen = worker.evaluator.loss32(child.tree, screen_, settings_.loss);
    const bool structural = move <= DROP_TERM && move != CROSSOVER;
    if (!std::isfinite(child.screen)) return false;
    if (structural || island.rng.chance(settings_.tune_probability))
        tune(island, child, settings_.tune_iterations, worker);
    return std::isfinite(child.screen);
}

void Engine::tune(Island& island, Individual& child, int iterations, Worker& worker) {
    Tree tuned = child.tree;
    const FitResult result =
        worker.fitter.fit(tuned, screen_, settings_.loss, {iterations, 1e-4});
    ++island.stats.fits;
    Cost cost;
    if (!std::isfinite(result.loss) || !fits(tuned, worker) || !affordable(tuned, cost)) return;
    child.tree = std::move(tuned);
    child.cost = cost;
    child.screen = result.loss;
}

// into the archive where it is good enough, and in place of the oldest
void Engine::settle(Island& island, Individual child, Worker& worker) {
    child.birth = ++island.births;
    child.hash = hash_of(child.tree);
    if (island.elites.wanted(child.screen, child.cost, true)) {
        child.loss = same_rows_ ? child.screen
                                : worker.evaluator.loss64(child.tree, data_, settings_.loss);
        if (std::isfinite(child.loss)) island.elites.offer(child);
    }
    if (island.people.size() < settings_.population) {
        island.people.push_back(std::move(child));
        return;
    }
    const auto older = [](const Individual& a, const Individual& b) { return a.birth < b.birth; };
    *std::min_element(island.people.begin(), island.people.end(), older) = std::move(child);
}

// the best of a few under a LUT budget drawn anew each time, so that small ones breed too
const Individual& Engine::tournament(Island& island) {
    const auto& people = island.people;
    const Individual& first = people[island.rng.below(people.size())];
    const double cap = island.rng.chance(0.5) ? first.cost.lut : 1e300;
    const Individual* best = &first;
    for (std::size_t k = 1; k < settings_.tournament; ++k) {
        const Individual& other = people[island.rng.below(people.size())];
        if (other.cost.lut <= cap && other.screen < best->screen) best = &other;
    }
    return *best;
}

const Individual& Engine::parent(Island& island) {
    if (island.elites.size() && island.rng.chance(settings_.elite_probability))
        return island.elites.pick(island.rng.below(island.elites.size()));
    return tournament(island);
}

Move Engine::choose(Rng& rng) const {
    const double sum = std::accumulate(settings_.moves.begin(), settings_.moves.end(), 0.0);
    double u = rng.uniform() * sum;
    for (int m = 0; m < MOVE_COUNT; ++m) {
        u -= settings_.moves[std::size_t(m)];
        if (u < 0) return Move(m);
    }
    return ADD_TERM;
}

Tree Engine::bred(Island& island, const Individual& mother, Move move, Worker& worker) {
    Rng& rng = island.rng;
    const Tree& tree = mother.tree;
    switch (move) {
        case CROSSOVER: return simplified(breeder_.crossover(tree, parent(island).tree, rng));
        case EXCHANGE: return simplified(breeder_.exchange_terms(tree, parent(island).tree, rng));
        case ADD_TERM:
            if (full(tree)) return with_term(breeder_.drop_term(tree, rng), rng, worker);
            return with_term(tree, rng, worker);
        case SWAP_TERM: return with_term(breeder_.drop_term(tree, rng), rng, worker);
        case DROP_TERM: return simplified(breeder_.drop_term(tree, rng));
        case JITTER: return breeder_.jitter(tree, rng);
        case POINT: return simplified(breeder_.point(tree, rng));
        case FEATURE: return simplified(breeder_.swap_feature(tree, rng));
        case REPLACE: return simplified(breeder_.replace(tree, rng));
        case INSERT: return simplified(breeder_.insert(tree, rng));
        case HOIST: return simplified(breeder_.hoist(tree, rng));
        default: return simplified(tree);
    }
}

// no room for another term c * u(a * x + b)
bool Engine::full(const Tree& tree) const {
    return tree.size() + 9 > settings_.max_nodes ||
           constants_of(tree) + 3 > settings_.max_constants;
}

// tree + c * term + d, the term that explains most of the residual among several random ones
Tree Engine::with_term(const Tree& tree, Rng& rng, Worker& worker) {
    const std::size_t n = screen_.rows;
    const double *y = screen_.y64.get(), *w = screen_.w64.get();
    worker.residual.resize(n);
    worker.trial.resize(n);
    worker.evaluator.values(tree, screen_, worker.residual.data());
    double mean = 0;
    for (std::size_t k = 0; k < n; ++k) {
        worker.residual[k] = y[k] - worker.residual[k];
        mean += w[k] * worker.residual[k];
    }
    mean /= screen_.weight_sum;
    Tree best;
    double most = -1.0, factor = 0.0, offset = mean;
    for (std::size_t trial = 0; trial < settings_.trial_terms; ++trial) {
        const Tree term = breeder_.term(rng);
        worker.evaluator.values(term, screen_, worker.trial.data());
        double v1 = 0, v2 = 0, rv = 0;
        for (std::size_t k = 0; k < n; ++k) {
            const double wv = w[k] * worker.trial[k];
            v1 += wv;
            v2 += wv * worker.trial[k];
            rv += wv * worker.residual[k];
        }
        v1 /= screen_.weight_sum;
        const double variance = v2 / screen_.weight_sum - v1 * v1;
        const double covariance = rv / screen_.weight_sum - v1 * mean;
        const double gain = covariance * covariance / variance;
        if (!(variance > 1e-12 * (1.0 + v1 * v1)) || !(gain > most) || !std::isfinite(gain)) continue;
        most = gain;
        best = term;
        factor = covariance / variance;
        offset = mean - factor * v1;
    }
    if (best.empty() || !std::isfinite(offset)) return tree;
    Tree out = tree;
    append(out, best);
    append_const(out, factor);
    append_op(out, MUL);
    append_op(out, ADD);
    append_const(out, offset);
    append_op(out, ADD);
    return simplified(out);
}

bool Engine::fits(const Tree& tree, Worker& worker) const {
    if (tree.size() > settings_.max_nodes || constants_of(tree) > settings_.max_constants)
        return false;
    for (const Node& n : tree)
        if (!breed_settings_.allowed[n.op] || (n.op == CONST && !std::isfinite(n.value)))
            return false;
    return depth_of(tree) <= settings_.max_depth &&
           admissible(tree, breed_settings_.ranges, settings_.max_magnitude, worker.ranges);
}

bool Engine::affordable(const Tree& tree, Cost& cost) const {
    cost = cost_of(tree, cost_);
    return cost.ticks <= settings_.max_ticks && cost.lut <= settings_.max_lut;
}

// a ring: each island's archive gives a few to the next one
void Engine::migrate() {
    std::vector<std::vector<Individual>> travellers(islands_.size());
    for (std::size_t k = 0; k < islands_.size(); ++k) {
        Island& from = islands_[k];
        for (std::size_t m = 0; m < settings_.migrants && from.elites.size(); ++m)
            travellers[k].push_back(from.elites.pick(from.rng.below(from.elites.size())));
    }
    for (std::size_t k = 0; k < islands_.size(); ++k) {
        Island& to = islands_[(k + 1) % islands_.size()];
        for (Individual& one : travellers[k]) {
            to.elites.offer(one);
            settle(to, one, *workers_[0]);
        }
    }
}

}  // namespace symtick
