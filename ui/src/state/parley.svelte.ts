// The window's own state over the session, and everything that a person can do in it.
import { SvelteSet } from "svelte/reactivity";
import { asAppError, type Backend, type CommandName, type Reply, type Request } from "../backend/backend";
import type { AppError } from "../backend/bindings/AppError";
import type { ConversationSummary } from "../backend/bindings/ConversationSummary";
import type { Diagnostics } from "../backend/bindings/Diagnostics";
import type { Message } from "../backend/bindings/Message";
import type { Settings } from "../backend/bindings/Settings";
import type { WindowEvent } from "../backend/bindings/WindowEvent";
import { Appearance } from "./appearance.svelte";
import { Arrivals } from "./arrivals.svelte";
import { Deletion } from "./deletion.svelte";
import { Drafts } from "./drafts.svelte";
import { Library } from "./library";
import { modelOf } from "./models";
import { Session } from "./session.svelte";
import { Shelves } from "./shelves.svelte";
import { canGoOn } from "./thread";
import { textOf, type World } from "./world";

export type View = "chat" | "library" | "settings";

const LAST_KEY = "conversation";
const VIEW_KEY = "view";
const NONE: ConversationSummary[] = [];

export class Parley {
  readonly session: Session;
  readonly appearance = new Appearance();
  readonly deletion: Deletion;
  readonly library: Library;
  readonly shelves: Shelves;
  readonly arrivals: Arrivals;

  #view = $state<View>("chat");
  /** The part of the settings that should come into sight. */
  settingsWish = $state<string | null>(null);
  /** The conversation on the page; null: a new one that has no words yet. */
  current = $state<string | null>(null);
  /** Whether the conversation on the page is kept nowhere, nor anything about it. */
  temporary = $state(false);
  /** The own message that the composer rewrites. */
  editing = $state.raw<Message | null>(null);
  pickerOpen = $state(false);
  keysOpen = $state(false);
  /** The person closes the window while an answer is being written. */
  closing = $state(false);
  /** The conversation whose title is being written, and where. */
  renaming = $state.raw<{ id: string; place: "list" | "head" } | null>(null);
  /** What went wrong last with something the person asked for. */
  notice = $state.raw<AppError | null>(null);
  /** Between Enter and the first sign of the answer. */
  sending = $state(false);
  /** The answer that was asked for last, until it has been told to a screen reader. */
  asked = $state<string | null>(null);
  /** Rises whenever the composer should take the keyboard. */
  focusWish = $state(0);
  /** Rises whenever the thread should go to its end. */
  endWish = $state(0);

  /** Troubles the person has put away, as told. */
  #dismissed = new SvelteSet<string>();
  #backend: Backend;
  #drafts = new Drafts(true);
  #passingDrafts = new Drafts(false);
  #started: () => void = () => {};
  /** The settings are changed one after another, each on what the one before left. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(backend: Backend) {
    this.#backend = backend;
    this.session = new Session(backend, (event) => this.#happened(event));
    this.library = new Library(backend, this.session);
    this.shelves = new Shelves(backend);
    const view = localStorage.getItem(VIEW_KEY);
    if (view === "settings" || view === "library") this.#view = view;
    this.deletion = new Deletion((id) => this.#delete(id));
    const started = new Promise<void>((resolve) => (this.#started = resolve));
    this.arrivals = new Arrivals((path) => started.then(() => this.library.add(path)), (model) => this.choose(model));
  }

  async start(): Promise<void> {
    this.notice = null;
    await this.deletion.resume();
    await this.session.start();
    const last = localStorage.getItem(LAST_KEY);
    if (this.world) this.#started();
    void this.library.refreshDownloads();
    if (last === null || !this.world?.conversations.some((c) => c.id === last)) return;
    const { view } = this;
    const opened = this.open(last);
    this.view = view;
    await opened;
  }

  openLibrary(): void {
    this.pickerOpen = false;
    this.view = "library";
  }

  /** The settings, at one of their parts. */
  openSettings(part: string): void {
    this.settingsWish = part;
    this.view = "settings";
  }

  /** Chats with a model, in a new conversation. */
  async chatWith(model: string): Promise<AppError | null> {
    this.begin();
    const failure = await this.choose(model, null);
    if (failure) this.notice = failure;
    return failure;
  }

  get view(): View {
    return this.#view;
  }
  set view(view: View) {
    this.#view = view;
    localStorage.setItem(VIEW_KEY, view);
  }

  #happened(event: WindowEvent): void {
    if (event.type === "close_asked") this.closing = true;
    else if (event.type === "files_hover") this.arrivals.hover = event.over;
    else {
      this.view = "chat";
      void this.arrivals.open(event.paths);
    }
  }

  /** Closes the window for good; what is being written is kept as far as it has come. */
  async closeWindow(): Promise<void> {
    this.closing = false;
    this.deletion.finish();
    await this.#attempt(this.#backend.closeWindow());
  }

  get world(): World | null {
    return this.session.world;
  }

  /** Apart from the world, which is another with every piece of an answer: the list is the same one then. */
  #listed = $derived(this.world?.conversations ?? NONE);
  conversations = $derived.by(() => {
    const hidden = this.deletion.pending?.id;
    return hidden ? this.#listed.filter((c) => c.id !== hidden) : this.#listed;
  });
  summary = $derived(this.conversations.find((c) => c.id === this.current) ?? null);
  /** The active path of the conversation on the page, as far as it has come. */
  path = $derived.by((): Message[] => {
    const open = this.world?.open;
    return open && open.summary.id === this.current ? open.messages : [];
  });
  model = $derived(this.world && modelOf(this.summary, this.world.settings, this.world.models));
  answering = $derived(this.summary?.answering === true || this.path.at(-1)?.status === "streaming");

  /** What the person should read above the composer: the latest first. */
  get told(): AppError | null {
    const trouble = this.world?.troubles.find((error) => !this.#dismissed.has(JSON.stringify(error)));
    return this.notice ?? this.arrivals.failures[0] ?? this.session.failure ?? trouble ?? null;
  }

  /** Puts away what is told. */
  dismiss(): void {
    if (this.notice) this.notice = null;
    else if (this.arrivals.failures.length > 0) this.arrivals.failures = this.arrivals.failures.slice(1);
    else if (this.session.failure) this.session.failure = null;
    else if (this.told) this.#dismissed.add(JSON.stringify(this.told));
  }

  /** What the composer holds: a rewriting of a message stands apart from what else is drafted. */
  get draft(): string {
    return this.#draftsHere.of(this.#draftOf);
  }
  set draft(text: string) {
    this.#draftsHere.set(this.#draftOf, text);
  }
  get #draftsHere(): Drafts {
    return this.temporary ? this.#passingDrafts : this.#drafts;
  }
  get #draftOf(): string {
    return this.editing?.id ?? this.current ?? "";
  }

  async open(id: string, temporary = this.conversations.find((c) => c.id === id)?.temporary ?? false): Promise<void> {
    this.view = "chat";
    this.appearance.paneOver = false;
    if (this.current !== id) this.#leave();
    this.current = id;
    this.temporary = temporary;
    if (temporary) localStorage.removeItem(LAST_KEY);
    else localStorage.setItem(LAST_KEY, id);
    await this.#attempt(this.session.open(id));
    this.endWish += 1;
  }

  begin(temporary = false): void {
    this.view = "chat";
    this.appearance.paneOver = false;
    if (this.current !== null || this.temporary !== temporary) this.#leave();
    this.current = null;
    this.temporary = temporary;
    localStorage.removeItem(LAST_KEY);
    this.session.close();
    this.focusWish += 1;
  }

  #leave(): void {
    if (this.editing && this.draft === textOf(this.editing)) this.cancelEdit();
    this.editing = null;
    this.notice = null;
    this.pickerOpen = false;
    this.renaming = null;
  }

  /** Says what the composer holds, or `words`, and asks for an answer. */
  async send(words?: string): Promise<void> {
    const text = (words ?? this.draft).toWellFormed(); // half a surrogate pair is no text
    if (text.trim() === "" || this.answering || this.sending) return;
    const conversation = this.current;
    const editing = this.editing;
    const draftOf = this.#draftOf;
    const drafts = this.#draftsHere;
    const { temporary } = this;
    this.sending = true;
    this.notice = null;
    if (words === undefined) this.draft = "";
    this.editing = null;
    this.endWish += 1;
    const parent = editing ? (editing.parent ?? "") : null;
    const reply = await this.#try("message_send", { conversation, parent, text, model: null, temporary });
    this.sending = false;
    if (reply) this.asked = reply.message;
    if (!reply && words === undefined) {
      // What was written is kept, and so is what was written since.
      const since = drafts.of(draftOf);
      drafts.set(draftOf, since === "" ? text : `${text}\n\n${since}`);
      if (this.current === conversation) this.editing ??= editing;
    } else if (reply && conversation === null) {
      drafts.move("", reply.conversation);
      if (this.current === null && this.temporary === temporary) await this.open(reply.conversation, temporary);
    }
  }

  async again(message: Message): Promise<void> {
    if (this.answering || this.sending) return;
    this.sending = true;
    this.notice = null;
    this.endWish += 1;
    const reply = await this.#try("answer_again", { conversation: message.conversation, message: message.id, model: null });
    this.sending = false;
    if (reply) this.asked = reply.message;
  }

  /** The last answer, where it ended before its end and can go on from there. */
  get goesOn(): Message | null {
    const last = this.path.at(-1);
    return last && !this.answering && !this.sending && canGoOn(last) ? last : null;
  }

  async goOn(): Promise<void> {
    const message = this.goesOn;
    if (!message) return;
    this.sending = true;
    this.notice = null;
    this.endWish += 1;
    await this.#try("answer_continue", { conversation: message.conversation, message: message.id });
    this.sending = false;
  }

  async stop(): Promise<void> {
    if (this.current) await this.#try("answer_stop", { id: this.current });
  }

  /** Puts an own message back into the composer; sending it begins another branch. */
  edit(message: Message): void {
    this.editing = message;
    if (this.draft === "") this.draft = textOf(message);
    this.focusWish += 1;
  }

  editLast(): void {
    const own = this.path.findLast((m) => m.role === "user");
    if (own && !this.answering) this.edit(own);
  }

  /** The composer holds again what it held before. */
  cancelEdit(): void {
    this.draft = "";
    this.editing = null;
  }

  /** The sibling before or after a message, and what was said below it. */
  async branch(message: Message, step: 1 | -1): Promise<void> {
    const sibling = message.siblings[message.siblings.indexOf(message.id) + step];
    if (!sibling || this.answering) return;
    const reply = await this.#try("branch_choose", { conversation: message.conversation, message: sibling });
    if (reply && reply.summary.id === this.current) this.session.show(reply);
  }

  async branchLast(step: 1 | -1): Promise<void> {
    const message = this.path.findLast((m) => m.siblings.length > 1);
    if (message) await this.branch(message, step);
  }

  /** The keyboard goes back to the composer. */
  closePicker(): void {
    this.pickerOpen = false;
    this.focusWish += 1;
  }

  /** Null where it went well. */
  async choose(model: string, conversation = this.current): Promise<AppError | null> {
    try {
      await this.#inTurn(() => this.#backend.call("model_choose", { conversation, model }));
      const { world } = this;
      if (world) this.session.world = { ...world, settings: { ...world.settings, model } };
      if (this.pickerOpen) this.closePicker();
      return null;
    } catch (thrown) {
      return asAppError(thrown);
    }
  }

  /** A model file or folder of the person's: added in place, then chosen. Null where it went well or they changed their mind. */
  async openModel(folder = false): Promise<AppError | null> {
    const conversation = this.current;
    try {
      const path = await this.#backend.pickModel(folder);
      if (path === null) return null;
      return await this.choose(await this.library.add(path), conversation);
    } catch (thrown) {
      return asAppError(thrown);
    }
  }

  /** A folder of the person's choice; null where they changed their mind. */
  async pickFolder(): Promise<string | null> {
    return this.#attempt(this.#backend.pickModel(true));
  }

  async diagnostics(): Promise<Diagnostics | null> {
    return this.#try("diagnostics", {});
  }

  /** Looks again at what is there and what is in memory. */
  async refreshModels(): Promise<void> {
    const reply = await this.#try("models", {});
    if (reply && this.session.world) this.session.world = { ...this.session.world, ...reply };
  }

  async rename(id: string, title: string): Promise<void> {
    this.renaming = null;
    await this.#try("conversation_rename", { id, title: title.trim() });
  }

  /** What is kept nowhere goes at once: to take it back would mean to have kept it. */
  remove(conversation: ConversationSummary): void {
    if (conversation.temporary) void this.#delete(conversation.id);
    else this.deletion.begin(conversation);
    if (conversation.id === this.current) this.begin();
  }

  async #delete(id: string): Promise<void> {
    try {
      await this.#backend.call("conversation_delete", { id });
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.key !== "conversation-unknown") this.notice = error;
    }
    this.#drafts.set(id, "");
    this.#passingDrafts.set(id, "");
  }

  undoRemove(): void {
    const conversation = this.deletion.undo();
    if (conversation) void this.open(conversation.id);
  }

  async change(settings: Partial<Settings>): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.world) return;
      const reply = await this.#try("settings_change", { ...this.world.settings, ...settings });
      if (reply && this.session.world) this.session.world = { ...this.session.world, settings: reply };
    });
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => {});
    return turn;
  }

  /** The command's reply, or null and a notice. */
  async #try<N extends CommandName>(name: N, request: Request<N>): Promise<Reply<N> | null> {
    return this.#attempt(this.#backend.call(name, request));
  }

  async #attempt<T>(call: Promise<T>): Promise<T | null> {
    try {
      return await call;
    } catch (thrown) {
      this.notice = asAppError(thrown);
      return null;
    }
  }
}
