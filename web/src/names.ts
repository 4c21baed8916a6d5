/** The only place where names change between camelCase (TypeScript) and snake_case (the core's JSON). */

export const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const toCamel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Options of more than one word: a message of the core that names one names the field a caller wrote. */
const optionNames = [
  'memoryLimitBytes',
  'prefillChunk',
  'screenHead',
  'guessPreTokenizer',
  'tokenizerRequired',
  'warmUp',
  'maxTokens',
  'topK',
  'topP',
  'minP',
  'repeatPenalty',
  'frequencyPenalty',
  'presencePenalty',
  'penaltyWindow',
  'logitBias',
  'ignoreEos',
  'parseSpecial',
  'addSpecial',
  'skipSpecial',
  'addGenerationPrompt',
  'nTokens',
];
const snakeOptions = new Map(optionNames.map((name) => [toSnake(name), name]));

/** Turns whole words only: `blk.0.top_k.weight` stays. */
export function camelOptionNames(text: string): string {
  return text.replace(/(?<![\w.])[a-z]+(?:_[a-z]+)+(?![\w.]\w)/g, (word) => snakeOptions.get(word) ?? word);
}

/** Half of a pair, which no JSON parser has to take, becomes U+FFFD. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD');

/** JSON for the core, which reads null as minus infinity where a number is wanted. */
export function toCoreJson(value: object): string {
  return JSON.stringify(convert(value, toSnake, (leaf) => (typeof leaf === 'string' ? wellFormed(leaf) : leaf)));
}

/** Keys of `metadata` are those of the model's file, and stay. */
export function fromCoreJson(json: string): unknown {
  return convert(JSON.parse(json), toCamel, (leaf) => leaf);
}

function convert(value: unknown, rename: (name: string) => string, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => convert(entry, rename, leaf));
  if (typeof value !== 'object' || value === null) return leaf(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [rename(key), key === 'metadata' ? entry : convert(entry, rename, leaf)]),
  );
}
