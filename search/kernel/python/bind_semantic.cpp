// Python: fingerprints, enumeration, the bidirectional enumeration.
#include "core/fingerprint.hpp"
#include "core/interrupt.hpp"
#include "enumeration/bidirectional.hpp"
#include "enumeration/enumeration_front.hpp"
#include "evolution/matcher.hpp"
#include "python/bind.hpp"

#include <optional>

namespace symtick {
namespace {

// Ctrl-C, of the interpreter's own thread
void check_signals() {
    nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

// While it lives, this thread's work without the interpreter can be interrupted.
class Interruptible {
public:
    Interruptible() : before_(interrupts) { interrupts = &check_signals; }
    ~Interruptible() { interrupts = before_; }
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;

private:
    void (*before_)();
    nb::gil_scoped_release release_;
};

Program program_at(const FunctionTable& table, std::size_t k) {
    if (k >= table.size()) throw nb::index_error("there is no such function");
    return program_of(expanded(table.tree(k), table.rules().vocabulary()));
}

// programs, losses, ticks, LUTs
using Entry = std::tuple<Out<std::uint8_t>, Out<std::int32_t>, Out<double>, double, int, double>;

std::vector<Entry> listed(const Offers& offers) {
    std::vector<Entry> out;
    for (const Individual& i : offers.archive().all())
        out.push_back(std::tuple_cat(program_of(offers.phenotype(i.tree)),
                                     std::tuple(i.loss, i.cost.ticks, i.cost.lut)));
    return out;
}

Counts stats_of(const FunctionTable& table) {
    const TableStats& s = table.stats();
    Counts out;
    out["evaluations"] = s.evaluations;
    out["known"] = s.known;
    out["equal"] = s.equal;
    out["not_finite"] = s.not_finite;
    out["not_allowed"] = s.not_allowed;
    return out;
}

Out<double> values_of(const FunctionTable& table) {
    std::vector<double> out;
    for (std::size_t k = 0; k < table.size(); ++k)
        out.insert(out.end(), table.values(k), table.values(k) + table.rows());
    return give(std::move(out), {table.size(), table.rows()});
}

Out<std::int64_t> levels_of(const FunctionTable& table) {
    std::vector<std::int64_t> out;
    for (std::size_t k = 0; k < table.size(); ++k) out.push_back(table.written(k).level);
    return give(std::move(out));
}

Enumeration* make_enumeration(const Rules& rules, const Data& data, bool shared,
                              std::size_t max_level, std::size_t max_functions, std::size_t symbols,
                              double largest, const CostTable* cheapest) {
    EnumerationSettings s;
    s.shared = shared;
    s.max_level = max_level;
    s.table.max_functions = max_functions;
    s.table.symbols = symbols;
    s.table.largest = largest;
    s.table.cheapest = cheapest != nullptr;
    if (cheapest) s.table.cost = *cheapest;
    return new Enumeration(rules, data, s);
}

// the front, functions scored, fits
std::tuple<std::vector<Entry>, std::uint64_t, std::uint64_t> front_of(
    const Enumeration& enumeration, const Rules& rules, const Data& screen, const Data& all,
    const CostTable& cost, const LossSpec& loss, bool scaled, std::size_t fits,
    const FitSettings& fit) {
    Offers offers(rules, all.rows == screen.rows ? all : screen, all, cost, loss);
    std::uint64_t count = 0;
    {
        nb::gil_scoped_release release;
        count = offer_all(enumeration.table(), {scaled, fits, fit}, offers);
    }
    return {listed(offers), offers.scored(), count};
}

// The parts of a target looked up among enumerated functions, with the formulas found so far.
// Rules, data and costs have to live as long.
class Bidirectional {
public:
    Bidirectional(const Rules& rules, const Data& data, const CostTable& cost, const LossSpec& loss,
                  const LibrarySettings& settings, double enough)
        : offers_(rules, data, data, cost, loss),
          library_(rules, data, settings),
          search_(library_, target_of(library_, data), {}),
          enough_(enough) {}

    bool run(std::uint64_t evaluations) {
        return search_.run(evaluations,
                           [&](const Tree& tree) { return offers_.offer(tree) <= enough_; });
    }
    const Offers& offers() const { return offers_; }
    const Library& library() const { return library_; }
    const BidirectionalSearch& search() const { return search_; }

private:
    Offers offers_;
    Library library_;
    BidirectionalSearch search_;
    double enough_;

    static std::vector<double> target_of(const Library& library, const Data& data) {
        std::vector<double> target;
        for (const std::size_t r : library.chosen()) target.push_back(data.y64[r]);
        return target;
    }
};

// A library and what matches parts of trees to it.
struct Matching {
    Library library;
    Matcher matcher;
    Matcher::Scratch scratch;

    Matching(const Rules& rules, const Data& data, const LibrarySettings& settings,
             std::uint64_t evaluations, std::size_t candidates)
        : library(rules, data, settings), matcher(library, {candidates, 1000}) {
        library.fill(evaluations);
    }
};

// the child as a program, None where no part could be matched
std::optional<Program> matched(Matching& m, In<std::int16_t, 1> sequence, std::uint64_t seed) {
    const Vocabulary& vocabulary = m.library.rules().vocabulary();
    const std::span<const std::int16_t> row(sequence.data(), sequence.shape(0));
    if (!whole(row, vocabulary)) throw std::invalid_argument("that is not one whole expression");
    Rng rng(seed, 0);
    Tree child;
    if (!m.matcher.matched(to_tree(row, vocabulary), rng, m.scratch, child)) return std::nullopt;
    return program_of(expanded(child, vocabulary));
}

}  // namespace

void bind_semantic(nb::module_& m) {
    m.attr("UNDEFINED") = kUndefined;
    m.attr("MOST_ROWS") = kMostRows;
    m.def(
        "fingerprints",
        [](const Population& p) {
            std::vector<std::uint64_t> out;
            for (const Tree& t : p.trees) out.push_back(fingerprint(t));
            return give(std::move(out));
        },
        nb::arg("population"));
    nb::class_<Enumeration>(m, "Enumeration")
        .def(nb::new_(&make_enumeration), nb::arg("rules"), nb::arg("data"), nb::arg("shared"),
             nb::arg("max_level"), nb::arg("max_functions"), nb::arg("symbols"), nb::arg("largest"),
             nb::arg("cheapest").none())
        .def("run", &Enumeration::run, nb::call_guard<Interruptible>(), nb::arg("evaluations"))
        .def("complete", &Enumeration::complete)
        .def("__len__", [](const Enumeration& e) { return e.table().size(); })
        .def(
            "program", [](const Enumeration& e, std::size_t k) { return program_at(e.table(), k); },
            nb::arg("number"))
        .def("values", [](const Enumeration& e) { return values_of(e.table()); })
        .def("levels", [](const Enumeration& e) { return levels_of(e.table()); })
        .def("stats", [](const Enumeration& e) { return stats_of(e.table()); })
        .def("front", &front_of, nb::arg("rules"), nb::arg("screen"), nb::arg("rows"),
             nb::arg("cost"), nb::arg("loss"), nb::arg("scaled"), nb::arg("fits"), nb::arg("fit"));
    nb::class_<LibrarySettings>(m, "LibrarySettings")
        .def(nb::init<>())
        .def_rw("max_level", &LibrarySettings::max_level)
        .def_rw("max_functions", &LibrarySettings::max_functions)
        .def_rw("max_rows", &LibrarySettings::max_rows);
    nb::class_<Bidirectional>(m, "Bidirectional")
        .def(nb::init<const Rules&, const Data&, const CostTable&, const LossSpec&,
                      const LibrarySettings&, double>(),
             nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>(), nb::keep_alive<1, 4>(),
             nb::keep_alive<1, 5>(), nb::arg("rules"), nb::arg("data"), nb::arg("cost"),
             nb::arg("loss"), nb::arg("settings"), nb::arg("enough"))
        .def("run", &Bidirectional::run, nb::call_guard<Interruptible>(), nb::arg("evaluations"))
        .def("front", [](const Bidirectional& b) { return listed(b.offers()); })
        .def("functions", [](const Bidirectional& b) { return b.library().table().size(); })
        .def("evaluations", [](const Bidirectional& b) { return b.search().evaluations(); })
        .def("lookups", [](const Bidirectional& b) { return b.search().lookups(); });
    nb::class_<Matching>(m, "Matching")
        .def(nb::init<const Rules&, const Data&, const LibrarySettings&, std::uint64_t,
                      std::size_t>(),
             nb::arg("rules"), nb::arg("data"), nb::arg("settings"), nb::arg("evaluations"),
             nb::arg("candidates"))
        .def("matched", &matched, nb::arg("sequence"), nb::arg("seed"));
}

}  // namespace symtick
