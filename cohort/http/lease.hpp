#pragma once

#include <cohort/board/journal.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace cohort::http {

/// A piece of a journal's arena for as long as this exists. A resource.
class lease {
public:
    lease() noexcept = default;
    lease(board::journal& book, board::extent what) noexcept
        : book_{&book}, what_{what}
    {}
    lease(lease&& other) noexcept
        : book_{other.book_}, what_{std::exchange(other.what_, {})}
    {}
    lease& operator=(lease&& other) noexcept
    {
        if (this != &other) {
            end();
            book_ = other.book_;
            what_ = std::exchange(other.what_, {});
        }
        return *this;
    }
    ~lease() { end(); }

    /// No room: an empty one.
    [[nodiscard]] static lease of(board::journal& book, std::size_t bytes) noexcept
    {
        return {book, book.allocate(bytes)};
    }

    [[nodiscard]] bool valid() const noexcept { return what_.blocks != 0; }
    [[nodiscard]] board::extent what() const noexcept { return what_; }
    [[nodiscard]] char* bytes() const noexcept { return valid() ? book_->at(what_) : nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return board::journal::size(what_); }

    void end() noexcept
    {
        if (valid())
            book_->release(std::exchange(what_, {}));
    }

private:
    board::journal* book_ = nullptr;
    board::extent what_;
};

/// Where the bytes of requests are put: memory of the process, or a piece of the journal, which
/// outlives it. A resource.
class input_place {
public:
    input_place() noexcept = default;
    /// In memory of the process.
    explicit input_place(std::size_t bytes)
        : own_{bytes != 0 ? std::make_unique_for_overwrite<char[]>(bytes) : nullptr},
          bytes_{own_.get()},
          size_{bytes}
    {}
    explicit input_place(lease in) noexcept
        : leased_{std::move(in)}, bytes_{leased_.bytes()}, size_{leased_.size()}
    {}
    input_place(input_place&& other) noexcept
        : leased_{std::move(other.leased_)},
          own_{std::move(other.own_)},
          bytes_{std::exchange(other.bytes_, nullptr)},
          size_{std::exchange(other.size_, 0)}
    {}
    input_place& operator=(input_place&& other) noexcept
    {
        leased_ = std::move(other.leased_);
        own_ = std::move(other.own_);
        bytes_ = std::exchange(other.bytes_, nullptr);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    ~input_place() = default;

    [[nodiscard]] char* get() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool journaled() const noexcept { return leased_.valid(); }
    [[nodiscard]] board::extent where() const noexcept { return leased_.what(); }

private:
    lease leased_;
    std::unique_ptr<char[]> own_;
    char* bytes_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace cohort::http
