export { changeSecrets, type SecretsChange } from "./change-secrets.ts";
export { applyEdited, editable } from "./edit-secrets.ts";
export { encryptManifest, type FileKey, fileKey } from "./encrypt-manifest.ts";
export { findIdentities } from "./find-identities.ts";
export { type Identity, identityOf, newIdentity } from "./identity.ts";
export { initIdentity } from "./init-identity.ts";
export { initSecrets } from "./init-secrets.ts";
export {
  changeFile,
  type EditText,
  editFile,
  initFile,
  listSecrets,
  type RecipientsChange,
  readSecrets,
  rotateFile,
} from "./inventory-file.ts";
export { openSecrets, type SecretNames, type Secrets, secretNames } from "./open-secrets.ts";
export { rotate } from "./rotate.ts";
export { seal, unseal } from "./seal.ts";
