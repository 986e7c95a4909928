// Python: the engine, its settings and its state.
#include <nanobind/stl/array.h>

#include <algorithm>
#include <stdexcept>

#include "evolution/engine.hpp"
#include "python/bind.hpp"

namespace symtick {
namespace {

// an engine is for one thread at a time, and `step` works without the interpreter lock
class EngineLock {
public:
    explicit EngineLock(Engine& engine) : engine_(engine) {
        if (engine_.busy.test_and_set(std::memory_order_acquire))
            throw std::runtime_error("this engine is at work in another thread: wait for its step");
    }
    ~EngineLock() { engine_.busy.clear(std::memory_order_release); }
    EngineLock(const EngineLock&) = delete;

private:
    Engine& engine_;
};

using Penalty = nb::typed<nb::callable, double(Out<std::uint8_t>, Out<std::int32_t>, Out<double>)>;

Engine::Penalty wrapped(std::optional<Penalty> penalty) {
    if (!penalty) return {};
    return [call = std::move(*penalty)](const Tree& tree) {
        const nb::gil_scoped_acquire hold;
        auto [ops, args, consts] = program_of(tree);
        const double more = nb::cast<double>(call(ops, args, consts));
        if (!(more >= 0.0)) throw nb::value_error("a penalty must be a number from 0");
        return more;
    };
}

// rows of token numbers, -1 after the end; constants: those of all rows, one after another
std::vector<Tree> trees_of(const Vocabulary& vocabulary, const In<std::int16_t, 2>& sequences,
                           const In<double, 1>& constants, const In<std::int64_t, 1>& counts) {
    const std::size_t n = sequences.shape(0), width = sequences.shape(1);
    if (counts.shape(0) != n) throw std::invalid_argument("a count of constants for each sequence");
    std::vector<Tree> out(n);
    std::size_t from = 0;
    for (std::size_t k = 0; k < n; ++k) {
        const std::int16_t* first = sequences.data() + k * width;
        const std::span<const std::int16_t> row(first, std::find(first, first + width, -1));
        if (!whole(row, vocabulary))
            throw std::invalid_argument("sequence " + std::to_string(k) +
                                        " is not one whole expression");
        const std::int64_t count = counts.data()[k];
        if (count < 0 || from + std::size_t(count) > constants.shape(0))
            throw std::invalid_argument("sequence " + std::to_string(k) + ": too few constants");
        out[k] = to_tree(row, vocabulary, {constants.data() + from, std::size_t(count)});
        from += std::size_t(count);
    }
    return out;
}

using Guesses = std::tuple<In<std::int16_t, 2>, In<double, 1>, In<std::int64_t, 1>>;

void make_engine(Engine* self, const Data& data, const EngineSettings& settings,
                 const BreedSettings& breed, const Rules& rules, const CostTable& cost,
                 const Guesses& guesses, std::optional<Penalty> penalty) {
    const std::size_t features = data.features;
    if (features == 0 || (breed.ranges.size() != features && !breed.ranges.empty()) ||
        cost.table_lut.size() != features)
        throw std::invalid_argument("data, ranges and costs differ in their inputs");
    for (const Token& t : rules.vocabulary().tokens)
        if (t.node.op == INPUT && std::size_t(t.node.feature) >= features)
            throw std::invalid_argument("the vocabulary has inputs that the data lack");
    const auto& [sequences, constants, counts] = guesses;
    new (self) Engine(data, settings, breed, rules, cost,
                      trees_of(rules.vocabulary(), sequences, constants, counts),
                      wrapped(std::move(penalty)));
}

Counts told(const Stats& s) {
    Counts out;
    out["generation"] = s.generation;
    out["evaluations"] = s.evaluations;
    out["cache_hits"] = s.cache_hits;
    out["fits"] = s.fits;
    out["rejected"] = s.rejected;
    out["passes"] = s.passes;
    return out;
}

Counts step(Engine& engine, std::size_t generations, int threads, std::uint64_t max_evaluations) {
    const EngineLock lock(engine);
    Stats s;
    {
        nb::gil_scoped_release release;
        s = engine.step(generations, threads, max_evaluations);
    }
    return told(s);
}

Counts stats(Engine& engine) {
    const EngineLock lock(engine);
    return told(engine.stats());
}

// values of the free constants, after those that are there
void append_free(const Tree& tree, std::vector<double>& out) {
    for (const Node& n : tree)
        if (n.op == CONST && n.feature != kLiteral) out.push_back(n.value);
}

// ops, args, consts, loss, ticks, lut, sequence, its free constants
using Entry = std::tuple<Out<std::uint8_t>, Out<std::int32_t>, Out<double>, double, int, double,
                         Out<std::int16_t>, Out<double>>;

std::vector<Entry> front(Engine& engine) {
    const EngineLock lock(engine);
    std::vector<Entry> out;
    for (const Individual& one : engine.front()) {
        Sequence tokens;
        if (!to_sequence(one.tree, engine.vocabulary(), tokens)) tokens.clear();
        std::vector<double> free;
        append_free(one.tree, free);
        out.push_back(std::tuple_cat(program_of(engine.phenotype(one.tree)),
                                     std::tuple(one.loss, one.cost.ticks, one.cost.lut,
                                                give(std::move(tokens)), give(std::move(free)))));
    }
    return out;
}

Out<double> offer(Engine& engine, In<std::int16_t, 2> sequences, In<double, 1> constants,
                  In<std::int64_t, 1> counts, bool replant, int threads) {
    const EngineLock lock(engine);
    const std::vector<Tree> trees = trees_of(engine.vocabulary(), sequences, constants, counts);
    std::vector<double> losses;
    {
        nb::gil_scoped_release release;
        losses = replant ? engine.replant(trees, threads) : engine.offer(trees, threads);
    }
    return give(std::move(losses));
}

// sequences, constants, how many of each, losses
std::tuple<Out<std::int16_t>, Out<double>, Out<std::int64_t>, Out<double>> individuals(
    Engine& engine, std::size_t most) {
    const EngineLock lock(engine);
    const std::vector<Individual> all = engine.individuals(most);
    std::vector<Sequence> rows(all.size());
    std::vector<double> constants, losses;
    std::vector<std::int64_t> counts;
    for (std::size_t k = 0; k < all.size(); ++k) {
        if (!to_sequence(all[k].tree, engine.vocabulary(), rows[k]))
            throw std::runtime_error("a bred expression has a node that is no token");
        const std::size_t before = constants.size();
        append_free(all[k].tree, constants);
        counts.push_back(std::int64_t(constants.size() - before));
        losses.push_back(all[k].screen);
    }
    return {padded(rows), give(std::move(constants)), give(std::move(counts)),
            give(std::move(losses))};
}

double best_loss(Engine& engine) {
    const EngineLock lock(engine);
    return engine.best_loss();
}

nb::dict save(Engine& engine) {
    const EngineLock lock(engine);
    Arrays a = engine.save();
    nb::dict out;
    out["words"] = give(std::move(a.words));
    out["numbers"] = give(std::move(a.numbers));
    out["ops"] = give(std::move(a.ops));
    out["features"] = give(std::move(a.features));
    out["values"] = give(std::move(a.values));
    return out;
}

void load(Engine& engine, In<std::uint64_t, 1> words, In<double, 1> numbers,
          In<std::uint8_t, 1> ops, In<std::int32_t, 1> features, In<double, 1> values) {
    const EngineLock lock(engine);
    engine.load({taken(words), taken(numbers), taken(ops), taken(features), taken(values)});
}

void set_ranges(BreedSettings& b, const std::vector<double>& lo, const std::vector<double>& hi) {
    if (lo.size() != hi.size()) throw std::invalid_argument("as many lower as upper ends");
    b.ranges.clear();
    for (std::size_t k = 0; k < lo.size(); ++k) b.ranges.push_back({lo[k], hi[k]});
}

void set_moves(EngineSettings& s, const std::vector<double>& weights) {
    if (weights.size() != MOVE_COUNT)
        throw std::invalid_argument("a weight for each move is needed");
    std::copy(weights.begin(), weights.end(), s.moves.begin());
}

void bind_settings(nb::module_& m) {
    nb::class_<BreedSettings>(m, "BreedSettings")
        .def(nb::init<>())
        .def_rw("interaction", &BreedSettings::interaction)
        .def_rw("simplify", &BreedSettings::simplify)
        .def_rw("inner", &BreedSettings::inner)
        .def_rw("subtree_depth", &BreedSettings::subtree_depth)
        .def("set_ranges", &set_ranges, nb::arg("lo"), nb::arg("hi"));
    nb::class_<EngineSettings>(m, "EngineSettings")
        .def(nb::init<>())
        .def_rw("seed", &EngineSettings::seed)
        .def_rw("islands", &EngineSettings::islands)
        .def_rw("population", &EngineSettings::population)
        .def_rw("tournament", &EngineSettings::tournament)
        .def_rw("tournament_best", &EngineSettings::tournament_best)
        .def_rw("lut_tournament", &EngineSettings::lut_tournament)
        .def_rw("max_lut", &EngineSettings::max_lut)
        .def_rw("max_magnitude", &EngineSettings::max_magnitude)
        .def_rw("screen_rows", &EngineSettings::screen_rows)
        .def_rw("screen_interval", &EngineSettings::screen_interval)
        .def_rw("trial_terms", &EngineSettings::trial_terms)
        .def_rw("library", &EngineSettings::library)
        .def_rw("tune_iterations", &EngineSettings::tune_iterations)
        .def_rw("tune_probability", &EngineSettings::tune_probability)
        .def_rw("tune_repeats", &EngineSettings::tune_repeats)
        .def_rw("migration_interval", &EngineSettings::migration_interval)
        .def_rw("migrants", &EngineSettings::migrants)
        .def_rw("elite_probability", &EngineSettings::elite_probability)
        .def_rw("tick_elite_probability", &EngineSettings::tick_elite_probability)
        .def_rw("parsimony", &EngineSettings::parsimony)
        .def_rw("parsimony_window", &EngineSettings::parsimony_window)
        .def_rw("cache_size", &EngineSettings::cache_size)
        .def_rw("copies", &EngineSettings::copies)
        .def_rw("patience", &EngineSettings::patience)
        .def_rw("founder_depth", &EngineSettings::founder_depth)
        .def_rw("target_loss", &EngineSettings::target_loss)
        .def("set_moves", &set_moves, nb::arg("weights"))
        .def_rw("constant_bits", &EngineSettings::constant_bits)
        .def_rw("constant_fraction", &EngineSettings::constant_fraction)
        .def_rw("loss", &EngineSettings::loss);
}

}  // namespace

void bind_engine(nb::module_& m) {
    m.attr("NO_LIMIT") = kNoLimitOfEvaluations;
    bind_settings(m);
    nb::class_<Engine>(m, "Engine")
        .def("__init__", &make_engine, nb::arg("data"), nb::arg("settings"), nb::arg("breed"),
             nb::arg("rules"), nb::arg("cost"), nb::arg("guesses"), nb::arg("penalty").none(),
             nb::keep_alive<1, 2>())
        .def("step", &step, nb::arg("generations"), nb::arg("threads"), nb::arg("max_evaluations"))
        .def("stats", &stats)
        .def("front", &front)
        .def("offer", &offer, nb::arg("sequences"), nb::arg("constants"), nb::arg("counts"),
             nb::arg("replant"), nb::arg("threads"))
        .def("individuals", &individuals, nb::arg("most"))
        .def("best_loss", &best_loss)
        .def("save", &save,
             nb::sig("def save(self) -> dict[str, numpy.typing.NDArray[numpy.generic]]"))
        .def("load", &load, nb::arg("words"), nb::arg("numbers"), nb::arg("ops"),
             nb::arg("features"), nb::arg("values"));
}

}  // namespace symtick
