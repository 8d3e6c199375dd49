#pragma once

#include <string>

#include "regatta/scenario/registries.hpp"

/// Set by the installed package: where its catalogue lies.
#ifndef REGATTA_PACKAGE_CATALOGUE
#define REGATTA_PACKAGE_CATALOGUE ""
#endif

namespace regatta {

/// The program `regatta`, whole: its commands run, validate, workload, catalog and reference, alone or under mpirun or
/// srun. For a main of one's own that adds policies to those that a scenario can name; each is then read, checked,
/// listed and documented like the built-in ones. To be called once, by a process that does not use MPI itself.
///
/// `catalogue`: directory of the catalogue's files, unless the environment's REGATTA_CATALOGUE names another; empty:
/// share/regatta/catalogue beside the directory of the program, or else where Regatta was built.
/// Returns the exit code: 0 done, 1 the run failed, 2 bad input or usage.
[[nodiscard]] int run_program(int argument_count, char** arguments, const scenario::Registries& policies = {},
                              const std::string& catalogue = REGATTA_PACKAGE_CATALOGUE);

}  // namespace regatta
