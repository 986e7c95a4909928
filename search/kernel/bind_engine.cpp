// Room: search/kernel. Python: the engine, its settings and its state.
#include <nanobind/stl/array.h>

#include <stdexcept>

#include "bind.hpp"
#include "engine.hpp"

namespace symtick {
namespace {

// an engine is for one thread at a time, and `step` works without the interpreter lock
class Turn {
public:
    explicit Turn(Engine& engine) : engine_(engine) {
        if (engine_.busy.test_and_set(std::memory_order_acquire))
            throw std::runtime_error("this engine is at work in another thread: wait for its step");
    }
    ~Turn() { engine_.busy.clear(std::memory_order_release); }
    Turn(const Turn&) = delete;

private:
    Engine& engine_;
};

void make_engine(Engine* self, In<double, 2> x, In<double, 1> y, In<double, 1> w,
                 const EngineSettings& settings, const BreedSettings& breed,
                 const CostTable& cost, const Population& guesses) {
    const std::size_t rows = x.shape(0), features = x.shape(1);
    if (y.shape(0) != rows || w.shape(0) != rows || rows == 0 || features == 0 ||
        breed.ranges.size() != features || cost.table_lut.size() != features ||
        guesses.features != features)
        throw std::invalid_argument("data, ranges, costs and guesses differ in their inputs");
    new (self) Engine(Data(x.data(), y.data(), w.data(), rows, features), settings, breed, cost,
                      guesses.trees);
}

nb::dict step(Engine& engine, std::size_t generations, int threads) {
    const Turn turn(engine);
    Stats s;
    {
        nb::gil_scoped_release release;
        s = engine.step(generations, threads);
    }
    nb::dict out;
    out["generation"] = s.generation;
    out["evaluations"] = s.evaluations;
    out["fits"] = s.fits;
    out["rejected"] = s.rejected;
    return out;
}

// (ops, args, consts, loss, ticks, lut) of each
nb::list front(Engine& engine) {
    const Turn turn(engine);
    nb::list out;
    for (const Individual& one : engine.front()) {
        Packed p = packed(one.tree);
        out.append(nb::make_tuple(give(std::move(p.ops)), give(std::move(p.args)),
                                  give(std::move(p.consts)), one.loss, one.cost.ticks,
                                  one.cost.lut));
    }
    return out;
}

double best_loss(Engine& engine) {
    const Turn turn(engine);
    return engine.best_loss();
}

nb::dict save(Engine& engine) {
    const Turn turn(engine);
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
    const Turn turn(engine);
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

}  // namespace

void bind_engine(nb::module_& m) {
    nb::class_<BreedSettings>(m, "BreedSettings")
        .def(nb::init<>())
        .def_rw("allowed", &BreedSettings::allowed)
        .def_rw("interaction", &BreedSettings::interaction)
        .def("set_ranges", &set_ranges);
    nb::class_<EngineSettings>(m, "EngineSettings")
        .def(nb::init<>())
        .def_rw("seed", &EngineSettings::seed)
        .def_rw("islands", &EngineSettings::islands)
        .def_rw("population", &EngineSettings::population)
        .def_rw("tournament", &EngineSettings::tournament)
        .def_rw("max_nodes", &EngineSettings::max_nodes)
        .def_rw("max_depth", &EngineSettings::max_depth)
        .def_rw("max_constants", &EngineSettings::max_constants)
        .def_rw("max_ticks", &EngineSettings::max_ticks)
        .def_rw("max_lut", &EngineSettings::max_lut)
        .def_rw("max_magnitude", &EngineSettings::max_magnitude)
        .def_rw("screen_rows", &EngineSettings::screen_rows)
        .def_rw("trial_terms", &EngineSettings::trial_terms)
        .def_rw("tune_iterations", &EngineSettings::tune_iterations)
        .def_rw("tune_probability", &EngineSettings::tune_probability)
        .def_rw("migration_interval", &EngineSettings::migration_interval)
        .def_rw("migrants", &EngineSettings::migrants)
        .def_rw("elite_probability", &EngineSettings::elite_probability)
        .def("set_moves", &set_moves)
        .def("set_loss", [](EngineSettings& s, int kind, double delta) {
            s.loss = {LossKind(kind), delta};
        });
    nb::class_<Engine>(m, "Engine")
        .def("__init__", &make_engine)
        .def("step", &step)
        .def("front", &front)
        .def("best_loss", &best_loss)
        .def("save", &save)
        .def("load", &load);
}

}  // namespace symtick
