// Room: search/kernel. Saving and loading an engine; see engine.hpp.
#include <bit>

#include "engine.hpp"

namespace symtick {
namespace {

constexpr std::uint64_t kVersion = 1;

class Digest {
public:
    std::uint64_t value = 0xcbf29ce484222325ULL;
    void word(std::uint64_t w) {
        value ^= w;
        value *= 0x100000001b3ULL;
        value ^= value >> 29;
    }
    void number(double d) { word(std::bit_cast<std::uint64_t>(d)); }
};

}  // namespace

// of everything that the run's course depends on, apart from the state
std::uint64_t Engine::fingerprint() const {
    Digest d;
    for (std::size_t f = 0; f < data_.features; ++f)
        for (std::size_t r = 0; r < data_.rows; ++r) d.number(data_.x64[f * data_.stride + r]);
    for (std::size_t r = 0; r < data_.rows; ++r) d.number(data_.y64[r]), d.number(data_.w64[r]);
    const EngineSettings& s = settings_;
    for (std::size_t w : {std::size_t(s.seed), s.islands, s.population, s.tournament, s.max_nodes,
                          s.max_depth, s.max_constants, s.screen_rows, s.trial_terms,
                          s.migration_interval, s.migrants, std::size_t(s.max_ticks),
                          std::size_t(s.tune_iterations), std::size_t(s.loss.kind)})
        d.word(w);
    for (double v : {s.max_lut, s.max_magnitude, s.tune_probability, s.elite_probability,
                     s.loss.delta, breed_settings_.interaction, cost_.period,
                     cost_.const_mul_delay, cost_.const_mul_lut})
        d.number(v);
    for (double v : s.moves) d.number(v);
    for (const Range& r : breed_settings_.ranges) d.number(r.lo), d.number(r.hi);
    for (bool b : breed_settings_.allowed) d.word(b);
    d.word(cost_.chain);
    d.word(cost_.fuse);
    for (double v : cost_.op_delay) d.number(v);
    for (double v : cost_.op_lut) d.number(v);
    for (double v : cost_.table_delay) d.number(v);
    for (double v : cost_.table_lut) d.number(v);
    return d.value;
}

Arrays Engine::save() const {
    Writer w;
    w.word(kVersion);
    w.word(fingerprint());
    w.word(generation_);
    for (const Island& island : islands_) {
        for (std::uint64_t s : island.rng.state) w.word(s);
        for (std::uint64_t v : {island.births, island.stats.evaluations, island.stats.fits,
                                island.stats.rejected})
            w.word(v);
        w.word(island.people.size());
        for (const Individual& one : island.people) w.individual(one);
        w.word(island.elites.size());
        for (const Individual* one : island.elites.all()) w.individual(*one);
        for (std::uint64_t s : island.seen) w.word(s);
    }
    return std::move(w.out);
}

void Engine::load(const Arrays& state) {
    Reader r(state, data_.features);
    if (const auto version = r.word(); version != kVersion)
        throw std::invalid_argument("the saved state has version " + std::to_string(version) +
                                    ", this symtick reads version " + std::to_string(kVersion));
    if (r.word() != fingerprint())
        throw std::invalid_argument(
            "the saved state belongs to other data, ranges, costs or settings than these");
    const std::uint64_t generation = r.word();
    std::vector<Island> islands(islands_.size());
    for (Island& island : islands) {
        island.elites = Archive(islands_[0].elites.floor());
        for (auto& s : island.rng.state) s = r.word();
        for (auto* v : {&island.births, &island.stats.evaluations, &island.stats.fits,
                        &island.stats.rejected})
            *v = r.word();
        for (std::size_t n = r.count(); n > 0; --n) island.people.push_back(r.individual());
        for (std::size_t n = r.count(); n > 0; --n)
            if (!island.elites.restore(r.individual()))
                throw std::invalid_argument("the saved archive has two expressions in one place");
        for (std::size_t n = islands_[0].seen.size(); n > 0; --n) island.seen.push_back(r.word());
        if (generation > 0 && island.people.empty())
            throw std::invalid_argument("the saved state has an island without people");
        if (island.people.size() > settings_.population)
            throw std::invalid_argument("the saved state has too many people on an island");
    }
    r.finish();
    islands_ = std::move(islands);
    generation_ = generation;
}

}  // namespace symtick
