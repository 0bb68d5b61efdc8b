// Keeps the world in step with the backend: a snapshot, then every event after it, in order.
import { asAppError, type Backend } from "../backend/backend";
import type { AppError } from "../backend/bindings/AppError";
import type { Conversation } from "../backend/bindings/Conversation";
import type { Event } from "../backend/bindings/Event";
import type { WindowEvent } from "../backend/bindings/WindowEvent";
import { apply, fromSnapshot, withOpen, type World } from "./world";

/** Events kept to bring a reply up to date that was asked for before they came. */
const KEPT = 4096;

export class Session {
  /** Null until the first snapshot. */
  world = $state.raw<World | null>(null);
  /** Why there is no world, or why it may be old. */
  failure = $state.raw<AppError | null>(null);

  #backend: Backend;
  #recent: Event[] = [];
  #fetching = false;
  #opening = 0;
  /** The latest call for a conversation is on its way. */
  #awaited = false;

  #happened: (event: WindowEvent) => void;

  /** `happened` hears of the window itself. */
  constructor(backend: Backend, happened: (event: WindowEvent) => void = () => {}) {
    this.#backend = backend;
    this.#happened = happened;
  }

  /** Events first, so that none is lost between the snapshot and the first of them. */
  async start(): Promise<void> {
    try {
      await this.#backend.subscribe(({ events, window }) => {
        if (events.length > 0) this.#receive(events);
        window.forEach(this.#happened);
      });
    } catch (thrown) {
      this.failure = asAppError(thrown);
      return;
    }
    await this.#fetch();
  }

  /** Puts a conversation on the page. Only the latest call counts. Rejects with an `AppError`. */
  async open(id: string): Promise<void> {
    const turn = ++this.#opening;
    this.#awaited = true;
    try {
      const conversation = await this.#backend.call("conversation_open", { id });
      if (turn === this.#opening) this.show(conversation);
    } finally {
      if (turn === this.#opening) this.#awaited = false;
      this.#reopen();
    }
  }

  /** Puts a conversation on the page that a reply brought. */
  show(conversation: Conversation): void {
    if (!this.world) return;
    const oldest = this.#recent[0]?.seq ?? Infinity;
    this.world = withOpen(this.world, conversation, this.#recent);
    if (this.world.seq > conversation.seq && oldest > conversation.seq + 1) this.world = { ...this.world, stale: true };
    this.#reopen();
  }

  close(): void {
    this.#opening += 1;
    this.#awaited = false;
    if (this.world) this.world = { ...this.world, open: null, stale: false };
  }

  #receive(events: Event[]): void {
    this.#recent.push(...events);
    if (this.#recent.length > KEPT) this.#recent.splice(0, this.#recent.length - KEPT);
    if (this.world) this.#advance(this.world, events);
  }

  /** Applies what follows without a gap; a gap means a new snapshot. */
  #advance(from: World, events: readonly Event[]): void {
    let world = from;
    for (const event of events) {
      if (event.seq > world.seq + 1) {
        this.world = world;
        void this.#fetch();
        return;
      }
      world = apply(world, event);
    }
    this.world = world;
    this.#reopen();
  }

  async #fetch(): Promise<void> {
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      const snapshot = await this.#backend.call("snapshot", {});
      const { open = null, progress = {}, downloads = null, work = null } = this.world ?? {};
      const world = { ...fromSnapshot(snapshot), open, progress, downloads, work, stale: open !== null };
      this.failure = null;
      this.#fetching = false;
      this.#advance(world, this.#recent.filter((event) => event.seq > snapshot.seq));
    } catch (thrown) {
      this.failure = asAppError(thrown);
    } finally {
      this.#fetching = false;
    }
  }

  /** Never beside a call on its way: its reply catches up with what came since, or brings what the person asked for. */
  #reopen(): void {
    const open = this.world?.open;
    if (!open || !this.world?.stale || this.#awaited) return;
    this.world = { ...this.world, stale: false };
    this.open(open.summary.id).catch((thrown: unknown) => {
      const failure = asAppError(thrown);
      if (failure.key === "conversation-unknown") this.close();
      else this.failure = failure;
    });
  }
}
