#include "layered/descent.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace symtick {
namespace {

constexpr double kLeastGain = 0x1p-12, kMostPlaces = 12;  // as in `Layers.steps`
constexpr float kTiny = 1e-10f;                           // keeps Adam from dividing by zero

// The code of a value, also of one that is none: constants can diverge.
std::int64_t code_of(float value, float step) {
    constexpr float kFarthest = 0x1p61f;
    const float code = std::nearbyint(value / step);
    return code > -kFarthest ? std::int64_t(std::min(code, kFarthest)) : std::int64_t(-kFarthest);
}

// as `dropped_bits` of symtick.codegen
int dropped_bits(std::int64_t low, std::int64_t high, int bits) {
    const auto length = [](std::int64_t n) { return int(std::bit_width(std::uint64_t(n))); };
    int drop = std::max(0, length(high - low) - bits);
    while (length((high >> drop) - (low >> drop)) > bits) ++drop;
    return drop;
}

}  // namespace

LayeredGradient::LayeredGradient(const LayeredForm& form, const LayeredRows& rows,
                                 const LayeredGoal& goal)
    : form_(form),
      rows_(rows),
      goal_(goal),
      width_((form.sums + kLaneSums - 1) / kLaneSums * kLaneSums),
      slopes_(form.params),
      summands_(form.sums) {
    form.check();
    expect(rows.inputs() == form.inputs && rows.outputs() == form.outputs,
           "rows and form must have the same inputs and outputs");
    expect(rows.batches() > 0, "there is no whole batch of rows");
    expect(goal.spread.size() == form.outputs, "there must be one spread for each output");
    for (std::size_t i = 0; i < form.inputs; ++i) {
        int alive = 0;
        for (std::size_t j = 0; j < form.sums; ++j) {
            const int one = form.inner[i * form.sums + j] > 0;
            alive += one;
            summands_[j] += one;
        }
        if (alive) live_.push_back(std::int32_t(i));
    }
    for (std::size_t j = 0; j < form.sums; ++j)
        for (std::size_t k = 0; k < form.outputs; ++k)
            if (form.outer[j * form.outputs + k] > 0)
                pairs_.push_back({std::int32_t(j), std::int32_t(k)});
    size();
}

void LayeredGradient::size() {
    const std::size_t table = form_.inputs * width_, codes = rows_.codes() * width_;
    for (auto* array : {&a_, &b_, &c_, &alive_, &by_a_, &by_b_, &by_c_}) array->resize(table);
    for (auto* array : {&step_, &low_, &high_}) array->resize(width_);
    for (auto* array : {&value_, &derivative_, &stored_, &column_}) array->resize(codes);
    for (auto* array : {&alpha_, &beta_, &gamma_, &by_alpha_, &by_beta_, &by_gamma_})
        array->resize(pairs_.size());
    for (auto* array : {&by_row_, &sums_, &seen_, &down_}) array->resize(width_ * kBlockRows);
    for (auto* array : {&outputs_, &output_slopes_}) array->resize(form_.outputs * kBlockRows);
    bent_.resize(pairs_.size() * kBlockRows);
    spare_.resize(2 * std::max<std::size_t>(2, form_.outputs) * kLaneSums);
    addresses_.resize(form_.sums);
    for (const float spread : goal_.spread) weight_.push_back(1.0f / spread);
    for (auto& shape : shape_) shape.assign(table, 0.0f);
    for (std::size_t k = 0; k < form_.kind.size(); ++k) {
        const std::size_t to = k / form_.sums * width_ + k % form_.sums;
        alive_[to] = form_.inner[k];
        shape_[std::size_t(form_.kind[k])][to] = 1.0f;
    }
}

void LayeredGradient::place_constants() {
    const LayeredParams& p = form_.params;
    for (std::size_t k = 0; k < form_.inner.size(); ++k) {
        const std::size_t to = k / form_.sums * width_ + k % form_.sums;
        a_[to] = p[INNER_A][k] * form_.inner[k];
        b_[to] = p[INNER_B][k];
        c_[to] = p[INNER_C][k];
    }
    std::vector<double> gain(form_.sums, kLeastGain);
    for (std::size_t q = 0; q < pairs_.size(); ++q) {
        const std::size_t j = std::size_t(pairs_[q].sum);
        const std::size_t at = j * form_.outputs + std::size_t(pairs_[q].output);
        alpha_[q] = p[ALPHA][at];
        beta_[q] = p[BETA][at];
        gamma_[q] = p[GAMMA][at];
        gain[j] = std::max(gain[j], double(std::fabs(alpha_[q] * beta_[q])));
    }
    if (!goal_.term_frac) return;
    for (std::size_t j = 0; j < form_.sums; ++j) {
        const double bits = std::min(std::ceil(std::log2(gain[j]) - 1e-6), kMostPlaces);
        step_[j] = summands_[j] > 1 ? std::ldexp(1.0f, -*goal_.term_frac - int(bits)) : 0.0f;
    }
}

void LayeredGradient::place_addresses() {
    for (std::size_t j = 0; j < form_.sums; ++j) {
        if (!(step_[j] > 0)) continue;
        const std::int64_t low = code_of(low_[j], step_[j]), high = code_of(high_[j], step_[j]);
        const int drop = dropped_bits(low, high, goal_.address_bits);
        addresses_[j] = {step_[j], std::ldexp(1.0f, drop), float(low), float(high)};
    }
}

LayeredView LayeredGradient::view() const {
    LayeredView v{};
    v.width = width_;
    v.inputs = live_.data();
    v.live = live_.size();
    v.first = rows_.first();
    v.code = rows_.code();
    v.a = a_.data();
    v.b = b_.data();
    v.c = c_.data();
    for (std::size_t s = 0; s < shape_.size(); ++s) {
        const bool here = std::ranges::any_of(shape_[s], [](float one) { return one > 0; });
        v.shape[s] = here ? shape_[s].data() : nullptr;
    }
    v.step = step_.data();
    v.pairs = pairs_.data();
    v.count = pairs_.size();
    v.alpha = alpha_.data();
    v.beta = beta_.data();
    v.gamma = gamma_.data();
    v.bias = form_.params[BIAS].data();
    v.sums = form_.sums;
    v.outputs = form_.outputs;
    v.scale = goal_.term_frac ? std::ldexp(1.0f, *goal_.term_frac) : 0.0f;
    return v;
}

double LayeredGradient::at(std::size_t batch) {
    const LayeredTable& loops = layered_loops();
    place_constants();
    const LayeredView v = view();
    loops.curves(v, value_.data(), derivative_.data(), stored_.data());
    loops.range(v, stored_.data(), low_.data(), high_.data());
    place_addresses();
    for (auto* array : {&column_, &by_alpha_, &by_beta_, &by_gamma_, &slopes_[BIAS]})
        std::ranges::fill(*array, 0.0f);
    LayeredBlock block{};
    block.stride = form_.inputs;
    block.batch = rows_.batch();
    block.goal_stride = rows_.goal_stride();
    block.loss = goal_.loss;
    block.sharpness = float(goal_.sharpness);
    block.calibration = float(goal_.calibration);
    block.weight = weight_.data();
    const double share = goal_.relative ? std::min(loss_, 1.0) : 1.0;
    block.decay = float(2 * goal_.decay * share / double(rows_.batch()));
    block.by_row = by_row_.data();
    block.sums = sums_.data();
    block.seen = seen_.data();
    block.down = down_.data();
    block.bent = bent_.data();
    block.values = outputs_.data();
    block.slopes = output_slopes_.data();
    block.spare = spare_.data();
    const LayeredSlopes to{column_.data(), by_alpha_.data(), by_beta_.data(), by_gamma_.data(),
                           slopes_[BIAS].data()};
    double loss = 0;
    for (std::size_t row = 0; row < block.batch; row += kBlockRows) {
        block.rows = std::min(kBlockRows, block.batch - row);
        block.places = rows_.places(batch) + row * form_.inputs;
        block.goal = rows_.goal(batch) + row;
        loss += loops.block(v, stored_.data(), addresses_.data(), block, to);
    }
    loops.inner(v, value_.data(), derivative_.data(), column_.data(), alive_.data(), by_a_.data(),
                by_b_.data(), by_c_.data());
    gather_slopes();
    return loss_ = loss;
}

void LayeredGradient::gather_slopes() {
    for (std::size_t k = 0; k < form_.inner.size(); ++k) {
        const std::size_t from = k / form_.sums * width_ + k % form_.sums;
        slopes_[INNER_A][k] = by_a_[from];
        slopes_[INNER_B][k] = by_b_[from];
        slopes_[INNER_C][k] = by_c_[from];
    }
    for (const auto p : {ALPHA, BETA, GAMMA}) std::ranges::fill(slopes_[p], 0.0f);
    for (std::size_t q = 0; q < pairs_.size(); ++q) {
        const std::size_t at =
            std::size_t(pairs_[q].sum) * form_.outputs + std::size_t(pairs_[q].output);
        slopes_[ALPHA][at] = by_alpha_[q];
        slopes_[BETA][at] = by_beta_[q];
        slopes_[GAMMA][at] = by_gamma_[q];
    }
}

void descend(LayeredForm& form, const LayeredRows& rows, const LayeredGoal& goal,
             const std::vector<double>& sizes, std::array<double, 2> memory, std::size_t first) {
    LayeredGradient gradient(form, rows, goal);
    LayeredParams mean = form.params, square = form.params;
    for (auto* moments : {&mean, &square})
        for (auto& array : *moments) std::ranges::fill(array, 0.0f);
    const auto [keep, keep_square] = memory;
    double decayed = 1, decayed_square = 1;
    for (std::size_t n = 0; n < sizes.size(); ++n) {
        gradient.at((first + n) % rows.batches());
        decayed *= keep;
        decayed_square *= keep_square;
        const double size = sizes[n] * std::sqrt(1 - decayed_square) / (1 - decayed);
        for (std::size_t p = 0; p < form.params.size(); ++p) {
            const bool scaled = p == ALPHA || p == BIAS;
            const float k = float(keep), ks = float(keep_square);
            for (std::size_t q = 0; q < form.params[p].size(); ++q) {
                const float unit = scaled ? goal.spread[q % form.outputs] : 1.0f;
                const float slope = gradient.slopes()[p][q] * unit;
                float &m = mean[p][q], &s = square[p][q];
                m = k * m + (1 - k) * slope;
                s = ks * s + (1 - ks) * slope * slope;
                form.params[p][q] -= float(size) * unit * m / (std::sqrt(s) + kTiny);
            }
        }
    }
}

}  // namespace symtick
