#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta::engine {

/// Pending items in the total order of `Before`, at a cost that stays flat with their number: a ring of buckets by
/// time, of which only the current one is sorted; what lies beyond the ring waits unsorted until the ring comes near.
/// Width and number of the buckets follow the items. Bucket numbers are integer times shifted right, so that an item's
/// bucket never depends on rounding.
///
/// `Item` is trivially copyable with a member `time`; `Before` gives the total order and agrees with `time`.
/// Items come and go in any pattern; fastest when pushes are not before what was taken last, as in a simulation.
template <class Item, bool (*Before)(const Item&, const Item&)>
class BucketQueue {
public:
    BucketQueue() { buckets_.resize(kFewestBuckets); }
    /// Buckets are never narrower than the greatest power of two that is not above `width`: right for those who take
    /// out everything before one instant after another, `width` apart, and so never sort a bucket.
    explicit BucketQueue(SimTime width) : BucketQueue() {
        if (width > SimTime() && !width.is_never())
            least_shift_ = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(width.ns()))) - 1;
    }

    [[nodiscard]] bool is_empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }

    void push(const Item& item) {
        ++size_;
        if (item.time < next_time_) next_time_ = item.time;
        place(item);
        if (size_ > kMostPerBucket * buckets_.size() && size_ > 2 * size_at_retuning_ && buckets_.size() < kMostBuckets)
            retune();
    }

    /// The earliest time; never when empty.
    [[nodiscard]] SimTime next_time() {
        if (!is_next_known_) find_next();
        return next_time_;
    }

    /// The first item; there must be one. Valid until the next call.
    [[nodiscard]] const Item& top() { return sorted_bucket().items.back(); }

    void pop() {
        Bucket& bucket = sorted_bucket();
        bucket.items.pop_back();
        --size_;
        --in_ring_;
        if (bucket.items.empty()) {
            is_sorted_ = false;
            is_next_known_ = false;
        }
        next_time_ = bucket.earliest = bucket.items.empty() ? SimTime::never() : bucket.items.back().time;
        if (++taken_ > kRetuneAfter) consider_retuning();
    }

    /// Takes out everything before `end`, in no particular order.
    template <class Take>
    void drain_before(SimTime end, Take&& take) {
        while (size_ > 0 && next_time() < end) {
            Bucket& bucket = current();
            std::vector<Item>& items = bucket.items;
            const std::size_t before = items.size();
            bucket.earliest = SimTime::never();
            if (last_of(cursor_) < end) {
                for (const Item& item : items)
                    take(item);
                items.clear();
            } else {
                // Keeps the order of what stays, so that a sorted bucket stays sorted.
                const auto kept = std::remove_if(items.begin(), items.end(), [&](const Item& item) {
                    if (item.time < end) {
                        take(item);
                        return true;
                    }
                    if (item.time < bucket.earliest) bucket.earliest = item.time;
                    return false;
                });
                items.erase(kept, items.end());
            }
            const std::size_t gone = before - items.size();
            size_ -= gone;
            in_ring_ -= gone;
            taken_ += gone;
            if (items.empty()) is_sorted_ = false;
            is_next_known_ = false;
        }
        if (taken_ > kRetuneAfter) consider_retuning();
    }

    /// All items, in no particular order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const Bucket& bucket : buckets_)
            for (const Item& item : bucket.items)
                visit(item);
        for (const Item& item : far_)
            visit(item);
    }

    void clear() {
        const int least_shift = least_shift_;
        *this = BucketQueue();
        least_shift_ = least_shift;
    }

private:
    struct Bucket {
        std::vector<Item> items;
        SimTime earliest = SimTime::never();
    };
    static constexpr std::size_t kFewestBuckets = 64;
    static constexpr std::size_t kMostBuckets = std::size_t{1} << 20;
    static constexpr std::size_t kMostPerBucket = 4;
    static constexpr std::size_t kRetuneAfter = 65'536;
    static constexpr int kMostPatience = 64;

    [[nodiscard]] std::int64_t number_of(SimTime time) const { return time.ns() >> shift_; }
    [[nodiscard]] SimTime last_of(std::int64_t number) const { return SimTime::from_ns(((number + 1) << shift_) - 1); }
    [[nodiscard]] Bucket& bucket_at(std::int64_t number) {
        return buckets_[static_cast<std::size_t>(number) & (buckets_.size() - 1)];
    }
    [[nodiscard]] Bucket& current() { return bucket_at(cursor_); }
    [[nodiscard]] std::int64_t ring_end() const { return base_ + static_cast<std::int64_t>(buckets_.size()); }

    void place(const Item& item) {
        const std::int64_t number = number_of(item.time);
        if (number >= ring_end()) {
            far_.push_back(item);
            if (item.time < earliest_far_) earliest_far_ = item.time;
            return;
        }
        if (number < base_) {
            retune(item);
            return;
        }
        ++in_ring_;
        Bucket& bucket = bucket_at(number);
        if (item.time < bucket.earliest) bucket.earliest = item.time;
        if (number < cursor_) {
            cursor_ = number;
            is_sorted_ = false;
        } else if (number == cursor_ && is_sorted_) {
            insert_sorted(bucket.items, item);
            return;
        }
        bucket.items.push_back(item);
    }

    /// Sorted with the first item last, where most new items belong.
    static void insert_sorted(std::vector<Item>& items, const Item& item) {
        items.push_back(item);
        std::size_t at = items.size() - 1;
        while (at > 0 && Before(items[at - 1], item)) {
            items[at] = items[at - 1];
            --at;
        }
        items[at] = item;
    }

    /// Puts the cursor on the first bucket with items, bringing far items in as the ring comes near them.
    void find_bucket() {
        if (in_ring_ == 0) {
            base_ = cursor_ = number_of(earliest_far_);
            is_sorted_ = false;
            bring_in_far();
        } else if (cursor_ - base_ > static_cast<std::int64_t>(buckets_.size() / 2)) {
            // A quarter stays behind the cursor, for items that come before those now pending.
            base_ = cursor_ - static_cast<std::int64_t>(buckets_.size() / 4);
            if (number_of(earliest_far_) < ring_end()) bring_in_far();
        }
        while (current().items.empty()) {
            ++cursor_;
            ++skipped_;
            is_sorted_ = false;
        }
    }

    void bring_in_far() {
        earliest_far_ = SimTime::never();
        std::vector<Item> items;
        items.swap(far_);
        for (const Item& item : items)
            place(item);
    }

    void find_next() {
        is_next_known_ = true;
        if (size_ == 0) {
            next_time_ = SimTime::never();
            return;
        }
        find_bucket();
        next_time_ = current().earliest;
    }

    Bucket& sorted_bucket() {
        if (is_sorted_) return current();
        find_bucket();
        Bucket& bucket = current();
        sorted_items_ += bucket.items.size();
        ++sorted_buckets_;
        sort_last_first(bucket.items);
        is_sorted_ = true;
        is_next_known_ = true;
        next_time_ = bucket.earliest;
        return bucket;
    }

    static void sort_last_first(std::vector<Item>& bucket) {
        if (bucket.size() > 24) {
            std::sort(bucket.begin(), bucket.end(), [](const Item& a, const Item& b) { return Before(b, a); });
            return;
        }
        for (std::size_t i = 1; i < bucket.size(); ++i) {
            if (!Before(bucket[i - 1], bucket[i])) continue;
            const Item item = bucket[i];
            std::size_t at = i;
            do {
                bucket[at] = bucket[at - 1];
                --at;
            } while (at > 0 && Before(bucket[at - 1], item));
            bucket[at] = item;
        }
    }

    /// After many items: a new shape if buckets are too full to sort cheaply or too empty to walk cheaply.
    void consider_retuning() {
        const bool too_full = sorted_items_ > 12 * sorted_buckets_;
        const bool too_empty = skipped_ > 4 * taken_;
        taken_ = skipped_ = sorted_items_ = sorted_buckets_ = 0;
        // Not again and again where the last new shape was of no help: the items are such.
        if (!too_full && !too_empty)
            patience_ = last_patience_ = 1;
        else if (--patience_ <= 0) {
            retune();
            patience_ = last_patience_ = std::min(2 * last_patience_, kMostPatience);
        }
    }

    void retune() {
        std::vector<Item> items = take_all();
        reshape(items);
        for (const Item& item : items)
            place(item);
    }
    void retune(const Item& extra) {
        std::vector<Item> items = take_all();
        items.push_back(extra);
        reshape(items);
        for (const Item& item : items)
            place(item);
    }

    std::vector<Item> take_all() {
        std::vector<Item> items;
        items.reserve(size_);
        for (Bucket& bucket : buckets_) {
            items.insert(items.end(), bucket.items.begin(), bucket.items.end());
            bucket.items.clear();
            bucket.earliest = SimTime::never();
        }
        items.insert(items.end(), far_.begin(), far_.end());
        far_.clear();
        earliest_far_ = SimTime::never();
        in_ring_ = 0;
        return items;
    }

    /// As many buckets as half the items, over the nearer nine tenths of them.
    void reshape(const std::vector<Item>& items) {
        is_sorted_ = false;
        is_next_known_ = false;
        size_at_retuning_ = items.size();
        if (items.empty()) return;
        std::vector<std::int64_t> times;
        times.reserve(items.size());
        for (const Item& item : items)
            times.push_back(item.time.ns());
        const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * 9 / 10);
        std::nth_element(times.begin(), at, times.end());
        const std::int64_t far = *at;
        const std::int64_t first = *std::min_element(times.begin(), times.end());
        // Not more buckets than cover twice the span at their least width.
        const std::uint64_t at_least_width = 2 * ((static_cast<std::uint64_t>(far - first) >> least_shift_) + 1);
        const std::size_t wanted = std::clamp(
            std::bit_ceil(std::min<std::size_t>(items.size() / 2 + 1, at_least_width)), kFewestBuckets, kMostBuckets);
        if (wanted > buckets_.size() || wanted * 4 < buckets_.size()) buckets_.resize(wanted);
        const auto span = static_cast<std::uint64_t>(far - first) + 1;
        shift_ = std::max(least_shift_, static_cast<int>(std::bit_width(span / buckets_.size())));
        base_ = cursor_ = number_of(SimTime::from_ns(first));
    }

    std::vector<Bucket> buckets_;
    std::vector<Item> far_;
    SimTime earliest_far_ = SimTime::never();
    std::size_t size_ = 0;
    std::size_t in_ring_ = 0;
    std::size_t size_at_retuning_ = 0;
    int least_shift_ = 0;
    int shift_ = 20;           ///< a bucket is 2^shift ns wide: about a millisecond until the first items tell more
    std::int64_t base_ = 0;    ///< the ring holds bucket numbers from here on
    std::int64_t cursor_ = 0;  ///< no bucket before it holds items
    bool is_sorted_ = false;   ///< the bucket at the cursor is, last item first
    bool is_next_known_ = true;
    SimTime next_time_ = SimTime::never();

    std::size_t taken_ = 0;
    std::size_t skipped_ = 0;
    std::size_t sorted_items_ = 0;
    std::size_t sorted_buckets_ = 0;
    int patience_ = 1;  ///< how many more times the shape is put up with
    int last_patience_ = 1;
};

}  // namespace regatta::engine
