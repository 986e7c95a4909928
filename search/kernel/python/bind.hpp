// Shared by the files that make the Python module.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <initializer_list>

#include "eval/eval.hpp"
#include "rules/vocabulary.hpp"

namespace symtick {

namespace nb = nanobind;

template <class T, std::size_t N>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<nb::numpy, T>;

// a NumPy array that owns the vector
template <class T>
Out<T> give(std::vector<T>&& from, std::initializer_list<std::size_t> shape) {
    auto* owned = new std::vector<T>(std::move(from));
    nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return Out<T>(owned->data(), shape, owner);
}

template <class T>
Out<T> give(std::vector<T>&& from) {
    const std::size_t n = from.size();
    return give(std::move(from), {n});
}

template <class T>
std::vector<T> taken(const In<T, 1>& from) {
    return std::vector<T>(from.data(), from.data() + from.shape(0));
}

// Checked programs over one number of inputs.
struct Population {
    std::vector<Tree> trees;
    std::size_t features = 0;

    const Tree& only() const;
};

// ops, args and constants of a tree
using Program = std::tuple<Out<std::uint8_t>, Out<std::int32_t>, Out<double>>;
Program program_of(const Tree& tree);

// (n, longest), -1 behind each end
Out<std::int16_t> padded(const std::vector<Sequence>& sequences);

using Counts = nb::typed<nb::dict, nb::str, nb::int_>;

// a number of LossKind (not CUSTOM), or a callable on (prediction, target, weights): float64 arrays
// of shape (rows,); called with the interpreter lock by any thread, its exceptions pass through
using CustomLoss = nb::typed<nb::callable, double(Out<double>, Out<double>, Out<double>)>;
using LossArgument = nb::typed<nb::object, std::variant<int, CustomLoss>>;
LossSpec loss_from(LossArgument which, double delta);

void bind_limits(nb::module_& m);
void bind_loss(nb::module_& m);
void bind_programs(nb::module_& m);
void bind_rules(nb::module_& m);
void bind_engine(nb::module_& m);
void bind_policy(nb::module_& m);
void bind_semantic(nb::module_& m);
void bind_layered(nb::module_& m);

}  // namespace symtick
