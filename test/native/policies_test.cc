#include "search/propose/policies.h"

#include <cmath>

#include "bounds.h"
#include "check.h"
#include "embedded.h"
#include "error.h"
#include "search/slot_ranges.h"

namespace argsearch {
namespace {

using Tokens = std::vector<llama_token>;

std::vector<std::pair<size_t, uint32_t>> pairs(const std::vector<SlotRange>& ranges) {
  std::vector<std::pair<size_t, uint32_t>> found;
  for (const SlotRange& range : ranges) found.emplace_back(range.first, range.count);
  return found;
}

TEST("slot ranges: as few as hold all slots, evenly") {
  using Pairs = std::vector<std::pair<size_t, uint32_t>>;
  CHECK(pairs(slot_ranges(1, 16)) == Pairs({{0, 1}}));
  CHECK(pairs(slot_ranges(16, 16)) == Pairs({{0, 16}}));
  CHECK(pairs(slot_ranges(17, 16)) == Pairs({{0, 9}, {9, 8}}));
  CHECK(pairs(slot_ranges(50, 16)) == Pairs({{0, 13}, {13, 13}, {26, 13}, {39, 11}}));
}

ContextSettings exact() {
  ContextSettings settings = test::context_settings();
  settings.kv_type = KvType::kF32;
  return settings;
}

constexpr uint32_t kSlots = kSlotsPerContext + 1;
const std::vector<SlotRange> kRanges = slot_ranges(kSlots, kSlotsPerContext);
/// The first one of the second context.
constexpr size_t kSecond = (kSlots + 1) / 2;

/// Slots of the search, not those of their contexts, have the logits that they have alone.
TEST("policies: slots of several contexts decode as if each were alone, in one batch a context") {
  const auto model = test::load_model();
  const auto n_vocab = static_cast<size_t>(model->n_vocab());
  Lanes lanes(exact());
  Policies all(model, exact(), kRanges, 32, lanes);
  for (size_t slot = 0; slot < kSlots; ++slot) {
    all.begin(slot, Tokens{1, static_cast<llama_token>(2 + slot), 3});
    CHECK(all.size(slot) == 3);
  }
  const uint64_t before = all.decodes();
  // Contexts take turns in the call.
  const std::vector<size_t> slots = {kSlots - 1, 0, kSecond, 2, kSecond - 1};
  const std::vector<const float*> logits = all.decode(slots);
  CHECK(all.decodes() - before == 2);
  Policy alone(model, exact(), 1, 32);
  for (size_t i = 0; i < slots.size(); ++i) {
    alone.begin(0, Tokens{1, static_cast<llama_token>(2 + slots[i]), 3});
    const float* wanted = alone.decode({0})[0];
    for (size_t token = 0; token < n_vocab; ++token) CHECK(std::abs(logits[i][token] - wanted[token]) < 0.05);
  }
}

TEST("policies: a prefix is decoded once: shared within a context, copied to the others") {
  const auto model = test::load_model();
  for (const KvType kv_type : {KvType::kF32, KvType::kF16}) {
    ContextSettings settings = exact();
    settings.kv_type = kv_type;
    Lanes lanes(settings);
    Policies policies(model, settings, kRanges, 32, lanes);
    const Tokens prompt = {1, 2, 3, 4, 5};
    for (size_t slot = 0; slot < kSlots; ++slot) {
      const PrefillCount count = policies.begin(slot, prompt);
      CHECK(count.decoded == (slot == 0 ? 4u : 0u) && count.cached == (slot == 0 ? 0u : 4u));
      CHECK(count.shared == count.cached);
    }
    // A part of what another context holds, behind a part of what the slot holds itself.
    policies.begin(kSecond, {1, 2, 9, 9, 9});
    const PrefillCount part = policies.begin(kSecond, {1, 2, 3, 4, 6, 7});
    CHECK(part.cached == 4 && part.shared == 2 && part.decoded == 1);
    const float* found = policies.decode({kSecond})[0];
    Policy alone(model, settings, 1, 32);
    alone.begin(0, {1, 2, 3, 4, 6, 7});
    const float* wanted = alone.decode({0})[0];
    for (int32_t token = 0; token < model->n_vocab(); ++token) CHECK(std::abs(found[token] - wanted[token]) < 0.05);
  }
}

TEST("policies: where one context cannot decode, the slots of the others have not gone on") {
  const auto model = test::load_model();
  const auto n_vocab = static_cast<size_t>(model->n_vocab());
  Lanes lanes(exact());
  Policies policies(model, exact(), kRanges, 8, lanes);
  policies.begin(0, {1, 2, 3});
  policies.begin(kSecond, {1, 2, 3});
  // Takes every cell of its context.
  for (bool full = false; !full;) {
    try {
      policies.decode({kSecond});
      policies.commit(kSecond, 4);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kOutOfMemory);
      full = true;
    }
  }
  CHECK_FAILS(policies.decode({0, kSecond}), ErrorCode::kOutOfMemory);
  CHECK(policies.size(0) == 3);
  Policy alone(model, exact(), 1, 32);
  alone.begin(0, {1, 2, 3});
  const float* wanted = alone.decode({0})[0];
  const float* found = policies.decode({0})[0];
  for (size_t token = 0; token < n_vocab; ++token) CHECK(std::abs(found[token] - wanted[token]) < 1e-3);
  CHECK(policies.size(0) == 4);
}

}  // namespace
}  // namespace argsearch
