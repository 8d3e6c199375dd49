#include "plain_loads.hpp"

#include "regatta/base/archive.hpp"

namespace regatta::routing {

void round_trip(const LoadView& from, LoadView& to) {
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        out << from;
    }
    InArchive in(bytes);
    in >> to;
}

}  // namespace regatta::routing
