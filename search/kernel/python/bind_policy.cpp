// Python: sequences from a policy, and what it read while writing them.
#include <stdexcept>

#include "policy/sampler.hpp"
#include "python/bind.hpp"

namespace symtick {
namespace {

using Singles = In<float, 1>;

void make_weights(PolicyWeights* self, std::size_t tokens, std::size_t units, std::size_t open_bins,
                  Singles observe, const std::vector<Singles>& recurrent,
                  const std::vector<Singles>& bias, Singles start_h, Singles start_c, Singles out,
                  Singles out_bias) {
    PolicyWeights w;
    w.tokens = tokens;
    w.units = units;
    w.layers = recurrent.size();
    w.open_bins = open_bins;
    w.observe = taken(observe);
    for (const Singles& layer : recurrent) w.recurrent.push_back(taken(layer));
    for (const Singles& layer : bias) w.bias.push_back(taken(layer));
    w.start_h = taken(start_h);
    w.start_c = taken(start_c);
    w.out = taken(out);
    w.out_bias = taken(out_bias);
    w.check();
    new (self) PolicyWeights(std::move(w));
}

void make_priors(PolicyPriors* self, Singles token, bool soft_length, double length,
                 double variance) {
    if (!(variance > 0)) throw std::invalid_argument("the variance of a length must be positive");
    new (self) PolicyPriors{taken(token), soft_length, length, variance};
}

std::tuple<Out<std::int16_t>, Out<double>, Out<double>, std::size_t> draw(
    const PolicyWeights& weights, const PolicyPriors& priors, const Rules& rules, std::size_t n,
    std::uint64_t seed, std::uint64_t first, std::size_t tries, int threads) {
    Samples s;
    {
        nb::gil_scoped_release release;
        s = sample(weights, priors, rules, n, seed, first, tries, threads);
    }
    return {padded(s.sequences), give(std::move(s.log_probability)), give(std::move(s.entropy)),
            s.attempts};
}

std::vector<Sequence> unpadded(In<std::int16_t, 2> padded) {
    std::vector<Sequence> out(padded.shape(0));
    for (std::size_t k = 0; k < out.size(); ++k) {
        const std::int16_t* row = padded.data() + k * padded.shape(1);
        std::size_t size = padded.shape(1);
        while (size && row[size - 1] < 0) --size;
        out[k].assign(row, row + size);
    }
    return out;
}

using Tokens = Out<std::int16_t>;

// parent, sibling, previous, open, shift of the logits, and whether the sequence is possible
std::tuple<Tokens, Tokens, Tokens, Tokens, Out<float>, Out<std::uint8_t>> observe(
    const PolicyPriors& priors, const Rules& rules, In<std::int16_t, 2> sequences) {
    const auto rows = unpadded(sequences);
    Observations o;
    {
        nb::gil_scoped_release release;
        o = observations(priors, rules, rows);
    }
    const std::size_t n = rows.size(), tokens = rules.vocabulary().tokens.size();
    const auto matrix = [&](std::vector<std::int16_t>& from) {
        return give(std::move(from), {n, o.length});
    };
    return {matrix(o.parent),
            matrix(o.sibling),
            matrix(o.previous),
            matrix(o.open),
            give(std::move(o.shift), {n, o.length, tokens}),
            give(std::move(o.possible))};
}

}  // namespace

void bind_policy(nb::module_& m) {
    nb::class_<PolicyWeights>(m, "PolicyWeights")
        .def("__init__", &make_weights, nb::arg("tokens"), nb::arg("units"), nb::arg("open_bins"),
             nb::arg("observe"), nb::arg("recurrent"), nb::arg("bias"), nb::arg("start_h"),
             nb::arg("start_c"), nb::arg("out"), nb::arg("out_bias"));
    nb::class_<PolicyPriors>(m, "PolicyPriors")
        .def("__init__", &make_priors, nb::arg("token"), nb::arg("soft_length"), nb::arg("length"),
             nb::arg("variance"));
    m.def("sample_policy", &draw, nb::arg("weights"), nb::arg("priors"), nb::arg("rules"),
          nb::arg("n"), nb::arg("seed"), nb::arg("first"), nb::arg("tries"), nb::arg("threads"));
    m.def("observe_policy", &observe, nb::arg("priors"), nb::arg("rules"), nb::arg("sequences"));
}

}  // namespace symtick
