// Templates from anyone: cut, mutated, deeply nested, or meant to take all time and memory. A text or a template_error, soon.
#include <algorithm>

#include "sotto/chat.h"
#include "support/anchors.h"
#include "text_templates/render.h"

namespace sotto::jinja {
namespace {

constexpr std::string_view kVariables = R"({"messages": [{"role": "user", "content": "Hi\n"}, {"role": "assistant", "content": null,
  "tool_calls": [{"function": {"name": "f", "arguments": {"x": [1, 2.5, "é"]}}}]}], "tools": [{"type": "function", "function":
  {"name": "f", "parameters": {"properties": {"x": {"type": "string"}}}}}], "bos_token": "<s>", "add_generation_prompt": true})";

std::string repeat(std::string_view text, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += text;
  return out;
}

void expect_refused(const std::string& source, std::string_view message) {
  const auto text = try_render(source, kVariables);
  ASSERT_FALSE(text) << source.substr(0, 100);
  EXPECT_EQ(text.error().code, ErrorCode::template_error);
  EXPECT_NE(text.error().message.find(message), std::string::npos) << text.error().message << " for " << source.substr(0, 100);
  EXPECT_NE(text.error().where.find(':'), std::string::npos) << text.error().where;
}

struct Nesting {
  std::string_view open, close;
};

TEST(TemplateHostile, NestingIsBounded) {
  constexpr Nesting kExpressions[] = {{"(", ")"},           {"[", "]"},         {"{1:", "}"},   {"- ", ""},
                                      {"not ", ""},         {"x[", "]"},        {"x(", ")"},    {"1 if (", ")"},
                                      {"x|default(", ")"},  {"1 is in [", "]"}, {"1 + (", ")"}, {"x.y(a=", ")"},
                                      {"1 if 0 else ", ""}, {"x[1:", "]"}};
  for (const auto& [open, close] : kExpressions) {
    expect_refused("{{ " + repeat(open, 30'000) + "1" + repeat(close, 30'000) + " }}", "nested deeper");
    const std::string fits = "{{ " + repeat(open, 40) + "1" + repeat(close, 40) + " }}";
    EXPECT_TRUE(Template::parse(fits, {})) << fits;
  }
  expect_refused("{{ 1" + repeat(" if 1", 30'000) + " }}", "nested deeper");
  expect_refused("{% for " + repeat("(", 30'000) + "x" + repeat(")", 30'000) + " in y %}{% endfor %}", "nested deeper");
  expect_refused("{% set " + repeat("(", 30'000) + "x" + repeat(")", 30'000) + " = y %}", "nested deeper");
  constexpr Nesting kBlocks[] = {{"{% if 1 %}", "{% endif %}"},
                                 {"{% for x in [1] %}", "{% endfor %}"},
                                 {"{% macro m() %}", "{% endmacro %}"},
                                 {"{% call m() %}", "{% endcall %}"},
                                 {"{% set x %}", "{% endset %}"},
                                 {"{% with %}", "{% endwith %}"},
                                 {"{% filter upper %}", "{% endfilter %}"},
                                 {"{% if 0 %}{% else %}", "{% endif %}"}};
  for (const auto& [open, close] : kBlocks) {
    expect_refused(repeat(open, 10'000) + repeat(close, 10'000), "nested deeper");
    const std::string fits = repeat(open, 40) + repeat(close, 40);
    EXPECT_TRUE(Template::parse(fits, {})) << fits;
  }
}

TEST(TemplateHostile, LongIsNotDeep) {
  EXPECT_EQ(render("{{ 1" + repeat(" + 1", 20'000) + " }}"), "20001");
  EXPECT_EQ(render("{{ 'a'" + repeat("|upper", 20'000) + " }}"), "A");
  EXPECT_EQ(render("{{ x" + repeat(" or x", 20'000) + " }}"), "");
  EXPECT_EQ(render("{{ 1" + repeat(" < 2", 1) + repeat(" == 2", 20'000) + " }}"), "True");
  EXPECT_EQ(render("{% if 0 %}" + repeat("{% elif 0 %}", 20'000) + "{% endif %}"), "");
  expect_refused("{{ [" + repeat("1,", 100'000) + "] }}", "values");
}

TEST(TemplateHostile, StepsAreBounded) {
  expect_refused("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "steps");
  expect_refused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "deeper");
  expect_refused(
      "{% macro a(n) %}{{ b(n) }}{{ b(n) }}{% endmacro %}{% macro b(n) %}{% if n %}{{ a(n - 1) }}{% endif %}{% endmacro %}{{ a(40) "
      "}}",
      "steps");
  expect_refused("{% set x = range(100000)|list %}{% for i in x %}{% if i + 0.5 in x %}{% endif %}{% endfor %}", "steps");
  expect_refused("{% set x = range(100000)|unique|list %}", "steps");
  expect_refused("{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s|replace('b', 'c') %}{% endfor %}", "steps");
  // Lists that hold one another many times over: small in memory, huge to walk.
  const std::string doubled =
      "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% "
      "endfor %}";
  expect_refused(doubled + "{{ ns.a == ns.b }}", "steps");
  expect_refused(doubled + "{{ ns.a }}", "string of more");
  expect_refused(doubled + "{{ ns.a|tojson }}", "string of more");
  expect_refused(doubled + "{{ [ns.a, ns.b]|sort }}", "steps");
}

TEST(TemplateHostile, SearchIsLinear) {
  const std::string setup = "{% set s = 'a' * 1000000 %}{% set p = 'a' * 500000 ~ 'b' %}{% set q = 'b' ~ 'a' * 500000 %}";
  EXPECT_EQ(render(setup + "{{ [p in s, s.find(p), s.rfind(q), s.count(p), s.split(p)|length, s.rsplit(q)|length] }}"),
            "[False, -1, -1, 0, 1, 1]");
  EXPECT_EQ(render(setup + "{{ [s.replace(p, 'x') == s, s.strip(p), s.partition(p)[1], (p ~ s).find(p), (s ~ q).rfind(q)] }}"),
            "[True, '', '', 0, 1000000]");
  EXPECT_EQ(render(setup + "{{ [(s ~ p).find(p), (q ~ s).rfind(q), (p ~ p).count(p), (p * 3).split(p)] }}"),
            "[1000000, 0, 2, ['', '', '', '']]");
}

TEST(TemplateHostile, MemoryIsBounded) {
  expect_refused("{{ 'a' * 100000000000 }}", "too often");
  expect_refused("{{ 'a' * 18446744073709551617 }}", "64 bits");
  expect_refused("{{ [1] * 100000000000 }}", "too often");
  expect_refused("{{ range(100000000000) }}", "range of more");
  expect_refused("{{ 2 ** 100000000000 }}", "64 bits");
  expect_refused("{% set s = 'a' * 1000000 %}{{ ([s] * 1000)|join }}", "string of more");
  expect_refused("{% set s = 'a' * 10000 %}{{ s|replace('a', s) }}", "string of more");
  expect_refused("{% set s = 'a\n' * 100000 %}{{ s|indent(100000) }}", "string of more");
  expect_refused("{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
                 "string of more");
  expect_refused(
      "{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = ns.l + ['a' * (i + 1000000)] %}{% endfor %}", "bytes");
  expect_refused("{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}", "nested deeper");
  expect_refused("{% set ns = namespace(d={}) %}{% for i in range(1000) %}{% set ns.d = {'a': ns.d} %}{% endfor %}",
                 "nested deeper");
  expect_refused("{% set s = 'a' * 10000000 %}{% for i in range(100) %}{{ s }}{% endfor %}", "output");
  expect_refused("{{ '%9999999d' % 1 }}", "width");
  expect_refused("{{ 'a'.ljust(10000000000) }}", "width");
  expect_refused("{{ 'a'|center(10000000000) }}", "width");
  EXPECT_EQ(render("{% set low = -9223372036854775807 - 1 %}{{ ['a'.zfill(low), 'a'|center(low), '-'.ljust(low), 'a'|indent(low), "
                   "1.5|round(low)] }}"),
            "['a', 'a', '-', 'a', 0.0]");
  EXPECT_EQ(render("{% set big = 9223372036854775807 %}{{ ['ab cd'|truncate(big), 'a'|truncate(3, leeway=big), 1.5|round(big), "
                   "'ab'[big:], 'ab'[-big:]] }}"),
            "['ab cd', 'a', 1.5, '', 'ab']");
  expect_refused("{{ 'a'|map(*['map'] * 100)|list }}", "deeper");
}

TEST(TemplateHostile, NamespacesMayReferToThemselves) {
  EXPECT_EQ(render("{% set ns = namespace() %}{% set ns.a = ns %}{% set ns.b = [ns] %}{{ ns.a.a.a is sameas ns }}{{ ns.b == [ns] "
                   "}}{{ ns }}"),
            "TrueTrue<namespace>");
  EXPECT_EQ(render("{% set ns = namespace() %}{% macro m() %}{{ ns.m is defined }}{% endmacro %}{% set ns.m = m %}{{ ns.m() }}"),
            "True");
  EXPECT_EQ(render("{% for i in [1] %}{% set ns = namespace(l=loop) %}{{ loop.changed(loop, ns) }}{% set ns.b = loop.changed %}{% "
                   "endfor %}"),
            "True");
}

TEST(TemplateHostile, SourceIsBoundedAndUtf8) {
  const auto too_long = ChatTemplate::parse(std::string(kMaxSourceBytes + 1, 'a'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ErrorCode::template_error);
  EXPECT_EQ(render("a\xff"), "error: a template that is not UTF-8");
  EXPECT_EQ(render("{{ '\\ud800' }}"), "error: a malformed \\u escape");
}

/// Numbers that look random and are the same everywhere.
class Random {
 public:
  uint32_t below(uint32_t n) {
    return static_cast<uint32_t>((state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 33) % n;
  }

 private:
  uint64_t state_ = 20261125;
};

void try_any(const std::string& source) {
  const auto text = try_render(source, kVariables);
  if (!text) EXPECT_EQ(text.error().code, ErrorCode::template_error) << text.error().message;
}

constexpr std::string_view kSample = R"({%- macro show(x, sep=', ') -%}{{ x|join(sep) ~ caller() }}{%- endmacro -%}
{%- set ns = namespace(n=0, last=none) -%}{# comment #}{% raw %}{{ }}{% endraw %}
{% for m in messages if m.role != 'system' %}{% set ns.n = ns.n + loop.index0 // 2 %}{% if m.content is string and not loop.first %}
  {{- m['content'].strip('\n')[1:-1:2] | default('x', true) | indent(2) }}{% elif m.tool_calls %}
  {% for k, v in m.tool_calls[0].function.arguments.items() %}{{ k }}={{ v | tojson(indent=2) if v is not mapping else v|dictsort }}
  {% if k == 'y' %}{% break %}{% else %}{% continue %}{% endif %}{% endfor %}
{% else %}{{ raise_exception('no ' + m.role) if ns.n > 5 else '' }}{% endif %}{% else %}none{% endfor %}
{% call(a, b=2) show(['a', 1, 2.5e0, (1,), {'k': [true]}], sep='-') %}{{ a }}{% endcall %}
{% filter upper|trim %}{% set block %}text{% endset %}{{ block }}{% endfilter %}
{% with y = 3, z = -1 ** 2 %}{{ y < 4 <= z, y in [1, 3] }}{% endwith %}
{{ '%05d|%s' % (42, 'x') }}{{ '{:>5}{a!r}'.format(1, a='b') }}
{{ strftime_now('%d %b %Y') }}{{ range(3)|map('string')|list|reverse|first }})";

TEST(TemplateHostile, CutAtEveryByte) {
  for (size_t n = 0; n <= kSample.size(); ++n) {
    try_any(std::string(kSample.substr(0, n)));
    try_any(std::string(kSample.substr(n)));
  }
}

TEST(TemplateHostile, Mutated) {
  constexpr std::string_view kPieces[] = {"{{", "}}", "{%",   "%}",          "-%}",   "{#",   "#}",     "(",       ")",     "[",
                                          "]",  "{",  "}",    "|",           ".",     ",",    ":",      "'",       "\"",    "\\",
                                          "*",  "**", " is ", " in ",        " not ", " if ", " else ", " endif ", " for ", " set ",
                                          "=",  "0",  "-1",   "99999999999", "1.5",   "loop", "x"};
  Random random;
  for (int round = 0; round < 6000; ++round) {
    std::string source(kSample);
    for (uint32_t change = random.below(4) + 1; change > 0; --change) {
      const size_t at = random.below(static_cast<uint32_t>(source.size()));
      const size_t length = std::min<size_t>(random.below(12), source.size() - at);
      switch (random.below(4)) {
        case 0:
          source.erase(at, length);
          break;
        case 1:
          source.insert(at, kPieces[random.below(std::size(kPieces))]);
          break;
        case 2:
          source[at] = static_cast<char>(random.below(128));
          break;
        default:
          source.insert(at, source.substr(random.below(static_cast<uint32_t>(source.size())), length));
          break;
      }
    }
    try_any(source);
  }
}

TEST(TemplateHostile, PublishedTemplatesCut) {
  SOTTO_NEEDS(path, test::anchor("jinja/templates.json"));
  const nlohmann::json file = test::read_json(path);  // a loop over a part of a temporary would read what is gone
  size_t n_cuts = 0;
  for (const auto& entry : file.at("templates")) {
    const std::string source = entry.at("template");
    for (size_t n = 0; n < source.size(); n += 97, ++n_cuts) try_any(source.substr(0, n));
  }
  EXPECT_GT(n_cuts, 18u);
}

}  // namespace
}  // namespace sotto::jinja
