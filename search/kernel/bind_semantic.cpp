// Room: search/kernel. Python: fingerprints, enumeration, the search from both ends.
#include "bind.hpp"
#include "enumeration_front.hpp"
#include "fingerprint.hpp"
#include "meet.hpp"

namespace symtick {
namespace {

using Program = std::tuple<Out<std::uint8_t>, Out<std::int32_t>, Out<double>>;

Program program_of(const Tree& tree) {
    Packed p = packed(tree);
    return {give(std::move(p.ops)), give(std::move(p.args)), give(std::move(p.consts))};
}

Program program_of(const FunctionTable& table, std::size_t k) {
    if (k >= table.size()) throw nb::index_error("there is no such function");
    return program_of(expanded(table.tree(k), table.rules().alphabet()));
}

// programs, losses, ticks, LUTs
nb::list listed(const Offers& offers) {
    nb::list out;
    for (const Individual& i : offers.archive().all()) {
        auto [ops, args, consts] = program_of(offers.phenotype(i.tree));
        out.append(nb::make_tuple(ops, args, consts, i.loss, i.cost.ticks, i.cost.lut));
    }
    return out;
}

nb::dict stats_of(const FunctionTable& table) {
    const TableStats& s = table.stats();
    nb::dict out;
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
                              std::size_t max_level, std::size_t max_functions,
                              std::size_t symbols, double largest, const CostTable* cheapest) {
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

nb::tuple front_of(const Enumeration& enumeration, const Rules& rules, const Data& screen,
                   const Data& all, const CostTable& cost, const LossSpec& loss, bool scaled,
                   std::size_t fits, const FitSettings& fit) {
    Offers offers(rules, all.rows == screen.rows ? all : screen, all, cost, loss);
    std::uint64_t count = 0;
    {
        nb::gil_scoped_release release;
        count = offer_all(enumeration.table(), {scaled, fits, fit}, offers);
    }
    return nb::make_tuple(listed(offers), offers.scored(), count);
}

Library* make_library(const Rules& rules, const Data& data, std::size_t max_level,
                      std::size_t max_functions, std::uint64_t max_evaluations,
                      std::size_t max_rows) {
    nb::gil_scoped_release release;
    return new Library(rules, data, {max_level, max_functions, max_evaluations, max_rows});
}

nb::tuple meet(const Library& library, const Data& data, const CostTable& cost,
               const LossSpec& loss, std::uint64_t lookups, double enough) {
    std::vector<double> target;
    for (const std::size_t r : library.chosen()) target.push_back(data.y64[r]);
    Offers offers(library.rules(), data, data, cost, loss);
    Meeting meeting(library, std::move(target), {});
    {
        nb::gil_scoped_release release;
        meeting.run(lookups, [&](const Tree& tree) { return offers.offer(tree) <= enough; });
    }
    return nb::make_tuple(listed(offers), meeting.lookups(), offers.scored());
}

}  // namespace

void bind_semantic(nb::module_& m) {
    m.attr("UNDEFINED") = kUndefined;
    m.attr("MOST_ROWS") = kMostRows;
    m.def("fingerprints", [](const Population& p) {
        std::vector<std::uint64_t> out;
        for (const Tree& t : p.trees) out.push_back(fingerprint(t));
        return give(std::move(out));
    });
    nb::class_<Enumeration>(m, "Enumeration")
        .def(nb::new_(&make_enumeration), nb::arg("rules"), nb::arg("data"), nb::arg("shared"),
             nb::arg("max_level"), nb::arg("max_functions"), nb::arg("symbols"),
             nb::arg("largest"), nb::arg("cheapest").none())
        .def("run", &Enumeration::run, nb::call_guard<nb::gil_scoped_release>())
        .def("complete", &Enumeration::complete)
        .def("__len__", [](const Enumeration& e) { return e.table().size(); })
        .def("program", [](const Enumeration& e, std::size_t k) {
            return program_of(e.table(), k);
        })
        .def("values", [](const Enumeration& e) { return values_of(e.table()); })
        .def("levels", [](const Enumeration& e) { return levels_of(e.table()); })
        .def("stats", [](const Enumeration& e) { return stats_of(e.table()); })
        .def("front", &front_of);
    nb::class_<Library>(m, "Library")
        .def(nb::new_(&make_library), nb::arg("rules"), nb::arg("data"), nb::arg("max_level"),
             nb::arg("max_functions"), nb::arg("max_evaluations"), nb::arg("max_rows"))
        .def("__len__", [](const Library& l) { return l.table().size(); })
        .def("program", [](const Library& l, std::size_t k) { return program_of(l.table(), k); })
        .def("levels", [](const Library& l) { return levels_of(l.table()); })
        .def("stats", [](const Library& l) { return stats_of(l.table()); })
        .def("meet", &meet);
}

}  // namespace symtick
