# Copyright of this recipe: as of Regatta, Apache-2.0. Spack's own packages have none of protozero.
from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Protozero(CMakePackage):
    """Minimalistic reader and writer of protocol buffers, headers only."""

    homepage = "https://github.com/mapbox/protozero"
    license("BSD-2-Clause AND Apache-2.0")

    # Debian's copy, whose sum Debian's index of sources signs.
    version("1.7.1", sha256="27e0017d5b3ba06d646a3ec6391d5ccc8500db821be480aefd2e4ddc3de5ff99",
            url="https://deb.debian.org/debian/pool/main/p/protozero/protozero_1.7.1.orig.tar.gz")

    depends_on("cxx", type="build")
    depends_on("cmake@3.5:", type="build")

    def cmake_args(self):
        return [self.define("BUILD_TESTING", False), self.define("WERROR", False)]
