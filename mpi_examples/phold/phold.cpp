// PHOLD on this project's engine, to be compared with other engines on their own benchmark.
//
//   mpirun -n 2 phold --lps 2048 --remote 0.1 --lookahead 0.1 --end 100

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <map>
#include <string>

#include "phold/phold_lp.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/transport/session.hpp"

namespace {

using namespace regatta;

struct Arguments {
    phold::PholdOptions phold;
    double lookahead_s = 0.1;
    double end_s = 100;
    engine::ExchangeWay exchange = engine::ExchangeWay::Auto;
    bool prints_json = false;
    int exit_code = -1;  ///< set when there is nothing to run
};

std::string usage_problem(const Arguments& arguments) {
    if (!(arguments.lookahead_s > 0)) return "--lookahead: expected seconds above 0";
    if (!(arguments.end_s > 0)) return "--end: expected seconds above 0";
    if (!(arguments.phold.remote_fraction >= 0 && arguments.phold.remote_fraction <= 1))
        return "--remote: expected a fraction from 0 to 1";
    if (arguments.phold.processes == 0) return "--lps: expected a whole number of at least 1";
    return {};
}

/// Reads the command line; rank 0 speaks.
Arguments read_arguments(int argc, char** argv, bool speaks) {
    Arguments arguments;
    CLI::App app("PHOLD: each event makes one more; the usual benchmark of parallel discrete-event engines.", "phold");
    app.add_option("--lps", arguments.phold.processes, "logical processes, over all ranks")->capture_default_str();
    app.add_option("--population", arguments.phold.population, "events that each process starts with")
        ->capture_default_str();
    app.add_option("--remote", arguments.phold.remote_fraction, "chance that an event goes to a process drawn from all")
        ->capture_default_str();
    app.add_option("--lookahead", arguments.lookahead_s, "least increment [s]; the mean one is 1 s")
        ->capture_default_str();
    app.add_option("--end", arguments.end_s, "simulated time to run [s]")->capture_default_str();
    const std::map<std::string, engine::ExchangeWay> ways = {{"auto", engine::ExchangeWay::Auto},
                                                             {"pairs", engine::ExchangeWay::Pairs},
                                                             {"collective", engine::ExchangeWay::Collective}};
    app.add_option("--exchange", arguments.exchange, "how ranks tell each other: auto, pairs or collective")
        ->transform(CLI::Transformer(ways))
        ->type_name("WAY");
    app.add_option("--seed", arguments.phold.seed, "seed of the random numbers")->capture_default_str();
    app.add_flag("--json", arguments.prints_json, "print the result as JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        if (speaks) fmt::print("{}", app.help());
        arguments.exit_code = 0;
        return arguments;
    } catch (const CLI::ParseError& error) {
        if (speaks) fmt::print(stderr, "phold: {}\n", error.what());
        arguments.exit_code = 2;
        return arguments;
    }
    if (const std::string problem = usage_problem(arguments); !problem.empty()) {
        if (speaks) fmt::print(stderr, "phold: {}\n", problem);
        arguments.exit_code = 2;
        return arguments;
    }
    arguments.phold.lookahead = SimTime::from_seconds(arguments.lookahead_s);
    arguments.phold.mean_increment =
        arguments.lookahead_s < 1 ? SimTime::from_s(1) : SimTime::from_seconds(arguments.lookahead_s + 1);
    return arguments;
}

/// What the ranks did, together.
struct Totals {
    phold::PholdTotals phold;
    double longest_loop_s = 0;
    double loops_s = 0;
    double waiting_s = 0;
    double exchanging_s = 0;
    std::int64_t messages = 0;
    std::int64_t bytes = 0;
};

Totals total_over_ranks(const phold::PholdTotals& own, const engine::Progress& progress, engine::Transport& transport) {
    struct Part {
        std::int64_t events;
        std::array<char, 32> digest;
        engine::Progress progress;
    };
    Part part{.events = own.events, .digest = {}, .progress = progress};
    std::memcpy(part.digest.data(), own.digest.to_hex().data(), part.digest.size());
    engine::Buffer bytes(sizeof part);
    std::memcpy(bytes.data(), &part, sizeof part);
    Totals totals;
    for (const engine::Buffer& buffer : transport.gather(bytes)) {
        std::memcpy(&part, buffer.data(), sizeof part);
        Digest digest;
        REGATTA_CHECK(Digest::from_hex(std::string(part.digest.data(), part.digest.size()), digest), "bad digest");
        totals.phold.events += part.events;
        totals.phold.digest += digest;
        totals.longest_loop_s = std::max(totals.longest_loop_s, part.progress.loop_s);
        totals.loops_s += part.progress.loop_s;
        totals.waiting_s += part.progress.waiting_s;
        totals.exchanging_s += part.progress.exchanging_s;
        totals.messages += part.progress.messages_sent;
        totals.bytes += part.progress.bytes_sent;
    }
    return totals;
}

void print_json(const Totals& totals, const engine::Progress& progress, std::uint32_t ranks) {
    const double waiting = totals.waiting_s / totals.loops_s;
    const double exchanging = totals.exchanging_s / totals.loops_s;
    fmt::print(
        "{{\"events\": {}, \"loop_s\": {:.6f}, \"events_per_s\": {:.0f}, \"busy_fraction\": {:.6f}, "
        "\"waiting_fraction\": {:.6f}, \"exchanging_fraction\": {:.6f}, \"windows\": {}, \"events_per_window\": "
        "{:.2f}, "
        "\"messages\": {}, \"bytes\": {}, \"reductions\": {}, \"ranks\": {}, \"digest\": \"{}\"}}\n",
        totals.phold.events, totals.longest_loop_s, static_cast<double>(totals.phold.events) / totals.longest_loop_s,
        1 - waiting - exchanging, waiting, exchanging, progress.windows,
        static_cast<double>(totals.phold.events) /
            static_cast<double>(std::max<std::int64_t>(progress.windows, 1) * ranks),
        totals.messages, totals.bytes, progress.reductions, ranks, totals.phold.digest.to_hex());
}

void run(const Arguments& arguments, engine::Transport& transport) {
    phold::PholdTotals own;
    const engine::Model model = phold::phold_model(arguments.phold, own);
    engine::Simulation simulation(model, engine::partition_by_load(model, transport.ranks()), transport,
                                  engine::Bound::Promises, arguments.exchange);
    const engine::RunReport report = simulation.run({.until = SimTime::from_seconds(arguments.end_s), .observer = {}});
    simulation.finish(report.end);
    const Totals totals = total_over_ranks(own, report.progress, transport);
    if (transport.rank() != 0) return;
    if (arguments.prints_json) return print_json(totals, report.progress, transport.ranks());
    const std::uint32_t ranks = transport.ranks();
    fmt::print("Events     {}\nLoop       {:.3f} s, {:.2f} M events/s, {} window{}, {} rank{}\n", totals.phold.events,
               totals.longest_loop_s, static_cast<double>(totals.phold.events) / totals.longest_loop_s / 1e6,
               report.progress.windows, report.progress.windows == 1 ? "" : "s", ranks, ranks == 1 ? "" : "s");
    if (ranks > 1)
        fmt::print("Time       waiting {:.1f} %, exchanging {:.1f} %; {} messages, {} bytes\n",
                   100 * totals.waiting_s / totals.loops_s, 100 * totals.exchanging_s / totals.loops_s, totals.messages,
                   totals.bytes);
    fmt::print("Digest     {}\n", totals.phold.digest.to_hex());
}

}  // namespace

int main(int argc, char** argv) {
    std::unique_ptr<transport::Session> session;
    try {
        session = transport::open_session(argc, argv);
        engine::Transport& transport = session->transport();
        const Arguments arguments = read_arguments(argc, argv, transport.rank() == 0);
        if (arguments.exit_code < 0) run(arguments, transport);
        session->close();
        return arguments.exit_code < 0 ? 0 : arguments.exit_code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "phold: {}\n", error.what());
        if (session) session->abort(1);
        return 1;
    }
}
