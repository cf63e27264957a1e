#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/observe/trace_context.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::observe {

class tracer;

/// What a span is to others. The numbers are OTLP's.
enum class span_kind : std::uint8_t { internal = 1, server, client, producer, consumer };

enum class span_status : std::uint8_t { unset, ok, error };

/// What an attribute says.
using attribute_value = std::variant<std::string, bool, std::int64_t, double>;

/// A value; `key` lives for ever.
struct span_attribute {
    std::string_view key;
    attribute_value value;
};

/// Something that happened meanwhile. A value; `name` lives for ever.
struct span_event {
    std::string_view name;
    steady_time when;
    std::vector<span_attribute> attributes = {};
};

/// All that there is to say of a span. A value.
struct span_data {
    trace_context context;
    span_id parent;
    bool parent_is_remote = false;
    span_kind kind = span_kind::internal;
    span_status status = span_status::unset;
    steady_time began{};
    std::string name = {};
    std::string message = {};  ///< Of an error.
    std::vector<span_attribute> attributes = {};
    std::vector<span_event> events = {};
    std::uint32_t dropped_attributes = 0;
    std::uint32_t dropped_events = 0;
};

/// One piece of work, from its beginning until end() or until this is gone. A resource; one thread
/// at a time. Made by a tracer, or by another span as its child.
///
///     auto look_up = http::span_of(request).child("look up a user");
///     look_up.set("user.kind", kind);
///
/// It is recorded if its trace is sampled, and otherwise if it has failed or took too long. Until
/// then it costs little: nothing is written, and nothing leaves the process.
///
/// Lifetime: the tracer's.
class span {
public:
    /// None: everything may be done with it, and nothing comes of it.
    span() noexcept = default;
    span(tracer& by, span_data what) noexcept
        : by_{&by}, data_{std::move(what)}
    {}
    span(span&& other) noexcept
        : by_{std::exchange(other.by_, nullptr)}, data_{std::move(other.data_)}
    {}
    span& operator=(span&& other) noexcept;
    ~span() { end(); }

    /// It has begun and has not ended.
    [[nodiscard]] bool runs() const noexcept { return by_ != nullptr; }
    /// Ids and flags, for others to go on with; also after its end. Not valid(): none.
    [[nodiscard]] const trace_context& context() const noexcept { return data_.context; }
    [[nodiscard]] const span_data& data() const noexcept { return data_; }
    /// The same in words, for messages to other processes of the cohort (observe/letter_span.hpp).
    /// Empty: nothing would come of it.
    [[nodiscard]] std::string carried() const;
    /// Whose it is, while it runs; else null.
    [[nodiscard]] tracer* owner() const noexcept { return by_; }

    /// May it come to be recorded? What is put into another is dropped at once.
    [[nodiscard]] bool may_be_kept() const noexcept;
    /// Would it be recorded if it ended now? For describing it only then.
    [[nodiscard]] bool would_be_kept() const noexcept;

    /// A part of it. None of none.
    [[nodiscard]] span child(std::string name, span_kind kind = span_kind::internal) const;

    /// The name is a kind of work, of which there are few: no ids, no paths.
    void rename(std::string name) { data_.name = std::move(name); }

    /// Says something about it, in place of what was said under that key. Bounded: see
    /// trace_options; what is too much is dropped and counted, what is too long is cut.
    template <class T>
    span& set(literal key, const T& value)
    {
        if (may_be_kept())
            put(key.text, convert(value));
        return *this;
    }

    /// Something happened just now.
    span& event(literal name);

    /// It went wrong; `message` says how to people who look at it.
    span& fail(std::string_view message);

    /// It ends now; only once.
    void end() noexcept;

    /// It is as if it had never been.
    void forget() noexcept { by_ = nullptr; }

private:
    template <class T>
    static attribute_value convert(const T& value)
    {
        if constexpr (std::same_as<T, bool>)
            return value;
        else if constexpr (std::integral<T>)
            return static_cast<std::int64_t>(value);
        else if constexpr (std::floating_point<T>)
            return static_cast<double>(value);
        else
            return std::string{std::string_view{value}};
    }
    void put(std::string_view key, attribute_value value);

    tracer* by_ = nullptr;
    span_data data_;
};

}  // namespace cohort::observe
