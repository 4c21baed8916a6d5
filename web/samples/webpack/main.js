import { load } from 'sotto';

const { picking, asking } = document.forms;
const [state, answer] = document.querySelectorAll('output');
const details = document.querySelector('pre');
let model;

picking.addEventListener('submit', async (event) => {
  event.preventDefault();
  asking.querySelector('button').disabled = true;
  await model?.close();
  try {
    const onProgress = ({ phase, loaded, total }) => (state.value = `${phase} ${Math.round((100 * loaded) / total)} %`);
    model = await load(picking.source.value, { onProgress });
    state.value = `${model.info.threads} threads, ${model.info.variant}`;
    asking.querySelector('button').disabled = false;
  } catch (error) {
    state.value = `${error.code}: ${error.message}`;
  }
});

asking.addEventListener('submit', async (event) => {
  event.preventDefault();
  answer.value = '';
  details.textContent = '';
  try {
    const generation = model.chat([{ role: 'user', content: asking.question.value }], { maxTokens: 64 });
    for await (const { text } of generation) answer.value += text;
    details.textContent = JSON.stringify({ info: model.info, result: await generation.result }, null, 2);
  } catch (error) {
    answer.value = `${error.code}: ${error.message}`;
  }
});
