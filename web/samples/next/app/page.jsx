'use client';
import { useState } from 'react';
import { useChat, useModel } from 'sotto/react';

export default function Page() {
  const [source, setSource] = useState();
  const { model, progress, error } = useModel(source);
  const chat = useChat(model, { maxTokens: 64 });
  const loaded = progress && `${progress.phase} ${Math.round((100 * progress.loaded) / progress.total)} %`;

  function pick(event) {
    event.preventDefault();
    setSource(event.currentTarget.elements.source.value);
  }
  return (
    <main>
      <form onSubmit={pick}>
        <label>
          Model <input name="source" defaultValue="smollm2-135m-instruct" required />
        </label>
        <button>Load</button>
        <output>{error?.message ?? (model ? `${model.info.threads} threads, ${model.info.variant}` : loaded)}</output>
      </form>
      {chat.messages.map(({ id, role, content }) => (
        <p key={id}>
          {role}: <output>{content}</output>
        </p>
      ))}
      <form onSubmit={chat.submit}>
        <label>
          Question <input name="question" value={chat.input} onChange={(event) => chat.setInput(event.target.value)} required />
        </label>
        <button disabled={!model}>Ask</button>
        <output>{chat.error?.message}</output>
      </form>
      <pre>{JSON.stringify({ info: model?.info, result: chat.messages.at(-1)?.result }, null, 2)}</pre>
    </main>
  );
}
