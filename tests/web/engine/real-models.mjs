// The two real models of the cache folder that `sotto pull` fills, and what the native command answers:
//   build/native/bin/sotto run MODEL -p PROMPT -n 40 --json, with --raw for the model that has no chat template.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const cache = process.env.SOTTO_CACHE ?? join(homedir(), '.cache/sotto');
export const nativeCommand = fileURLToPath(new URL('../../../build/native/bin/sotto', import.meta.url));

const model = (file, answers) => ({ file, path: join(cache, 'models', file), answers });
export const smol = model('SmolLM2-135M-Instruct.Q4_1.gguf', [
  {
    question: 'Why is the sky blue?',
    text:
      'The answer to this question lies in the intricate dance of light and color. The human eye is capable of perceiving a range ' +
      'of colors, but specifically, the human eye is sensitive to blue light. When',
  },
  {
    question: 'Write one sentence about the sea.',
    text: 'The sea is a vast and mysterious realm, teeming with wonders that have captivated humanity for centuries.',
  },
]);
export const gemma = model('gemma-3-270m-q4_k_m.gguf', [
  {
    prompt: 'Once upon a time, in a village by the sea,',
    text:
      ' there lived a man named John. He was a farmer, and he had a son named John. John was a very good farmer, and he had a son ' +
      'named John. John was very proud of',
  },
  {
    prompt: 'The sea is',
    text:
      ' a great place to swim, but it can be a bit rough in the winter.\n\nThe winter season is a great time to swim in the sea.' +
      '\n\nThe sea is a great place to swim',
  },
]);
export const longest = 40;

/** Why tests of that model cannot run. */
export const skipModel = ({ file, path }) => (existsSync(path) ? false : `there is no ${file}: sotto pull`);
