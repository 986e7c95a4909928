// Room: search/kernel. Python: fingerprints, enumeration, the library of functions.
#include "bind.hpp"
#include "fingerprint.hpp"

namespace symtick {

void bind_semantic(nb::module_& m) {
    m.attr("UNDEFINED") = kUndefined;
    m.def("fingerprints", [](const Population& p) {
        std::vector<std::uint64_t> out;
        for (const Tree& t : p.trees) out.push_back(fingerprint(t));
        return give(std::move(out));
    });
}

}  // namespace symtick
