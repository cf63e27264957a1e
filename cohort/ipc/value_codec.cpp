#include <cohort/ipc/value_codec.hpp>

#include <cohort/base/try.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace cohort::ipc {

namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

enum class tag : char { null, no, yes, integer, natural, real, string, array, object };

template <class T>
void put(std::string& into, T value)
{
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    into.append(bytes, sizeof value);
}

void put_tag(std::string& into, tag what) { into.push_back(static_cast<char>(what)); }

result<> put_size(std::string& into, std::size_t size)
{
    if (size > std::numeric_limits<std::uint32_t>::max())
        return failed(errc::too_large, "encode message", "a part of 4 GiB");
    put(into, static_cast<std::uint32_t>(size));
    return {};
}

result<> put_text(std::string& into, std::string_view text)
{
    COHORT_TRY(put_size(into, text.size()));
    into.append(text);
    return {};
}

result<> put_value(std::string& into, const json::value& value, std::size_t depth);

result<> put_structure(std::string& into, const json::value& value, std::size_t depth)
{
    if (depth == value_depth_max)
        return failed(errc::too_large, "encode message", "nested too deeply");
    if (const auto* list = value.if_array()) {
        put_tag(into, tag::array);
        COHORT_TRY(put_size(into, list->size()));
        for (const json::value& one : *list) {
            COHORT_TRY(put_value(into, one, depth + 1));
        }
        return {};
    }
    const json::object& members = value.get_object();
    put_tag(into, tag::object);
    COHORT_TRY(put_size(into, members.size()));
    for (const auto& member : members) {
        COHORT_TRY(put_text(into, member.key()));
        COHORT_TRY(put_value(into, member.value(), depth + 1));
    }
    return {};
}

result<> put_value(std::string& into, const json::value& value, std::size_t depth)
{
    switch (value.kind()) {
        case json::kind::null:
            put_tag(into, tag::null);
            return {};
        case json::kind::bool_:
            put_tag(into, value.get_bool() ? tag::yes : tag::no);
            return {};
        case json::kind::int64:
            put_tag(into, tag::integer);
            put(into, value.get_int64());
            return {};
        case json::kind::uint64:
            put_tag(into, tag::natural);
            put(into, value.get_uint64());
            return {};
        case json::kind::double_:
            if (!std::isfinite(value.get_double()))
                return failed(errc::bad_value, "encode message",
                              "infinity and not-a-number have no JSON");
            put_tag(into, tag::real);
            put(into, value.get_double());
            return {};
        case json::kind::string:
            put_tag(into, tag::string);
            return put_text(into, value.get_string());
        case json::kind::array:
        case json::kind::object:
            return put_structure(into, value, depth);
    }
    std::unreachable();
}

/// More than this is not reserved on the word of a count alone.
constexpr std::uint32_t reserve_max = 64;

/// Takes values off the front; false once the bytes do not follow the format.
class reader {
public:
    explicit reader(std::string_view bytes) noexcept
        : rest_{bytes}
    {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

    /// Into a place that holds null: values are built where they stay.
    bool take_value(json::value& into, std::size_t depth)
    {
        const auto what = take<tag>();
        if (!what)
            return false;
        switch (*what) {
            case tag::null:
                return true;
            case tag::no:
                into.emplace_bool() = false;
                return true;
            case tag::yes:
                into.emplace_bool() = true;
                return true;
            case tag::integer:
                return take_number(into.emplace_int64());
            case tag::natural:
                return take_number(into.emplace_uint64());
            case tag::real:
                return take_number(into.emplace_double());
            case tag::string:
                return take_string(into.emplace_string());
            case tag::array:
                return depth != value_depth_max && take_array(into.emplace_array(), depth);
            case tag::object:
                return depth != value_depth_max && take_object(into.emplace_object(), depth);
        }
        return false;
    }

private:
    template <class T>
    std::optional<T> take()
    {
        T value{};
        if (!take_number(value))
            return std::nullopt;
        return value;
    }

    template <class T>
    bool take_number(T& into)
    {
        if (rest_.size() < sizeof into)
            return false;
        std::memcpy(&into, rest_.data(), sizeof into);
        rest_.remove_prefix(sizeof into);
        return true;
    }

    std::optional<std::string_view> take_text()
    {
        const auto size = take<std::uint32_t>();
        if (!size || *size > rest_.size())
            return std::nullopt;
        const auto found = rest_.substr(0, *size);
        rest_.remove_prefix(*size);
        return found;
    }

    bool take_string(json::string& into)
    {
        const auto found = take_text();
        if (found)
            into.assign(*found);
        return found.has_value();
    }

    bool take_array(json::array& into, std::size_t depth)
    {
        const auto count = take<std::uint32_t>();
        if (!count)
            return false;
        into.reserve(std::min(*count, reserve_max));
        for (std::uint32_t i = 0; i < *count; ++i) {
            if (!take_value(into.emplace_back(nullptr), depth + 1))
                return false;
        }
        return true;
    }

    bool take_object(json::object& into, std::size_t depth)
    {
        const auto count = take<std::uint32_t>();
        if (!count)
            return false;
        into.reserve(std::min(*count, reserve_max));
        for (std::uint32_t i = 0; i < *count; ++i) {
            const auto name = take_text();
            if (!name)
                return false;
            // pack() writes each name once; who repeats one is not pack().
            const auto [member, fresh] = into.emplace(*name, nullptr);
            if (!fresh || !take_value(member->value(), depth + 1))
                return false;
        }
        return true;
    }

    std::string_view rest_;
};

}  // namespace

result<std::string> pack(const boost::json::value& value)
{
    std::string bytes;
    COHORT_TRY(put_value(bytes, value, 0));
    return bytes;
}

result<boost::json::value> unpack(std::string_view bytes)
{
    reader from{bytes};
    boost::json::value value;
    if (!from.take_value(value, 0) || !from.at_end())
        return failed(errc::malformed, "decode message");
    return value;
}

}  // namespace cohort::ipc
