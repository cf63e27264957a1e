#include <cohort/http/middleware/trust_proxies.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/forwarded.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/net_range.hpp>
#include <cohort/http/problem.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>

namespace cohort::http {

namespace {

/// Is this hop, the n-th from here, one of ours?
using trust = std::move_only_function<bool(const ip_address& who, std::size_t hop) const>;

std::optional<scheme> read_scheme(std::string_view text) noexcept
{
    if (equal_ignoring_case(text, "https") || equal_ignoring_case(text, "wss"))
        return scheme::https;
    if (equal_ignoring_case(text, "http") || equal_ignoring_case(text, "ws"))
        return scheme::http;
    return std::nullopt;
}

/// The element that belongs to the `at`-th of `hops` hops. A list of another length does not tell
/// which one wrote what; its last element is the nearest proxy's, and the only one to be sure of.
std::string_view beside(const std::vector<std::string_view>& list, std::size_t at,
                        std::size_t hops) noexcept
{
    if (list.empty())
        return {};
    return list.size() == hops ? list[at] : list.back();
}

/// The elements of X-Forwarded fields, empty ones left out. They know no quotation: a client's
/// quotation mark would swallow the commas, and what our proxies wrote behind them.
std::optional<std::vector<std::string_view>>
split_at_commas(std::span<const std::string_view> fields)
{
    std::vector<std::string_view> all;
    for (std::string_view rest : fields) {
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(','), rest.size());
            const auto each = trim(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (each.empty())
                continue;
            if (all.size() == hops_max)
                return std::nullopt;
            all.push_back(each);
        }
    }
    return all;
}

/// Who the client is, hop by hop from the connection outwards.
class walk {
public:
    walk(const request& of, const trust& trusts, const proxy_options& options)
        : of_{of}, trusts_{trusts}, options_{options}, found_{requester_of(of)}
    {}

    /// False if something was malformed; found() is what is known up to there.
    bool go()
    {
        if (!trusts_(found_.address, 0))
            return true;
        const bool read =
            options_.fields == proxy_fields::forwarded ? by_forwarded() : by_x_forwarded();
        // Who is known up to there is a proxy of ours; its address must not be taken for a
        // client's.
        if (!read && !arrived_)
            take(forwarded_node{});
        return read;
    }

    [[nodiscard]] const requester& found() const noexcept { return found_; }

private:
    bool by_forwarded()
    {
        const auto hops = parse_forwarded(of_.headers("Forwarded"));
        if (!hops)
            return false;
        for (std::size_t left = hops->size(), passed = 1; left-- > 0; ++passed) {
            const forwarded_hop& hop = (*hops)[left];
            if (!take_scheme(hop.scheme) || !take_host(hop.host))
                return false;
            take(hop.from.value_or(forwarded_node{}));
            arrived_ = !trusts_(found_.address, passed);
            if (arrived_)
                break;
        }
        return true;
    }

    bool by_x_forwarded()
    {
        const auto who = split_at_commas(of_.headers("X-Forwarded-For"));
        const auto how = split_at_commas(of_.headers("X-Forwarded-Proto"));
        const auto where = split_at_commas(of_.headers("X-Forwarded-Host"));
        if (!who || !how || !where)
            return false;
        std::size_t left = who->size();
        for (std::size_t passed = 1; left > 0; ++passed) {
            const auto node = parse_node((*who)[left - 1]);
            if (!node)
                return false;
            --left;
            take(*node);
            arrived_ = !trusts_(found_.address, passed);
            if (arrived_)
                break;
        }
        return take_scheme(beside(*how, left, who->size())) &&
               take_host(beside(*where, left, who->size()));
    }

    void take(const forwarded_node& node) noexcept
    {
        found_.address = node.address;
        found_.port = node.port;
    }

    bool take_scheme(std::string_view said) noexcept
    {
        if (said.empty())
            return true;
        const auto read = read_scheme(said);
        found_.scheme = read.value_or(found_.scheme);
        return read.has_value();
    }

    bool take_host(std::string_view said) noexcept
    {
        if (said.empty() || options_.host == proxy_host::of_the_request)
            return true;
        if (!is_host_and_port(said))
            return false;
        found_.host = said;
        return true;
    }

    const request& of_;
    const trust& trusts_;
    const proxy_options& options_;
    requester found_;
    bool arrived_ = false;  // at one who is not trusted
};

hooks trusting(trust trusts, proxy_options options)
{
    return {
        .name = "trust_proxies",
        .before = [trusts = std::move(trusts), options](request& of) -> std::optional<response> {
            walk way{of, trusts, options};
            if (!way.go() && options.malformed == malformed_forwarding::refused)
                return problem(400, {}, "a proxy's account of this request cannot be read");
            of.attach(way.found());
            return std::nullopt;
        }};
}

}  // namespace

hooks trust_proxies(std::vector<std::string> ranges, proxy_options more)
{
    auto all = parse_ranges(ranges);
    if (!all)
        throw failure{std::move(all.error())};
    return trusting([all = std::move(*all)](const ip_address& who,
                                            std::size_t) { return any_contains(all, who); },
                    more);
}

hooks trust_any_proxies(unsigned count, proxy_options more)
{
    return trusting([count](const ip_address&, std::size_t hop) { return hop < count; }, more);
}

}  // namespace cohort::http
