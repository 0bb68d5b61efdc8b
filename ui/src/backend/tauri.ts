// The real backend: the shell's commands.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend } from "./backend";
import type { Pushed } from "./bindings/Pushed";

export const tauriBackend: Backend = {
  call: (name, request) => invoke("call", { name, request }),
  subscribe: (receive) => {
    const channel = new Channel<Pushed>();
    channel.onmessage = receive;
    return invoke("subscribe", { channel });
  },
  closeWindow: () => invoke("close_window"),
  pickModel: (folder) => invoke("pick_model", { folder }),
};
