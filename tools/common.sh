# shellcheck shell=bash
# What the scripts beside this file share; they source it. Leaves the shell in the top directory of the project.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '%s\n' "$*"; }

# Prints a command as one could type it, then runs it.
run() {
    local words
    printf -v words ' %q' "$@"
    say "\$$words"
    "$@"
}

# Open MPI refuses to run as root unless told twice. In a container root is the only user there is.
allow_mpirun_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        say "Running as root: OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 are set for mpirun."
    fi
}

# Cores as mpirun counts them: physical ones, and no more than this process may use.
usable_cores() {
    local allowed physical
    allowed=$(nproc)
    physical=$(lscpu --parse=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
    if [ "$physical" -gt 0 ] && [ "$physical" -lt "$allowed" ]; then
        say "$physical"
    else
        say "$allowed"
    fi
}
