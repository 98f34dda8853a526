#pragma once

#include <cstddef>
#include <functional>

namespace argsearch {

/// A matrix in somebody else's memory: element (row, column) is at row * row_stride + column * column_stride.
struct MatrixView {
  const float* data;
  size_t row_stride;
  size_t column_stride;
};

/// out += left x right: left is rows x inner; right, inner x columns, and out, rows x columns, are row-major. `columns`
/// is a multiple of 8. The same numbers whatever the threads.
void add_matrix_product(MatrixView left, size_t rows, size_t inner, const float* right, size_t columns, float* out,
                        int threads);

/// Calls `work(first, last)` for parts of 0…count, side by side. It must not throw.
void in_parallel(size_t count, int threads, const std::function<void(size_t first, size_t last)>& work);

}  // namespace argsearch
