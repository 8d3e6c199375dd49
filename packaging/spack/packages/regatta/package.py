# Copyright of this recipe: as of Regatta, Apache-2.0.
from spack_repo.builtin.build_systems.cmake import CMakePackage, generator

from spack.package import *


class Regatta(CMakePackage):
    """Simulates fleets of GPU servers that answer requests to large language models, as a parallel discrete-event
    simulation over MPI: the same answer, record for record, on any number of ranks."""

    # There is no public address to fetch from: `spack dev-build` builds the clone. packaging/README.md shows how.
    license("Apache-2.0")

    version("0.1.0")

    variant("hardening", default=True, when="build_type=Release",
            description="Checked libc calls, stack protector, full RELRO, position independent programs")
    variant("debug_checks", default=False, description="Checks inside the step loop")
    variant("bench", default=False, description="Programs of tools/bench")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")

    # As in cmake/regatta_dependencies.cmake; a test compares the two.
    depends_on("mpi")
    depends_on("hdf5+hl~mpi~cxx")  # serial: regatta-post runs without MPI
    depends_on("boost@1.74:+serialization+iostreams")
    depends_on("yaml-cpp")
    depends_on("fmt")
    depends_on("eigen@3.4:")
    depends_on("spdlog")
    depends_on("cli11")
    depends_on("nlohmann-json")
    depends_on("random123")
    depends_on("xxhash")
    depends_on("libcsv")  # of this repository
    depends_on("libdeflate")
    depends_on("protozero")  # of this repository
    depends_on("cairo+svg+png+ft+fc+pdf")  # of 1.18 all of these or none
    depends_on("tl-expected")
    depends_on("benchmark", when="+bench")

    conflicts("%gcc@:11", msg="C++20 as GCC 12 and clang 16 take it")
    conflicts("%clang@:15", msg="C++20 as GCC 12 and clang 16 take it")

    generator("ninja")

    def cmake_args(self):
        return [
            self.define("REGATTA_TESTS", False),  # want rapidcheck, which Spack does not have
            self.define("REGATTA_WERROR", False),  # another compiler may see what ours did not
            self.define("REGATTA_HARDENING", self.spec.satisfies("+hardening")),
            self.define_from_variant("REGATTA_DEBUG_CHECKS", "debug_checks"),
            self.define_from_variant("REGATTA_BENCH", "bench"),
        ]

    def short_run(self):
        """A scenario runs, its files merge, and both tell the same digest."""
        regatta = which(join_path(self.prefix.bin, "regatta"), required=True)
        post = which(join_path(self.prefix.bin, "regatta-post"), required=True)
        scenario = join_path(self.prefix.share, "regatta", "configs", "quickstart.yaml")
        with working_dir("regatta-test", create=True):
            said = regatta("run", scenario, "--set", "duration=5s", "--set", "measure.from=1s", "--quiet", "--out", "out",
                           output=str.split)
            merged = post("merge", "out", output=str.split)
            digest = said.strip().splitlines()[-1]
            assert digest.startswith("Digest ") and digest in merged, said + merged

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_install(self):
        self.short_run()  # of spack install --test=root

    def test_short_run(self):
        """a scenario runs and its files merge"""
        self.short_run()  # of spack test run regatta
