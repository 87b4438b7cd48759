import * as changes from "./mutations/python.ts";
import { describeMatrix } from "./support/matrix.ts";

describeMatrix("python", ["python3"], changes);
