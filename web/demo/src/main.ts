/** The page: picks a model, loads it, chats; one view at a time. */
import { announce } from './announce.ts';
import { ChatView } from './chat-view.ts';
import { button, h } from './dom.ts';
import { takeDrops } from './drop.ts';
import { sentence } from './errors.ts';
import { keepOffline } from './isolation.ts';
import { LoadDialog, type Loaded } from './load-dialog.ts';
import type { Choice } from './offers.ts';
import { PickView } from './pick-view.ts';
import { themeButton } from './theme.ts';

const main = document.getElementById('main')!;
const bar = document.querySelector('.bar')!;
const barModel = document.getElementById('bar-model')!;
const barActions = document.getElementById('bar-actions')!;

const pick = new PickView(document.querySelector('.hero')!, (choice) => void open(choice));
const theme = themeButton();
let loaded: Loaded | undefined;
let opening = false;

function showPick(): void {
  bar.removeAttribute('data-chat');
  barModel.replaceChildren();
  barActions.replaceChildren(theme);
  main.replaceChildren(pick.element);
  document.title = 'Sotto';
  void pick.refresh();
}

function showChat({ model, choice }: Loaded): void {
  const view = new ChatView(model, choice.title, () => void leave().then(() => open(choice)));
  bar.setAttribute('data-chat', '');
  barModel.replaceChildren(h('h1', {}, choice.title));
  barActions.replaceChildren(
    button('Models', () => void leave(), { class: 'quiet' }),
    view.panel.toggle,
    theme,
  );
  main.replaceChildren(view.element);
  document.title = `${choice.title} - Sotto`;
  announce(`${choice.title} is ready`);
  view.shown();
}

async function open(choice: Choice): Promise<void> {
  if (opening) return;
  opening = true;
  try {
    loaded = await LoadDialog.open(choice);
  } finally {
    opening = false;
  }
  if (loaded) showChat(loaded);
  else void pick.refresh(); // a load that was left keeps what had come
}

/** Frees the model; the conversation is kept for the next one. */
async function leave(): Promise<void> {
  const model = loaded?.model;
  loaded = undefined;
  showPick();
  scrollTo(0, 0);
  main.focus();
  // A model whose worker is lost cannot be closed any more, and holds nothing.
  await model?.close().catch(() => undefined);
}

takeDrops(
  () => !opening,
  ({ files, folder }) => {
    void (loaded ? leave() : Promise.resolve()).then(() => pick.files(files, folder));
  },
  (error) => pick.fault(sentence(error)),
);
showPick();
keepOffline();
