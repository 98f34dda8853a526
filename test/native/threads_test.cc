// What several threads share. Without a sanitizer these see lost tasks and mixed results; under ThreadSanitizer, races.

#include <atomic>
#include <chrono>

#include "addon/worker.h"
#include "check.h"
#include "embedded.h"
#include "engine/log.h"
#include "engine/shared_threads.h"
#include "error.h"
#include "search/search.h"
#include "side_by_side.h"
#include "texts/scorer.h"

namespace argsearch {
namespace {

using std::chrono::milliseconds;
using test::side_by_side;

SearchSettings settings_of(std::shared_ptr<const Model> model, const ContextSettings& context) {
  SearchSettings settings;
  settings.policy = model;
  settings.rewards.push_back({std::move(model), {1.0}});
  settings.context_size = 128;
  settings.context = context;
  return settings;
}

const std::vector<llama_token> kPrompt = {1, 2, 3, 4};
constexpr int kSteps = 12;

/// Begins anew and decodes, with `between` before each step.
std::vector<llama_token> respond(Search& search, const std::function<void()>& between = [] {}) {
  search.clear(0);
  search.begin(0, kPrompt, {kPrompt}, SlotSettings{});
  std::vector<llama_token> tokens;
  for (int step = 0; step < kSteps; ++step) {
    between();
    tokens.push_back(search.steps().step({0}).steps[0].token);
  }
  return tokens;
}

std::vector<ScoreSequence> texts(size_t count) {
  std::vector<ScoreSequence> sequences;
  for (size_t i = 0; i < count; ++i) {
    sequences.push_back({std::vector<llama_token>(100, static_cast<llama_token>(5 + i % 7)), {50, 99}});
  }
  return sequences;
}

Scorer scorer_of(std::shared_ptr<const Model> model, const ContextSettings& context) {
  ScorerSettings settings;
  settings.model = std::move(model);
  settings.context_size = 128;
  settings.sequences = 2;
  settings.context = context;
  return Scorer(settings);
}

TEST("engine: several threads open it and load at once") {
  std::vector<const LlamaApi*> opened(4);
  std::vector<std::function<void()>> opening;
  for (const LlamaApi*& api : opened) {
    opening.push_back([&api] {
      api = &open_engine(test::engine_dir());
      CHECK(test::load_model()->n_embd() > 0);
    });
  }
  side_by_side(opening);
  for (const LlamaApi* api : opened) CHECK(api == opened[0]);
}

TEST("model: loading ends early in one thread, and goes on in another") {
  open_engine(test::engine_dir());
  ModelParams params;
  params.path = test::model_path();
  params.backend = "CPU";
  std::atomic<bool> stop{false};
  side_by_side({
      [&] { CHECK_FAILS(Model::load(params, [&](float) { return !stop.exchange(true); }), ErrorCode::kAborted); },
      [&] { CHECK(Model::load(params, [](float) { return true; })->n_embd() > 0); },
  });
}

TEST("model: searches and a scorer in threads of their own choose as each does alone") {
  const std::shared_ptr<const Model> model = test::load_model();
  Search alone(settings_of(model, test::context_settings()));
  const std::vector<llama_token> expected = respond(alone);
  Scorer judge = scorer_of(model, test::context_settings());
  const double reward = judge.score(texts(1), false)[0].rewards[1];

  const auto searching = [&] {
    Search search(settings_of(model, test::context_settings()));
    for (int turn = 0; turn < 3; ++turn) CHECK(respond(search) == expected);
  };
  side_by_side({searching, searching, [&] {
                  Scorer scorer = scorer_of(model, test::context_settings());
                  for (int turn = 0; turn < 3; ++turn) CHECK(scorer.score(texts(1), false)[0].rewards[1] == reward);
                }});
}

TEST("interrupt: closing ends a search from another thread") {
  const std::shared_ptr<const Model> model = test::load_model();
  for (const int delay : {0, 1, 3, 10}) {
    const ContextSettings context = test::context_settings(2);
    Search search(settings_of(model, context));
    side_by_side({
        [&] {
          CHECK_FAILS(([&] {
                        for (;;) respond(search);
                      }()),
                      ErrorCode::kAborted);
        },
        [&] {
          std::this_thread::sleep_for(milliseconds(delay));
          context.interrupt->closing = true;
        },
    });
    CHECK_FAILS(respond(search), ErrorCode::kAborted);
  }
}

TEST("interrupt: a call's own flag ends it from another thread, and the next call is as good as before") {
  const std::shared_ptr<const Model> model = test::load_model();
  const ContextSettings context = test::context_settings(2);
  Scorer scorer = scorer_of(model, context);
  const double expected = scorer.score(texts(1), false)[0].rewards[1];
  for (const int delay : {0, 1, 3, 10}) {
    std::atomic<bool> cancel{false};
    side_by_side({
        [&] {
          context.interrupt->cancel = &cancel;
          CHECK_FAILS(([&] {
                        for (;;) scorer.score(texts(40), false);
                      }()),
                      ErrorCode::kAborted);
          context.interrupt->cancel = nullptr;
        },
        [&] {
          std::this_thread::sleep_for(milliseconds(delay));
          cancel = true;
        },
    });
    CHECK(scorer.score(texts(1), false)[0].rewards[1] == expected);
  }
}

TEST("threads: rest whenever their worker is idle, and decode as before") {
  const std::shared_ptr<const Model> model = test::load_model();
  ContextSettings context = test::context_settings(2);
  Search plain(settings_of(model, context));
  const std::vector<llama_token> expected = respond(plain);

  context.shared_threads = SharedThreads::create(2);
  CHECK(context.shared_threads);
  Search search(settings_of(model, context));
  std::atomic<int> rests{0};
  std::vector<llama_token> found;
  {
    Worker worker([&] {
      context.shared_threads->rest();
      ++rests;
    });
    worker.post([&] { search.begin(0, kPrompt, {kPrompt}, SlotSettings{}); });
    for (int step = 0; step < kSteps; ++step) {
      const int before = rests;
      worker.post([&] { found.push_back(search.steps().step({0}).steps[0].token); });
      while (step % 3 == 0 && rests == before) std::this_thread::sleep_for(milliseconds(1));
    }
  }
  CHECK(found == expected);
}

TEST("log: each thread captures what its own calls log, and sinks come and go meanwhile") {
  constexpr int kTurns = 50;
  std::atomic<uint64_t> logged{0};
  std::atomic<uint64_t> heard{0};
  std::atomic<bool> done{false};
  const int owner = 0;
  const int other = 0;
  set_log_sink(&owner, [&](ggml_log_level, const std::string&) { ++heard; });
  const auto log = [&](ggml_log_level level, const std::string& text) {
    log_from_engine(level, text.c_str(), nullptr);
    ++logged;
  };
  const auto logging = [&](const std::string& name) {
    return [&, name] {
      const LogCapture outer;
      while (!done) {
        const LogCapture inner;
        log(GGML_LOG_LEVEL_ERROR, name);
        CHECK(inner.text() == name);
      }
      CHECK(outer.text().empty());
      log(GGML_LOG_LEVEL_INFO, name);
      CHECK(outer.text().empty());
      log(GGML_LOG_LEVEL_WARN, name);
      CHECK(outer.text() == name);
    };
  };
  side_by_side({logging("one"), logging("two"), [&] {
                  for (int turn = 0; turn < kTurns; ++turn) {
                    std::atomic<bool> called{false};
                    set_log_sink(&other, [&](ggml_log_level, const std::string&) { called = true; });
                    while (!called) std::this_thread::yield();
                    set_log_sink(&other, nullptr);  // from here on nobody calls it
                  }
                  done = true;
                }});
  set_log_sink(&owner, nullptr);
  CHECK(heard == logged);
}

TEST("log: the last errors are those that no capture has dealt with") {
  const auto is_last = [](const char* words) { return last_errors().find(words) != std::string::npos; };
  {
    const LogCapture outer;
    {
      const LogCapture inner;
      log_from_engine(GGML_LOG_LEVEL_ERROR, "became an exception\n", nullptr);
    }
    CHECK(is_last("became an exception"));
    std::thread([] { log_from_engine(GGML_LOG_LEVEL_ERROR, "of a thread that computes\n", nullptr); }).join();
  }
  CHECK(!is_last("became an exception"));
  CHECK(is_last("of a thread that computes"));
}

}  // namespace
}  // namespace argsearch
