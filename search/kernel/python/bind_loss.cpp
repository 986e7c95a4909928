// Python: losses, the built-in ones by number and those that are callables.
#include <memory>
#include <stdexcept>

#include "python/bind.hpp"

namespace symtick {
namespace {

nb::object array_of(const double* from, std::size_t n) {
    return nb::cast(give(std::vector<double>(from, from + n)));
}

// A Python object that may be let go by a thread without the interpreter lock.
std::shared_ptr<PyObject> shared(nb::handle object) {
    return {object.inc_ref().ptr(), [](PyObject* owned) {
                if (!nb::is_alive()) return;
                const nb::gil_scoped_acquire acquire;
                Py_DECREF(owned);
            }};
}

double call(PyObject* loss, const double* prediction, const Data& data) {
    const nb::gil_scoped_acquire acquire;
    // copies: what the callable keeps stays valid
    const nb::object result =
        nb::handle(loss)(array_of(prediction, data.rows), array_of(data.y64.get(), data.rows),
                         array_of(data.w64.get(), data.rows));
    const double value = PyFloat_AsDouble(result.ptr());
    if (value == -1.0 && PyErr_Occurred()) throw nb::python_error();
    return value;
}

}  // namespace

LossSpec loss_from(LossArgument which, double delta) {
    if (nb::isinstance<nb::int_>(which)) {
        const int kind = nb::cast<int>(which);
        if (kind < 0 || kind >= CUSTOM)
            throw std::invalid_argument("loss " + std::to_string(kind) + " does not exist");
        return {LossKind(kind), delta};
    }
    if (!PyCallable_Check(which.ptr())) throw nb::type_error("a loss is a number or a callable");
    return {CUSTOM, delta, [callable = shared(which)](const double* prediction, const Data& data) {
                return call(callable.get(), prediction, data);
            }};
}

void bind_loss(nb::module_& m) {
    nb::class_<LossSpec>(m, "Loss").def(nb::new_(&loss_from), nb::arg("which"), nb::arg("delta"));
}

}  // namespace symtick
