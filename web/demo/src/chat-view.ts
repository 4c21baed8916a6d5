/** The second view: the conversation, where to write, and the panel. */
import type { Model } from '../../src/types.ts';
import { announce, StreamAnnouncer } from './announce.ts';
import { Chat, type ChatListener } from './chat.ts';
import { ChecksView } from './checks-view.ts';
import { Composer } from './composer.ts';
import type { Turn } from './conversation.ts';
import { button, h, saveFile, show } from './dom.ts';
import { FiguresView } from './figures-view.ts';
import { count } from './format.ts';
import { Panel } from './panel.ts';
import type { Settings } from './settings.ts';
import { SettingsView } from './settings-view.ts';
import { TimelineView } from './timeline-view.ts';
import { TurnView } from './turn-view.ts';
import { Welcome } from './welcome.ts';

export class ChatView implements ChatListener {
  readonly element: HTMLElement;
  readonly panel: Panel;
  readonly #title: string;
  readonly #chat: Chat;
  readonly #reload: () => void;
  readonly #settings = new SettingsView();
  readonly #figures: FiguresView;
  readonly #timeline: TimelineView;
  readonly #checks: ChecksView;
  readonly #composer: Composer;
  readonly #list = h('ol', { class: 'turns', 'aria-label': 'Conversation' });
  readonly #welcome: Welcome;
  readonly #clear: HTMLButtonElement[];
  #views: TurnView[] = [];
  #reader = new StreamAnnouncer();
  #frame = 0;

  /** @param reload the model was lost, or a visitor wants it anew */
  constructor(model: Model, title: string, reload: () => void) {
    this.#title = title;
    this.#reload = reload;
    this.#chat = new Chat(model, this);
    this.#figures = new FiguresView(model, this.#chat.meter);
    this.#timeline = new TimelineView(model);
    this.#checks = new ChecksView(model, title, (busy) => (this.#chat.blocked = busy));
    const label = model.info.hasChatTemplate ? 'Write a message' : 'Begin a text';
    this.#composer = new Composer(label, { send: (text) => this.#send(text), stop: () => this.#chat.stop() });
    this.#welcome = new Welcome(title, model.info.hasChatTemplate, {
      start: (text) => this.#send(text),
      undo: () => {
        this.#chat.undoClear();
        this.#composer.focus();
      },
    });
    this.#clear = [
      button(
        'Clear',
        () => {
          this.#chat.clear();
          announce('The conversation was cleared');
          this.#composer.focus();
        },
        { class: 'quiet' },
      ),
      button('Save as Markdown', () => saveFile('conversation.md', 'text/markdown', this.#chat.conversation.markdown(title)), {
        class: 'quiet',
      }),
      button('Save as JSON', () => saveFile('conversation.json', 'application/json', this.#json()), { class: 'quiet' }),
    ];
    this.#composer.tools.append(...this.#clear);
    const talk = h(
      'section',
      { class: 'talk', 'aria-label': `Chat with ${title}` },
      this.#welcome.element,
      this.#list,
      this.#composer.element,
    );
    this.panel = new Panel(
      [
        ['Figures', this.#figures.element, true],
        ['Timeline', this.#timeline.element, true],
        ['Settings', this.#settings.element, true],
        ['Checks', this.#checks.element, false],
      ],
      talk,
    );
    this.element = h('div', { class: 'chat' }, talk, this.panel.element);
    this.turns(0);
    this.#figures.draw();
  }

  /** Once it is on the page. */
  shown(): void {
    this.#composer.focus();
    this.#scroll();
  }

  turns(first: number): void {
    const { turns } = this.#chat;
    this.#views = this.#views.slice(0, first);
    while (this.#list.childElementCount > first) this.#list.lastElementChild!.remove();
    for (const [offset, turn] of turns.slice(first).entries()) this.#add(turn, first + offset);
    show(this.#list, turns.length > 0);
    for (const element of this.#clear) show(element, turns.length > 0);
    this.#welcome.show(turns.length === 0, this.#chat.canUndo);
    this.#scroll();
  }

  began(): void {
    this.#reader = new StreamAnnouncer();
    announce('Answering');
    this.#composer.busy = true;
    this.#checks.blocked = true;
    this.#figures.follow();
    this.#timeline.began();
    this.#drawSoon();
    this.#composer.focus(); // from "Retry" or an edit, which are gone
  }

  grew(turn: Turn): void {
    this.#reader.update(turn.content);
    this.#drawSoon();
  }

  ended(turn: Turn): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const view = this.#views.at(-1);
    const stuck = this.#atBottom();
    view?.stream(false, '');
    view?.draw();
    if (stuck) this.#scroll();
    this.#reader.end(turn.content, turn.fault ?? turn.outcome ?? '');
    this.#composer.busy = false;
    this.#checks.blocked = false;
    this.#figures.end();
    const { meter, pieces } = this.#chat;
    if (meter.result?.usage.completionTokens) this.#timeline.ended(meter.result.usage.completionTokens, pieces);
  }

  settings(): Settings | undefined {
    const settings = this.#settings.valid();
    if (!settings) announce('A setting is not right');
    return settings;
  }

  refused(message: string, where: string): boolean {
    return this.#settings.showFault(message, where);
  }

  #send(text: string): boolean {
    if (this.#chat.blocked) announce('A test is running: wait for it, or stop it');
    return this.#chat.send(text);
  }

  #add(turn: Turn, index: number): void {
    const view = new TurnView(turn, turn.role === 'user' ? 'You' : this.#title, {
      retry: (text) => this.#chat.retry(index, text),
      reload: this.#reload,
    });
    this.#views.push(view);
    this.#list.append(view.element);
  }

  /** At most once a frame, however fast tokens come. */
  #drawSoon(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#chat.running) return;
      const stuck = this.#atBottom();
      this.#views.at(-1)?.stream(true, this.#waiting());
      if (stuck) this.#scroll();
      if (this.#waiting()) this.#drawSoon();
    });
  }

  #waiting(): string {
    const { tokens, prefill } = this.#chat.meter;
    if (tokens > 0) return '';
    return prefill && prefill.total > 0 ? `Reading: ${count(prefill.done)} of ${count(prefill.total)} tokens` : 'Reading';
  }

  #json(): string {
    return this.#chat.conversation.json({
      model: this.#title,
      settings: this.#settings.valid() ?? { numbers: {}, stop: [], system: '' },
    });
  }

  /** Whoever scrolled up to read is left there. */
  #atBottom(): boolean {
    const page = document.documentElement;
    return page.scrollHeight - page.scrollTop - page.clientHeight < 80;
  }

  #scroll(): void {
    document.documentElement.scrollTop = document.documentElement.scrollHeight;
  }
}
