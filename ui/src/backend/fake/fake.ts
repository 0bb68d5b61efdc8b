// A backend without a program behind it: for the page tests and for working on the window in a browser.
// It keeps the contract of the real one (order and numbers of events, replies, failures) and makes answers up.
// Words in a message that do something: "code", "long", "table", "hostile", "slow", "think", "fail KEY", "refuse KEY", "interrupt".
import type { Backend, CommandName, Reply, Request } from "../backend";
import type { AppError } from "../bindings/AppError";
import type { Conversation } from "../bindings/Conversation";
import type { ConversationSummary } from "../bindings/ConversationSummary";
import type { Event } from "../bindings/Event";
import type { EventKind } from "../bindings/EventKind";
import type { Message } from "../bindings/Message";
import type { MessageStatus } from "../bindings/MessageStatus";
import type { ModelEntry } from "../bindings/ModelEntry";
import type { Pushed } from "../bindings/Pushed";
import type { StopReason } from "../bindings/StopReason";
import type { WindowEvent } from "../bindings/WindowEvent";
import { answerTo, failureOf, piecesOf, THOUGHTS } from "./answers";
import { FakeLibrary } from "./library";
import { receiptOf, type Scene } from "./scenes";

interface Kept {
  summary: ConversationSummary;
  leaf: string;
  lastChild: Map<string, string>;
}

function siblingsKey(message: Message): string {
  return `${message.conversation} ${message.parent ?? ""}`;
}

interface Making {
  message: string;
  stop: () => void;
}

export class FakeBackend implements Backend {
  /** Every call, for tests. */
  readonly calls: { name: string; request: unknown }[] = [];
  /** What the file dialog gives. */
  picked: string | null = "/home/you/models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";
  /** The window was closed for good. */
  closed = false;
  readonly library: FakeLibrary;

  #scene: Scene;
  #pace: number;
  #seq = 0;
  #ids = 0;
  #receive: (pushed: Pushed) => void = () => {};
  #conversations = new Map<string, Kept>();
  #messages = new Map<string, Message>();
  /** Ids of messages with the same parent. */
  #siblings = new Map<string, string[]>();
  #making = new Map<string, Making>();

  /** `pace`: milliseconds between two pieces of an answer. */
  constructor(scene: Scene, pace = 20) {
    this.#scene = scene;
    this.#pace = pace;
    this.library = new FakeLibrary({
      models: () => this.#scene.models,
      setModels: (models) => this.#setModels(models),
      settings: () => this.#scene.settings.network,
      setSettings: (network) => this.#set({ network }),
      folder: () => this.#scene.settings.library,
      setFolder: (library) => this.#set({ library }),
      tell: (event) => this.#tell(event),
    }, pace);
    for (const { summary, messages } of scene.conversations) {
      const lastChild = new Map(messages.map((m) => [m.parent ?? "", m.id]));
      this.#conversations.set(summary.id, { summary, leaf: messages.at(-1)!.id, lastChild });
      for (const message of messages) {
        for (const one of [...(scene.siblings.get(message.id) ?? []), message]) this.#keep(one);
      }
    }
  }

  async subscribe(receive: (pushed: Pushed) => void): Promise<void> {
    this.#receive = receive;
  }

  async closeWindow(): Promise<void> {
    this.closed = true;
  }

  async pickModel(_folder: boolean): Promise<string | null> {
    return this.picked;
  }

  async call<N extends CommandName>(name: N, request: Request<N>): Promise<Reply<N>> {
    this.calls.push({ name, request });
    await new Promise((resolve) => setTimeout(resolve, 1));
    const commands: { [M in CommandName]: (request: Request<M>) => Reply<M> } = {
      ...this.library.answers,
      snapshot: () => this.#snapshot(),
      conversation_open: ({ id }) => this.#opened(id),
      conversation_rename: ({ id, title }) => this.#rename(id, title),
      conversation_delete: ({ id }) => this.#delete(id),
      model_choose: ({ conversation, model }) => this.#choose(conversation, model),
      message_send: (said) => this.#send(said),
      answer_again: ({ conversation, message }) => this.#again(conversation, message),
      answer_stop: ({ id }) => (this.#making.get(id)?.stop(), {}),
      branch_choose: ({ conversation, message }) => this.#branch(conversation, message),
      models: () => ({ models: this.#scene.models, memory: this.#memory() }),
      model_import: ({ path }) => this.#import(path),
      model_load: ({ model }) => this.#load(model),
      model_eject: ({ model }) => this.#eject(model),
      answer_continue: ({ conversation, message }) => this.#continue(conversation, message),
      better_model: () => ({ better: this.#scene.better ?? null }),
      machine: () => this.#scene.machine,
      kept: () => this.#keptReading(),
      kept_clear: () => ((this.#scene.keptBytes = 0), this.#keptReading()),
      drafting: () => ({ models: this.#scene.drafted ?? [] }),
      draft_choose: ({ model, choice }) => {
        for (const drafted of this.#scene.drafted ?? []) if (drafted.model === model) drafted.choice = choice;
        return {};
      },
      diagnostics: () => this.#scene.diagnostics,
      settings_change: (settings) => {
        this.#scene.settings = settings;
        this.#scene.keptBytes = Math.min(this.#scene.keptBytes, this.#keptReading().most);
        this.#tell({ type: "settings_changed", settings });
        return settings;
      },
    };
    return structuredClone(commands[name](request));
  }

  /** For tests: skips numbers, as if events were lost. */
  loseEvents(count: number): void {
    this.#seq += count;
  }

  /** For tests: something happened to the window. */
  happen(...window: WindowEvent[]): void {
    this.#receive({ events: [], window });
  }

  #set(change: Partial<Scene["settings"]>): void {
    this.#scene.settings = { ...this.#scene.settings, ...change };
    this.#tell({ type: "settings_changed", settings: this.#scene.settings });
  }

  #tell(what: EventKind): void {
    const event = structuredClone({ seq: ++this.#seq, ...what }) as Event;
    this.#receive({ events: [event], window: [] });
  }

  #snapshot(): Reply<"snapshot"> {
    if (this.#scene.failure) throw this.#scene.failure;
    return {
      seq: this.#seq,
      conversations: [...this.#conversations.values()].map((kept) => kept.summary),
      models: this.#scene.models,
      memory: this.#memory(),
      settings: this.#scene.settings,
      troubles: [],
      system_language: this.#scene.systemLanguage,
      version: "0.1.0",
    };
  }

  #memory(): Reply<"models">["memory"] {
    const models = this.#scene.models.reduce((sum, { state }) => sum + (state.state === "loaded" ? state.memory : 0), 0);
    return { total: this.#scene.memory, models, free: this.#scene.memory - models };
  }

  #keptReading(): Reply<"kept"> {
    const usual = 16e9;
    return { bytes: this.#scene.keptBytes, most: this.#scene.settings.kept_bytes ?? usual, usual };
  }

  #kept(id: string): Kept {
    const kept = this.#conversations.get(id);
    if (!kept) throw failureOf("conversation-unknown", { id });
    return kept;
  }

  #opened(id: string): Conversation {
    const kept = this.#kept(id);
    const messages: Message[] = [];
    for (let at: string | null = kept.leaf; at; at = messages.at(-1)!.parent) messages.push(this.#withSiblings(this.#messages.get(at)!));
    return { summary: kept.summary, system: "", messages: messages.reverse(), seq: this.#seq };
  }

  #withSiblings(message: Message): Message {
    return { ...message, siblings: this.#siblings.get(siblingsKey(message)) ?? [message.id] };
  }

  #change(kept: Kept, change: Partial<ConversationSummary>): void {
    kept.summary = { ...kept.summary, ...change };
    this.#tell({ type: "conversation_changed", conversation: kept.summary });
  }

  #rename(id: string, title: string): Record<symbol, never> {
    const first = this.#opened(id).messages[0]?.parts[0]?.text ?? "";
    this.#change(this.#kept(id), { title: title || first.slice(0, 60) });
    return {};
  }

  #delete(id: string): Record<symbol, never> {
    this.#making.get(id)?.stop();
    this.#kept(id);
    this.#conversations.delete(id);
    this.#tell({ type: "conversation_deleted", id });
    return {};
  }

  #choose(conversation: string | null, model: string): Record<symbol, never> {
    if (conversation) this.#change(this.#kept(conversation), { model });
    this.#scene.settings = { ...this.#scene.settings, model };
    this.#tell({ type: "settings_changed", settings: this.#scene.settings });
    return {};
  }

  #import(path: string): ModelEntry {
    if (!path.endsWith(".gguf")) throw failureOf("not-a-model", { path });
    const there = this.#scene.models.find((m) => m.path === path);
    if (there) return there;
    const entry: ModelEntry = {
      id: "sha256:imported", name: "Qwen2.5 Coder 0.5B Instruct", source: { kind: "file", path }, path, architecture: "qwen2", parameters: 494_032_768,
      quantisation: "Q4_K_M", context: 32768, bytes: 491_400_064, memory: 760_000_000, state: { state: "ready" },
    };
    this.#setModels([...this.#scene.models, entry]);
    return entry;
  }

  #setModels(models: ModelEntry[]): void {
    this.#scene.models = models;
    this.#tell({ type: "models_changed", models, memory: this.#memory() });
  }

  #setState(id: string, state: ModelEntry["state"]): void {
    this.#setModels(this.#scene.models.map((m) => (m.id === id ? { ...m, state } : m)));
  }

  #load(id: string): Record<symbol, never> {
    const model = this.#model(id);
    if (model.memory > this.#scene.memory) throw failureOf("memory-short", { name: model.name, needed_bytes: model.memory, free_bytes: this.#memory().free, smaller: "none" });
    void this.#loaded(model);
    return {};
  }

  #eject(id: string): Record<symbol, never> {
    const model = this.#model(id);
    const using = [...this.#making.keys()].some((conversation) => this.#kept(conversation).summary.model === id);
    if (!using) this.#setState(model.id, { state: "ready" });
    return {};
  }

  #model(id: string): ModelEntry {
    const model = this.#scene.models.find((m) => m.id === id);
    if (!model) throw failureOf("model-unknown", { id });
    return model;
  }

  async #loaded(model: ModelEntry, tell: (fraction: number) => void = () => {}): Promise<void> {
    for (const fraction of [0.2, 0.6, 1]) {
      await new Promise((resolve) => setTimeout(resolve, this.#pace));
      this.#setState(model.id, { state: "loading", fraction });
      tell(fraction);
    }
    this.#setState(model.id, { state: "loaded", memory: model.memory });
  }

  #send(said: Request<"message_send">): Reply<"message_send"> {
    const refused = /refuse ([a-z-]+)/.exec(said.text)?.[1];
    if (refused) throw failureOf(refused);
    if (said.conversation && this.#making.has(said.conversation)) throw failureOf("already-answering");
    const now = Date.now();
    let id = said.conversation;
    if (id === null) {
      id = this.#id("conversation");
      const title = said.text.trim().split("\n")[0]!.slice(0, 60);
      const summary = { id, title, model: this.#scene.settings.model, created_at: now, updated_at: now, answering: false, temporary: said.temporary };
      this.#conversations.set(id, { summary, leaf: "", lastChild: new Map() });
    }
    const kept = this.#kept(id);
    const parent = said.parent === null ? kept.leaf || null : said.parent || null;
    const edited = (parent ?? "") !== kept.leaf;
    const message: Message = {
      id: this.#id("said"), conversation: id, parent, role: "user", parts: [{ type: "text", text: said.text }], author: null, status: "complete",
      error: null, receipt: null, siblings: [], created_at: now,
    };
    this.#add(kept, message);
    this.#change(kept, { updated_at: now, answering: true });
    if (!edited) this.#tell({ type: "message_changed", message: this.#withSiblings(message) });
    return this.#answer(kept, message, edited);
  }

  #again(conversation: string, message: string): Reply<"answer_again"> {
    const kept = this.#kept(conversation);
    if (this.#making.has(conversation)) throw failureOf("already-answering");
    const named = this.#messages.get(message)!;
    const said = named.role === "user" ? named : this.#messages.get(named.parent!)!;
    this.#change(kept, { updated_at: Date.now(), answering: true });
    return this.#answer(kept, said, true);
  }

  #continue(conversation: string, id: string): Reply<"answer_continue"> {
    const kept = this.#kept(conversation);
    if (this.#making.has(conversation)) throw failureOf("already-answering");
    const message = this.#messages.get(id);
    if (!message?.author || kept.leaf !== id) throw failureOf("cannot-continue");
    this.#change(kept, { updated_at: Date.now(), answering: true });
    const going: Message = { ...message, status: "streaming", error: null, receipt: null };
    this.#messages.set(id, going);
    this.#tell({ type: "message_changed", message: this.#withSiblings(going) });
    void this.#make(kept, going, "go on", this.#model(message.author.model));
    return { conversation, message: id };
  }

  #branch(conversation: string, message: string): Conversation {
    const kept = this.#kept(conversation);
    let leaf = message;
    for (let below = kept.lastChild.get(leaf); below; below = kept.lastChild.get(leaf)) leaf = below;
    kept.leaf = leaf;
    kept.lastChild.set(this.#messages.get(message)!.parent ?? "", message);
    this.#tell({ type: "path_changed", conversation });
    return this.#opened(conversation);
  }

  #id(kind: string): string {
    return `${kind}-${String(++this.#ids).padStart(6, "0")}`;
  }

  #keep(message: Message): void {
    this.#messages.set(message.id, message);
    const key = siblingsKey(message);
    this.#siblings.set(key, [...(this.#siblings.get(key) ?? []), message.id]);
  }

  #add(kept: Kept, message: Message): void {
    this.#keep(message);
    kept.leaf = message.id;
    kept.lastChild.set(message.parent ?? "", message.id);
  }

  #answer(kept: Kept, said: Message, otherPath: boolean): Reply<"message_send"> {
    const model = this.#scene.models.find((m) => m.id === (kept.summary.model ?? this.#scene.settings.model)) ?? this.#scene.models[0]!;
    const message: Message = {
      id: this.#id("answer"), conversation: kept.summary.id, parent: said.id, role: "assistant", parts: [],
      author: { model: model.id, name: model.name, quantisation: model.quantisation }, status: "streaming", error: null, receipt: null, siblings: [],
      created_at: Date.now(),
    };
    this.#add(kept, message);
    if (otherPath) this.#tell({ type: "path_changed", conversation: kept.summary.id });
    else this.#tell({ type: "message_changed", message: this.#withSiblings(message) });
    void this.#make(kept, message, said.parts.map((part) => part.text).join(""), model);
    return { conversation: kept.summary.id, message: message.id };
  }

  async #make(kept: Kept, begun: Message, prompt: string, model: ModelEntry): Promise<void> {
    const conversation = kept.summary.id;
    let stopped = false;
    const continued = new TextEncoder().encode(begun.parts.map((part) => part.text).join("")).length;
    this.#making.set(conversation, { message: begun.id, stop: () => (stopped = true) });
    const pace = prompt.includes("slow") ? this.#pace * 20 : this.#pace;
    const pause = () => new Promise((resolve) => setTimeout(resolve, pace));
    const progress = (stage: Extract<EventKind, { type: "answer_progress" }>["stage"]) =>
      this.#tell({ type: "answer_progress", conversation, message: begun.id, stage });
    const end = (status: MessageStatus, stop: StopReason | null, error: AppError | null) => {
      const now = this.#messages.get(begun.id)!;
      const path = this.#opened(conversation).messages;
      const receipt = status === "failed" ? null : receiptOf(model, path, stop, { continued_bytes: continued });
      this.#messages.set(begun.id, { ...now, status, error, receipt });
      this.#making.delete(conversation);
      this.#tell({ type: "message_changed", message: this.#withSiblings(this.#messages.get(begun.id)!) });
      if (this.#conversations.has(conversation)) this.#change(kept, { answering: false, updated_at: Date.now() });
    };

    await pause();
    progress({ stage: "queued" });
    const failing = /fail ([a-z-]+)/.exec(prompt)?.[1];
    if (failing) return end("failed", null, failureOf(failing));
    if (model.state.state !== "loaded") {
      await this.#loaded(model, (fraction) => progress({ stage: "loading", fraction }));
    }
    for (let read = 0; read <= 318 && !stopped; read += 106) {
      progress({ stage: "reading", read, total: 318 });
      await pause();
    }
    const parts = (): Message["parts"] => this.#messages.get(begun.id)!.parts;
    const keep = (parts: Message["parts"]) => this.#messages.set(begun.id, { ...this.#messages.get(begun.id)!, parts });
    if (prompt.includes("think")) {
      let text = "";
      const thoughts = piecesOf(THOUGHTS);
      for (const [at, more] of thoughts.entries()) {
        if (stopped) return end("stopped", "cancelled", null);
        text += more;
        const told = { duration_ms: (at + 1) * 300, ended: at === thoughts.length - 1 };
        keep([{ type: "reasoning", text, ...told }]);
        this.#tell({ type: "message_reasoning", conversation, message: begun.id, text: more, ...told });
        await pause();
      }
    }
    const pieces = piecesOf(answerTo(prompt));
    for (const [at, text] of pieces.entries()) {
      if (stopped) return end("stopped", "cancelled", null);
      if (prompt.includes("interrupt") && at === 12) return end("interrupted", null, failureOf("worker-died", { name: model.name }));
      const said = parts().find((part) => part.type === "text")?.text ?? "";
      keep([...parts().filter((part) => part.type === "reasoning"), { type: "text", text: said + text }]);
      this.#tell({ type: "message_text", conversation, message: begun.id, text });
      await pause();
    }
    end(stopped ? "stopped" : "complete", stopped ? "cancelled" : "end_of_turn", null);
  }
}
