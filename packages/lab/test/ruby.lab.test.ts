import * as changes from "./mutations/ruby.ts";
import { describeMatrix } from "./support/matrix.ts";

describeMatrix("ruby", ["ruby", "bundle"], changes);
