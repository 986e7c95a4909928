// How long work ends early: budgets of evaluations, and interrupts that are asked for now and then.
#pragma once
#include <cstdint>

namespace symtick {

// a budget of evaluations that is none, and to which a few can be added
constexpr std::uint64_t kNoLimitOfEvaluations = std::uint64_t(1) << 63;

// Called by `Patience` of this thread, where one is set; throws to end the work.
inline thread_local void (*interrupts)() = nullptr;

// Counts steps of a loop and asks once in many.
class Patience {
public:
    void step() {
        if ((++steps_ & 0xffff) == 0 && interrupts) interrupts();
    }

private:
    std::uint32_t steps_ = 0;
};

}  // namespace symtick
