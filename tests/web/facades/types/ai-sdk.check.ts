/** Compiled against the real `@ai-sdk/provider` by peers.test.mjs. */
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { LanguageModel } from 'ai';
import { type CallOptions, sotto, type SottoLanguageModel, type StreamPart } from '../../../../web/src/ai-sdk.ts';
import type { Model } from '../../../../web/src/types.ts';

declare const model: Model;
declare const call: LanguageModelV4CallOptions;
declare const part: StreamPart;

export const languageModel: LanguageModelV4 = sotto(model, { minP: 0.1 });
export const forSdk: LanguageModel = sotto(model);
export const callOptions: CallOptions = call;
export const streamPart: LanguageModelV4StreamPart = part;
// @ts-expect-error a control of one call is no setting
export const wrong: SottoLanguageModel = sotto(model, { signal: new AbortController().signal });
