#include "layered/form.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace symtick {

void expect(bool holds, const char* otherwise) {
    if (!holds) throw std::invalid_argument(otherwise);
}

LayeredRows::LayeredRows(std::vector<std::int32_t> first, std::vector<float> code,
                         std::vector<std::int32_t> places, const float* goal, std::size_t outputs,
                         std::size_t batch)
    : first_(std::move(first)),
      code_(std::move(code)),
      places_(std::move(places)),
      outputs_(outputs),
      batch_(batch),
      stride_((batch + kLaneSums - 1) / kLaneSums * kLaneSums) {
    expect(first_.size() > 1 && batch_ > 0 && outputs_ > 0,
           "rows need inputs and outputs, and a batch rows");
    expect(first_[0] == 0 && std::size_t(first_.back()) == code_.size() &&
               std::is_sorted(first_.begin(), first_.end()),
           "first codes must begin at 0, ascend, and end with the number of codes");
    expect(batch_ <= places_.size() / inputs(), "a batch has more rows than there are");
    for (std::size_t k = 0; k < places_.size(); ++k) {
        const std::size_t input = k % inputs();
        expect(first_[input] <= places_[k] && places_[k] < first_[input + 1],
               "a place must be one of its input's codes");
    }
    places_.resize(batches() * batch_ * inputs());
    goal_.resize(batches() * outputs_ * stride_);
    for (std::size_t row = 0; row < batches() * batch_; ++row)
        for (std::size_t k = 0; k < outputs_; ++k)
            goal_[(row / batch_ * outputs_ + k) * stride_ + row % batch_] =
                goal[row * outputs_ + k];
}

const std::int32_t* LayeredRows::places(std::size_t number) const {
    return places_.data() + number * batch_ * inputs();
}

const float* LayeredRows::goal(std::size_t number) const {
    return goal_.data() + number * outputs_ * stride_;
}

void LayeredForm::check() const {
    bool fit = kind.size() == inputs * sums && inner.size() == inputs * sums &&
               outer.size() == sums * outputs && params[BIAS].size() == outputs;
    for (const auto p : {INNER_A, INNER_B, INNER_C}) fit &= params[p].size() == inputs * sums;
    for (const auto p : {ALPHA, BETA, GAMMA}) fit &= params[p].size() == sums * outputs;
    expect(fit && inputs && sums && outputs, "the arrays of a form must have its shape");
    for (const std::int8_t one : kind)
        expect(0 <= one && one < std::int8_t(InnerShape::COUNT), "there is no such inner function");
}

}  // namespace symtick
