// What a Result says, for the messages of failing tests, and EXPECT_REFUSED.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sotto/result.h"

namespace sotto::test {

inline std::string text_of(const Error& error) {
  return std::string(to_string(error.code)) + ": " + error.message + " [" + error.where + "]";
}

template <class T>
std::string text_of(const Result<T>& result) {
  return result ? "no error" : text_of(result.error());
}

template <class T>
void expect_refused(const Result<T>& result, ErrorCode code, std::string_view part) {
  if (result) {
    ADD_FAILURE() << "accepted";
    return;
  }
  const Error& error = result.error();
  EXPECT_EQ(error.code, code) << text_of(error);
  EXPECT_NE((error.message + error.where).find(part), std::string::npos) << text_of(error) << "\nwanted: " << part;
  const bool stopped = error.code == ErrorCode::cancelled || error.code == ErrorCode::deadline_exceeded;
  EXPECT_EQ(error.where.empty(), stopped) << text_of(error);
}

}  // namespace sotto::test

/// `result` is an error with this code, whose message or `where` holds `part`, and which says where (not where the caller stopped
/// it).
#define EXPECT_REFUSED(result, code, part)                 \
  do {                                                     \
    SCOPED_TRACE(#result);                                 \
    sotto::test::expect_refused((result), (code), (part)); \
  } while (false)
