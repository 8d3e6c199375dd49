# Copyright of this recipe: as of Regatta, Apache-2.0. Spack's own packages have none of libcsv.
from spack_repo.builtin.build_systems.autotools import AutotoolsPackage

from spack.package import *


class Libcsv(AutotoolsPackage):
    """Small and fast reader of comma-separated values, in C."""

    homepage = "https://github.com/rgamble/libcsv"
    license("LGPL-2.1-or-later")

    # Debian's copy (without the paper whose licence forbids changes), whose sum Debian's index of sources signs.
    version("3.0.3", sha256="06fddfaca720a4be7603bad63eb1833bca5b6c5a69b42b1c518a02cda2a73aef",
            url="https://deb.debian.org/debian/pool/main/libc/libcsv/libcsv_3.0.3%2bdfsg.orig.tar.gz")

    depends_on("c", type="build")
