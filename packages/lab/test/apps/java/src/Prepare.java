import java.io.IOException;

/** The release task. A store that was prepared before is left as it is. */
final class Prepare {
  public static void main(String[] arguments) throws IOException {
    // Numbers of notes start where they are easy to tell from numbers of jobs.
    Store.call("SET", "notes:last", 1000, "NX");
    System.out.println("the store is prepared: the last note is " + Store.call("GET", "notes:last"));
  }
}
