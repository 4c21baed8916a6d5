/** Small things that outlive a visit. Where storage is forbidden, nothing is kept, and nothing breaks. */

function storage(kind: 'localStorage' | 'sessionStorage'): Storage | undefined {
  try {
    return globalThis[kind];
  } catch {
    return undefined;
  }
}

/** A value under `sotto.<key>`, as JSON. `read` gives undefined for what is missing or cannot be read. */
export class Kept {
  readonly #key: string;
  readonly #storage: Storage | undefined;

  constructor(kind: 'localStorage' | 'sessionStorage', key: string) {
    this.#key = `sotto.${key}`;
    this.#storage = storage(kind);
  }

  read(): unknown {
    try {
      return JSON.parse(this.#storage?.getItem(this.#key) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  write(value: unknown): void {
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(value));
    } catch {
      // Full: what was kept before stays.
    }
  }
}
