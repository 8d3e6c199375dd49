#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/roofline_matrix.hpp"
#include "app/roofline_steps.hpp"

namespace regatta::app {

enum class RooflineFormat { Text, Csv, Json };

using TextSink = std::function<void(std::string_view)>;

/// Writes steps one after the other: tables for people, rows of CSV, or one JSON document.
class RooflineWriter {
public:
    /// `has_operators`: of each step its operators, too, besides the total.
    RooflineWriter(RooflineFormat format, bool has_operators, TextSink put);
    void add(const RooflineStep& step);
    void finish();

private:
    void add_text(const RooflineStep& step);
    void add_csv(const RooflineStep& step);
    void add_json(const RooflineStep& step);

    RooflineFormat format_;
    bool has_operators_;
    TextSink put_;
    bool is_first_ = true;
    std::vector<std::vector<std::string>> totals_;  ///< rows of the one table of totals, as text
};

/// The same of matrix products.
void write_matrices(const std::vector<MatrixPoint>& points, RooflineFormat format, const TextSink& put);

}  // namespace regatta::app
