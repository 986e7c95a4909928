// Python: layered forms, their gradient and their fit.
#include <nanobind/stl/array.h>

#include <stdexcept>

#include "layered/descent.hpp"
#include "python/bind.hpp"

namespace symtick {
namespace {

using Matrix = In<float, 2>;
using Row = In<float, 1>;
// a, b, c, alpha, beta, gamma, bias
using ParamArrays = std::vector<nb::ndarray<const float, nb::c_contig, nb::device::cpu>>;
using Params = std::vector<Out<float>>;

template <class Array>
auto flat(const Array& from) {
    using T = std::remove_const_t<std::remove_reference_t<decltype(*from.data())>>;
    return std::vector<T>(from.data(), from.data() + from.size());
}

void make_rows(LayeredRows* self, In<std::int32_t, 1> first, Row code, In<std::int32_t, 2> places,
               Matrix goal, std::size_t batch) {
    if (places.shape(0) != goal.shape(0) || places.shape(1) + 1 != first.size())
        throw std::invalid_argument("places and goal must have the same rows, places the inputs");
    new (self)
        LayeredRows(flat(first), flat(code), flat(places), goal.data(), goal.shape(1), batch);
}

void make_goal(LayeredGoal* self, int loss, double sharpness, double calibration, Row spread,
               double decay, bool relative, std::optional<int> term_frac, int address_bits) {
    if (loss < 0 || loss >= int(LayeredLoss::COUNT))
        throw std::invalid_argument("there is no such loss");
    if (term_frac) {
        expect(-62 <= *term_frac && *term_frac <= 62, "term_frac must be from -62 to 62");
        expect(1 <= address_bits && address_bits <= 30, "address_bits must be from 1 to 30");
    }
    new (self) LayeredGoal{LayeredLoss(loss), sharpness, calibration, flat(spread), decay,
                           relative,          term_frac, address_bits};
}

LayeredForm form_of(In<std::int8_t, 2> kind, Matrix inner, Matrix outer,
                    const ParamArrays& params) {
    LayeredForm form;
    form.inputs = inner.shape(0);
    form.sums = inner.shape(1);
    form.outputs = outer.shape(1);
    form.kind = flat(kind);
    form.inner = flat(inner);
    form.outer = flat(outer);
    if (params.size() != form.params.size()) throw std::invalid_argument("a form has 7 arrays");
    for (std::size_t k = 0; k < params.size(); ++k) form.params[k] = flat(params[k]);
    form.check();
    return form;
}

Params arrays_of(const LayeredForm& form, LayeredParams&& params) {
    Params arrays;
    for (std::size_t k = 0; k < BIAS; ++k) {
        const std::size_t rows = k < ALPHA ? form.inputs : form.sums;
        const std::size_t columns = k < ALPHA ? form.sums : form.outputs;
        arrays.push_back(give(std::move(params[k]), {rows, columns}));
    }
    arrays.push_back(give(std::move(params[BIAS])));
    return arrays;
}

Params descended(In<std::int8_t, 2> kind, Matrix inner, Matrix outer, const ParamArrays& params,
                 const LayeredRows& rows, const LayeredGoal& goal, In<double, 1> sizes,
                 std::array<double, 2> memory, std::size_t first) {
    LayeredForm form = form_of(kind, inner, outer, params);
    const std::vector<double> steps = taken(sizes);
    {
        nb::gil_scoped_release release;
        descend(form, rows, goal, steps, memory, first);
    }
    return arrays_of(form, std::move(form.params));
}

std::tuple<double, Params> gradient(In<std::int8_t, 2> kind, Matrix inner, Matrix outer,
                                    const ParamArrays& params, const LayeredRows& rows,
                                    const LayeredGoal& goal, std::size_t batch) {
    const LayeredForm form = form_of(kind, inner, outer, params);
    if (batch >= rows.batches()) throw std::invalid_argument("there is no such batch");
    LayeredGradient work(form, rows, goal);
    work.at(batch);
    const double loss = work.at(batch);  // the one before it is its own
    LayeredParams slopes = work.slopes();
    return {loss, arrays_of(form, std::move(slopes))};
}

}  // namespace

void bind_layered(nb::module_& m) {
    nb::class_<LayeredRows>(m, "LayeredRows")
        .def("__init__", &make_rows, nb::arg("first"), nb::arg("code"), nb::arg("places"),
             nb::arg("goal"), nb::arg("batch"))
        .def_prop_ro("batches", &LayeredRows::batches);
    nb::class_<LayeredGoal>(m, "LayeredGoal")
        .def("__init__", &make_goal, nb::arg("loss"), nb::arg("sharpness"), nb::arg("calibration"),
             nb::arg("spread"), nb::arg("decay"), nb::arg("relative"), nb::arg("term_frac").none(),
             nb::arg("address_bits"));
    m.def("descend_layers", &descended, nb::arg("kind"), nb::arg("inner"), nb::arg("outer"),
          nb::arg("params"), nb::arg("rows"), nb::arg("goal"), nb::arg("sizes"), nb::arg("memory"),
          nb::arg("first"));
    m.def("layers_gradient", &gradient, nb::arg("kind"), nb::arg("inner"), nb::arg("outer"),
          nb::arg("params"), nb::arg("rows"), nb::arg("goal"), nb::arg("batch"));
}

}  // namespace symtick
