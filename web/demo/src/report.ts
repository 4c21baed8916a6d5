/** What self-test and bench found, as Markdown for an issue or a message. */
import type { MemoryReport, ModelInfo } from '../../src/types.ts';
import type { BenchResult } from './bench.ts';
import { bytes, milliseconds, rate } from './format.ts';
import type { Check } from './self-test.ts';

export interface Report {
  title: string;
  info: ModelInfo;
  memory?: MemoryReport;
  checks?: readonly Check[];
  bench?: BenchResult;
}

export function markdownReport({ title, info, memory, checks, bench }: Report): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const table = (head: string[], rows: string[][]) =>
    [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
  const about = table(
    ['', ''],
    [
      ['Model', title],
      [
        'Threads',
        `${info.threads}${info.threadsReason ? ` (${info.threadsReason})` : ''} of ${navigator.hardwareConcurrency} cores`,
      ],
      ['Instructions', info.variant],
      ...(memory
        ? [['Memory', `${bytes(memory.linearBytes)}, weights ${bytes(memory.weightsBytes)}, cache ${bytes(memory.kvBytes)}`]]
        : []),
      ['Loaded in', milliseconds(info.loadMs)],
      ['Browser', navigator.userAgent],
    ],
  );
  return (
    [
      '## Sotto in this browser',
      about,
      checks &&
        table(
          ['Check', 'Outcome', 'Detail'],
          checks.map(({ name, outcome, detail }) => [name, outcome, detail]),
        ),
      bench && table(['Bench', `Median of ${bench.rounds}`], benchRows(bench)),
    ]
      .filter((part) => part !== undefined)
      .join('\n\n') + '\n'
  );
}

export function benchRows(bench: BenchResult): string[][] {
  return [
    [`Prompt of ${bench.promptTokens} tokens`, `${rate(bench.prefillTps)} tokens/s`],
    [`Answer of ${bench.newTokens} tokens`, `${rate(bench.decodeTps)} tokens/s`],
    ['First token', milliseconds(bench.firstTokenMs)],
  ];
}
