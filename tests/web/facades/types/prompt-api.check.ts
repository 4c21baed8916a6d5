/// <reference types="dom-chromium-ai" />
/** Compiled against the types of Chrome's Prompt API by peers.test.mjs: a page can use either. */
import { createLanguageModel, type LanguageModelSession } from '../../../../web/src/prompt-api.ts';
import type { Model } from '../../../../web/src/types.ts';

declare const model: Model;
declare const session: LanguageModelSession;

type Statics = Pick<typeof LanguageModel, 'availability' | 'create' | 'params'>;
export const theirs: Statics = LanguageModel;
export const ours: Statics = createLanguageModel(model);
export const sessionOfChrome: LanguageModel = session;
export const either: Statics = typeof LanguageModel === 'undefined' ? createLanguageModel(model) : LanguageModel;
export const loaded: Statics = createLanguageModel(async (onProgress) => (onProgress satisfies (progress: never) => void, model));
