// The simulator: run a scenario on one rank or on many, check one, show its workload, or list what it can name.

#include "regatta/program.hpp"

int main(int argument_count, char** arguments) {
    return regatta::run_program(argument_count, arguments);
}
