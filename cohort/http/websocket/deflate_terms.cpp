#include <cohort/http/websocket/deflate_terms.hpp>

#include <cohort/http/grammar.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::http {

namespace {

/// One "permessage-deflate; …" as the client wrote it.
struct offer {
    std::optional<int> server_bits;
    std::optional<int> client_bits;  // 15 if it named none
    bool server_anew = false;
    bool client_anew = false;
};

/// Cuts the next part off `rest`, up to a semicolon outside of quotes.
std::string_view next_part(std::string_view& rest)
{
    bool quoted = false;
    std::size_t at = 0;
    for (; at < rest.size(); ++at) {
        if (rest[at] == '"')
            quoted = !quoted;
        else if (rest[at] == '\\' && quoted && at + 1 < rest.size())
            ++at;
        else if (rest[at] == ';' && !quoted)
            break;
    }
    const std::string_view part = trim(rest.substr(0, at));
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return part;
}

/// RFC 7692, 7.1.2.1: 8 to 15, without a leading zero; it may stand in quotes.
std::optional<int> bits_of(std::string_view text)
{
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    if (text == "8" || text == "9")
        return text[0] - '0';
    if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
        return 10 + (text[1] - '0');
    return std::nullopt;
}

/// False: unknown, twice, or with a value that it cannot have.
bool take_parameter(std::string_view part, offer& into)
{
    const std::size_t equals = part.find('=');
    const std::string_view name = trim(part.substr(0, equals));
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos)
        value = trim(part.substr(equals + 1));

    const auto flag = [&](bool& which) {
        const bool good = !value && !which;
        which = true;
        return good;
    };
    if (equal_ignoring_case(name, "server_no_context_takeover"))
        return flag(into.server_anew);
    if (equal_ignoring_case(name, "client_no_context_takeover"))
        return flag(into.client_anew);
    if (equal_ignoring_case(name, "server_max_window_bits")) {
        if (into.server_bits || !value)
            return false;
        into.server_bits = bits_of(*value);
        return into.server_bits.has_value();
    }
    if (equal_ignoring_case(name, "client_max_window_bits")) {
        if (into.client_bits)
            return false;
        into.client_bits = value ? bits_of(*value) : 15;
        return into.client_bits.has_value();
    }
    return false;
}

std::optional<offer> read_offer(std::string_view text)
{
    offer read;
    if (!equal_ignoring_case(next_part(text), "permessage-deflate"))
        return std::nullopt;
    while (!text.empty()) {
        if (!take_parameter(next_part(text), read))
            return std::nullopt;
    }
    return read;
}

std::optional<deflate_terms> meet(const offer& theirs, const websocket_compression& ours)
{
    // The deflate at hand cannot write windows of 256 bytes (nor can zlib's).
    if (theirs.server_bits.value_or(15) < 9)
        return std::nullopt;
    using context = websocket_compression::context;
    const int most = std::clamp(ours.window_bits, 9, 15);
    deflate_terms terms;
    terms.text = "permessage-deflate";
    terms.we_begin_anew = theirs.server_anew || ours.ours == context::fresh_each_message;
    if (terms.we_begin_anew)
        terms.text += "; server_no_context_takeover";
    terms.they_begin_anew = theirs.client_anew || ours.theirs == context::fresh_each_message;
    if (terms.they_begin_anew)
        terms.text += "; client_no_context_takeover";
    terms.our_window_bits = std::min(theirs.server_bits.value_or(15), most);
    if (theirs.server_bits)
        terms.text += fmt::format("; server_max_window_bits={}", terms.our_window_bits);
    if (theirs.client_bits) {
        // It may use fewer than we allow; we read 512 bytes where it writes 256.
        terms.their_window_bits = std::max(9, std::min(*theirs.client_bits, most));
        terms.text += fmt::format("; client_max_window_bits={}",
                                  std::min(*theirs.client_bits, terms.their_window_bits));
    }
    return terms;
}

}  // namespace

std::optional<deflate_terms> agree_on_deflate(const std::vector<std::string_view>& offered,
                                              const websocket_compression& ours)
{
    if (!ours.enabled)
        return std::nullopt;
    for (std::string_view line : offered) {
        for (auto each = next_element(line); !each.empty(); each = next_element(line)) {
            if (const auto read = read_offer(each)) {
                if (auto terms = meet(*read, ours))
                    return terms;
            }
        }
    }
    return std::nullopt;
}

}  // namespace cohort::http
