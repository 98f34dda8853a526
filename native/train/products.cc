#include "train/products.h"

#include <algorithm>
#include <thread>
#include <vector>

namespace argsearch {
namespace {

// A tile of the result stays in registers while the inner dimension goes by. Both factors are packed first, so that the
// loop reads memory in order: any compiler makes vector instructions of it, for any processor, without being asked.
constexpr size_t kTileRows = 4;
constexpr size_t kTileColumns = 8;

void multiply_tile(const float* left, size_t inner, const float* right, float* sums) {
  float sum[kTileRows][kTileColumns] = {};
  for (size_t t = 0; t < inner; ++t) {
    for (size_t i = 0; i < kTileRows; ++i) {
      for (size_t j = 0; j < kTileColumns; ++j) sum[i][j] += left[t * kTileRows + i] * right[t * kTileColumns + j];
    }
  }
  std::copy_n(&sum[0][0], kTileRows * kTileColumns, sums);
}

/// kTileColumns columns after the other.
std::vector<float> packed(const float* right, size_t inner, size_t columns) {
  std::vector<float> panels(inner * columns);
  for (size_t column = 0; column < columns; column += kTileColumns) {
    for (size_t t = 0; t < inner; ++t) {
      std::copy_n(right + t * columns + column, kTileColumns, panels.data() + column * inner + t * kTileColumns);
    }
  }
  return panels;
}

/// Some rows side by side; those that are missing in a tile are 0.
void pack(MatrixView left, size_t row, size_t rows, size_t inner, std::vector<float>& tile) {
  std::fill(tile.begin(), tile.end(), 0.0f);
  for (size_t i = 0; i < rows; ++i) {
    const float* from = left.data + (row + i) * left.row_stride;
    for (size_t t = 0; t < inner; ++t) tile[t * kTileRows + i] = from[t * left.column_stride];
  }
}

}  // namespace

void in_parallel(size_t count, int threads, const std::function<void(size_t, size_t)>& work) {
  const size_t parts = std::min(count, static_cast<size_t>(std::max(threads, 1)));
  if (parts < 2) return work(0, count);
  std::vector<std::thread> others;
  for (size_t part = 1; part < parts; ++part) {
    others.emplace_back(
        [&work, first = part * count / parts, last = (part + 1) * count / parts] { work(first, last); });
  }
  work(0, count / parts);
  for (std::thread& other : others) other.join();
}

void add_matrix_product(MatrixView left, size_t rows, size_t inner, const float* right, size_t columns, float* out,
                        int threads) {
  const std::vector<float> panels = packed(right, inner, columns);
  in_parallel((rows + kTileRows - 1) / kTileRows, threads, [&](size_t first, size_t last) {
    std::vector<float> tile(kTileRows * inner);
    float sums[kTileRows * kTileColumns];
    for (size_t row = first * kTileRows; row < std::min(last * kTileRows, rows); row += kTileRows) {
      const size_t height = std::min(kTileRows, rows - row);
      pack(left, row, height, inner, tile);
      for (size_t column = 0; column < columns; column += kTileColumns) {
        multiply_tile(tile.data(), inner, panels.data() + column * inner, sums);
        for (size_t i = 0; i < height; ++i) {
          float* to = out + (row + i) * columns + column;
          for (size_t j = 0; j < kTileColumns; ++j) to[j] += sums[i * kTileColumns + j];
        }
      }
    }
  });
}

}  // namespace argsearch
