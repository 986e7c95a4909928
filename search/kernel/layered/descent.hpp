// Gradient descent on the constants of layered forms.
#pragma once
#include <array>
#include <vector>

#include "layered/form.hpp"

namespace symtick {

// The gradient of a form's loss by its constants, with the room that it takes.
class LayeredGradient {
public:
    // All are read again at each call of `at` and must stay. Throws std::invalid_argument where
    // they do not fit.
    LayeredGradient(const LayeredForm& form, const LayeredRows& rows, const LayeredGoal& goal);

    // The loss of a batch, without the decay; `slopes()` are its derivatives, with it.
    double at(std::size_t batch);
    const LayeredParams& slopes() const { return slopes_; }

private:
    void size();
    void place_constants();
    void place_addresses();
    LayeredView view() const;
    void gather_slopes();

    const LayeredForm& form_;
    const LayeredRows& rows_;
    const LayeredGoal& goal_;
    double loss_ = 1;  // of the batch before
    std::size_t width_;
    LayeredParams slopes_;
    std::vector<OuterPair> pairs_;
    std::vector<std::int32_t> live_;  // inputs with a live summand
    std::vector<int> summands_;       // of each sum
    std::array<std::vector<float>, std::size_t(InnerShape::COUNT)> shape_;     // (inputs x width)
    std::vector<float> a_, b_, c_, alive_, by_a_, by_b_, by_c_;                // (inputs x width)
    std::vector<float> step_, low_, high_;                                     // (width)
    std::vector<float> value_, derivative_, stored_, column_;                  // (codes x width)
    std::vector<float> alpha_, beta_, gamma_, by_alpha_, by_beta_, by_gamma_;  // of each pair
    std::vector<float> weight_;                                                // of each output
    std::vector<Address> addresses_;                                           // of each sum
    std::vector<float> by_row_, sums_, seen_, down_, bent_, outputs_, output_slopes_, spare_;
};

// Adam (arXiv:1412.6980): one step of each of the sizes, over batches in turn from number `first`
// on. memory: of the mean and of the mean square.
void descend(LayeredForm& form, const LayeredRows& rows, const LayeredGoal& goal,
             const std::vector<double>& sizes, std::array<double, 2> memory, std::size_t first);

}  // namespace symtick
