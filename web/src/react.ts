/** React hooks: useModel loads a model for as long as a component is there, useChat holds a conversation with one. */
import { type FormEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { load as loadModel } from './index.ts';
import { Chat, type ChatMessage, type ChatModel, type ChatOptions, type ChatState } from './react/chat.ts';
import { ModelLoading, type ModelState } from './react/model-loading.ts';
import type { LoadOptions, Message, Source } from './types.ts';

export type { ChatMessage, ChatModel, ChatOptions, ChatState, ModelState };

export interface UseModelOptions extends Omit<LoadOptions, 'signal' | 'onProgress'> {
  /** Another `load`, for example that of `sotto/inline`. */
  load?: typeof loadModel;
}

/** Loads `source` and closes it on unmount, or when another source comes: texts and URLs are compared by their value, all else by
 * identity. Without a source nothing is loaded. Options are read when a load begins. */
export function useModel(source: Source | null | undefined, options: UseModelOptions = {}): ModelState {
  const [loading] = useState(() => new ModelLoading());
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const key = source instanceof URL ? source.href : source;
  useEffect(() => {
    if (key === null || key === undefined) return;
    const { load = loadModel, ...others } = latest.current;
    return loading.open((control) => load(key, { ...others, ...control }));
  }, [loading, key]);
  return useSyncExternalStore(loading.subscribe, loading.getState, loading.getState);
}

export interface UseChatOptions extends ChatOptions {
  /** What the conversation starts with; read once. */
  initialMessages?: readonly Message[];
}

export interface UseChat extends ChatState, Pick<Chat, 'send' | 'retry' | 'edit' | 'stop' | 'setMessages'> {
  /** Text of the input field. */
  input: string;
  setInput: (text: string) => void;
  /** Sends the input, for `onSubmit`. Nothing happens while an answer is written, without a model, or without a text. */
  submit: (event?: Pick<FormEvent, 'preventDefault'>) => void;
}

/** A conversation with a model, or with a session of its own. What runs is stopped on unmount; closing the model stays with
 * useModel, or with whoever made it. */
export function useChat(model: ChatModel | null | undefined, { initialMessages, ...options }: UseChatOptions = {}): UseChat {
  const [chat] = useState(() => new Chat(initialMessages));
  const [input, setInput] = useState('');
  useEffect(() => {
    chat.model = model ?? undefined;
    chat.options = options;
  });
  useEffect(() => chat.stop, [chat]);
  const state = useSyncExternalStore(chat.subscribe, chat.getState, chat.getState);
  const { send, retry, edit, stop, setMessages } = chat;

  function submit(event?: Pick<FormEvent, 'preventDefault'>): void {
    event?.preventDefault();
    if (chat.busy || chat.model === undefined || input.trim() === '') return;
    setInput('');
    void send(input);
  }
  return { ...state, send, retry, edit, stop, setMessages, input, setInput, submit };
}
