#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// The subcommands of regatta-post. Each declares its arguments and is called when the user chose it.
namespace regatta::app {

struct MergeArguments {
    std::string directory;
    std::string output;  ///< empty: run.h5 in the directory
    std::optional<std::string> packing;
    bool is_virtual = false;
    bool is_partial = false;
};
void declare_merge(CLI::App& program, MergeArguments& arguments);
void run_merge(const MergeArguments& arguments);

struct StatsArguments {
    std::string path;
    bool is_json = false;
};
void declare_stats(CLI::App& program, StatsArguments& arguments);
void run_stats(const StatsArguments& arguments);

struct CheckpointArguments {
    std::string path;
    bool is_json = false;
};
void declare_checkpoint(CLI::App& program, CheckpointArguments& arguments);
void run_checkpoint(const CheckpointArguments& arguments);

/// Of which runs a report is made, and where it goes.
struct ReportArguments {
    std::vector<std::string> paths;
    std::string output = "report.html";
    std::string png_directory;  ///< empty: no such files
    std::string svg_directory;  ///< likewise
};
void declare_report(CLI::App& program, ReportArguments& arguments);
void run_report(const ReportArguments& arguments);

/// Which two runs are compared.
struct DiffArguments {
    std::string first;
    std::string other;
    bool is_json = false;
};
void declare_diff(CLI::App& program, DiffArguments& arguments);
void run_diff(const DiffArguments& arguments);

/// Which requests go into which file.
struct ExportArguments {
    std::string path;
    std::string output;  ///< empty: standard output
    std::optional<double> from_s;
    std::optional<double> to_s;
    std::optional<std::string> stream;
    std::optional<std::string> pool;
    std::optional<std::uint32_t> node;
    std::optional<std::uint32_t> replica;
    std::vector<std::uint64_t> requests;
    double fraction = 1;
    std::int64_t most = 100'000;
    std::optional<std::string> format;  ///< of a trace; none: by the ending of `output`
};
void declare_requests(CLI::App& program, ExportArguments& arguments);
void run_requests(const ExportArguments& arguments);
void declare_trace(CLI::App& program, ExportArguments& arguments);
void run_trace(const ExportArguments& arguments);

/// What `export` writes, in whose form, and where.
struct VidurArguments {
    std::string simulator;  ///< or "flat"
    std::string path;
    std::string directory;  ///< of flat: a file
    std::int64_t most_replicas = 1000;
};
void declare_export(CLI::App& program, VidurArguments& arguments);
void run_export(const VidurArguments& arguments);

/// Where what `regatta roofline` printed is, and how it is drawn.
struct PlotArguments {
    std::string path;  ///< empty or "-": standard input
    std::string output;
    std::string axes = "log";
    std::string title;  ///< empty: made of what is drawn
};
void declare_roofline(CLI::App& program, PlotArguments& arguments);
void run_roofline(const PlotArguments& arguments);

/// Throws InputError unless something is there.
void check_exists(const std::string& command, const std::string& argument, const std::string& path);

}  // namespace regatta::app
