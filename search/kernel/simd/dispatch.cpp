// Room: search/kernel. See dispatch.hpp.
#include "simd/dispatch.hpp"

#include <atomic>
#include <stdexcept>

namespace symtick {
namespace {

std::vector<const HotTable*> supported() {
    std::vector<const HotTable*> held{&kHotBaseline};
#ifdef SYMTICK_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        held.push_back(&kHotAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        held.push_back(&kHotAvx512);
#endif
    return held;
}

std::atomic<const HotTable*>& current() {
    static std::atomic<const HotTable*> held{supported().back()};
    return held;
}

}  // namespace

const HotTable& hot() { return *current().load(std::memory_order_relaxed); }

std::vector<std::string> isa_levels() {
    std::vector<std::string> names;
    for (const HotTable* t : supported()) names.emplace_back(t->name);
    return names;
}

void choose_isa(const std::string& name) {
    for (const HotTable* t : supported())
        if (name == t->name) return current().store(t);
    throw std::invalid_argument("this CPU does not run the ISA level '" + name + "'");
}

}  // namespace symtick
