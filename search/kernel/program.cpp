// Room: search/kernel. See program.hpp.
#include "program.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

namespace symtick {

void check(const Tree& tree, std::size_t features, std::size_t number) {
    const std::string where = "program " + std::to_string(number) + ": ";
    std::size_t depth = 0;
    for (const Node& n : tree) {
        if (n.op >= OP_COUNT)
            throw std::invalid_argument(where + "opcode " + std::to_string(n.op) + " is unknown");
        if (n.op == INPUT && (n.feature < 0 || std::size_t(n.feature) >= features))
            throw std::invalid_argument(where + "input " + std::to_string(n.feature) +
                                        " does not exist: there are " + std::to_string(features));
        if (n.op == CONST && !std::isfinite(n.value))
            throw std::invalid_argument(where + "a constant is not finite");
        const std::size_t wanted = arity(n.op);
        if (depth < wanted) throw std::invalid_argument(where + "an operator lacks arguments");
        depth += 1 - wanted;
    }
    if (depth != 1)
        throw std::invalid_argument(where + "it must leave one value, not " +
                                    std::to_string(depth));
}

std::size_t first_of(const Tree& tree, std::size_t root) {
    int need = 1;
    std::size_t k = root + 1;
    while (need > 0) need += arity(tree[--k].op) - 1;
    return k;
}

std::size_t depth_of(const Tree& tree) {
    std::vector<std::size_t> held;
    for (const Node& n : tree) {
        std::size_t deepest = 0;
        for (int k = arity(n.op); k > 0; --k) {
            deepest = std::max(deepest, held.back());
            held.pop_back();
        }
        held.push_back(deepest + 1);
    }
    return held.empty() ? 0 : held.back();
}

std::size_t constants_of(const Tree& tree) {
    return std::size_t(std::count_if(tree.begin(), tree.end(),
                                     [](const Node& n) { return n.op == CONST; }));
}

namespace {

std::uint64_t mixed(std::uint64_t h) {
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;
    return h ^ (h >> 32);
}

bool commutes(std::uint8_t op) { return op == ADD || op == MUL || op == MIN || op == MAX; }

std::uint64_t payload(const Node& n) {
    if (n.op == INPUT) return std::uint64_t(n.feature);
    return n.op == CONST ? std::bit_cast<std::uint64_t>(n.value) : 0;
}

}  // namespace

std::uint64_t hash_of(const Tree& tree) {
    std::vector<std::uint64_t> held;
    for (const Node& n : tree) {
        std::uint64_t h = mixed(payload(n) * 32 + n.op + 1);
        const int count = arity(n.op);
        if (count == 1) {
            h = mixed(h + held.back());
        } else if (count == 2) {
            std::uint64_t b = held.back(), a = held[held.size() - 2];
            if (commutes(n.op) && b < a) std::swap(a, b);
            h = mixed(mixed(h + a) + b);
        }
        held.resize(held.size() - count);
        held.push_back(h);
    }
    return held.back();
}

double apply_scalar(std::uint8_t op, double a, double b) {
    switch (op) {
        case ADD: return a + b;
        case SUB: return a - b;
        case MUL: return a * b;
        case DIV: return a / b;
        case NEG: return -a;
        case ABS: return std::fabs(a);
        case MIN: return std::isnan(a) || a < b ? a : b;
        case MAX: return std::isnan(a) || a > b ? a : b;
        case SQUARE: return a * a;
        case CUBE: return a * a * a;
        case SQRT: return std::sqrt(a);
        case EXP: return std::exp(a);
        case LOG: return std::log(a);
        case SIN: return std::sin(a);
        case COS: return std::cos(a);
        case TANH: return std::tanh(a);
        default: return NAN;
    }
}

std::vector<DagNode> hash_consed(const Tree& tree) {
    struct Key {
        std::uint64_t op_payload, args;
        std::uint8_t op;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& k) const {
            return mixed(mixed(k.op_payload * 32 + k.op) + k.args);
        }
    };
    std::unordered_map<Key, std::int32_t, Hash> known;
    known.reserve(tree.size());
    std::vector<DagNode> nodes;
    std::vector<std::int32_t> stack;
    for (const Node& n : tree) {
        std::int32_t a = -1, b = -1;
        const int count = arity(n.op);
        if (count == 2) b = stack.back(), stack.pop_back();
        if (count >= 1) a = stack.back(), stack.pop_back();
        const Key key{payload(n), std::uint64_t(std::uint32_t(a)) << 32 | std::uint32_t(b), n.op};
        const auto [found, fresh] = known.emplace(key, std::int32_t(nodes.size()));
        if (fresh) nodes.push_back({n.op, n.op == INPUT ? n.feature : -1, a, b, n.value});
        stack.push_back(found->second);
    }
    return nodes;
}

namespace {

template <class T>
class Compiler {
public:
    explicit Compiler(Code<T>& code) : code_(code), stack_(code.stack) {}

    void run(const Tree& tree) {
        code_.steps.clear();
        code_.slots = 0;
        stack_.clear();
        for (const Node& n : tree) push(n);
        const Place root = pop();
        if (root.kind == Place::COLUMN) emit({INPUT, VV, 0, ~root.at, 0, T(0), T(0)});
        if (root.kind == Place::VALUE) emit({CONST, VV, 0, 0, 0, T(root.value), T(0)});
    }

private:
    Code<T>& code_;
    std::vector<Place>& stack_;
    std::int32_t free_ = 0;

    Place pop() {
        const Place p = stack_.back();
        stack_.pop_back();
        if (p.kind == Place::SLOT) free_ = p.at;
        return p;
    }

    void emit(const Instr<T>& s) { code_.steps.push_back(s); }

    static std::int32_t code_of(const Place& p) { return p.kind == Place::SLOT ? p.at : ~p.at; }

    void push(const Node& n) {
        if (n.op == INPUT) return stack_.push_back({Place::COLUMN, n.feature, 0.0});
        if (n.op == CONST) return stack_.push_back({Place::VALUE, 0, n.value});
        const bool two = arity(n.op) == 2;
        const Place b = two ? pop() : Place{Place::VALUE, 0, 0.0};
        const Place a = pop();
        if (a.kind == Place::VALUE && b.kind == Place::VALUE) {
            return stack_.push_back({Place::VALUE, 0, apply_scalar(n.op, a.value, b.value)});
        }
        Instr<T> s{n.op, VV, 0, 0, 0, T(0), T(0)};
        // slots are taken in stack order, so the lower of the operands' slots is free again
        s.dst = free_ = lowest(a, b);
        if (two && b.kind == Place::VALUE) s.mode = VC, s.cb = T(b.value);
        else if (two) s.b = code_of(b);
        if (a.kind == Place::VALUE) s.mode = CV, s.ca = T(a.value);
        else s.a = code_of(a);
        if (!fused(s)) emit(s);
        stack_.push_back({Place::SLOT, s.dst, 0.0});
        free_ = s.dst + 1;
        if (s.dst > code_.slots) code_.slots = s.dst;
    }

    std::int32_t lowest(const Place& a, const Place& b) const {
        if (a.kind == Place::SLOT) return a.at;
        if (b.kind == Place::SLOT) return b.at;
        return free_;
    }

    // a product with a constant directly before an addition is done in the same pass
    bool fused(const Instr<T>& s) {
        if (s.op != ADD || code_.steps.empty()) return false;
        Instr<T>& last = code_.steps.back();
        if (last.op != MUL || last.mode == VV) return false;
        const T factor = last.mode == VC ? last.cb : last.ca;
        const std::int32_t from = last.mode == VC ? last.a : last.b;
        if (s.mode != VV) {
            const std::int32_t operand = s.mode == VC ? s.a : s.b;
            if (operand != last.dst) return false;
            last = {MULADD, VV, s.dst, from, 0, factor, s.mode == VC ? s.cb : s.ca};
            return true;
        }
        if (s.b == last.dst && s.a != last.dst) last = {AXPY, VV, s.dst, s.a, from, factor, T(0)};
        else if (s.a == last.dst && s.b < 0) last = {AXPY, VV, s.dst, s.b, from, factor, T(0)};
        else return false;
        return true;
    }
};

}  // namespace

template <class T>
void compile(const Tree& tree, Code<T>& code) {
    Compiler<T>(code).run(tree);
}
template void compile<float>(const Tree&, Code<float>&);
template void compile<double>(const Tree&, Code<double>&);

namespace {

// operand of a tape step: a constant's number, a column (~feature) or an earlier step
struct TapeRef {
    bool constant;
    std::int32_t at;
};

bool active(const Tape& tape, const TapeRef& ref) {
    if (ref.constant) return ref.at < tape.columns();
    return ref.at >= 0 && tape.steps[std::size_t(ref.at)].active;
}

void materialise(Tape& tape, TapeRef& ref) {
    if (!ref.constant) return;
    tape.steps.push_back({CONST, VV, active(tape, ref), ref.at, 0});
    ref = {false, std::int32_t(tape.steps.size()) - 1};
}

// the parameter that constants of this kind share, -1 where each has its own or none is known yet
std::int32_t shared(const Tree& tree, const Tape& tape, std::int32_t kind) {
    if (kind == kFree) return -1;
    const auto end = tape.places.begin() + tape.parameters;
    const auto found = std::find_if(tape.places.begin(), end, [&](std::size_t k) {
        return tree[k].feature == kind;
    });
    return found == end ? -1 : std::int32_t(found - tape.places.begin());
}

// fills all but the steps of `tape`
void number_constants(const Tree& tree, Tape& tape) {
    tape.places.clear();
    tape.copies.clear();
    tape.parameters = 0;
    const auto each = [&](auto use) {
        for (std::size_t k = 0; k < tree.size(); ++k)
            if (tree[k].op == CONST) use(k, tree[k].feature);
    };
    each([&](std::size_t k, std::int32_t kind) {
        if (kind < kFree || shared(tree, tape, kind) >= 0) return;
        tape.places.push_back(k);
        ++tape.parameters;
    });
    each([&](std::size_t k, std::int32_t kind) {
        const std::int32_t first = kind < kFree ? -1 : shared(tree, tape, kind);
        if (first < 0 || tape.places[std::size_t(first)] == k) return;
        tape.places.push_back(k);
        tape.copies.push_back(first);
    });
    each([&](std::size_t k, std::int32_t kind) {
        if (kind < kFree) tape.places.push_back(k);
    });
    tape.consts.clear();
    for (std::size_t k : tape.places) tape.consts.push_back(tree[k].value);
    tape.spread();
}

}  // namespace

void Tape::spread() {
    for (std::size_t e = 0; e < copies.size(); ++e)
        consts[std::size_t(parameters) + e] = consts[std::size_t(copies[e])];
}

std::size_t parameters_of(const Tree& tree) {
    Tape tape;
    number_constants(tree, tape);
    return std::size_t(tape.parameters);
}

void make_tape(const Tree& tree, Tape& tape) {
    std::vector<TapeRef> stack;
    number_constants(tree, tape);
    std::vector<std::int32_t> numbers(tree.size());
    for (std::size_t c = 0; c < tape.places.size(); ++c)
        numbers[tape.places[c]] = std::int32_t(c);
    tape.steps.clear();
    for (std::size_t k = 0; k < tree.size(); ++k) {
        const Node& n = tree[k];
        if (n.op == INPUT) {
            stack.push_back({false, ~n.feature});
            continue;
        }
        if (n.op == CONST) {
            stack.push_back({true, numbers[k]});
            continue;
        }
        TapeRef b{false, 0};
        const bool two = arity(n.op) == 2;
        if (two) b = stack.back(), stack.pop_back();
        TapeRef a = stack.back();
        stack.pop_back();
        if (!two || (a.constant && b.constant)) materialise(tape, a);
        const std::uint8_t mode = a.constant ? CV : b.constant ? VC : VV;
        tape.steps.push_back(
            {n.op, mode, active(tape, a) || (two && active(tape, b)), a.at, b.at});
        stack.push_back({false, std::int32_t(tape.steps.size()) - 1});
    }
    TapeRef root = stack.back();
    materialise(tape, root);
    if (root.at < 0) tape.steps.push_back({INPUT, VV, false, root.at, 0});
}

}  // namespace symtick
