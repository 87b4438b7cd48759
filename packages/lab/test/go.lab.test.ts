import * as changes from "./mutations/go.ts";
import { describeMatrix } from "./support/matrix.ts";

describeMatrix("go", ["go"], changes);
