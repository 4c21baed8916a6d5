// Filters, tests and methods. Expected texts are those of Python's Jinja2 3.1.
#include "text_templates/render.h"

namespace sotto::jinja {
namespace {

constexpr std::string_view kData =
    R"({"l": [3, 1, 2], "s": "Hello, World", "u": "héllo ß ñ 日本", "d": {"b": 1, "a": "x", "C": null},
  "nested": [{"a": {"b": 1}, "k": "x"}, {"a": {"b": 3}, "k": "Y"}, {"k": "z"}]})";

struct Row {
  const char* expression;
  const char* text;
};

void expect_all(std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(show(row.expression, kData), row.text) << row.expression;
}

TEST(TemplateFilters, Texts) {
  expect_all({{"u|upper", "HÉLLO SS Ñ 日本"},
              {"u|capitalize", "Héllo ß ñ 日本"},
              {"'ab (cd) e-f'|title", "Ab (Cd) E-F"},
              {"\"they're\".title()", "They'Re"},
              {"u|length", "12"},
              {"'%s-%d'|format('a', 5)", "a-5"},
              {"'<a href=\"x\">\\'&'|e", "&lt;a href=&#34;x&#34;&gt;&#39;&amp;"},
              {"'a b c'|wordcount", "3"},
              {"'a\\nb\\n\\nc'|indent(2, true)", "  a\n  b\n\n  c"},
              {"'a\\nb'|indent('> ')", "a\n> b"},
              {"'abc'|center(9)", "   abc   "},
              {"'foo bar baz qux'|truncate(9)", "foo..."},
              {"'foo bar baz qux'|truncate(9, true)", "foo ba..."},
              {"'xxaxx'|trim('x')", "a"},
              {"'abcabc'|replace('a', 'x', 1)", "xbcabc"},
              {"none|string", "None"}});
}

TEST(TemplateFilters, Numbers) {
  expect_all({{"'12.7'|int", "12"},
              {"'ff'|int(0, 16)", "255"},
              {"'0x1f'|int(0, 16)", "31"},
              {"'abc'|int(9)", "9"},
              {"none|int", "0"},
              {"'.5'|float", "0.5"},
              {"'5.'|float", "5.0"},
              {"'.'|float", "0.0"},
              {"'-inf'|float", "-inf"},
              {"'1_0'|int", "10"},
              {"2.5|round", "2.0"},
              {"3.5|round", "4.0"},
              {"2.675|round(2)", "2.67"},
              {"5|round", "5"},
              {"[1234|round(-2), 1250|round(-2), 1350|round(-2), -1250|round(-2), 5|round(-40)]", "[1200, 1200, 1400, -1200, 0]"},
              {"9007199254740993|round(-1)", "error: round() of an integer beyond 53 bits"},
              {"'1e400'|float ~ ' ' ~ '-1e400'|float ~ ' ' ~ '1e400x'|float(3)", "inf -inf 3"},
              {"[9.21e18|int, '-9.21e18'|int, '1e400'|int(7), 'nan'|int(7)]", "[9210000000000000000, -9210000000000000000, 7, 7]"},
              {"1e20|int", "error: an integer beyond 64 bits"},
              {"'9223372036854775808'|int", "error: an integer beyond 64 bits"},
              {"1234.5678|round(-2)", "1200.0"},
              {"2.123|round(2, 'ceil')", "2.13"},
              {"(-5)|abs", "5"},
              {"q|int", "error: 'q' is undefined"}});
}

TEST(TemplateFilters, Lists) {
  expect_all({{"l|sort", "[1, 2, 3]"},
              {"nested|map(attribute='a.b', default=7)|list", "[1, 3, 7]"},
              {"nested|selectattr('a')|map(attribute='k')|list", "['x', 'Y']"},
              {"nested|rejectattr('k', 'in', ['x', 'z'])|map(attribute='k')|join", "Y"},
              {"l|select('odd')|list", "[3, 1]"},
              {"l|reject('gt', 1)|list", "[1]"},
              {"['b', 'a']|map('upper')|join(',')", "B,A"},
              {"l|max ~ l|min ~ l|sum ~ l|first ~ l|last", "31632"},
              {"[]|first", ""},
              {"l|reverse|list", "[2, 1, 3]"},
              {"l|batch(2, 'x')|list", "[[3, 1], [2, 'x']]"},
              {"[1, 2, 3, 4, 5]|slice(3)|list", "[[1, 2], [3, 4], [5]]"},
              {"['a', 'A', 'b']|unique|list", "['a', 'b']"},
              {"d|dictsort", "[('a', 'x'), ('b', 1), ('C', None)]"},
              {"[{'x': 'a'}, {'x': 'A'}]|groupby('x')", "[('a', [{'x': 'a'}, {'x': 'A'}])]"},
              {"[{'v': 1}, {'v': 2}, {'v': 1}]|groupby('v')|map(attribute='grouper')|list", "[1, 2]"},
              {"[{'v': 1}, {'v': 1}]|groupby('v')|map(attribute='list')|list", "[[{'v': 1}, {'v': 1}]]"},
              {"(1, 2).list", ""},
              {"'abc'|join(1) ~ 'ab'|join(none)", "a1b1caNoneb"},
              {"['a']|sum(start='')", "error: sum() does not add strings"},
              {"nested|sum(attribute='n')", "error: the value is undefined"},
              {"l|map('string')|length", "error: object of type 'generator' has no length"},
              {"l|map('foo')|list", "error: no filter or test of the name given"},
              {"[3, 'a']|sort", "error: '<' is not supported between 'str' and 'int'"}});
}

TEST(TemplateFilters, GeneratorsAreReadOnceAndTrue) {
  EXPECT_EQ(render("{% set g = l|map('string') %}{{ g|first }}{{ g|list }}{{ g|list }}", kData), "3['1', '2'][]");
  EXPECT_EQ(render("{% if l|select('gt', 10) %}true{% endif %}", kData), "true");
}

TEST(TemplateFilters, Json) {
  expect_all({{"d|tojson", R"({"b": 1, "a": "x", "C": null})"},
              {"d|tojson(sort_keys=true)", R"({"C": null, "a": "x", "b": 1})"},
              {"[{}, [], (1, 2.0)]|tojson", "[{}, [], [1, 2.0]]"},
              {"[[1], {}]|tojson(indent=1)", "[\n [\n  1\n ],\n {}\n]"},
              {"{1: 2, none: 3, true: 4}|tojson", R"({"1": 4, "null": 3})"},
              {"'é<&\\'\"\\n\\x01/\\x7f'|tojson", "\"é<&'\\\"\\n\\u0001/\x7f\""},
              {"'é🤗'|tojson(ensure_ascii=true)", R"("\u00e9\ud83e\udd17")"},
              {"q|tojson", "error: Object of type Undefined is not JSON serializable"},
              {"d|tojson(separators=(',', ':'))", R"({"b":1,"a":"x","C":null})"}});
}

TEST(TemplateMethods, Split) {
  expect_all({{"'  a b  c '.split(none, 1)", "['a', 'b  c ']"},
              {"'  a b  c '.rsplit(none, 1)", "['  a b', 'c']"},
              {"' a  b '.split(' ')", "['', 'a', '', 'b', '']"},
              {"'a,b,,c'.rsplit(',', 2)", "['a,b', '', 'c']"},
              {"'   '.split()", "[]"},
              {"''.split(',')", "['']"},
              {"'a b c'.rsplit()", "['a', 'b', 'c']"},
              {"'abc'.split('')", "error: split() wants a separator that is not empty"},
              {"'a\\r\\nb\\x0bc\\n'.splitlines()", "['a', 'b', 'c']"},
              {"s.partition(', ')", "('Hello', ', ', 'World')"},
              {"s.rpartition('q')", "('', '', 'Hello, World')"}});
}

TEST(TemplateMethods, Texts) {
  expect_all({{"s.find('o') ~ s.rfind('o') ~ s.find('z') ~ u.find('日') ~ s.count('l') ~ u.count('')", "48-110313"},
              {"s.startswith(('x', 'H')) ~ s.endswith('World') ~ s.startswith('World', 7)", "TrueTrueTrue"},
              {"s.removeprefix('Hello') ~ s.removesuffix('ld') ~ s.strip('Hd')", ", WorldHello, Worello, Worl"},
              {"u.replace('', '-')[:5]", "-h-é-"},
              {"'-5'.zfill(4) ~ 'a'.ljust(3, '*') ~ 'a'.rjust(3) ~ 'abc'.center(6, '*')", "-005a**  a*abc**"},
              {"'{1}{0!r}'.format('x', 2)", "2'x'"},
              {"d.get('q', 5)", "5"},
              {"d.get('q', default=5)", "error: get() does not take one of the named arguments given"},
              {"dict(**d, b=2)", "error: an argument after **"},
              {"'{:s}'.format('x') ~ '{!r:s}'.format(5)", "x5"},
              {"'{:s}'.format(5)", "error: a malformed format, or a width above 1000"},
              {"'{2}'.format(1)", "error: no value for the field {2}"},
              {"'{} {a}|{:>4}|{:.2f}|{{}}'.format('x', 'y', 2, a=1)", "x 1|   y|2.00|{}"},
              {"'%05.2f|%-5s|%+d|%x|%%' % (3.14159, 'ab', 5, 255)", "03.14|ab   |+5|ff|%"},
              {"'%s' % 'a' ~ '%(k)s' % {'k': 1}", "a1"},
              {"'%s %s' % 'a'", "error: not enough values for the format"},
              {"s.upper(1)", "error: upper() got too many arguments"}});
}

TEST(TemplateTests, Kinds) {
  expect_all(
      {{"[1 is number, true is number, true is integer, 1.0 is float, true is boolean, none is none]",
        "[True, True, False, True, True, True]"},
       {"[d is mapping, d is sequence, l is sequence, s is sequence, d.items() is sequence, 1 is iterable]",
        "[True, True, True, True, False, False]"},
       {"[s.upper is callable, 5 is divisibleby 5, 2 is gt 1, 'abc' is lower, 'A1' is upper, '1' is upper]",
        "[True, True, True, True, True, False]"},
       {"[q is callable, 1 is callable]", "[True, False]"},
       {"[1 is sameas true, 1 is in [1], 'upper' is filter, 'odd' is test, q is undefined]", "[False, True, True, True, True]"}});
}

}  // namespace
}  // namespace sotto::jinja
