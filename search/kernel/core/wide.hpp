// A whole number of 128 bits, which GCC and Clang have beyond the standard.
#pragma once

namespace symtick {

__extension__ typedef unsigned __int128 Wide;

}  // namespace symtick
