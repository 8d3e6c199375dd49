#include "results/reference.hpp"

#include <fmt/format.h>

#include "results/file_layout.hpp"
#include "results/tables.hpp"

namespace regatta::results {
namespace {

constexpr const char* kHead = R"(# Result files

<!-- Written by `regatta-post reference`; do not edit. -->

A run writes one HDF5 file per rank, `DIR/rank-00000-000.h5` and so on; `regatta-post merge DIR -o run.h5` makes one file
of them. Both hold the same objects. Merged files of one scenario are equal, dataset by dataset and whatever the number
of ranks, but for `/run`: `h5diff --exclude-path /run a.h5 b.h5` finds nothing. Rank files are not compressed, merged
ones are (shuffle and deflate, which every HDF5 has) unless `--packing none` was given.

A run that makes checkpoints ends a file with each: rank files are then **segments**, `rank-00000-000.h5`,
`rank-00000-001.h5` and so on, and a run that went on elsewhere has other ranks from some segment on. All but the last
segment hold nothing but rows of the large tables, with their digest; the last (attribute `is_last_segment`) has the
rest of the whole run. A run that a signal stopped says so in `stopped_at_ns`: its last segment tells how things stood
then, and `regatta run --resume DIR` replaces it.

After `merge --virtual` the large tables (`/requests`, `/steps`, `/events`, `/node_series`) are HDF5 virtual datasets over
the rank files, which must stay where they are relative to the merged file. Their rows are then **by rank**, and only
within a rank in the order that the table says; the attribute `row_order` of `/` says so. h5py and pandas read such files
like others, but where a rank file is missing HDF5 gives them rows of zeros without a word; `regatta-post` refuses the
file. After `merge --partial` that left something out, `left_out` names each file that is not in it and why
(`files_left_out` of them): such a file is not the whole run, and sums over pools and requests need not hold.

Times are whole nanoseconds of simulated time. Tables follow the HDF5 table convention, with the unit and meaning of each
column in the attributes `FIELD_n_UNIT` and `FIELD_n_DESCRIPTION`; no code of Regatta's is needed to read them:

```python
import pandas
requests = pandas.read_hdf("run.h5", "requests")
ttft_ms = (requests.first_token_ns - requests.arrival_ns)[requests.state == 0] / 1e6
```

| object | what it is |
|---|---|
| `/` | attributes `format`, `format_major`, `format_minor`, `kind` (`rank` or `merged`), `digest`, and those below; of rank files `run_id`, `rank`, `ranks`, `segment`, `is_last_segment` (both since format 1.5) and, of branches, `ancestor_run_ids`; `stopped_at_ns` of a stopped run; `row_order` of virtual merges, `left_out` and `files_left_out` of partial ones |
| `/requests`, `/replicas` | tables of rows, see below |
| `/series` | sampled state of the pools; absent when nothing was sampled |
| `/histograms` | inter-token gaps of each pool, and lengths (since format 1.4) and batch sizes of its steps; absent when there were none |
| `/scenario` | the scenario with every default written out, as text; attributes `name`, `seed`, `measure_from_ns`, `series_every_ns` (-1: none), `grid_mg_per_kwh` (-1: none) and `pue_millionths` (since format 1.4) |
| `/pools/name`, `/streams/name` | what the columns `pool` and `stream` count through |
| `/streams/ttft_target_ns`, `/streams/tpot_target_ns` | targets of each stream; -1: none |
| `/streams/model`, `/streams/tenant`, `/streams/class`, `/streams/priority` | who each stream is for; since format 1.1 |
| `/run/row_files`, `/run/row_file_run_ids`, `/run/row_file_digests` | of virtual merges: the rank files, relative to this one, and which ones are meant |
| `/run` | how the run was carried out: attribute `program`, the tables `/run/ranks` and `/run/links`, and `/run/link_name`; the only part that depends on the number of ranks |
)";

std::string type_name(ColumnType type) {
    switch (type) {
        case ColumnType::Int64:
            return "int64";
        case ColumnType::UInt64:
            return "uint64";
        case ColumnType::UInt32:
            return "uint32";
        case ColumnType::UInt16:
            return "uint16";
        case ColumnType::UInt8:
            return "uint8";
        case ColumnType::Float64:
            return "float64";
    }
    return {};
}

/// What a reader must know beyond the columns.
std::string remark(const Table& table) {
    if (&table == &run_totals_table()) return "Attributes of the file itself.\n\n";
    if (&table == &series_table())
        return "One dataset per quantity with one row per instant (`/series/time_ns`) and one column per pool, in the "
               "order of\n`/pools/name`; attributes `units` and `description`.\n\n";
    return {};
}

}  // namespace

std::string results_reference() {
    std::string text = kHead;
    text += fmt::format(
        "\nThis is format {}.{}. Columns only ever get added at the end; a reader refuses a newer major format.\n",
        layout::kFormatMajor, layout::kFormatMinor);
    for (const Table* table : all_tables()) {
        text += fmt::format("\n## `{}`: {}\n\n{}| column | type | unit | meaning |\n|---|---|---|---|\n", table->path,
                            table->title, remark(*table));
        for (const Column& column : table->columns) {
            if (table == &series_table() && column.name == "pool") continue;
            text += fmt::format("| `{}` | {} | {} | {} |\n", column.name, type_name(column.type), column.unit,
                                column.sentence);
        }
    }
    return text;
}

}  // namespace regatta::results
