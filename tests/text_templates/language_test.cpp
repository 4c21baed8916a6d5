// The language: scopes, loops, macros, operators, white space, errors. Expected texts are those of Python's Jinja2 3.1.
#include "sotto/chat.h"
#include "text_templates/render.h"

namespace sotto::jinja {
namespace {

TEST(TemplateLanguage, PrintsValuesAsPython) {
  EXPECT_EQ(show("[1, 'a', none, true, 1.5, [2], (3,), {'k': 'v'}]"), "[1, 'a', None, True, 1.5, [2], (3,), {'k': 'v'}]");
  EXPECT_EQ(show("[\"it's\", 'say \"hi\"', 'both \\' \"', '\\n\\x00\\xad\\u200b']"),
            "[\"it's\", 'say \"hi\"', 'both \\' \"', '\\n\\x00\\xad\\u200b']");
  EXPECT_EQ(show("1e16 ~ ' ' ~ 1e15 ~ ' ' ~ 0.1 ~ ' ' ~ 1e-5 ~ ' ' ~ 0.0001 ~ ' ' ~ -0.0"),
            "1e+16 1000000000000000.0 0.1 1e-05 0.0001 -0.0");
  EXPECT_EQ(show("0.1 + 0.2"), "0.30000000000000004");
  EXPECT_EQ(show("1.5e300 * 1e10"), "inf");
  EXPECT_EQ(show("range(3)"), "range(0, 3)");
  EXPECT_EQ(show("d.items()", R"({"d": {"a": 1}})"), "dict_items([('a', 1)])");
}

TEST(TemplateLanguage, Arithmetic) {
  EXPECT_EQ(show("-7 // 2 ~ ' ' ~ 7 % -3 ~ ' ' ~ -7.5 // 2 ~ ' ' ~ -7.5 % 2"), "-4 -2 -4.0 0.5");
  EXPECT_EQ(show("2 ** 10 ~ ' ' ~ 2 ** -1 ~ ' ' ~ -2 ** 2 ~ ' ' ~ 2 ** 3 ** 2"), "1024 0.5 4 64");
  EXPECT_EQ(show("[true + true, 7 / 2, 4 / 2]"), "[2, 3.5, 2.0]");
  EXPECT_EQ(show("'ab' * 2 ~ [1] * 2 ~ ((1,) + (2,))"), "abab[1, 1](1, 2)");
  EXPECT_EQ(show("9223372036854775807 + 1"), "error: an integer beyond 64 bits");
  EXPECT_EQ(show("(-9223372036854775807 - 1) // -1"), "error: an integer beyond 64 bits");
  EXPECT_EQ(show("(-9223372036854775807 - 1) % -1"), "0");
  EXPECT_EQ(show("1e400 ~ ' ' ~ -1e400 ~ ' ' ~ 1e-400"), "inf -inf 0.0");
  EXPECT_EQ(show("n", R"({"n": 9223372036854775808})"), "error: an integer beyond 64 bits: 9223372036854775808");
  EXPECT_EQ(show("1 // 0"), "error: division by zero");
  EXPECT_EQ(show("'a' + 1"), "error: unsupported operand types for +: 'str' and 'int'");
}

TEST(TemplateLanguage, Comparisons) {
  EXPECT_EQ(show("[1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2, 1 == 1.0, true == 1]"), "[True, False, True, True, True]");
  EXPECT_EQ(show("[[1, 2] < [1, 3], (1, 2) == [1, 2], {'a': 1, 'b': 2} == {'b': 2, 'a': 1}]"), "[True, False, True]");
  EXPECT_EQ(show("[1 in [1], 'b' in {'b': 1}, 'bc' in 'abc', 4 not in [1], 2 in range(3)]"), "[True, True, True, True, True]");
  EXPECT_EQ(show("1 < 2 < x()"), "error: 'x' is undefined");
  EXPECT_EQ(show("2 < 1 < x()"), "False");
  EXPECT_EQ(show("'a' < 1"), "error: '<' is not supported between 'str' and 'int'");
}

TEST(TemplateLanguage, ItemsAndSlices) {
  EXPECT_EQ(show("u[0:3] ~ u[::-1] ~ u[-2:] ~ u[1] ~ u[100]", R"({"u": "hé日本"})"), "hé日本日éh日本é");
  EXPECT_EQ(show("l[::2] ~ l[5:] ~ l[::-1] ~ l[-2:] ~ l[:-1]", R"({"l": [1, 2, 3]})"), "[1, 3][][3, 2, 1][2, 3][1, 2]");
  EXPECT_EQ(show("l[::0]", R"({"l": [1]})"), "error: slice step cannot be zero");
  EXPECT_EQ(show("l[-9223372036854775807::9223372036854775807]", R"({"l": [1, 2]})"), "[1]");
  EXPECT_EQ(show("d.b ~ d['b'] ~ d.q ~ d.items()|length", R"({"d": {"b": 1}})"), "111");
  EXPECT_EQ(show("d['items'] is callable", R"({"d": {}})"), "True");
  EXPECT_EQ(show("d['items']", R"({"d": {"items": "own"}})"), "own");
}

TEST(TemplateLanguage, Undefined) {
  EXPECT_EQ(show("[q, q|length, q is defined, q == q, q|list, not q]"), "[Undefined, 0, False, True, [], True]");
  EXPECT_EQ(show("q.x"), "error: 'q' is undefined");
  EXPECT_EQ(show("d.q.r", R"({"d": {}})"), "error: 'q' is undefined");
  EXPECT_EQ(show("q + 'x'"), "error: 'q' is undefined");
  EXPECT_EQ(show("('a' if false)|default('z')"), "z");
  EXPECT_EQ(show("none.x ~ none['y']"), "");
}

TEST(TemplateLanguage, Scopes) {
  EXPECT_EQ(render("{% set x=1 %}{% for i in [1, 2] %}{{ x }}{% set x=x+1 %}{{ x }}{% endfor %}{{ x }}"), "12121");
  EXPECT_EQ(render("{% set x=1 %}{% if true %}{% set x=2 %}{% endif %}{{ x }}"), "2");
  EXPECT_EQ(render("{% with a=1, b=2 %}{{ a + b }}{% endwith %}{{ a }}"), "3");
  EXPECT_EQ(render("{% set a=5 %}{% with a=1, b=a %}{{ b }}{% endwith %}"), "5");
  EXPECT_EQ(render("{% set x %}{% set y=5 %}{{ y }}{% endset %}{{ x }}{{ y }}"), "5");
  EXPECT_EQ(render("{% set x | upper | trim %} ab {% endset %}[{{ x }}]"), "[AB]");
  EXPECT_EQ(render("{% filter upper %}a{{ 'b' }}{% endfilter %}"), "AB");
  EXPECT_EQ(render("{% generation %}{% set y=1 %}a{% endgeneration %}{{ y }}"), "a");
  EXPECT_EQ(render("{% set ns=namespace(c=0) %}{% for i in [1, 2] %}{% set ns.c=ns.c+i %}{% endfor %}{{ ns.c }}{{ ns['c'] }}"),
            "33");
  EXPECT_EQ(render("{% set d.b=1 %}", R"({"d": {}})"), "error: attributes can be set on namespaces only, got dict");
}

TEST(TemplateLanguage, Loops) {
  EXPECT_EQ(
      render("{% for x in 'ab' %}{{ [loop.index, loop.index0, loop.revindex, loop.revindex0, loop.first, loop.last, loop.length] }}"
             "{{ loop.previtem }}>{{ loop.nextitem }}{{ loop.cycle('o', 'e') }}{{ loop.changed(x) }};{% endfor %}"),
      "[1, 0, 2, 1, True, False, 2]>boTrue;[2, 1, 1, 0, False, True, 2]a>eTrue;");
  EXPECT_EQ(render("{% for x in [3, 1, 2] if x > 1 %}{{ loop.index }}:{{ x }}/{{ loop.length }} {% else %}none{% endfor %}"),
            "1:3/2 2:2/2 ");
  EXPECT_EQ(render("{% for x in [1] if x > 1 %}{% else %}none{% endfor %}"), "none");
  EXPECT_EQ(render("{% for x in [1, 2, 3] %}{% for y in 'ab' %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{{ y }}"
                   "{% if x == 3 %}{% break %}{% endif %}{% endfor %}|{% endfor %}"),
            "1a1b||3a|");
  EXPECT_EQ(render("{% for x in [1, 2] %}{% set y %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endset %}{{ y }}{% endfor %}!"),
            "1!");
  EXPECT_EQ(render("{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}"), "123");
  EXPECT_EQ(render("{% for a, loop in [] %}{% endfor %}"), "error: a loop cannot assign to 'loop'");
  EXPECT_EQ(render("{% for a, b in [(1, 2, 3)] %}{% endfor %}"), "error: 3 values cannot be unpacked into 2");
  EXPECT_EQ(render("{% set ns = namespace() %}{% for x in 'ab' %}{% set ns.l = loop %}{% endfor %}{{ ns.l.index }}"), "2");
}

TEST(TemplateLanguage, RecursiveLoops) {
  constexpr std::string_view kTree = R"({"t": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4}]}]}, {"v": 5, "c": []}]})";
  EXPECT_EQ(render("{% set s=7 %}{% for x in t recursive %}{{ loop.depth }}{{ loop.index }}/{{ loop.length }}:{{ x.v }}{{ s }}"
                   "{% if x.c %}({{ loop(x.c) }}){% endif %};{% endfor %}",
                   kTree),
            "11/2:17(21/2:27;22/2:37(31/1:47;););12/2:57;");
  EXPECT_EQ(render("{% for x in t if x.v != 2 recursive %}{{ x.v }}{{ loop(x.c) }}{% else %}none{% endfor %}|{{ x }}", kTree),
            "134none5none|");
  EXPECT_EQ(render("{% macro m() %}{% for x in t recursive %}{% set outer = loop %}{% for y in x.c|default([]) %}{{ outer([y]) }}"
                   "{% break %}{% endfor %}{{ caller(x.v) }}{% endfor %}{% endmacro %}{% call(a) m() %}{{ a }},{% endcall %}",
                   kTree),
            "2,1,5,");
  EXPECT_EQ(render("{% set ns=namespace() %}{% for a in [1] %}{% for x in [a] recursive %}{% set ns.l=loop %}{{ x }}{% endfor %}"
                   "{% endfor %}{{ ns.l([2, 3]) }}"),
            "123");
  EXPECT_EQ(render("{% for x in [1] recursive %}{{ loop([x]) }}{% endfor %}"), "error: macros calling each other deeper than 100");
  EXPECT_EQ(render("{% for x in [1] %}{{ loop([x]) }}{% endfor %}"), "error: 'loop' object is not callable");
  EXPECT_EQ(render("{% for y in [1] %}{% for x in [] recursive %}{% else %}{% break %}{% endfor %}{% endfor %}"),
            "error: break and continue belong into a loop");
}

TEST(TemplateLanguage, Macros) {
  EXPECT_EQ(render("{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(b=5, a=4) }} {{ m() }}"),
            "121 454 2");
  EXPECT_EQ(render("{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, x=3) }}"), "(1,){'x': 3}");
  EXPECT_EQ(render("{% macro m(a) %}{{ a }}{% if a %}{{ m(a - 1) }}{% endif %}{% endmacro %}{{ m(3) }}"), "3210");
  EXPECT_EQ(render("{% macro m() %}{{ i }}{{ x }}{% endmacro %}{% set x=7 %}{% for i in [1] %}{{ m() }}{% endfor %}"), "7");
  EXPECT_EQ(render("{% macro m() %}[{{ caller(1, 2) }}]{% endmacro %}{% call(a, b=5) m() %}{{ a }}{{ b }}{% endcall %}"), "[12]");
  EXPECT_EQ(render("{% macro m() %}{% endmacro %}{% call m() %}x{% endcall %}"), "error: macro 'm' does not use caller");
  EXPECT_EQ(render("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}"), "error: macro 'm' got too many arguments");
  EXPECT_EQ(render("{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}"), "error: macro 'm' got two values for a");
  EXPECT_EQ(render("{% macro m(a) %}{% endmacro %}{{ m(z=2) }}"), "error: macro 'm' has no parameter z");
  EXPECT_EQ(render("{% set ns=namespace() %}{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}{% set ns.m=m %}{% endfor "
                   "%}{{ ns.m() }}"),
            "2");
  EXPECT_EQ(render("{% macro m(a, a) %}{% endmacro %}"), "error: two parameters named 'a'");
  EXPECT_EQ(render("{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1], **{'b': 2}) }}"), "12");
}

TEST(TemplateLanguage, WhiteSpace) {
  const std::string source = "a\n  {% if true %}\n  b\n  {% endif %}\n  {{ 1 }}\n {# c #}\nd\n";
  EXPECT_EQ(render(source, "{}", {true, true}), "a\n  b\n  1\nd");
  EXPECT_EQ(render(source, "{}", {false, false}), "a\n  \n  b\n  \n  1\n \nd");
  EXPECT_EQ(render("a\n  {%+ if true +%}\nb{% endif %}"), "a\n  \nb");
  EXPECT_EQ(render("a {%- if true -%}\n b {%- endif -%}\n c"), "abc");
  EXPECT_EQ(render("x {% raw %}{{ y }}{% z %}{% endraw %} w"), "x {{ y }}{% z %} w");
  EXPECT_EQ(render("x\r\ny\rz\n"), "x\ny\nz");
}

TEST(TemplateLanguage, ErrorsNameLineAndColumn) {
  const auto where = [](std::string_view source) {
    const auto text = try_render(source);
    return text ? std::string("none") : text.error().where;
  };
  EXPECT_EQ(where("a\nb {{ 'é' ! }}"), "2:10");
  EXPECT_EQ(where("{% if true %}\n\n{{ 1 / 0 }}{% endif %}"), "3:10");
  EXPECT_EQ(where("{% for x in [1] %}"), "1:19");
  EXPECT_EQ(where("x\n{% include 'y' %}"), "2:4");
  EXPECT_EQ(where("x\n{{ raise_exception('no') }}"), "2:19");
}

TEST(TemplateLanguage, WhatIsNotSupportedSaysSo) {
  for (const char* tag : {"include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'", "block b"}) {
    const std::string message = render("{% " + std::string(tag) + " %}");
    EXPECT_NE(message.find("is not supported"), std::string::npos) << message;
  }
  EXPECT_EQ(show("1|nothing"), "error: no filter named 'nothing'");
  EXPECT_EQ(show("1 is nothing"), "error: no test named 'nothing'");
  EXPECT_EQ(show("1|nothing if false"), "");
  EXPECT_EQ(show("[1].append(2)"), "error: a template cannot change a list");
  EXPECT_EQ(render("{% break %}"), "error: break and continue belong into a loop");
  EXPECT_EQ(render("{% for x in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}"),
            "error: break and continue belong into a loop");
}

TEST(TemplateLanguage, Clock) {
  EXPECT_EQ(show("strftime_now('%Y-%m-%d %H:%M:%S %B %b %A %a %j %y %p %I %-d %-m %e %D %T %% %U %W')"),
            "2024-07-26 12:00:00 July Jul Friday Fri 208 24 PM 12 26 7 26 07/26/24 12:00:00 % 29 30");
  EXPECT_EQ(show("strftime_now('%Q')"), "error: strftime does not know a directive of '%Q'");
  const auto at = [](int64_t seconds) {
    const auto parsed = Template::parse("{{ strftime_now('%Y-%m-%d %A %j %H:%M:%S') }}", {});
    return *parsed->render({}, seconds);
  };
  EXPECT_EQ(at(0), "1970-01-01 Thursday 001 00:00:00");
  EXPECT_EQ(at(-1), "1969-12-31 Wednesday 365 23:59:59");
  EXPECT_EQ(at(951782400), "2000-02-29 Tuesday 060 00:00:00");
  EXPECT_EQ(at(1735689599), "2024-12-31 Tuesday 366 23:59:59");
  EXPECT_EQ(at(4107542400), "2100-03-01 Monday 060 00:00:00");
  EXPECT_EQ(at(INT64_MIN), "0001-01-01 Monday 001 00:00:00");
  EXPECT_EQ(at(INT64_MAX), "9999-12-31 Friday 365 23:59:59");
}

TEST(ChatTemplate, RendersAndTellsWhere) {
  const auto chat = ChatTemplate::parse(
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
  ASSERT_TRUE(chat);
  const auto text = chat->render_json(R"({"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true})", 0);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "<user>Hi<assistant>");
  EXPECT_EQ(chat->source().substr(0, 6), "{% for");
  for (const char* bad : {"", "[]", "{", "{\"messages\": 1}"}) {
    const auto refused = chat->render_json(bad, 0);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::template_error);
  }
  const auto malformed = ChatTemplate::parse("a\n{{ x");
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().code, ErrorCode::template_error);
  EXPECT_EQ(malformed.error().where, "chat_template:2:5");
}

}  // namespace
}  // namespace sotto::jinja
