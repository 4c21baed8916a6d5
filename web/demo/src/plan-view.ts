/** What a model needs, before anything of it is downloaded. */
import type { Plan } from '../../src/types.ts';
import { h } from './dom.ts';
import { bytes } from './format.ts';
import { type Share, sharesBar, sharesLegend } from './shares.ts';

function memoryShares(plan: Plan): Share[] {
  return [
    { label: 'Weights', value: plan.weightsBytes, told: bytes(plan.weightsBytes) },
    { label: 'Tokenizer', value: plan.tokenizerBytes, told: bytes(plan.tokenizerBytes) },
    { label: 'Cache', value: plan.kvBytes, told: bytes(plan.kvBytes) },
    { label: 'Working space', value: plan.scratchBytes, told: bytes(plan.scratchBytes) },
  ];
}

export function planNodes(plan: Plan): HTMLElement[] {
  const shares = memoryShares(plan);
  return [
    h(
      'dl',
      { class: 'sizes' },
      h('div', {}, h('dt', {}, 'Download'), h('dd', {}, plan.downloadBytes ? bytes(plan.downloadBytes) : 'Nothing')),
      h('div', {}, h('dt', {}, 'Memory'), h('dd', {}, bytes(plan.totalBytes))),
    ),
    h('div', {}, sharesBar(shares), sharesLegend(shares)),
    plan.fits
      ? h('p', { class: 'small' }, 'It fits into the memory that a page can have here.')
      : h(
          'p',
          { class: 'note', 'data-kind': 'error' },
          'It does not fit into the memory that a page can have here. A shorter context or an 8-bit cache (under Options) ' +
            'may help; otherwise choose a smaller model.',
        ),
  ];
}

/** For a screen reader, as one sentence. */
export function planSentence(plan: Plan): string {
  const download = plan.downloadBytes ? `Download ${bytes(plan.downloadBytes)}` : 'Nothing to download';
  return `${download}, memory ${bytes(plan.totalBytes)}. ${plan.fits ? 'It fits.' : 'It does not fit.'}`;
}
