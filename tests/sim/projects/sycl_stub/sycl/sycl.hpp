// A stand-in for the few calls of SYCL that an emitted oneAPI project makes, by their documented
// signatures: a queue that runs a kernel at once, and pipes that are queues of the host.
#pragma once
#include <deque>
#include <stdexcept>

#define SYCL_EXTERNAL

namespace sycl {

namespace ext::intel {
struct selector {};
inline constexpr selector fpga_emulator_selector_v, fpga_simulator_selector_v, fpga_selector_v;
}  // namespace ext::intel

class queue {
  public:
    explicit queue(const ext::intel::selector &) {}
    template <class ID = void, class Kernel> void single_task(const Kernel &kernel) { kernel(); }
    void wait() {}
};

namespace ext::oneapi::experimental {
struct properties_tag {};
template <class... Properties> struct properties {
    properties(const Properties &...) {}
};
}  // namespace ext::oneapi::experimental

namespace ext::intel::experimental {
template <int> struct ready_latency_key {};
template <int N> inline constexpr ready_latency_key<N> ready_latency;
template <int... N> struct streaming_key {};
template <int... N> inline constexpr streaming_key<N...> streaming_interface;
template <int... N> struct pipelined_key {};
template <int... N> inline constexpr pipelined_key<N...> pipelined;

template <class ID, class Value, int Capacity, class Properties> class pipe {
    static std::deque<Value> &values() {
        static std::deque<Value> kept;
        return kept;
    }

  public:
    static Value read() {
        if (values().empty()) throw std::runtime_error("an empty pipe is read");
        Value value = values().front();
        values().pop_front();
        return value;
    }
    static void write(const Value &value) { values().push_back(value); }
    static Value read(queue &) { return read(); }
    static void write(queue &, const Value &value) { write(value); }
};
}  // namespace ext::intel::experimental

}  // namespace sycl
