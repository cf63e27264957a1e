#pragma once
// For tests: HTTP/2 frames as a client writes them, byte by byte, and as it reads them.

#include <cohort/base/parse.hpp>

#include <nghttp2/nghttp2.h>

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http::h2::detail {

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum frame_type : std::uint8_t {
    t_data,
    t_headers,
    t_priority,
    t_rst,
    t_settings,
    t_push,
    t_ping,
    t_goaway,
    t_window,
    t_continuation
};

enum frame_flag : std::uint8_t {
    f_none = 0,
    f_ack = 1,
    f_end = 1,
    f_end_head = 4,
    f_padded = 8,
    f_priority = 32
};

inline std::string u32(std::uint32_t value)
{
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16 & 0xff),
            static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

inline std::string u16(std::uint16_t value) { return u32(value).substr(2); }

/// Any frame, right or wrong. `size`: what it says its payload has.
inline std::string sized(std::size_t size, int type, int flags, std::uint32_t stream,
                         std::string_view payload)
{
    std::string out = u32(static_cast<std::uint32_t>(size)).substr(1);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out.append(u32(stream)).append(payload);
}

inline std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload = {})
{
    return sized(payload.size(), type, flags, stream, payload);
}

inline std::string settings(std::vector<std::pair<std::uint16_t, std::uint32_t>> entries = {})
{
    std::string body;
    for (const auto& [id, value] : entries)
        body += u16(id) + u32(value);
    return frame(t_settings, 0, 0, body);
}

inline std::string settings_ack() { return frame(t_settings, f_ack, 0); }
inline std::string data(std::uint32_t stream, std::string_view bytes, int flags = f_end)
{
    return frame(t_data, flags, stream, bytes);
}
inline std::string rst(std::uint32_t stream, std::uint32_t code = 8)
{
    return frame(t_rst, 0, stream, u32(code));
}
inline std::string window(std::uint32_t stream, std::uint32_t by)
{
    return frame(t_window, 0, stream, u32(by));
}
inline std::string ping(int flags = 0, std::string_view bytes = "12345678")
{
    return frame(t_ping, flags, 0, bytes);
}

using fields = std::vector<std::pair<std::string, std::string>>;

/// A field block without HPACK's table: each field is a literal that is not kept. Any text.
inline std::string block(const fields& all)
{
    const auto put = [](std::string& out, std::string_view text) {
        if (text.size() < 127) {
            out += static_cast<char>(text.size());
        } else {
            out += static_cast<char>(127);
            std::size_t rest = text.size() - 127;
            for (; rest >= 128; rest /= 128)
                out += static_cast<char>(rest % 128 + 128);
            out += static_cast<char>(rest);
        }
        out += text;
    };
    std::string out;
    for (const auto& [name, value] : all) {
        out += '\0';
        put(out, name);
        put(out, value);
    }
    return out;
}

inline fields ask(std::string method = "GET", std::string path = "/")
{
    return {{":method", std::move(method)},
            {":scheme", "http"},
            {":path", std::move(path)},
            {":authority", "test"}};
}

inline fields operator+(fields first, const fields& then)
{
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

inline std::string heads(std::uint32_t stream, const fields& all, int flags = f_end | f_end_head)
{
    return frame(t_headers, flags, stream, block(all));
}
inline std::string get(std::uint32_t stream, std::string path = "/")
{
    return heads(stream, ask("GET", std::move(path)));
}

/// One frame that the server sent.
struct heard_frame {
    int type = 0;
    int flags = 0;
    std::uint32_t stream = 0;
    std::string payload;

    [[nodiscard]] std::uint32_t number(std::size_t at = 0) const
    {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i)
            value = value << 8 | static_cast<unsigned char>(payload.at(at + i));
        return value;
    }
};

/// Reads what a server sends.
class ear {
public:
    ear() { REQUIRE(nghttp2_hd_inflate_new(&inflater_) == 0); }
    ear(const ear&) = delete;
    ear& operator=(const ear&) = delete;
    ~ear() { nghttp2_hd_inflate_del(inflater_); }

    void hear(std::string_view bytes)
    {
        rest_ += bytes;
        while (rest_.size() >= 9) {
            const auto at = [this](std::size_t i) { return static_cast<unsigned char>(rest_[i]); };
            const std::size_t size = (at(0) << 16U) + (at(1) << 8U) + at(2);
            if (rest_.size() < 9 + size)
                return;
            heard_frame f{.type = at(3), .flags = at(4), .payload = rest_.substr(9, size)};
            f.stream = (std::uint32_t{at(5)} << 24U) + (at(6) << 16U) + (at(7) << 8U) + at(8);
            rest_.erase(0, 9 + size);
            take(std::move(f));
        }
    }

    [[nodiscard]] std::size_t count(int type, std::uint32_t stream = 0) const
    {
        std::size_t times = 0;
        for (const heard_frame& f : frames)
            times += f.type == type && (stream == 0 || f.stream == stream) ? 1 : 0;
        return times;
    }
    [[nodiscard]] const heard_frame* find(int type, std::uint32_t stream = 0) const
    {
        for (const heard_frame& f : frames) {
            if (f.type == type && (stream == 0 || f.stream == stream))
                return &f;
        }
        return nullptr;
    }
    [[nodiscard]] const heard_frame* last_goaway() const
    {
        const heard_frame* found = nullptr;
        for (const heard_frame& f : frames)
            found = f.type == t_goaway ? &f : found;
        return found;
    }
    /// -1: none came.
    [[nodiscard]] int goaway_code() const
    {
        const heard_frame* f = last_goaway();
        return f == nullptr ? -1 : static_cast<int>(f->number(4));
    }
    [[nodiscard]] int rst_code(std::uint32_t stream) const
    {
        const heard_frame* f = find(t_rst, stream);
        return f == nullptr ? -1 : static_cast<int>(f->number());
    }
    [[nodiscard]] bool acked_settings() const
    {
        for (const heard_frame& f : frames) {
            if (f.type == t_settings && (f.flags & f_ack) != 0)
                return true;
        }
        return false;
    }

    struct answer_heard {
        std::vector<int> statuses;
        std::map<std::string, std::string> fields;
        std::string body;
        bool ended = false;

        [[nodiscard]] int status() const { return statuses.empty() ? 0 : statuses.back(); }
    };

    std::vector<heard_frame> frames;
    std::map<std::uint32_t, answer_heard> answers;

private:
    void take(heard_frame f)
    {
        if (f.type == t_headers) {
            inflate(f);
        } else if (f.type == t_data) {
            answers[f.stream].body += f.payload;
        }
        if ((f.type == t_headers || f.type == t_data) && (f.flags & f_end) != 0)
            answers[f.stream].ended = true;
        frames.push_back(std::move(f));
    }
    void inflate(const heard_frame& f)
    {
        REQUIRE((f.flags & f_end_head) != 0);
        const auto* in = reinterpret_cast<const std::uint8_t*>(f.payload.data());
        std::size_t left = f.payload.size();
        for (;;) {
            nghttp2_nv nv{};
            int flags = 0;
            const auto used = nghttp2_hd_inflate_hd2(inflater_, &nv, &flags, in, left, 1);
            REQUIRE(used >= 0);
            in += used;
            left -= static_cast<std::size_t>(used);
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                const std::string name(reinterpret_cast<char*>(nv.name), nv.namelen);
                const std::string value(reinterpret_cast<char*>(nv.value), nv.valuelen);
                if (name == ":status")
                    answers[f.stream].statuses.push_back(parse_integer<int>(value).value_or(0));
                else
                    answers[f.stream].fields[name] = value;
            }
            if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0)
                break;
        }
        nghttp2_hd_inflate_end_headers(inflater_);
    }

    nghttp2_hd_inflater* inflater_ = nullptr;
    std::string rest_;
};

}  // namespace cohort::http::h2::detail
