#include "text/pretokenizers.h"

#include <string>

namespace sotto::text {
namespace {

constexpr uint32_t kNoLimit = UINT32_MAX;

constexpr WordRule kGpt2 = {.contractions = Contractions::lower_case,
                            .blank_leads = true,
                            .max_digits = kNoLimit,
                            .blank_leads_digits = true,
                            .punctuation_tail = "",
                            .line_ends = false};
constexpr WordRule kQwen2 = {};
constexpr WordRule kQwen35 = {.letters = Letters::letters_and_marks,
                              .punctuation = {.classes = kSpace | kLetter | kMark | kNumber, .negated = true}};
constexpr WordRule kLlama3 = {.max_digits = 3};
constexpr WordRule kAnyDigits = {.max_digits = kNoLimit};
constexpr WordRule kMarkedLetters = {.letters = Letters::letters_then_marks};
constexpr WordRule kSeedCoder = {.punctuation_tail = ""};
constexpr WordRule kTekken = {.contractions = Contractions::none, .letters = Letters::cased, .punctuation_tail = "\r\n/"};
constexpr WordRule kGpt4o = {
    .contractions = Contractions::any_case_after_word, .letters = Letters::cased, .max_digits = 3, .punctuation_tail = "\r\n/"};
constexpr WordRule kDeepSeek3 = {.punctuated_word = true,
                                 .contractions = Contractions::none,
                                 .no_lead = kLetter | kPunctuation | kSymbol,
                                 .letters = Letters::letters_and_marks,
                                 .max_digits = 0,
                                 .punctuation = {.classes = kPunctuation | kSymbol}};

constexpr CodePointRange kAsciiDigitRange[] = {{'0', '9'}};
constexpr CodePointRange kBlankMarkRange[] = {{0x2581, 0x2581}};
constexpr CodePointRange kLineEndRanges[] = {{'\n', '\n'}, {'\r', '\r'}};
constexpr CodePointRange kDeepSeekCjkRanges[] = {{0x800, 0x9FA5}, {0xAC00, 0xD7FF}};
constexpr CodePointRange kDeepSeek3CjkRanges[] = {{0x3040, 0x30FF}, {0x4E00, 0x9FA5}};
constexpr CodePointRange kDeepSeekPunctuationRanges[] = {{'!', '/'},       {':', '~'},       {0x2018, 0x201F},
                                                         {0x3000, 0x3002}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF5E}};
constexpr CodePointRange kBloomStopRanges[] = {
    {'(', ')'},       {'|', '|'},       {'.', '.'},       {',', ','},     {'!', '!'},     {'?', '?'},    {0x2026, 0x2026},
    {0x3002, 0x3002}, {0xFF0C, 0xFF0C}, {0x3001, 0x3001}, {0x964, 0x964}, {0x6D4, 0x6D4}, {0x60C, 0x60C}};
constexpr CodePointRange kAsciiSymbolRanges[] = {{'$', '$'}, {'+', '+'}, {'<', '>'}, {'^', '^'}, {'|', '|'}, {'~', '~'}};
constexpr CodePointRange kFalconSymbolRanges[] = {{'$', '$'}, {'+', '+'}, {'<', '>'}, {'^', '^'},
                                                  {'`', '`'}, {'|', '|'}, {'~', '~'}};
// Cased letters as of Unicode 11; the list is part of the published pattern.
constexpr CodePointRange kDeepSeekLetterRanges[] = {
    {0x41, 0x5a},       {0x61, 0x7a},       {0xb5, 0xb5},       {0xc0, 0xd6},       {0xd8, 0xf6},       {0xf8, 0x1ba},
    {0x1bc, 0x1bf},     {0x1c4, 0x293},     {0x295, 0x2af},     {0x370, 0x373},     {0x376, 0x376},     {0x377, 0x377},
    {0x37b, 0x37d},     {0x37f, 0x37f},     {0x386, 0x386},     {0x388, 0x38a},     {0x38c, 0x38c},     {0x38e, 0x3a1},
    {0x3a3, 0x3f5},     {0x3f7, 0x481},     {0x48a, 0x52f},     {0x531, 0x556},     {0x10a0, 0x10c5},   {0x13a0, 0x13f5},
    {0x13f8, 0x13fd},   {0x1c90, 0x1cba},   {0x1cbd, 0x1cbf},   {0x1d00, 0x1d2b},   {0x1d6b, 0x1d77},   {0x1d79, 0x1d9a},
    {0x1e00, 0x1f15},   {0x1f18, 0x1f1d},   {0x1f20, 0x1f45},   {0x1f48, 0x1f4d},   {0x1f50, 0x1f57},   {0x1f59, 0x1f59},
    {0x1f5b, 0x1f5b},   {0x1f5d, 0x1f5d},   {0x1f5f, 0x1f7d},   {0x1f80, 0x1fb4},   {0x1fb6, 0x1fbc},   {0x1fbe, 0x1fbe},
    {0x1fc2, 0x1fc4},   {0x1fc6, 0x1fcc},   {0x1fd0, 0x1fd3},   {0x1fd6, 0x1fdb},   {0x1fe0, 0x1fec},   {0x1ff2, 0x1ff4},
    {0x1ff6, 0x1ffc},   {0x2102, 0x2102},   {0x2107, 0x2107},   {0x210a, 0x2113},   {0x2115, 0x2115},   {0x2119, 0x211d},
    {0x2124, 0x2124},   {0x2126, 0x2126},   {0x2128, 0x2128},   {0x212a, 0x212d},   {0x212f, 0x2134},   {0x2139, 0x2139},
    {0x213c, 0x213f},   {0x2145, 0x2149},   {0x214e, 0x214e},   {0x2183, 0x2183},   {0x2184, 0x2184},   {0x2c00, 0x2c7b},
    {0x2c7e, 0x2ce4},   {0x2ceb, 0x2cee},   {0x2cf2, 0x2cf2},   {0x2cf3, 0x2cf3},   {0xa640, 0xa66d},   {0xa680, 0xa69b},
    {0xa722, 0xa76f},   {0xa771, 0xa787},   {0xa78b, 0xa78e},   {0xab70, 0xabbf},   {0xfb00, 0xfb06},   {0xfb13, 0xfb17},
    {0xff21, 0xff3a},   {0xff41, 0xff5a},   {0x10400, 0x1044f}, {0x104b0, 0x104d3}, {0x104d8, 0x104fb}, {0x10c80, 0x10cb2},
    {0x10cc0, 0x10cf2}, {0x118a0, 0x118df}, {0x1e900, 0x1e943},
};

constexpr RunRule kOneDigit = {.set = {.classes = kNumber}, .max = 1};
constexpr RunRule kThreeDigits = {.set = {.classes = kNumber}, .max = 3};
constexpr RunRule kDigits = {.set = {.classes = kNumber}};
constexpr RunRule kAsciiTriple = {.set = {.ranges = kAsciiDigitRange}, .min = 3, .max = 3};
constexpr RunRule kOneAsciiDigit = {.set = {.ranges = kAsciiDigitRange}, .max = 1};
constexpr RunRule kLineEnd = {.set = {.ranges = kLineEndRanges}, .max = 1};
constexpr RunRule kLedLetters = {.set = {.classes = kLetter}, .lead = Lead::white_space};
constexpr RunRule kLedPunctuation = {.set = {.classes = kPunctuation}, .lead = Lead::white_space};
constexpr RunRule kLedDeepSeekLetters = {.set = {.ranges = kDeepSeekLetterRanges}, .lead = Lead::white_space};
constexpr RunRule kLedDeepSeekPunctuation = {.set = {.ranges = kDeepSeekPunctuationRanges}, .lead = Lead::white_space};
constexpr RunRule kTrailingSpace = {.set = {.classes = kSpace}, .at_line_end = true};
constexpr RunRule kDeepSeekCjk = {.set = {.ranges = kDeepSeekCjkRanges}};
constexpr RunRule kDeepSeek3Cjk = {.set = {.ranges = kDeepSeek3CjkRanges}};
constexpr RunRule kBloom = {.set = {.classes = kSpace, .ranges = kBloomStopRanges, .negated = true}, .lead = Lead::blank};
constexpr RunRule kPunctuationRun = {.set = {.classes = kPunctuation, .ranges = kAsciiSymbolRanges}};
constexpr RunRule kFalconPunctuation = {.set = {.classes = kPunctuation, .ranges = kFalconSymbolRanges}};
constexpr RunRule kOnePunctuation = {.set = {.classes = kPunctuation, .ranges = kFalconSymbolRanges}, .max = 1};
constexpr RunRule kMarkedWord = {.set = {.ranges = kBlankMarkRange, .negated = true}, .lead = Lead::blank_mark};
constexpr RunRule kOneSpace = {.set = {.classes = kSpace}, .max = 1};
constexpr RunRule kSpaces = {.set = {.classes = kSpace}};

constexpr SplitRule kGpt2Rules[] = {kGpt2};
constexpr SplitRule kDefaultRules[] = {kPunctuationRun, kGpt2, kDigits, kAsciiTriple};
constexpr SplitRule kLlama3Rules[] = {kLlama3};
constexpr SplitRule kQwen2Rules[] = {kQwen2};
constexpr SplitRule kQwen35Rules[] = {kQwen35};
constexpr SplitRule kDigitGpt2Rules[] = {kOneDigit, kGpt2};
constexpr SplitRule kDeepSeekLlmRules[] = {kLineEnd,       kLedDeepSeekLetters, kLedDeepSeekPunctuation,
                                           kTrailingSpace, kDeepSeekCjk,        kDigits};
constexpr SplitRule kDeepSeekCoderRules[] = {kLineEnd, kLedLetters, kLedPunctuation, kDeepSeekCjk, kOneDigit};
constexpr SplitRule kDeepSeek3Rules[] = {kThreeDigits, kDeepSeek3Cjk, kDeepSeek3};
constexpr SplitRule kFalconRules[] = {kFalconPunctuation, kGpt2, kAsciiTriple};
constexpr SplitRule kBloomRules[] = {kBloom};
constexpr SplitRule kVikingRules[] = {kBloom, kOneDigit};
constexpr SplitRule kTekkenRules[] = {kTekken};
constexpr SplitRule kGpt4oRules[] = {kGpt4o};
constexpr SplitRule kSeedCoderRules[] = {kSeedCoder};

constexpr NamedPreTokenizer kNames[] = {
    {.name = "default", .rules = kDefaultRules},
    {.name = "gpt-2", .rules = kGpt2Rules},
    {.name = "phi-2", .rules = kGpt2Rules},
    {.name = "gigachat", .rules = kGpt2Rules},
    {.name = "jina-es", .rules = kGpt2Rules},
    {.name = "jina-de", .rules = kGpt2Rules},
    {.name = "jina-v2-es", .rules = kGpt2Rules},
    {.name = "jina-v2-de", .rules = kGpt2Rules},
    {.name = "a.x-4.0", .rules = kGpt2Rules},
    {.name = "mellum", .rules = kGpt2Rules},
    {.name = "modern-bert", .rules = kGpt2Rules},
    {.name = "exaone4", .rules = kGpt2Rules},
    {.name = "mpt", .rules = kGpt2Rules},
    {.name = "olmo", .rules = kGpt2Rules},
    {.name = "jais", .rules = kGpt2Rules},
    {.name = "trillion", .rules = kGpt2Rules},
    {.name = "granite-docling", .rules = kGpt2Rules},
    {.name = "llama-bpe", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "llama3", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "llama-v3", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "falcon3", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "falcon-h1", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "pixtral", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "midm-2.0", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "lfm2", .rules = kLlama3Rules, .ignore_merges = true, .add_bos = true},
    {.name = "dbrx", .rules = kLlama3Rules},
    {.name = "smaug-bpe", .rules = kLlama3Rules},
    {.name = "chatglm-bpe", .rules = kLlama3Rules},
    {.name = "glm4", .rules = kLlama3Rules},
    {.name = "qwen2", .rules = kQwen2Rules, .nfc = true},
    {.name = "deepseek-r1-qwen", .rules = kQwen2Rules},
    {.name = "stablelm2", .rules = kQwen2Rules},
    {.name = "megrez", .rules = kQwen2Rules},
    {.name = "hunyuan", .rules = kQwen2Rules},
    {.name = "kormo", .rules = kQwen2Rules},
    {.name = "grok-2", .rules = kQwen2Rules},
    {.name = "bailingmoe", .rules = kQwen2Rules},
    {.name = "bailingmoe2", .rules = kQwen2Rules},
    {.name = "llada-moe", .rules = kQwen2Rules},
    {.name = "qwen35", .rules = kQwen35Rules, .nfc = true},
    {.name = "smollm", .rules = kDigitGpt2Rules},
    {.name = "starcoder", .rules = kDigitGpt2Rules},
    {.name = "refact", .rules = kDigitGpt2Rules},
    {.name = "command-r", .rules = kDigitGpt2Rules},
    {.name = "codeshell", .rules = kDigitGpt2Rules},
    {.name = "exaone", .rules = kDigitGpt2Rules},
    {.name = "minerva-7b", .rules = kDigitGpt2Rules},
    {.name = "deepseek-llm", .rules = kDeepSeekLlmRules},
    {.name = "deepseek-coder", .rules = kDeepSeekCoderRules},
    {.name = "deepseek-v3", .rules = kDeepSeek3Rules},
    {.name = "hunyuan-dense", .rules = kDeepSeek3Rules},
    {.name = "falcon", .rules = kFalconRules},
    {.name = "bloom", .rules = kBloomRules},
    {.name = "poro-chat", .rules = kBloomRules},
    {.name = "gpt3-finnish", .rules = kBloomRules},
    {.name = "viking", .rules = kVikingRules},
    {.name = "tekken", .rules = kTekkenRules, .ignore_merges = true, .add_bos = true},
    {.name = "gpt-4o", .rules = kGpt4oRules},
    {.name = "llama4", .rules = kGpt4oRules},
    {.name = "kanana2", .rules = kGpt4oRules},
    {.name = "minimax-m2", .rules = kGpt4oRules},
    {.name = "seed-coder", .rules = kSeedCoderRules},
};

struct KnownPattern {
  std::string_view pattern;  // line ends written as \r and \n
  SplitRule rule;
};
constexpr KnownPattern kPatterns[] = {
    {R"__('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)__", kGpt2},
    {R"__('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)__", kGpt2},
    {R"__((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kQwen2},
    {R"__('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)__", kQwen2},
    {R"__((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kQwen35},
    {R"__((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kLlama3},
    {R"__('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s)__", kLlama3},
    {R"__('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)__",
     kLlama3},
    {R"__((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kAnyDigits},
    {R"__((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kMarkedLetters},
    {R"__((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kSeedCoder},
    {R"__([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kTekken},
    {R"__([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kGpt4o},
    {R"__([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)__",
     kDeepSeek3},
    {R"__(\p{N}{1,3})__", kThreeDigits},
    {R"__(\p{N})__", kOneDigit},
    {R"__(\p{N}+)__", kDigits},
    {R"__([0-9][0-9][0-9])__", kAsciiTriple},
    {R"__([0-9])__", kOneAsciiDigit},
    {R"__([\r\n])__", kLineEnd},
    {R"__(\s?\p{L}+)__", kLedLetters},
    {R"__(\s?\p{P}+)__", kLedPunctuation},
    {R"__(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)__",
     kLedDeepSeekLetters},
    {R"__(\s?[!-/:-~！-／：-～‘-‟　-。]+)__", kLedDeepSeekPunctuation},
    {R"__(\s+$)__", kTrailingSpace},
    {R"__([一-龥ࠀ-一가-퟿]+)__", kDeepSeekCjk},
    {R"__([一-龥぀-ゟ゠-ヿ]+)__", kDeepSeek3Cjk},
    {R"__( ?[^(\s|[.,!?…。，、।۔،])]+)__", kBloom},
    {R"__(\s)__", kOneSpace},
    {R"__(\s+)__", kSpaces},
};

}  // namespace

const SplitRule kGpt2Words = kGpt2;
const SplitRule kSingleDigits = kOneDigit;
const SplitRule kDigitRuns = kDigits;
const SplitRule kSinglePunctuation = kOnePunctuation;
const SplitRule kPunctuationRuns = kFalconPunctuation;
const SplitRule kMarkedWords = kMarkedWord;

const NamedPreTokenizer* find_pre_tokenizer(std::string_view name) noexcept {
  for (const NamedPreTokenizer& row : kNames)
    if (row.name == name) return &row;
  return nullptr;
}

const SplitRule* find_split_pattern(std::string_view pattern) {
  std::string escaped;  // some files spell line ends out, some write them as they are
  for (const char c : pattern) escaped += c == '\r' ? "\\r" : c == '\n' ? "\\n" : std::string(1, c);
  for (const KnownPattern& row : kPatterns)
    if (row.pattern == escaped) return &row.rule;
  return nullptr;
}

}  // namespace sotto::text
