/** Log probabilities name tokens by their text: OpenAI's clients know no ids. */
import type { Model, Piece } from '../types.ts';
import type { ChatLogprobs, CompletionLogprobs, TopLogprob } from './types.ts';

class TokenTexts {
  readonly #model: Model;
  readonly #texts = new Map<number, Promise<string>>();

  constructor(model: Model) {
    this.#model = model;
  }

  of(token: number): Promise<string> {
    let text = this.#texts.get(token);
    if (text === undefined) {
      text = this.#decode(token);
      this.#texts.set(token, text);
    }
    return text;
  }

  // Some tokenizers take the blank off the start of a text. The second of two has kept it.
  async #decode(token: number): Promise<string> {
    const [once, twice] = await Promise.all([this.#model.decode([token]), this.#model.decode([token, token])]);
    return twice.slice(once.length);
  }
}

/** The chosen token of a piece, then the most likely ones. Null for a piece that only brings text of earlier tokens. */
async function named(texts: TokenTexts, piece: Piece): Promise<[TopLogprob, ...TopLogprob[]] | null> {
  const { token, logprob, topLogprobs = [] } = piece;
  if (token === undefined || logprob === undefined) return null;
  const name = async (entry: { token: number; logprob: number }): Promise<TopLogprob> => {
    const text = await texts.of(entry.token);
    const bytes = text.includes('\u{fffd}') ? null : [...new TextEncoder().encode(text)];
    return { token: text, bytes, logprob: entry.logprob };
  };
  return [await name({ token, logprob }), ...await Promise.all(topLogprobs.map(name))];
}

export function chatLogprobs(model: Model): (piece: Piece) => Promise<ChatLogprobs | null> {
  const texts = new TokenTexts(model);
  return async (piece) => {
    const entries = await named(texts, piece);
    if (entries === null) return null;
    const [chosen, ...top] = entries;
    return { content: [{ ...chosen, top_logprobs: top }], refusal: null };
  };
}

export function completionLogprobs(model: Model): (piece: Piece) => Promise<CompletionLogprobs | null> {
  const texts = new TokenTexts(model);
  let offset = 0;
  return async (piece) => {
    const entries = await named(texts, piece);
    if (entries === null) return null;
    const [chosen, ...top] = entries;
    offset += chosen.token.length;
    return {
      tokens: [chosen.token],
      token_logprobs: [chosen.logprob],
      top_logprobs: [Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))],
      text_offset: [offset - chosen.token.length],
    };
  };
}
