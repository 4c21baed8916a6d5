/** The models that the page shows as cards: the package's catalogue, with words about each. */
import { catalogue as entries, type CatalogueEntry as Entry } from '../../src/sources/names.ts';

interface Words {
  title: string;
  about: string;
  parameters: string;
  licence: string;
  /** Has to be shown before the model is downloaded. */
  notice?: string;
}

/** `name` is what `load()` takes, and what the model is stored by. */
export type CatalogueEntry = Entry & Words;

const words: Record<string, Words> = {
  'smollm2-135m-instruct': {
    title: 'SmolLM2 135M Instruct',
    about: 'Small and quick, for a first try. It answers short questions in English, and is often wrong about facts.',
    parameters: '135 M parameters',
    licence: 'Apache-2.0',
  },
  'gemma-3-270m': {
    title: 'Gemma 3 270M',
    about: 'A base model that knows many languages. It continues the text you begin rather than answering questions.',
    parameters: '270 M parameters',
    licence: 'Gemma terms',
    notice: 'Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms',
  },
};

export const catalogue: readonly CatalogueEntry[] = entries.flatMap((entry) => {
  const about = words[entry.name];
  return about ? [{ ...entry, ...about }] : [];
});
