#pragma once

#include <cohort/http/encoder.hpp>
#include <cohort/http/middleware.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cohort::http {

/// Note of a route whose answers are not compressed: those that hold a secret and something that
/// the asker chose (BREACH: the length tells which guess of the secret was right), and those that
/// somebody edits with If-Match, since a compressed answer's ETag is a weak one.
///
///     api.get("/token", show_token, {.notes = {http::uncompressed{}}});
struct uncompressed {};

/// Choices for compression(). A value.
struct compression_options {
    /// Those that we speak; of those that a client likes equally the first.
    std::vector<coding> codings = {coding::br, coding::zstd, coding::gzip};

    /// Shorter bodies are sent as they are.
    std::size_t bytes_min = 1024;

    /// Longer ones too, unless they are streamed. With compression() the event loop stands still
    /// meanwhile; with compression_on_lanes() more will do.
    std::size_t bytes_max = 1U << 20;

    /// Longer ones go to a lane, with compression_on_lanes().
    std::size_t bytes_on_loop_max = 65'536;

    /// Streamed answers that are compressed at a time, in this process: each holds up to a
    /// megabyte. More are sent as they are.
    std::uint32_t streams_max = 256;
};

/// Compresses answers as the client's Accept-Encoding has it, and says Vary.
///
/// Left alone: types that do not get smaller (is_compressible), answers with a Content-Encoding or
/// digest, 206, `no-transform`, routes with the note `uncompressed`, and routes with a resume
/// handler, which counts bytes of its own. Strong ETags become weak ones: the bytes are others.
/// Streamed answers are compressed as they come, each write() at once: events are not held back.
/// HEAD says what GET would.
[[nodiscard]] hooks compression(compression_options choices = {});

/// The same, with large bodies compressed on a compute lane while the event loop goes on. When too
/// many jobs wait for one, they are sent as they are. An onion: routes inside run as coroutines.
[[nodiscard]] onion compression_on_lanes(compression_options choices = {});

/// Streamed answers that are being compressed in this process, and those that were sent as they
/// are because of streams_max. Any thread.
struct compression_counts {
    std::uint32_t streams_open;
    std::uint64_t streams_refused;
};
[[nodiscard]] compression_counts compression_now() noexcept;

}  // namespace cohort::http
