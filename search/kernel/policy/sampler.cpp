// Sampling of sequences from a policy; see sampler.hpp.
#include "policy/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "policy/lstm.hpp"

namespace symtick {
namespace {

constexpr std::size_t kSide = 16;    // sequences written side by side
constexpr std::size_t kChunk = 256;  // sequences that a thread takes at a time
constexpr float kForbidden = -std::numeric_limits<float>::infinity();

std::size_t wide(std::size_t n) { return (n + kWide - 1) / kWide * kWide; }

// A matrix of `blocks` blocks of `from` columns, each block widened to `to` columns by zeros, with
// zero rows added up to `rows`.
std::vector<float> widened(const std::vector<float>& matrix, std::size_t blocks, std::size_t from,
                           std::size_t to, std::size_t rows) {
    std::vector<float> out(rows * blocks * to, 0.0f);
    for (std::size_t k = 0; k < matrix.size() / from; ++k)
        std::copy_n(&matrix[k * from], from, &out[k * to]);
    return out;
}

void add(float* to, const float* from, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) to[k] += from[k];
}

// The weights as the loops want them: all widths multiples of kWide.
struct PolicyNetwork {
    std::size_t tokens, layers, bins, units, gates, width;
    std::vector<float> observe, out, out_bias, start_h, start_c;
    std::vector<std::vector<float>> below, self, bias;

    explicit PolicyNetwork(const PolicyWeights& w)
        : tokens(w.tokens),
          layers(w.layers),
          bins(w.open_bins),
          units(wide(w.units)),
          gates(4 * units),
          width(wide(w.tokens)),
          observe(widened(w.observe, 4, w.units, units, w.rows())),
          out(widened(w.out, 1, w.tokens, width, units)),
          out_bias(w.out_bias),
          start_h(widened(w.start_h, 1, w.units, units, layers)),
          start_c(widened(w.start_c, 1, w.units, units, layers)),
          below(layers),
          self(layers),
          bias(layers) {
        out_bias.resize(width, 0.0f);
        const std::size_t square = w.units * 4 * w.units;
        for (std::size_t k = 0; k < layers; ++k) {
            const auto& weights = w.recurrent[k];
            const auto middle = weights.end() - std::ptrdiff_t(square);
            if (k) below[k] = widened({weights.begin(), middle}, 4, w.units, units, units);
            self[k] = widened({middle, weights.end()}, 4, w.units, units, units);
            bias[k] = widened(w.bias[k], 4, w.units, units, 1);
        }
        // every step reads one parent's row, so the first bias stands there
        for (std::size_t r = 0; r <= tokens; ++r) add(&observe[r * gates], bias[0].data(), gates);
    }

    const float* row(std::size_t code, int token) const {
        return &observe[(code * (tokens + 1) + std::size_t(token + 1)) * gates];
    }
    const float* open_row(std::size_t open) const {
        const std::size_t bin = std::min(open, bins) - 1;
        return &observe[(3 * (tokens + 1) + bin) * gates];
    }
};

// Priors and mask of the next step.
class Shifts {
public:
    Shifts(const PolicyPriors& priors, const Vocabulary& vocabulary)
        : priors_(priors), token_(priors.token) {
        token_.resize(vocabulary.tokens.size(), 0.0f);
        for (std::size_t k = 0; k < token_.size(); ++k)
            leaf_.push_back(vocabulary.arity_of(int(k)) == 0);
    }

    // false where nothing may stand next
    bool write(Prefix& prefix, float* out) {
        if (!prefix.mask(mask_)) return false;
        const double over = double(prefix.length()) - priors_.length;
        const bool early = over < 0;
        const bool soft = priors_.soft_length && (!early || prefix.open() == 1);
        const float push = soft ? float(-over * over / (2 * priors_.variance)) : 0.0f;
        for (std::size_t k = 0; k < token_.size(); ++k)
            out[k] = mask_[k] ? token_[k] + (bool(leaf_[k]) == early ? push : 0.0f) : kForbidden;
        return true;
    }

private:
    const PolicyPriors& priors_;
    std::vector<float> token_;
    std::vector<std::uint8_t> leaf_, mask_;
};

// What one thread writes with: kSide sequences, each begun as soon as one is done.
class BatchWriter {
public:
    BatchWriter(const PolicyNetwork& net, const PolicyPriors& priors, const Rules& rules,
                std::uint64_t seed, std::uint64_t first, std::size_t tries, Samples& out)
        : net_(net),
          rules_(rules),
          loops_(lstm()),
          shifts_(priors, rules.vocabulary()),
          seed_(seed),
          first_(first),
          tries_(tries),
          out_(out),
          gates_(kSide * net.gates),
          logits_(kSide * net.width),
          shift_(kSide * net.width, kForbidden),
          entropy_(kSide),
          h_(net.layers, std::vector<float>(kSide * net.units)),
          c_(h_) {
        for (std::size_t k = 0; k < kSide; ++k) lanes_.push_back(std::make_unique<Lane>(rules));
    }

    // sequences from .. to - 1; how many were written for them
    std::size_t write(std::size_t from, std::size_t to) {
        std::size_t busy = 0, attempts = 0;
        while (busy < kSide && from < to) take(busy++, from++);
        while (busy) {
            for (std::size_t k = 0; k < busy; ++k) prepare(k);
            score(busy);
            for (std::size_t k = busy; k-- > 0;) {
                if (!advance(k)) continue;
                ++attempts;
                if (!settle(k))
                    again(k);
                else if (from < to)
                    take(k, from++);
                else
                    drop(k, --busy);
            }
        }
        return attempts;
    }

private:
    struct Lane {
        Prefix prefix;
        Rng rng;
        std::size_t row = 0, tries = 0;
        double log_probability = 0, entropy = 0;
        bool stuck = false;
        explicit Lane(const Rules& rules) : prefix(rules) {}
    };

    void take(std::size_t k, std::size_t row) {
        lanes_[k]->row = row;
        lanes_[k]->tries = 0;
        lanes_[k]->rng = Rng(seed_, first_ + row);
        again(k);
    }

    void again(std::size_t k) {
        Lane& lane = *lanes_[k];
        lane.prefix.clear();
        ++lane.tries;
        lane.log_probability = lane.entropy = 0;
        for (std::size_t j = 0; j < net_.layers; ++j) {
            std::copy_n(&net_.start_h[j * net_.units], net_.units, &h_[j][k * net_.units]);
            std::copy_n(&net_.start_c[j * net_.units], net_.units, &c_[j][k * net_.units]);
        }
    }

    // lane k ends; the last busy one takes its place
    void drop(std::size_t k, std::size_t last) {
        std::swap(lanes_[k], lanes_[last]);
        std::copy_n(&shift_[last * net_.width], net_.width, &shift_[k * net_.width]);
        for (std::size_t j = 0; j < net_.layers; ++j) {
            std::copy_n(&h_[j][last * net_.units], net_.units, &h_[j][k * net_.units]);
            std::copy_n(&c_[j][last * net_.units], net_.units, &c_[j][k * net_.units]);
        }
    }

    void prepare(std::size_t k) {
        Lane& lane = *lanes_[k];
        const Prefix& prefix = lane.prefix;
        float* gates = &gates_[k * net_.gates];
        std::copy_n(net_.row(0, prefix.parent()), net_.gates, gates);
        add(gates, net_.row(1, prefix.sibling()), net_.gates);
        add(gates, net_.row(2, prefix.previous()), net_.gates);
        add(gates, net_.open_row(prefix.open()), net_.gates);
        lane.stuck = !shifts_.write(lane.prefix, &shift_[k * net_.width]);
    }

    // probabilities of the next tokens of `busy` lanes
    void score(std::size_t busy) {
        const std::size_t lanes = (busy + kLaneGroup - 1) / kLaneGroup * kLaneGroup;
        const float* below = nullptr;
        for (std::size_t j = 0; j < net_.layers; ++j) {
            if (j) {
                for (std::size_t k = 0; k < lanes; ++k)
                    std::copy_n(net_.bias[j].data(), net_.gates, &gates_[k * net_.gates]);
                loops_.accumulate(net_.below[j].data(), below, gates_.data(), net_.units,
                                  net_.gates, lanes);
            }
            loops_.accumulate(net_.self[j].data(), h_[j].data(), gates_.data(), net_.units,
                              net_.gates, lanes);
            loops_.cell(gates_.data(), c_[j].data(), h_[j].data(), net_.units, lanes);
            below = h_[j].data();
        }
        for (std::size_t k = 0; k < lanes; ++k) {
            float* logits = &logits_[k * net_.width];
            std::copy_n(net_.out_bias.data(), net_.width, logits);
            add(logits, &shift_[k * net_.width], net_.width);
        }
        loops_.accumulate(net_.out.data(), below, logits_.data(), net_.units, net_.width, lanes);
        loops_.softmax(logits_.data(), entropy_.data(), net_.width, lanes);
    }

    // true where the sequence is at its end
    bool advance(std::size_t k) {
        Lane& lane = *lanes_[k];
        if (lane.stuck) return true;
        const float* chance = &logits_[k * net_.width];
        double left = lane.rng.uniform();
        std::size_t token = net_.tokens;
        for (std::size_t j = 0; j < net_.tokens; ++j) {
            if (!(chance[j] > 0.0f)) continue;
            token = j;  // the last possible one also takes what rounding leaves
            if ((left -= double(chance[j])) < 0) break;
        }
        if (token == net_.tokens)
            throw std::invalid_argument("the policy's weights are not finite");
        lane.log_probability += std::log(double(chance[token]));
        lane.entropy += double(entropy_[k]);
        lane.prefix.push(int(token));
        return lane.prefix.complete();
    }

    // false where the sequence breaks a rule and may be drawn again
    bool settle(std::size_t k) {
        const Lane& lane = *lanes_[k];
        bool kept = !lane.stuck;
        if (kept && rules_.settings().units)
            kept = rules_.accepts(to_tree(lane.prefix.sequence(), rules_.vocabulary()));
        if (!kept) return lane.tries >= tries_;
        out_.sequences[lane.row] = lane.prefix.sequence();
        out_.log_probability[lane.row] = lane.log_probability;
        out_.entropy[lane.row] = lane.entropy;
        return true;
    }

    const PolicyNetwork& net_;
    const Rules& rules_;
    const LstmTable& loops_;
    Shifts shifts_;
    const std::uint64_t seed_, first_;
    const std::size_t tries_;
    Samples& out_;
    std::vector<float> gates_, logits_, shift_, entropy_;
    std::vector<std::vector<float>> h_, c_;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace

void PolicyWeights::check() const {
    const auto need = [](bool kept, const char* what) {
        if (!kept) throw std::invalid_argument(std::string("the policy's weights: ") + what);
    };
    need(tokens && units && layers && open_bins, "no tokens, units, layers or open bins");
    need(observe.size() == rows() * 4 * units, "the observations need (rows, 4 units)");
    need(recurrent.size() == layers && bias.size() == layers,
         "each layer needs a matrix and a bias");
    for (std::size_t k = 0; k < layers; ++k) {
        need(recurrent[k].size() == (k ? 2 : 1) * units * 4 * units, "a matrix's size is wrong");
        need(bias[k].size() == 4 * units, "a bias's size is wrong");
    }
    need(start_h.size() == layers * units, "the first state's size is wrong");
    need(start_c.size() == layers * units, "the first cell's size is wrong");
    need(out.size() == units * tokens && out_bias.size() == tokens, "the output's size is wrong");
}

Samples sample(const PolicyWeights& weights, const PolicyPriors& priors, const Rules& rules,
               std::size_t n, std::uint64_t seed, std::uint64_t first, std::size_t tries,
               int threads) {
    weights.check();
    if (weights.tokens != rules.vocabulary().tokens.size())
        throw std::invalid_argument("the policy's weights are for another vocabulary");
    const PolicyNetwork net(weights);
    Samples out;
    out.sequences.resize(n);
    out.log_probability.resize(n);
    out.entropy.resize(n);
    const std::size_t chunks = (n + kChunk - 1) / kChunk;
    std::vector<std::size_t> attempts(chunks);
    std::vector<std::unique_ptr<BatchWriter>> writers(thread_count(chunks, threads));
    parallel_for(chunks, threads, [&](std::size_t k, std::size_t me) {
        if (!writers[me])
            writers[me] =
                std::make_unique<BatchWriter>(net, priors, rules, seed, first, tries, out);
        attempts[k] = writers[me]->write(k * kChunk, std::min(n, (k + 1) * kChunk));
    });
    for (const std::size_t count : attempts) out.attempts += count;
    return out;
}

Observations observations(const PolicyPriors& priors, const Rules& rules,
                          const std::vector<Sequence>& sequences) {
    const std::size_t n = sequences.size(), tokens = rules.vocabulary().tokens.size();
    Observations out;
    for (const Sequence& s : sequences) out.length = std::max(out.length, s.size());
    for (auto* codes : {&out.parent, &out.sibling, &out.previous, &out.open})
        codes->assign(n * out.length, -1);
    out.shift.assign(n * out.length * tokens, 0.0f);
    out.possible.assign(n, 1);
    Shifts shifts(priors, rules.vocabulary());
    Prefix prefix(rules);
    for (std::size_t k = 0; k < n; ++k) {
        prefix.clear();
        for (std::size_t t = 0; t < sequences[k].size(); ++t) {
            const std::size_t at = k * out.length + t;
            const std::int16_t token = sequences[k][t];
            if (token < 0 || std::size_t(token) >= tokens || prefix.complete())
                throw std::invalid_argument("sequence " + std::to_string(k) + " is no expression");
            out.parent[at] = std::int16_t(prefix.parent());
            out.sibling[at] = std::int16_t(prefix.sibling());
            out.previous[at] = std::int16_t(prefix.previous());
            out.open[at] = std::int16_t(std::min<std::size_t>(prefix.open(), 32767));
            float* shift = &out.shift[at * tokens];
            if (!shifts.write(prefix, shift) || shift[token] == kForbidden) {
                out.possible[k] = 0;
                break;
            }
            prefix.push(token);
        }
        if (out.possible[k] && !prefix.complete())
            throw std::invalid_argument("sequence " + std::to_string(k) + " is no expression");
    }
    return out;
}

}  // namespace symtick
