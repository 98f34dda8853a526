#include "engine/log.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "engine/failures.h"

namespace argsearch {
namespace {

std::mutex sink_mutex;
std::map<const void*, LogSink> sinks;
thread_local LogCapture* current_capture = nullptr;
ggml_log_callback previous_callback = nullptr;
void* previous_data = nullptr;

/// A piece of an error line, and who logged it.
struct ErrorPiece {
  std::thread::id thread;
  std::string text;
};

/// The last ones that nobody has dealt with.
std::mutex errors_mutex;
std::deque<ErrorPiece> errors;
thread_local bool within_error = false;

void remember(ggml_log_level level, const char* text) {
  constexpr size_t kMost = 12;
  constexpr size_t kLongest = 1024;
  if (level != GGML_LOG_LEVEL_CONT) within_error = level == GGML_LOG_LEVEL_ERROR;
  if (!within_error) return;
  const std::lock_guard<std::mutex> lock(errors_mutex);
  errors.push_back({std::this_thread::get_id(), std::string(text).substr(0, kLongest)});
  if (errors.size() > kMost) errors.pop_front();
}

/// What this thread logged has become an exception, or did not matter: it is not why something fails later.
void forget() {
  const auto mine = [](const ErrorPiece& piece) { return piece.thread == std::this_thread::get_id(); };
  const std::lock_guard<std::mutex> lock(errors_mutex);
  errors.erase(std::remove_if(errors.begin(), errors.end(), mine), errors.end());
}

}  // namespace

void set_log_sink(const void* owner, LogSink sink) {
  LogSink former;  // outlives the lock: what a sink holds may log as it goes
  const std::lock_guard<std::mutex> lock(sink_mutex);
  const auto found = sinks.find(owner);
  if (found != sinks.end()) {
    former = std::move(found->second);
    sinks.erase(found);
  }
  if (sink) sinks.emplace(owner, std::move(sink));
}

void set_previous_log_callback(ggml_log_callback previous, void* user_data) {
  previous_callback = previous;
  previous_data = user_data;
}

void log_from_engine(ggml_log_level level, const char* text, void* /*user_data*/) {
  // llama.cpp continues an error line with level CONT, so captures keep those too.
  const bool matters = level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR;
  if (current_capture != nullptr && matters) current_capture->text_ += text;
  remember(level, text);
  if (previous_callback != nullptr) previous_callback(level, text, previous_data);
  const std::lock_guard<std::mutex> lock(sink_mutex);
  for (const auto& [owner, sink] : sinks) sink(level, text);
}

std::string last_errors() {
  std::string text;
  const std::unique_lock<std::mutex> lock(errors_mutex, std::try_to_lock);
  if (!lock.owns_lock()) return text;
  for (const ErrorPiece& piece : errors) text += piece.text;
  return text;
}

LogCapture::LogCapture() : outer_(current_capture) { current_capture = this; }
LogCapture::~LogCapture() {
  current_capture = outer_;
  if (outer_ == nullptr) forget();
}

std::string LogCapture::last_line(const std::string& fallback) const {
  std::string line;
  size_t start = 0;
  while (start < text_.size()) {
    const size_t end = std::min(text_.find('\n', start), text_.size());
    std::string candidate = text_.substr(start, end - start);
    start = end + 1;
    if (candidate.empty()) continue;
    if (is_outer_failure(candidate) && !line.empty()) continue;
    line = std::move(candidate);
  }
  if (line.empty()) return fallback;
  const size_t prefix = line.find(": ");
  const bool has_prefix = prefix != std::string::npos && line.find(' ') > prefix;
  return has_prefix ? line.substr(prefix + 2) : line;
}

}  // namespace argsearch
