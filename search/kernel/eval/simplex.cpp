// The simplex of Nelder and Mead; see simplex.hpp.
#include "eval/simplex.hpp"

#include <algorithm>
#include <cmath>

namespace symtick {
namespace {

constexpr double kStep = 0.1, kLeastStep = 0.01;  // of the first simplex: a part of x, and at least
constexpr double kSmall = 1e-12;                  // a simplex of this relative size is a point

using Function = std::function<double(const std::vector<double>&)>;

class Simplex {
public:
    Simplex(const Function& f, int limit, const std::vector<double>& x, double value)
        : f_(f), left_(limit), corners_{{x, value}} {
        for (std::size_t k = 0; k < x.size() && left_ > 0; ++k) {
            std::vector<double> moved = x;
            moved[k] += std::max(kStep * std::fabs(x[k]), kLeastStep);
            corners_.push_back(corner(std::move(moved)));
        }
        sort();
    }

    int left() const { return left_; }
    const std::vector<double>& best() const { return corners_.front().x; }
    double value() const { return corners_.front().value; }
    bool whole() const { return corners_.size() == best().size() + 1; }

    bool small() const {
        for (std::size_t k = 0; k < best().size(); ++k)
            for (const Corner& c : corners_)
                if (std::fabs(c.x[k] - best()[k]) > kSmall * (1e-3 + std::fabs(best()[k])))
                    return false;
        return true;
    }

    void step() {
        const double n = double(best().size());
        const double expand = 1.0 + 2.0 / n, contract = 0.75 - 0.5 / n;
        Corner& worst = corners_.back();
        const double second = corners_[corners_.size() - 2].value;
        Corner tried = towards(1.0);
        if (tried.value < value() && left_ > 0) {
            Corner further = towards(expand);
            if (further.value < tried.value) tried = std::move(further);
        } else if (!(tried.value < second) && left_ > 0) {
            const bool outside = tried.value < worst.value;
            Corner nearer = towards(outside ? contract : -contract);
            if (!(nearer.value < std::min(tried.value, worst.value))) return shrink();
            tried = std::move(nearer);
        }
        if (tried.value < worst.value) worst = std::move(tried);
        sort();
    }

private:
    struct Corner {
        std::vector<double> x;
        double value;
    };
    const Function& f_;
    int left_;
    std::vector<Corner> corners_;  // the best first

    Corner corner(std::vector<double> x) {
        --left_;
        const double value = f_(x);
        return {std::move(x), std::isnan(value) ? HUGE_VAL : value};
    }

    // through the middle of the others, seen from the worst
    Corner towards(double part) {
        const std::vector<double>& worst = corners_.back().x;
        std::vector<double> x(worst.size());
        for (std::size_t k = 0; k < x.size(); ++k) {
            double middle = 0;
            for (std::size_t c = 0; c + 1 < corners_.size(); ++c) middle += corners_[c].x[k];
            middle /= double(x.size());
            x[k] = middle + part * (middle - worst[k]);
        }
        return corner(std::move(x));
    }

    void shrink() {
        const double part = best().size() > 1 ? 1.0 - 1.0 / double(best().size()) : 0.5;
        for (std::size_t c = 1; c < corners_.size() && left_ > 0; ++c) {
            std::vector<double> x = corners_[c].x;
            for (std::size_t k = 0; k < x.size(); ++k) x[k] = best()[k] + part * (x[k] - best()[k]);
            corners_[c] = corner(std::move(x));
        }
        sort();
    }

    void sort() {
        std::stable_sort(corners_.begin(), corners_.end(),
                         [](const Corner& a, const Corner& b) { return a.value < b.value; });
    }
};

}  // namespace

int minimise(const Function& f, int limit, std::vector<double>& x, double& value) {
    Simplex simplex(f, limit, x, value);
    while (simplex.left() > 0 && simplex.whole() && !simplex.small()) simplex.step();
    if (simplex.value() < value) {
        x = simplex.best();
        value = simplex.value();
    }
    return limit - simplex.left();
}

}  // namespace symtick
