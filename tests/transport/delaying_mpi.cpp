#include "delaying_mpi.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "transport/mpi_transport.hpp"

namespace regatta::transport::test {

namespace {

using engine::Buffer;
using engine::test::DelayingNetwork;
using engine::test::Letter;
using engine::test::Stream;

struct Send {
    int from = 0;
    int tag = 0;
    std::span<const char> source;  ///< the sender's memory, or `copy`
    Buffer copy;
    bool is_over = false;  ///< the sender may use its memory again
};

/// What a request stands for: a send, or a receive.
struct Transfer {
    std::shared_ptr<Send> send;  ///< owned by the letter on its way, too
    int from = 0;
    int tag = 0;
    std::span<char> into;
    bool is_received = false;

    [[nodiscard]] bool is_over() const { return send != nullptr ? send->is_over : is_received; }
};

std::size_t size_of(MPI_Datatype type) {
    if (type == MPI_BYTE) return 1;
    if (type == MPI_INT) return sizeof(int);
    if (type == MPI_INT64_T || type == MPI_UINT64_T) return 8;
    throw std::logic_error("a type of MPI that the delaying one does not know");
}

void receive(Send& send, std::span<char> into) {
    if (send.source.size() > into.size()) throw std::logic_error("a message is longer than what is to hold it");
    if (!send.source.empty()) std::memcpy(into.data(), send.source.data(), send.source.size());
    send.copy = {};
    send.source = {};
    send.is_over = true;
}

/// One rank's side of MPI.
class Place {
public:
    Place(DelayingNetwork& network, std::uint32_t rank) : network_(network), rank_(rank), sent_(network.ranks()) {}
    [[nodiscard]] int rank() const { return static_cast<int>(rank_); }
    [[nodiscard]] int ranks() const { return static_cast<int>(network_.ranks()); }

    MPI_Request start_send(std::span<const char> source, int to, int tag) {
        auto send = std::make_shared<Send>(Send{.from = rank(), .tag = tag, .source = source, .copy = {}});
        if (network_.draw(2) == 0) {
            send->copy.assign(source.begin(), source.end());
            send->source = send->copy;
            send->is_over = true;
        }
        sent_[static_cast<std::size_t>(to)].push_back(send);
        const MPI_Request request = started({.send = send, .into = {}});
        network_.send({.from = rank_, .stream = Stream::Messages}, static_cast<std::uint32_t>(to));
        return request;
    }

    MPI_Request start_receive(std::span<char> into, int from, int tag) {
        const MPI_Request request = started({.send = nullptr, .from = from, .tag = tag, .into = into});
        network_.pause(rank_);
        return request;
    }

    void wait_for(std::span<MPI_Request> requests) {
        network_.wait_until(rank_, [&] {
            match_receives();
            return std::all_of(requests.begin(), requests.end(), [](MPI_Request request) {
                return request == MPI_REQUEST_NULL || reinterpret_cast<const Transfer*>(request)->is_over();
            });
        });
        for (MPI_Request& request : requests) {
            transfers_.remove_if(
                [&](const Transfer& transfer) { return reinterpret_cast<const Transfer*>(request) == &transfer; });
            request = MPI_REQUEST_NULL;
        }
    }

    static void cancel(MPI_Request request) { reinterpret_cast<Transfer*>(request)->is_received = true; }

    /// A message of anyone: the first of some sender's.
    Send& find(int tag, MPI_Message& message) {
        std::vector<std::list<std::shared_ptr<Send>>::iterator> firsts;
        const auto look = [&] {
            match_receives();
            firsts.clear();
            for (auto send = arrived_.begin(); send != arrived_.end(); ++send) {
                const auto is_of_same = [&](auto first) { return (*first)->from == (*send)->from; };
                if ((*send)->tag == tag && std::none_of(firsts.begin(), firsts.end(), is_of_same))
                    firsts.push_back(send);
            }
            return !firsts.empty();
        };
        network_.wait_until(rank_, look);
        static_cast<void>(look());  // more may have come
        const auto chosen = firsts[network_.draw(firsts.size())];
        found_.splice(found_.end(), arrived_, chosen);
        message = reinterpret_cast<MPI_Message>(found_.back().get());
        return *found_.back();
    }

    void receive_found(MPI_Message& message, std::span<char> into) {
        receive(*reinterpret_cast<Send*>(message), into);
        found_.remove_if([&](const auto& send) { return reinterpret_cast<MPI_Message>(send.get()) == message; });
        message = MPI_MESSAGE_NULL;
        network_.pause(rank_);
    }

    /// `own` to each other rank: what rank r is to get is own(r).
    template <class OwnFor>
    void tell_others(OwnFor&& own) {
        ++call_;
        for (std::uint32_t other = 0; other < network_.ranks(); ++other)
            if (other != rank_)
                network_.send({.from = rank_, .stream = Stream::Collectives, .label = call_, .bytes = own(other)},
                              other);
    }
    /// What `count` others have told in this call.
    [[nodiscard]] std::vector<Letter> told_by(std::size_t count) {
        std::list<Letter>& letters = network_.arrived(rank_);
        const auto is_of_call = [&](const Letter& letter) {
            return letter.stream == Stream::Collectives && letter.label == call_;
        };
        network_.wait_until(rank_, [&] {
            return static_cast<std::size_t>(std::count_if(letters.begin(), letters.end(), is_of_call)) >= count;
        });
        std::vector<Letter> told;
        std::copy_if(letters.begin(), letters.end(), std::back_inserter(told), is_of_call);
        letters.remove_if(is_of_call);
        network_.pause(rank_);
        return told;
    }
    void enter_broadcast_as_receiver() { ++call_; }

    void join(std::vector<Place>& places) { places_ = &places; }
    [[nodiscard]] bool has_all_received() const {
        return arrived_.empty() && found_.empty() && transfers_.empty() && network_.arrived(rank_).empty();
    }

private:
    MPI_Request started(Transfer transfer) {
        transfers_.push_back(std::move(transfer));
        return reinterpret_cast<MPI_Request>(&transfers_.back());
    }

    /// Each message that has come goes to the first receive that it fits; else it waits to be asked for.
    void match_receives() {
        std::list<Letter>& letters = network_.arrived(rank_);
        for (auto letter = letters.begin(); letter != letters.end();) {
            if (letter->stream != Stream::Messages) {
                ++letter;
                continue;
            }
            std::list<std::shared_ptr<Send>>& under_way = (*places_)[letter->from].sent_[rank_];
            arrived_.splice(arrived_.end(), under_way, under_way.begin());
            letter = letters.erase(letter);
        }
        for (auto send = arrived_.begin(); send != arrived_.end();) {
            const auto fitting = std::find_if(transfers_.begin(), transfers_.end(), [&](const Transfer& transfer) {
                return transfer.send == nullptr && !transfer.is_received && transfer.from == (*send)->from &&
                       transfer.tag == (*send)->tag;
            });
            if (fitting == transfers_.end()) {
                ++send;
                continue;
            }
            receive(**send, fitting->into);
            fitting->is_received = true;
            send = arrived_.erase(send);
        }
    }

    DelayingNetwork& network_;
    std::uint32_t rank_;
    std::vector<Place>* places_ = nullptr;
    std::vector<std::list<std::shared_ptr<Send>>> sent_;  ///< by receiver, not arrived, in order
    std::list<std::shared_ptr<Send>> arrived_;            ///< in order of arrival
    std::list<std::shared_ptr<Send>> found_;              ///< and not received yet
    std::list<Transfer> transfers_;                       ///< in the order in which they were started
    std::uint64_t call_ = 0;                              ///< of collective ones
};

/// MPI's functions have no argument that says who calls.
thread_local Place* here = nullptr;

std::span<const char> bytes_at(const void* buffer, int count, MPI_Datatype type) {
    return {static_cast<const char*>(buffer), static_cast<std::size_t>(count) * size_of(type)};
}
std::span<char> bytes_at(void* buffer, int count, MPI_Datatype type) {
    return {static_cast<char*>(buffer), static_cast<std::size_t>(count) * size_of(type)};
}

}  // namespace

engine::test::DelayReport run_on_delayed_mpi(std::uint32_t ranks, std::uint64_t seed,
                                             const std::function<void(engine::Transport&)>& body) {
    DelayingNetwork network(ranks, seed);
    std::vector<Place> places;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
        places.emplace_back(network, rank);
    for (Place& place : places)
        place.join(places);
    network.run([&](std::uint32_t rank) {
        here = &places[rank];
        MpiTransport transport(MPI_COMM_WORLD, 0);
        body(transport);
        transport.close();
    });
    for (const Place& place : places)
        if (!place.has_all_received()) throw std::logic_error("a message was received by nobody");
    return network.report();
}

}  // namespace regatta::transport::test

// The functions of MPI, as far as MpiTransport calls them. One thread runs at a time.

using regatta::transport::test::bytes_at;
using regatta::transport::test::here;

extern "C" {

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm* newcomm) {
    *newcomm = comm;
    return MPI_SUCCESS;
}
int MPI_Comm_free(MPI_Comm* comm) {
    *comm = MPI_COMM_NULL;
    return MPI_SUCCESS;
}
int MPI_Comm_set_errhandler(MPI_Comm /*comm*/, MPI_Errhandler /*errhandler*/) {
    return MPI_SUCCESS;
}
int MPI_Comm_rank(MPI_Comm /*comm*/, int* rank) {
    *rank = here->rank();
    return MPI_SUCCESS;
}
int MPI_Comm_size(MPI_Comm /*comm*/, int* size) {
    *size = here->ranks();
    return MPI_SUCCESS;
}

int MPI_Isend(const void* buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm /*comm*/,
              MPI_Request* request) {
    *request = here->start_send(bytes_at(buf, count, datatype), dest, tag);
    return MPI_SUCCESS;
}
int MPI_Irecv(void* buf, int count, MPI_Datatype datatype, int source, int tag, MPI_Comm /*comm*/,
              MPI_Request* request) {
    *request = here->start_receive(bytes_at(buf, count, datatype), source, tag);
    return MPI_SUCCESS;
}
int MPI_Waitall(int count, MPI_Request* requests, MPI_Status* /*statuses*/) {
    here->wait_for({requests, static_cast<std::size_t>(count)});
    return MPI_SUCCESS;
}
int MPI_Wait(MPI_Request* request, MPI_Status* /*status*/) {
    here->wait_for({request, 1});
    return MPI_SUCCESS;
}
int MPI_Cancel(MPI_Request* request) {
    here->cancel(*request);
    return MPI_SUCCESS;
}

int MPI_Mprobe(int /*source*/, int tag, MPI_Comm /*comm*/, MPI_Message* message, MPI_Status* status) {
    const auto& found = here->find(tag, *message);
    status->MPI_SOURCE = found.from;
    status->MPI_TAG = tag;
    status->_ucount = found.source.size();
    return MPI_SUCCESS;
}
int MPI_Get_count(const MPI_Status* status, MPI_Datatype /*datatype*/, int* count) {
    *count = static_cast<int>(status->_ucount);
    return MPI_SUCCESS;
}
int MPI_Mrecv(void* buf, int count, MPI_Datatype type, MPI_Message* message, MPI_Status* /*status*/) {
    here->receive_found(*message, bytes_at(buf, count, type));
    return MPI_SUCCESS;
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype datatype, int root, MPI_Comm /*comm*/) {
    const std::span<char> bytes = bytes_at(buffer, count, datatype);
    if (here->rank() == root) {
        here->tell_others([&](std::uint32_t) { return regatta::engine::Buffer(bytes.begin(), bytes.end()); });
        return MPI_SUCCESS;
    }
    here->enter_broadcast_as_receiver();
    const auto told = here->told_by(1);
    if (told[0].bytes.size() != bytes.size()) return MPI_ERR_TRUNCATE;
    std::copy(told[0].bytes.begin(), told[0].bytes.end(), bytes.begin());
    return MPI_SUCCESS;
}

int MPI_Allreduce(const void* sendbuf, void* recvbuf, int count, MPI_Datatype datatype, MPI_Op op, MPI_Comm /*comm*/) {
    if (datatype != MPI_INT64_T || (op != MPI_MIN && op != MPI_MAX)) return MPI_ERR_OP;
    const std::span<const char> own = bytes_at(sendbuf, count, datatype);
    here->tell_others([&](std::uint32_t) { return regatta::engine::Buffer(own.begin(), own.end()); });
    auto* results = static_cast<std::int64_t*>(recvbuf);
    std::copy_n(static_cast<const std::int64_t*>(sendbuf), count, results);
    for (const auto& letter : here->told_by(static_cast<std::size_t>(here->ranks() - 1))) {
        if (letter.bytes.size() != own.size()) return MPI_ERR_TRUNCATE;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            std::int64_t value = 0;
            std::memcpy(&value, letter.bytes.data() + i * sizeof value, sizeof value);
            results[i] = op == MPI_MIN ? std::min(results[i], value) : std::max(results[i], value);
        }
    }
    return MPI_SUCCESS;
}

int MPI_Reduce_scatter_block(const void* sendbuf, void* recvbuf, int recvcount, MPI_Datatype datatype, MPI_Op op,
                             MPI_Comm /*comm*/) {
    if (datatype != MPI_INT || op != MPI_SUM || recvcount != 1) return MPI_ERR_OP;
    const std::span own(static_cast<const int*>(sendbuf), static_cast<std::size_t>(here->ranks()));
    here->tell_others([&](std::uint32_t other) {
        regatta::engine::Buffer bytes(sizeof(int));
        std::memcpy(bytes.data(), &own[other], sizeof(int));
        return bytes;
    });
    int sum = own[static_cast<std::size_t>(here->rank())];
    for (const auto& letter : here->told_by(own.size() - 1)) {
        int value = 0;
        std::memcpy(&value, letter.bytes.data(), sizeof value);
        sum += value;
    }
    *static_cast<int*>(recvbuf) = sum;
    return MPI_SUCCESS;
}

}  // extern "C"
