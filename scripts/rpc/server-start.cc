// Linked into llama.cpp's rpc-server: what it lacks to go on serving when a client is gone before it has its answer.
#include <csignal>
#include <cstdio>

namespace {

const bool prepared = [] {
  std::signal(SIGPIPE, SIG_IGN);
  return std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ) == 0;  // lines in a log when they are written
}();

}  // namespace
