#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::process {

/// A function that a piece of code belongs to. A value.
struct symbol {
    std::string name;          ///< as people write it; empty: the file names none there
    std::uint64_t beyond = 0;  ///< bytes from its begin
};

/// Finds the functions of places in an ELF file, piece by piece: a large one takes a while, and
/// whoever asks has other things to do. A resource.
///
/// The file is read, never mapped: one that somebody cuts short meanwhile is no SIGBUS.
class symbol_search {
public:
    static constexpr std::size_t symbols_a_step = 32'768;  // about a millisecond
    static constexpr std::size_t name_bytes_max = 200;

    /// `places`: offsets in the file. Errors: errc::malformed, it is no ELF file of 64 bits.
    [[nodiscard]] static result<symbol_search> open(unique_fd file,
                                                    std::vector<std::uint64_t> places);

    /// Reads on. False: that was all.
    [[nodiscard]] bool step();
    /// For each place, in the order in which they were given. Order: step() said false.
    [[nodiscard]] std::vector<symbol> found() const;
    /// For each place: where it would be if the file were loaded at 0, as addr2line wants it.
    [[nodiscard]] std::vector<std::uint64_t> addresses() const;
    /// In hexadecimal digits; empty: it has none.
    [[nodiscard]] const std::string& build_id() const noexcept { return build_id_; }

private:
    struct place {
        std::uint64_t address = 0;
        std::size_t number = 0;   // in the order given
        std::uint64_t begin = 0;  // of the best function so far
        std::uint64_t name = 0;   // where its name stands in the file; 0: none so far
    };
    explicit symbol_search(unique_fd file)
        : file_{std::move(file)}
    {}
    [[nodiscard]] std::string name_at(std::uint64_t offset) const;
    void find_places(const std::vector<std::uint64_t>& offsets, std::uint64_t headers,
                     unsigned count);
    void find_table(std::uint64_t headers, unsigned count);
    void read_notes(std::uint64_t offset, std::uint64_t size);

    unique_fd file_;
    std::vector<place> places_;  // ascending by address
    std::string build_id_;
    std::uint64_t table_ = 0;  // offset of the next symbol
    std::uint64_t left_ = 0;   // symbols
    std::uint64_t names_ = 0;
    std::uint64_t names_size_ = 0;
};

/// "_ZN3api4hangEv" as people write it; what is no such name stays as it is. At most
/// symbol_search::name_bytes_max long, and printable.
[[nodiscard]] std::string readable_name(const std::string& name);

}  // namespace cohort::process
