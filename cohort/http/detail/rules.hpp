#pragma once
// Every rule by which bytes from the wire are refused, with its name for counters and its words
// for people. The names are stable: dashboards and the catalogue in tests/protocol refer to them.

#include <cohort/http/violation.hpp>

namespace cohort::http::rules {

inline constexpr violation none{0, "", ""};

// Lines. RFC 9112 section 2.2.
inline constexpr violation bare_lf{400, "http.line.bare-lf", "a line ends in LF without CR"};
inline constexpr violation bare_cr{400, "http.line.bare-cr", "a CR is not followed by LF"};
inline constexpr violation empty_lines{400, "http.line.empty",
                                       "too many empty lines before the request line"};

// The request line. RFC 9112 section 3.
inline constexpr violation leading_space{400, "http.request-line.leading-space",
                                         "white space before the method"};
inline constexpr violation method_octet{400, "http.request-line.method",
                                        "a character that no method may have"};
inline constexpr violation method_long{501, "http.request-line.method-long",
                                       "a method longer than any we know"};
inline constexpr violation spacing{400, "http.request-line.space",
                                   "method, target and version are not parted by one space each"};
inline constexpr violation no_version{400, "http.request-line.version-missing",
                                      "the request line ends without a version"};
inline constexpr violation line_long{414, "http.request-line.long",
                                     "the request line is longer than we accept"};
inline constexpr violation version_malformed{400, "http.version.malformed",
                                             "the version is not HTTP/digit.digit"};
inline constexpr violation version_unsupported{505, "http.version.unsupported",
                                               "only HTTP/1.0 and HTTP/1.1 are spoken here"};

// The target. RFC 9112 section 3.2, RFC 3986.
inline constexpr violation target_octet{400, "http.target.character",
                                        "a character that must be escaped in a target"};
inline constexpr violation target_fragment{400, "http.target.fragment",
                                           "a fragment (#) in a request target"};
inline constexpr violation target_escape{400, "http.target.percent",
                                         "a % that is not followed by two hexadecimal digits"};
inline constexpr violation target_form{400, "http.target.form",
                                       "the target is no path, http URI, or * with OPTIONS"};
inline constexpr violation target_authority{400, "http.target.authority",
                                            "the host or port in the target is not valid"};
inline constexpr violation target_userinfo{400, "http.target.userinfo",
                                           "user information in the target"};
inline constexpr violation target_scheme{400, "http.target.scheme",
                                         "the target's scheme is not http"};
inline constexpr violation target_insecure{421, "http.target.insecure",
                                           "an https target on a connection without TLS"};
inline constexpr violation connect{501, "http.method.connect", "this server is no tunnel"};

// Fields. RFC 9112 section 5, RFC 9110 section 5.
inline constexpr violation field_after_line{400, "http.field.leading-space",
                                            "white space before the first field"};
inline constexpr violation field_fold{400, "http.field.fold", "a folded field line"};
inline constexpr violation field_name{400, "http.field.name",
                                      "a character that no field name may have"};
inline constexpr violation field_name_empty{400, "http.field.name-empty",
                                            "a field line without a name"};
inline constexpr violation field_name_space{400, "http.field.name-space",
                                            "white space between a field name and its colon"};
inline constexpr violation field_no_colon{400, "http.field.no-colon",
                                          "a field line without a colon"};
inline constexpr violation field_value{400, "http.field.value",
                                       "a control character in a field value"};
inline constexpr violation head_long{431, "http.head.long", "the head is longer than we accept"};
inline constexpr violation head_fields{431, "http.head.fields", "more fields than we accept"};

// Host. RFC 9110 section 7.2, RFC 9112 section 3.2.
inline constexpr violation host_missing{400, "http.host.missing", "no Host field"};
inline constexpr violation host_repeated{400, "http.host.repeated", "more than one Host field"};
inline constexpr violation host_invalid{400, "http.host.invalid",
                                        "the Host field is not a host with an optional port"};

// Framing. RFC 9112 section 6.
inline constexpr violation length_invalid{400, "http.length.invalid",
                                          "Content-Length is not a plain decimal number"};
inline constexpr violation length_overflow{400, "http.length.overflow",
                                           "Content-Length is larger than any body can be"};
inline constexpr violation length_repeated{400, "http.length.repeated",
                                           "more than one Content-Length"};
inline constexpr violation coding_with_length{400, "http.coding.with-length",
                                              "both Transfer-Encoding and Content-Length"};
inline constexpr violation coding_old_version{400, "http.coding.old-version",
                                              "Transfer-Encoding in an HTTP/1.0 request"};
inline constexpr violation coding_malformed{400, "http.coding.malformed",
                                            "Transfer-Encoding is not a list of codings"};
inline constexpr violation coding_parameters{400, "http.coding.parameters",
                                             "the chunked coding has no parameters"};
inline constexpr violation coding_not_final{400, "http.coding.not-final",
                                            "chunked is not the final transfer coding"};
inline constexpr violation coding_repeated{400, "http.coding.repeated", "chunked more than once"};
inline constexpr violation coding_unknown{501, "http.coding.unknown",
                                          "a transfer coding other than chunked"};
inline constexpr violation expect_unknown{417, "http.expect.unknown",
                                          "an expectation other than 100-continue"};

// Chunks. RFC 9112 section 7.1.
inline constexpr violation chunk_size{400, "http.chunk.size",
                                      "a chunk size that is not a hexadecimal number"};
inline constexpr violation chunk_size_overflow{400, "http.chunk.overflow",
                                               "a chunk larger than any body can be"};
inline constexpr violation chunk_extension{400, "http.chunk.extension",
                                           "a malformed chunk extension"};
inline constexpr violation chunk_extension_long{413, "http.chunk.extension-long",
                                                "more chunk extensions than we accept"};
inline constexpr violation chunk_data_end{400, "http.chunk.data-end",
                                          "chunk data not followed by CRLF"};
inline constexpr violation trailer_forbidden{400, "http.trailer.forbidden",
                                             "a field that may not come after the body"};
inline constexpr violation trailer_long{431, "http.trailer.long",
                                        "the trailer section is longer than we accept"};
inline constexpr violation trailer_fields{431, "http.trailer.fields",
                                          "more trailer fields than we accept"};

}  // namespace cohort::http::rules
