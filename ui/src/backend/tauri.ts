// The real backend: the shell's three commands.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend } from "./backend";
import type { Event } from "./bindings/Event";

export const tauriBackend: Backend = {
  call: (name, request) => invoke("call", { name, request }),
  subscribe: (receive) => {
    const channel = new Channel<Event[]>();
    channel.onmessage = receive;
    return invoke("subscribe", { channel });
  },
  pickModelFile: () => invoke("pick_model_file"),
};
