// The founders of an island, at first and where it is founded anew; see engine.hpp.
#include <algorithm>

#include "evolution/engine.hpp"

namespace symtick {
namespace {

constexpr std::size_t kFounderTries = 40;      // for each founder that is no sum of terms
constexpr std::size_t kWriterTries = 100'000;  // for the first founder that is written by the masks

}  // namespace

// The first individuals: guesses, then sums of terms, or trees of tokens where those are not
// rewritten. Where the rules refuse most of these, trees are written token by token over the rules'
// masks.
void Engine::found_island(Island& island, std::size_t number, std::uint64_t quota, Worker& worker) {
    const bool sums = breed_settings_.simplify && breeder_.terms();
    const std::size_t wanted = settings_.population;
    const std::size_t most = sums ? wanted : guesses_.size() + kFounderTries * wanted;
    bool fit = false;  // was any within the rules?
    for (std::size_t k = 0; k < most && island.individuals.size() < wanted; ++k) {
        if (over(island, quota)) break;
        const bool guess = k < guesses_.size();
        if (guess)
            worker.child.tree = guesses_[(k + number) % guesses_.size()];
        else if (sums)
            first_sum(island, k == guesses_.size() ? 0 : 1 + island.rng.below(3), worker);
        else
            first_tree(island, k - guesses_.size(), worker);
        if (take_in(island, sums || guess ? 1.0 : settings_.tune_probability, worker)) fit = true;
    }
    const auto wanting = [&](std::size_t k) {
        if (2 * island.individuals.size() >= wanted || over(island, quota)) return false;
        return k < kFounderTries * wanted || (island.individuals.empty() && k < kWriterTries);
    };
    for (std::size_t k = 0; !sums && wanting(k); ++k)
        if (written_tree(island, worker) && take_in(island, settings_.tune_probability, worker))
            fit = true;
    island.founded = !island.individuals.empty();
    if (island.founded || over(island, quota)) return;
    throw std::invalid_argument(
        fit ? "no first expression has a finite loss: scale the data, or allow other operators"
            : "no first expression keeps the rules, limits and ranges: they leave (almost) "
              "nothing");
}

// a founder finds its place; false where it is not within rules and limits
bool Engine::take_in(Island& island, double tuning, Worker& worker) {
    const bool sums = breed_settings_.simplify && breeder_.terms();
    Individual& child = worker.child;
    if (!judged(island, worker)) {
        ++island.stats.rejected;
        return false;
    }
    const Known* known = island.cache.find(child.hash);
    if (known && !sums) {
        ++island.stats.cache_hits;
        child.screen = known->loss;
        if (known->living == 0 && std::isfinite(child.screen)) join(island, child);
    } else {
        score_child(island, tuning, worker);
    }
    return true;
}

// Other individuals; the old ones stay where none can be made.
void Engine::found_anew(Island& island, std::size_t number, std::uint64_t quota, Worker& worker) {
    std::vector<Individual> old = island.individuals;
    const std::size_t oldest = island.oldest;
    clear(island);
    try {
        found_island(island, number, quota, worker);
    } catch (const std::invalid_argument&) {
        // as few can be made as before
    }
    if (!island.individuals.empty()) return;
    island.individuals = std::move(old);
    island.oldest = oldest;
    island.founded = true;
    for (const Individual& one : island.individuals)
        if (Known* known = island.cache.find(one.hash); known && known->living < 0xffff)
            ++known->living;
}

// a tree whose tokens are drawn from what the rules' masks allow; false where it comes to a dead
// end
bool Engine::written_tree(Island& island, Worker& worker) const {
    Prefix& prefix = worker.prefix;
    prefix.clear();
    while (!prefix.complete()) {
        if (!prefix.mask(worker.mask)) return false;
        const auto open = std::count(worker.mask.begin(), worker.mask.end(), std::uint8_t(1));
        std::size_t left = island.rng.below(std::size_t(open)), token = 0;
        while (!worker.mask[token] || left-- > 0) ++token;
        prefix.push(int(token));
    }
    worker.child.tree = to_tree(prefix.sequence(), vocabulary());
    for (Node& n : worker.child.tree)
        if (n.op == CONST && n.feature == kFree) n.value = island.rng.normal() * 2.0;
    return true;
}

// ramped half-and-half (Koza 1992)
void Engine::first_tree(Island& island, std::size_t number, Worker& worker) const {
    const std::size_t depths = std::size_t(std::max(1, settings_.founder_depth - 1));
    worker.child.tree.clear();
    worker.breeder.grow(island.rng, 2 + int(number / 2 % depths), number % 2 == 0,
                        worker.child.tree);
}

void Engine::first_sum(Island& island, std::size_t terms, Worker& worker) const {
    Tree& tree = worker.child.tree;
    tree.clear();
    append_const(tree, 0.0);
    for (std::size_t t = 0; t < terms; ++t) {
        Tree& more = worker.half;
        if (!with_term(tree, island.rng, worker, more) ||
            !fits(more, body_of(more, worker.body), worker))
            continue;
        if (cost_of(body_of(more, worker.body), cost_).lut <= settings_.max_lut) tree = more;
    }
}

}  // namespace symtick
