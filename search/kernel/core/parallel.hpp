// A loop over threads; which thread does what never changes a result.
#pragma once
#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace symtick {

// Threads that a loop of n steps can use, at least one.
inline std::size_t thread_count(std::size_t n, int threads) {
    const std::size_t asked = threads < 1 ? 1 : std::size_t(threads);
    return std::max<std::size_t>(1, std::min(n, asked));
}

template <class F>
void parallel_for(std::size_t n, int threads, F fn) {
    const std::size_t count = thread_count(n, threads);
    if (count <= 1) {
        for (std::size_t k = 0; k < n; ++k) fn(k, std::size_t(0));
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex guard;
    auto work = [&](std::size_t me) {
        try {
            for (std::size_t k; (k = next.fetch_add(1)) < n;) fn(k, me);
        } catch (...) {
            const std::lock_guard lock(guard);
            if (!failure) failure = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> helpers;  // joined at its end, whatever is thrown
        helpers.reserve(count - 1);
        try {
            for (std::size_t t = 1; t < count; ++t) helpers.emplace_back(work, t);
        } catch (const std::system_error&) {
            // no more threads to be had: those there are do all the work
        }
        work(0);
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace symtick
