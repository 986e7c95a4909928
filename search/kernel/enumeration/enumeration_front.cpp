// The front of enumerated functions; see enumeration_front.hpp.
#include "enumeration/enumeration_front.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace symtick {
namespace {

class Gatherer {
public:
    Gatherer(const FunctionTable& table, const FrontSettings& settings, Offers& offers)
        : table_(table), settings_(settings), offers_(offers) {
        const Vocabulary& vocabulary = offers.rules().vocabulary();
        const auto has = [&](const Node& n) { return vocabulary.find(n) >= 0; };
        scalable_ =
            settings.scaled && has({CONST, kFree, 0.0}) && has({MUL, 0, 0.0}) && has({ADD, 0, 0.0});
    }

    std::uint64_t run() {
        for (std::size_t f = 0; f < table_.size(); ++f) {
            const Tree tree = table_.tree(f);
            if (!table_.written(f).symbols) offers_.offer(tree);
            if (scalable_) scale(f, tree);
        }
        for (auto& [level, ranks] : ranks_) {
            std::stable_sort(ranks.begin(), ranks.end());
            ranks.resize(std::min(ranks.size(), settings_.fits));
            for (const auto& [loss, f] : ranks) tune(f);
        }
        return fits_;
    }

private:
    const FunctionTable& table_;
    const FrontSettings& settings_;
    Offers& offers_;
    bool scalable_;
    Fitter fitter_;
    std::uint64_t fits_ = 0;
    std::map<std::size_t, std::vector<std::pair<double, std::size_t>>> ranks_;  // of each level

    // scale * tree + offset, without what does nothing
    static Tree line(const Tree& tree, double scale, double offset) {
        Tree out;
        if (scale != 1.0) out.push_back({CONST, kFree, scale});
        out.insert(out.end(), tree.begin(), tree.end());
        if (scale != 1.0) out.push_back({MUL, 0, 0.0});
        if (offset == 0.0) return out;
        out.push_back({CONST, kFree, offset});
        out.push_back({ADD, 0, 0.0});
        return out;
    }

    // the best a * f, f + b and a * f + b in least squares
    std::vector<Scaling> scalings(std::size_t f) const {
        const double *v = table_.values(f), *y = offers_.screen().y64.get(),
                     *weight = offers_.screen().w64.get();
        double w = 0, wv = 0, wy = 0, wvv = 0, wvy = 0, wyy = 0;
        for (std::size_t r = 0; r < table_.rows(); ++r) {
            w += weight[r];
            wv += weight[r] * v[r];
            wy += weight[r] * y[r];
            wvv += weight[r] * v[r] * v[r];
            wvy += weight[r] * v[r] * y[r];
            wyy += weight[r] * y[r] * y[r];
        }
        const double spread = wvv - wv * wv / w;
        std::vector<Scaling> out = {{1.0, (wy - wv) / w, 0.0}};
        if (wvv > 0) out.push_back({wvy / wvv, 0.0, 0.0});
        if (spread > 1e-12 * wvv) {
            const double slope = (wvy - wv * wy / w) / spread;
            out.push_back({slope, (wy - slope * wv) / w, 0.0});
        }
        for (Scaling& s : out)
            s.loss = (wyy + s.scale * s.scale * wvv + s.offset * s.offset * w +
                      2 * (s.scale * s.offset * wv - s.scale * wvy - s.offset * wy)) /
                     w;
        return out;
    }

    void scale(std::size_t f, const Tree& tree) {
        const FunctionForm& form = table_.written(f);
        const std::vector<Scaling> all = scalings(f);
        for (const Scaling& s : all) offers_.offer(line(tree, s.scale, s.offset));
        // those are the best already, where the squares of all rows were summed
        if (offers_.loss().kind != MSE || form.symbols || &offers_.screen() != &offers_.all())
            ranks_[form.level].push_back({all.back().loss, f});
    }

    void tune(std::size_t f) {
        const Tree tree = table_.tree(f);
        if (table_.written(f).symbols) tune(tree);
        for (const Scaling& s : scalings(f)) tune(line(tree, s.scale, s.offset));
    }

    void tune(const Tree& tree) {
        if (!offers_.rules().accepts(tree)) return;
        ++fits_;
        Tree whole = offers_.phenotype(tree), tuned = tree;
        fitter_.fit(whole, offers_.all(), offers_.loss(), settings_.fit);
        take_constants(tuned, whole, offers_.rules().vocabulary());
        offers_.offer(tuned);
    }
};

}  // namespace

std::uint64_t offer_all(const FunctionTable& table, const FrontSettings& settings, Offers& offers) {
    return Gatherer(table, settings, offers).run();
}

}  // namespace symtick
