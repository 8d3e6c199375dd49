#pragma once

#include <string_view>

/// The files that the page is made of, embedded by the build: src/results/page and third_party/uplot.
namespace regatta::results::report::page {

extern const std::string_view skeleton;       ///< HTML with the marks {{title}}, {{style}}, {{library}}, ...
extern const std::string_view style;          ///< CSS, the library's first
extern const std::string_view chart_library;  ///< uPlot
extern const std::string_view script;         ///< the scripts that scripts.txt lists, in its order

}  // namespace regatta::results::report::page
