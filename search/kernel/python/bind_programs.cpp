// Python: populations, data, evaluation, derivatives, intervals, cost.
#include "core/interval.hpp"
#include "core/parallel.hpp"
#include "cost/cost.hpp"
#include "eval/fit.hpp"
#include "eval/round.hpp"
#include "python/bind.hpp"
#include "simd/dispatch.hpp"

namespace symtick {

const Tree& Population::only() const {
    if (trees.size() != 1)
        throw std::invalid_argument("one program is wanted, not " + std::to_string(trees.size()));
    return trees[0];
}

namespace {

Population* unpack(In<std::uint8_t, 1> ops, In<std::int32_t, 1> args, In<double, 1> consts,
                   In<std::int64_t, 1> lengths, In<std::int64_t, 1> const_lengths,
                   std::size_t features) {
    if (args.shape(0) != ops.shape(0) || lengths.shape(0) != const_lengths.shape(0))
        throw std::invalid_argument("ops and args, lengths and const_lengths must match in length");
    auto made = std::make_unique<Population>();
    made->features = features;
    std::size_t node = 0, first = 0;
    for (std::size_t p = 0; p < lengths.shape(0); ++p) {
        const std::int64_t n = lengths.data()[p], m = const_lengths.data()[p];
        if (n < 1 || m < 0 || node + std::size_t(n) > ops.shape(0) ||
            first + std::size_t(m) > consts.shape(0))
            throw std::invalid_argument("program " + std::to_string(p) + ": bad length");
        Tree tree;
        tree.reserve(std::size_t(n));
        for (std::int64_t k = 0; k < n; ++k, ++node) {
            Node here{ops.data()[node], 0, 0.0};
            const std::int32_t arg = args.data()[node];
            if (here.op == INPUT) here.feature = arg;
            if (here.op == CONST) {
                if (arg < 0 || arg >= m)
                    throw std::invalid_argument("program " + std::to_string(p) + ": constant " +
                                                std::to_string(arg) + " does not exist");
                here.value = consts.data()[first + std::size_t(arg)];
            }
            tree.push_back(here);
        }
        check(tree, features, p);
        first += std::size_t(m);
        made->trees.push_back(std::move(tree));
    }
    return made.release();
}

// a copy with these kinds of its constants (see ops.hpp), in order of appearance
Population* marked(const Population& from, In<std::int32_t, 1> kinds) {
    auto made = std::make_unique<Population>(from);
    std::size_t k = 0;
    for (Tree& tree : made->trees)
        for (Node& n : tree) {
            if (n.op != CONST) continue;
            if (k == kinds.shape(0) || kinds.data()[k] < kLiteral)
                throw std::invalid_argument("a kind from -1 for each constant is needed");
            n.feature = kinds.data()[k++];
        }
    if (k != kinds.shape(0))
        throw std::invalid_argument("there are " + std::to_string(kinds.shape(0)) + " kinds for " +
                                    std::to_string(k) + " constants");
    return made.release();
}

void same_features(const Population& p, std::size_t features) {
    if (p.features != features)
        throw std::invalid_argument("the programs have " + std::to_string(p.features) +
                                    " inputs, the data " + std::to_string(features));
}

template <class T>
void evaluate(const Population& pop, const Data& data,
              nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu> out, int threads) {
    same_features(pop, data.features);
    if (out.shape(0) != pop.trees.size() || out.shape(1) != data.rows)
        throw std::invalid_argument("out must have shape (programs, rows)");
    T* to = out.data();
    nb::gil_scoped_release release;
    std::vector<Evaluator> workers(thread_count(pop.trees.size(), threads));
    parallel_for(pop.trees.size(), threads, [&](std::size_t k, std::size_t me) {
        workers[me].values(pop.trees[k], data, to + k * data.rows);
    });
}

Out<double> evaluate_scalar(const Population& pop, const Data& data) {
    same_features(pop, data.features);
    std::vector<double> out(pop.trees.size() * data.rows), row(data.features), stack;
    for (std::size_t r = 0; r < data.rows; ++r) {
        for (std::size_t f = 0; f < data.features; ++f) row[f] = data.x64[f * data.stride + r];
        for (std::size_t k = 0; k < pop.trees.size(); ++k)
            out[k * data.rows + r] = value_scalar(pop.trees[k], row.data(), stack);
    }
    return give(std::move(out), {pop.trees.size(), data.rows});
}

Out<double> losses(const Population& pop, const Data& data, const LossSpec& spec, bool single,
                   int threads) {
    same_features(pop, data.features);
    std::vector<double> out(pop.trees.size());
    {
        nb::gil_scoped_release release;
        std::vector<Evaluator> workers(thread_count(pop.trees.size(), threads));
        parallel_for(pop.trees.size(), threads, [&](std::size_t k, std::size_t me) {
            out[k] = single ? workers[me].loss32(pop.trees[k], data, spec)
                            : workers[me].loss64(pop.trees[k], data, spec);
        });
    }
    return give(std::move(out));
}

// loss, scale and offset of each, shape (programs, 3)
Out<double> scalings(const Population& pop, const Data& data, int threads) {
    same_features(pop, data.features);
    std::vector<double> out(3 * pop.trees.size());
    {
        nb::gil_scoped_release release;
        std::vector<Evaluator> workers(thread_count(pop.trees.size(), threads));
        parallel_for(pop.trees.size(), threads, [&](std::size_t k, std::size_t me) {
            const Scaling s = workers[me].scaling(pop.trees[k], data);
            out[3 * k] = s.loss, out[3 * k + 1] = s.scale, out[3 * k + 2] = s.offset;
        });
    }
    return give(std::move(out), {pop.trees.size(), 3});
}

std::tuple<Out<double>, Out<double>> jacobian(const Population& pop, const Data& data) {
    same_features(pop, data.features);
    const Tree& tree = pop.only();
    const std::size_t m = parameters_of(tree);
    std::vector<double> values(data.rows), jac(m * data.rows);
    {
        nb::gil_scoped_release release;
        Fitter().jacobian(tree, data, values.data(), jac.data());
    }
    return {give(std::move(values)), give(std::move(jac), {m, data.rows})};
}

std::tuple<Out<double>, Out<double>> vjp(const Population& pop, const Data& data,
                                         In<double, 1> seed) {
    same_features(pop, data.features);
    const Tree& tree = pop.only();
    if (seed.shape(0) != data.rows)
        throw std::invalid_argument("the seed needs one number for each row");
    std::vector<double> values(data.rows), grad(parameters_of(tree));
    {
        nb::gil_scoped_release release;
        Fitter().vjp(tree, data, seed.data(), values.data(), grad.data());
    }
    return {give(std::move(values)), give(std::move(grad))};
}

std::vector<double> constant_values(const std::vector<Tree>& trees) {
    std::vector<double> out;
    for (const Tree& t : trees)
        for (const Node& n : t)
            if (n.op == CONST) out.push_back(n.value);
    return out;
}

// losses, constants in order of appearance, iterations
std::tuple<Out<double>, Out<double>, Out<std::int64_t>> fit(const Population& pop, const Data& data,
                                                            const LossSpec& spec,
                                                            const FitSettings& settings,
                                                            int threads) {
    same_features(pop, data.features);
    std::vector<Tree> trees = pop.trees;
    std::vector<double> loss(trees.size());
    std::vector<std::int64_t> used(trees.size());
    {
        nb::gil_scoped_release release;
        std::vector<Fitter> workers(thread_count(trees.size(), threads));
        parallel_for(trees.size(), threads, [&](std::size_t k, std::size_t me) {
            const FitResult r = workers[me].fit(trees[k], data, spec, settings);
            loss[k] = r.loss;
            used[k] = r.iterations;
        });
    }
    return {give(std::move(loss)), give(constant_values(trees)), give(std::move(used))};
}

// losses, constants in order of appearance
std::tuple<Out<double>, Out<double>> rounded(const Population& pop, const Data& data,
                                             const LossSpec& spec, const FitSettings& refit,
                                             int bits, bool fraction, int threads) {
    same_features(pop, data.features);
    const RoundSettings settings{{bits, fraction}, refit};
    std::vector<Tree> trees = pop.trees;
    std::vector<double> loss(trees.size());
    {
        nb::gil_scoped_release release;
        const std::size_t count = thread_count(trees.size(), threads);
        std::vector<Fitter> fitters(count);
        std::vector<Evaluator> evaluators(count);
        parallel_for(trees.size(), threads, [&](std::size_t k, std::size_t me) {
            loss[k] = round_constants(trees[k], data, spec, settings, fitters[me], evaluators[me]);
        });
    }
    return {give(std::move(loss)), give(constant_values(trees))};
}

std::tuple<Out<std::int64_t>, Out<double>, Out<double>> ranges(const Population& pop,
                                                               In<double, 1> lo, In<double, 1> hi) {
    same_features(pop, lo.shape(0));
    same_features(pop, hi.shape(0));
    std::vector<Range> inputs, nodes;
    for (std::size_t f = 0; f < pop.features; ++f) inputs.push_back({lo.data()[f], hi.data()[f]});
    std::vector<std::int64_t> failed;
    std::vector<double> low, high;
    for (const Tree& t : pop.trees) {
        const std::size_t at = intervals(t, inputs, nodes);
        failed.push_back(at == t.size() ? -1 : std::int64_t(at));
        nodes.resize(t.size(), Range{kNaN, kNaN});
        for (const Range& r : nodes) low.push_back(r.lo), high.push_back(r.hi);
    }
    return {give(std::move(failed)), give(std::move(low)), give(std::move(high))};
}

std::tuple<Out<std::int64_t>, Out<double>> costs(const Population& pop, const CostTable& table) {
    same_features(pop, table.table_lut.size());
    std::vector<std::int64_t> ticks(pop.trees.size());
    std::vector<double> lut(pop.trees.size());
    const Costing costing(table);
    for (std::size_t k = 0; k < pop.trees.size(); ++k) {
        const Cost c = cost_of(pop.trees[k], costing);
        ticks[k] = c.ticks;
        lut[k] = c.lut;
    }
    return {give(std::move(ticks)), give(std::move(lut))};
}

Data* make_data(In<double, 2> x, In<double, 1> y, In<double, 1> w) {
    if (x.shape(0) != y.shape(0) || x.shape(0) != w.shape(0) || x.shape(0) == 0)
        throw std::invalid_argument("x, y and w must have the same number of rows, at least 1");
    return new Data(x.data(), y.data(), w.data(), x.shape(0), x.shape(1));
}

void set_table(CostTable& t, std::vector<double> op_delay, std::vector<double> op_lut,
               std::vector<double> table_delay, std::vector<double> table_lut) {
    if (op_delay.size() != OP_COUNT || op_lut.size() != OP_COUNT ||
        table_delay.size() != table_lut.size())
        throw std::invalid_argument("a cost table needs one entry for each operator and input");
    std::copy(op_delay.begin(), op_delay.end(), t.op_delay.begin());
    std::copy(op_lut.begin(), op_lut.end(), t.op_lut.begin());
    t.table_delay = std::move(table_delay);
    t.table_lut = std::move(table_lut);
}

}  // namespace

void bind_programs(nb::module_& m) {
    m.def("opcodes", [] {
        Counts out;
        for (std::size_t k = 0; k < OP_COUNT; ++k)
            if (built_in(k)) out[kOpNames[k]] = k;
        return out;
    });
    m.def("isa", [] { return std::string(simd_loops().name); });
    m.def("isa_levels", &isa_levels);
    m.def("choose_isa", &choose_isa, nb::arg("name"));
    nb::class_<Population>(m, "Population")
        .def(nb::new_(&unpack), nb::arg("ops"), nb::arg("args"), nb::arg("consts"),
             nb::arg("lengths"), nb::arg("const_lengths"), nb::arg("features"))
        .def("__len__", [](const Population& p) { return p.trees.size(); })
        .def("marked", &marked, nb::arg("kinds"));
    nb::class_<Data>(m, "Data")
        .def(nb::new_(&make_data), nb::arg("x"), nb::arg("y"), nb::arg("w"))
        .def_ro("rows", &Data::rows)
        .def_ro("features", &Data::features);
    nb::class_<CostTable>(m, "CostTable")
        .def(nb::init<>())
        .def_rw("period", &CostTable::period)
        .def_rw("chain", &CostTable::chain)
        .def_rw("fuse", &CostTable::fuse)
        .def_rw("factor_bits", &CostTable::factor_bits)
        .def("set", &set_table, nb::arg("op_delay"), nb::arg("op_lut"), nb::arg("table_delay"),
             nb::arg("table_lut"));
    m.def("evaluate32", &evaluate<float>, nb::arg("population"), nb::arg("data"), nb::arg("out"),
          nb::arg("threads"));
    m.def("evaluate64", &evaluate<double>, nb::arg("population"), nb::arg("data"), nb::arg("out"),
          nb::arg("threads"));
    m.def("evaluate_scalar", &evaluate_scalar, nb::arg("population"), nb::arg("data"));
    nb::class_<FitSettings>(m, "FitSettings")
        .def(nb::init<>())
        .def_rw("iterations", &FitSettings::iterations)
        .def_rw("tolerance", &FitSettings::tolerance)
        .def_rw("restarts", &FitSettings::restarts)
        .def_rw("seed", &FitSettings::seed)
        .def_rw("evaluations", &FitSettings::evaluations);
    m.def("losses", &losses, nb::arg("population"), nb::arg("data"), nb::arg("loss"),
          nb::arg("single"), nb::arg("threads"));
    m.def("scalings", &scalings, nb::arg("population"), nb::arg("data"), nb::arg("threads"));
    m.def("round_constants", &rounded, nb::arg("population"), nb::arg("data"), nb::arg("loss"),
          nb::arg("refit"), nb::arg("bits"), nb::arg("fraction"), nb::arg("threads"));
    m.def("jacobian", &jacobian, nb::arg("population"), nb::arg("data"));
    m.def("vjp", &vjp, nb::arg("population"), nb::arg("data"), nb::arg("seed"));
    m.def("fit", &fit, nb::arg("population"), nb::arg("data"), nb::arg("loss"), nb::arg("settings"),
          nb::arg("threads"));
    m.def("intervals", &ranges, nb::arg("population"), nb::arg("lo"), nb::arg("hi"));
    m.def("costs", &costs, nb::arg("population"), nb::arg("table"));
    m.def(
        "simplify", [](const Population& p) { return program_of(simplified(p.only())); },
        nb::arg("population"));
    m.def(
        "hashes",
        [](const Population& p) {
            std::vector<std::uint64_t> out;
            for (const Tree& t : p.trees) out.push_back(hash_of(t));
            return give(std::move(out));
        },
        nb::arg("population"));
}

}  // namespace symtick
