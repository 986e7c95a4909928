// Parents, moves, and the making of one child; see engine.hpp.
#include <algorithm>
#include <cmath>

#include "evolution/engine.hpp"

namespace symtick {
namespace {

// children that are refused or known before none is made; most of those that are bred break units,
// which costs a glance each
constexpr int kTries = 4, kTriesInUnits = 32;

// node by node
bool identical(const Tree& a, const Tree& b) {
    const auto same = [](const Node& m, const Node& n) {
        return m.op == n.op && m.feature == n.feature && m.value == n.value;
    };
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

}  // namespace

int Engine::tries() const { return rules_.settings().units > 0 ? kTriesInUnits : kTries; }

std::uint64_t Engine::most_of_generation() const {
    // a try is looked up by MATCH and scored
    return 2 * std::uint64_t(tries()) * std::max<std::size_t>(1, settings_.population);
}

void Engine::breed_one(Island& island, std::uint64_t quota, Worker& worker) {
    if (island.individuals.empty()) return;
    island.cache.prefetch(island.individuals[island.oldest].hash);  // it is looked up when it goes
    const Individual& parent = choose_parent(island, worker);
    for (int attempt = tries(); attempt-- > 0;) {
        const MoveKind move = choose(island.rng);
        if (move == MATCH) {  // what is looked up is an evaluation, and the child will be another
            if (island.stats.evaluations + 1 >= quota) return;
            ++island.stats.evaluations;
        }
        if (!bred(island, parent, move, worker)) continue;
        if (move != TUNE && identical(worker.child.tree, parent.tree)) continue;
        if (evaluate_child(island, parent, move, worker)) return;
    }
}

const Individual& Engine::choose_parent(Island& island, Worker& worker) const {
    Rng& rng = island.rng;
    if (island.elites.size() && rng.chance(settings_.elite_probability))
        return island.elites.pick(rng.below(island.elites.size()));
    if (!island.tick_elites.empty() && rng.chance(settings_.tick_elite_probability))
        return island.by_tick[island.tick_elites[rng.below(island.tick_elites.size())]];
    return tournament(island, worker);
}

// the best of a few, at times under a LUT limit drawn anew, so that small ones breed too
const Individual& Engine::tournament(Island& island, Worker& worker) const {
    const auto& individuals = island.individuals;
    Rng& rng = island.rng;
    const bool weighed = settings_.parsimony > 0.0 && !island.factors.empty();
    const auto fitness = [&](const Individual& one) {
        const double loss = one.screen + one.penalty;
        if (!weighed) return loss;
        const std::size_t last = island.factors.size() - 1;
        return loss * island.factors[std::min(std::size_t(std::max(0, one.cost.ticks)), last)];
    };
    const std::size_t first = rng.below(individuals.size());
    const bool capped = settings_.lut_tournament > 0.0 && rng.chance(settings_.lut_tournament);
    const double cap = individuals[first].cost.lut;
    auto& ranks = worker.ranks;
    ranks.assign(1, {fitness(individuals[first]), first});
    for (std::size_t k = 1; k < settings_.tournament; ++k) {
        const std::size_t other = rng.below(individuals.size());
        if (!capped || individuals[other].cost.lut <= cap)
            ranks.push_back({fitness(individuals[other]), other});
    }
    if (settings_.tournament_best >= 1.0)
        return individuals
            [std::min_element(ranks.begin(), ranks.end(), [](const auto& a, const auto& b) {
                 return a.first < b.first;
             })->second];
    std::sort(ranks.begin(), ranks.end());
    std::size_t place = 0;
    while (place + 1 < ranks.size() && !rng.chance(settings_.tournament_best)) ++place;
    return individuals[ranks[place].second];
}

MoveKind Engine::choose(Rng& rng) const {
    const double u = rng.uniform() * moves_.back();
    for (int m = 0; m < MOVE_COUNT; ++m)
        if (u < moves_[std::size_t(m)]) return MoveKind(m);
    return CROSSOVER;
}

bool Engine::bred(Island& island, const Individual& parent, MoveKind move, Worker& worker) const {
    Tree& child = worker.child.tree;
    if (!breed_settings_.simplify) return move_made(island, parent, move, worker);
    if (!move_made(island, parent, move, worker)) return false;
    const bool simple = move == ADD_TERM || move == SWAP_TERM || move == JITTER;
    if (!simple) child = simplified(child);
    return true;
}

bool Engine::move_made(Island& island, const Individual& parent, MoveKind move,
                       Worker& worker) const {
    Rng& rng = island.rng;
    const Tree& tree = parent.tree;
    Breeder& breeder = worker.breeder;
    Tree& child = worker.child.tree;
    switch (move) {
        case CROSSOVER:
            return breeder.crossover(tree, choose_parent(island, worker).tree, rng, child);
        case ONE_POINT:
            return breeder.one_point(tree, choose_parent(island, worker).tree, rng, child);
        case EXCHANGE:
            return breeder.exchange_terms(tree, choose_parent(island, worker).tree, rng, child);
        case ADD_TERM:
            if (!full(tree)) return with_term(tree, rng, worker, child);
            [[fallthrough]];
        case SWAP_TERM:
            return breeder.drop_term(tree, rng, worker.half) &&
                   with_term(worker.half, rng, worker, child);
        case DROP_TERM: return breeder.drop_term(tree, rng, child);
        case JITTER: return breeder.jitter(tree, rng, child);
        case POINT: return breeder.point(tree, rng, child);
        case OPERATOR: return breeder.other_operator(tree, rng, child);
        case FEATURE: return breeder.feature(tree, rng, child);
        case REPLACE: return breeder.replace(tree, rng, child);
        case INSERT: return breeder.insert(tree, rng, child);
        case HOIST: return breeder.hoist(tree, rng, child);
        case ROTATE: return breeder.rotate(tree, rng, child);
        case MATCH: return matcher_ && matcher_->matched(tree, rng, worker.matching, child);
        default: child = tree; return free_constants_;
    }
}

// whether the limits allow no further term c * u(a * x + b)
bool Engine::full(const Tree& tree) const {
    return tree.size() + 9 > rules_.settings().max_nodes ||
           constants_of(tree) + 3 > rules_.settings().max_constants;
}

// tree + c * term + d, the term that explains most of the residual among several random ones
bool Engine::with_term(const Tree& tree, Rng& rng, Worker& worker, Tree& out) const {
    if (!breeder_.terms()) return false;
    const std::size_t n = screen_.rows;
    const double *y = screen_.y64.get(), *w = screen_.w64.get();
    worker.residual.resize(n);
    worker.trial.resize(n);
    worker.evaluator.values(body_of(tree, worker.body), screen_, worker.residual.data());
    double mean = 0;
    for (std::size_t k = 0; k < n; ++k) {
        worker.residual[k] = y[k] - worker.residual[k];
        mean += w[k] * worker.residual[k];
    }
    mean /= screen_.weight_sum;
    Tree best;
    double most = -1.0, factor = 0.0, offset = mean;
    for (std::size_t trial = 0; trial < settings_.trial_terms; ++trial) {
        const Tree term = worker.breeder.term(rng);
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
        if (!(variance > 1e-12 * (1.0 + v1 * v1)) || !(gain > most) || !std::isfinite(gain))
            continue;
        most = gain;
        best = term;
        factor = covariance / variance;
        offset = mean - factor * v1;
    }
    out = tree;
    if (best.empty() || !std::isfinite(offset)) return true;
    append(out, best);
    append_const(out, factor);
    append_op(out, MUL);
    append_op(out, ADD);
    append_const(out, offset);
    append_op(out, ADD);
    if (breed_settings_.simplify) out = simplified(out);
    return true;
}

}  // namespace symtick
