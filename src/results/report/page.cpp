#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/report/make_report.hpp"
#include "results/report/page_parts.hpp"

namespace regatta::results::report {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

std::string escaped(std::string text) {
    replace_all(text, "&", "&amp;");
    replace_all(text, "<", "&lt;");
    replace_all(text, ">", "&gt;");
    replace_all(text, "\"", "&quot;");
    return text;
}

}  // namespace

std::string to_page(const Report& report) {
    // In a script element, only what would end or comment out the element means anything to HTML.
    std::string data = to_json(report);
    replace_all(data, "</", "<\\/");
    replace_all(data, "<!--", "\\u003c!--");
    const std::string title = escaped(report.title);
    const std::array<std::pair<std::string_view, std::string_view>, 5> parts = {{{"title", title},
                                                                                 {"style", page::style},
                                                                                 {"library", page::chart_library},
                                                                                 {"script", page::script},
                                                                                 {"data", data}}};
    // Mark by mark through the skeleton, so that nothing in what is filled in is taken for a mark.
    std::string text;
    std::size_t done = 0;
    for (std::size_t at = page::skeleton.find("{{"); at != std::string_view::npos;
         at = page::skeleton.find("{{", done)) {
        const std::string_view name = page::skeleton.substr(at + 2, page::skeleton.find("}}", at) - at - 2);
        const auto* part =
            std::find_if(parts.begin(), parts.end(), [&](const auto& known) { return known.first == name; });
        REGATTA_CHECK(part != parts.end(), fmt::format("the page has the mark {}, which nothing fills in", name));
        text.append(page::skeleton.substr(done, at - done)).append(part->second);
        done = at + name.size() + 4;
    }
    return text.append(page::skeleton.substr(done));
}

}  // namespace regatta::results::report
