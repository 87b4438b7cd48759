import * as changes from "./mutations/java.ts";
import { describeMatrix } from "./support/matrix.ts";

describeMatrix("java", ["java", "javac"], changes);
