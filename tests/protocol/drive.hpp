#pragma once
// Our automata, driven as a connection would drive them, without one.

#include "catalogue.hpp"

#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/head_parser.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::protocol {

/// What came of some bytes.
struct outcome {
    std::vector<request> served;  ///< Method, target and body; status is not filled.
    int refused = 0;              ///< Status of the refusal, or 0.
    std::string rule;
    connection after = connection::stays;
    bool between_requests = true;  ///< False in the middle of a head or body.

    friend bool operator==(const outcome& a, const outcome& b);
};

/// One connection's worth of parsing.
class driver {
public:
    explicit driver(const http::limits& bounds);

    /// Takes what arrived. After a refusal or a close, nothing more is looked at.
    void feed(std::string_view bytes);

    [[nodiscard]] const outcome& result() const noexcept { return result_; }

private:
    bool read_head();
    bool read_body();
    void finish_request();
    void refuse(const http::violation& why);

    std::string bytes_;
    http::head_parser parser_;
    http::chunk_decoder chunks_;
    http::head head_{};
    std::uint64_t body_left_ = 0;
    bool in_body_ = false;
    outcome result_;
};

/// The outcome of `bytes` in pieces: cut at `cut` and every `step` octets after it; 0: not cut.
struct cuts {
    std::size_t first = 0;
    std::size_t step = 0;
};
outcome drive(std::string_view bytes, const http::limits& bounds, cuts where = {});

}  // namespace cohort::protocol
