/** What the stand-in says. */

export const answer = `The capital of France is **Paris**. It lies on the *Seine*, and is known for:

- the Louvre, the largest art museum in the world
- the Eiffel Tower, built in 1889
- its cafés, where one may sit for hours

To count its bridges, you could write:

\`\`\`python
bridges = ["Pont Neuf", "Pont Marie"]
print(len(bridges))
\`\`\`

More is at [its site](https://www.paris.fr), or ask me with \`retry\`.`;

const sea = 'The sea went out further than anybody remembered, and the village went after it, slowly, with buckets. ';

export function scriptFor(prompt: string): string {
  if (/long/i.test(prompt)) return sea.repeat(60);
  if (/markup/i.test(prompt)) return 'A tag <img src=x onerror="document.title=1"> and a [link](javascript:alert(1)) stay text.';
  return answer;
}

/** Pieces of about a word each, as tokens are. */
export function pieces(text: string): string[] {
  return text.match(/\s?[\p{L}\p{N}]{1,7}|\n+|[^\p{L}\p{N}]/gu) ?? [];
}
