// Compilation of a tree to instructions, and to the tape of its derivatives; see program.hpp.
#include <algorithm>
#include <array>

#include "core/program.hpp"

namespace symtick {

namespace {

// Slots are taken in stack order: a result's slot is the number of slots in use below it.
template <class T>
class Compiler {
public:
    Compiler(const Tree& tree, Code<T>& code) : code_(code) {
        if (code.stack.size() <= tree.size()) code.stack.resize(2 * tree.size() + 2);
        top_ = code.stack.data();
        code.steps.clear();
        code.slots = 0;
        for (const Node& n : tree) push(n);
        const Operand& root = top_[-1];
        if (root.at == Operand::kConstant)
            emit({CONST, VV, 0, 0, 0, 0, T(root.value), T(0)});
        else if (root.at < 0)
            emit({INPUT, VV, 0, root.at, 0, 0, T(0), T(0)});
    }

private:
    Code<T>& code_;
    Operand* top_;
    std::int32_t used_ = 0;

    void emit(const Instr<T>& s) { code_.steps.push_back(s); }

    void push(const Node& n) {
        const int count = arity(n.op);
        if (count == 3) return choice();
        if (count == 2) return binary(n.op);
        if (count == 1) return unary(n.op);
        *top_++ = {n.op == INPUT ? ~n.feature : Operand::kConstant, n.value};
    }

    void unary(std::uint8_t op) {
        Operand& a = top_[-1];
        if (a.at == Operand::kConstant) {
            a.value = apply_scalar(op, a.value, 0.0);
            return;
        }
        used_ -= a.at >= 0;
        emit({op, VV, used_, a.at, 0, 0, T(0), T(0)});
        put(a);
    }

    void binary(std::uint8_t op) {
        Operand &a = top_[-2], &b = *--top_;
        const bool constant_a = a.at == Operand::kConstant, constant_b = b.at == Operand::kConstant;
        if (constant_a & constant_b) {
            a.value = apply_scalar(op, a.value, b.value);
            return;
        }
        used_ -= (a.at >= 0) + (b.at >= 0);
        const std::uint8_t mode = constant_b ? VC : constant_a ? CV : VV;
        const Instr<T> s{op, mode,       used_,     constant_a ? 0 : a.at, constant_b ? 0 : b.at,
                         0,  T(a.value), T(b.value)};
        if (op != ADD || !fused(s)) emit(s);
        put(a);
    }

    // WHERE: a condition and the two values
    void choice() {
        top_ -= 2;
        Operand& condition = top_[-1];
        const Operand yes = top_[0], no = top_[1];
        used_ -= (condition.at >= 0) + (yes.at >= 0) + (no.at >= 0);
        if (condition.at == Operand::kConstant) {
            const Operand& taken = condition.value != 0.0 ? yes : no;
            if (taken.at >= 0 && taken.at != used_)  // results lie in the order of the stack
                emit({INPUT, VV, used_, taken.at, 0, 0, T(0), T(0)});
            if (taken.at >= 0) return put(condition);
            condition = taken;
            return;
        }
        const bool constant_yes = yes.at == Operand::kConstant;
        const bool constant_no = no.at == Operand::kConstant;
        const std::uint8_t mode = constant_yes ? (constant_no ? CC : CV) : constant_no ? VC : VV;
        emit({WHERE, mode, used_, condition.at, constant_yes ? 0 : yes.at, constant_no ? 0 : no.at,
              T(yes.value), T(no.value)});
        put(condition);
    }

    void put(Operand& result) {
        if (used_ > code_.slots) code_.slots = used_;
        result = {used_++, 0.0};
    }

    // a product with a constant directly before an addition is done in the same pass
    bool fused(const Instr<T>& s) {
        if (code_.steps.empty()) return false;
        Instr<T>& last = code_.steps.back();
        if (last.op != MUL || last.mode == VV) return false;
        const T factor = last.mode == VC ? last.cb : last.ca;
        const std::int32_t from = last.mode == VC ? last.a : last.b;
        if (s.mode != VV) {
            const std::int32_t operand = s.mode == VC ? s.a : s.b;
            if (operand != last.dst) return false;
            last = {MULADD, VV, s.dst, from, 0, 0, factor, s.mode == VC ? s.cb : s.ca};
            return true;
        }
        if (s.b == last.dst && s.a != last.dst)
            last = {AXPY, VV, s.dst, s.a, from, 0, factor, T(0)};
        else if (s.a == last.dst && s.b < 0)
            last = {AXPY, VV, s.dst, s.b, from, 0, factor, T(0)};
        else
            return false;
        return true;
    }
};

}  // namespace

template <class T>
void compile(const Tree& tree, Code<T>& code) {
    Compiler<T>(tree, code);
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
    tape.steps.push_back({CONST, VV, active(tape, ref), ref.at, 0, 0});
    ref = {false, std::int32_t(tape.steps.size()) - 1};
}

// The condition and the two values of a WHERE, each a step of its own where it is a constant.
void push_choice(Tape& tape, std::vector<TapeRef>& stack) {
    std::array<TapeRef, 3> args;
    bool wanted = false;
    for (std::size_t a = 3; a-- > 0;) args[a] = stack.back(), stack.pop_back();
    for (TapeRef& arg : args) {
        materialise(tape, arg);
        wanted = wanted || active(tape, arg);
    }
    tape.steps.push_back({WHERE, VV, wanted, args[0].at, args[1].at, args[2].at});
    stack.push_back({false, std::int32_t(tape.steps.size()) - 1});
}

// the parameter that constants of this kind share, -1 where each has its own or none is known yet
std::int32_t shared(const Tree& tree, const Tape& tape, std::int32_t kind) {
    if (kind == kFree) return -1;
    const auto end = tape.places.begin() + tape.parameters;
    const auto place = std::find_if(tape.places.begin(), end,
                                    [&](std::size_t k) { return tree[k].feature == kind; });
    return place == end ? -1 : std::int32_t(place - tape.places.begin());
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
    for (std::size_t c = 0; c < tape.places.size(); ++c) numbers[tape.places[c]] = std::int32_t(c);
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
        if (n.op == WHERE) {
            push_choice(tape, stack);
            continue;
        }
        TapeRef b{false, 0};
        const bool two = arity(n.op) == 2;
        if (two) b = stack.back(), stack.pop_back();
        TapeRef a = stack.back();
        stack.pop_back();
        if (!two || (a.constant && b.constant)) materialise(tape, a);
        const std::uint8_t mode = a.constant ? CV : b.constant ? VC : VV;
        const bool wanted = active(tape, a) || (two && active(tape, b));
        tape.steps.push_back({n.op, mode, wanted, a.at, b.at, 0});
        stack.push_back({false, std::int32_t(tape.steps.size()) - 1});
    }
    TapeRef root = stack.back();
    materialise(tape, root);
    if (root.at < 0) tape.steps.push_back({INPUT, VV, false, root.at, 0, 0});
}

}  // namespace symtick
