export { addressOf } from "./attachments.ts";
export { contractEnv } from "./contract.ts";
export type { CrashBundle, Driver, OneOffPlace, Runnable, RunnableSource } from "./driver.ts";
export { Engine, type EngineOptions } from "./engine.ts";
export { textOf, writeWhole } from "./files.ts";
export type { Archive, InventoryFiles, Remote } from "./home.ts";
export { inventoryFile, readInventory } from "./inventory-files.ts";
export { type LedgerKey, ledgerKey } from "./ledger-key.ts";
export { fileStore, type LedgerStore } from "./ledger-store.ts";
export { Mask, secretsOf } from "./mask.ts";
export { shellText } from "./one-offs.ts";
export type {
  AttachRequest,
  ConfigChange,
  ConfigChangeView,
  DeployRequest,
  OneOff,
  OnProgress,
  Operations,
  ProgressEvent,
  Status,
} from "./operations.ts";
export type { Provider, Reachability } from "./provider.ts";
export { type StatePaths, statePaths } from "./state.ts";
export type {
  AttachmentView,
  BackupView,
  Change,
  ConfigView,
  ConfigWhy,
  CronRunView,
  CronView,
  DrainView,
  ProcessView,
  ReleaseDiff,
  ReleaseView,
  ResourceView,
  RunView,
  ScalingView,
} from "./view.ts";
export { outcomeText } from "./views.ts";
