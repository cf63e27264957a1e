// h2spec's "generic" and "hpack" groups as we know them: what any server must understand, and what
// of HPACK (RFC 7541) it must refuse.
#include <cohort/http/h2/service.hpp>

#include <cohort/http/h2/detail/catalogue_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http::h2::detail;
using namespace std::string_literals;

namespace {

const fields post = ask("POST");

/// weight as it is sent: one less.
std::string priority(std::uint32_t dependency, int weight)
{
    return u32(dependency) + static_cast<char>(weight - 1);
}

/// A GET with one more field, as bytes of HPACK.
std::string with_field(std::string_view bytes)
{
    return raw_head(1, get_block + std::string{bytes});
}

constexpr std::string_view plain_value = "\x08"
                                         "aaaaaaaa";
constexpr std::string_view huffman_value = "\x85\x18\xc6\x31\x8c\x63";  // the same

}  // namespace

TEST_CASE("h2spec generic: streams and frames")
{
    catalogue{}.run({
        {"generic/1/1", "a client connection preface", {}, alive()},
        {"generic/2/1",
         "PRIORITY on an idle stream",
         {frame(t_priority, 0, 1, priority(0, 16)) + get(1)},
         answered()},
        {"generic/2/2",
         "WINDOW_UPDATE on a half-closed (remote) stream",
         {get(1) + window(1, 1)},
         answered()},
        {"generic/2/3",
         "PRIORITY on a half-closed (remote) stream",
         {get(1) + frame(t_priority, 0, 1, priority(0, 16))},
         answered()},
        {"generic/2/4", "RST_STREAM on a half-closed (remote) stream", {get(1) + rst(1)}, alive()},
        {"generic/2/5",
         "PRIORITY on a closed stream",
         {get(1), frame(t_priority, 0, 1, priority(0, 16))},
         alive()},
        {"generic/3.1/1", "DATA", {heads(1, post, f_end_head) + data(1, "test")}, answered()},
        {"generic/3.1/2",
         "multiple DATA",
         {heads(1, post, f_end_head) + data(1, "test", 0) + data(1, "test")},
         answered()},
        {"generic/3.1/3",
         "DATA with padding",
         {heads(1, post, f_end_head) + data(1, "\x06test\0\0\0\0\0\0"s, f_end | f_padded)},
         answered()},
        {"generic/3.2/1", "HEADERS", {get(1)}, answered()},
        {"generic/3.2/2",
         "HEADERS with padding",
         {raw_head(1, "\x06"s + get_block + "\0\0\0\0\0\0"s, f_end | f_end_head | f_padded)},
         answered()},
        {"generic/3.2/3",
         "HEADERS with priority",
         {raw_head(1, priority(0, 256) + get_block, f_end | f_end_head | f_priority)},
         answered()},
        {"generic/3.3/1",
         "PRIORITY with weight 1",
         {frame(t_priority, 0, 1, priority(0, 1)) + get(1)},
         answered()},
        {"generic/3.3/2",
         "PRIORITY with weight 256",
         {frame(t_priority, 0, 1, priority(0, 256)) + get(1)},
         answered()},
        {"generic/3.3/3",
         "PRIORITY with a dependency",
         {frame(t_priority, 0, 1, priority(0, 256)) + frame(t_priority, 0, 3, priority(1, 256)) +
          get(1)},
         answered()},
        {"generic/3.3/4",
         "PRIORITY with an exclusive dependency",
         {frame(t_priority, 0, 3, priority(0x8000'0001U, 256)) + get(1)},
         answered()},
        {"generic/3.3/5",
         "PRIORITY on an idle stream, then HEADERS on a lower one",
         {frame(t_priority, 0, 3, priority(0, 256)) + get(1)},
         answered()},
    });
}

TEST_CASE("h2spec generic: more frames, and messages")
{
    catalogue{}.run({
        {"generic/3.4/1", "RST_STREAM", {heads(1, post, f_end_head) + rst(1)}, alive()},
        {"generic/3.5/1", "SETTINGS", {settings({{3, 100}})}, alive()},
        {"generic/3.7/1", "PING", {ping()}, alive()},
        {"generic/3.8/1", "GOAWAY", {frame(t_goaway, 0, 0, u32(0) + u32(0))}, ended({-1, 0})},
        {"generic/3.9/1", "WINDOW_UPDATE on the connection", {window(0, 1) + get(1)}, answered()},
        {"generic/3.9/2", "WINDOW_UPDATE on a stream", {get(1) + window(1, 1)}, answered()},
        {"generic/3.10/1",
         "CONTINUATION",
         {raw_head(1, get_block, f_end) +
          frame(t_continuation, f_end_head, 1, block({{"a", "b"}}))},
         answered()},
        {"generic/3.10/2",
         "multiple CONTINUATION",
         {raw_head(1, get_block, f_end) + frame(t_continuation, 0, 1, block({{"a", "b"}})) +
          frame(t_continuation, f_end_head, 1, block({{"c", "d"}}))},
         answered()},
        {"generic/4/1", "GET", {get(1)}, answered()},
        {"generic/4/2", "HEAD", {heads(1, ask("HEAD"))}, answered()},
        {"generic/4/3", "POST", {heads(1, post, f_end_head) + data(1, "test")}, answered()},
        {"generic/4/4",
         "POST with trailers",
         {heads(1, post, f_end_head) + data(1, "test", 0) + heads(1, {{"x-trailer", "test"}})},
         answered()},
    });
}

TEST_CASE("h2spec generic: representations of HPACK")
{
    const std::string plain{plain_value};
    const std::string huffman{huffman_value};
    catalogue{}.run({
        {"generic/5/1", "indexed", {raw_head(1, get_block)}, answered()},
        {"generic/5/2", "kept, indexed name", {with_field("\x7a" + plain)}, answered()},
        {"generic/5/3", "kept, indexed name, Huffman", {with_field("\x7a" + huffman)}, answered()},
        {"generic/5/4", "kept, new name", {with_field("\x40" + plain + plain)}, answered()},
        {"generic/5/5",
         "kept, new name, Huffman",
         {with_field("\x40" + huffman + huffman)},
         answered()},
        {"generic/5/6", "not kept, indexed name", {with_field("\x0f\x2b" + plain)}, answered()},
        {"generic/5/7",
         "not kept, indexed name, Huffman",
         {with_field("\x0f\x2b" + huffman)},
         answered()},
        {"generic/5/8", "not kept, new name", {with_field("\0"s + plain + plain)}, answered()},
        {"generic/5/9",
         "not kept, new name, Huffman",
         {with_field("\0"s + huffman + huffman)},
         answered()},
        {"generic/5/10", "never kept, indexed name", {with_field("\x1f\x2b" + plain)}, answered()},
        {"generic/5/11",
         "never kept, indexed name, Huffman",
         {with_field("\x1f\x2b" + huffman)},
         answered()},
        {"generic/5/12", "never kept, new name", {with_field("\x10" + plain + plain)}, answered()},
        {"generic/5/13",
         "never kept, new name, Huffman",
         {with_field("\x10" + huffman + huffman)},
         answered()},
        {"generic/5/14", "a size update", {raw_head(1, "\x20" + get_block)}, answered()},
        {"generic/5/15",
         "two size updates",
         {raw_head(1, "\x20\x3f\xe1\x1f" + get_block)},
         answered()},
    });
}

TEST_CASE("h2spec hpack: what RFC 7541 does not allow ends the connection")
{
    const std::string name = "\x0f\x2b";
    catalogue{}.run({
        {"hpack/2.3.3/1",
         "an index beyond both tables",
         {with_field("\xc6")},
         ended({compression})},
        {"hpack/2.3.3/2",
         "a name's index beyond both tables",
         {with_field("\x7f\x07" + std::string{plain_value})},
         ended({compression})},
        {"hpack/4.2/1", "a size update behind a field", {with_field("\x20")}, ended({compression})},
        {"hpack/5.2/1",
         "Huffman padding of more than seven bits",
         {with_field(name + "\x86\x18\xc6\x31\x8c\x63\xff")},
         ended({compression})},
        {"hpack/5.2/2",
         "Huffman padding with zeros",
         {with_field(name + "\x81\x18")},
         ended({compression})},
        {"hpack/5.2/3",
         "the symbol EOS",
         {with_field(name + "\x84\xff\xff\xff\xff")},
         ended({compression})},
        {"hpack/6.1/1", "index 0", {with_field("\x80")}, ended({compression})},
        {"hpack/6.3/1",
         "a size update beyond our settings",
         {raw_head(1, "\x3f\xe2\x1f" + get_block)},
         ended({compression})},
    });
}
