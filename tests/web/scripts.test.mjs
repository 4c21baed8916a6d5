// Scripts that no test imports parse, too: those of benchmarks, of consumers, of the demo.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const run = (command, ...args) => spawnSync(command, args, { cwd: new URL('../..', import.meta.url), encoding: 'utf8' });

test('every .mjs file parses', () => {
  const names = run('git', 'ls-files', '*.mjs').stdout.trim().split('\n');
  assert.ok(names.length > 50);
  for (const name of names) {
    const { status, stderr } = run(process.execPath, '--check', name);
    assert.equal(status, 0, stderr);
  }
});
