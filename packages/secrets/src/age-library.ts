/** Read when first needed: it makes tables that take 20 MiB, and most processes never open a secret. */
export const age = (): Promise<typeof import("age-encryption")> => import("age-encryption");
