#include "generate/stop_strings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sotto::generate {
namespace {

struct Found {
  std::string text;  // handed out, the rest that is flushed at the end included
  std::string stop;
  bool operator==(const Found&) const = default;
};

Found run(const std::vector<std::string>& stops, std::string_view text, size_t piece) {
  StopStrings finder(stops);
  Found found;
  for (size_t at = 0; at < text.size(); at += piece) {
    if (const std::string* stop = finder.feed(text.substr(at, piece), found.text)) {
      found.stop = *stop;
      return found;
    }
  }
  found.text += finder.flush();
  return found;
}

// The same by searching every end of the text from the front.
Found by_definition(const std::vector<std::string>& stops, const std::string& text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    const std::string head = text.substr(0, end);
    const std::string* longest = nullptr;
    for (const std::string& stop : stops)
      if (head.ends_with(stop) && (!longest || stop.size() > longest->size())) longest = &stop;
    if (longest) return {head.substr(0, end - longest->size()), *longest};
  }
  return {text, ""};
}

TEST(StopStrings, FindsAcrossPiecesAndIsNotPartOfTheText) {
  for (size_t piece = 1; piece < 12; ++piece) {
    EXPECT_EQ(run({"END"}, "one ENtwo ENDthree", piece), (Found{"one ENtwo ", "END"}));
    EXPECT_EQ(run({"aab"}, "aaaab!", piece), (Found{"aa", "aab"}));
    EXPECT_EQ(run({"never"}, "nev", piece), (Found{"nev", ""}));
  }
}

TEST(StopStrings, TheOneThatEndsFirstCountsAndOfThoseTheLongest) {
  for (size_t piece = 1; piece < 8; ++piece) {
    EXPECT_EQ(run({"abc", "ab"}, "xabc", piece), (Found{"x", "ab"}));
    EXPECT_EQ(run({"bc", "abc"}, "xabc", piece), (Found{"x", "abc"}));
    EXPECT_EQ(run({"xabcde", "bcd"}, "xabcde", piece), (Found{"xa", "bcd"}));
  }
}

TEST(StopStrings, HoldsBackOnlyWhatMayBecomeOne) {
  StopStrings finder({"</end>", "\n\n"});
  std::string out;
  EXPECT_EQ(finder.feed("text\n", out), nullptr);
  EXPECT_EQ(out, "text");
  EXPECT_EQ(finder.feed("<", out), nullptr);
  EXPECT_EQ(out, "text\n");
  EXPECT_EQ(finder.feed("/e", out), nullptr);
  EXPECT_EQ(out, "text\n");
  EXPECT_EQ(finder.feed("x", out), nullptr);
  EXPECT_EQ(out, "text\n</ex");
  EXPECT_EQ(finder.flush(), "");
}

TEST(StopStrings, AgreesWithItsDefinitionOnRandomTexts) {
  std::mt19937 random(7);
  const auto word = [&](size_t max) {
    std::string text(1 + random() % max, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 2);
    return text;
  };
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> stops;
    for (size_t n = random() % 4; n > 0; --n) stops.push_back(word(6));
    const std::string text = word(24);
    const Found wanted = by_definition(stops, text);
    for (const size_t piece : {1, 2, 3, 5, 24}) ASSERT_EQ(run(stops, text, piece), wanted) << text;
  }
}

TEST(StopStrings, LongRepetitionsTakeNoLongTime) {
  const std::string stop(4096, 'a');
  const std::string text(200'000, 'b');
  std::string mixed;
  for (size_t i = 0; i < 48; ++i) mixed += std::string(4095, 'a') + "b";
  EXPECT_EQ(run(std::vector<std::string>(64, stop), text + mixed, 7).text.size(), text.size() + mixed.size());
}

}  // namespace
}  // namespace sotto::generate
