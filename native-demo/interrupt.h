// Interrupt: while one exists, Ctrl-C triggers its token instead of ending the program. They nest: the innermost gets the signal.
#pragma once

#include <csignal>

#include "sotto/cancel.h"

namespace sotto::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  CancelToken token() const { return source_.token(); }

 private:
  CancelSource source_;
  CancelSource* outer_;
  struct sigaction outer_action_{};
};

}  // namespace sotto::cli
