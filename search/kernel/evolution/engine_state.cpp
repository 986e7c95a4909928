// Saving and loading of an engine, and the digest of its settings; see engine.hpp.
#include <algorithm>
#include <bit>

#include "evolution/engine.hpp"

namespace symtick {
namespace {

constexpr std::uint64_t kVersion = 5;

class Digest {
public:
    std::uint64_t value = 0xcbf29ce484222325ULL;
    void word(std::uint64_t w) {
        value ^= w;
        value *= 0x100000001b3ULL;
        value ^= value >> 29;
    }
    void number(double d) { word(std::bit_cast<std::uint64_t>(d)); }
    template <class T>
    void words(const std::vector<T>& all) {
        word(all.size());
        for (T w : all) word(std::uint64_t(w));
    }
    template <class T>
    void numbers(const T& all) {
        word(all.size());
        for (double v : all) number(v);
    }
    void tree(const Tree& t) {
        word(t.size());
        for (const Node& n : t) word(n.op), word(std::uint64_t(n.feature)), number(n.value);
    }
};

void add(Digest& d, const Data& data) {
    d.word(data.rows);
    d.word(data.features);
    for (std::size_t f = 0; f < data.features; ++f)
        for (std::size_t r = 0; r < data.rows; ++r) d.number(data.x64[f * data.stride + r]);
    for (std::size_t r = 0; r < data.rows; ++r) d.number(data.y64[r]), d.number(data.w64[r]);
}

void add(Digest& d, const EngineSettings& s) {
    for (std::uint64_t w : {s.seed,
                            std::uint64_t(s.islands),
                            std::uint64_t(s.population),
                            std::uint64_t(s.tournament),
                            std::uint64_t(s.screen_rows),
                            std::uint64_t(s.screen_interval),
                            s.library,
                            std::uint64_t(s.trial_terms),
                            std::uint64_t(s.tune_repeats),
                            std::uint64_t(s.migration_interval),
                            std::uint64_t(s.migrants),
                            std::uint64_t(s.parsimony_window),
                            std::uint64_t(s.cache_size),
                            std::uint64_t(s.copies),
                            std::uint64_t(s.founder_depth),
                            std::uint64_t(s.patience),
                            std::uint64_t(s.tune_iterations),
                            std::uint64_t(s.loss.kind),
                            std::uint64_t(s.constant_bits),
                            std::uint64_t(s.constant_fraction)})
        d.word(w);
    for (double v :
         {s.tournament_best, s.lut_tournament, s.max_lut, s.max_magnitude, s.tune_probability,
          s.elite_probability, s.tick_elite_probability, s.parsimony, s.target_loss, s.loss.delta})
        d.number(v);
    d.numbers(s.moves);
}

void add(Digest& d, const BreedSettings& s) {
    for (const Range& r : s.ranges) d.number(r.lo), d.number(r.hi);
    for (double v : {s.interaction, s.inner}) d.number(v);
    d.word(std::uint64_t(s.subtree_depth));
    d.word(s.simplify);
}

void add(Digest& d, const CostTable& c) {
    d.number(c.period);
    d.word(std::uint64_t(c.factor_bits));
    d.word(c.chain);
    d.word(c.fuse);
    d.numbers(c.op_delay);
    d.numbers(c.op_lut);
    d.numbers(c.table_delay);
    d.numbers(c.table_lut);
}

void add(Digest& d, const Rules& rules) {
    for (const Token& t : rules.vocabulary().tokens) d.tree({t.node}), d.number(t.complexity);
    for (const auto& bodies : rules.vocabulary().bodies)
        for (const Tree& body : bodies) d.tree(body);
    const RuleSettings& s = rules.settings();
    for (std::size_t w : {s.min_nodes, s.max_nodes, s.max_depth, s.max_constants, s.max_expanded,
                          std::size_t(s.constant_arguments), std::size_t(s.needs_input), s.units,
                          std::size_t(s.max_ticks)})
        d.word(w);
    d.number(s.max_complexity);
    d.numbers(s.max_argument);
    d.words(s.min_count);
    d.words(s.max_count);
    d.words(s.nested);
    d.words(s.barred);
    d.numbers(s.token_units);
    d.numbers(s.target_units);
}

void write(StateWriter& w, const Known& known) {
    w.word(known.key);
    w.number(known.loss);
    w.number(known.lut);
    w.word(std::uint64_t(std::uint32_t(known.ticks)) << 32 | std::uint64_t(known.nodes) << 16 |
           known.living);
}

Known known(StateReader& r) {
    Known out;
    out.key = r.word();
    out.loss = r.number();
    out.lut = float(r.number());
    const std::uint64_t rest = r.word();
    out.ticks = std::int32_t(std::uint32_t(rest >> 32));
    out.nodes = std::uint16_t(rest >> 16);
    out.living = std::uint16_t(rest);
    return out;
}

// a table most of which is empty: places and what is there
void write(StateWriter& w, const Cache& cache) {
    std::size_t count = 0;
    for (std::size_t k = 0; k < cache.size(); ++k) count += cache.at(k).key != 0;
    w.word(count);
    for (std::size_t k = 0; k < cache.size(); ++k)
        if (cache.at(k).key) w.word(k), write(w, cache.at(k));
}

void read(StateReader& r, Cache& cache) {
    for (std::size_t n = r.count(); n > 0; --n) {
        const std::uint64_t place = r.word();
        if (place >= cache.size())
            throw std::invalid_argument(
                "the saved state knows more functions than its table holds");
        cache.at(place) = known(r);
    }
}

void write(StateWriter& w, const std::vector<std::uint64_t>& starts) {
    std::size_t count = 0;
    for (std::uint64_t s : starts) count += s != 0;
    w.word(count);
    for (std::size_t k = 0; k < starts.size(); ++k)
        if (starts[k]) w.word(k), w.word(starts[k]);
}

void read(StateReader& r, std::vector<std::uint64_t>& starts) {
    for (std::size_t n = r.count(); n > 0; --n) {
        const std::uint64_t place = r.word();
        if (place >= starts.size())
            throw std::invalid_argument("the saved state holds more fits than its table");
        starts[place] = r.word();
    }
}

}  // namespace

// of everything that the run's course depends on, apart from the state
std::uint64_t Engine::digest() const {
    Digest d;
    add(d, data_);
    add(d, settings_);
    add(d, breed_settings_);
    add(d, rules_);
    add(d, cost_);
    d.word(guesses_.size());
    for (const Tree& guess : guesses_) d.tree(guess);
    d.word(bool(penalty_));
    return d.value;
}

void Engine::write(StateWriter& w, const Island& island) const {
    for (std::uint64_t s : island.rng.state) w.word(s);
    const Stats& s = island.stats;
    for (std::uint64_t v : {s.evaluations, s.cache_hits, s.fits, s.rejected, s.passes,
                            std::uint64_t(island.founded), std::uint64_t(island.oldest),
                            std::uint64_t(island.recent_next), std::uint64_t(island.waited)})
        w.word(v);
    w.number(island.lead);
    w.word(island.individuals.size());
    for (const Individual& one : island.individuals) w.individual(one);
    w.word(island.elites.size());
    for (const Individual& one : island.elites.all()) w.individual(one);
    w.word(island.tick_elites.size());
    for (std::uint32_t tick : island.tick_elites) w.word(tick), w.individual(island.by_tick[tick]);
    w.word(island.recent.size());
    for (std::uint16_t tick : island.recent) w.word(tick);
    symtick::write(w, island.cache);
    symtick::write(w, island.starts);
}

Arrays Engine::save() const {
    StateWriter w;
    w.word(kVersion);
    w.word(digest());
    w.word(generation_);
    w.word(screen_number_);
    w.word(library_limit_);
    for (const Island& island : islands_) write(w, island);
    return std::move(w.out);
}

Engine::Island Engine::read_island(StateReader& r) const {
    Island island;
    for (auto& s : island.rng.state) s = r.word();
    Stats& s = island.stats;
    for (auto* v : {&s.evaluations, &s.cache_hits, &s.fits, &s.rejected, &s.passes}) *v = r.word();
    island.founded = r.word() != 0;
    island.oldest = std::size_t(r.word());
    island.recent_next = std::size_t(r.word());
    island.waited = std::size_t(r.word());
    island.lead = r.number();
    island.individuals.reserve(settings_.population);
    for (std::size_t n = r.count(); n > 0; --n) island.individuals.push_back(r.individual());
    island.elites = Archive(floor_);
    for (std::size_t n = r.count(); n > 0; --n)
        if (!island.elites.restore(r.individual()))
            throw std::invalid_argument("the saved archive has two expressions in one place");
    island.best = island.elites.best();
    for (std::size_t n = r.count(); n > 0; --n) {
        const std::uint64_t tick = r.word();
        if (tick > kMostTicks) throw std::invalid_argument("the saved state has too many ticks");
        island.tick_elites.push_back(std::uint32_t(tick));
        if (tick >= island.by_tick.size()) island.by_tick.resize(tick + 1);
        island.by_tick[tick] = r.individual();
    }
    for (std::size_t n = r.count(); n > 0; --n) {
        const std::uint64_t tick = r.word();
        if (tick > kMostTicks) throw std::invalid_argument("the saved state has too many ticks");
        island.recent.push_back(std::uint16_t(tick));
        if (tick >= island.histogram.size()) island.histogram.resize(tick + 1, 0);
        ++island.histogram[tick];
    }
    island.cache = Cache(settings_.cache_size);
    read(r, island.cache);
    island.starts.assign(islands_[0].starts.size(), 0);
    read(r, island.starts);
    check(island);
    return island;
}

void Engine::check(const Island& island) const {
    if (island.founded && island.individuals.empty())
        throw std::invalid_argument("the saved state has an island without individuals");
    if (island.individuals.size() > settings_.population || island.oldest >= settings_.population)
        throw std::invalid_argument("the saved state has too many individuals on an island");
    if (island.recent.size() > settings_.parsimony_window ||
        (island.recent_next && island.recent_next >= island.recent.size()))
        throw std::invalid_argument("the saved state counts too many offspring");
    const auto none = [](const Individual& one) { return one.tree.empty(); };
    if (std::any_of(island.individuals.begin(), island.individuals.end(), none) ||
        std::any_of(island.elites.all().begin(), island.elites.all().end(), none))
        throw std::invalid_argument("the saved state holds an empty expression");
}

void Engine::load(const Arrays& state) {
    StateReader r(state, rules_);
    if (const auto version = r.word(); version != kVersion)
        throw std::invalid_argument("the saved state has version " + std::to_string(version) +
                                    ", this symtick reads version " + std::to_string(kVersion));
    if (r.word() != digest())
        throw std::invalid_argument(
            "the saved state belongs to other data, ranges, costs or settings than these");
    const std::uint64_t generation = r.word(), screen_number = r.word();
    const std::uint64_t library_limit = r.word();
    std::vector<Island> islands;
    for (std::size_t k = 0; k < islands_.size(); ++k) islands.push_back(read_island(r));
    r.finish();
    islands_ = std::move(islands);
    generation_ = generation;
    if (screen_number != screen_number_) draw_screen(screen_number);
    library_.reset();
    matcher_.reset();
    library_limit_ = library_limit;
    if (library_limit_) collect(kNoLimitOfEvaluations);
}

}  // namespace symtick
