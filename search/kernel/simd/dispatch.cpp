// The choice among the ISA levels; see dispatch.hpp.
#include "simd/dispatch.hpp"

#include <atomic>
#include <stdexcept>

namespace symtick {
namespace {

std::vector<const LoopTable*> supported() {
    std::vector<const LoopTable*> levels{&kLoopsBaseline};
#ifdef SYMTICK_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        levels.push_back(&kLoopsAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        levels.push_back(&kLoopsAvx512);
#endif
    return levels;
}

std::atomic<const LoopTable*>& current() {
    static std::atomic<const LoopTable*> chosen{supported().back()};
    return chosen;
}

}  // namespace

const LoopTable& simd_loops() { return *current().load(std::memory_order_relaxed); }

std::vector<std::string> isa_levels() {
    std::vector<std::string> names;
    for (const LoopTable* t : supported()) names.emplace_back(t->name);
    return names;
}

void choose_isa(const std::string& name) {
    for (const LoopTable* t : supported())
        if (name == t->name) return current().store(t);
    throw std::invalid_argument("this CPU does not run the ISA level '" + name + "'");
}

}  // namespace symtick
