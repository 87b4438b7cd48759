import * as changes from "./mutations/node.ts";
import { describeMatrix } from "./support/matrix.ts";

describeMatrix("node", ["node", "npm"], changes);
