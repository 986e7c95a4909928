// The choice of the recurrent network's loops; see lstm.hpp.
#include "policy/lstm.hpp"

#include <string_view>

#include "simd/dispatch.hpp"

namespace symtick {

const LstmTable& lstm() {
#ifdef SYMTICK_X86
    const std::string_view level = simd_loops().name;
    if (level == kLstmAvx512.name) return kLstmAvx512;
    if (level == kLstmAvx2.name) return kLstmAvx2;
#endif
    return kLstmBaseline;
}

}  // namespace symtick
