#pragma once

#include <functional>
#include <string>

#include "ggml.h"

namespace argsearch {

using LogSink = std::function<void(ggml_log_level level, const std::string& text)>;

/// Adds, replaces or (when empty) removes the sink of an owner. Each gets every log line of this process, on whatever
/// thread logs.
void set_log_sink(const void* owner, LogSink sink);

/// The engine's callback (llama_log_set).
void log_from_engine(ggml_log_level level, const char* text, void* user_data);
/// Gets every line as well; null for none. Once, before the engine logs.
void set_previous_log_callback(ggml_log_callback previous, void* user_data);

/// The errors that the engine logged last, on any thread, oldest first; "" when there were none. Those that a
/// LogCapture had when it ended have been dealt with, and are not among them. For a process that is about to end: it
/// does not wait for anybody.
std::string last_errors();

/// Collects the warnings and errors that this thread's engine calls log while it lives: llama.cpp returns null and logs
/// why.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  const std::string& text() const { return text_; }
  /// The last line, without llama.cpp's function-name prefix; `fallback` when nothing was logged.
  std::string last_line(const std::string& fallback) const;

 private:
  friend void log_from_engine(ggml_log_level, const char*, void*);
  std::string text_;
  LogCapture* outer_;
};

}  // namespace argsearch
