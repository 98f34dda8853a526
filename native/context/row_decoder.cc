#include "context/row_decoder.h"

namespace argsearch {

void RowDecoder::fill(Batch& batch, const OnRow& on_row) {
  rows_.decode(batch, on_row);
  ++decodes_;
}

void RowDecoder::decode(Batch& batch, const OnRow& on_row) {
  fill(batch, on_row);
  tokens_ += batch.size();
}

void RowDecoder::decode(const std::vector<Run>& runs, const OnRead& on_read) {
  const DecodeRows decode_batch = [this](Batch& batch, const OnRow& on_row) { decode(batch, on_row); };
  decode_runs(runs, {context().batch_size(), rows_.max_outputs()}, decode_batch, on_read);
}

}  // namespace argsearch
