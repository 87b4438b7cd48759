import { Problem } from "../problem.ts";

/**
 * Loads a library that only those need who use a part of the kit.
 *
 * @throws Problem library-missing
 */
export async function library<Module>(names: readonly string[], load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND")) throw cause;
    throw new Problem({
      code: "library-missing",
      what: `${names.join(" and ")} cannot be loaded`,
      why: "this part of the kit needs it, and leaves it to the app which release it gets",
      fix: `npm install ${names.join(" ")}`,
      cause,
    });
  }
}
