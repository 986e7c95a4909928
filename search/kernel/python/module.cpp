// The Python module symtick.search._kernel.
#include "python/bind.hpp"

NB_MODULE(_kernel, m) {
    m.doc() = "symtick's search kernel: evaluation, derivatives, cost and evolution of programs";
    // objects that a module keeps until the interpreter ends are no leaks
    nanobind::set_leak_warnings(false);
    symtick::bind_limits(m);
    symtick::bind_loss(m);
    symtick::bind_programs(m);
    symtick::bind_rules(m);
    symtick::bind_engine(m);
    symtick::bind_policy(m);
    symtick::bind_semantic(m);
    symtick::bind_layered(m);
}
