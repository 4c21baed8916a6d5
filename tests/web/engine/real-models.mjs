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
      'The answer to this question lies in the intricate dance of light and color. The sky appears blue because of a phenomenon ' +
      'known as Rayleigh scattering. This occurs when light encounters molecules of air, which scatter',
  },
  {
    question: 'Write one sentence about the sea.',
    text:
      'The sea is a vast, mysterious, and awe-inspiring body of water that surrounds the world and is a symbol of the unknown, the ' +
      'unexplored, and the unbridled.',
  },
]);
export const gemma = model('gemma-3-270m-q4_k_m.gguf', [
  {
    prompt: 'Once upon a time, in a village by the sea,',
    text:
      ' there lived a man named John. He was a very kind and gentle man, and he loved his family very much. One day, John was ' +
      'walking along the beach when he saw a beautiful woman.',
  },
  {
    prompt: 'The sea is',
    text:
      ' a great place to swim, but it can be a bit rough.\n\nThe sea is a great place to swim, but it can be a bit rough.\n\nThe sea ' +
      'is a great place to',
  },
]);
export const longest = 40;

/** Why tests of that model cannot run. */
export const skipModel = ({ file, path }) => (existsSync(path) ? false : `there is no ${file}: sotto pull`);
