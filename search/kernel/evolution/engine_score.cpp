// The score of a child, and its place among individuals and archives; see engine.hpp.
#include <algorithm>
#include <bit>
#include <cmath>

#include "core/fingerprint.hpp"
#include "evolution/engine.hpp"

namespace symtick {
namespace {

constexpr std::int32_t kTied = 1 << 24;  // first number of the symbols of tied constants

// may it be undefined on a row where an equal function is not?
bool partial(const Tree& body) {
    return std::any_of(body.begin(), body.end(), [](const Node& n) {
        return n.op == DIV || n.op == LOG || n.op == SQRT || n.op == EXP;
    });
}

bool has_free(const Tree& body) {
    return std::any_of(body.begin(), body.end(),
                       [](const Node& n) { return n.op == CONST && n.feature != kLiteral; });
}

bool free_finite(const Tree& tree) {
    return std::all_of(tree.begin(), tree.end(),
                       [](const Node& n) { return n.op != CONST || std::isfinite(n.value); });
}

std::size_t tick_place(int ticks) { return std::size_t(std::clamp<int>(ticks, 0, kMostTicks)); }

}  // namespace

const Tree& Engine::body_of(const Tree& tree, Tree& scratch) const {
    if (!custom_ || !has_custom(tree)) return tree;
    scratch = expanded(tree, vocabulary());
    return scratch;
}

bool Engine::fits(const Tree& tree, const Tree& body, Worker& worker) const {
    if (!rules_.accepts(tree)) return false;
    if (free_constants_ && !free_finite(tree)) return false;
    return breed_settings_.ranges.empty() ||
           admissible(body, breed_settings_.ranges, settings_.max_magnitude, worker.ranges);
}

bool Engine::judged(Island& island, Worker& worker) const {
    Individual& child = worker.child;
    child.penalty = 0.0;
    const Tree& body = body_of(child.tree, worker.body);
    if (!fits(child.tree, body, worker)) return false;
    child.hash = fingerprint(body);
    if (child.hash == kUndefined) return false;
    island.cache.prefetch(child.hash);  // while the cost is worked out
    child.cost = cost_of(body, cost_);
    // the rules count constant factors as shifts
    return child.cost.ticks <= rules_.settings().max_ticks && child.cost.lut <= settings_.max_lut;
}

bool Engine::evaluate_child(Island& island, const Individual& parent, MoveKind move,
                            Worker& worker) {
    Individual& child = worker.child;
    if (!judged(island, worker)) {
        ++island.stats.rejected;
        return false;
    }
    if (move == TUNE) {
        ++island.stats.evaluations;
        child.screen = parent.screen;
        tune(island, child, 4 * settings_.tune_iterations, worker);
        if (std::isfinite(child.screen)) settle(island, child, worker);
        return true;
    }
    if (Known* known = island.cache.find(child.hash))
        return take_known(island, *known, settings_.copies, worker);
    const bool term = move >= EXCHANGE && move <= DROP_TERM;
    score_child(island, term ? 1.0 : settings_.tune_probability, worker);
    return true;
}

// A child of a known function joins the individuals where no more than `copies` of them have it, or
// takes their place where it is a cheaper form. True where nothing is left to be done.
bool Engine::take_known(Island& island, Known& known, std::size_t copies, Worker& worker) {
    Individual& child = worker.child;
    ++island.stats.cache_hits;
    child.screen = known.loss;
    const bool better = known.dearer(child.cost, child.tree.size());
    if (better && (!std::isfinite(known.loss) || partial(body_of(child.tree, worker.body)))) {
        // this form may be undefined where the other is not, and the other way round
        ++island.stats.evaluations;
        child.screen = score(body_of(child.tree, worker.body), worker);
        if (!std::isfinite(child.screen)) return true;
        if (std::isfinite(known.loss)) child.screen = known.loss;
    }
    if (!std::isfinite(child.screen)) return false;
    if (better) known.take(child.screen, child.cost, child.tree.size());
    if (better && known.living) {
        replace_living(island, child);
        admit(island, child, worker);
        return true;
    }
    if (!better && known.living >= copies) return false;
    settle(island, child, worker);
    return true;
}

// scores the worker's child, tunes it by that chance, and finds it its place; its loss
double Engine::score_child(Island& island, double tuning, Worker& worker) {
    Individual& child = worker.child;
    ++island.stats.evaluations;
    const Tree& body = body_of(child.tree, worker.body);
    child.screen = score(body, worker);
    remember(island, child);
    if (!std::isfinite(child.screen)) return child.screen;
    if (free_constants_ && (tuning >= 1.0 || island.rng.chance(tuning)) && has_free(body) &&
        fresh_start(island, body))
        tune(island, child, settings_.tune_iterations, worker);
    const double loss = child.screen;
    settle(island, child, worker);
    return loss;
}

double Engine::offered(Island& island, const Tree& tree, Worker& worker) {
    Individual& child = worker.child;
    child.tree = tree;
    child.screen = std::numeric_limits<double>::infinity();
    if (!judged(island, worker)) {
        ++island.stats.rejected;
        return child.screen;
    }
    Known* known = island.cache.find(child.hash);
    if (!known) return score_child(island, 1.0, worker);
    const std::uint64_t hash = child.hash;
    take_known(island, *known, std::max<std::size_t>(1, settings_.copies), worker);
    known = island.cache.find(hash);
    return known ? known->loss : std::numeric_limits<double>::infinity();
}

double Engine::score(const Tree& body, Worker& worker) const {
    return exact_ ? worker.evaluator.loss64(body, screen_, settings_.loss)
                  : worker.evaluator.loss32(body, screen_, settings_.loss);
}

void Engine::tune(Island& island, Individual& child, int iterations, Worker& worker) const {
    worker.tuned = body_of(child.tree, worker.body);
    const FitResult result = worker.fitter.fit(worker.tuned, screen_, settings_.loss,
                                               {iterations, 1e-4, 0, 0, 5 * iterations});
    ++island.stats.fits;
    if (take_tuned(child, result.loss, worker)) remember(island, child);
}

// the constants of worker.tuned, with which it has this loss; false where it is not viable then
bool Engine::take_tuned(Individual& one, double loss, Worker& worker) const {
    Tree& tuned = worker.tuned;
    if (!std::isfinite(loss) || !free_finite(tuned)) return false;
    if (!breed_settings_.ranges.empty() &&
        !admissible(tuned, breed_settings_.ranges, settings_.max_magnitude, worker.ranges))
        return false;
    const Cost cost = cost_of(tuned, cost_);
    if (cost.ticks > rules_.settings().max_ticks || cost.lut > settings_.max_lut) return false;
    const std::uint64_t hash = fingerprint(tuned);
    if (hash == kUndefined) return false;
    if (custom_ && has_custom(one.tree))
        take_constants(one.tree, tuned, vocabulary());
    else
        std::swap(one.tree, tuned);
    one.cost = cost;
    one.screen = loss;
    one.hash = hash;
    return true;
}

// whether its shape was not fitted too often before from nearly the same constants
bool Engine::fresh_start(Island& island, const Tree& body) const {
    Tree skeleton = body;
    std::uint64_t start = 0;
    std::int32_t number = std::int32_t(data_.features);
    for (Node& n : skeleton) {
        if (n.op != CONST || n.feature == kLiteral) continue;
        // sign, exponent and three bits of the value
        start = (start ^ (std::bit_cast<std::uint64_t>(n.value) >> 49)) * 0x9e3779b97f4a7c15ULL;
        n = {INPUT, n.feature > 0 ? kTied + n.feature : number++, 0.0};
    }
    const std::uint64_t key = ((fingerprint(skeleton) ^ start) * 0xd6e8feb86659fd93ULL) >> 8 << 8;
    std::uint64_t& place = island.starts[(key >> 32) % island.starts.size()];
    if (place >> 8 << 8 != key) place = key;
    if ((place & 0xff) >= settings_.tune_repeats) return false;
    ++place;
    return true;
}

void Engine::remember(Island& island, const Individual& child) const {
    Known* known = island.cache.find(child.hash);
    if (!known) {
        known = &island.cache.add(child.hash);
    } else if (!known->dearer(child.cost, child.tree.size())) {
        return;
    }
    known->take(child.screen, child.cost, child.tree.size());
}

// into the archive where it is good enough, and in place of the oldest
void Engine::settle(Island& island, Individual& child, Worker& worker) {
    admit(island, child, worker);
    join(island, child);
}

void Engine::admit(Island& island, Individual& child, Worker& worker) const {
    child.loss = std::numeric_limits<double>::infinity();  // known of the elites only
    if (settings_.tick_elite_probability > 0.0) {
        const std::size_t place = tick_place(child.cost.ticks);
        if (place >= island.by_tick.size()) island.by_tick.resize(place + 1);
        Individual& best = island.by_tick[place];
        if (best.tree.empty()) island.tick_elites.push_back(std::uint32_t(place));
        if (best.tree.empty() || child.screen < best.screen) best = child;
    }
    if (!island.elites.wanted(child.screen, child.cost, true)) return;
    Individual one = child;
    if (settings_.constant_bits > 0 && free_constants_ && !rounded(one, worker)) return;
    const Tree& body = body_of(one.tree, worker.body);
    one.loss =
        same_rows_ && exact_ ? one.screen : worker.evaluator.loss64(body, data_, settings_.loss);
    if (!std::isfinite(one.loss)) return;
    if (penalty_) {
        one.penalty = penalty_(body);
        one.loss += one.penalty;
        child.penalty = one.penalty;  // where it was rounded for the archive, that of the rounded
    }
    if (island.elites.offer(std::move(one))) island.best = island.elites.best();
}

// puts its constants on the hardware's grid and scores it again; false where it is not viable then
bool Engine::rounded(Individual& one, Worker& worker) const {
    worker.tuned = body_of(one.tree, worker.body);
    if (!has_free(worker.tuned)) return true;
    const int iterations = settings_.tune_iterations;
    const FitSettings fit{iterations, 1e-4, 0, 0, 5 * iterations};
    const ConstantGrid grid{settings_.constant_bits, settings_.constant_fraction};
    const double loss = round_constants(worker.tuned, screen_, settings_.loss, {grid, fit},
                                        worker.fitter, worker.evaluator);
    return take_tuned(one, loss, worker);
}

void Engine::join(Island& island, Individual& child) {
    if (Known* known = island.cache.find(child.hash); known && known->living < 0xffff)
        ++known->living;
    count_ticks(island, child.cost.ticks);
    if (island.individuals.size() < settings_.population) {
        island.individuals.push_back(child);
        return;
    }
    Individual& oldest = island.individuals[island.oldest];
    island.oldest = island.oldest + 1 == island.individuals.size() ? 0 : island.oldest + 1;
    if (Known* known = island.cache.find(oldest.hash); known && known->living) --known->living;
    std::swap(oldest, child);
}

// the cheaper form in place of the same function among the individuals
void Engine::replace_living(Island& island, const Individual& child) const {
    for (Individual& one : island.individuals) {
        if (one.hash != child.hash) continue;
        one.tree = child.tree;
        one.cost = child.cost;
    }
}

void Engine::count_ticks(Island& island, int ticks) const {
    if (settings_.parsimony <= 0.0) return;
    const auto place = std::uint16_t(tick_place(ticks));
    if (place >= island.histogram.size()) island.histogram.resize(place + 1, 0);
    ++island.histogram[place];
    if (island.recent.size() < settings_.parsimony_window) return island.recent.push_back(place);
    std::uint16_t& oldest = island.recent[island.recent_next];
    --island.histogram[oldest];
    oldest = place;
    island.recent_next = (island.recent_next + 1) % island.recent.size();
}

// adaptive parsimony (Cranmer 2023, PySR), on ticks where that counts nodes
void Engine::weigh_ticks(Island& island) const {
    island.factors.assign(island.histogram.begin(), island.histogram.end());
    const double sum = double(std::max<std::size_t>(1, island.recent.size()));
    for (double& f : island.factors) f = std::exp(settings_.parsimony * f / sum);
}

}  // namespace symtick
