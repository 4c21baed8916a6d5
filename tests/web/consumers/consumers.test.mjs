// The consumers that need nothing but what web/ has installed; the others: node tests/web/consumers/run.mjs all.
import { test } from 'node:test';

import { consumers } from './consumers.mjs';
import { Missing } from './project.mjs';
import { skip, tryConsumer } from './trying.mjs';

for (const [name, { title, mode = '', isQuick }] of Object.entries(consumers)) {
  if (!isQuick) continue;
  test(`${name}: ${title} ${mode}`, { skip }, async (t) => {
    try {
      await tryConsumer(name);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      t.skip(error.message);
    }
  });
}
