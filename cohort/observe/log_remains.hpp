#pragma once
// What a process has left in the log's file that was killed while it wrote there.

#include <cstddef>
#include <optional>
#include <string_view>

namespace cohort::observe {

/// How many bytes of `piece`, lines that somebody was killed over when they were to be written to
/// the regular file `descriptor`, are there: whole lines, or all. Half a line that is there as well
/// becomes a line of blanks, so that whoever wrote behind it has a line of his own again. Where the
/// file was opened anew meanwhile, the ones that were put aside are looked through, too.
///
/// At most 16 MiB are looked through, from the end on, since clients wait meanwhile: what is
/// further away is taken for not there.
/// A line that somebody else wrote word for word may be taken for ours. `piece` is best where it
/// was for the writer, since a write may be cut where a page of memory begins.
///
/// Nothing: one cannot know, as the file may not be read, or there is no memory.
/// Order: the writer is dead.
[[nodiscard]] std::optional<std::size_t> settle_remains(int descriptor,
                                                        std::string_view piece) noexcept;

/// The last thing that anybody wrote there is no line end. Who may not read there has to assume
/// the worst.
[[nodiscard]] bool ends_within_line(int descriptor) noexcept;

}  // namespace cohort::observe
