#include <cohort/http/sessions/session_record.hpp>

namespace cohort::http {

namespace {

// version (1), created (8), seen (8), then for each value the lengths of its name and of itself
// (4 each) and both of them. Big-endian.
constexpr char version = 1;
constexpr std::size_t head_bytes = 17;
constexpr std::size_t lengths_bytes = 8;

void put(std::string& into, std::uint64_t number, unsigned bytes)
{
    while (bytes-- > 0)
        into.push_back(static_cast<char>((number >> (8 * bytes)) & 255));
}

std::uint64_t take(std::string_view& from, std::size_t bytes)
{
    std::uint64_t number = 0;
    for (const char c : from.substr(0, bytes))
        number = (number << 8) | static_cast<unsigned char>(c);
    from.remove_prefix(bytes);
    return number;
}

}  // namespace

std::size_t session_record::size() const noexcept
{
    std::size_t total = head_bytes;
    for (const auto& [name, value] : values)
        total += lengths_bytes + name.size() + value.size();
    return total;
}

std::string session_record::write() const
{
    std::string bytes;
    bytes.reserve(size());
    bytes.push_back(version);
    put(bytes, static_cast<std::uint64_t>(created), 8);
    put(bytes, static_cast<std::uint64_t>(seen), 8);
    for (const auto& [name, value] : values) {
        put(bytes, name.size(), 4);
        put(bytes, value.size(), 4);
        bytes += name;
        bytes += value;
    }
    return bytes;
}

std::optional<session_record> session_record::read(std::string_view bytes)
{
    if (bytes.size() < head_bytes || bytes.front() != version)
        return std::nullopt;
    bytes.remove_prefix(1);
    session_record out;
    out.created = static_cast<std::int64_t>(take(bytes, 8));
    out.seen = static_cast<std::int64_t>(take(bytes, 8));
    while (!bytes.empty()) {
        if (bytes.size() < lengths_bytes)
            return std::nullopt;
        const std::size_t name = take(bytes, 4);
        const std::size_t value = take(bytes, 4);
        if (bytes.size() < name + value)
            return std::nullopt;
        out.values.emplace_back(bytes.substr(0, name), bytes.substr(name, value));
        bytes.remove_prefix(name + value);
    }
    return out;
}

}  // namespace cohort::http
