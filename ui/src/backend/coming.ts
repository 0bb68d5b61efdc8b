// What the program will do and the command table does not name yet. The window shows nothing of it before the program offers it:
// a row leaves this file in the commit in which the table has it.
import type { CatalogueAsked } from "./bindings/CatalogueAsked";
import type { CatalogueFamily } from "./bindings/CatalogueFamily";
import type { CatalogueModel } from "./bindings/CatalogueModel";
import type { Choice } from "./bindings/Choice";
import type { ChooseAnswers } from "./bindings/ChooseAnswers";
import type { Deletion } from "./bindings/Deletion";
import type { Download } from "./bindings/Download";
import type { DownloadMove } from "./bindings/DownloadMove";
import type { DownloadRef } from "./bindings/DownloadRef";
import type { Downloads } from "./bindings/Downloads";
import type { DownloadWish } from "./bindings/DownloadWish";
import type { Event } from "./bindings/Event";
import type { Fit } from "./bindings/Fit";
import type { FoundModels } from "./bindings/FoundModels";
import type { HubDetails } from "./bindings/HubDetails";
import type { HubFound } from "./bindings/HubFound";
import type { HubSearch } from "./bindings/HubSearch";
import type { Installed } from "./bindings/Installed";
import type { LibraryMove } from "./bindings/LibraryMove";
import type { LibraryWork } from "./bindings/LibraryWork";
import type { ModelDelete } from "./bindings/ModelDelete";
import type { ModelRef } from "./bindings/ModelRef";
import type { Network } from "./bindings/Network";
import type { NetworkSettings } from "./bindings/NetworkSettings";
import type { Nothing } from "./bindings/Nothing";
import type { RepositoryRef } from "./bindings/RepositoryRef";
import type { SecretSet } from "./bindings/SecretSet";
import type { TokenChecked } from "./bindings/TokenChecked";

/** A model of the catalogue, with what this machine says of each of its files. */
export type Offered = CatalogueModel & { fits: (Fit | null)[] };

export interface Coming {
  catalogue: { request: Pick<CatalogueAsked, "language">; reply: { models: Offered[]; families: CatalogueFamily[] } };
  choose_help: { request: ChooseAnswers; reply: { choices: Choice[] } };
  hub_search: { request: HubSearch; reply: HubFound };
  hub_details: { request: RepositoryRef; reply: HubDetails };
  downloads: { request: Nothing; reply: Downloads };
  download_start: { request: DownloadWish; reply: Download };
  download_pause: { request: DownloadRef; reply: Nothing };
  download_resume: { request: DownloadRef; reply: Nothing };
  download_cancel: { request: DownloadRef; reply: Nothing };
  download_dismiss: { request: DownloadRef; reply: Nothing };
  download_move: { request: DownloadMove; reply: Nothing };
  installed: { request: Nothing; reply: { models: Installed[] } };
  model_delete_look: { request: ModelRef; reply: Deletion };
  model_delete: { request: ModelDelete; reply: Deletion };
  model_verify: { request: ModelRef; reply: Nothing };
  library_move: { request: LibraryMove; reply: Nothing };
  library_work_cancel: { request: Nothing; reply: Nothing };
  models_elsewhere: { request: Nothing; reply: FoundModels };
  network: { request: Nothing; reply: Network };
  network_change: { request: NetworkSettings; reply: Network };
  token_set: { request: SecretSet; reply: Network };
  proxy_password_set: { request: SecretSet; reply: Network };
  token_check: { request: Nothing; reply: TokenChecked };
}

const NAMES: Record<keyof Coming, true> = {
  catalogue: true, choose_help: true, hub_search: true, hub_details: true, downloads: true, download_start: true, download_pause: true,
  download_resume: true, download_cancel: true, download_dismiss: true, download_move: true, installed: true, model_delete_look: true,
  model_delete: true, model_verify: true, library_move: true, library_work_cancel: true, models_elsewhere: true, network: true,
  network_change: true, token_set: true, proxy_password_set: true, token_check: true,
};

/** Whether the command table has a command already. */
export function isThere(name: string): boolean {
  return !(name in NAMES);
}

export type ComingEvent = { type: "downloads_changed"; downloads: Downloads } | { type: "library_work_changed"; work: LibraryWork };

/** The event as one of those to come; null where it is another. */
export function comingEvent(event: Event): ComingEvent | null {
  const what = event as unknown as ComingEvent;
  return what.type === "downloads_changed" || what.type === "library_work_changed" ? what : null;
}
