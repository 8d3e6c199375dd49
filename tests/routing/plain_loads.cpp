#include "plain_loads.hpp"

#include <sstream>

#include "regatta/base/archive.hpp"

namespace regatta::routing {

void round_trip(const LoadView& from, LoadView& to) {
    std::stringstream bytes;
    {
        boost::archive::binary_oarchive out(bytes);
        out << from;
    }
    boost::archive::binary_iarchive in(bytes);
    in >> to;
}

}  // namespace regatta::routing
