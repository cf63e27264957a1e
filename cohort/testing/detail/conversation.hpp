#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/head_parser.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/serializer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::testing::detail {

/// The bytes a client will send, and how many of them come at once.
struct script {
    std::string_view bytes;
    std::size_t packet_bytes;
};

/// One connection without a socket: what the client sends is known beforehand, what the server
/// sends is kept. The wire's parser and serializer do the work; this only carries bytes between
/// them and the router, in the order in which the server's session does. A resource.
class conversation {
public:
    conversation(const http::router& router, const http::limits& bounds, script client,
                 unsigned slot) noexcept
        : router_{router}, limits_{bounds}, client_{client}, slot_{slot}
    {}
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    /// Serves until the client's bytes are used up or the connection closes.
    [[nodiscard]] awaitable<> serve();

    [[nodiscard]] const std::string& sent() const noexcept { return sent_; }

private:
    class incoming;  // a body_reader
    class outgoing;  // a body_writer

    /// Why a body could not be read, if it could not.
    struct body_fault {
        unsigned status = 0;  // 0: none
        std::string_view words;
    };

    bool more();
    bool read_head();
    [[nodiscard]] awaitable<> answer_one();
    void begin_body(std::uint64_t most);
    bool read_piece(std::string& piece);
    bool read_whole(std::string& body);
    [[nodiscard]] awaitable<> reply(http::request& of, http::response answer,
                                    const http::error_observer* observer);
    void refuse(unsigned status, std::string_view words);
    void begin_reply(const http::response& answer, const http::answer& what);

    const http::router& router_;
    const http::limits& limits_;
    script client_;
    unsigned slot_;

    std::string received_;    // not yet used
    std::string head_bytes_;  // of the request at hand, where nothing moves it
    http::head head_{};
    std::string sent_;
    bool open_ = true;

    // The body at hand.
    std::optional<http::chunk_decoder> chunks_;
    std::uint64_t left_ = 0;  // of a body with a length
    std::uint64_t room_ = 0;  // bytes it may still have
    bool body_over_ = true;
    body_fault body_fault_;
};

}  // namespace cohort::testing::detail
