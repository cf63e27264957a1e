#include <cohort/ipc/protocol.hpp>

#include <cohort/base/utf8.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <concepts>
#include <cstring>
#include <limits>

namespace cohort::ipc {

namespace {

namespace json = boost::json;

json::array strings(const std::vector<std::string>& list)
{
    return json::array(list.begin(), list.end());
}

template <std::unsigned_integral T>
json::array numbers(const std::vector<T>& list)
{
    json::array out;
    for (const T each : list)
        out.emplace_back(std::uint64_t{each});
    return out;
}

std::unexpected<fault> bad(literal field)
{
    return failed(errc::malformed, "read control message", std::string{field.text});
}

/// Reads the members of one JSON object; remembers the first that is missing or out of range.
class reader {
public:
    explicit reader(std::string_view body)
    {
        boost::system::error_code ec;
        auto parsed = json::parse(json::string_view{body.data(), body.size()}, ec);
        if (ec || !parsed.is_object())
            wrong_ = "no object";
        else
            members_ = std::move(parsed.as_object());
    }

    template <std::integral T>
    void get(literal name, T& into)
    {
        const json::value* found = find(name);
        if (found == nullptr)
            return;
        if constexpr (std::same_as<T, bool>) {
            if (found->is_bool())
                into = found->as_bool();
            else
                complain(name);
        } else {
            boost::system::error_code ec;
            const auto value = found->to_number<T>(ec);
            if (ec)
                complain(name);
            else
                into = value;
        }
    }

    void get(literal name, std::string& into)
    {
        const json::value* found = find(name);
        if (found == nullptr)
            return;
        if (const auto* text = found->if_string())
            into.assign(text->data(), text->size());
        else
            complain(name);
    }

    void get(literal name, nanoseconds& into)
    {
        std::int64_t count = 0;
        get(name, count);
        into = nanoseconds{count};
    }

    void get(literal name, std::optional<std::uint32_t>& into)
    {
        const json::value* found = find(name);
        if (found == nullptr || found->is_null())
            return;
        std::uint32_t value = 0;
        get(name, value);
        into = value;
    }

    void get(literal name, std::vector<std::string>& into)
    {
        for (const json::value& each : list(name)) {
            if (const auto* text = each.if_string())
                into.emplace_back(text->data(), text->size());
            else
                complain(name);
        }
    }

    template <std::unsigned_integral T>
    void get(literal name, std::vector<T>& into)
    {
        for (const json::value& each : list(name)) {
            boost::system::error_code ec;
            const auto value = each.to_number<T>(ec);
            if (ec)
                complain(name);
            else
                into.push_back(value);
        }
    }

    template <class T>
    [[nodiscard]] result<T> done(T value) const
    {
        if (!wrong_.empty())
            return failed(errc::malformed, "read control message", std::string{wrong_});
        return value;
    }

private:
    const json::value* find(literal name)
    {
        const auto* found = members_.if_contains({name.text.data(), name.text.size()});
        if (found == nullptr)
            complain(name);
        return found;
    }

    json::array list(literal name)
    {
        const json::value* found = find(name);
        if (found != nullptr && found->is_array())
            return found->as_array();
        complain(name);
        return {};
    }

    void complain(literal name)
    {
        if (wrong_.empty())
            wrong_ = name.text;
    }

    json::object members_;
    std::string_view wrong_;
};

}  // namespace

std::string encode(const hello& what)
{
    return json::serialize(json::object{{"version", what.version},
                                        {"pid", what.pid},
                                        {"id", what.id},
                                        {"slot", what.slot},
                                        {"successor", what.successor},
                                        {"leaving", what.leaving},
                                        {"endpoints", numbers(what.endpoints)}});
}

template <>
result<hello> decode<hello>(std::string_view body)
{
    reader in{body};
    hello out;
    in.get("version", out.version);
    in.get("pid", out.pid);
    in.get("id", out.id);
    in.get("slot", out.slot);
    in.get("successor", out.successor);
    in.get("leaving", out.leaving);
    in.get("endpoints", out.endpoints);
    return in.done(std::move(out));
}

std::string encode(const welcome& what)
{
    return json::serialize(json::object{
        {"id", what.id},
        {"slot", what.slot},
        {"app", what.app},
        {"balance", what.balance},
        {"lanes", what.lanes},
        {"connections_max", what.connections_max},
        {"beat_ns", what.beat.count()},
        {"stop_timeout_ns", what.stop_timeout.count()},
        {"listen", strings(what.listen)},
        {"log_level", what.log_level},
    });
}

template <>
result<welcome> decode<welcome>(std::string_view body)
{
    reader in{body};
    welcome out;
    in.get("id", out.id);
    in.get("slot", out.slot);
    in.get("app", out.app);
    in.get("balance", out.balance);
    in.get("lanes", out.lanes);
    in.get("connections_max", out.connections_max);
    in.get("beat_ns", out.beat);
    in.get("stop_timeout_ns", out.stop_timeout);
    in.get("listen", out.listen);
    in.get("log_level", out.log_level);
    return in.done(std::move(out));
}

std::string encode(const neighbours& what)
{
    return json::serialize(json::object{{"slots", numbers(what.slots)}});
}

template <>
result<neighbours> decode<neighbours>(std::string_view body)
{
    reader in{body};
    neighbours out;
    in.get("slots", out.slots);
    return in.done(std::move(out));
}

std::string encode(const listen_request& what)
{
    json::object out{
        {"where", what.where},           {"backlog", what.backlog}, {"v6_only", what.v6_only},
        {"reuse_port", what.reuse_port}, {"index", what.index},     {"unix_mode", nullptr},
    };
    if (what.unix_mode)
        out["unix_mode"] = *what.unix_mode;
    return json::serialize(out);
}

template <>
result<listen_request> decode<listen_request>(std::string_view body)
{
    reader in{body};
    listen_request out;
    in.get("where", out.where);
    in.get("backlog", out.backlog);
    in.get("v6_only", out.v6_only);
    in.get("reuse_port", out.reuse_port);
    in.get("index", out.index);
    in.get("unix_mode", out.unix_mode);
    return in.done(std::move(out));
}

std::string encode(const listen_answer& what)
{
    return json::serialize(json::object{{"endpoint", what.endpoint}, {"where", what.where}});
}

template <>
result<listen_answer> decode<listen_answer>(std::string_view body)
{
    reader in{body};
    listen_answer out;
    in.get("endpoint", out.endpoint);
    in.get("where", out.where);
    return in.done(std::move(out));
}

std::string encode(const unlisten& what)
{
    return json::serialize(json::object{{"endpoint", what.endpoint}});
}

template <>
result<unlisten> decode<unlisten>(std::string_view body)
{
    reader in{body};
    unlisten out;
    in.get("endpoint", out.endpoint);
    return in.done(out);
}

std::string encode(const refused& what)
{
    return json::serialize(json::object{{"sequences", numbers(what.sequences)}, {"why", what.why}});
}

template <>
result<refused> decode<refused>(std::string_view body)
{
    reader in{body};
    refused out;
    in.get("sequences", out.sequences);
    in.get("why", out.why);
    return in.done(std::move(out));
}

std::string encode(const drain_order& what)
{
    return json::serialize(json::object{{"budget_ns", what.budget.count()}, {"last", what.last}});
}

template <>
result<drain_order> decode<drain_order>(std::string_view body)
{
    reader in{body};
    drain_order out;
    in.get("budget_ns", out.budget);
    in.get("last", out.last);
    return in.done(out);
}

std::string encode(const share_order& what)
{
    return json::serialize(json::object{{"slot", what.slot},
                                        {"connections", what.connections},
                                        {"budget_ns", what.budget.count()}});
}

template <>
result<share_order> decode<share_order>(std::string_view body)
{
    reader in{body};
    share_order out;
    in.get("slot", out.slot);
    in.get("connections", out.connections);
    in.get("budget_ns", out.budget);
    return in.done(out);
}

std::string encode(const farewell& what)
{
    return json::serialize(json::object{{"code", what.code}, {"reason", as_utf8(what.reason)}});
}

template <>
result<farewell> decode<farewell>(std::string_view body)
{
    reader in{body};
    farewell out;
    in.get("code", out.code);
    in.get("reason", out.reason);
    return in.done(std::move(out));
}

std::string encode_taken(std::span<const std::uint64_t> sequences)
{
    // Both ends are one program on one machine: native byte order.
    std::string body(sequences.size_bytes(), '\0');
    if (!sequences.empty())
        std::memcpy(body.data(), sequences.data(), body.size());
    return body;
}

result<std::vector<std::uint64_t>> decode_taken(std::string_view body)
{
    if (body.size() % sizeof(std::uint64_t) != 0)
        return bad("taken");
    std::vector<std::uint64_t> out(body.size() / sizeof(std::uint64_t));
    if (!out.empty())
        std::memcpy(out.data(), body.data(), body.size());
    return out;
}

std::string encode(const fault& what)
{
    const bool ours = what.why().category() == make_error_code(errc::malformed).category();
    return json::serialize(
        json::object{{"code", what.why().value()}, {"ours", ours}, {"subject", what.subject()}});
}

fault decode_fault(std::string_view body, literal doing)
{
    reader in{body};
    struct content {
        int code = 0;
        bool ours = false;
        std::string subject;
    } read;
    in.get("code", read.code);
    in.get("ours", read.ours);
    in.get("subject", read.subject);
    auto whole = in.done(std::move(read));
    if (!whole)
        return std::move(whole).error();
    if (whole->ours)
        return fault(make_error_code(static_cast<errc>(whole->code)), doing, whole->subject);
    return fault({whole->code, boost::system::system_category()}, doing, whole->subject);
}

}  // namespace cohort::ipc
