// What the window knows, and how each event changes it. Pure: the same events give the same world.
import type { AnswerStage } from "../backend/bindings/AnswerStage";
import type { Conversation } from "../backend/bindings/Conversation";
import type { Downloads } from "../backend/bindings/Downloads";
import type { ConversationSummary } from "../backend/bindings/ConversationSummary";
import type { Event } from "../backend/bindings/Event";
import type { LibraryWork } from "../backend/bindings/LibraryWork";
import type { Message } from "../backend/bindings/Message";
import type { Part } from "../backend/bindings/Part";
import type { Snapshot } from "../backend/bindings/Snapshot";

export interface World extends Snapshot {
  /** The conversation on the page: its active path. */
  open: Conversation | null;
  /** True where `open` must be fetched anew. */
  stale: boolean;
  /** What answers without words wait for, by message. */
  progress: Readonly<Record<string, AnswerStage>>;
  /** Null until it was asked for or told. */
  downloads: Downloads | null;
  /** What is done to the library, or was last. */
  work: LibraryWork | null;
}

export function fromSnapshot(snapshot: Snapshot): World {
  return { ...snapshot, conversations: sorted(snapshot.conversations), open: null, stale: false, progress: {}, downloads: null, work: null };
}

/** The world after an event; events that it has seen already change nothing. */
export function apply(world: World, event: Event): World {
  if (event.seq <= world.seq) return world;
  return applyToOpen({ ...applyToLists(world, event), seq: event.seq }, event);
}

/** The world with a conversation on the page, brought up to date by the events told since. */
export function withOpen(world: World, conversation: Conversation, recent: readonly Event[]): World {
  const shown = { ...world, open: conversation, stale: false };
  return recent.filter((event) => event.seq <= world.seq).reduce(applyToOpen, shown);
}

function applyToLists(world: World, event: Event): World {
  switch (event.type) {
    case "conversation_changed": {
      const others = world.conversations.filter((c) => c.id !== event.conversation.id);
      return { ...world, conversations: sorted([event.conversation, ...others]) };
    }
    case "conversation_deleted":
      return { ...world, conversations: world.conversations.filter((c) => c.id !== event.id) };
    case "models_changed":
      return { ...world, models: event.models, memory: event.memory };
    case "trouble":
      return { ...world, troubles: [...world.troubles, event.error] };
    case "settings_changed":
      return { ...world, settings: event.settings };
    case "answer_progress":
      return { ...world, progress: { ...world.progress, [event.message]: event.stage } };
    case "message_reasoning":
    case "message_text":
      return withoutProgress(world, event.message);
    case "message_changed":
      return event.message.status === "streaming" ? world : withoutProgress(world, event.message.id);
    case "downloads_changed":
      return { ...world, downloads: event.downloads };
    case "library_work_changed":
      return { ...world, work: event.work };
    default:
      return world;
  }
}

/** Only what changes the conversation on the page, and only where its reply has not told it already. */
function applyToOpen(world: World, event: Event): World {
  const open = world.open;
  if (!open || event.seq <= open.seq) return world;
  switch (event.type) {
    case "conversation_deleted":
      return event.id === open.summary.id ? { ...world, open: null } : world;
    case "path_changed":
      return event.conversation === open.summary.id ? { ...world, stale: true } : world;
    case "message_changed": {
      if (event.message.conversation !== open.summary.id) return world;
      const messages = placed(open.messages, event.message);
      return messages ? { ...world, open: { ...open, messages } } : { ...world, stale: true };
    }
    case "message_reasoning":
    case "message_text": {
      if (event.conversation !== open.summary.id) return world;
      const messages = open.messages.slice();
      const at = messages.findLastIndex((m) => m.id === event.message);
      if (at < 0) return { ...world, stale: true };
      messages[at] = withMore(messages[at]!, event);
      return { ...world, open: { ...open, messages } };
    }
    default:
      return world;
  }
}

/** The path with the message on it, which ends the path where it is new; null where its parent is not on it. */
function placed(path: readonly Message[], message: Message): Message[] | null {
  const at = path.findLastIndex((m) => m.id === message.id);
  if (at >= 0) return path.with(at, message);
  if (message.parent === null) return [message];
  const parent = path.findLastIndex((m) => m.id === message.parent);
  return parent < 0 ? null : [...path.slice(0, parent + 1), message];
}

type More = Extract<Event, { type: "message_reasoning" | "message_text" }>;

/** Reasoning is the first part, and the text the last. */
function withMore(message: Message, more: More): Message {
  const thought = thoughtOf(message);
  const text = textOf(message);
  const parts: Part[] = [];
  if (more.type === "message_reasoning") {
    const { duration_ms, ended } = more;
    parts.push({ type: "reasoning", text: (thought?.text ?? "") + more.text, duration_ms, ended });
    if (text !== "") parts.push({ type: "text", text });
  } else {
    if (thought) parts.push(thought);
    parts.push({ type: "text", text: text + more.text });
  }
  return { ...message, parts };
}

function withoutProgress(world: World, message: string): World {
  if (!(message in world.progress)) return world;
  const { [message]: _ended, ...progress } = world.progress;
  return { ...world, progress };
}

function sorted(conversations: ConversationSummary[]): ConversationSummary[] {
  return conversations.toSorted((a, b) => b.updated_at - a.updated_at || (a.id < b.id ? 1 : -1));
}

/** The words of a message, without what a model thought before them. */
export function textOf(message: Message): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

export type Thought = Extract<Part, { type: "reasoning" }>;

/** What a model thought before its answer. */
export function thoughtOf(message: Message): Thought | null {
  return message.parts.find((part) => part.type === "reasoning") ?? null;
}
