// The core's interface (web/src/core.d.ts) in JavaScript, so that client, worker and generations are tested without wasm. What it
// does is written in what it is given: a model's bytes are the JSON of a FakeModel, a prompt (or the last message) may be that of
// a FakeRun.
//   FakeModel {finishMs?, trapAtFinish?, error?, also?: [names of further files]}, then spaces up to the wanted size
//   FakeRun   {pieces?, pieceMs?, prefill?, prefillMs?, spin?, error?, refuse?, trap?, exit?, throwLater?, echo?}

const headerBytes = 64;
const value = (of) => JSON.stringify({ value: of });
const failure = (code, message, where = '') => JSON.stringify({ error: { code, message, where } });
const guarded = (compute) => {
  try {
    return value(compute() ?? null);
  } catch (error) {
    if (!error.fake) throw error;
    return failure(error.fake.code, error.fake.message, error.fake.where);
  }
};
const raise = (fake) => {
  throw Object.assign(new Error(fake.message), { fake });
};
const now = () => performance.now();

export default async function makeCore({ poolSize, instantiateWasm, mainScriptUrlOrBlob }) {
  await new Promise((received) => instantiateWasm({}, received));
  const wasmMemory = new WebAssembly.Memory({ initial: 160, maximum: 1024, shared: true });
  let top = 1024;
  const allocate = (bytes) => {
    const address = top;
    top += Math.ceil(bytes / 8) * 8;
    return address;
  };
  const alive = { Engine: 0, Incoming: 0, Model: 0, Session: 0, Generation: 0, Sha256: 0 };

  class Handle {
    constructor() {
      ++alive[this.constructor.name];
    }
    status() {
      return this.failed ?? value({});
    }
    delete() {
      if (this.isDeleted) throw new Error('deleted twice');
      this.isDeleted = true;
      --alive[this.constructor.name];
    }
    watch(call) {
      this.call = call;
    }
    get isCancelled() {
      return module.isCancelled(this.call);
    }
    /** Computes for some time, or until its call is ended. */
    compute(ms) {
      const end = now() + ms;
      while (now() < end && !this.isCancelled);
    }
  }

  class Engine extends Handle {
    constructor(options) {
      super();
      this.options = JSON.parse(options);
    }
    status() {
      return value({ threads: poolSize + 1, target: 'fake' });
    }
    trace() {
      if (!this.options.trace) return failure('unsupported', 'the engine was made without the option trace', 'trace');
      return value({ traceEvents: [{ name: 'step', ph: 'X', ts: 0, dur: 1, pid: 1, tid: 1 }] });
    }
  }

  let room = 0;
  class Incoming extends Handle {
    constructor(engine, options) {
      super();
      this.options = JSON.parse(options);
      this.files = new Map();
      this.names = [];
      if (this.options.quantize === 'q9_9')
        this.failed = failure('invalid_argument', 'quantize is "q9_9", wanted one of auto, none', 'quantize');
    }
    told() {
      const open = this.names.find((name) => !this.files.has(name) || this.files.get(name).at < this.files.get(name).size);
      const file = this.files.get(open);
      const first = this.files.get(this.names[0]);
      const wanted = open === undefined ? null : { file: open, offset: file?.at ?? 0, known: file !== undefined };
      const headers = first !== undefined && first.at >= Math.min(headerBytes, first.size);
      return value({ wanted, headers, done_bytes: 0, total_bytes: 0 });
    }
    status() {
      return this.failed ?? this.told();
    }
    offer(name, size) {
      if (!this.names.includes(name)) this.names.push(name);
      this.files.set(name, { size, at: 0, text: '' });
      return this.status();
    }
    missing(name) {
      this.files.set(name, { size: 0, at: 0, text: '' });
      return this.told();
    }
    room(bytes) {
      room ||= allocate(2 ** 22);
      return bytes <= 2 ** 22 ? room : 0;
    }
    commit(name, bytes) {
      const file = this.files.get(name);
      file.text += new TextDecoder('latin1').decode(new Uint8Array(wasmMemory.buffer, room, bytes).slice());
      file.at += bytes;
      if (file.at > file.size) return failure('bad_model', `${name} is longer than its size`, name);
      if (file.at === file.size && name === this.names[0]) {
        try {
          this.model = JSON.parse(file.text);
        } catch {
          return failure('bad_model', `${name} is no JSON`, `${name}:0`);
        }
        this.names.push(...(this.model.also ?? []));
      }
      return this.told();
    }
    inspect() {
      return value({
        format: 'gguf',
        architecture: 'fake',
        supported: true,
        unsupported_reason: '',
        parameters: 1,
        tensor_bytes: 4,
        metadata: { 'general.file_type': 'x', some_key: 'y', thread_script: mainScriptUrlOrBlob?.constructor.name ?? 'none' },
        tensors: [{ name: 'token_embd.weight', type: 'F32', shape: [1], bytes: 4 }],
      });
    }
    plan(session) {
      const { context = 4096 } = JSON.parse(session);
      return value({ weights_bytes: 1000, tokenizer_bytes: 100, kv_bytes: context * 1024, scratch_bytes: 10 });
    }
    finish() {
      return guarded(() => {
        const { finishMs = 0, trapAtFinish = false, error } = this.model;
        this.compute(finishMs);
        if (this.isCancelled) raise({ code: 'cancelled', message: 'cancelled' });
        if (trapAtFinish) throw new WebAssembly.RuntimeError('unreachable');
        if (error) raise(error);
      });
    }
  }

  class Model extends Handle {
    constructor(incoming) {
      super();
      this.spec = incoming.model;
      this.loadOptions = incoming.options;
    }
    info() {
      return value({
        architecture: 'fake',
        name: JSON.stringify(this.loadOptions),
        parameters: 1,
        n_layers: 1,
        dim: 1,
        n_heads: 1,
        n_kv_heads: 1,
        head_dim: 1,
        ffn_dim: 1,
        n_vocab: 256,
        max_context: 4096,
        largest_window: 0,
        decode_bytes: 0,
        load_ms: 1,
        has_chat_template: true,
        warnings: ['a fake'],
      });
    }
    memory() {
      return value({ weights_bytes: 1000, tokenizer_bytes: 0, kv_bytes: alive.Session, scratch_bytes: alive.Generation + alive.Incoming * 1000 });
    }
    tokenize(text, options) {
      return value([...new TextEncoder().encode(text)].concat(JSON.parse(options).add_special === false ? [] : [0]));
    }
    decode(request) {
      return value(new TextDecoder().decode(new Uint8Array(JSON.parse(request).tokens)));
    }
    applyTemplate(request) {
      return value(request);
    }
  }

  class Session extends Handle {
    constructor(model, options, tokens = []) {
      super();
      this.model = model;
      this.options = JSON.parse(options);
      this.held = tokens;
      if (this.options.context === 13) this.failed = failure('out_of_memory', 'prefill_chunk is too much', 'prefill_chunk');
    }
    tokens() {
      return value(this.held);
    }
    rewind(n) {
      if (n > this.held.length)
        return failure('invalid_argument', `n_tokens is ${n}, wanted 0 to ${this.held.length}`, 'n_tokens');
      this.held.length = n;
      return value(null);
    }
    fork() {
      return new Session(this.model, '{}', [...this.held]);
    }
  }

  class Generation extends Handle {
    constructor(session, request) {
      super();
      this.session = session;
      this.request = JSON.parse(request);
      this.started = now();
      const { prompt, tokens, messages } = this.request;
      const text = prompt ?? messages?.at(-1)?.content ?? tokens?.join(' ') ?? '';
      this.run = text.startsWith('{') ? JSON.parse(text) : { pieces: text.split(/(?<= )/) };
      if (this.run.echo) this.run.pieces = [request];
      const { prefill = 4 } = this.run;
      this.prefill = { done: 0, total: prefill };
      this.said = [];
      this.reason = '';
      if (this.run.refuse) this.failed = failure('context_overflow', 'max_tokens is too much', 'max_tokens');
    }
    get late() {
      return this.request.timeout_ms !== undefined && now() - this.started > this.request.timeout_ms;
    }
    step(maxMs, slice) {
      return guarded(() => {
        const { pieces: planned = [], pieceMs = 0, prefillMs = 0, spin, trap, exit, throwLater } = this.run;
        const end = now() + maxMs;
        const pieces = [];
        if (trap) throw new WebAssembly.RuntimeError('unreachable');
        if (exit !== undefined) {
          if (globalThis.process) process.exit(exit);
          self.close(); // after this turn
          return { pieces: [], prefill: this.prefill, done: false };
        }
        if (throwLater)
          setTimeout(() => {
            throw new Error('out of the blue');
          });
        if (spin) this.compute(60_000);
        do {
          if (this.isCancelled) this.reason = 'cancelled';
          else if (this.late) this.reason = 'deadline';
          else if (this.prefill.done < this.prefill.total) {
            const n = Math.min(slice || 256, this.prefill.total - this.prefill.done);
            this.compute((prefillMs * n) / this.prefill.total);
            this.prefill.done += n;
          } else if (this.said.length === planned.length || this.said.length === (this.request.max_tokens ?? 512)) {
            this.reason = this.said.length === planned.length ? 'stop' : 'length';
          } else {
            this.compute(pieceMs);
            const text = planned[this.said.length];
            this.said.push(text);
            this.session.held.push(this.said.length);
            const asked = this.request.logprobs === undefined ? {} : { logprob: -1, top_logprobs: [{ token: 7, logprob: -1 }] };
            pieces.push({ text, token: this.said.length, ...asked });
          }
        } while (!this.reason && now() < end);
        return { pieces, prefill: this.prefill, done: this.reason !== '' };
      });
    }
    result() {
      const { error } = this.run;
      if (error) return failure(error.code, error.message, error.where);
      return value({
        text: this.said.join(''),
        tokens: this.said.map((_, i) => i + 1),
        prompt_tokens: [1],
        finish_reason: this.reason,
        stop_string: '',
        seed: this.request.seed ?? 0,
        invalid_bytes: 0,
        usage: { prompt_tokens: 1, cached_tokens: 0, completion_tokens: this.said.length },
        timings: { tokenize_ms: 0, prefill_ms: 0, first_token_ms: 0, decode_ms: 0, prefill_tps: 0, decode_tps: 0 },
      });
    }
  }

  class Sha256 extends Handle {
    update() {}
    hex() {
      return '0'.repeat(64);
    }
  }

  const module = { Engine, Incoming, Model, Session, Generation, Sha256, generationOptions: () => '[]', wasmMemory };
  return module;
}
