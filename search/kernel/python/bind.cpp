// What the files that make the Python module share; see bind.hpp.
#include "python/bind.hpp"

#include <algorithm>

namespace symtick {

Program program_of(const Tree& tree) {
    std::vector<std::uint8_t> ops;
    std::vector<std::int32_t> args;
    std::vector<double> consts;
    for (const Node& n : tree) {
        ops.push_back(n.op);
        args.push_back(n.op == INPUT ? n.feature : n.op == CONST ? int(consts.size()) : 0);
        if (n.op == CONST) consts.push_back(n.value);
    }
    return {give(std::move(ops)), give(std::move(args)), give(std::move(consts))};
}

Out<std::int16_t> padded(const std::vector<Sequence>& sequences) {
    std::size_t longest = 0;
    for (const Sequence& s : sequences) longest = std::max(longest, s.size());
    std::vector<std::int16_t> out(sequences.size() * longest, -1);
    for (std::size_t k = 0; k < sequences.size(); ++k)
        std::copy(sequences[k].begin(), sequences[k].end(),
                  out.begin() + std::ptrdiff_t(k * longest));
    return give(std::move(out), {sequences.size(), longest});
}

}  // namespace symtick
