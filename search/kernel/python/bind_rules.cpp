// Python: vocabularies, rules, sequences that are being written.
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "python/bind.hpp"
#include "rules/rules.hpp"

namespace symtick {
namespace {

using Ints = In<std::int16_t, 2>;

Tree read_body(In<std::uint8_t, 1> ops, In<std::int32_t, 1> args, In<double, 1> consts) {
    if (ops.shape(0) != args.shape(0))
        throw std::invalid_argument("ops and args must match in length");
    Tree tree;
    for (std::size_t k = 0; k < ops.shape(0); ++k) {
        Node n{ops.data()[k], 0, 0.0};
        const std::int32_t arg = args.data()[k];
        if (n.op == INPUT) n.feature = arg;
        if (n.op == CONST) {
            if (arg < 0 || std::size_t(arg) >= consts.shape(0))
                throw std::invalid_argument("constant " + std::to_string(arg) + " does not exist");
            n = {CONST, kLiteral, consts.data()[arg]};
        }
        tree.push_back(n);
    }
    return tree;
}

using Bodies = std::vector<std::tuple<In<std::uint8_t, 1>, In<std::int32_t, 1>, In<double, 1>>>;

// `features` of an operator is -1, of the free constant kFree, of a literal kLiteral
Vocabulary* make_vocabulary(In<std::uint8_t, 1> ops, In<std::int32_t, 1> features,
                            In<double, 1> values, In<double, 1> complexity,
                            const std::vector<Bodies>& bodies) {
    const std::size_t n = ops.shape(0);
    if (features.shape(0) != n || values.shape(0) != n || complexity.shape(0) != n)
        throw std::invalid_argument("ops, features, values and complexity must match in length");
    auto made = std::make_unique<Vocabulary>();
    for (std::size_t k = 0; k < n; ++k) {
        const std::uint8_t op = ops.data()[k];
        const std::int32_t feature = op <= CONST ? features.data()[k] : 0;
        made->tokens.push_back({{op, feature, values.data()[k]}, complexity.data()[k]});
    }
    if (bodies.size() != kMostArguments)
        throw std::invalid_argument("bodies needs a list for each number of arguments");
    for (std::size_t k = 0; k < bodies.size(); ++k)
        for (const auto& [o, a, c] : bodies[k]) made->bodies[k].push_back(read_body(o, a, c));
    check(*made);
    return made.release();
}

// row k of a padded array, up to its first -1
std::span<const std::int16_t> row_of(const Ints& rows, std::size_t k) {
    const std::int16_t* first = rows.data() + k * rows.shape(1);
    return {first, std::find(first, first + rows.shape(1), std::int16_t(-1))};
}

std::span<const std::int16_t> checked(std::span<const std::int16_t> row,
                                      const Vocabulary& vocabulary, std::size_t number) {
    if (!whole(row, vocabulary))
        throw std::invalid_argument("sequence " + std::to_string(number) +
                                    " is not one whole expression");
    return row;
}

using Written = std::tuple<Out<std::uint8_t>, Out<std::int32_t>, Out<double>, Out<std::int32_t>>;

// a tree as a program, and what `feature` says of its constants
Written written(const Tree& tree) {
    std::vector<std::int32_t> ties;
    for (const Node& n : tree)
        if (n.op == CONST) ties.push_back(n.feature);
    return std::tuple_cat(program_of(tree), std::tuple(give(std::move(ties))));
}

Tree tree_of(const Vocabulary& vocabulary, In<std::int16_t, 1> sequence, In<double, 1> constants) {
    const std::span<const std::int16_t> row(sequence.data(), sequence.shape(0));
    return to_tree(checked(row, vocabulary, 0), vocabulary, {constants.data(), constants.shape(0)});
}

Out<std::int16_t> sequence_of(const Vocabulary& vocabulary, In<std::uint8_t, 1> ops,
                              In<std::int32_t, 1> args, In<double, 1> consts,
                              In<std::int32_t, 1> ties) {
    if (ties.shape(0) != consts.shape(0))
        throw std::invalid_argument("consts and ties must match in length");
    Tree tree = read_body(ops, args, consts);
    std::size_t open = 0;
    for (std::size_t k = 0; k < tree.size(); ++k) {
        Node& n = tree[k];
        if (n.op == CONST) n.feature = ties.data()[args.data()[k]];
        const auto wanted = std::size_t(arity(n.op));
        if (open < wanted) throw std::invalid_argument("an operator lacks arguments");
        open += 1 - wanted;
    }
    if (open != 1) throw std::invalid_argument("a program must leave one value");
    Sequence out;
    if (!to_sequence(tree, vocabulary, out))
        throw std::invalid_argument("the program has a node that is no token");
    return give(std::move(out));
}

Written retuned(const Vocabulary& vocabulary, In<std::int16_t, 1> sequence, In<double, 1> constants,
                In<double, 1> tuned) {
    Tree tree = tree_of(vocabulary, sequence, constants), from = expanded(tree, vocabulary);
    std::size_t k = 0;
    for (Node& n : from)
        if (n.op == CONST && k < tuned.shape(0)) n.value = tuned.data()[k++];
    take_constants(tree, from, vocabulary);
    return written(tree);
}

// NumPy's arrays of truth values; threads write into them, so no std::vector<bool>
struct Flags {
    explicit Flags(std::size_t n) : size(n), values(new bool[std::max<std::size_t>(n, 1)]) {}
    std::size_t size;
    std::unique_ptr<bool[]> values;

    Out<bool> give() && {
        bool* owned = values.release();
        nb::capsule owner(owned, [](void* p) noexcept { delete[] static_cast<bool*>(p); });
        return Out<bool>(owned, {size}, owner);
    }
};

Out<bool> accepts(const Rules& rules, Ints sequences, int threads) {
    Flags flags(sequences.shape(0));
    {
        nb::gil_scoped_release release;
        parallel_for(flags.size, threads, [&](std::size_t k, std::size_t) {
            const auto row = row_of(sequences, k);
            flags.values[k] =
                whole(row, rules.vocabulary()) && rules.accepts(to_tree(row, rules.vocabulary()));
        });
    }
    return std::move(flags).give();
}

// whether every step of a sequence is allowed by the mask and it ends there; units are not judged
Out<bool> replays(const Rules& rules, Ints sequences) {
    Flags flags(sequences.shape(0));
    Prefix prefix(rules);
    for (std::size_t k = 0; k < flags.size; ++k) {
        prefix.clear();
        bool good = true;
        for (const std::int16_t token : row_of(sequences, k)) {
            good = good && prefix.allows(token);
            if (!good) break;
            prefix.push(token);
        }
        flags.values[k] = good && prefix.complete();
    }
    return std::move(flags).give();
}

constexpr std::size_t kPatience = 100'000;  // dead ends in a row before giving up

// writes one sequence uniformly over the masks; the number of dead ends and of wrong units met
std::size_t draw(const Rules& rules, Prefix& prefix, std::vector<std::uint8_t>& mask, Rng& rng) {
    const bool units = rules.settings().units > 0;
    for (std::size_t tries = 0; tries < kPatience; ++tries) {
        prefix.clear();
        while (!prefix.complete() && prefix.mask(mask)) {
            std::size_t left = rng.below(std::size_t(std::count(mask.begin(), mask.end(), 1)));
            std::size_t token = 0;
            while (!mask[token] || left-- > 0) ++token;
            prefix.push(int(token));
        }
        if (prefix.complete() &&
            (!units || rules.accepts(to_tree(prefix.sequence(), rules.vocabulary()))))
            return tries;
    }
    throw std::invalid_argument("no sequence was found in " + std::to_string(kPatience) +
                                " tries: the rules leave (almost) nothing");
}

std::tuple<Out<std::int16_t>, std::size_t> random_sequences(const Rules& rules, std::size_t n,
                                                            std::uint64_t seed) {
    std::vector<Sequence> all(n);
    std::size_t redraws = 0;
    {
        nb::gil_scoped_release release;
        Prefix prefix(rules);
        std::vector<std::uint8_t> mask;
        Rng rng(seed, 0);
        for (Sequence& one : all) {
            redraws += draw(rules, prefix, mask, rng);
            one = prefix.sequence();
        }
    }
    return {padded(all), redraws};
}

void set_counts(RuleSettings& s, std::vector<int> least, std::vector<int> most) {
    s.min_count = std::move(least);
    s.max_count = std::move(most);
}

void set_units(RuleSettings& s, std::size_t units, std::vector<double> tokens,
               std::vector<double> target) {
    s.units = units;
    s.token_units = std::move(tokens);
    s.target_units = std::move(target);
}

Rules* make_rules(const Vocabulary& vocabulary, const RuleSettings& settings) {
    return new Rules(vocabulary, settings);
}

void bind_prefix(nb::module_& m) {
    nb::class_<Prefix>(m, "Prefix")
        .def(nb::init<const Rules&>(), nb::keep_alive<1, 2>(), nb::arg("rules"))
        .def("clear", &Prefix::clear)
        .def("push", &Prefix::push, nb::arg("token"))
        .def("allows", &Prefix::allows, nb::arg("token"))
        .def("mask",
             [](Prefix& p) {
                 std::vector<std::uint8_t> out;
                 p.mask(out);
                 return give(std::move(out));
             })
        .def("complete", &Prefix::complete)
        .def("length", &Prefix::length)
        .def("open", &Prefix::open)
        .def("depth", &Prefix::depth)
        .def("parent", &Prefix::parent)
        .def("sibling", &Prefix::sibling)
        .def("previous", &Prefix::previous)
        .def("sequence", [](const Prefix& p) { return give(Sequence(p.sequence())); });
}

}  // namespace

void bind_rules(nb::module_& m) {
    m.attr("CUSTOM1") = int(CUSTOM1);
    m.attr("MAX_ARGUMENTS") = kMostArguments;
    m.attr("MAX_CUSTOM") = kCustom;
    m.attr("ANY_NUMBER") = kAnyNumber;
    m.attr("FREE") = kFree;
    m.attr("LITERAL") = kLiteral;
    nb::class_<Vocabulary>(m, "Vocabulary")
        .def(nb::new_(&make_vocabulary), nb::arg("ops"), nb::arg("features"), nb::arg("values"),
             nb::arg("complexity"), nb::arg("bodies"))
        .def("__len__", [](const Vocabulary& a) { return a.tokens.size(); });
    nb::class_<RuleSettings>(m, "RuleSettings")
        .def(nb::init<>())
        .def_rw("min_nodes", &RuleSettings::min_nodes)
        .def_rw("max_nodes", &RuleSettings::max_nodes)
        .def_rw("max_depth", &RuleSettings::max_depth)
        .def_rw("max_constants", &RuleSettings::max_constants)
        .def_rw("max_expanded", &RuleSettings::max_expanded)
        .def_rw("max_complexity", &RuleSettings::max_complexity)
        .def_rw("max_argument", &RuleSettings::max_argument)
        .def_rw("nested", &RuleSettings::nested)
        .def_rw("barred", &RuleSettings::barred)
        .def_rw("constant_arguments", &RuleSettings::constant_arguments)
        .def_rw("needs_input", &RuleSettings::needs_input)
        .def_prop_rw(
            "cost", [](const RuleSettings& s) { return CostTable(s.cost); },
            [](RuleSettings& s, const CostTable& cost) { s.cost = cost; })
        .def_rw("max_ticks", &RuleSettings::max_ticks)
        .def("set_counts", &set_counts, nb::arg("least"), nb::arg("most"))
        .def("set_units", &set_units, nb::arg("units"), nb::arg("tokens"), nb::arg("target"));
    nb::class_<Rules>(m, "Rules")
        .def(nb::new_(&make_rules), nb::arg("vocabulary"), nb::arg("settings"))
        .def("__len__", [](const Rules& r) { return r.vocabulary().tokens.size(); });
    bind_prefix(m);
    m.def("accepts", &accepts, nb::arg("rules"), nb::arg("sequences"), nb::arg("threads"));
    m.def("replays", &replays, nb::arg("rules"), nb::arg("sequences"));
    m.def("random_sequences", &random_sequences, nb::arg("rules"), nb::arg("count"),
          nb::arg("seed"));
    m.def(
        "tree",
        [](const Vocabulary& a, In<std::int16_t, 1> sequence, In<double, 1> constants) {
            return written(tree_of(a, sequence, constants));
        },
        nb::arg("vocabulary"), nb::arg("sequence"), nb::arg("constants"));
    m.def(
        "expand",
        [](const Vocabulary& a, In<std::int16_t, 1> sequence, In<double, 1> constants) {
            return written(expanded(tree_of(a, sequence, constants), a));
        },
        nb::arg("vocabulary"), nb::arg("sequence"), nb::arg("constants"));
    m.def("retuned", &retuned, nb::arg("vocabulary"), nb::arg("sequence"), nb::arg("constants"),
          nb::arg("tuned"));
    m.def("sequence_of", &sequence_of, nb::arg("vocabulary"), nb::arg("ops"), nb::arg("args"),
          nb::arg("consts"), nb::arg("ties"));
}

}  // namespace symtick
