#pragma once

namespace cohort::detail {

/// Has the linker take the note into the program that says: built with Cohort. Does nothing else.
void keep_program_note() noexcept;

}  // namespace cohort::detail
