import { join } from "node:path";
import { describeFramework, describeWith } from "./support/framework.ts";
import { installed } from "./support/installed.ts";

describeWith("Go", ["go"], async () => {
  const folder = await installed("go", [["go", "build", "-o", "inherits", "."]]);
  describeFramework({ name: "net/http", app: "go", command: join(folder, "inherits"), socket: "inherit" });
});
