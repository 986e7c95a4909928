// The course of a search: steps, islands, migration, screening rows; see engine.hpp. Nothing here
// depends on which thread runs an island.
#include "evolution/engine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "core/parallel.hpp"

namespace symtick {
namespace {

constexpr std::size_t kExactRows = 64;  // up to these, scores are in double precision
// part of the target's variance that is rounding, of scores in single and in double precision
constexpr double kNoise = 1e-13, kExactNoise = 1e-29;
constexpr std::uint64_t kLibraryShare = 4;  // the library takes this part of the budget at most
constexpr std::size_t kStarts = 1 << 14;
// what MATCH looks into, and how far
constexpr LibrarySettings kMatchLibrary{.max_level = 7, .max_functions = 400'000, .max_rows = 64};
constexpr MatcherSettings kMatcher{.candidates = 256, .max_part = 1000};

double variance_of_target(const Data& data) {
    double mean = 0, sum = 0;
    for (std::size_t r = 0; r < data.rows; ++r) mean += data.w64[r] * data.y64[r];
    mean /= data.weight_sum;
    for (std::size_t r = 0; r < data.rows; ++r)
        sum += data.w64[r] * (data.y64[r] - mean) * (data.y64[r] - mean);
    return sum / data.weight_sum;
}

// a subset of the rows, drawn by the seed; all of them where there are few
std::vector<std::size_t> screening_rows(std::size_t rows, std::size_t wanted, std::uint64_t seed,
                                        std::uint64_t number) {
    std::vector<std::size_t> chosen(std::min(wanted, rows));
    std::iota(chosen.begin(), chosen.end(), std::size_t(0));
    if (wanted >= rows) return chosen;
    Rng rng(seed, 0x5c2ee4 + (number << 32));
    // the first steps of a shuffle of all rows, of which only those that moved are written down
    std::unordered_map<std::size_t, std::size_t> moved;
    const auto at = [&](std::size_t place) {
        const auto found = moved.find(place);
        return found == moved.end() ? place : found->second;
    };
    for (std::size_t k = 0; k < wanted; ++k) {
        const std::size_t other = k + rng.below(rows - k);
        chosen[k] = at(other);
        moved[other] = at(k);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

// losses that differ by no more are the same but for rounding
double noise(const LossSpec& loss, const Data& data, bool exact) {
    const double share = exact ? kExactNoise : kNoise, variance = variance_of_target(data);
    switch (loss.kind) {
        case MSE:
        case HUBER: return share * variance;
        case MAE: return std::sqrt(share * variance);
        default: return std::sqrt(share);
    }
}

}  // namespace

Engine::Engine(const Data& data, const EngineSettings& settings, const BreedSettings& breed,
               Rules rules, const CostTable& cost, std::vector<Tree> guesses, Penalty penalty)
    : data_(data),
      screen_(data_, screening_rows(data_.rows, settings.screen_rows, settings.seed, 0)),
      same_rows_(screen_.rows == data_.rows),
      exact_(screen_.rows <= kExactRows),
      settings_(settings),
      breed_settings_(breed),
      rules_(std::move(rules)),
      breeder_(breed_settings_, rules_.vocabulary(), screen_),
      cost_(cost),
      guesses_(std::move(guesses)),
      penalty_(std::move(penalty)),
      custom_(vocabulary().custom()),
      free_constants_(std::any_of(
          vocabulary().tokens.begin(), vocabulary().tokens.end(),
          [](const Token& t) { return t.node.op == CONST && t.node.feature == kFree; })),
      floor_(noise(settings.loss, data_, exact_ && same_rows_)),
      islands_(settings.islands) {
    std::partial_sum(settings_.moves.begin(), settings_.moves.end(), moves_.begin());
    for (std::size_t k = 0; k < islands_.size(); ++k) {
        islands_[k].rng = Rng(settings.seed, k);
        islands_[k].elites = Archive(floor_);
        islands_[k].cache = Cache(settings.cache_size);
        if (free_constants_) islands_[k].starts.assign(kStarts, 0);
        islands_[k].individuals.reserve(settings.population);
    }
}

void Engine::make_workers(std::size_t count) {
    while (workers_.size() < count) workers_.push_back(std::make_unique<Worker>(breeder_, rules_));
}

std::uint64_t Engine::left_of(std::uint64_t max_evaluations) const {
    if (max_evaluations == kNoLimitOfEvaluations) return max_evaluations;
    const std::uint64_t done = stats().evaluations;
    return done < max_evaluations ? max_evaluations - done : 0;
}

// What MATCH looks into, made once: within a part of the first budget that is enough for its
// leaves.
void Engine::collect(std::uint64_t most) {
    if (settings_.library == 0 || !(settings_.moves[MATCH] > 0.0)) return;
    const std::uint64_t limit = library_limit_ ? library_limit_ : std::min(settings_.library, most);
    const auto leaves =
        std::uint64_t(std::count_if(vocabulary().tokens.begin(), vocabulary().tokens.end(),
                                    [](const Token& t) { return arity(t.node.op) == 0; }));
    if (limit < leaves) return;
    library_limit_ = limit;
    library_ = std::make_unique<Library>(rules_, data_, kMatchLibrary);
    library_->fill(library_limit_);
    matcher_ = std::make_unique<Matcher>(*library_, kMatcher);
}

// Generations that no limit can end early, so that islands need not wait for each other in between;
// at least one.
std::size_t Engine::unwatched(std::uint64_t max_evaluations) const {
    if (std::isfinite(settings_.target_loss)) return 1;
    if (max_evaluations == kNoLimitOfEvaluations) return std::size_t(-1);
    const bool founded = std::all_of(islands_.begin(), islands_.end(),
                                     [](const Island& island) { return island.founded; });
    if (!founded || settings_.patience > 0) return 1;  // founders may take any number
    const std::uint64_t share = left_of(max_evaluations) / islands_.size();
    return std::max<std::size_t>(1, share / most_of_generation());
}

Stats Engine::step(std::size_t generations, int threads, std::uint64_t max_evaluations) {
    const auto until = [this](std::size_t interval) {
        return interval ? interval - std::size_t(generation_ % interval) : std::size_t(-1);
    };
    const std::uint64_t budget = left_of(max_evaluations);
    for (std::size_t done = 0; done < generations;) {
        if (best_loss() <= settings_.target_loss || left_of(max_evaluations) == 0) break;
        redraw(threads, max_evaluations);
        if (done == 0) {  // individuals come first, so that the library leaves none out
            advance(0, threads, max_evaluations);
            if (!library_) collect(std::min(budget / kLibraryShare, left_of(max_evaluations)));
        }
        const std::size_t run =
            std::min({generations - done, until(settings_.migration_interval),
                      until(settings_.screen_interval), unwatched(max_evaluations)});
        advance(run, threads, max_evaluations);
        generation_ += run;
        done += run;
        if (generation_ % settings_.migration_interval == 0) migrate();
    }
    return stats();
}

template <class Work>
void Engine::on_islands(int threads, Work work) {
    make_workers(thread_count(islands_.size(), threads));
    parallel_for(islands_.size(), threads, [&](std::size_t k, std::size_t me) {
        Worker& worker = *workers_[me];
        const std::uint64_t before = worker.passes();
        work(k, worker);
        islands_[k].stats.passes += worker.passes() - before;
    });
}

void Engine::advance(std::size_t generations, int threads, std::uint64_t max_evaluations) {
    // what is left is shared out, so that no thread must look at another's counts
    const std::uint64_t left = left_of(max_evaluations);
    const std::uint64_t share = left / islands_.size(), more = left % islands_.size();
    on_islands(threads, [&](std::size_t k, Worker& worker) {
        Island& island = islands_[k];
        const std::uint64_t quota =
            left == kNoLimitOfEvaluations ? left : island.stats.evaluations + share + (k < more);
        if (!island.founded) found_island(island, k, quota, worker);
        for (std::size_t g = 0; g < generations; ++g) {
            if (stuck(island)) found_anew(island, k, quota, worker);
            generation(island, quota, worker);
        }
    });
}

bool Engine::over(const Island& island, std::uint64_t quota) const {
    return island.stats.evaluations >= quota || island.best <= settings_.target_loss;
}

Stats Engine::stats() const {
    Stats sum;
    if (library_) sum.evaluations = sum.passes = library_->evaluations();
    for (const Island& i : islands_) {
        sum.evaluations += i.stats.evaluations;
        sum.cache_hits += i.stats.cache_hits;
        sum.fits += i.stats.fits;
        sum.rejected += i.stats.rejected;
        sum.passes += i.stats.passes;
    }
    sum.generation = generation_;
    return sum;
}

std::vector<Individual> Engine::front() const {
    Archive all(floor_);
    for (const Island& island : islands_)
        for (const Individual& one : island.elites.all()) all.offer(one);
    return all.all();
}

double Engine::best_loss() const {
    double best = std::numeric_limits<double>::infinity();
    for (const Island& island : islands_) best = std::min(best, island.best);
    return best;
}

void Engine::clear(Island& island) {
    island.individuals.clear();
    island.oldest = 0;
    island.founded = false;
    island.lead = std::numeric_limits<double>::infinity();
    island.waited = 0;
    for (std::size_t k = 0; k < island.cache.size(); ++k) island.cache.at(k).living = 0;
}

// has the best of its individuals been the same for too long?
bool Engine::stuck(Island& island) const {
    if (settings_.patience == 0 || island.individuals.empty()) return false;
    double lead = std::numeric_limits<double>::infinity();
    for (const Individual& one : island.individuals) lead = std::min(lead, one.screen);
    ++island.waited;
    if (lead < island.lead * (1.0 - 1e-9)) {
        island.lead = lead;
        island.waited = 0;
    }
    return island.waited > settings_.patience;
}

void Engine::generation(Island& island, std::uint64_t quota, Worker& worker) {
    if (settings_.parsimony > 0.0) weigh_ticks(island);
    for (std::size_t k = 0; k < settings_.population && !over(island, quota); ++k)
        breed_one(island, quota, worker);
}

// a ring: each island's archive gives a few to the next one
void Engine::migrate() {
    if (islands_.size() < 2) return;
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
            to.best = to.elites.best();
            one.loss = 0.0;
            remember(to, one);
            join(to, one);
        }
    }
}

void Engine::draw_screen(std::uint64_t number) {
    screen_number_ = number;
    screen_ =
        Data(data_, screening_rows(data_.rows, settings_.screen_rows, settings_.seed, number));
}

// new screening rows where their time has come and all can be scored again
void Engine::redraw(int threads, std::uint64_t max_evaluations) {
    if (same_rows_ || settings_.screen_interval == 0) return;
    const std::uint64_t number = generation_ / settings_.screen_interval;
    if (number == screen_number_) return;
    std::uint64_t wanted = 0;
    for (const Island& i : islands_)
        wanted += i.individuals.size() + i.elites.size() + i.tick_elites.size();
    if (wanted > left_of(max_evaluations)) return;
    draw_screen(number);
    on_islands(threads, [&](std::size_t k, Worker& worker) { rescore(islands_[k], worker); });
}

void Engine::rescore(Island& island, Worker& worker) {
    const auto again = [&](const Individual& one) {
        ++island.stats.evaluations;
        return score(body_of(one.tree, worker.body), worker);
    };
    island.cache.clear();
    std::fill(island.starts.begin(), island.starts.end(), 0);
    for (Individual& one : island.individuals) {
        one.screen = again(one);
        remember(island, one);
        ++island.cache.find(one.hash)->living;
    }
    island.elites.rescreen(again);
    for (std::uint32_t tick : island.tick_elites)
        island.by_tick[tick].screen = again(island.by_tick[tick]);
}

void Engine::deal(const std::vector<Tree>& given, int threads, std::vector<double>& losses) {
    losses.assign(given.size(), std::numeric_limits<double>::infinity());
    on_islands(threads, [&](std::size_t k, Worker& worker) {
        for (std::size_t n = k; n < given.size(); n += islands_.size())
            losses[n] = offered(islands_[k], given[n], worker);
    });
}

std::vector<double> Engine::offer(const std::vector<Tree>& given, int threads) {
    std::vector<double> losses;
    deal(given, threads, losses);
    return losses;
}

std::vector<double> Engine::replant(const std::vector<Tree>& given, int threads) {
    for (Island& island : islands_) clear(island);
    std::vector<double> losses;
    deal(given, threads, losses);
    for (Island& island : islands_) island.founded = !island.individuals.empty();
    return losses;
}

std::vector<Individual> Engine::individuals(std::size_t most) const {
    std::vector<const Individual*> all;
    for (const Island& island : islands_) {
        for (const Individual& one : island.individuals) all.push_back(&one);
        for (const Individual& one : island.elites.all()) all.push_back(&one);
        for (std::uint32_t tick : island.tick_elites) all.push_back(&island.by_tick[tick]);
    }
    std::stable_sort(all.begin(), all.end(), [](const Individual* a, const Individual* b) {
        if (a->screen != b->screen) return a->screen < b->screen;
        return cheaper(a->cost, a->tree.size(), b->cost, b->tree.size());
    });
    std::unordered_set<std::uint64_t> met;
    std::vector<Individual> out;
    for (const Individual* one : all) {
        if (out.size() == most || !std::isfinite(one->screen)) break;
        if (met.insert(one->hash).second) out.push_back(*one);
    }
    return out;
}

}  // namespace symtick
