#pragma once

#include <cstddef>
#include <vector>

#include "regatta/engine/event.hpp"

namespace regatta::engine {

/// Pending events in their total order: a 4-ary heap of events by value.
class EventQueue {
public:
    [[nodiscard]] bool is_empty() const { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }
    [[nodiscard]] const Event& top() const { return heap_.front(); }
    [[nodiscard]] SimTime next_time() const { return heap_.empty() ? SimTime::never() : heap_.front().time; }

    void push(const Event& event) {
        heap_.push_back(event);
        std::size_t hole = heap_.size() - 1;
        while (hole > 0) {
            const std::size_t parent = (hole - 1) / kArity;
            if (!is_before(event, heap_[parent])) break;
            heap_[hole] = heap_[parent];
            hole = parent;
        }
        heap_[hole] = event;
    }

    void pop() {
        const Event last = heap_.back();
        heap_.pop_back();
        const std::size_t size = heap_.size();
        if (size == 0) return;
        std::size_t hole = 0;
        for (std::size_t first = 1; first < size; first = hole * kArity + 1) {
            std::size_t least = first;
            const std::size_t end = first + kArity < size ? first + kArity : size;
            for (std::size_t child = first + 1; child < end; ++child)
                if (is_before(heap_[child], heap_[least])) least = child;
            if (!is_before(heap_[least], last)) break;
            heap_[hole] = heap_[least];
            hole = least;
        }
        heap_[hole] = last;
    }

    /// All pending events, in no particular order.
    [[nodiscard]] const std::vector<Event>& events() const { return heap_; }
    void clear() { heap_.clear(); }

private:
    static constexpr std::size_t kArity = 4;
    std::vector<Event> heap_;
};

}  // namespace regatta::engine
