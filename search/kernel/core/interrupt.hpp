// Long work asks now and then whether somebody wants it to end.
#pragma once
#include <cstdint>

namespace symtick {

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
