// Normalization form C on the cases that its definition singles out (https://www.unicode.org/reports/tr15/).
#include "text/nfc.h"

#include <gtest/gtest.h>

namespace sotto::text {
namespace {

TEST(Nfc, Cases) {
  struct Case {
    const char* text;
    const char* wanted;
  };
  for (const Case& c : {Case{"", ""},
                        Case{"plain", "plain"},
                        Case{"e\u0301", "\u00E9"},
                        Case{"\u00E9", "\u00E9"},
                        Case{"\u212B", "\u00C5"},               // singleton
                        Case{"\u1E9B\u0323", "\u1E9B\u0323"},   // does not compose further
                        Case{"a\u0301\u0323", "\u1EA1\u0301"},  // marks are sorted first
                        Case{"a\u0323\u0301", "\u1EA1\u0301"},
                        Case{"\u1100\u1161\u11A8", "\uAC01"},  // Hangul
                        Case{"\uAC00\u11A8", "\uAC01"},
                        Case{"\uAC01\u11A8", "\uAC01\u11A8"},
                        Case{"\u0958", "\u0915\u093C"},  // excluded from composition
                        Case{"\u0344", "\u0308\u0301"},
                        Case{"\u0301", "\u0301"},
                        Case{"\U0001D15E", "\U0001D157\U0001D165"},  // grows
                        Case{"a\u034F\u0301", "a\u034F\u0301"},      // a joiner between blocks
                        Case{"e\u0301x e\u0301", "\u00E9x \u00E9"},
                        Case{"\u09C7\u09BE", "\u09CB"},
                        Case{"\u1E0A\u0323", "\u1E0C\u0307"},
                        Case{"\uF900", "\u8C48"},
                        Case{"e\xFF\u0301", "e\xFF\u0301"},
                        Case{"\xE4\xB8", "\xE4\xB8"}})
    EXPECT_EQ(to_nfc(c.text), c.wanted) << c.text;
}

}  // namespace
}  // namespace sotto::text
