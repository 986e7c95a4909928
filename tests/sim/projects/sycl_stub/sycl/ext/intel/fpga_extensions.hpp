// Everything that is needed stands in sycl.hpp.
#pragma once
#include "sycl/sycl.hpp"
