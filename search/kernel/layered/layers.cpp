// The choice of the loops of layered forms; see layers.hpp.
#include "layered/layers.hpp"

#include <string_view>

#include "simd/dispatch.hpp"

namespace symtick {

const LayeredTable& layered_loops() {
#ifdef SYMTICK_X86
    const std::string_view level = simd_loops().name;
    if (level == kLayeredAvx512.name) return kLayeredAvx512;
    if (level == kLayeredAvx2.name) return kLayeredAvx2;
#endif
    return kLayeredBaseline;
}

}  // namespace symtick
