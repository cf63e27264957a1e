#include <cohort/ipc/value_codec.hpp>

#include <cohort/base/try.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

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

/// Takes values off the front; nothing once the bytes do not follow the format.
class reader {
public:
    explicit reader(std::string_view bytes) noexcept
        : rest_{bytes}
    {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

    std::optional<json::value> take_value(std::size_t depth)
    {
        const auto what = take<tag>();
        if (!what)
            return std::nullopt;
        switch (*what) {
            case tag::null:
                return json::value(nullptr);
            case tag::no:
                return json::value(false);
            case tag::yes:
                return json::value(true);
            case tag::integer:
                return number<std::int64_t>();
            case tag::natural:
                return number<std::uint64_t>();
            case tag::real:
                return number<double>();
            case tag::string:
                return string();
            case tag::array:
                return depth == value_depth_max ? std::nullopt : array(depth);
            case tag::object:
                return depth == value_depth_max ? std::nullopt : object(depth);
        }
        return std::nullopt;
    }

private:
    template <class T>
    std::optional<T> take()
    {
        T value{};
        if (rest_.size() < sizeof value)
            return std::nullopt;
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }

    std::optional<std::string_view> text()
    {
        const auto size = take<std::uint32_t>();
        if (!size || *size > rest_.size())
            return std::nullopt;
        const auto found = rest_.substr(0, *size);
        rest_.remove_prefix(*size);
        return found;
    }

    template <class T>
    std::optional<json::value> number()
    {
        const auto value = take<T>();
        if (!value)
            return std::nullopt;
        return json::value(*value);
    }

    std::optional<json::value> string()
    {
        const auto found = text();
        if (!found)
            return std::nullopt;
        return json::value(*found);
    }

    std::optional<json::value> array(std::size_t depth)
    {
        const auto count = take<std::uint32_t>();
        if (!count)
            return std::nullopt;
        json::array list;
        for (std::uint32_t i = 0; i < *count; ++i) {
            auto one = take_value(depth + 1);
            if (!one)
                return std::nullopt;
            list.push_back(*std::move(one));
        }
        return json::value(std::move(list));
    }

    std::optional<json::value> object(std::size_t depth)
    {
        const auto count = take<std::uint32_t>();
        if (!count)
            return std::nullopt;
        json::object members;
        for (std::uint32_t i = 0; i < *count; ++i) {
            const auto name = text();
            if (!name)
                return std::nullopt;
            auto one = take_value(depth + 1);
            if (!one)
                return std::nullopt;
            members.insert_or_assign(*name, *std::move(one));
        }
        return json::value(std::move(members));
    }

    std::string_view rest_;
};

} // namespace

result<std::string> pack(const boost::json::value& value)
{
    std::string bytes;
    COHORT_TRY(put_value(bytes, value, 0));
    return bytes;
}

result<boost::json::value> unpack(std::string_view bytes)
{
    reader from{bytes};
    auto value = from.take_value(0);
    if (!value || !from.at_end())
        return failed(errc::malformed, "decode message");
    return *std::move(value);
}

} // namespace cohort::ipc
