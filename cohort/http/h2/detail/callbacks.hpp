#pragma once
// The functions that nghttp2 calls.

#include <cohort/http/h2/connection.hpp>

#include <nghttp2/nghttp2.h>

namespace cohort::http::h2 {

struct connection::callbacks {
    static int began_frame(nghttp2_session*, const nghttp2_frame_hd*, void*);
    static int began_block(nghttp2_session*, const nghttp2_frame*, void*);
    static int had_field(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                         const std::uint8_t*, std::size_t, std::uint8_t, void*);
    static int had_bad_field(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                             std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*);
    static int had_frame(nghttp2_session*, const nghttp2_frame*, void*);
    static int had_bad_frame(nghttp2_session*, const nghttp2_frame*, int, void*);
    static int had_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*,
                        std::size_t, void*);
    static int closed_stream(nghttp2_session*, std::int32_t, std::uint32_t, void*);
    static int sent_frame(nghttp2_session*, const nghttp2_frame*, void*);
    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t,
                             std::uint32_t*, nghttp2_data_source*, void*);
};

}  // namespace cohort::http::h2
