// node main.mjs [MODEL] [QUESTION], also with deno run -A, and bun. A model is a path, a URL, or a name.
import { load } from 'sotto';

const [source = 'smollm2-135m-instruct', question = 'Give me three tips for a good sleep.'] = process.argv.slice(2);
const model = await load(source);
const generation = model.chat([{ role: 'user', content: question }], { maxTokens: 64 });
for await (const { text } of generation) process.stdout.write(text);
console.error(JSON.stringify({ info: model.info, result: await generation.result }, null, 2));
await model.close();
