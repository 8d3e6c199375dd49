#include "app/shared_work.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <thread>

#include "regatta/base/errors.hpp"

namespace regatta::app {
namespace {

using Results = std::vector<std::string>;
using Task = std::function<std::string(std::size_t)>;

/// Threads take the next task that nobody has taken.
void do_with_threads(Results& results, const Task& task) {
    const std::size_t wanted = std::max(1U, std::thread::hardware_concurrency());
    std::atomic<std::size_t> next = 0;
    std::vector<std::exception_ptr> errors(std::min(wanted, results.size()));
    const auto work = [&](std::size_t thread) {
        try {
            for (std::size_t i = next++; i < results.size(); i = next++)
                results[i] = task(i);
        } catch (...) {
            errors[thread] = std::current_exception();
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < errors.size(); ++thread)
        threads.emplace_back(work, thread);
    for (std::thread& thread : threads)
        thread.join();
    for (const std::exception_ptr& error : errors)
        if (error) std::rethrow_exception(error);
}

void append(engine::Buffer& buffer, const std::string& text) {
    const std::uint64_t size = text.size();
    const auto* raw = reinterpret_cast<const char*>(&size);
    buffer.insert(buffer.end(), raw, raw + sizeof size);
    buffer.insert(buffer.end(), text.begin(), text.end());
}

/// What append() wrote at `at`, which moves on.
std::string take(const engine::Buffer& buffer, std::size_t& at) {
    std::uint64_t size = 0;
    REGATTA_CHECK(at + sizeof size <= buffer.size(), "shared work ends early");
    std::memcpy(&size, buffer.data() + at, sizeof size);
    at += sizeof size;
    REGATTA_CHECK(size <= buffer.size() - at, "shared work ends early");
    at += size;
    return {buffer.data() + at - size, size};
}

}  // namespace

std::vector<std::string> SharedWork::share(std::size_t count, const Task& task) {
    Results results(count);
    const std::size_t ranks = transport_.ranks();
    if (ranks == 1) {
        do_with_threads(results, task);
        return results;
    }
    engine::Buffer own;
    for (std::size_t i = transport_.rank(); i < count; i += ranks)
        append(own, task(i));
    engine::Buffer all;
    for (const engine::Buffer& of_rank : transport_.gather(own))
        all.insert(all.end(), of_rank.begin(), of_rank.end());
    transport_.broadcast(all);
    std::size_t at = 0;
    for (std::size_t rank = 0; rank < ranks; ++rank)
        for (std::size_t i = rank; i < count; i += ranks)
            results[i] = take(all, at);
    return results;
}

std::string SharedWork::cache_directory() const {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return value == nullptr ? std::string() : std::string(value);
    };
    if (std::getenv("REGATTA_CACHE") != nullptr) return variable("REGATTA_CACHE");
    if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) return cache + "/regatta";
    const std::string home = variable("HOME");
    return home.empty() ? std::string() : home + "/.cache/regatta";
}

}  // namespace regatta::app
