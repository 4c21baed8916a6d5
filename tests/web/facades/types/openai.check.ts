/** Compiled against the real `openai` package by peers.test.mjs: what its users pass is taken, what they read is there. */
import type OpenAIPackage from 'openai';
import type { Stream as PackageStream } from 'openai/core/streaming';
import {
  type ChatCompletion, type ChatCompletionChunk, type ChatCompletionParams, type Completion, type CompletionChunk,
  type CompletionParams, createOpenAI, OpenAI, type RequestOptions, type Stream,
} from '../../../../web/src/openai.ts';
import type { Model } from '../../../../web/src/types.ts';

type Chat = OpenAIPackage.Chat.Completions;
declare const model: Model;
declare const theirs: {
  chat: OpenAIPackage.Chat.ChatCompletionCreateParams;
  completion: OpenAIPackage.CompletionCreateParams;
  options: Pick<OpenAIPackage.RequestOptions, 'signal' | 'timeout'>;
};
declare const ours: {
  chat: ChatCompletion;
  chunk: ChatCompletionChunk;
  completion: Completion;
  completionChunk: CompletionChunk;
  stream: Stream<ChatCompletionChunk>;
};

export const params: [ChatCompletionParams, CompletionParams, RequestOptions] = [theirs.chat, theirs.completion, theirs.options];
export const chat: OpenAIPackage.Chat.ChatCompletion = ours.chat;
export const chunk: OpenAIPackage.Chat.ChatCompletionChunk = ours.chunk;
export const completion: OpenAIPackage.Completion = ours.completion;
export const stream: Pick<PackageStream<OpenAIPackage.Chat.ChatCompletionChunk>, 'controller' | 'toReadableStream'> &
  AsyncIterable<OpenAIPackage.Chat.ChatCompletionChunk> = ours.stream;
// @ts-expect-error their type hides that finish_reason is null up to the last chunk
export const completionChunk: OpenAIPackage.Completion = ours.completionChunk;

export async function use(messages: OpenAIPackage.Chat.ChatCompletionMessageParam[]): Promise<void> {
  const client = createOpenAI(model) satisfies OpenAI;
  const answer = await client.chat.completions.create({ model: 'any', messages, temperature: 0.2 });
  messages.push(answer.choices[0]!.message);
  for await (const { choices } of await client.chat.completions.create({ messages, stream: true })) {
    const text: string | undefined = choices[0]?.delta.content;
    void text;
  }
  const either: ChatCompletion | Stream<ChatCompletionChunk> = await client.chat.completions.create(theirs.chat);
  void either;
  // @ts-expect-error what is not supported is told before it runs
  await client.chat.completions.create({ messages, tools: [] });
}
export type { Chat };
