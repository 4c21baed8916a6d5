/** The dictionaries of the Prompt API, as far as they mean something for a model of text. */
export type Availability = 'unavailable' | 'downloadable' | 'downloading' | 'available';

export interface Content {
  /** Only `text` is supported. */
  type: string;
  value: unknown;
}
export interface PromptMessage {
  role: 'system' | 'user' | 'assistant';
  content: string | readonly Content[];
  /** NotSupportedError where true. */
  prefix?: boolean;
}
/** A text is one of the user. */
export type Prompt = string | readonly PromptMessage[];

export interface Expected {
  type: string;
  /** Not read: which languages a model knows is not written in its file. */
  languages?: readonly string[];
}

export type SamplingMode = 'most-predictable' | 'predictable' | 'balanced' | 'creative' | 'most-creative';

export interface CoreOptions {
  expectedInputs?: readonly Expected[];
  expectedOutputs?: readonly Expected[];
  /** NotSupportedError where there are any. */
  tools?: readonly unknown[];
  samplingMode?: SamplingMode;
  /** 1 to 128; more is 128. TypeError beside `samplingMode`. */
  topK?: number;
  /** 0 (greedy) to 2; more is 2. TypeError beside `samplingMode`. */
  temperature?: number;
}

export interface CreateOptions extends CoreOptions {
  /** Ends the creation, and later the session. */
  signal?: AbortSignal;
  /** Is given the target of `downloadprogress` events: `loaded` goes from 0 to 1. */
  monitor?: (monitor: CreateMonitor) => void;
  /** Never dropped. */
  initialPrompts?: readonly PromptMessage[];
}

export interface CreateMonitor extends EventTarget {
  ondownloadprogress: ((this: CreateMonitor, event: ProgressEvent) => unknown) | null;
}

export interface AppendOptions {
  signal?: AbortSignal;
}
export interface PromptOptions extends AppendOptions {
  /** NotSupportedError where given. */
  responseConstraint?: object;
  omitResponseConstraintInput?: boolean;
}

export interface Params {
  readonly defaultTopK: number;
  readonly maxTopK: number;
  readonly defaultTemperature: number;
  readonly maxTemperature: number;
}
