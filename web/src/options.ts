/** The options of every public call: kinds and ranges, checked before anything is sent to the worker. Ranges are those of the
 * SDK's own tables (sdk/src/sampling/options.cpp, sdk/src/generate/options.cpp); a test compares them. */
import { callback, checkFields, Faults, flag, isRecord, list, oneOf, real, record, such, text, whole } from './checks.ts';
import type { Check } from './checks.ts';
import type {
  Control,
  DecodeOptions,
  EngineOptions,
  GenerationOptions,
  InspectOptions,
  LoadOptions,
  Message,
  ModelOptions,
  SessionOptions,
  SourceOptions,
  TemplateOptions,
  TokenizeOptions,
} from './types.ts';

type Table<T> = { [K in keyof Required<T>]: Check };

const maxCount = 2 ** 31 - 1; // tokens and ids: an int32 in the core
const maxStops = 64;
const maxBiases = 65536;
const maxStopBytes = 4096;
const maxListed = 2 ** 24; // ids and messages: as long as the longest context

const isSignal = (value: unknown): boolean =>
  isRecord(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function';
const isUrl = (value: unknown): boolean => value instanceof URL || (typeof value === 'string' && value !== '');
const isHttpUrl = (value: unknown): boolean => typeof value === 'string' && /^https?:\/\/[^/]/.test(value);

const control: Table<Control> = {
  signal: such(isSignal, 'an AbortSignal'),
  timeout: real(0, maxCount), // what setTimeout can hold
};
const source: Table<SourceOptions> = {
  token: text,
  hubUrl: such(isHttpUrl, 'an http or https URL'),
  storage: oneOf('auto', 'none'),
  sha256: such((value) => typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value), '64 hexadecimal digits'),
};
const engine: Table<EngineOptions> = {
  threads: whole(0, 64),
  variant: oneOf('auto', 'simd128', 'relaxed', 'memory64'),
  memoryLimitBytes: whole(0, Number.MAX_SAFE_INTEGER),
  trace: flag,
};
const session: Table<SessionOptions> = {
  context: whole(0, 2 ** 24),
  cache: oneOf('f32', 'f16', 'q8_0'),
  prefillChunk: whole(1, 4096),
};
const model: Table<ModelOptions> = {
  quantize: text, // which types there are, the core knows
  activations: oneOf('auto', 'i16', 'f32'),
  screenHead: flag,
  guessPreTokenizer: flag,
  tokenizerRequired: flag,
  warmUp: flag,
};
const baseUrl = such(isUrl, 'a URL');

const stopText: Check = (value, name, faults) => {
  if (typeof value !== 'string') return faults.wanted(name, value, 'a string');
  if (value === '') return faults.add(name, 'is empty');
  const { length } = new TextEncoder().encode(value);
  if (length > maxStopBytes) faults.add(name, `has ${length} bytes, wanted at most ${maxStopBytes}`);
};
const stopTexts = list(stopText, 'a string or a list of strings', maxStops);
const tokenId = whole(0, maxCount);
const bias = such((value) => typeof value === 'number' && value < Infinity, 'a finite number or -Infinity');

const generation: Table<GenerationOptions> = {
  ...control,
  maxTokens: whole(0, maxCount),
  temperature: real(0, 100),
  topK: whole(0, maxCount),
  topP: real(0, 1),
  minP: real(0, 1),
  repeatPenalty: real(0.01, 100),
  frequencyPenalty: real(-100, 100),
  presencePenalty: real(-100, 100),
  penaltyWindow: whole(-1, maxCount),
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  logitBias: list(record({ token: tokenId, bias }), 'a list of {token, bias}', maxBiases),
  stop: (value, name, faults) => (typeof value === 'string' ? stopText : stopTexts)(value, name, faults),
  logprobs: whole(0, 100),
  ignoreEos: flag,
  parseSpecial: flag,
};

const ids = list(tokenId, 'a list of token ids', maxListed);
const messages = list(record({ role: text, content: text }), 'a list of {role, content}', maxListed);
const tokenize: Table<TokenizeOptions> = { ...control, addSpecial: flag, parseSpecial: flag };
const decode: Table<DecodeOptions> = { ...control, skipSpecial: flag };
const template: Table<TemplateOptions> = { ...control, addGenerationPrompt: flag };
const load: Table<LoadOptions> = {
  ...control,
  ...source,
  ...engine,
  ...model,
  ...session,
  baseUrl,
  onProgress: callback,
};
const inspect: Table<InspectOptions> = { ...control, ...source, baseUrl };

/** The fields that are given, or invalid_argument with every fault of the options and of the other arguments. */
function checked<T extends object>(table: Table<T>, options: unknown, argument?: (faults: Faults) => void): T {
  const faults = new Faults();
  argument?.(faults);
  if (options === undefined) options = {};
  if (isRecord(options)) checkFields(table, options, '', faults);
  else faults.wanted('options', options, 'an object');
  faults.raise();
  return given(options as T);
}

function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

export const checkLoad = (options: unknown): LoadOptions => checked(load, options);
export const checkInspect = (options: unknown): InspectOptions => checked(inspect, options);
export const checkSession = (options: unknown): SessionOptions & Control =>
  checked<SessionOptions & Control>({ ...session, ...control }, options);
export const checkTokenize = (input: unknown, options: unknown): TokenizeOptions =>
  checked(tokenize, options, (faults) => text(input, 'text', faults));
export const checkDecode = (input: unknown, options: unknown): DecodeOptions =>
  checked(decode, options, (faults) => ids(input, 'ids', faults));
export const checkTemplate = (input: unknown, options: unknown): TemplateOptions =>
  checked(template, options, (faults) => messages(input, 'messages', faults));
export const checkCount = (input: unknown, name: string): void => {
  const faults = new Faults();
  whole(0, Number.MAX_SAFE_INTEGER)(input, name, faults);
  faults.raise();
};

export type Prompt = { prompt: string } | { tokens: readonly number[] } | { messages: readonly Message[] };

export function checkPrompt(prompt: unknown, options: unknown): { prompt: Prompt; options: GenerationOptions } {
  const check: Check = (value, name, faults) => {
    if (typeof value !== 'string') list(tokenId, 'a string or a list of token ids', maxListed)(value, name, faults);
  };
  const checkedOptions = checked(generation, options, (faults) => check(prompt, 'prompt', faults));
  return { prompt: typeof prompt === 'string' ? { prompt } : { tokens: prompt as number[] }, options: checkedOptions };
}

export function checkChat(input: unknown, options: unknown): { prompt: Prompt; options: GenerationOptions } {
  const checkedOptions = checked(generation, options, (faults) => messages(input, 'messages', faults));
  return { prompt: { messages: input as Message[] }, options: checkedOptions };
}

/** The parts of LoadOptions, each for whom it concerns. */
export function splitLoad(options: LoadOptions): LoadParts {
  return {
    source: only(source, options),
    engine: only(engine, options),
    model: only(model, options),
    session: only(session, options),
  };
}
export interface LoadParts {
  source: SourceOptions;
  engine: EngineOptions;
  model: ModelOptions;
  session: SessionOptions;
}

export const sourcePart = (options: SourceOptions): SourceOptions => only(source, options);
export const sessionPart = (options: SessionOptions): SessionOptions => only(session, options);
/** What is sent: everything but the signal and the timeout. */
export const withoutControl = <T extends Control>({ signal, timeout, ...rest }: T): Omit<T, keyof Control> => rest;

function only<T extends object>(table: Table<T>, fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key in table)) as T;
}
